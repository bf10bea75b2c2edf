package seal

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
)

// ruleFor is the rule for a file that a seal encrypts. What a check encrypts is
// compared and thrown away, so that no program is started for whom a rule names
// and nobody said yes to.
func (c *credentialStore) ruleFor(path string, s *sealing) (*rules.Rule, error) {
	if s.Check {
		return sops.Nobody()
	}
	return rules.Find(path)
}

// readers are those who may read sealed files where there is none yet: who can
// open every credential, and whom init was told of, if a key at hand vouches
// for that.
func (c *credentialStore) readers() []string {
	var out []string
	for i, f := range c.files {
		meta, err := sops.Inspect(f.raw)
		switch {
		case err != nil:
			return nil
		case i == 0:
			out = slices.Clone(meta.Recipients)
		default:
			out = slices.DeleteFunc(out, func(id string) bool { return !slices.Contains(meta.Recipients, id) })
		}
	}
	for _, f := range c.files {
		said := f.Doc.Metadata.Annotations
		if f.public.Type == credential.Machine && !f.made && sops.Vouched(said[spec.VouchedFor], c.env.SealedForParts(said[spec.SealedFor])...) {
			out = append(out, strings.FieldsFunc(said[spec.SealedFor], func(r rune) bool { return r == ',' })...)
		}
	}
	return out
}

// sealedFor is what a machine credential says of the readers of sealed files,
// without those whom the rule does not name any more: who has left is not known.
func (c *credentialStore) sealedFor(f *storedCredential) string {
	said := f.Doc.Metadata.Annotations[spec.SealedFor]
	rule, err := rules.Find(filepath.Join(c.env.SealedDir(), c.env.Spec.Metadata.Name+".yaml"))
	if said == "" || err != nil {
		return said
	}
	names := rule.Recipients()
	return strings.Join(slices.DeleteFunc(strings.Split(said, ","), func(id string) bool { return !slices.Contains(names, id) }), ",")
}
