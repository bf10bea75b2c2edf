package spec

import (
	"errors"
	"testing"

	"github.com/reggen/reggen/generator/problem"
)

// Whatever comes in, Decode returns either problems or a Registry that means
// the same when it is written down and read again.
func FuzzDecode(f *testing.F) {
	for _, tt := range everyBad {
		f.Add([]byte(tt.text))
	}
	f.Add([]byte(onVolume))
	f.Add([]byte(onVolume + "  values: {a: [1, 2.5, 1e30, 0x10, 18446744073709551615, -0.0, null, true, 2024-01-02, \"x\"], \"<<\": {}}\n"))
	f.Add([]byte(onVolume + "  resources: {requests: &r {cpu: 50m}, limits: *r}\n  ingress: {annotations: {a: \"\\u2028<&>\"}}\n"))
	f.Add([]byte(withS3("{provider: minio, bucket: images, endpoint: 'm:9000', secure: false, existingSecret: {name: keys}}\n  config: {a: &a {b: 1}, c: *a}")))
	f.Add([]byte(scaled("{accessMode: ReadWriteMany}", "{maxReplicas: 3, behavior: {scaleDown: {a: 0}}}") + "  disruptionBudget: {minAvailable: 50%}\n  metrics: {serviceMonitor: {interval: 1m}}\n"))
	f.Add([]byte(onVolume + "  readOnly: true\n  garbageCollection: {schedule: 0 3 * * sun}\n  scheduling: {topologySpread: [], tolerations: [{operator: Exists}]}\n  networkPolicy: {egress: []}\n"))
	f.Add([]byte(onVolume + "  proxy: {remoteURL: 'https://a.b'}\n  extra: {env: [{name: A, value: ''}], volumes: [{name: a, emptyDir: {}}]}\n  service: {type: NodePort, nodePort: 30500}\n  serviceAccount: {create: false, name: x}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data, "")
		if err != nil {
			var list problem.List
			if r != nil || !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("a Registry beside an error, or no list: %v", err)
			}
			return
		}
		text := asJSON(t, r)
		again, err := Decode([]byte(text), "")
		if err != nil {
			t.Fatalf("read again: %v\n%s", err, text)
		}
		if got := asJSON(t, again); got != text {
			t.Fatalf("became\n%s\nfrom\n%s", got, text)
		}
	})
}
