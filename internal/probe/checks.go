package probe

import (
	"fmt"
	"strings"

	"github.com/reggen/reggen/generator/check"
)

// Page is where the checks are explained, below docs/.
const Page = "reference/probe.md"

// The checks, in the order in which they are told.
const (
	checkDNS       = "dns"
	checkTCP       = "tcp"
	checkTLS       = "tls"
	checkChallenge = "challenge"
	checkStrangers = "strangers"
	checkPush      = "push"
	checkLocation  = "location"
	checkUser      = "user"
	checkLayers    = "layers"
	checkReplicas  = "replicas"
	checkBody      = "body-size"
	checkRemoval   = "removal"
	checkPullHost  = "pull-host"
)

// Checks are what a probe tries.
var Checks = []check.Rule{
	{ID: checkDNS, Severity: check.Error, Title: "the host has an address",
		Reason: "Clients find the registry by spec.host. What comes later is not tried when this fails.",
		Fix:    "Make the DNS record point to the load balancer or the Gateway. Before it does, --url probes an address."},
	{ID: checkTCP, Severity: check.Error, Title: "something listens at the address",
		Reason: "A connection that is refused or never answered is a front that is down, a firewall, or an old address.",
		Fix:    "Look at the Service of the ingress controller or the Gateway, and at what filters its port. A warning says that one of several addresses does not answer."},
	{ID: checkTLS, Severity: check.Error, Title: "the certificate is this host's, signed by somebody trusted, and not at its end",
		Reason: "Docker and the kubelet refuse anything else. A warning comes in the last fourteen days, or the last quarter of a short life: what renews it should have done so.",
		Fix:    "Look at the Certificate and its events. For an authority of your own give --ca; nodes need it too."},
	{ID: checkChallenge, Severity: check.Error, Title: "a registry answers, and asks for a password as the spec says",
		Reason: "A web server, another registry or a front without pods behind it answers as well. Passwords are sent to nobody who doesn't ask for them.",
		Fix:    "A 404 or a page comes from the front: look at its rules. 502 to 504: no pod is ready. 200: the registry runs without auth."},
	{ID: checkStrangers, Severity: check.Error, Title: "whoever has no password gets nothing",
		Reason: "Without a password, and with an invented one: the list of repositories, a pull, a push.",
		Fix:    "reggen check DIR, rule open-registry; then look at what stands in front of the registry."},
	{ID: checkPush, Severity: check.Error, Title: "an image can be pushed, or is refused where the spec means it",
		Reason: "A tiny image is made on the spot and pushed by the first user who can log in, people before the users of pull secrets. It goes to the repository reggen-probe, to a tag that was not there.",
		Fix:    "405 comes from a registry that is read-only or a cache; 5xx from the storage: its log says which key or bucket."},
	{ID: checkLocation, Severity: check.Error, Title: "clients are sent on to the host of the spec, over https",
		Reason: "An upload is continued where the registry's answer says. Without X-Forwarded-Proto or http.host that is http://, or a name inside the cluster.",
		Fix:    "Apply the build, which sets http.host; look at the headers that the front passes on."},
	{ID: checkUser, Severity: check.Error, Title: "each user whose password is known can log in, push and pull",
		Reason: "The password is the one in the credential, opened by a key at hand. Users without a pull secret for this host need --send-credentials-to: a spec may be a stranger's. An upload is begun and cancelled for each user; the image is pulled by each.",
		Fix:    "reggen user verify compares the credential with what is sealed. A new password needs a minute or two until the kubelet has updated the mounted Secret: --wait."},
	{ID: checkLayers, Severity: check.Error, Title: "layers can be fetched from where the registry sends clients",
		Reason: "With most object stores the registry answers with a redirect, which the client has to reach: an endpoint inside the cluster can be reached by nobody else. It is followed without a password.",
		Fix:    "Make the endpoint reachable, or set spec.storage.s3.redirect to false: the registry then serves layers itself."},
	{ID: checkReplicas, Severity: check.Error, Title: "replicas have the same images and continue each other's uploads",
		Reason: "Asked over one connection after another. Replicas with different http secrets, or with a storage of their own, fail now and then. A forwarded port leads to one pod and shows nothing.",
		Fix:    "All pods should have the same digest of the Secret: kubectl get deploy -o yaml, reggen.dev/rollout. A volume has to be one that all of them share."},
	{ID: checkBody, Severity: check.Error, Title: "bodies of the size of a layer get through",
		Reason: "nginx refuses more than 1 MiB unless told otherwise. 2 MiB of zeros are sent, or what --body-size says, and the upload is cancelled.",
		Fix:    "spec.ingress.maxBodySize, and every proxy in front of it."},
	{ID: checkRemoval, Severity: check.Warning, Title: "nothing of the probe is left",
		Reason: "What was pushed is deleted, whatever happens meanwhile. Where the registry deletes nothing (its default), the image is always the same one, reggen-probe:kept, so that there is never more than one.",
		Fix:    "The message names the image. Where it is to go: allow deletion in the registry's configuration, delete it by its digest, collect garbage."},
	{ID: checkPullHost, Severity: check.Error, Title: "the host for pulling takes no pushes",
		Reason: "spec.gateway.pullHost lets GET and HEAD through alone.",
		Fix:    "Apply the build; look at the HTTPRoute of that host."},
}

// Reference is the page of the checks; docs/reference/probe.md is its output,
// drift checked.
func Reference() string {
	var b strings.Builder
	b.WriteString("# What reggen probe tries\n\nGenerated from the checks; `go test ./internal/probe -run TestReference -update` writes it.\n\n" +
		"In this order; what needs a step that failed is not tried. [Security](../security.md#the-network) says who gets a password.\n\n| check | holds when |\n|---|---|\n")
	for _, c := range Checks {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", c.ID, c.ID, c.Title)
	}
	for _, c := range Checks {
		fmt.Fprintf(&b, "\n## %s\n\n%s. %s\n\nThe way out: %s\n", c.ID, strings.ToUpper(c.Title[:1])+c.Title[1:], c.Reason, c.Fix)
	}
	return b.String()
}
