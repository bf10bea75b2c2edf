package schema_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/schema"
	"github.com/reggen/reggen/generator/spec"
)

// The schema of credentials is written from a table; it has to agree with the
// package that reads them.
func TestSchemaAgreesWithPackageCredential(t *testing.T) {
	var s struct {
		Properties struct {
			Cost struct{ Minimum, Maximum int }
			Type struct{ Enum []string }
		}
		AllOf []struct {
			If struct {
				Properties struct{ Type struct{ Const string } }
			}
			Then struct {
				Properties struct {
					StringData struct {
						Properties map[string]any
						Required   []string
					}
				}
			}
		}
	}
	if err := json.Unmarshal(schema.Credential(), &s); err != nil {
		t.Fatal(err)
	}
	if c := s.Properties.Cost; c.Minimum != credential.MinCost || c.Maximum != credential.MaxCost {
		t.Errorf("the cost is %+v", c)
	}
	if want := []string{string(credential.User), string(credential.S3), string(credential.Azure), string(credential.GCS), string(credential.Swift), string(credential.Proxy), string(credential.Config), string(credential.Generic), string(credential.Machine)}; !slices.Equal(s.Properties.Type.Enum, want) {
		t.Errorf("the types are %v", s.Properties.Type.Enum)
	}
	if len(s.AllOf) != 9 {
		t.Fatalf("%d rules", len(s.AllOf))
	}
	for _, rule := range s.AllOf {
		data := rule.Then.Properties.StringData
		names := make([]string, 0, len(data.Properties))
		for n := range data.Properties {
			names = append(names, n)
		}
		typ := rule.If.Properties.Type.Const
		if typ == string(credential.Config) {
			names = []string{"REGISTRY_REDIS_PASSWORD", "notifications.ci.Authorization"} // by a pattern
		}
		if typ == string(credential.Generic) {
			names = []string{"password"} // any
		}
		if typ == string(credential.Machine) {
			names = append(names, "draw/templates/a.yaml/b-genCA/c until 2030-01-02")
		}
		if _, err := credential.Parse("f", file(typ, names)); err != nil {
			t.Errorf("%s with %v: %v", typ, names, err)
		}
		if _, err := credential.Parse("f", file(typ, append(names, "an other"))); err == nil {
			t.Errorf("%s takes other fields", typ)
		}
		for _, r := range data.Required {
			without := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == r })
			if _, err := credential.Parse("f", file(typ, without)); err == nil {
				t.Errorf("%s does without %s", typ, r)
			}
		}
	}
}

func file(typ string, fields []string) []byte {
	var b strings.Builder
	b.WriteString("apiVersion: " + spec.APIVersion + "\nkind: " + spec.KindCredential + "\nmetadata: {name: a}\ntype: " + typ + "\nsops:\n  mac: ENC[AES256_GCM,data:eA==,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n  lastmodified: now\n  version: 3.13.3\nstringData:\n")
	for _, f := range fields {
		b.WriteString("  " + f + ": ENC[AES256_GCM,data:eA==,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n")
	}
	return []byte(b.String())
}
