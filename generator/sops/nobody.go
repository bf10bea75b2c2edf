package sops

import "github.com/reggen/reggen/generator/rules"

// Nobody is a rule whose one reader is a key that nobody keeps: for looking at
// what would be written, without any program or service that a real rule may
// name.
func Nobody() (*rules.Rule, error) {
	_, recipient, err := NewAgeKey(clock())
	if err != nil {
		return nil, err
	}
	return rules.For(rules.ConfigName, []byte("creation_rules: [{age: "+recipient+"}]\n"), "nobody.yaml")
}
