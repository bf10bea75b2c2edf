package rendered

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/reggen/reggen/generator/object"
)

// wiringRules look at what connects a registry with what is around it: Secrets,
// Services, probes, volumes, and whoever can reach it.
var wiringRules = []Rule{
	{
		ID: "secret-key", Severity: Error, Inputs: []Input{Objects}, onlyOn: secretKey,
		Title:  "what a registry's pod takes out of a Secret is in it",
		Reason: "A pod that refers to a key that its Secret or ConfigMap doesn't have waits with CreateContainerConfigError, or for its volume, until somebody adds the key.",
		Fix:    "Name a key that is there, or add it; optional: true lets the pod start without.",
	},
	{
		ID: "service-target", Severity: Error, Inputs: []Input{Objects}, onlyOn: serviceTarget,
		Title:  "the Service leads to the registry's pods and to a port of theirs",
		Reason: "A selector that matches no pod, or a port that no pod has, is a Service without endpoints: whoever stands before it answers 503.",
		Fix:    "Take the labels of the pod template into the selector; point targetPort at a port that the container names, or at the number that it listens on.",
	},
	{
		ID: "probe-login", Severity: Error, Inputs: []Input{Objects}, onlyOn: probeLogin,
		Title:  "the kubelet needs no password to ask how the registry is",
		Reason: "A registry with users answers 401 on /v2/. A readiness probe that asks there never succeeds, so no pod gets a request; a liveness probe restarts it for ever.",
		Fix:    "Ask on /, which the registry answers to everyone.",
	},
	{
		ID: "data-volume", Severity: Error, Inputs: []Input{Objects}, onlyOn: dataVolume,
		Title:  "images are kept on the volume, and it can be written",
		Reason: "A root directory beside the volume is the container's own: what was pushed is gone with the next restart. On a read-only one every push fails. A warning where there is no volume at all.",
		Fix:    "Mount the volume at storage.filesystem.rootdirectory, without readOnly.",
	},
	{
		ID: "htpasswd-lines", Severity: Error, Inputs: []Input{Objects}, onlyOn: htpasswdLines,
		Title:  "every line of the htpasswd file is a user whom the registry knows",
		Reason: "The registry takes bcrypt alone: a user with an MD5, SHA or crypt hash can't log in. One line without a colon, and nobody can. Looked at where the Secret can be read, in a plain build for instance.",
		Fix:    "Make each line with htpasswd -nB; reggen user add does.",
	},
	{
		ID: "open-front", Severity: Error, Inputs: []Input{Objects}, onlyOn: openFront,
		Title:  "a registry that can be reached asks who somebody is",
		Reason: "Whoever finds the address pulls every image, pushes others under their names, and fills the storage. The silly way to log in takes any header for a login. A warning for a pull-through cache, which takes no pushes.",
		Fix:    "Set auth.htpasswd, or let what stands before it ask. Where everybody is meant, an environment of reggen's says so with spec.auth.anonymous.",
	},
}

// secretKey looks at all containers of a registry's pod. A Secret without any
// key is filled by something else.
func secretKey(b *build) []hit {
	var l []hit
	for _, r := range b.registries {
		root := podPath(r)
		refers := func(kind, name, key, where string, optional any) {
			source := b.find(kind, r.object.Namespace(), name)
			if have := keys(source); key != "" && optional != true && len(have) > 0 && !have[key] {
				l = append(l, at(r.object, where, "one of its keys: "+strings.Join(sortedKeys(have), ", "), "takes the key %s of the %s %s, which has none of that name", key, kind, name))
			}
		}
		for _, part := range []string{"initContainers", "containers"} {
			for i, c := range list(r.pod, part) {
				container, _ := c.(map[string]any)
				for j, e := range list(container, "env") {
					entry, _ := e.(map[string]any)
					where := root + "." + part + "[" + itoa(i) + "].env[" + itoa(j) + "].valueFrom"
					for field, kind := range map[string]string{"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"} {
						ref := mapping(entry, "valueFrom", field)
						refers(kind, text(ref, "name"), text(ref, "key"), where, ref["optional"])
					}
				}
			}
		}
		for i, v := range list(r.pod, "volumes") {
			volume, _ := v.(map[string]any)
			for field, kind := range map[string]string{"secret": "Secret", "configMap": "ConfigMap"} {
				source := mapping(volume, field)
				for j, item := range list(source, "items") {
					refers(kind, text(source, "secretName")+text(source, "name"), text(item, "key"), root+".volumes["+itoa(i)+"]."+field+".items["+itoa(j)+"]", source["optional"])
				}
			}
		}
	}
	return l
}

