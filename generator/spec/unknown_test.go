package spec

import (
	"reflect"
	"testing"

	"github.com/reggen/reggen/generator/strict"
)

func TestWhatIsForLaterIsNoField(t *testing.T) {
	strict.Visit(reflect.TypeFor[Registry](), "", func(path string, _ reflect.StructField) {
		if later[path] {
			t.Errorf("%s is a field and said not to be supported", path)
		}
	})
}
