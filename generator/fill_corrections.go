package generator

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/reggen/reggen/generator/mint"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sealed"
	"github.com/reggen/reggen/generator/secret"
)

// corrected is an object with corrections; of a Secret its content stays.
func corrected(o object.Object, put names) object.Object {
	if !o.IsSecret() {
		return rewritten(o, put.in)
	}
	o["metadata"] = rewrite(o["metadata"], put.in)
	return o
}

// corrections are what a build puts in the place of checksums over secrets and
// of public certificates: digests of the sealed content, and what the records of
// sealed files say.
func (p Plan) corrections(files map[string]*sealed.File) (names, error) {
	var out names
	for _, s := range p.sums {
		lines := []string{s.Name}
		for _, slot := range p.Slots {
			f := files[slot.Expected.Name]
			for key, text := range slot.Expected.Data {
				holds := slices.ContainsFunc(s.Refs, func(r secret.Ref) bool { return strings.Contains(text, "{{"+string(r)+"}}") })
				if f == nil || !holds && !s.whole && !(s.loose && slot.loose[key]) {
					continue
				}
				lines = append(lines, slot.Expected.Name+"/"+key+"="+f.Record.Rollout[key])
			}
		}
		sort.Strings(lines[1:])
		sum := sha512.Sum512([]byte(strings.Join(lines, "\n")))
		out = append(out, named{s.Text, hex.EncodeToString(sum[:])[:len(s.Text)]})
	}
	var l problem.List
	for ref := range p.public {
		text := ""
		for _, f := range files {
			if f != nil && f.Record.Public[ref] != "" {
				text = f.Record.Public[ref]
			}
		}
		if _, err := mint.Until(text); err != nil && text != "" {
			l.Add(problem.Problem{File: p.SealedDir, What: fmt.Sprintf("what a record says the certificate %s is, is none", ref), Next: "reggen seal"})
			continue
		}
		if text == "" && len(files) > 0 {
			l.Add(problem.Problem{File: p.SealedDir, What: fmt.Sprintf("no sealed file says the certificate %s, which the chart has outside Secrets", ref), Next: "reggen seal"})
		}
		encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
		out = append(out, named{p.texts[ref], text}, named{encode(p.texts[ref]), encode(text)})
	}
	slices.SortFunc(out, func(a, b named) int { return len(b.text) - len(a.text) })
	return out, l.Err()
}
