package rendered

import (
	"net"
	"net/url"
	"strings"

	"github.com/reggen/reggen/generator/configuration"
)

// configurationRules look at what the registry reads: its configuration file
// and the variables that overrule it.
var configurationRules = []Rule{
	{
		ID: "yaml-environment", Severity: Error, Inputs: []Input{Objects}, onlyOn: yamlEnvironment,
		Title:  "variables hold what the registry reads out of them",
		Reason: "The registry parses the value of every REGISTRY_ variable as YAML: an S3 key 0012345 becomes 5349, a secret that begins with # becomes empty.",
		Fix:    "Give S3 keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which nobody parses; let generated secrets begin with a letter; quote other texts as YAML does.",
	},
	{
		ID: "readable-secret", Severity: Error, Inputs: []Input{Objects}, onlyOn: readableSecret,
		Title:  "no secret stands in a ConfigMap or in a variable",
		Reason: "Whoever may read ConfigMaps, pods or this repository then has it.",
		Fix:    "Put it into a credential, and change it: it must be taken for known.",
	},
	{
		ID: "http-secret", Severity: Error, Inputs: []Input{Objects}, onlyOn: httpSecret,
		Title:  "all replicas share one http secret",
		Reason: "A registry without one invents its own at every start. An upload that begins on one replica and goes on at another is refused then, now and then.",
		Fix:    "Set REGISTRY_HTTP_SECRET from a Secret, the same for all replicas; reggen does.",
	},
	{
		ID: "path-style", Severity: Error, Inputs: []Input{Objects}, onlyOn: pathStyle,
		Title:  "the bucket is addressed as its service expects it",
		Reason: "MinIO and Ceph, and any endpoint that is an address or a cluster's own name, have no host for each bucket; version 3 of the registry asks for one unless told otherwise.",
		Fix:    "Set spec.storage.s3.forcePathStyle: true, or name the provider and take its preset.",
	},
	{
		ID: "spaces-encrypt", Severity: Error, Inputs: []Input{Objects}, onlyOn: spacesEncrypt,
		Title:  "no encryption is asked of DigitalOcean Spaces",
		Reason: "Spaces encrypt by themselves and refuse requests that ask for it, so every push fails.",
		Fix:    "Set encrypt to false.",
	},
	{
		ID: "redirect-boolean", Severity: Error, Inputs: []Input{Objects}, onlyOn: redirectBoolean,
		Title:  "storage.redirect.disable is true or false, unquoted",
		Reason: "The registry panics at its start when it reads a text there.",
		Fix:    "Take the quotes away.",
	},
	{
		ID: "configuration-path", Severity: Error, Inputs: []Input{Objects}, onlyOn: configurationPath,
		Title:  "the registry is told where its configuration is",
		Reason: "Version 3 looks for /etc/distribution/config.yml, version 2 and GitLab's fork for /etc/docker/registry/config.yml. With the other one it starts with the image's own file: without users, on a volume that is lost.",
		Fix:    "Name the file as the last argument of registry serve, or mount it where that version looks.",
	},
	{
		ID: "scheme", Severity: Warning, Inputs: []Input{Objects}, onlyOn: namesHTTPS,
		Title:  "behind TLS the registry names itself with https",
		Reason: "The registry writes the address of every upload into an answer. Without http.host or relativeurls it depends on headers of the proxy, and where one is missing some clients go on over http. An error where it names itself with http://.",
		Fix:    "Set http.host to the registry's address with https://, or http.relativeurls to true; reggen sets http.host.",
	},
	{
		ID: "otel-exporter", Severity: Info, Inputs: []Input{Objects}, onlyOn: otelExporter,
		Title:  "version 3 is told where its traces go",
		Reason: "Version 3 sends traces to localhost:4318 unless told otherwise, and logs that nobody is there.",
		Fix:    "Set OTEL_TRACES_EXPORTER to none, or to what receives them.",
	},
}

