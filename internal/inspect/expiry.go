package inspect

import (
	"fmt"
	"strings"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
)

// soon is how long before its last day a certificate is told of.
const soon = 30 * 24 * time.Hour

// expiry tells of what a machine credential keeps and is about to expire, or
// has. It needs no key: the day stands in the name of the field.
func (r *Report) expiry(root string, credentials []generator.File, now time.Time) {
	for _, f := range credentials {
		p, err := credential.Parse(f.Path, f.Data)
		if err != nil || p.Type != credential.Machine {
			continue
		}
		for _, k := range p.Kept() {
			if k.Until.IsZero() || now.Add(soon).Before(k.Until) {
				continue
			}
			address := strings.TrimPrefix(string(k.Ref), "draw/")
			told := problem.Problem{File: f.Path, Path: "stringData." + k.Field, Next: "reggen seal --renew " + problem.QuoteArg(address) + " " + problem.QuoteArg(root),
				What: fmt.Sprintf("what the chart made at %s expires on %s", address, k.Until.Format(time.DateOnly))}
			if !now.Before(k.Until) {
				told.What = fmt.Sprintf("what the chart made at %s expired on %s", address, k.Until.Format(time.DateOnly))
			}
			findings := check.Told(check.RuleExpiry, root, problem.List{told})
			for i := range findings {
				if now.Before(k.Until) {
					findings[i].Severity = check.Warning
				}
			}
			r.findings = append(r.findings, findings...)
		}
	}
}