// podPath is where the pod's spec stands in the registry's object.
func podPath(r registry) string {
	return strings.TrimSuffix(r.path[:strings.LastIndex(r.path, "containers")], ".")
}

func serviceTarget(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		leads := b.services(r)
		for _, o := range b.objects {
			if o.Kind() != "Service" || o.Namespace() != r.object.Namespace() || text(o, "spec", "type") == "ExternalName" {
				continue
			}
			selector := o.Map("spec", "selector")
			switch {
			case leads[o.Name()]:
				l = append(l, b.targetPorts(r, o)...)
			case len(leads) == 0 && len(selector) > 0 && !b.selects(o, selector):
				l = append(l, at(o, "spec.selector", "labels of the pods, those of "+r.object.ID().String()+" for instance", "matches no pod"))
			}
		}
	}
	return l
}

// selects says whether a selector takes any pod of the Service's namespace.
func (b *build) selects(service object.Object, selector map[string]any) bool {
	return slices.ContainsFunc(b.objects, func(o object.Object) bool {
		template, _ := podTemplate(o)
		return template != nil && o.Namespace() == service.Namespace() && registry{labels: mapping(template, "metadata", "labels")}.matches(selector)
	})
}

// targetPorts tells ports of a Service that no container of the pod has. A
// number needn't be declared: it has to be one that the registry listens on,
// unless another container may.
func (b *build) targetPorts(r registry, service object.Object) []hit {
	names, numbers := map[string]bool{}, map[int]bool{}
	for _, part := range []string{"initContainers", "containers"} {
		for _, c := range list(r.pod, part) {
			container, _ := c.(map[string]any)
			for _, p := range list(container, "ports") {
				port, _ := p.(map[string]any)
				n, _ := number(port, "containerPort")
				names[text(port, "name")], numbers[n] = true, true
			}
		}
	}
	alone := len(list(r.pod, "containers")) == 1 && !b.hidden(r)
	for _, field := range [][]string{{"http", "addr"}, {"http", "debug", "addr"}} {
		addr, _ := r.setting(field...).value.(string)
		n, err := strconv.Atoi(addr[strings.LastIndex(addr, ":")+1:])
		if numbers[n] = true; err != nil && field[1] == "addr" {
			numbers[5000], alone = true, alone && r.inside != nil && r.says().Official() // the image's own
		}
	}
	var l []hit
	for i, p := range list(service, "spec", "ports") {
		port, _ := p.(map[string]any)
		where := "spec.ports[" + itoa(i) + "].targetPort"
		name := text(port, "targetPort")
		n, set := number(port, "targetPort")
		if !set {
			n, set = number(port, "port")
		}
		switch {
		case name != "" && !names[name]:
			l = append(l, at(service, where, "the name of a container's port, or its number", "is %s, which no container of %s names", name, r.object.ID()))
		case name == "" && set && alone && !numbers[n]:
			l = append(l, at(service, where, "where the registry listens", "is %d, where %s doesn't listen", n, r.object.ID()))
		}
	}
	return l
}

