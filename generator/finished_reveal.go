package generator

import (
	"bytes"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
)

// OpenObject decrypts the data of a Secret with its sops block: base64 text by
// key. The object is one that was handed over, so that an error can name its
// sealed file.
type OpenObject func(handed object.Object) (map[string]string, error)

// Reveal puts the decrypted content into the Secrets of a finished build that
// are as they were handed over, and returns the build with everything else
// byte for byte as it was. So nothing that works on a build ever sees a secret
// in the clear.
func (h *Handed) Reveal(build []byte, open OpenObject) ([]byte, error) {
	var out bytes.Buffer
	var l problem.List
	opened := h.opener(open, &l)
	for i, doc := range bytes.Split(build, []byte("\n---\n")) {
		if i > 0 {
			out.WriteString("---\n")
		}
		doc = append(bytes.TrimSuffix(doc, []byte("\n")), '\n')
		if objects, err := object.Parse("the build", secretDocument(doc)); err == nil && len(objects) == 1 && objects[0].IsSecret() {
			if content := contentOf(objects[0]); h.count[content] > 0 {
				doc = withData(doc, opened(content))
			}
		}
		out.Write(doc)
	}
	l.Sort()
	return out.Bytes(), l.Err()
}

// RevealObjects is Reveal for objects that are just as generators made them.
func (h *Handed) RevealObjects(objects []object.Object, open OpenObject) ([]object.Object, error) {
	var l problem.List
	opened := h.opener(open, &l)
	out := make([]object.Object, len(objects))
	for i, o := range objects {
		if out[i] = o; !o.IsSecret() || len(o.Map("data")) == 0 {
			continue
		}
		revealed := object.Object{}
		for k, v := range o {
			if k != "sops" {
				revealed[k] = v
			}
		}
		revealed["data"] = opened(h.content(o))
		out[i] = revealed
	}
	l.Sort()
	return out, l.Err()
}

// opener opens each content once.
func (h *Handed) opener(open OpenObject, l *problem.List) func(content string) map[string]any {
	known := map[string]map[string]any{}
	return func(content string) map[string]any {
		if data, is := known[content]; is {
			return data
		}
		known[content] = map[string]any{}
		for _, s := range h.secrets {
			if h.content(s) != content {
				continue
			}
			data, err := open(s)
			l.Join(err)
			for k, v := range data {
				known[content][k] = v
			}
			break
		}
		return known[content]
	}
}

// secretDocument is a document that may be a Secret; nothing for any other.
func secretDocument(doc []byte) []byte {
	if bytes.HasPrefix(doc, []byte("kind: Secret\n")) || bytes.Contains(doc, []byte("\nkind: Secret\n")) {
		return doc
	}
	return nil
}

// withData replaces the field data of a document as kustomize writes one and
// takes its sops block out.
func withData(doc []byte, data map[string]any) []byte {
	var out bytes.Buffer
	text, _ := object.Encode([]object.Object{{"data": data}}) // strings have a YAML form
	drop := false
	for line := range bytes.Lines(doc) {
		if continues := len(bytes.TrimSpace(line)) == 0 || line[0] == ' ' || line[0] == '-'; !continues {
			isData := bytes.HasPrefix(line, []byte("data:"))
			if isData {
				out.Write(text)
			}
			drop = isData || bytes.HasPrefix(line, []byte("sops:"))
		}
		if !drop {
			out.Write(line)
		}
	}
	return out.Bytes()
}
