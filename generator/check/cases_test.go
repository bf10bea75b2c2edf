package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden reads the build of an example.
func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/golden", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A probe is a build with something changed and what a rule says of it, ""
// for nothing.
type probe struct {
	name, build string
	edits       []string // old, new, ...: every place
	want        string
}

// patient is the liveness probe of the example.
const patient = "        livenessProbe:\n          failureThreshold: 1440\n          httpGet:\n            path: /\n            port: http\n            scheme: HTTP\n          periodSeconds: 60\n          timeoutSeconds: 10\n"

const envStart = "        env:\n        - name: REGISTRY_HTTP_SECRET\n"

// objectProbes: for each rule on objects what it finds, and what it must not
// take for a find.
var objectProbes = map[string][]probe{
	"schema": {
		{"a number for text", "dev", []string{envStart, "        env:\n        - {name: A, value: 8080}\n        - name: REGISTRY_HTTP_SECRET\n"}, "Deployment registry/docker-registry: spec.template.spec.containers[0].env[0].value: is not what Kubernetes takes: it is a number; expected text; in quotes, where YAML takes it for something else"},
		{"true for text", "dev", []string{"    checksum/config:", "    a.b/c: true\n        checksum/config:"}, "spec.template.metadata.annotations[a.b/c]: is not what Kubernetes takes: it is true or false; expected text"},
		{"text for a number", "dev", []string{"  replicas: 1\n", "  replicas: \"1\"\n"}, "spec.replicas: is not what Kubernetes takes: it is text; expected a whole number, without quotes"},
		{"a mapping for a list", "dev", []string{"  accessModes:\n  - ReadWriteOnce\n", "  accessModes: {a: b}\n"}, "PersistentVolumeClaim registry/docker-registry: spec.accessModes: is not what Kubernetes takes: it is a mapping; expected a list"},
		{"no base64", "dev", []string{"---\napiVersion: networking", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: registry}\ndata: {a: YQ==, c: '%%'}\n---\napiVersion: networking"}, "Secret registry/s: data[c]: is not what Kubernetes takes: it is no base64; expected base64, or the text under stringData"},
		{"a quantity that is none", "dev", []string{"storage: 10Gi", "storage: much"}, "is not what Kubernetes takes: a quantity is none; expected quantities such as 500m or 256Mi"},
		{"a misspelt field", "dev", []string{"pathType:", "pathTyp:"}, "Ingress registry/docker-registry is not what Kubernetes takes"},
		{"as it is", "dev", nil, ""},
	},
	"yaml-environment": {
		{"an S3 key that YAML reads as a number", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_STORAGE_S3_ACCESSKEY, value: '0012345'}\n        - name: REGISTRY_HTTP_SECRET\n"}, "REGISTRY_STORAGE_S3_ACCESSKEY is read as something else"},
		{"a secret that YAML reads as a comment", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_PROXY_PASSWORD, value: '#abc'}\n        - name: REGISTRY_HTTP_SECRET\n"}, "REGISTRY_PROXY_PASSWORD is read as something else"},
		{"an S3 key out of a Secret that nobody can read here", "staging", []string{"AWS_ACCESS_KEY_ID", "REGISTRY_STORAGE_S3_ACCESSKEY"}, "expected AWS_ACCESS_KEY_ID"},
		{"a number where the registry wants text", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_PROXY_PASSWORD, value: '12345'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
		{"a switch", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_STORAGE_DELETE_ENABLED, value: 'true'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
		{"quoted as YAML does", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_STORAGE_S3_BUCKET, value: '\"0012345\"'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
	},
	"configuration": {
		{"a list for a mapping", "staging", []string{"    health:\n", "    catalog: []\n    health:\n"}, "error: x: ConfigMap registry/docker-registry-config: data[config.yml] catalog: is a list; expected a mapping"},
		{"a mapping for a list", "staging", []string{"        - nosniff\n", "          a: b\n"}, "http.headers.X-Content-Type-Options: is a mapping; expected a list"},
		{"text for a number", "staging", []string{"        threshold: 3\n", "        threshold: '3'\n"}, "health.storagedriver.threshold: is text; expected a whole number, unquoted"},
		{"text for a switch", "staging", []string{"        enabled: true\n        interval: 5s", "        enabled: 'yes'\n        interval: 5s"}, "health.storagedriver.enabled: is text; expected true or false, unquoted"},
		{"a switch that is passed over", "staging", []string{"      delete:\n        enabled: false\n", "      delete:\n        enabled: 'true'\n"}, "warning: x: ConfigMap registry/docker-registry-config: data[config.yml] storage.delete.enabled: is text"},
		{"another version of the configuration", "staging", []string{"    version: 0.1\n", "    version: 0.2\n"}, "version: is none that the registry knows; expected 0.1"},
		{"a level that is none", "staging", []string{"    log:\n", "    log:\n      level: verbose\n"}, "log.level: is none that the registry knows; expected error, warn, info, debug"},
		{"a time that is none", "staging", []string{"interval: 5s", "interval: soon"}, "health.storagedriver.interval: is none that the registry knows; expected a time, for instance 10s"},
		{"a time without a unit", "staging", []string{"interval: 5s", "interval: 10"}, "warning: x: ConfigMap registry/docker-registry-config: data[config.yml] health.storagedriver.interval: has no unit, and counts nanoseconds; expected for instance 10s"},
		{"a mapping for text", "staging", []string{"      addr: :5000\n", "      addr: {a: b}\n"}, "http.addr: is a mapping; expected text"},
		{"a number for text, a quoted version, null, storage by name", "staging", []string{"    log:\n", "    log:\n      formatter: 1\n      level: Debug\n", "    version: 0.1\n", "    catalog:\n    version: \"0.1\"\n", "interval: 5s", "interval: 0"}, ""},
		{"misspelt", "staging", []string{"      addr: :5000\n", "      adddr: a\n      addr: :5000\n"}, "warning: x: ConfigMap registry/docker-registry-config: data[config.yml] http.adddr: is no key that the registry knows; expected perhaps addr"},
		{"nothing like it", "staging", []string{"      addr: :5000\n", "      zzz: a\n      addr: :5000\n"}, "http.zzz: is no key that the registry knows; expected addr, debug, draintimeout, h2c, headers, host, http2, net, prefix, relativeurls, secret, tls"},
		{"in another case", "staging", []string{"      addr: :5000\n", "      relativeURLs: true\n      addr: :5000\n"}, "http.relativeURLs: is no key that the registry knows; expected perhaps relativeurls"},
		{"of a driver", "staging", []string{"forcepathstyle: false", "forcepathstile: false"}, "warning: x: ConfigMap registry/docker-registry-config: data[config.yml] storage.s3.forcepathstile: is no key"},
		{"in a list", "staging", []string{"    version: 0.1\n", "    notifications:\n      endpoints: [{name: a, url: 'https://x', header: {A: [b]}}]\n    version: 0.1\n"}, "notifications.endpoints[0].header: is no key that the registry knows; expected perhaps headers"},
		{"a second storage", "staging", []string{"    storage:\n", "    storage:\n      deletes: {enabled: true}\n"}, "error: x: ConfigMap registry/docker-registry-config: data[config.yml] storage.deletes: is no key"},
		{"another way to log in", "staging", []string{"      htpasswd:\n", "      htpaswd:\n"}, "error: x: ConfigMap registry/docker-registry-config: data[config.yml] auth.htpaswd: is no key"},
		{"of version 3", "staging", []string{"registry:3.1.1", "registry:2.8.3", "    version: 0.1\n", "    tags: {maxtags: 5}\n    version: 0.1\n"}, "data[config.yml] tags: is no key"},
		{"a variable", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_HTTP_SCRET, value: a}\n        - name: REGISTRY_HTTP_SECRET\n"}, "warning: x: Deployment registry/docker-registry: spec.template.spec.containers[0].env[0]: REGISTRY_HTTP_SCRET sets nothing that the registry knows; expected perhaps REGISTRY_HTTP_SECRET"},
		{"of version 3, in version 3", "staging", []string{"    version: 0.1\n", "    tags: {maxtags: 5}\n    version: 0.1\n"}, ""},
		{"of either, and the image doesn't say", "staging", []string{"registry:3.1.1", "registry:latest", "    version: 0.1\n", "    tags: {maxtags: 5}\n    compatibility: {schema1: {enabled: false}}\n    version: 0.1\n"}, ""},
		{"of neither, and the image doesn't say", "staging", []string{"registry:3.1.1", "registry:latest", "    version: 0.1\n", "    tag: {maxtags: 5}\n    version: 0.1\n"}, "data[config.yml] tag: is no key"},
		{"GitLab's own", "staging", []string{"registry:3.1.1", "registry.gitlab.com/gitlab-org/build/cng/gitlab-container-registry:v2.13.1-gitlab", "    version: 0.1\n", "    database: {enabled: false}\n    version: 0.1\n"}, ""},
		{"an anchor, a header, a middleware's options, a list in a variable", "staging", []string{"    version: 0.1\n", "    x-a: &a {b: c}\n    middleware: {registry: [{name: a, options: {b: c}}]}\n    notifications: {endpoints: [{name: a, url: 'https://x', headers: {X-A: [b]}}]}\n    version: 0.1\n",
			envStart, "        env:\n        - {name: REGISTRY_HEALTH_FILECHECKERS_0_FILE, value: /a}\n        - {name: REGISTRY_CONFIGURATION_PATH, value: /a}\n        - {name: REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED, value: 'true'}\n        - {name: REGISTRY_HTTP_HEADERS_X_A, value: '[b]'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
	},
	"startup": {
		{"no storage", "dev", []string{"      filesystem:\n        rootdirectory: /var/lib/registry\n", ""}, "error: x: ConfigMap registry/docker-registry-config: data[config.yml] storage: names none: the registry has nowhere to keep images: the registry doesn't start"},
		{"no version", "dev", []string{"    version: 0.1\n", ""}, "data[config.yml] version: is missing: the registry doesn't start; expected 0.1"},
		{"a variable's storage alone", "dev", []string{envStart, "        env:\n        - {name: REGISTRY_STORAGE, value: s3}\n        - name: REGISTRY_HTTP_SECRET\n", "      filesystem:\n        rootdirectory: /var/lib/registry\n", ""}, "error: x: Deployment registry/docker-registry: spec.template.spec.containers[0].env[0]: storage.s3.region is missing"},
		{"a region that is none", "staging", []string{"        regionendpoint: https://nyc3.digitaloceanspaces.com\n", ""}, "storage.s3.region: is no region of AWS, and no endpoint is named"},
		{"a region out of a Secret", "staging", []string{"        regionendpoint: https://nyc3.digitaloceanspaces.com\n", "", "name: AWS_ACCESS_KEY_ID", "name: REGISTRY_STORAGE_S3_REGION"}, ""},
		{"a size as a text", "staging", []string{"        region: nyc3\n", "        region: nyc3\n        chunksize: '1024'\n"}, "storage.s3.chunksize: is none that the driver takes: the registry doesn't start; expected a whole number from 5242880"},
		{"a class in small letters", "staging", []string{"        region: nyc3\n", "        region: nyc3\n        storageclass: standard_ia\n        chunksize: 10485760\n"}, ""},
		{"which version 2 doesn't have", "staging", []string{"registry:3.1.1", "registry:2.8.3", "        region: nyc3\n", "        region: nyc3\n        storageclass: standard_ia\n"}, "storage.s3.storageclass: is no storage class"},
		{"an upstream without a scheme", "dev", []string{"    version: 0.1\n", "    proxy: {remoteurl: a.example.com}\n    version: 0.1\n"}, "proxy.remoteurl: has no scheme"},
		{"redis by variables", "dev", []string{"blobdescriptor: inmemory", "blobdescriptor: redis", envStart, "        env:\n        - {name: REGISTRY_REDIS_ADDRS_0, value: 'redis:6379'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
		{"redis as version 2 names it", "dev", []string{"blobdescriptor: inmemory", "blobdescriptor: redis", "    version: 0.1\n", "    redis: {addr: 'redis:6379'}\n    version: 0.1\n"}, "storage.cache.blobdescriptor: is redis, and no redis is named"},
		{"redis, in version 2", "dev", []string{"registry:3.1.1", "registry:2.8.3", "blobdescriptor: inmemory", "blobdescriptor: redis", "    version: 0.1\n", "    redis: {addr: 'redis:6379'}\n    version: 0.1\n"}, ""},
		{"somebody's middleware in somebody's image", "dev", []string{"registry:3.1.1", "example.com/own/registry:3.1.1", "    version: 0.1\n", "    middleware: {storage: [{name: squid}]}\n    version: 0.1\n"}, ""},
		{"a debug address as IPv6", "dev", []string{"      addr: :5000\n", "      addr: :5000\n      debug: {addr: '[::1]:5001'}\n"}, ""},
		{"GitLab's", "dev", []string{"registry:3.1.1", "registry.gitlab.com/gitlab-org/build/cng/gitlab-container-registry:v2.13.1-gitlab", "    version: 0.1\n", ""}, ""},
		{"tokens", "dev", []string{"      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "      token: {realm: a, service: b, issuer: c}\n"}, ""},
		{"tokens of no issuer", "dev", []string{"      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "      token: {realm: a, service: b}\n"}, "auth.token.issuer: is missing, or no text"},
	},
	"secret-key": {
		{"a variable", "dev", []string{"              key: haSharedSecret\n", "              key: shared\n"}, "error: x: Deployment registry/docker-registry: spec.template.spec.containers[0].env[0].valueFrom: takes the key shared of the Secret docker-registry-http, which has none of that name; expected one of its keys: haSharedSecret"},
		{"a file", "dev", []string{"          - key: htpasswd\n", "          - key: users\n"}, "takes the key users of the Secret docker-registry-htpasswd"},
		{"one that may be missing", "dev", []string{"              key: haSharedSecret\n", "              key: shared\n              optional: true\n"}, ""},
		{"a Secret of somebody else's", "dev", []string{"              name: docker-registry-http\n", "              name: elsewhere\n"}, ""},
		{"as it is", "staging", nil, ""},
	},
	"service-target": {
		{"a name that no container has", "dev", []string{"targetPort: 5000", "targetPort: web"}, "error: x: Service registry/docker-registry: spec.ports[0].targetPort: is web, which no container of Deployment registry/docker-registry names"},
		{"a number where nobody listens", "dev", []string{"targetPort: 5000", "targetPort: 8080"}, "is 8080, where Deployment registry/docker-registry doesn't listen"},
		{"where another container may", "dev", []string{"targetPort: 5000", "targetPort: 8080", "      containers:\n", "      containers:\n      - {name: proxy, image: nginx}\n"}, ""},
		{"a selector that matches no pod", "dev", []string{"  selector:\n    app: docker-registry\n", "  selector:\n    app: registry\n"}, "error: x: Service registry/docker-registry: spec.selector: matches no pod"},
		{"somebody else's Service", "dev", []string{"---\napiVersion: networking", "---\napiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: registry}\nspec: {selector: {app: elsewhere}, ports: [{port: 80}]}\n---\napiVersion: networking"}, ""},
		{"as it is", "prod", nil, ""},
	},
	"probe-login": {
		{"readiness", "dev", []string{"        readinessProbe:\n          httpGet:\n            path: /\n", "        readinessProbe:\n          httpGet:\n            path: /v2/\n"}, "readinessProbe.httpGet.path: asks where the registry wants a password"},
		{"with a login", "dev", []string{"        readinessProbe:\n          httpGet:\n            path: /\n", "        readinessProbe:\n          httpGet:\n            httpHeaders: [{name: Authorization, value: Basic xyzzy}]\n            path: /v2/\n"}, ""},
		{"nobody is asked", "dev", []string{"        readinessProbe:\n          httpGet:\n            path: /\n", "        readinessProbe:\n          httpGet:\n            path: /v2/\n", "      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "      none: {}\n"}, ""},
	},
	"data-volume": {
		{"beside", "dev", []string{"rootdirectory: /var/lib/registry", "rootdirectory: /data"}, "error: x: Deployment registry/docker-registry: spec.template.spec.containers[0].volumeMounts: brings a volume at /var/lib/registry, and images are kept at /data, in the container; expected the volume at /data"},
		{"none", "dev", []string{"        - mountPath: /var/lib/registry\n          name: data\n", ""}, "warning: x: Deployment registry/docker-registry: spec.template.spec.containers[0].volumeMounts: brings no volume for /var/lib/registry"},
		{"read-only", "dev", []string{"          claimName: docker-registry\n", "          claimName: docker-registry\n          readOnly: true\n"}, "volumeMounts[2]: is read-only"},
		{"read-only, and so is the registry", "dev", []string{"          claimName: docker-registry\n", "          claimName: docker-registry\n          readOnly: true\n", "      delete:\n", "      maintenance: {readonly: {enabled: true}}\n      delete:\n"}, ""},
		{"a folder further down", "dev", []string{"mountPath: /var/lib/registry", "mountPath: /var/lib/registry/docker"}, ""},
		{"object storage", "staging", nil, ""},
	},
	"htpasswd-lines": {
		{"MD5, and a user who is right", "dev", users("a:$apr1$xyzzy$xyzzy", "b:"+bcrypted), "error: x: Secret registry/docker-registry-htpasswd: data[htpasswd] line 1: has no hash that the registry takes"},
		{"no colon", "dev", users("# a comment", "", "xyzzy"), "line 3: has no colon: the registry refuses the whole file"},
		{"nobody", "dev", users("# a comment"), "warning: x: Secret registry/docker-registry-htpasswd: data[htpasswd]: names nobody"},
		{"bcrypt", "dev", users("b:" + bcrypted), ""},
		{"encrypted", "dev", nil, ""},
		{"redacted", "dev", []string{"  name: docker-registry-htpasswd\n  namespace: registry\n", "  name: other\n  namespace: registry\n", "---\napiVersion: networking", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: docker-registry-htpasswd, namespace: registry}\nstringData: {htpasswd: redacted}\n---\napiVersion: networking"}, ""},
	},
	"open-front": {
		{"an Ingress", "dev", open, "error: x: Ingress registry/docker-registry leads to Deployment registry/docker-registry, which asks nobody who they are: everybody may push and pull"},
		{"a load balancer", "dev", append([]string{"kind: Ingress", "kind: Other", "  type: ClusterIP\n", "  type: LoadBalancer\n"}, open...), "error: x: Service registry/docker-registry leads to"},
		{"a route", "dev", append([]string{"kind: Ingress", "kind: Other", "---\napiVersion: networking", "---\n" + route("a.example.com") + "---\napiVersion: networking"}, open...), "error: x: HTTPRoute registry/docker-registry leads to"},
		{"a cache", "dev", append([]string{"    version: 0.1\n", "    proxy: {remoteurl: 'https://a.example.com'}\n    version: 0.1\n"}, open...), "warning: x: Ingress"},
		{"the silly login", "dev", []string{"      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "      silly: {realm: a, service: b}\n"}, "which takes any header for a login"},
		{"the Ingress asks", "dev", append([]string{"    nginx.ingress.kubernetes.io/proxy-body-size", "    nginx.ingress.kubernetes.io/auth-url: https://a\n    nginx.ingress.kubernetes.io/proxy-body-size"}, open...), ""},
		{"nobody can reach it", "dev", append([]string{"kind: Ingress", "kind: Other"}, open...), ""},
		{"users", "dev", nil, ""},
	},
	"own-image": {
		{"by the configuration's host", "prod", []string{"image: registry", "image: images.example.com/library/registry", "  - host: images", "  - host: other"}, "spec.template.spec.containers[0].image: is pulled from images.example.com, which this registry itself serves"},
		{"by the Ingress alone", "dev", []string{"image: registry", "image: registry.dev.example.com/library/registry", "host: https://", "x: https://"}, "error: x: Deployment registry/docker-registry: spec.template.spec.containers[0].image: is pulled from registry.dev.example.com"},
		{"another host", "dev", []string{"image: registry", "image: mirror.example.com/library/registry"}, ""},
		{"no host", "prod", nil, ""},
	},
	"readable-secret": {
		{"in the configuration", "staging", []string{"      addr: :5000\n", "      addr: :5000\n      secret: xyzzy\n"}, "ConfigMap registry/docker-registry-config: data[config.yml] http.secret: stands here"},
		{"in a variable", "staging", []string{envStart, "        env:\n        - {name: AWS_SECRET_ACCESS_KEY, value: xyzzy}\n        - name: REGISTRY_HTTP_SECRET\n", "        - name: AWS_SECRET_ACCESS_KEY\n          valueFrom:", "        - name: OTHER\n          valueFrom:"}, "AWS_SECRET_ACCESS_KEY stands here"},
		{"in a header", "staging", []string{"    version: 0.1\n", "    notifications:\n      endpoints: [{name: a, url: 'https://x', headers: {Authorization: [xyzzy]}}]\n    version: 0.1\n"}, "notifications.endpoints[0].headers.Authorization"},
		{"out of Secrets", "staging", nil, ""},
	},
	"http-secret": {
		{"two replicas", "staging", []string{"REGISTRY_HTTP_SECRET", "SOMETHING"}, "error: x: Deployment registry/docker-registry: spec.template.spec.containers[0]: has no http secret"},
		{"one replica", "dev", []string{"REGISTRY_HTTP_SECRET", "SOMETHING"}, "warning: x: Deployment registry/docker-registry: spec.template.spec.containers[0]: has no http secret"},
		{"an autoscaler makes more of one", "prod", []string{"REGISTRY_HTTP_SECRET", "SOMETHING"}, "error: x: Deployment"},
		{"another one for another Deployment behind the same Service", "staging", []string{"---\napiVersion: networking", "---\n" + second + "---\napiVersion: networking"}, "Deployment registry/second: spec.template.spec.containers[0]: has another http secret than the other registry behind the Service docker-registry"},
		{"the same for another Deployment", "staging", []string{"---\napiVersion: networking", "---\n" + strings.Replace(second, "name: other, key: secret", "name: docker-registry-http, key: haSharedSecret", 1) + "---\napiVersion: networking"}, ""},
		{"a configuration that can't be seen", "staging", []string{"REGISTRY_HTTP_SECRET", "SOMETHING", "      - configMap:\n          items:\n          - key: config.yml\n            path: config.yml\n          name: docker-registry-config\n        name: config\n", "      - secret: {secretName: configuration}\n        name: config\n"}, ""},
		{"another program that is told of a registry", "hello-kubernetes", []string{"      - image:", "      - env: [{name: REGISTRY_AUTH_URL, value: 'https://a'}, {name: REGISTRY_URL, value: 'https://a'}]\n        image:"}, ""},
		{"from a Secret", "staging", nil, ""},
	},
	"path-style": {
		{"MinIO without", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://minio:9000"}, "forcepathstyle is not set for an endpoint"},
		{"an address", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://10.0.0.7:9000"}, "forcepathstyle is not set for an endpoint"},
		{"left open", "staging", []string{"https://nyc3.digitaloceanspaces.com", "https://s3.example.com", "        forcepathstyle: false\n", ""}, "leaves open how the bucket at s3.example.com is addressed"},
		{"GitLab's word for it", "staging", []string{"registry:3.1.1", "registry.gitlab.com/gitlab-org/build/cng/gitlab-container-registry:v2.13.1-gitlab"}, "forcepathstyle is not what this registry calls it"},
		{"MinIO with", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://minio:9000", "forcepathstyle: false", "forcepathstyle: true"}, ""},
		{"overruled by a variable", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://minio:9000", envStart, "        env:\n        - {name: REGISTRY_STORAGE_S3_FORCEPATHSTYLE, value: 'true'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
		{"Spaces", "staging", nil, ""},
		{"AWS", "prod", nil, ""},
	},
	"spaces-encrypt": {
		{"asked for", "staging", []string{"encrypt: false", "encrypt: true"}, "data[config.yml] storage.s3.encrypt: is true, which Spaces refuse"},
		{"asked of AWS", "prod", []string{"encrypt: false", "encrypt: true"}, ""},
	},
	"redirect-boolean": {
		{"quoted", "staging", []string{"        disable: false\n", "        disable: \"false\"\n"}, "storage.redirect.disable: is not a boolean"},
		{"a variable, which is parsed", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_STORAGE_REDIRECT_DISABLE, value: 'true'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
	},
	"configuration-path": {
		{"where version 2 looks", "staging", []string{"      - args:\n        - serve\n        - /etc/distribution/config.yml\n        command:\n        - registry\n        env:", "      - env:", "mountPath: /etc/distribution", "mountPath: /etc/docker/registry"}, "expected a mount at /etc/distribution"},
		{"where version 3 looks", "staging", []string{"      - args:\n        - serve\n        - /etc/distribution/config.yml\n        command:\n        - registry\n        env:", "      - env:"}, ""},
		{"named", "staging", []string{"/etc/distribution", "/etc/elsewhere"}, ""},
	},
	"scheme": {
		{"says nothing", "staging", []string{"      host: https://registry.example.com\n", ""}, "says neither its address nor that addresses are relative"},
		{"says http", "staging", []string{"host: https://", "host: http://"}, "error: x: ConfigMap registry/docker-registry-config: data[config.yml] http.host: does not begin with https://"},
		{"relative", "staging", []string{"      host: https://registry.example.com\n", "      relativeurls: true\n"}, ""},
	},
	"otel-exporter": {
		{"says nothing", "staging", []string{"OTEL_TRACES_EXPORTER", "OTHER"}, "says nothing about traces"},
		{"version 2 has none", "staging", []string{"OTEL_TRACES_EXPORTER", "OTHER", "registry:3.1.1", "registry:2.8.3"}, ""},
	},
	"service-links": {
		{"left on", "staging", []string{"      enableServiceLinks: false\n", ""}, "warning: x: Deployment registry/docker-registry: spec.template.spec.enableServiceLinks: is not false"},
		{"beside a Service that breaks it", "staging", []string{"      enableServiceLinks: false\n", "", "---\napiVersion: apps/v1", "---\napiVersion: v1\nkind: Service\nmetadata: {name: registry-auth, namespace: registry}\n---\napiVersion: apps/v1"}, "error: x: Deployment registry/docker-registry: spec.template.spec.enableServiceLinks: is not false, and the Service registry-auth"},
		{"off", "staging", nil, ""},
	},
	"drain": {
		{"none", "staging", []string{"      draintimeout: 120s\n", ""}, "warning: x: Deployment registry/docker-registry: spec.template.spec.containers[0]: ends in the middle of uploads; expected http.draintimeout in its configuration"},
		{"longer than the pod lives", "staging", []string{"      terminationGracePeriodSeconds: 155\n", ""}, "data[config.yml] http.draintimeout: is 120s, and the pod is killed after 30 seconds"},
		{"longer than the hook leaves", "staging", []string{"      terminationGracePeriodSeconds: 155\n", "      terminationGracePeriodSeconds: 124\n"}, "data[config.yml] http.draintimeout: is 120s, and the pod is killed after 124 seconds, of which its preStop hook takes 5"},
		{"longer than a hook of the kind sleep leaves", "staging", []string{"      terminationGracePeriodSeconds: 155\n", "      terminationGracePeriodSeconds: 124\n", "            exec:\n              command:\n              - sleep\n              - \"5\"\n", "            sleep: {seconds: 4}\n"}, "of which its preStop hook takes 4"},
		{"longer than a shell's hook leaves", "staging", []string{"      terminationGracePeriodSeconds: 155\n", "      terminationGracePeriodSeconds: 124\n", "              - sleep\n              - \"5\"\n", "              - /bin/sh\n              - -c\n              - /bin/sleep 15s; true\n"}, "of which its preStop hook takes 15"},
		{"no hook", "staging", []string{"      terminationGracePeriodSeconds: 155\n", "      terminationGracePeriodSeconds: 124\n", "              - sleep\n              - \"5\"\n", "              - \"true\"\n"}, ""},
		{"by a variable", "staging", []string{"      draintimeout: 120s\n", "", envStart, "        env:\n        - {name: REGISTRY_HTTP_DRAINTIMEOUT, value: 20s}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
		{"as it is", "staging", nil, ""},
	},
	"liveness-on-storage": {
		{"asks the storage", "staging", []string{patient, "        livenessProbe:\n          httpGet: {path: /, port: http}\n"}, "asks whether the storage is well"},
		{"asks something else", "staging", []string{patient, "        livenessProbe:\n          httpGet: {path: /v2/, port: http}\n"}, ""},
		{"asks it for a day", "staging", nil, ""},
		{"asks it for less than ten minutes", "staging", []string{"failureThreshold: 1440\n", "failureThreshold: 9\n"}, "asks whether the storage is well"},
		{"asks where nobody looks at the storage", "staging", []string{patient, "        livenessProbe:\n          httpGet: {path: /, port: http}\n", "        enabled: true\n        interval", "        enabled: false\n        interval"}, ""},
	},
	"htpasswd-mount": {
		{"not there", "staging", []string{"        - mountPath: /auth\n", "        - mountPath: /users\n"}, "has nothing where auth.htpasswd.path points to"},
		{"with subPath", "staging", []string{"        - mountPath: /auth\n", "        - mountPath: /auth/htpasswd\n          subPath: htpasswd\n"}, "keeps new users out"},
		{"as a folder", "staging", nil, ""},
	},
	"collect-read-only": {
		{"while pushes go on", "staging", []string{"---\napiVersion: networking", collector + "---\napiVersion: networking"}, "CronJob registry/docker-registry-gc: spec.jobTemplate.spec.template.spec.containers[0]: collects garbage while Deployment registry/docker-registry takes pushes"},
		{"suspended", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "  schedule:", "  suspend: true\n  schedule:", 1) + "---\napiVersion: networking"}, ""},
		{"read-only", "staging", []string{"---\napiVersion: networking", collector + "---\napiVersion: networking", "      redirect:\n", "      maintenance: {readonly: {enabled: true}}\n      redirect:\n"}, ""},
	},
	"ready-unasked": {
		{"ready at once", "staging", []string{"          initialDelaySeconds: 20\n", ""}, "warning: x: Deployment registry/docker-registry: spec.template.spec.containers[0].readinessProbe: is ready for 15 seconds before it knows that it can't reach its storage; expected initialDelaySeconds of more than 15"},
		{"asked when the last check has just begun", "staging", []string{"          initialDelaySeconds: 20\n", "          initialDelaySeconds: 15\n"}, "is ready for 15 seconds"},
		{"a slower look at the storage", "staging", []string{"        interval: 5s\n", "        interval: 1m\n"}, "is ready for 180 seconds"},
		{"nanoseconds", "staging", []string{"        interval: 5s\n", "        interval: 7000000000\n"}, "is ready for 21 seconds"},
		{"the registry's own interval", "staging", []string{"        interval: 5s\n", "        interval: 0\n"}, "is ready for 30 seconds"},
		{"by a variable", "staging", []string{envStart, "        env:\n        - {name: REGISTRY_HEALTH_STORAGEDRIVER_THRESHOLD, value: '4'}\n        - name: REGISTRY_HTTP_SECRET\n"}, "is ready for 20 seconds"},
		{"nobody looks", "staging", []string{"        enabled: true\n        interval", "        enabled: false\n        interval"}, "warning: x: ConfigMap registry/docker-registry-config: data[config.yml] health.storagedriver.enabled: is not true: a pod is ready whether it reaches its storage or not"},
		{"no rollout goes on before", "staging", []string{"          initialDelaySeconds: 20\n", "", "  minReadySeconds: 5\n", "  minReadySeconds: 46\n"}, ""},
		{"a rollout may go on before", "staging", []string{"          initialDelaySeconds: 20\n", "", "  minReadySeconds: 5\n", "  minReadySeconds: 45\n"}, "is ready for 15 seconds"},
		{"a time that is none", "staging", []string{"        interval: 5s\n", "        interval: often\n", "          initialDelaySeconds: 20\n", ""}, ""},
		{"a volume", "dev", nil, ""},
		{"as it is", "staging", nil, ""},
	},
	"collect-nothing": {
		{"neither switch", "staging", []string{"---\napiVersion: networking", collector + "---\napiVersion: networking"}, "warning: x: CronJob registry/docker-registry-gc: spec.jobTemplate.spec.template.spec.containers[0]: frees nothing but what broken pushes left: no image of Deployment registry/docker-registry can be deleted; expected --delete-untagged, or storage.delete.enabled: true in the registry's configuration"},
		{"suspended", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "  schedule:", "  suspend: true\n  schedule:", 1) + "---\napiVersion: networking"}, "frees nothing"},
		{"untagged images too", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "garbage-collect,", "garbage-collect, --delete-untagged,", 1) + "---\napiVersion: networking"}, ""},
		{"by the short flag", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "garbage-collect,", "garbage-collect, -m,", 1) + "---\napiVersion: networking"}, ""},
		{"clients may delete", "staging", []string{"---\napiVersion: networking", collector + "---\napiVersion: networking", "      delete:\n        enabled: false\n", "      delete:\n        enabled: true\n"}, ""},
		{"clients may delete, by a variable", "staging", []string{"---\napiVersion: networking", collector + "---\napiVersion: networking", envStart, "        env:\n        - {name: REGISTRY_STORAGE_DELETE_ENABLED, value: 'true'}\n        - name: REGISTRY_HTTP_SECRET\n"}, ""},
		{"a cache, which lets go by itself", "staging", []string{"---\napiVersion: networking", collector + "---\napiVersion: networking", "      delete:\n", "      delete:\n", "    health:\n", "    proxy: {remoteurl: https://registry-1.docker.io}\n    health:\n"}, ""},
		{"only counting", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "garbage-collect,", "garbage-collect, --dry-run,", 1) + "---\napiVersion: networking"}, ""},
	},
	"collect-platforms": {
		{"version 2", "staging", []string{"---\napiVersion: networking", strings.Replace(strings.Replace(collector, "garbage-collect,", "garbage-collect, --delete-untagged,", 1), "3.1.1", "2.8.3", 1) + "---\napiVersion: networking"}, "warning: x: CronJob registry/docker-registry-gc: spec.jobTemplate.spec.template.spec.containers[0]: deletes the parts of images for several platforms, which can't be pulled any more; expected no --delete-untagged, or version 3"},
		{"any version 2", "staging", []string{"---\napiVersion: networking", strings.Replace(strings.Replace(collector, "garbage-collect,", "garbage-collect, -m,", 1), "3.1.1", "2", 1) + "---\napiVersion: networking"}, "deletes the parts"},
		{"version 2, tagged images alone", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "3.1.1", "2.8.3", 1) + "---\napiVersion: networking"}, ""},
		{"version 3", "staging", []string{"---\napiVersion: networking", strings.Replace(collector, "garbage-collect,", "garbage-collect, --delete-untagged,", 1) + "---\napiVersion: networking"}, ""},
		{"GitLab's, of which nothing is known", "staging", []string{"---\napiVersion: networking", strings.Replace(strings.Replace(collector, "garbage-collect,", "garbage-collect, -m,", 1), "registry:3.1.1", "example.com/gitlab-container-registry:v2.13.1-gitlab", 1) + "---\napiVersion: networking"}, ""},
	},
	"volume-replicas": {
		{"two on one node's volume", "dev", []string{"  replicas: 1\n", "  replicas: 2\n"}, "is on one node alone, and there are 2 pods"},
		{"two with a volume each", "dev", []string{"  replicas: 1\n", "  replicas: 2\n", "        persistentVolumeClaim:\n          claimName: docker-registry\n", "        emptyDir: {}\n"}, "is each pod's own, and there are 2"},
		{"the new before the old", "dev", []string{"      maxSurge: 0\n", "      maxSurge: 1\n"}, "warning: x: Deployment registry/docker-registry: spec.strategy: starts the new pod"},
		{"by Recreate", "dev", []string{"    rollingUpdate:\n      maxSurge: 0\n      maxUnavailable: 1\n    type: RollingUpdate\n", "    type: Recreate\n"}, ""},
		{"a volume that many share", "dev", []string{"  replicas: 1\n", "  replicas: 2\n", "ReadWriteOnce", "ReadWriteMany"}, ""},
		{"object storage", "staging", nil, ""},
	},
	"disruption-budget": {
		{"nobody may go", "prod", []string{"  maxUnavailable: 1\n", "  maxUnavailable: 0\n"}, "PodDisruptionBudget registry/docker-registry: spec.maxUnavailable: lets no pod go"},
		{"all must stay", "prod", []string{"  maxUnavailable: 1\n", "  minAvailable: 3\n"}, "spec.minAvailable: lets no pod go; expected less than the replicas that there always are, 3"},
		{"a share that is all of them", "prod", []string{"  maxUnavailable: 1\n", "  minAvailable: 70%\n"}, "spec.minAvailable: lets no pod go"},
		{"none in percent", "prod", []string{"  maxUnavailable: 1\n", "  maxUnavailable: 0%\n"}, "spec.maxUnavailable: lets no pod go"},
		{"half may go", "prod", []string{"  maxUnavailable: 1\n", "  minAvailable: 50%\n"}, ""},
		{"a few in a hundred may go", "prod", []string{"  maxUnavailable: 1\n", "  maxUnavailable: 5%\n"}, ""},
		{"of others", "prod", []string{"  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app: docker-registry\n", "  maxUnavailable: 0\n  selector:\n    matchLabels:\n      app: other\n"}, ""},
		{"one of three may go", "prod", []string{"  maxUnavailable: 1\n", "  minAvailable: 2\n"}, ""},
	},
	"autoscaler-replicas": {
		{"both", "prod", []string{"kind: Deployment\nmetadata:", "kind: Deployment\nspec: {}\nmetadata:", "spec: {}\n", "", "  selector:\n    matchLabels:\n      app: docker-registry\n      release: docker-registry\n  strategy:", "  replicas: 3\n  selector:\n    matchLabels:\n      app: docker-registry\n      release: docker-registry\n  strategy:"}, "Deployment registry/docker-registry: spec.replicas: fights the autoscaler"},
		{"the autoscaler alone", "prod", nil, ""},
		{"replicas alone", "staging", nil, ""},
	},
	"namespace": {
		{"one of them says none", "dev", []string{"kind: Service\nmetadata:", "kind: Service\nmetadata: {name: lost}\nspec: {}\n---\napiVersion: v1\nkind: Service\nmetadata:"}, "Service lost: metadata.namespace: is missing"},
		{"nobody says one", "dev", []string{"  namespace: registry\n", "", "  namespace: default\n", ""}, ""},
		{"kinds without one", "dev", []string{"kind: Service\nmetadata:", "kind: Namespace\nmetadata: {name: registry}\n---\napiVersion: v1\nkind: Service\nmetadata:"}, ""},
	},
	"body-size": {
		{"nginx's own megabyte", "staging", []string{"    nginx.ingress.kubernetes.io/proxy-body-size: 30720m\n", ""}, "proxy-body-size]: is missing"},
		{"too small for a layer", "staging", []string{"30720m", "8m"}, "warning: x: Ingress registry/docker-registry: metadata.annotations[nginx.ingress.kubernetes.io/proxy-body-size]: is 8m"},
		{"no limit", "staging", []string{"30720m", "\"0\""}, ""},
		{"not nginx", "staging", []string{"    nginx.ingress.kubernetes.io/", "    example.com/", "ingressClassName: nginx", "ingressClassName: traefik"}, ""},
	},
	"buffering": {
		{"on", "staging", []string{"    nginx.ingress.kubernetes.io/proxy-request-buffering: \"off\"\n", ""}, "proxy-request-buffering]: is not off"},
		{"off", "staging", nil, ""},
	},
	"timeouts": {
		{"a minute", "staging", []string{"proxy-read-timeout: \"900\"", "proxy-read-timeout: \"60\""}, "proxy-read-timeout]: leaves slow uploads less than five minutes"},
		{"long", "staging", nil, ""},
	},
	"ingress-nginx": {
		{"its annotations", "staging", nil, "which was retired in March 2026"},
		{"another controller", "staging", []string{"    nginx.ingress.kubernetes.io/", "    example.com/", "ingressClassName: nginx", "ingressClassName: traefik"}, ""},
	},
	"route-backend": {
		{"renamed by a prefix", "staging", []string{"---\napiVersion: networking", "---\n" + strings.ReplaceAll(route("r.example.com"), "backendRefs: [{name: docker", "backendRefs: [{name: other-docker") + "---\napiVersion: networking"}, "HTTPRoute registry/docker-registry: spec.rules: leads to the Service other-docker-registry, which is not there"},
		{"there", "staging", []string{"---\napiVersion: networking", "---\n" + route("r.example.com") + "---\napiVersion: networking"}, ""},
		{"a policy for another Service", "../cases/gateway-backend-tls/build", []string{"kind: Service\n    name: docker-registry", "kind: Service\n    name: other"}, "BackendTLSPolicy registry/docker-registry: spec.targetRefs: is about the Service other, which is not there"},
		{"elsewhere", "staging", []string{"---\napiVersion: networking", "---\n" + strings.ReplaceAll(route("r.example.com"), "namespace: registry", "namespace: other") + "---\napiVersion: networking"}, ""},
	},
	"backend-tls": {
		{"a Gateway that is not told", "../cases/gateway-backend-tls/build", []string{"kind: BackendTLSPolicy", "kind: Other"}, "warning: x: HTTPRoute registry/docker-registry: spec.rules: leads to the Service docker-registry, whose pods speak TLS; expected a BackendTLSPolicy about it"},
		{"nginx that is not told", "../cases/tls/build", []string{"    nginx.ingress.kubernetes.io/backend-protocol: HTTPS\n", ""}, "error: x: Ingress registry/docker-registry: metadata.annotations[nginx.ingress.kubernetes.io/backend-protocol]: is not HTTPS, and the pods behind it speak TLS"},
		{"another controller", "../cases/tls/build", []string{"nginx.ingress.kubernetes.io", "traefik.example", "ingressClassName: nginx", "ingressClassName: traefik"}, ""},
		{"a Gateway that is", "../cases/gateway-backend-tls/build", nil, ""},
		{"nginx that is", "../cases/tls/build", nil, ""},
		{"no TLS in the pod", "staging", []string{"---\napiVersion: networking", "---\n" + route("r.example.com") + "---\napiVersion: networking"}, ""},
	},
	"image-tag": {
		{"a release", "staging", nil, "info: x: Deployment registry/docker-registry: spec.template.spec.containers[0].image: is known by the tag 3.1.1 alone"},
		{"the newest", "staging", []string{"registry:3.1.1", "registry:latest"}, "warning: x: Deployment registry/docker-registry: spec.template.spec.containers[0].image: is whatever is newest"},
		{"a name", "staging", []string{"registry:3.1.1", "registry:3"}, "warning: x:"},
		{"a digest", "staging", []string{"registry:3.1.1", "registry@sha256:" + strings.Repeat("0", 64)}, ""},
		{"a registry with a port and a digest", "staging", []string{"registry:3.1.1", "r.example.com:5000/registry:3@sha256:" + strings.Repeat("0", 64)}, ""},
	},
	"image-version": {
		{"a digest alone", "staging", []string{"registry:3.1.1", "registry@sha256:" + strings.Repeat("0", 64)}, "doesn't say its version"},
		{"a label beside it", "staging", []string{"registry:3.1.1", "registry@sha256:" + strings.Repeat("0", 64), "\n  labels:\n    app: docker-registry\n", "\n  labels:\n    app.kubernetes.io/version: 3.1.1\n    app: docker-registry\n"}, ""},
		{"a tag", "staging", nil, ""},
	},
	"vulnerable-image": {
		{"version 2", "staging", []string{"registry:3.1.1", "registry:2.8.1"}, "CVE-2023-2253"},
		{"the one before", "staging", []string{"registry:3.1.1", "registry:3.1.0"}, "is version 3.1.0, which has CVE-2026-41888 (tags can be deleted although deletion is switched off); expected 3.1.1 or newer"},
		{"a pre-release", "staging", []string{"registry:3.1.1", "registry:3.0.0-rc.2"}, "CVE-2025-24976"},
		{"a build of somebody's", "staging", []string{"registry:3.1.1", "registry:3.1.1-alpine"}, ""},
		{"GitLab's numbers", "staging", []string{"registry:3.1.1", "gitlab-container-registry:v2.13.1-gitlab"}, ""},
		{"mended", "staging", nil, ""},
	},
	"gitlab-htpasswd": {
		{"one that lost it", "staging", []string{"registry:3.1.1", "registry.gitlab.com/x/gitlab-container-registry:v4.1.0-gitlab"}, "is GitLab's 4.1.0, which knows no htpasswd"},
		{"one that has it", "staging", []string{"registry:3.1.1", "registry.gitlab.com/x/gitlab-container-registry:v2.13.1-gitlab"}, ""},
		{"distribution", "staging", nil, ""},
	},
}

// open takes the question for a password out of the example.
var open = []string{"    auth:\n      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", ""}

// bcrypted is a hash of nothing in particular.
const bcrypted = "$2y$05$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzABCDE"

// users puts lines into the file of the example's users, where they can be read.
func users(lines ...string) []string {
	return []string{"  name: docker-registry-htpasswd\n  namespace: registry\n", "  name: other\n  namespace: registry\n",
		"---\napiVersion: networking", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: docker-registry-htpasswd, namespace: registry}\nstringData:\n  htpasswd: |\n    " + strings.Join(lines, "\n    ") + "\n---\napiVersion: networking"}
}

const second = `apiVersion: apps/v1
kind: Deployment
metadata: {name: second, namespace: registry}
spec:
  selector: {matchLabels: {app: docker-registry}}
  template:
    metadata: {labels: {app: docker-registry, release: docker-registry}}
    spec: {enableServiceLinks: false, containers: [{name: r, image: 'registry:3.1.1', env: [{name: REGISTRY_HTTP_SECRET, valueFrom: {secretKeyRef: {name: other, key: secret}}}]}]}
`

const collector = `---
apiVersion: batch/v1
kind: CronJob
metadata: {name: docker-registry-gc, namespace: registry}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {enableServiceLinks: false, restartPolicy: Never, containers: [{name: gc, image: 'registry:3.1.1', command: [registry, garbage-collect, /etc/config.yml]}]}}}}
`

func TestRulesOnObjects(t *testing.T) {
	for id, probes := range objectProbes {
		for _, p := range probes {
			t.Run(id+"/"+p.name, func(t *testing.T) { p.run(t, id, golden(t, p.build)) })
		}
	}
}

// run changes a build and asks what a rule says of it.
func (p probe) run(t *testing.T, id, build string) {
	for i := 0; i+1 < len(p.edits); i += 2 {
		if !strings.Contains(build, p.edits[i]) {
			t.Fatalf("the build has no %q", p.edits[i])
		}
		build = strings.ReplaceAll(build, p.edits[i], p.edits[i+1])
	}
	objects, err := Parse("x", []byte(build))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range (Rendered{From: "x", Objects: objects}).Run() {
		text := string(f.Severity) + ": " + f.Error()
		if strings.Contains(text, "xyzzy") {
			t.Error("a secret is in the report")
		}
		if f.Rule == id {
			found = append(found, text)
		}
	}
	switch all := strings.Join(found, "\n"); {
	case p.want == "" && all != "":
		t.Errorf("found %s", all)
	case !strings.Contains(all, p.want):
		t.Errorf("found %q, want %q", all, p.want)
	}
}
