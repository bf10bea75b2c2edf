package sops

import (
	"bytes"
	"os"
	"reflect"
	"testing"
)

// A file that was inspected before has the same readers, whatever somebody did
// to the first result; another text has its own.
func TestInspectAgain(t *testing.T) {
	data, err := os.ReadFile("../../overlays/staging/sealed/regcred.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, meta, err := load(data)
	if err != nil {
		t.Fatal(err)
	}
	want := describe(meta)
	for range 2 {
		m, err := Inspect(data)
		if err != nil || !reflect.DeepEqual(m, want) {
			t.Fatalf("%v\n%+v\nwant %+v", err, m, want)
		}
		m.Recipients[0], m.Groups[0][0] = "nobody", "nobody"
	}
	id := []byte(want.Recipients[0])
	other := bytes.Replace(data, id, append(bytes.Clone(id[:len(id)-1]), 'x'), 1)
	if m, err := Inspect(other); err == nil && reflect.DeepEqual(m, want) {
		t.Error("another file has the readers of the first")
	}
}
