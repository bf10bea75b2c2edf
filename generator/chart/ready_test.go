package chart

import (
	"fmt"
	"testing"
)

// A pod is asked whether it is ready when its registry has judged the storage,
// whatever the configuration says of when that is.
func TestReadinessWaitsForTheStorage(t *testing.T) {
	for _, c := range []struct{ values, want string }{
		{"", "20"},
		{"configData: {health: {storagedriver: {interval: 10s}}}\n", "35"},
		{"configData: {health: {storagedriver: {interval: 1m, threshold: 1}}}\n", "65"},
		{"configData: {health: {storagedriver: {interval: 1m1s, threshold: 1}}}\n", "<nil>"}, // nobody waits for so long
		{"configData: {health: {storagedriver: {interval: 500ms}}}\n", "7"},
		{"configData: {health: {storagedriver: {threshold: 0}}}\n", "10"},      // the first failure counts
		{"configData: {health: {storagedriver: {interval: null}}}\n", "35"},    // the registry's own default
		{"configData: {health: {storagedriver: {interval: 1.5s}}}\n", "<nil>"}, // not read here
		{"configData: {health: {storagedriver: {interval: [a]}}}\n", "<nil>"},
		{"configData: {health: {storagedriver: {enabled: false}}}\n", "<nil>"},
		{"configData: {health: {storagedriver: null}}\n", "<nil>"},
		{"configData: {health: null}\n", "20"}, // Helm takes it out of the values
		{"configData: {health: {tcp: [{addr: \"redis:6379\"}]}}\n", "20"},
		{"image: {flavor: distribution-v2}\n", "20"},
		{"image: {flavor: gitlab}\n", "20"},
		{"redis: {enabled: true, addrs: [\"redis:6379\"]}\n", "20"},
		{"storage: filesystem\npersistence: {enabled: true}\n", "<nil>"},
	} {
		values := s3Values
		if c.values != "" && c.values[0] == 's' {
			values = ""
		}
		probe := at(objects(t, values+c.values)["Deployment"], "spec", "template", "spec", "containers", 0, "readinessProbe")
		if got := fmt.Sprint(at(probe, "initialDelaySeconds")); got != c.want || at(probe, "httpGet", "path") != "/" {
			t.Errorf("%q: after %s s, want %s; %v", c.values, got, c.want, probe)
		}
	}
}
