package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/reggen/reggen/e2e/measure"
)

// others are the users of overlays/staging whose passwords are checked beside those
// of the many; there is a third, of whom only a hash is known.
const others = 2

// hash is how long as many comparisons of a password with a hash take on all
// processors, which is the least that a check with a key can take.
func hash(n int) (time.Duration, error) {
	const password = "demo-password"
	hashed, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost) // that of the examples
	if err != nil {
		return 0, err
	}
	began := time.Now()
	work := make(chan struct{})
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for range work {
				_ = bcrypt.CompareHashAndPassword(hashed, []byte(password))
			}
		})
	}
	for range n {
		work <- struct{}{}
	}
	close(work)
	all.Wait()
	return time.Since(began), nil
}

// floor says how much of a check with a key is bcrypt's.
func floor(check *job, n int, hashing time.Duration) string {
	took := measure.Median(check.wall)
	return fmt.Sprintf("\nbcrypt alone takes %.2f s for these %d passwords on all processors; the check takes %.2f times that.\n",
		hashing.Seconds(), n, took.Seconds()/hashing.Seconds())
}
