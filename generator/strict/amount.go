package strict

import (
	"encoding/json"
	"strconv"
)

// Amount is a number, or a percentage: 1 or 25%. YAML may hold it with or without
// quotes.
type Amount string

// MarshalJSON writes a number as one, as Kubernetes wants it.
func (a Amount) MarshalJSON() ([]byte, error) {
	if n, err := strconv.Atoi(string(a)); err == nil {
		return json.Marshal(n)
	}
	return json.Marshal(string(a))
}
