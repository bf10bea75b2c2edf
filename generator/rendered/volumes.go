package rendered

import (
	"slices"
	"strings"
)

func volumeReplicas(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if !slices.Contains([]string{"Deployment", "StatefulSet", "ReplicaSet"}, r.object.Kind()) || !r.section("storage", "filesystem") {
			continue
		}
		root, _ := r.setting("storage", "filesystem", "rootdirectory").value.(string)
		if root == "" {
			root = "/var/lib/registry"
		}
		n := b.replicas(r)
		volume, i := r.volumeAt(root)
		where := strings.TrimSuffix(r.path, r.path[strings.LastIndex(r.path, ".containers"):]) + ".volumes[" + itoa(i) + "]"
		if volume == nil {
			where = r.path + ".volumeMounts"
		}
		if own, j := r.claimTemplate(root); own {
			volume, where = nil, "spec.volumeClaimTemplates["+itoa(j)+"]"
		}
		claim := b.find("PersistentVolumeClaim", r.object.Namespace(), text(volume, "persistentVolumeClaim", "claimName"))
		once := claim != nil
		for _, mode := range list(claim, "spec", "accessModes") {
			once = once && mode != "ReadWriteMany"
		}
		switch {
		case n > 1 && (volume == nil || has(volume, "emptyDir") || has(volume, "ephemeral")):
			l = append(l, at(r.object, where, "a volume that all share", "is each pod's own, and there are %d", n))
		case n > 1 && has(volume, "hostPath"):
			l = append(l, at(r.object, where, "a volume that all share", "is each node's own, and there are %d pods", n))
		case n > 1 && once:
			l = append(l, at(r.object, where, "accessModes: [ReadWriteMany]", "is on one node alone, and there are %d pods", n))
		case once && r.object.Kind() == "Deployment" && !oldPodFirst(r.object):
			h := at(r.object, "spec.strategy", "type: Recreate, or maxSurge: 0", "starts the new pod before the old one ends, which a volume on one node may not allow")
			h.severity = Warning
			l = append(l, h)
		}
	}
	return l
}

// oldPodFirst says whether a Deployment ends a pod before it starts the next.
func oldPodFirst(o map[string]any) bool {
	strategy := mapping(o, "spec", "strategy")
	surge, set := number(strategy, "rollingUpdate", "maxSurge")
	return text(strategy, "type") == "Recreate" || set && surge == 0 || text(strategy, "rollingUpdate", "maxSurge") == "0%"
}

// mountAt names the mount that covers a folder best.
func (r registry) mountAt(folder string) string {
	best, name := -1, ""
	for _, m := range list(r.container, "volumeMounts") {
		path := text(m, "mountPath")
		if under(folder, path) && len(path) > best {
			best, name = len(path), text(m, "name")
		}
	}
	return name
}

// volumeAt finds the volume that a folder is on.
func (r registry) volumeAt(folder string) (map[string]any, int) { return r.volume(r.mountAt(folder)) }

// volume finds a volume by its name.
func (r registry) volume(name string) (map[string]any, int) {
	for i, v := range list(r.pod, "volumes") {
		if name != "" && text(v, "name") == name {
			volume, _ := v.(map[string]any)
			return volume, i
		}
	}
	return nil, 0
}

// claimTemplate says whether a folder is on a volume that a StatefulSet makes
// for each pod, and by which template.
func (r registry) claimTemplate(folder string) (bool, int) {
	name := r.mountAt(folder)
	for i, t := range list(r.object, "spec", "volumeClaimTemplates") {
		if name != "" && text(t, "metadata", "name") == name {
			return true, i
		}
	}
	return false, 0
}

// has says whether a field is there, empty or not.
func has(m map[string]any, field string) bool {
	_, there := m[field]
	return there
}
