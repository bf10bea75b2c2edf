package spec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/reggen/reggen/generator/strict"
)

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestDefaultsOfEachProvider(t *testing.T) {
	for _, tt := range []struct{ name, s3, want string }{
		{"none is aws", "{region: eu-central-1, bucket: images}",
			`{"provider":"aws","region":"eu-central-1","bucket":"images","forcePathStyle":false,"encrypt":false,"secure":true,"redirect":true}`},
		{"aws, everything said", "{provider: aws, region: eu-central-1, bucket: images, endpoint: vpce.example.com, encrypt: true, redirect: false, forcePathStyle: true, rootDirectory: /a, ambientCredentials: true}",
			`{"provider":"aws","region":"eu-central-1","bucket":"images","endpoint":"https://vpce.example.com","rootDirectory":"/a","forcePathStyle":true,"encrypt":true,"secure":true,"redirect":false,"ambientCredentials":true}`},
		{"digitalocean", "{provider: digitalocean, region: nyc3, bucket: my-space}",
			`{"provider":"digitalocean","region":"nyc3","bucket":"my-space","endpoint":"https://nyc3.digitaloceanspaces.com","forcePathStyle":false,"encrypt":false,"secure":true,"redirect":true}`},
		{"minio, in clear", "{provider: minio, bucket: images, endpoint: 'minio.minio.svc:9000', secure: false, existingSecret: {name: keys}}",
			`{"provider":"minio","region":"us-east-1","bucket":"images","endpoint":"http://minio.minio.svc:9000","forcePathStyle":true,"encrypt":false,"secure":false,"redirect":false,"existingSecret":{"name":"keys","accessKey":"s3AccessKey","secretKey":"s3SecretKey"}}`},
		{"ceph, an address", "{provider: ceph, region: zone-1, bucket: images, endpoint: 'https://[fd00::1]:7480', redirect: true}",
			`{"provider":"ceph","region":"zone-1","bucket":"images","endpoint":"https://[fd00::1]:7480","forcePathStyle":true,"encrypt":false,"secure":true,"redirect":true}`},
		{"r2", "{provider: r2, bucket: images, endpoint: 0a1b2c.r2.cloudflarestorage.com}",
			`{"provider":"r2","region":"auto","bucket":"images","endpoint":"https://0a1b2c.r2.cloudflarestorage.com","forcePathStyle":false,"encrypt":false,"secure":true,"redirect":true}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := asJSON(t, decode(t, withS3(tt.s3)).Spec.Storage.S3); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The least that a spec can say, and all that follows from it.
func TestDefaultsOfTheWhole(t *testing.T) {
	got := asJSON(t, decode(t, onVolume+"  ingress: {}\n  pullSecrets: {regcred: {user: puller}}\n"))
	want := `{"apiVersion":"reggen.dev/v1alpha1","kind":"Registry","metadata":{"name":"reg","namespace":"apps"},"spec":{"host":"registry.example.com",` +
		`"image":{"repository":"registry","tag":"3.1.1","flavor":"distribution","pullPolicy":"IfNotPresent"},"replicas":1,` +
		`"storage":{"filesystem":{"size":"10Gi","accessMode":"ReadWriteOnce"}},"ingress":{"tlsSecretName":"reg-tls"},"auth":{"realm":"Registry"},` +
		`"pullSecrets":{"regcred":{"user":"puller","namespaces":["apps"],"server":"registry.example.com"}},"resources":{},` +
		`"secrets":{"credentials":["credentials"],"sealed":"sealed"}}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDefaultsOfParts(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, tt := range []struct{ name, text, want string }{
		{"tag of v2", "  image: {flavor: distribution-v2}", `{"repository":"registry","tag":"2.8.3","flavor":"distribution-v2","pullPolicy":"IfNotPresent"}`},
		{"no tag with a digest", "  image: {digest: '" + digest + "'}", `{"repository":"registry","digest":"` + digest + `","flavor":"distribution","pullPolicy":"IfNotPresent"}`},
		{"a tag beside a digest", "  image: {tag: 3.1.0, digest: '" + digest + "'}", `{"repository":"registry","tag":"3.1.0","digest":"` + digest + `","flavor":"distribution","pullPolicy":"IfNotPresent"}`},
	} {
		if got := asJSON(t, decode(t, onVolume+tt.text+"\n").Spec.Image); got != tt.want {
			t.Errorf("%s: got %s", tt.name, got)
		}
	}
	for volume, want := range map[string]string{
		"{emptyDir: true}":                                   `{"emptyDir":true}`,
		"{existingClaim: images}":                            `{"existingClaim":"images"}`,
		"{existingClaim: images, accessMode: ReadWriteMany}": `{"accessMode":"ReadWriteMany","existingClaim":"images"}`,
		"{storageClass: fast, size: 1.5Ti}":                  `{"size":"1.5Ti","storageClass":"fast","accessMode":"ReadWriteOnce"}`,
	} {
		if got := asJSON(t, decode(t, withVolume(volume)).Spec.Storage.Filesystem); got != want {
			t.Errorf("%s: got %s", volume, got)
		}
	}
	// Version 2 of the registry decides about the path by itself.
	for s3, want := range map[string]bool{
		"{region: eu-central-1, bucket: images}": false, "{provider: digitalocean, region: nyc3, bucket: images}": true,
		"{provider: minio, bucket: images, endpoint: minio.example.com}": true,
	} {
		if got := *decode(t, withS3(s3)+"  image: {flavor: distribution-v2}\n").Spec.Storage.S3.ForcePathStyle; got != want {
			t.Errorf("%s with version 2: path style %v", s3, got)
		}
	}
	a := decode(t, onVolume+"  auth: {existingSecret: {name: users}}\n").Spec.Auth
	if got := asJSON(t, a); got != `{"realm":"Registry","existingSecret":{"name":"users","key":"htpasswd"}}` {
		t.Errorf("got %s", got)
	}
}

// What looks suspicious and is right.
func TestGoodSpecs(t *testing.T) {
	for name, text := range map[string]string{
		"the tutorial's image":            onVolume + "  image: {repository: registry.gitlab.com/gitlab-org/build/cng/gitlab-container-registry, tag: v2.13.1-gitlab, flavor: gitlab}\n",
		"the last GitLab with htpasswd":   onVolume + "  image: {flavor: gitlab, tag: v3.37.1-gitlab}\n",
		"a new GitLab for everybody":      onVolume + "  image: {flavor: gitlab, tag: v4.29.0-gitlab}\n  auth: {anonymous: true}\n",
		"a date as the tag":               onVolume + "  image: {repository: 'localhost:5000/a/b', tag: '20260101'}\n",
		"v2 with a suffix":                onVolume + "  image: {flavor: distribution-v2, tag: v2.8.3-alpine}\n",
		"localhost":                       withHost("localhost"),
		"a port":                          withHost("'registry:5000'"),
		"an address without ingress":      withHost("10.0.0.1:5000"),
		"ingress":                         withHost("registry.example.com\n  ingress: {maxBodySize: '0', annotations: {a.b/c: d, cert-manager.io/cluster-issuer: le}}"),
		"replicas on a shared volume":     withVolume("{accessMode: ReadWriteMany}\n  replicas: 3"),
		"replicas on a claim that is RWX": withVolume("{existingClaim: c, accessMode: ReadWriteMany}\n  replicas: 3"),
		"bucket named as its region":      withS3("{provider: digitalocean, region: nyc3, bucket: nyc3}"),
		"resources":                       onVolume + "  resources: {limits: {memory: 1.5Gi, nvidia.com/gpu: '1', hugepages-2Mi: 4Mi, ephemeral-storage: '1e9'}, requests: {cpu: 250m}}\n",
		"a mirror as the server":          onVolume + "  pullSecrets: {regcred: {user: u, server: 'mirror.example.com:5000/team', namespaces: [a, b]}}\n",
		"credentials elsewhere":           onVolume + "  secrets: {credentials: [../common/credentials, credentials], sealed: out/sealed}\n",
		"a version":                       onVolume + "  reggen: '>= 0.3, < 1 || ~2.1'\n",
		"a folder with dots":              withS3("{region: eu-central-1, bucket: images, rootDirectory: /a..b/c}"),
		"scheduling":                      onVolume + "  scheduling: {nodeSelector: {a.b/c: ''}, tolerations: [{operator: Exists}, {key: a, value: b, effect: NoExecute, tolerationSeconds: 0}], topologySpread: [{topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, minDomains: 2}, {topologyKey: kubernetes.io/hostname}], affinity: {nodeAffinity: {a: b}}}\n",
		"scheduling by default":           onVolume + "  scheduling: {}\n",
		"no spreading":                    onVolume + "  scheduling: {topologySpread: []}\n",
		"a Service by default":            onVolume + "  service: {}\n  serviceAccount: {}\n",
		"a port on nodes":                 onVolume + "  service: {type: NodePort, nodePort: 30500}\n",
		"a load balancer":                 onVolume + "  service: {type: LoadBalancer, nodePort: 30500, loadBalancerIP: 'fd00::1', loadBalancerSourceRanges: [10.0.0.0/8, 'fd00::/8', 0.0.0.0/0], annotations: {a.b/c: d}}\n",
		"a role on AWS":                   withS3("{region: eu-central-1, bucket: images, ambientCredentials: true}\n  serviceAccount: {annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/r', eks.amazonaws.com/token-expiration: '86400'}}"),
		"another's account":               onVolume + "  serviceAccount: {create: false, name: default}\n",
		"extra":                           onVolume + "  extra: {env: [{name: A, value: ''}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}], volumes: [{name: ca, configMap: {name: ca}}], volumeMounts: [{name: ca, mountPath: /etc/ssl/own, readOnly: true}, {name: ca, mountPath: /etc/ssl/ca.crt, subPath: ca.crt}], initContainers: [{name: wait, image: busybox}]}\n",
		"a disruption budget":             shared(3) + "  disruptionBudget: {minAvailable: 66%}\n",
		"another":                         shared(2) + "  disruptionBudget: {maxUnavailable: 1%}\n",
		"one of none":                     shared(2) + "  disruptionBudget: {minAvailable: 0}\n",
		"autoscaling":                     scaled("{accessMode: ReadWriteMany}", "{maxReplicas: 3, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}") + "  disruptionBudget: {minAvailable: 1}\n",
		"autoscaling by limits":           withS3("{region: eu-central-1, bucket: images}\n  resources: {limits: {memory: 1Gi}}\n  autoscaling: {minReplicas: 3, maxReplicas: 3, memory: 80}"),
		"a network policy":                withS3("{region: eu-central-1, bucket: images}\n  networkPolicy: {ingressNamespaces: [{kubernetes.io/metadata.name: ingress}, {team: a}], egress: [{ports: [{port: 53, protocol: UDP}]}, {to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"),
		"a closed network":                onVolume + "  networkPolicy: {egress: []}\n",
		"metrics by default":              onVolume + "  metrics: {}\n",
		"metrics":                         onVolume + "  metrics: {port: 9090, serviceMonitor: {interval: 1m30s, labels: {prometheus: x-y}}, prometheusRule: {}}\n",
		"garbage collection":              onVolume + "  readOnly: true\n  garbageCollection: {schedule: '30 2 * * sun', deleteUntagged: true}\n",
		"read-only":                       onVolume + "  readOnly: true\n",
		"a cache":                         onVolume + "  proxy: {remoteURL: 'https://registry-1.docker.io'}\n",
		"a cache inside the cluster":      onVolume + "  proxy: {remoteURL: 'http://mirror.apps.svc:5000/'}\n",
		"a cache by an old GitLab":        onVolume + "  image: {flavor: gitlab, tag: v2.13.1-gitlab}\n  proxy: {remoteURL: 'https://registry-1.docker.io'}\n",
		"trailing document mark":          onVolume + "---\n",
		"JSON":                            `{"apiVersion":"reggen.dev/v1alpha1","kind":"Registry","metadata":{"name":"a","namespace":"b"},"spec":{"host":"a.b","storage":{"filesystem":{"emptyDir":true}}}}`,
	} {
		if _, err := Decode([]byte(text), ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Default may neither change its argument nor depend on how often it ran.
func TestDefaultIsPureAndSettles(t *testing.T) {
	full := withS3("{provider: minio, endpoint: 'm:9000', bucket: images, existingSecret: {name: keys}}\n" +
		"  ingress: {}\n  auth: {existingSecret: {name: users}}\n  pullSecrets: {a: {user: u}}\n" +
		"  metrics: {}\n  autoscaling: {maxReplicas: 3}\n  service: {}\n  serviceAccount: {}\n  scheduling: {topologySpread: [{topologyKey: zone}]}")
	w := strict.NewReader("", unknownIn(reflect.TypeFor[Registry]()))
	root, p := strict.Document([]byte(full), "")
	if p != nil {
		t.Fatal(p)
	}
	var raw Registry
	w.Mapping(root, &raw)
	before := asJSON(t, raw)
	once := Default(raw)
	if after := asJSON(t, raw); after != before {
		t.Errorf("Default changed its argument\nfrom %s\nto   %s", before, after)
	}
	if !reflect.DeepEqual(Default(once), once) {
		t.Error("defaulting twice differs from once")
	}
	if asJSON(t, once) == before {
		t.Error("nothing was defaulted")
	}
}
