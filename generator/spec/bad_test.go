package spec

import (
	"slices"
	"testing"
)

// bad is an input and the whole of what is said about it.
type bad struct{ name, text, want string }

func withHost(host string) string {
	return "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: reg, namespace: apps}\n" +
		"spec:\n  storage: {filesystem: {}}\n  host: " + host + "\n"
}

func withS3(s3 string) string { return minimal + "  storage:\n    s3: " + s3 + "\n" }

func withVolume(volume string) string {
	return minimal + "  storage:\n    filesystem: " + volume + "\n"
}

// everyBad are the tables of bad inputs.
var everyBad = slices.Concat(badShapes, badStorage, badPods)

func TestBadSpecs(t *testing.T) {
	for _, tt := range everyBad {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Decode([]byte(tt.text), "")
			switch {
			case err == nil:
				t.Errorf("accepted: %+v", r)
			case err.Error() != tt.want:
				t.Errorf("got\n%s\nwant\n%s", err, tt.want)
			}
		})
	}
}

// badShapes are inputs of the wrong form, and bad names and images.
var badShapes = []bad{
	{"empty", "",
		"is empty; expected one Registry of reggen.dev/v1alpha1"},
	{"only comments", `# nothing
---
`,
		"is empty; expected one Registry of reggen.dev/v1alpha1"},
	{"no YAML", `a: b: c
`,
		"is not YAML: mapping values are not allowed in this context"},
	{"unclosed", `a: [1
`,
		"is not YAML: did not find expected ',' or ']'"},
	{"a list", `- a
`,
		"is a list; expected one Registry of reggen.dev/v1alpha1"},
	{"text", `hello
`,
		"is text; expected one Registry of reggen.dev/v1alpha1"},
	{"two documents", `a: 1
---
b: 2
`,
		"holds 2 documents; expected one Registry of reggen.dev/v1alpha1"},
	{"merge conflict", `a: 1
<<<<<<< HEAD
b: 2
`,
		`holds the markers of an unfinished git merge
  next: resolve the conflict, then try again`},
	{"another kind", `apiVersion: v1
kind: ConfigMap
data: {a: b}
`,
		`kind: is "ConfigMap"; expected Registry, Chart or ImagePullSecrets`},
	{"kind mistyped, nothing else", `kind: Regsitry
`,
		`apiVersion: is missing; expected reggen.dev/v1alpha1
kind: is "Regsitry"; expected Registry
metadata.name: is missing; expected the registry's name, which its objects bear
metadata.namespace: is missing; expected the namespace, since pods, Secrets and the records of sealed files are bound to it
spec.host: is missing; expected the name by which docker reaches the registry, for instance registry.example.com
spec.storage: says nothing about where images are kept; expected one of azure, filesystem, gcs, s3 or swift`},
	{"apiVersion", `apiVersion: reggen.dev/v1
kind: Registry
metadata: {name: a, namespace: b}
spec: {host: 'localhost', storage: {filesystem: {}}}
`,
		`apiVersion: is "reggen.dev/v1"; expected reggen.dev/v1alpha1`},
	{"unknown field, near", onVolume + `  replica: 2
`,
		`spec.replica: unknown field; did you mean "replicas"?`},
	{"unknown field, case", onVolume + `  pullsecrets: {}
`,
		`spec.pullsecrets: unknown field; did you mean "pullSecrets"?`},
	{"unknown field, elsewhere", onVolume + `  bucket: b
`,
		"spec.bucket: unknown field; expected spec.storage.s3.bucket or spec.storage.gcs.bucket"},
	{"unknown field, nothing near", onVolume + `  zzz: 1
`,
		"spec.zzz: unknown field; expected auth, autoscaling, chart, check, config, disruptionBudget, extra, garbageCollection, gateway, host, image, ingress, metrics, networkPolicy, notifications, proxy, pullSecrets, readOnly, redis, reggen, replicas, resources, scheduling, secrets, service, serviceAccount, storage, tls or values"},
	{"unknown field of metadata", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: a, namespace: b, uid: x}
spec: {host: localhost, storage: {filesystem: {}}}
`,
		"metadata.uid: unknown field; expected annotations, labels, name or namespace"},
	{"secret in the spec", minimal + `  storage: {s3: {region: eu-central-1, bucket: images, secretKey: x}}
`,
		`spec.storage.s3.secretKey: unknown field, and a spec holds no secrets
  next: put it into a RegistryCredential encrypted with SOPS: a user, and the bucket's keys, are a file each in credentials/`},
	{"users in the spec", onVolume + `  auth: {users: [alice]}
`,
		`spec.auth.users: unknown field, and a spec holds no secrets
  next: put it into a RegistryCredential encrypted with SOPS: a user, and the bucket's keys, are a file each in credentials/`},
	{"a region that the endpoint is made of", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: r, namespace: r}
spec: {host: registry.example.com, storage: {s3: {provider: digitalocean, region: "nyc3!", bucket: my-space}}}
`,
		`spec.storage.s3.region: "nyc3!" is not a region; expected letters, digits and hyphens`},
	{"ages", onVolume + `  auth: {maxAge: 90}
  secrets: {maxAge: {dataKeys: 0d, certificates: 1y}}
`,
		`spec.auth.maxAge: is a number; expected text: quote it
spec.secrets.maxAge.certificates: "1y" is not a number of days; expected one, for instance 90d
spec.secrets.maxAge.dataKeys: "0d" is not a number of days; expected one, for instance 90d`},
	{"the age of nobody's password", onVolume + `  auth: {anonymous: true, maxAge: 2160h}
`,
		`spec.auth.maxAge: "2160h" is not a number of days; expected one, for instance 90d
spec.auth.maxAge: is about the passwords of reggen's own users, and there are none; expected no maxAge`},
	{"duplicate", onVolume + `  host: other.example.com
`,
		"spec.host: stands there twice"},
	{"list for a mapping", onVolume + `  pullSecrets: [regcred]
`,
		"spec.pullSecrets: is a list; expected a mapping"},
	{"mapping for a list", onVolume + `  secrets: {credentials: {a: b}}
`,
		"spec.secrets.credentials: is a mapping; expected a list"},
	{"mapping for text", onVolume + `  image: {tag: {a: b}}
`,
		"spec.image.tag: is a mapping; expected text"},
	{"number for text", onVolume + `  image: {tag: 3.1}
`,
		"spec.image.tag: is a number; expected text: quote it"},
	{"octal user", onVolume + `  pullSecrets: {r: {user: 0755}}
`,
		"spec.pullSecrets.r.user: is a number; expected text: quote it"},
	{"boolean user", onVolume + `  pullSecrets: {r: {user: true}}
`,
		`spec.pullSecrets.r.user: is "true" without quotes, a boolean; expected text: quote it`},
	{"null user", onVolume + `  pullSecrets: {r: {user: ~}}
`,
		"spec.pullSecrets.r.user: is null; expected text: quote it"},
	{"date for text", onVolume + `  image: {tag: 2026-01-01}
`,
		"spec.image.tag: is a date; expected text: quote it"},
	{"number for a quantity", onVolume + `  resources: {requests: {cpu: 1}}
`,
		"spec.resources.requests.cpu: is a number; expected text: quote it"},
	{"text for a number", onVolume + `  replicas: "2"
`,
		"spec.replicas: is text; expected a whole number, unquoted"},
	{"fraction", onVolume + `  replicas: 1.5
`,
		"spec.replicas: is a number; expected a whole number"},
	{"huge number", onVolume + `  replicas: 99999999999999999999
`,
		"spec.replicas: is a number; expected a whole number"},
	{"text for a boolean", onVolume + `  auth: {anonymous: "true"}
`,
		"spec.auth.anonymous: is text; expected true or false, unquoted"},
	{"yes for a boolean", onVolume + `  auth: {anonymous: yes}
`,
		"spec.auth.anonymous: is text; expected true or false, unquoted"},
	{"null for a mapping that means something", onVolume + `  ingress:
`,
		"spec.ingress: is null; expected a mapping: write {} for the defaults, or leave the field out"},
	{"null storage", minimal + `  storage: {filesystem: }
`,
		"spec.storage.filesystem: is null; expected a mapping: write {} for the defaults, or leave the field out"},
	{"null pull secret", onVolume + `  pullSecrets: {regcred: }
`,
		"spec.pullSecrets.regcred: is null; expected a mapping"},
	{"number as a key", onVolume + `  config: {log: {1: a}}
`,
		"spec.config.log.1: the key is a number; expected text: quote it"},
	{"list as a key", onVolume + `  config: {[a]: b}
`,
		"spec.config: has a key that is a list; expected text"},
	{"merge key", onVolume + `  config: {a: &a {b: c}, d: {<<: *a}}
`,
		`spec.config.d["<<"]: YAML merge keys are not supported; expected the fields themselves`},
	{"not a number", onVolume + `  config: {a: .nan}
`,
		"spec.config.a: is a number that JSON can't hold"},
	{"unknown tag", onVolume + `  config: {a: !foo b}
`,
		"spec.config.a: is of a YAML type that reggen doesn't know; expected text, a number, true, false or null"},
	{"binary", onVolume + `  config: {a: !!binary aGk=}
`,
		"spec.config.a: is of a YAML type that reggen doesn't know; expected text, a number, true, false or null"},
	{"config no mapping", onVolume + `  config: text
`,
		"spec.config: is text; expected a mapping"},
	{"everything missing", "{}",
		`apiVersion: is missing; expected reggen.dev/v1alpha1
kind: is missing; expected Registry
metadata.name: is missing; expected the registry's name, which its objects bear
metadata.namespace: is missing; expected the namespace, since pods, Secrets and the records of sealed files are bound to it
spec.host: is missing; expected the name by which docker reaches the registry, for instance registry.example.com
spec.storage: says nothing about where images are kept; expected one of azure, filesystem, gcs, s3 or swift`},
	{"name too long", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, namespace: b}
spec: {host: localhost, storage: {filesystem: {}}}
`,
		"metadata.name: has 41 characters; expected at most 40, since objects named after it add to it"},
	{"name with a digit first, namespace with a dot", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: 1a, namespace: b.c}
spec: {host: localhost, storage: {filesystem: {}}}
`,
		`metadata.name: "1a" is not the name of a Service; expected lower-case letters, digits and hyphens, a letter first, no hyphen last
metadata.namespace: "b.c" is not a namespace; expected a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends`},
	{"labels and annotations", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata:
  name: a
  namespace: b
  labels: {data: x, a/b/c: y, ok: a b, app: x}
  annotations: {stringData: x, reggen.dev/record: y, -x: z, Q.com/x: a}
spec: {host: localhost, storage: {filesystem: {}}}
`,
		`metadata.annotations.-x: the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
metadata.annotations.stringData: SOPS would encrypt it: sealed Secrets encrypt every field named data or stringData; expected another key
metadata.annotations["Q.com/x"]: the key's part before the slash is not a DNS name
metadata.annotations["reggen.dev/record"]: reggen.dev/ is reggen's own; expected another key
metadata.labels.app: is one of the chart's own: pods are selected by it or named by it; expected another key
metadata.labels.data: SOPS would encrypt it: sealed Secrets encrypt every field named data or stringData; expected another key
metadata.labels.ok: "a b" is not a label's value; expected at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
metadata.labels["a/b/c"]: the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends`},
	{"host with a scheme", withHost("https://registry.example.com"),
		"spec.host: has a scheme: write it without https://"},
	{"host with a path", withHost("registry.example.com/team"),
		"spec.host: has a path; a registry is a host alone"},
	{"host in capitals", withHost("Registry.example.com"),
		`spec.host: has capital letters, which image names can't have; did you mean "registry.example.com"?`},
	{"host for Docker Hub", withHost("registry"),
		`spec.host: "registry" has neither a dot nor a port, so docker would take it for an account of Docker Hub`},
	{"host with a bad port", withHost("registry.example.com:99999"),
		`spec.host: "registry.example.com:99999" is not a DNS name, with a port if need be`},
	{"host with an underscore", withHost("my_registry.example.com"),
		`spec.host: "my_registry.example.com" is not a DNS name, with a port if need be`},
	{"host with a wildcard", withHost("'*.example.com'"),
		`spec.host: "*.example.com" is not a DNS name, with a port if need be`},
	{"ingress and port", withHost(`registry.example.com:8443
  ingress: {}`),
		"spec.host: has a port, and spec.ingress serves 443 only; expected a host without a port, or no spec.ingress"},
	{"ingress and address", withHost(`10.0.0.1
  ingress: {}`),
		"spec.host: is an address, and spec.ingress needs a name; expected a DNS name, or no spec.ingress"},
	{"repository with tag", onVolume + `  image: {repository: 'registry:3'}
`,
		"spec.image.repository: has a tag in it; expected the name alone; the tag goes into spec.image.tag"},
	{"repository with digest", onVolume + `  image: {repository: 'registry@sha256:abc'}
`,
		"spec.image.repository: has a digest in it; expected the name alone; the digest goes into spec.image.digest"},
	{"repository with scheme", onVolume + `  image: {repository: 'https://a.b/registry'}
`,
		"spec.image.repository: has a scheme; expected an image's name, for instance registry.example.com/mirror/registry"},
	{"repository in capitals", onVolume + `  image: {repository: Registry/Image}
`,
		`spec.image.repository: "Registry/Image" is not an image's name; expected one, for instance registry or registry.example.com/mirror/registry`},
	{"tag, digest, policy, flavor", onVolume + `  image: {tag: -x, digest: 'sha256:abc', pullPolicy: Allways, flavor: distribution2}
`,
		`spec.image.digest: is not an image's digest; expected sha256: and 64 hexadecimal digits in lower case
spec.image.flavor: is "distribution2"; expected distribution, distribution-v2 or gitlab; did you mean "distribution"?
spec.image.pullPolicy: is "Allways"; expected Always, IfNotPresent or Never; did you mean "Always"?
spec.image.tag: "-x" is not an image's tag; expected at most 128 letters, digits, '_', '.' and '-', neither '.' nor '-' first`},
	{"image pull secrets", onVolume + `  image: {pullSecrets: [a, a, B_, '']}
`,
		`spec.image.pullSecrets[1]: stands in the list twice
spec.image.pullSecrets[2]: "B_" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253
spec.image.pullSecrets[3]: is missing; expected the name of a Secret`},
	{"v2 image of v3", onVolume + `  image: {tag: 2.8.3}
`,
		`spec.image.flavor: is distribution, which is version 3, and the tag is "2.8.3"; expected distribution-v2`},
	{"v3 image of v2", onVolume + `  image: {tag: 3.0.0, flavor: distribution-v2}
`,
		`spec.image.flavor: is distribution-v2, and the tag is "3.0.0"; expected distribution`},
	{"GitLab's tag", onVolume + `  image: {tag: v2.13.1-gitlab}
`,
		`spec.image.flavor: is distribution, and the tag "v2.13.1-gitlab" is GitLab's; expected gitlab`},
}
