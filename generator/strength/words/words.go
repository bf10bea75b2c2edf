// Package words holds the lists of the strength estimator apart from it: common
// passwords, names, English words. The estimator would build its tables of them
// whenever the program starts, for every build; this package takes them away
// before it can, for it is initialized first (both need the lists alone, and it
// is the first by its path: the specification of Go since 1.21), and strength
// hands them over when a password is to be judged.
package words

import "github.com/trustelem/zxcvbn/frequency"

// Lists are words by list, the commonest first.
var Lists = map[string][]string{}

func init() {
	for name, list := range frequency.FrequencyLists {
		Lists[name] = list
	}
	clear(frequency.FrequencyLists)
}