func yamlEnvironment(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		for _, name := range sortedKeys(r.env) {
			v := r.env[name]
			if !strings.HasPrefix(name, "REGISTRY_") || !configuration.IsText(name) {
				continue
			}
			where := r.path + "." + v.path
			key := strings.HasPrefix(name, "REGISTRY_STORAGE_S3_") && (strings.HasSuffix(name, "_ACCESSKEY") || strings.HasSuffix(name, "_SECRETKEY"))
			switch {
			case v.known && configuration.Mangled(name, v.text):
				l = append(l, at(r.object, where, "a value that YAML reads as the text it is", "%s is read as something else than it says", name))
			case !v.known && key:
				h := at(r.object, where, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead", "%s is parsed as YAML, whatever the key is", name)
				h.severity = Warning
				l = append(l, h)
			}
		}
	}
	return l
}

// secretFields are fields of the configuration that hold secrets.
var secretFields = [][]string{
	{"http", "secret"}, {"storage", "s3", "secretkey"}, {"storage", "azure", "accountkey"}, {"storage", "swift", "password"},
	{"storage", "swift", "secretkey"}, {"proxy", "password"}, {"redis", "password"}, {"redis", "options", "password"},
}

func readableSecret(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		for _, field := range secretFields {
			parent := mapping(r.config.values, field[:len(field)-1]...)
			if s, ok := parent[field[len(field)-1]].(string); ok && s != "" {
				l = append(l, at(r.config.object, r.config.path(field...), "a Secret that the container reads", "stands here for everyone to read"))
			}
			name := "REGISTRY_" + strings.ToUpper(strings.Join(field, "_"))
			l = append(l, r.literal(name)...)
		}
		for i, e := range list(r.config.values, "notifications", "endpoints") {
			endpoint, _ := e.(map[string]any)
			if mapping(endpoint, "headers")["Authorization"] != nil {
				l = append(l, at(r.config.object, r.config.path("notifications", "endpoints")+"["+itoa(i)+"].headers.Authorization", "a Secret that the container reads", "stands here for everyone to read"))
			}
		}
		l = append(l, r.literal("AWS_SECRET_ACCESS_KEY")...)
	}
	return l
}

func (r registry) literal(name string) []hit {
	v, ok := r.env[name]
	if !ok || v.secret || !v.known || v.text == "" {
		return nil
	}
	return []hit{at(r.object, r.path+"."+v.path, "valueFrom a Secret", "%s stands here for everyone to read", name)}
}

func httpSecret(b *build) []hit {
	l := b.unequalSecrets()
	for _, r := range b.serving() {
		if s := r.setting("http", "secret"); s.set && s.value != nil && s.value != "" || s.blind || b.hidden(r) {
			continue
		}
		h := at(r.object, r.path, "REGISTRY_HTTP_SECRET from a Secret", "has no http secret")
		if b.replicas(r) < 2 {
			h.severity = Warning
			h.what = "has no http secret: uploads that a restart interrupts begin anew"
		}
		l = append(l, h)
	}
	return l
}

// unequalSecrets finds registries that one Service leads to and whose http
// secrets are not the same.
func (b *build) unequalSecrets() []hit {
	var l []hit
	type source struct{ from, text string }
	first := map[string]source{}
	for _, r := range b.serving() {
		v := r.env["REGISTRY_HTTP_SECRET"]
		in, _ := mapping(r.config.values, "http")["secret"].(string)
		mine := source{v.from, v.text + in}
		for _, service := range sortedKeys(b.services(r)) {
			key := r.object.Namespace() + "/" + service
			if other, seen := first[key]; seen && other != mine {
				l = append(l, at(r.object, r.path, "one secret for all of them", "has another http secret than the other registry behind the Service %s", service))
			} else if !seen {
				first[key] = mine
			}
		}
	}
	return l
}

// virtualHosts are of services that have a host for each bucket.
var virtualHosts = []string{".amazonaws.com", ".amazonaws.com.cn", ".digitaloceanspaces.com", ".r2.cloudflarestorage.com", ".backblazeb2.com", ".wasabisys.com", ".scw.cloud", ".googleapis.com", ".linodeobjects.com", ".vultrobjects.com"}

