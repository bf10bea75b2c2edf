package rendered

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// upkeepRules look at what happens to a registry over the months: its pods are
// replaced, and room is wanted back.
var upkeepRules = []Rule{
	{
		ID: "ready-unasked", Severity: Warning, Inputs: []Input{Objects}, onlyOn: readyUnasked,
		Title:  "a pod that can't reach its storage takes no good one's place",
		Reason: "The registry answers on / that it is well until its storage has failed as often as health.storagedriver.threshold says, at each interval. A pod with wrong keys is ready for that long, is sent requests that it can't answer, and a rollout ends the good pods meanwhile.",
		Fix:    "Let readinessProbe.initialDelaySeconds be longer than interval times threshold; reggen does, for times up to a minute. minReadySeconds longer than that and the probe's own failures keeps good pods too, though not the requests from the bad one.",
	},
	{
		ID: "collect-nothing", Severity: Warning, Inputs: []Input{Objects}, onlyOn: collectNothing,
		Title:  "collecting garbage frees something",
		Reason: "An image whose tag was moved to another one is still there by its digest, and no client can delete it unless storage.delete.enabled is true: the collector counts it as used. So with neither that nor --delete-untagged it takes what broken pushes left, and the storage grows for ever.",
		Fix:    "spec.garbageCollection.deleteUntagged takes images without a tag, on version 3; storage: {delete: {enabled: true}} under spec.config lets clients delete images, which are collected then. The guide's page on upkeep has both.",
	},
	{
		ID: "collect-platforms", Severity: Warning, Inputs: []Input{Objects}, onlyOn: collectPlatforms,
		Title:  "collecting garbage breaks no image for several platforms",
		Reason: "The parts of an image for several platforms have no tags of their own. With --delete-untagged version 2 takes them for images that nobody needs, and nobody can pull the image any more, whose tag is still there. Builds with attestations, docker buildx's default, are such images. Version 3 keeps the parts.",
		Fix:    "Take deleteUntagged out, or move to version 3 before the next collection. Where nobody pushes such images, say so under spec.check.silence.",
	},
}

// objectStorages are those that are asked with keys, over a network.
var objectStorages = []string{"s3", "azure", "gcs", "swift", "oss"}

func readyUnasked(b *build) []hit {
	var l []hit
	for _, r := range b.serving() {
		if r.object.Kind() != "Deployment" || b.hidden(r) || !slices.ContainsFunc(objectStorages, func(name string) bool { return r.section("storage", name) }) {
			continue
		}
		enabled := r.setting("health", "storagedriver", "enabled")
		if enabled.blind {
			continue
		}
		if enabled.value != true {
			l = append(l, r.hit(enabled, "health.storagedriver.enabled: true", "is not true: a pod is ready whether it reaches its storage or not"))
			continue
		}
		judged, known := r.judgedAfter()
		probe := mapping(r.container, "readinessProbe")
		delay, _ := number(probe, "initialDelaySeconds")
		least, _ := number(r.object, "spec", "minReadySeconds")
		if !known || probe != nil && delay > judged || probe != nil && least > judged+patience(probe) {
			continue
		}
		l = append(l, at(r.object, r.path+".readinessProbe", "initialDelaySeconds of more than "+itoa(judged), "is ready for %d seconds before it knows that it can't reach its storage", judged))
	}
	return l
}

// judgedAfter is after how many seconds a registry knows that its storage is
// away (health.NewThresholdStatusUpdater and health.Poll of distribution).
func (r registry) judgedAfter() (seconds int, known bool) {
	interval, threshold := 10*time.Second, 1
	switch s := r.setting("health", "storagedriver", "interval"); v := s.value.(type) {
	case string:
		d, err := time.ParseDuration(v)
		if err != nil {
			return 0, false
		}
		interval = d
	case float64:
		interval = time.Duration(v)
	default:
		if s.blind {
			return 0, false
		}
	}
	if s := r.setting("health", "storagedriver", "threshold"); s.blind {
		return 0, false
	} else if n, is := s.value.(float64); is && n > 1 {
		threshold = int(min(n, 1<<20))
	}
	if interval == 0 {
		interval = 10 * time.Second
	}
	return int((min(interval, 24*time.Hour) * time.Duration(threshold)).Seconds()), interval > 0
}

// untagged says whether a collector takes images without a tag as well.
func (r registry) untagged() bool {
	return slices.ContainsFunc(r.words(), func(w string) bool { return w == "-m" || w == "--delete-untagged" || w == "--delete-untagged=true" })
}

func collectNothing(b *build) []hit {
	var l []hit
	for _, c := range b.collectors {
		if c.untagged() {
			continue
		}
		for _, r := range b.serving() {
			s := r.setting("storage", "delete", "enabled")
			if major, _ := r.major(); r.inside != nil && major != "2" && !s.set {
				continue // the configuration in the images of version 3 lets clients delete
			}
			if r.object.Namespace() != c.object.Namespace() || s.yes() || s.blind || b.hidden(r) || r.section("proxy", "remoteurl") {
				continue
			}
			l = append(l, at(c.object, c.path, "--delete-untagged, or storage.delete.enabled: true in the registry's configuration", "frees nothing but what broken pushes left: no image of %s can be deleted", r.object.ID()))
		}
	}
	return l
}

func collectPlatforms(b *build) []hit {
	var l []hit
	for _, c := range b.collectors {
		if major, gitlab := c.major(); c.untagged() && major == "2" && !gitlab {
			l = append(l, at(c.object, c.path, "no --delete-untagged, or version 3", "deletes the parts of images for several platforms, which can't be pulled any more"))
		}
	}
	return l
}

// pause is for how many seconds a container that is to end goes on before it is
// told, as far as a hook that sleeps says.
func (r registry) pause() int {
	hook := mapping(r.container, "lifecycle", "preStop")
	if n, set := number(hook, "sleep", "seconds"); set {
		return n
	}
	words := strings.Fields(strings.Join(texts(list(hook, "exec", "command")), " "))
	for i, w := range words {
		if i+1 == len(words) || strings.Trim(path.Base(w), `'"`) != "sleep" {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSuffix(strings.Trim(words[i+1], `;&'"`), "s")); err == nil {
			return n
		}
	}
	return 0
}

func texts(l []any) (out []string) {
	for _, e := range l {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}
