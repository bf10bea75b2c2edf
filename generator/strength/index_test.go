package strength

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/strength/words"
)

// The words that a password may hold are those of all lists, each at its best
// rank, as if every list were gone through.
func TestTheIndexMissesNoWord(t *testing.T) {
	for _, password := range []string{"P@ssw0rd", "drowssap", "correcthorsebatterystaple", "x7Kq2vLm9Tz4", "m0nk3y-dr4g0n", "registry1", "ab"} {
		want := map[string]int{}
		for _, list := range words.Lists {
			for rank, word := range list {
				if len(word) < shortest || !hidden(strings.ToLower(password), word) && !hidden(backwards(strings.ToLower(password)), word) {
					continue
				}
				if before, known := want[word]; !known || rank < before {
					want[word] = rank
				}
			}
		}
		got := map[string]int{}
		for _, list := range ranked(password, nil) {
			for rank, word := range list {
				if word != "" {
					got[word] = rank
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\nwant %v", password, got, want)
		}
	}
}

func backwards(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}
