// Command combinations prints every distinct object of what reggen makes of the
// combinations in testdata/combinations.txt, as a stream of YAML, each after a
// comment with the first combination that has it. Secrets hold readable
// placeholders.
package main

import (
	"fmt"
	"os"

	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/internal/cases"
)

func main() {
	all, err := cases.Combinations()
	if err != nil {
		fmt.Fprintln(os.Stderr, "combinations:", err)
		os.Exit(1)
	}
	seen := map[string]bool{}
	for _, c := range all {
		p, err := c.Plan()
		if err != nil {
			continue // refused, which testdata/combinations.txt says
		}
		objects, err := cases.Readable(p)
		if err != nil {
			fmt.Fprintln(os.Stderr, "combinations:", c.Name, err)
			os.Exit(1)
		}
		for _, o := range objects {
			text, err := object.Encode([]object.Object{o})
			if err != nil {
				fmt.Fprintln(os.Stderr, "combinations:", c.Name, err)
				os.Exit(1)
			}
			if seen[string(text)] {
				continue
			}
			seen[string(text)] = true
			fmt.Printf("---\n# %s\n%s", c.Name, text)
		}
	}
}
