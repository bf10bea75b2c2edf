package credential

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/problem"
)

// Set is every credential of one environment, sorted.
type Set struct {
	Users   []Public // by user name
	Generic []Public // by name
	Machine *Public
	Others  map[Type]*Public // of every other type at most one
}

// All lists every credential: users first, then the others by type.
func (s Set) All() []Public {
	out := append([]Public{}, s.Users...)
	out = append(out, s.Generic...)
	for _, t := range slices.Sorted(maps.Keys(s.Others)) {
		out = append(out, *s.Others[t])
	}
	if s.Machine != nil {
		out = append(out, *s.Machine)
	}
	return out
}

// Collect puts the credentials of an environment together. Two files for the
// same purpose, two users of one name, or names that differ only in case, are
// errors.
func Collect(all []Public) (Set, error) {
	var s Set
	var l problem.List
	sort.Slice(all, func(i, j int) bool { return all[i].File < all[j].File })
	byName, byUser := map[string]Public{}, map[string]Public{}
	for _, p := range all {
		if q, ok := byName[p.Name]; ok {
			l.Add(problem.Problem{File: p.File, Path: "metadata.name", What: fmt.Sprintf("%q is also the name of %s", p.Name, q.File)})
		}
		byName[p.Name] = p
		switch p.Type {
		case User:
			if q, ok := byUser[strings.ToLower(p.User)]; ok {
				what := fmt.Sprintf("user %q is also in %s", p.User, q.File)
				if q.User != p.User {
					what = fmt.Sprintf("user %q differs only in case from %q in %s", p.User, q.User, q.File)
				}
				l.Add(problem.Problem{File: p.File, Path: "user", What: what})
			}
			byUser[strings.ToLower(p.User)] = p
			s.Users = append(s.Users, p)
		case Generic:
			s.Generic = append(s.Generic, p)
		case Machine:
			s.Machine = one(&l, s.Machine, p)
		default:
			if s.Others == nil {
				s.Others = map[Type]*Public{}
			}
			s.Others[p.Type] = one(&l, s.Others[p.Type], p)
		}
	}
	sort.Slice(s.Generic, func(i, j int) bool { return s.Generic[i].Name < s.Generic[j].Name })
	sort.Slice(s.Users, func(i, j int) bool { return s.Users[i].User < s.Users[j].User })
	return s, l.Err()
}

func one(l *problem.List, have *Public, p Public) *Public {
	if have != nil {
		l.Add(problem.Problem{File: p.File, What: fmt.Sprintf("is a second %s credential beside %s", p.Type, have.File)})
		return have
	}
	return &p
}

// User finds a user by name.
func (s Set) User(name string) (Public, bool) {
	for _, u := range s.Users {
		if u.User == name {
			return u, true
		}
	}
	return Public{}, false
}
