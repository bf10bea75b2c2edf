package pitfalls

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reggen/reggen/generator/check"
	"github.com/reggen/reggen/generator/spec"
)

// A row breaks one thing in a build that is sound. shows runs the real program
// on it; nothing else decides whether does is true.
type row struct {
	rule, broken string
	example      string   // dev (a volume), staging (S3)
	edits        []string // old, new, ...: every place
	shows        func(t *testing.T, text string)
	does         string // what the real program does; shows is nil where it "ends: " at its start and says why
	says         string // a part of what check says

	finds func(t *testing.T, text string) []check.Finding // where the rule looks at more than objects
}

const (
	volume = "      filesystem:\n        rootdirectory: /var/lib/registry\n"
	first  = "        env:\n"
	region = "        region: nyc3\n        regionendpoint: https://nyc3.digitaloceanspaces.com\n"
)

// variable puts one more before those of the container.
func variable(name, value string) []string {
	return []string{first, fmt.Sprintf("%s        - {name: %s, value: %q}\n", first, name, value)}
}

var rows = []row{
	{"startup", "no storage", "dev", []string{volume, ""}, nil, "ends: no storage configuration provided", "storage: names none", nil},
	{"startup", "a storage that doesn't exist, `REGISTRY_STORAGE=s4`", "dev", append(variable("REGISTRY_STORAGE", "s4"), volume, ""), nil, "ends: StorageDriver not registered: s4", "storage is none that the registry knows", nil},
	{"startup", "no version", "dev", []string{"    version: 0.1\n", ""}, nil, "ends: unsupported version", "version: is missing", nil},
	{"startup", "htpasswd without realm", "dev", []string{"        realm: Registry\n", ""}, nil, `ends: "realm" must be set`, "auth.htpasswd.realm: is missing", nil},
	{"startup", "htpasswd without path", "dev", []string{"        path: /auth/htpasswd\n", ""}, nil, `ends: "path" must be set`, "auth.htpasswd.path: is missing", nil},
	{"startup", "a login that doesn't exist", "dev", []string{"      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "", "    auth:\n", "    auth: htpaswd\n"}, nil, "ends: unable to configure authorization (htpaswd)", "auth: is none that the registry knows", nil},
	{"startup", "two ways to log in", "dev", []string{"    auth:\n", "    auth:\n      silly: {realm: a, service: b}\n"}, nil, "ends: must provide exactly one type", "names several, htpasswd, silly", nil},
	{"startup", "`REGISTRY_AUTH=silly` and nothing else", "dev", append(variable("REGISTRY_AUTH", "silly"), "      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "", "    auth:\n", ""), nil, `ends: "realm" must be set for silly`, "auth.silly.realm", nil},
	{"startup", "no S3 region", "staging", []string{region, ""}, nil, "ends: no region parameter provided", "storage.s3.region: is missing", nil},
	{"startup", "an S3 region that AWS doesn't have", "staging", []string{region, "        region: nyc3\n"}, nil, "ends: invalid region provided: nyc3", "storage.s3.region: is no region of AWS", nil},
	{"startup", "no S3 bucket", "staging", []string{"        bucket: my-space\n", "        bucket: ''\n"}, nil, "ends: no bucket parameter provided", "storage.s3.bucket: is missing", nil},
	{"startup", "`REGISTRY_STORAGE=s3` and nothing else", "dev", append(variable("REGISTRY_STORAGE", "s3"), volume, ""), nil, "ends: no region parameter provided", "storage.s3.region is missing", nil},
	{"startup", "chunks of 1024 bytes", "staging", []string{region, region + "        chunksize: 1024\n"}, nil, "ends: chunksize 1024 parameter should be a number between 5242880", "storage.s3.chunksize: is none that the driver takes", nil},
	{"startup", "the storage class WARM", "staging", []string{region, region + "        storageclass: WARM\n"}, nil, "ends: storageclass parameter must be one of", "storage.s3.storageclass: is no storage class", nil},
	{"startup", "an ACL that doesn't exist", "staging", []string{region, region + "        objectacl: everyone\n"}, nil, "ends: invalid value for objectacl parameter", "storage.s3.objectacl: is no ACL", nil},
	{"startup", "encrypt: often", "staging", []string{"        encrypt: false\n", "        encrypt: often\n"}, nil, "ends: the encrypt parameter should be a boolean", "storage.s3.encrypt: is neither true nor false", nil},
	{"startup", "an upstream without a scheme", "dev", []string{"    version: 0.1\n", "    proxy: {remoteurl: registry-1.docker.io}\n    version: 0.1\n"}, nil, "ends: unsupported protocol scheme", "proxy.remoteurl: has no scheme", nil},
	{"startup", "a redis cache without redis", "dev", []string{"blobdescriptor: inmemory", "blobdescriptor: redis"}, nil, "ends: redis configuration required", "storage.cache.blobdescriptor: is redis, and no redis is named", nil},
	{"startup", "an unknown middleware", "dev", []string{"    version: 0.1\n", "    middleware: {storage: [{name: squid}]}\n    version: 0.1\n"}, nil, "ends: unable to configure storage middleware (squid)", "is no middleware that the registry brings", nil},
	{"startup", "http.debug.addr without a port", "dev", []string{"      addr: :5000\n", "      addr: :5000\n      debug: {addr: localhost}\n"}, nil, "ends: missing port in address", "http.debug.addr: names no port", nil},
	{"startup", "http.addr without a port", "dev", []string{"      addr: :5000\n", "      addr: localhost\n"}, nil, "ends: missing port in address", "http.addr: names no port", nil},
	{"startup", "no http.addr", "dev", []string{"      addr: :5000\n", ""}, func(t *testing.T, text string) {
		p := launch(t, text)
		p.until("it says where it listens", func() bool { return strings.Contains(p.log.text(), "listening on [::]:") })
	}, "listens on a port that nobody knows", "http.addr: is missing: the registry listens on any port", nil},
	{"startup", "a certificate without a key", "dev", []string{"      addr: :5000\n", "      addr: :5000\n      tls: {certificate: /tls/tls.crt}\n"}, nil, "ends: no such file or directory", "http.tls.key: is missing", nil},
	{"startup", "an unknown format of the log", "dev", []string{"    log:\n", "    log:\n      formatter: xml\n"}, nil, "ends: unsupported logging formatter", "log.formatter: is no format of a log", nil},
	{"startup", "uploads are purged without an age", "dev", []string{"      delete:\n", "      maintenance: {uploadpurging: {enabled: true, interval: 24h}}\n      delete:\n"}, nil, "ends: age missing", "storage.maintenance.uploadpurging.age: is missing", nil},

	{"configuration", "a list for a mapping", "dev", []string{"    health:\n", "    catalog: []\n    health:\n"}, nil, "ends: cannot unmarshal", "catalog: is a list", nil},
	{"configuration", "a text for a mapping, `REGISTRY_HTTP_TLS=x`", "dev", variable("REGISTRY_HTTP_TLS", "x"), nil, "ends: REGISTRY_HTTP_TLS", "REGISTRY_HTTP_TLS is text", nil},
	{"configuration", "a second storage by a variable", "dev", variable("REGISTRY_STORAGE_S3_BUCKET", "b"), nil, "ends: multiple storage drivers", "has several storages, filesystem, s3", nil},
	{"configuration", "a storage that it doesn't know by a variable", "dev", variable("REGISTRY_STORAGE_GATEWAY_HOST", "b"), nil, "ends: multiple storage drivers", "REGISTRY_STORAGE_GATEWAY_HOST names what the registry doesn't know", nil},
	{"configuration", "a misspelt key", "dev", []string{"      delete:\n        enabled: false\n", "      delete:\n        enable: true\n"}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		p.blob(user, "x")
		p.wants(http.StatusMethodNotAllowed, user, http.MethodDelete, "/v2/app/blobs/"+digest("x"), "")
	}, "passes it over: deleting stays refused", "storage.delete.enable: is no key", nil},

	{"yaml-environment", "a realm that YAML reads as a comment", "dev", variable("REGISTRY_AUTH_HTPASSWD_REALM", "#1"), nil, `ends: "realm" must be set`, "REGISTRY_AUTH_HTPASSWD_REALM is read as something else", nil},
	{"redirect-boolean", "`disable: \"false\"`", "staging", []string{"        disable: false\n", "        disable: \"false\"\n"}, nil, "ends: invalid type for redirect config", "storage.redirect.disable: is not a boolean", nil},
	{"service-links", "a Service named registry-storage-gateway, and its variables", "dev", []string{"enableServiceLinks: false", "enableServiceLinks: true", "---\napiVersion: apps/v1", "---\napiVersion: v1\nkind: Service\nmetadata: {name: registry-storage-gateway, namespace: registry}\nspec: {ports: [{port: 80}]}\n---\napiVersion: apps/v1"}, func(t *testing.T, text string) {
		// What the kubelet makes of that Service.
		launch(t, text, "REGISTRY_STORAGE_GATEWAY_SERVICE_HOST=10.0.0.1", "REGISTRY_STORAGE_GATEWAY_PORT=tcp://10.0.0.1:80").ends("multiple storage drivers")
	}, "ends: multiple storage drivers", "the Service registry-storage-gateway stands beside it", nil},

	{"path-style", "an endpoint that is an address", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://127.0.0.1:1", "        forcepathstyle: false\n", "", "        interval: 5s\n", "        interval: 1s\n"}, func(t *testing.T, text string) {
		p := launch(t, text)
		p.until("it looks for the bucket's host", func() bool { return strings.Contains(p.log.text(), "my-space.127.0.0.1") })
	}, "looks for the host my-space.127.0.0.1, which nobody has", "forcepathstyle is not set for an endpoint", nil},
	{"http-secret", "two replicas without one", "dev", []string{"REGISTRY_HTTP_SECRET", "SOMETHING_ELSE", "  replicas: 1\n", "  replicas: 2\n"}, func(t *testing.T, text string) {
		dir := folder(t)
		a, b := launchIn(t, dir, text).serves(), launchIn(t, dir, text).serves()
		b.wants(http.StatusNotFound, user, http.MethodPut, a.upload(user)+"&digest="+digest("x"), "x")
	}, "refuses at one replica the upload that began at the other: 404", "has no http secret", nil},
	{"scheme", "neither http.host nor relativeurls", "dev", []string{"      host: https://registry.dev.example.com\n", ""}, func(t *testing.T, text string) {
		if l := launch(t, text).serves().upload(user); !strings.HasPrefix(l, "http://") {
			t.Errorf("the upload goes on at %s", l)
		}
	}, "sends the client on to http://, where no header says otherwise", "says neither its address", nil},
	{"otel-exporter", "nothing said of traces", "dev", []string{"        - name: OTEL_TRACES_EXPORTER\n          value: none\n", ""}, func(t *testing.T, text string) {
		p := launch(t, text, "OTEL_BSP_SCHEDULE_DELAY=100").serves()
		p.ask(user, http.MethodGet, "/v2/", "")
		p.until("it complains", func() bool { return strings.Contains(p.log.text(), "localhost:4318") })
	}, "logs that nobody is at localhost:4318", "says nothing about traces", nil},
	{"drain", "no http.draintimeout", "dev", []string{"      draintimeout: 120s\n", ""}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		body := halfOf("the first part")
		failed := make(chan error, 1)
		where := p.upload(user)
		go func() {
			a, err := p.try(user, http.MethodPatch, where, body)
			if err == nil && a.code != http.StatusAccepted {
				err = fmt.Errorf("%d", a.code)
			}
			failed <- err
		}()
		<-body.went
		p.cmd.Process.Signal(syscall.SIGTERM)
		<-p.ended
		close(body.resume)
		if err := <-failed; err == nil {
			t.Error("the upload was finished")
		}
	}, "ends at SIGTERM in the middle of an upload", "ends in the middle of uploads", nil},
	{"liveness-on-storage", "a liveness probe on /, and a storage that is away", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://127.0.0.1:1", "        interval: 5s\n", "        interval: 1s\n", "          failureThreshold: 1440\n          httpGet", "          failureThreshold: 3\n          httpGet"}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		p.until("it says that the storage is away", func() bool { return p.ask("", http.MethodGet, "/", "").code == http.StatusServiceUnavailable })
	}, "answers 503 on /: the kubelet would restart it", "asks whether the storage is well", nil},
	{"htpasswd-mount", "no file where auth.htpasswd.path points to", "dev", []string{"mountPath: /auth\n", "mountPath: /users\n", "path: /auth/htpasswd\n", "path: /elsewhere/htpasswd\n"}, func(t *testing.T, text string) {
		p := launch(t, text)
		p.serves()
		if !strings.Contains(p.log.text(), "htpasswd is missing, provisioning with default user") {
			t.Error("no user was invented")
		}
		p.wants(http.StatusUnauthorized, user, http.MethodGet, "/v2/", "")
	}, "invents a user, logs its password, and knows nobody else", "has nothing where auth.htpasswd.path points to", nil},
	{"htpasswd-lines", "a hash that is MD5", "dev", []string{"    " + "alice:", "    apr:$apr1$nBseqAIP$FlHtCZ8oVjAoqJygp.SSQ0\n    " + "alice:"}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		p.wants(http.StatusUnauthorized, basic("apr", "password"), http.MethodGet, "/v2/", "")
		p.wants(http.StatusOK, user, http.MethodGet, "/v2/", "")
	}, "refuses that user with the right password: 401", "has no hash that the registry takes", nil},
	{"htpasswd-lines", "a line without a colon", "dev", []string{"    " + "alice:", "    nobody\n    " + "alice:"}, func(t *testing.T, text string) {
		if a := launch(t, text).serves().ask(user, http.MethodGet, "/v2/", ""); a.code == http.StatusOK {
			t.Error("alice comes in")
		}
	}, "lets nobody in, whose line is right or not", "has no colon", nil},
	{"probe-login", "a readiness probe on /v2/", "dev", []string{"        readinessProbe:\n          httpGet:\n            path: /\n", "        readinessProbe:\n          httpGet:\n            path: /v2/\n"}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		p.wants(http.StatusUnauthorized, "", http.MethodGet, "/v2/", "")
		p.wants(http.StatusOK, "", http.MethodGet, "/", "")
	}, "answers 401, which is a failed probe; on / it answers 200", "asks where the registry wants a password", nil},
	{"open-front", "no auth, behind an Ingress", "dev", []string{"    auth:\n      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", ""}, func(t *testing.T, text string) {
		launch(t, text).serves().blob("", "from a stranger")
	}, "takes a push of nobody's", "asks nobody who they are", nil},
	{"open-front", "the silly login, behind an Ingress", "dev", []string{"      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", "      silly: {realm: a, service: b}\n"}, func(t *testing.T, text string) {
		launch(t, text).serves().blob("anything", "from a stranger")
	}, "takes a push with the header `Authorization: anything`", "takes any header for a login", nil},
	{"data-volume", "a root directory beside the volume", "dev", []string{"        rootdirectory: /var/lib/registry\n", "        rootdirectory: /elsewhere\n"}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		p.blob(user, "x")
		hex := strings.TrimPrefix(digest("x"), "sha256:")
		where := filepath.Join("docker/registry/v2/blobs/sha256", hex[:2], hex, "data")
		if _, err := os.Stat(filepath.Join(p.dir, "elsewhere", where)); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(p.dir, "var/lib/registry")); err == nil {
			t.Error("something is on the volume")
		}
	}, "keeps what is pushed there, and nothing on the volume", "and images are kept at /elsewhere, in the container", nil},
	{"data-volume", "a read-only volume", "dev", []string{"        - mountPath: /var/lib/registry\n", "        - mountPath: /var/lib/registry\n          readOnly: true\n"}, func(t *testing.T, text string) {
		// /proc takes no new folder, like a read-only volume, whoever asks.
		p := launch(t, strings.Replace(text, "rootdirectory: /var/lib/registry", "rootdirectory: /proc/self", 1)).serves()
		p.wants(http.StatusInternalServerError, user, http.MethodPost, "/v2/app/blobs/uploads/", "")
	}, "answers 500 to every push", "is read-only", nil},
	{"volume-replicas", "two replicas, each with a volume of its own", "dev", []string{"  replicas: 1\n", "  replicas: 2\n", "      - name: data\n        persistentVolumeClaim:\n          claimName: docker-registry\n", "      - name: data\n        emptyDir: {}\n"}, func(t *testing.T, text string) {
		a, b := launch(t, text).serves(), launch(t, text).serves()
		a.blob(user, "x")
		a.wants(http.StatusOK, user, http.MethodGet, "/v2/app/blobs/"+digest("x"), "")
		b.wants(http.StatusNotFound, user, http.MethodGet, "/v2/app/blobs/"+digest("x"), "")
	}, "doesn't find at one what was pushed to the other: 404", "is each pod's own, and there are 2", nil},
	{"collect-read-only", "a collector beside a registry that takes pushes", "dev", []string{"---\napiVersion: apps/v1", "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: gc, namespace: registry}\nspec: {schedule: '0 3 * * *', jobTemplate: {spec: {template: {spec: {enableServiceLinks: false, restartPolicy: Never, containers: [{name: gc, image: 'registry:3.1.1', command: [registry, garbage-collect, /etc/distribution/config.yml]}]}}}}}\n---\napiVersion: apps/v1"}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		p.blob(user, "{}")
		p.collect()
		if a, err := p.try(user, http.MethodGet, "/v2/app/blobs/"+digest("{}"), nil); err == nil && a.code == http.StatusOK {
			t.Error("the layer is there")
		}
	}, "doesn't have the layer of a push under way any more", "collects garbage while", nil},
	{"ready-unasked", "readiness asked at once, and a storage that can't be reached", "staging", []string{"https://nyc3.digitaloceanspaces.com", "http://127.0.0.1:1", "        interval: 5s\n", "        interval: 2s\n", "          initialDelaySeconds: 20\n", ""}, func(t *testing.T, text string) {
		p := launch(t, text).serves()
		began := time.Now()
		p.wants(http.StatusOK, "", http.MethodGet, "/", "")
		p.wants(http.StatusOK, user, http.MethodGet, "/v2/", "")
		if a := p.ask(user, http.MethodGet, "/v2/app/tags/list", ""); a.code < http.StatusInternalServerError {
			t.Errorf("it answers %d", a.code)
		}
		p.until("it says that the storage is away", func() bool { return p.ask("", http.MethodGet, "/", "").code == http.StatusServiceUnavailable })
		if took := time.Since(began); took < 4*time.Second {
			t.Errorf("it said so after %s", took)
		}
	}, "answers 200 on /, and with an error to whoever wants something, until its check has failed three times", "is ready for 6 seconds before it knows", nil},
	{"collect-nothing", "a collector with a schedule alone", "dev", collector("registry:3.1.1", ""), func(t *testing.T, text string) {
		p := launch(t, text).serves()
		for _, config := range []string{"{}", "[]"} { // two images that get one tag
			p.blob(user, config)
			p.wants(http.StatusCreated, user, http.MethodPut, "/v2/app/manifests/v1", manifest(config))
		}
		p.wants(http.StatusMethodNotAllowed, user, http.MethodDelete, "/v2/app/manifests/"+digest(manifest("{}")), "")
		has := func(code int) {
			t.Helper()
			again := launchIn(t, p.dir, text).serves() // which remembers nothing
			again.wants(code, user, http.MethodGet, "/v2/app/blobs/"+digest("{}"), "")
			again.wants(http.StatusOK, user, http.MethodGet, "/v2/app/blobs/"+digest("[]"), "")
		}
		p.collect()
		has(http.StatusOK)
		p.collect("--delete-untagged")
		has(http.StatusNotFound)
	}, "keeps the layers of an image whose tag was moved, and refuses to delete it: 405", "frees nothing but what broken pushes left", nil},
	{"collect-platforms", "--delete-untagged on version 2.8.3", "dev", append(collector("registry:2.8.3", ", --delete-untagged"), "image: registry:3.1.1\n", "image: registry:2.8.3\n"), func(t *testing.T, text string) {
		if code := launch(t, text).serves().platforms(); code != http.StatusNotFound {
			t.Errorf("version 2 answers %d for the part of an image", code)
		}
		if code := launch(t, strings.Replace(text, "image: registry:2.8.3\n", "image: registry:3.1.1\n", 1)).serves().platforms(); code != http.StatusOK {
			t.Errorf("version 3 answers %d for the part of an image", code)
		}
	}, "has the tag, and not the part for a platform: 404; version 3.1.2 has both", "deletes the parts of images for several platforms", nil},
	{"backend-tls", "the pod speaks TLS, the Ingress isn't told", "dev", []string{"      addr: :5000\n", "      addr: :5000\n      tls: {certificate: /tls/tls.crt, key: /tls/tls.key}\n", "    nginx.ingress.kubernetes.io/proxy-body-size", "    a: b\n    nginx.ingress.kubernetes.io/proxy-body-size"}, func(t *testing.T, text string) {
		dir := folder(t)
		certificate(t, filepath.Join(dir, "tls"))
		p := launchIn(t, dir, text).serves()
		if a := p.wants(http.StatusBadRequest, user, http.MethodGet, "/v2/", ""); !strings.Contains(a.body, "HTTP request to an HTTPS server") {
			t.Error(a.body)
		}
	}, "answers 400, Client sent an HTTP request to an HTTPS server", "is not HTTPS, and the pods behind it speak TLS", nil},
	{"buffering", "nginx's own way with uploads", "dev", []string{"    nginx.ingress.kubernetes.io/proxy-request-buffering: \"off\"\n", ""}, func(t *testing.T, text string) {
		alone, p := launch(t, text).serves(), launch(t, text).serves()
		if n := alone.arrived(alone); n == 0 {
			t.Error("nothing arrives without nginx")
		}
		if n := p.arrived(nginx(t, p, "client_max_body_size 0;")); n > 0 {
			t.Errorf("%d bytes of an upload arrive before it is whole", n)
		}
	}, "nginx keeps an upload on its own disk until it is whole", "proxy-request-buffering]: is not off", nil},
	{"body-size", "nginx's own limit", "dev", []string{"    nginx.ingress.kubernetes.io/proxy-body-size: \"0\"\n", ""}, nginxRefuses, "nginx answers 413 to a layer of 2 MB that the registry would take", "proxy-body-size]: is missing", nil},
}