func pathStyle(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		major, gitlab := r.major()
		right, wrong := "forcepathstyle", "pathstyle"
		if gitlab {
			right, wrong = wrong, right
		}
		if s := r.setting("storage", "s3", wrong); s.set {
			l = append(l, r.hit(s, right, "%s is not what this registry calls it", wrong))
		}
		endpoint, _ := r.setting("storage", "s3", "regionendpoint").value.(string)
		if endpoint == "" {
			continue
		}
		style := r.setting("storage", "s3", right)
		host := endpoint
		if u, err := url.Parse(endpoint); err == nil && u.Hostname() != "" {
			host = u.Hostname()
		}
		host = Hostname(host)
		local := net.ParseIP(host) != nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local")
		known := false
		for _, v := range virtualHosts {
			known = known || strings.HasSuffix(host, v)
		}
		switch {
		case style.yes() || style.blind:
		case !gitlab && major == "2":
			// Version 2 takes the path whenever an endpoint is named.
		case local:
			l = append(l, r.hit(style, right+": true", "%s is not set for an endpoint that has no host for each bucket", right))
		case !known && !style.set:
			h := r.hit(style, right+" said aloud, true or false", "leaves open how the bucket at %s is addressed", host)
			h.severity = Warning
			l = append(l, h)
		}
	}
	return l
}

func spacesEncrypt(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		endpoint, _ := r.setting("storage", "s3", "regionendpoint").value.(string)
		if s := r.setting("storage", "s3", "encrypt"); s.yes() && strings.Contains(endpoint, "digitaloceanspaces.com") {
			l = append(l, r.hit(s, "false", "is true, which Spaces refuse"))
		}
	}
	return l
}

func redirectBoolean(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		s := r.setting("storage", "redirect", "disable")
		if _, is := s.value.(bool); s.value != nil && !is {
			l = append(l, r.hit(s, "true or false, unquoted", "is not a boolean"))
		}
	}
	return l
}

func configurationPath(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		major, gitlab := r.major()
		if r.config.values == nil || major == "" || len(r.files()) == 1 {
			continue // it is named, or nobody knows where it looks
		}
		want := "/etc/docker/registry"
		if !gitlab && major == "3" {
			want = "/etc/distribution"
		}
		mounted := false
		for _, m := range list(r.container, "volumeMounts") {
			at := text(m, "mountPath")
			mounted = mounted || at == want || strings.HasPrefix(at, want+"/")
		}
		if !mounted {
			h := at(r.object, r.path, "a mount at "+want+", or the file's name in args", "never reads the configuration that it mounts")
			if !r.says().Official() {
				h.severity = Warning // an image of somebody's own may name it
			}
			l = append(l, h)
		}
	}
	return l
}

func namesHTTPS(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		fronts := b.fronts(r)
		tls := len(b.routes(r)) > 0 // the Gateway's, as far as anybody can tell
		for _, f := range fronts {
			tls = tls || len(list(f, "spec", "tls")) > 0
		}
		if !tls || r.setting("http", "relativeurls").value == true || b.hidden(r) {
			continue
		}
		s := r.setting("http", "host")
		host, _ := s.value.(string)
		switch {
		case !s.set:
			l = append(l, r.hit(r.setting("http"), "http.host or relativeurls", "says neither its address nor that addresses are relative"))
		case host != "" && !strings.HasPrefix(host, "https://"):
			h := r.hit(s, "https://", "does not begin with https://, and it is served with TLS")
			h.severity = Error
			l = append(l, h)
		}
	}
	return l
}

func otelExporter(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if major, gitlab := r.major(); gitlab || major != "3" || r.unseen {
			continue
		}
		set := false
		for name := range r.env {
			set = set || strings.HasPrefix(name, "OTEL_")
		}
		if !set {
			l = append(l, at(r.object, r.path, "OTEL_TRACES_EXPORTER: none", "says nothing about traces"))
		}
	}
	return l
}

// Hostname is a host without its port.
func Hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}
