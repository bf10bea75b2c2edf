// Package strength judges how soon a password is guessed, as zxcvbn does: by
// common passwords, words, names, dates, keys beside each other, repeats, and
// letters written as digits.
package strength

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/match"
	"github.com/trustelem/zxcvbn/matching"
	"github.com/trustelem/zxcvbn/scoring"

	"github.com/reggen/reggen/generator/strength/words"
)

// Weak says in words why a password is too easily guessed, or "". near are words
// that somebody would try first: the user's name, the registry's host. The text
// holds nothing of the password.
func Weak(password string, near ...string) string {
	// The time grows with the length, and a long beginning decides most.
	begin := beginning(password)
	why := classOf(begin, near)
	if why != "" && begin != password {
		why = classOf(password, near)
	}
	return why
}

// enough is how many bytes of a strong password are strong already.
const enough = 20

func beginning(password string) string {
	if len(password) <= enough {
		return password
	}
	cut := enough
	for cut > 0 && !utf8.RuneStart(password[cut]) {
		cut--
	}
	return password[:cut]
}

// classOf are zxcvbn's own classes; from the fourth on a slow hash protects the
// password of whoever gets hold of it.
func classOf(password string, near []string) string {
	switch n := guesses(password, near); {
	case n < 1e3:
		return "among the first thousand guesses"
	case n < 1e6:
		return "among the first million guesses"
	case n < 1e8:
		return "among the first hundred million guesses"
	}
	return ""
}

// guesses is how many are needed, more or less.
func guesses(password string, near []string) (n float64) {
	defer func() {
		if recover() != nil { // it is said of none that it is weak without a reason
			n = 1e10
		}
	}()
	var all []*match.Match
	for _, list := range ranked(password, near) {
		all = append(all, matching.Omnimatch(password, list)...)
	}
	for _, m := range all {
		if m.Pattern == "repeat" {
			m.BaseGuesses = guesses(m.BaseToken, near) // it knew no words there
		}
	}
	match.Sort(all)
	return scoring.MostGuessableMatchSequence(password, all, false).Guesses
}

// disguises are letters that a digit or a sign may stand for.
var disguises = [256]string{'4': "a", '@': "a", '8': "b", '(': "c", '{': "c", '[': "c", '<': "c", '3': "e", '6': "g", '9': "g", '1': "il", '!': "i",
	'|': "il", '7': "lt", '0': "o", '$': "s", '5': "s", '+': "t", '%': "x", '2': "z"}

// ranked are the words that a password may have in it, forwards, backwards or in
// disguise, each at the place of its rank. Where two have one rank, the second
// is in another list. Of the estimator's many words few are left, so that it has
// little to look up.
func ranked(password string, near []string) (lists [][]string) {
	low := strings.ToLower(password)
	back := []byte(low)
	slices.Reverse(back)
	ranks, begins := map[string]int{}, beginnings(low, string(back))
	met := func(word string, rank int) {
		if len(word) < shortest || !hidden(low, word) && !hidden(string(back), word) {
			return
		}
		if before, known := ranks[word]; !known || rank < before {
			ranks[word] = rank
		}
	}
	for i, text := range near {
		text = strings.ToLower(text)
		met(text, i)
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".-_@:/ ", r) }) {
			met(part, i)
		}
	}
	for begin := range begins {
		listed().in(begin, met)
	}
	lists = [][]string{nil} // at least one: not all that is guessed is words
	for _, word := range slices.Sorted(maps.Keys(ranks)) {
		rank, i := ranks[word], 0
		for ; i < len(lists) && rank < len(lists[i]) && lists[i][rank] != ""; i++ {
		}
		if i == len(lists) {
			lists = append(lists, nil)
		}
		if grow := rank + 1 - len(lists[i]); grow > 0 {
			lists[i] = append(lists[i], make([]string, grow)...)
		}
		lists[i][rank] = word
	}
	return lists
}

// place is where a word stands: in which list, at which rank.
type place struct{ list, rank int32 }

// index are the places of the lists' words, those together whose beginnings fall
// into one drawer. There may be many passwords to judge, and is often one: it is
// made in two passes over flat memory.
type index struct {
	lists  [][]string
	starts [drawers + 1]int32
	places []place
}

const drawers = 1 << 13

func drawer(b [shortest]byte) int {
	return (int(b[0])*31*31 + int(b[1])*31 + int(b[2])) % drawers
}

var listed = sync.OnceValue(func() *index {
	x := &index{lists: slices.Collect(maps.Values(words.Lists))}
	each := func(do func(drawer int, p place)) {
		for l, list := range x.lists {
			for rank, word := range list {
				if len(word) >= shortest {
					do(drawer([shortest]byte([]byte(word))), place{int32(l), int32(rank)})
				}
			}
		}
	}
	each(func(d int, _ place) { x.starts[d+1]++ })
	for d := range drawers {
		x.starts[d+1] += x.starts[d]
	}
	x.places = make([]place, x.starts[drawers])
	next := x.starts
	each(func(d int, p place) { x.places[next[d]] = p; next[d]++ })
	return x
})

// in calls do for the words that begin so.
func (x *index) in(begin [shortest]byte, do func(word string, rank int)) {
	d := drawer(begin)
	for _, p := range x.places[x.starts[d]:x.starts[d+1]] {
		if word := x.lists[p.list][p.rank]; [shortest]byte([]byte(word)) == begin {
			do(word, int(p.rank))
		}
	}
}

// shortest is from where on a word is guessed sooner than its letters.
const shortest = 3

// beginnings are what a word can begin with that is in one of the texts: by far
// the most words can't, and need no further look.
func beginnings(texts ...string) map[[shortest]byte]bool {
	out := map[[shortest]byte]bool{}
	for _, text := range texts {
		for i := range max(0, len(text)-shortest+1) {
			for _, a := range []byte(text[i:i+1] + disguises[text[i]]) {
				for _, b := range []byte(text[i+1:i+2] + disguises[text[i+1]]) {
					for _, c := range []byte(text[i+2:i+3] + disguises[text[i+2]]) {
						out[[shortest]byte{a, b, c}] = true
					}
				}
			}
		}
	}
	return out
}

// hidden says whether a word is in a password, some letters perhaps in disguise.
func hidden(password, word string) bool {
next:
	for start := 0; start+len(word) <= len(password); start++ {
		for i := range len(word) {
			if c := password[start+i]; c != word[i] && strings.IndexByte(disguises[c], word[i]) < 0 {
				continue next
			}
		}
		return true
	}
	return false
}