func init() {
	rows = append(rows, []row{
		{"open-registry", "a patch that takes auth away", "dev", []string{"    auth:\n      htpasswd:\n        path: /auth/htpasswd\n        realm: Registry\n", ""}, func(t *testing.T, text string) {
			launch(t, text).serves().blob("", "from a stranger")
		}, "takes a push of nobody's", "everybody may push and pull", environment("open-registry", nil)},
		{"bcrypt-cost", "a password at cost 12", "dev", nil, func(t *testing.T, text string) {
			p := launch(t, text).serves()
			p.write(filepath.Join(p.dir, "auth", "htpasswd"), hash(t, user, password, 12)+"\n"+hash(t, puller, pullerPass, 5)+"\n")
			took := func(as string) time.Duration {
				best := patience
				for range 3 {
					began := time.Now()
					p.wants(http.StatusOK, as, http.MethodGet, "/v2/", "")
					best = min(best, time.Since(began))
				}
				return best
			}
			if dear, cheap := took(user), took(puller); dear < 5*cheap {
				t.Errorf("%s at cost 12, %s at cost 5", dear, cheap)
			}
		}, "needs many times as long for each request as at cost 5", "is 12", environment("bcrypt-cost", []check.Person{{User: user, Cost: 12, File: "alice.yaml"}, {User: puller, Cost: 5}})},
		{"puller-pushes", "the only user is the one of the pull secret", "dev", nil, func(t *testing.T, text string) {
			launch(t, text).serves().blob(puller, "x")
		}, "takes a push with what every node holds", "is the only user", environment("puller-pushes", []check.Person{{User: puller, Cost: 5}})},
		{"route-backend", "kustomize's namePrefix over an HTTPRoute", "dev", []string{"---\napiVersion: apps/v1", "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: docker-registry, namespace: registry}\nspec: {hostnames: [a.example.com], rules: [{backendRefs: [{name: docker-registry, port: 5000}]}]}\n---\napiVersion: apps/v1"}, func(t *testing.T, text string) {
			if out := kustomize(t, text, "namePrefix: other-\n"); !strings.Contains(out, "name: other-docker-registry") || strings.Contains(out, "backendRefs:\n    - name: other-docker-registry") {
				t.Error("kustomize renames what an HTTPRoute leads to")
			}
		}, "kustomize renames the Service and not what the HTTPRoute leads to", "leads to the Service docker-registry, which is not there", func(t *testing.T, text string) []check.Finding {
			return found(t, "route-backend", kustomize(t, text, "namePrefix: other-\n"))
		}},
		{"pull-secret-namespace", "kustomize's namespace over a pull secret for another one", "dev", nil, func(t *testing.T, text string) {
			if out := kustomize(t, text, "namespace: moved\n"); strings.Contains(out, "namespace: registry") || strings.Contains(out, "namespace: default") {
				t.Error("kustomize leaves a namespace")
			}
		}, "kustomize moves every object, the pull secrets too", "ended in moved", func(t *testing.T, text string) []check.Finding {
			return environment("pull-secret-namespace", nil)(t, kustomize(t, text, "namespace: moved\n"))
		}},
	}...)
}

