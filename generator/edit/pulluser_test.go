package edit

import (
	"strings"
	"testing"
)

const head = "kind: Registry\nspec:\n"

func TestReplacePullUser(t *testing.T) {
	for name, c := range map[string]struct{ text, want, user string }{
		"block":          {head + "  pullSecrets:\n    a:\n      # why\n      user: ci # who\n", head + "  pullSecrets:\n    a:\n      # why\n      user: ci-2 # who\n", "ci-2"},
		"braces":         {head + "  pullSecrets: {a: {user: ci, namespaces: [x]}}\n", head + "  pullSecrets: {a: {user: ci-2, namespaces: [x]}}\n", "ci-2"},
		"double quotes":  {head + "  pullSecrets: {a: {user: \"ci\"}}\n", head + "  pullSecrets: {a: {user: \"ci-2\"}}\n", "ci-2"},
		"single quotes":  {head + "  pullSecrets:\n    a: {user: 'ci'}\n", head + "  pullSecrets:\n    a: {user: 'ci-2'}\n", "ci-2"},
		"in braces, odd": {head + "  pullSecrets: {a: {user: ci}}\n", head + "  pullSecrets: {a: {user: \"c,i\"}}\n", "c,i"},
		"a number":       {head + "  pullSecrets:\n    a: {user: ci}\n", head + "  pullSecrets:\n    a: {user: \"12\"}\n", "12"},
		"behind unicode": {head + "  pullSecrets: {a: {email: ü@x.io, user: ci}}\n", head + "  pullSecrets: {a: {email: ü@x.io, user: ci-2}}\n", "ci-2"},
		"second one":     {"kind: Other\n---\n" + head + "  pullSecrets:\n    a: {user: ci}\n", "kind: Other\n---\n" + head + "  pullSecrets:\n    a: {user: ci-2}\n", "ci-2"},
		"windows":        {strings.ReplaceAll(head+"  pullSecrets:\n    a:\n      user: ci\n", "\n", "\r\n"), strings.ReplaceAll(head+"  pullSecrets:\n    a:\n      user: ci-2\n", "\n", "\r\n"), "ci-2"},
		"another user":   {head + "  pullSecrets: {a: {user: cd}}\n", "", "ci-2"},
		"another secret": {head + "  pullSecrets: {b: {user: ci}}\n", "", "ci-2"},
		"an alias":       {head + "  pullSecrets: {b: {user: &u ci}, a: {user: *u}}\n", "", "ci-2"},
		"an anchor":      {head + "  pullSecrets: {a: {user: &u ci}}\n", "", "ci-2"},
		"no YAML":        {"\t{", "", "ci-2"},
	} {
		t.Run(name, func(t *testing.T) {
			out, ok := ReplacePullUser([]byte(c.text), "a", "ci", c.user)
			if ok != (c.want != "") || string(out) != c.want {
				t.Errorf("got %v\n%s\nwant\n%s", ok, out, c.want)
			}
		})
	}
}

func TestInsertPullUser(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no pullSecrets":   {head + "  host: x\n  storage:\n    filesystem: {}\n", head + "  host: x\n  storage:\n    filesystem: {}\n  pullSecrets:\n    a:\n      user: ci-2\n"},
		"no line end":      {head + "  host: x", head + "  host: x\n  pullSecrets:\n    a:\n      user: ci-2\n"},
		"no such secret":   {head + "  pullSecrets:\n    b: {user: x}\n", head + "  pullSecrets:\n    a:\n      user: ci-2\n    b: {user: x}\n"},
		"no user":          {head + "  pullSecrets:\n    a:\n      namespaces: [x]\n", head + "  pullSecrets:\n    a:\n      user: ci-2\n      namespaces: [x]\n"},
		"in braces":        {head + "  pullSecrets:\n    a: {namespaces: [x]}\n", head + "  pullSecrets:\n    a: {user: ci-2, namespaces: [x]}\n"},
		"empty braces":     {head + "  pullSecrets: {}\n", head + "  pullSecrets: {a: {user: ci-2}}\n"},
		"all in braces":    {"{kind: Registry, spec: {host: x}}\n", "{kind: Registry, spec: {pullSecrets: {a: {user: ci-2}}, host: x}}\n"},
		"nothing in it":    {head + "  pullSecrets:\n    a:\n", head + "  pullSecrets:\n    a:\n      user: ci-2\n"},
		"comments at end":  {head + "  host: x\n  # deep\n\n# of the next\nmore: 1\n", head + "  host: x\n  # deep\n  pullSecrets:\n    a:\n      user: ci-2\n\n# of the next\nmore: 1\n"},
		"a second text":    {head + "  host: x\n---\nkind: Other\n", head + "  host: x\n  pullSecrets:\n    a:\n      user: ci-2\n---\nkind: Other\n"},
		"user is there":    {head + "  pullSecrets:\n    a: {user: x}\n", ""},
		"no mapping there": {head + "  pullSecrets:\n    a: [user]\n", ""},
		"no Registry":      {"kind: Other\nspec: {}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, ok := InsertPullUser([]byte(c.text), "a", "ci-2")
			if ok != (c.want != "") || string(out) != c.want {
				t.Errorf("got %v\n%s\nwant\n%s", ok, out, c.want)
			}
		})
	}
}