func probeLogin(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if logins := r.logins(); b.hidden(r) || len(logins) == 0 || logins[0] == "none" {
			continue
		}
		for _, name := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
			probe := mapping(r.container, name, "httpGet")
			if path := text(probe, "path"); (path == "/v2" || strings.HasPrefix(path, "/v2/")) && len(list(probe, "httpHeaders")) == 0 {
				l = append(l, at(r.object, r.path+"."+name+".httpGet.path", "/", "asks where the registry wants a password, and is refused"))
			}
		}
	}
	return l
}

func dataVolume(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if !r.section("storage", "filesystem") || b.hidden(r) {
			continue
		}
		root, _ := r.setting("storage", "filesystem", "rootdirectory").value.(string)
		if root == "" {
			root = "/var/lib/registry"
		}
		folder := strings.TrimSuffix(root, "/") + "/docker/registry/v2" // what the driver makes there
		name := r.mountAt(folder)
		kept := ""
		for i, m := range list(r.container, "volumeMounts") {
			volume, _ := r.volume(text(m, "name"))
			own, _ := r.claimTemplate(text(m, "mountPath"))
			if own || has(volume, "persistentVolumeClaim") || has(volume, "hostPath") || has(volume, "nfs") {
				kept = text(m, "mountPath")
			}
			mount, _ := m.(map[string]any)
			if name != "" && text(m, "name") == name && !r.readOnly() && (mount["readOnly"] == true || mapping(volume, "persistentVolumeClaim")["readOnly"] == true) {
				l = append(l, at(r.object, r.path+".volumeMounts["+itoa(i)+"]", "a volume that can be written, or storage.maintenance.readonly", "is read-only, and the registry keeps images there"))
			}
		}
		switch {
		case name != "":
		case kept != "":
			l = append(l, at(r.object, r.path+".volumeMounts", "the volume at "+root, "brings a volume at %s, and images are kept at %s, in the container", kept, root))
		default:
			h := at(r.object, r.path+".volumeMounts", "a volume at "+root, "brings no volume for %s: images are gone with the container", root)
			h.severity = Warning
			l = append(l, h)
		}
	}
	return l
}

// bcrypt is a hash that the registry compares with.
var bcrypt = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}$`) })

func htpasswdLines(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		file, _ := r.setting("auth", "htpasswd", "path").value.(string)
		source, key := b.mounted(r, file)
		lines, known := content(source, key)
		if !known || lines == "redacted" { // build --secrets redacted
			continue
		}
		users := 0
		for i, line := range strings.Split(lines, "\n") {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			_, hash, colon := strings.Cut(line, ":")
			users++
			where := "data[" + key + "] line " + itoa(i+1)
			switch {
			case !colon:
				l = append(l, at(source, where, "user:hash", "has no colon: the registry refuses the whole file, and everybody"))
			case !bcrypt().MatchString(hash):
				l = append(l, at(source, where, "a hash made by bcrypt, which begins with $2", "has no hash that the registry takes: that user can't log in"))
			}
		}
		if users == 0 {
			h := at(source, "data["+key+"]", "a user", "names nobody: no one can log in")
			h.severity = Warning
			l = append(l, h)
		}
	}
	return l
}

// mounted finds what brings a file: the Secret or the ConfigMap, and its key.
func (b *build) mounted(r registry, file string) (object.Object, string) {
	for _, m := range list(r.container, "volumeMounts") {
		if path := text(m, "mountPath"); file == "" || !under(file, path) {
			continue
		} else if volume, _ := r.volume(text(m, "name")); volume != nil {
			name := strings.TrimPrefix(strings.TrimPrefix(file, strings.TrimSuffix(path, "/")), "/")
			if sub := text(m, "subPath"); sub != "" {
				name = sub
			}
			for field, kind := range map[string]string{"secret": "Secret", "configMap": "ConfigMap"} {
				from := mapping(volume, field)
				for _, item := range list(from, "items") {
					if text(item, "path") == name {
						name = text(item, "key")
						break
					}
				}
				if source := b.find(kind, r.object.Namespace(), text(from, "secretName")+text(from, "name")); source != nil {
					return source, name
				}
			}
		}
	}
	return nil, ""
}