// environment applies a rule to an environment of such a build, with these users.
func environment(rule string, people []check.Person) func(*testing.T, string) []check.Finding {
	return func(t *testing.T, text string) []check.Finding {
		r, err := spec.Decode([]byte(`apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: docker-registry, namespace: registry}
spec:
  host: registry.dev.example.com
  storage: {filesystem: {}}
  pullSecrets: {regcred: {user: puller, namespaces: [default]}}
`), "")
		if err != nil {
			t.Fatal(err)
		}
		var out []check.Finding
		for _, f := range check.Run([]check.Subject{{Root: "overlays/dev", Registry: r, Objects: parse(t, text), People: people}}) {
			if f.Rule == rule {
				out = append(out, f)
			}
		}
		return out
	}
}

// slow is a body that stops in the middle, until it fails.
type slow struct {
	part         strings.Reader
	went, resume chan struct{}
}

func halfOf(part string) *slow {
	return &slow{*strings.NewReader(part), make(chan struct{}), make(chan struct{})}
}

func (s *slow) Read(p []byte) (int, error) {
	if s.part.Len() > 0 {
		return s.part.Read(p)
	}
	time.Sleep(200 * time.Millisecond) // the first part is on its way
	close(s.went)
	<-s.resume
	return 0, fmt.Errorf("enough")
}
