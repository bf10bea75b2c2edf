package spec

import (
	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/strict"
)

// Decoded is a spec of any kind: what all say, and what one says alone.
type Decoded struct {
	Kind     string
	Metadata Metadata
	Secrets  Secrets
	Check    *Check
	Reggen   string

	Registry *Registry         // nil unless that is the kind
	Chart    *Chart            // nil unless that is the kind
	Images   *ImagePullSecrets // nil unless that is the kind
}

// Pulls are the pull secrets; a Chart has none.
func (d Decoded) Pulls() map[string]PullSecret {
	switch {
	case d.Registry != nil:
		return d.Registry.Spec.PullSecrets
	case d.Images != nil && d.Images.Spec.Derives():
		s := d.Images.Spec
		return map[string]PullSecret{d.Metadata.Name: {User: s.User, Server: s.Host, Email: s.Email}}
	}
	return nil
}

// Seals says whether credentials and sealed files are this spec's own. They are
// not where an ImagePullSecrets takes a Secret that others made.
func (d Decoded) Seals() bool { return d.Images == nil || d.Images.Spec.Derives() }

// Of is a Registry as a spec of any kind.
func Of(r *Registry) Decoded {
	return Decoded{Kind: KindRegistry, Metadata: r.Metadata, Secrets: r.Spec.Secrets, Check: r.Spec.Check, Reggen: r.Spec.Reggen, Registry: r}
}

// OfChart is a Chart as a spec of any kind.
func OfChart(c *Chart) Decoded {
	return Decoded{Kind: KindChart, Metadata: c.Metadata, Secrets: c.Spec.Secrets, Check: c.Spec.Check, Reggen: c.Spec.Reggen, Chart: c}
}

// OfImages is an ImagePullSecrets as a spec of any kind.
func OfImages(s *ImagePullSecrets) Decoded {
	return Decoded{Kind: KindImages, Metadata: s.Metadata, Secrets: s.Spec.Secrets, Check: s.Spec.Check, Reggen: s.Spec.Reggen, Images: s}
}

// DecodeAny reads one spec as Decode, DecodeChart and DecodeImages do. What says
// no kind is read as a Registry.
func DecodeAny(data []byte, file string) (Decoded, error) {
	switch KindOf(data) {
	case KindChart:
		c, err := DecodeChart(data, file)
		if err != nil {
			return Decoded{}, err
		}
		return OfChart(c), nil
	case KindImages:
		s, err := DecodeImages(data, file)
		if err != nil {
			return Decoded{}, err
		}
		return OfImages(s), nil
	}
	r, err := Decode(data, file)
	if err != nil {
		return Decoded{}, err
	}
	return Of(r), nil
}

var kinds memo.Of[string]

// KindOf is the kind that a document says it is, "" where it can't be read.
func KindOf(data []byte) string {
	kind, _ := kinds.Get(data, func() (string, error) {
		root, p := strict.Document(data, "")
		if p != nil {
			return "", p
		}
		for i := 0; i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value == "kind" {
				return root.Content[i+1].Value, nil
			}
		}
		return "", nil
	})
	return kind
}

// Auth is who gets in; only a Registry says that.
func (d Decoded) Auth() Auth {
	if d.Registry == nil {
		return Auth{}
	}
	return d.Registry.Spec.Auth
}
