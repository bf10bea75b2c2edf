package bounded

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// expanded counts the nodes of every document the slow way, and stops soon
// after the bound.
func expanded(data []byte) int {
	total := 0
	var count func(n *yaml.Node)
	count = func(n *yaml.Node) {
		if total > 2*MaxNodes {
			return
		}
		if n.Kind == yaml.AliasNode {
			count(n.Alias)
			return
		}
		total++
		for _, c := range n.Content {
			count(c)
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if d.Decode(&n) != nil {
			return total
		}
		count(&n)
	}
}
