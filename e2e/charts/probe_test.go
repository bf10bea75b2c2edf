package charts

import (
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	p := newDrawn(t)
	show := func(p *place, args ...string) {
		r := p.runs("", "reggen", args...)
		t.Logf("%v: %d %d\n%.1500s", args, r.code, len(r.stdout), r.stderr)
	}
	show(p, "seal", "--check", "overlays/x")
	r := p.runs("another-Pa55word-99", "reggen", "credential", "set", "app", "--field", "password", "--stdin", "--dir", "overlays/x")
	t.Log(r.code, r.stderr)
	show(p, "build", "overlays/x")
	show(p, "check", "overlays/x")
	show(p, "seal", "overlays/x")
	q := newPlace(t)
	q.chart(map[string]string{"templates/a.yaml": secretOf("p: {{ .Values.pw }}")})
	q.spec("../../chart", "", "", map[string]string{"pw": "password"})
	q.seal()
	r = q.runs("another-Pa55word-99", "reggen", "credential", "set", "app", "--field", "password", "--stdin", "--dir", "overlays/x")
	t.Log(r.code, r.stderr)
	show(q, "build", "overlays/x")
	_ = strings.Contains
}
