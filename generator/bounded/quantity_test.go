package bounded

import (
	"reflect"
	"strings"
	"testing"
)

func TestCostly(t *testing.T) {
	for text, want := range map[string]bool{
		"1e1000000000": true, "1E-1000000000": true, "-.5e+99999": true, strings.Repeat("9", 65): true, strings.Repeat("9", 70) + "Gi": true,
		"10Gi": false, "500m": false, "1e3": false, "1e-3": false, "12.5": false, "": false, "abc1e100000": false, "1e1000000000/x": false, strings.Repeat("a", 100): false,
	} {
		if Costly(text) != want {
			t.Errorf("%.20s: %v", text, !want)
		}
	}
	got := Cheap(map[string]any{"a": []any{"1e1000000000", "10Gi", 3}, "b": map[string]any{"c": "1e-99999"}})
	if want := map[string]any{"a": []any{"no quantity", "10Gi", 3}, "b": map[string]any{"c": "no quantity"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
