package credential

import "testing"

// What was compared once is known; no other pair is taken for it.
func TestVerifyKnowsPairsApart(t *testing.T) {
	hash, err := HashPassword("one password", MinCost)
	if err != nil {
		t.Fatal(err)
	}
	other, err := HashPassword("another one", MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, c := range []struct {
			hash, password string
			want           bool
		}{{hash, "one password", true}, {hash, "another one", false}, {other, "another one", true}, {other, "one password", false}, {hash, "", false}, {"", "", false}} {
			if Verify(c.hash, c.password) != c.want {
				t.Errorf("%q is not %v", c.password, c.want)
			}
		}
	}
}
