package check

import (
	"slices"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rendered"
)

// Severity says how bad a finding is.
type Severity = rendered.Severity

// The severities, the worst first.
const (
	Error   = rendered.Error   // it will not work, or a secret is in danger
	Warning = rendered.Warning // it works until something happens
	Info    = rendered.Info    // good to know
)

// Severities lists them, the worst first.
var Severities = []Severity{Error, Warning, Info}

// Input says what a rule looks at.
type Input = rendered.Input

// The inputs.
const (
	Spec          Input = "spec"          // the merged Registry
	Kustomization Input = "kustomization" // the environment's folder and what kustomize makes of it
	Credentials   Input = "credentials"   // credential files; a key only where the rule says so
	Sealed        Input = "sealed"        // the public side of sealed files
	Objects             = rendered.Objects
)

// Rule is one thing that goes wrong for people, and how to get out of it. Its
// texts are plain sentences for the reference page and for SARIF viewers.
type Rule struct {
	ID       string
	Severity Severity // of its findings, unless a finding says less
	Title    string   // what it demands, in one line
	Reason   string   // what happens otherwise
	Fix      string   // the way out
	Inputs   []Input
	Always   bool // it can't be silenced

	// One of these is set, none for a rule that the caller applies.
	one       func(Subject) problem.List   // an environment
	all       func([]Subject) problem.List // environments together
	onObjects bool                         // package rendered applies it
}

// OnObjects says whether the rule needs nothing but rendered objects.
func (r Rule) OnObjects() bool { return r.onObjects }

// Rules lists every rule, in the order in which findings are told.
func Rules() []Rule {
	out := slices.Clone(environmentRules)
	for _, r := range rendered.Rules() {
		out = append(out, Rule{ID: r.ID, Severity: r.Severity, Title: r.Title, Reason: r.Reason, Fix: r.Fix, Inputs: r.Inputs, onObjects: true})
	}
	return out
}

// Lookup finds a rule by its id.
func Lookup(id string) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// The rules that the caller applies and tells with Told, since they need files
// or keys.
const (
	RuleBuild    = "build"
	RulePassword = "password"
	RuleOutside  = "outside"
	RuleOlder    = "older"
	RuleExpiry   = "expiry"
	RuleWeak     = "weak-password"

	RulePasswordAge    = "password-age"
	RuleDataKeyAge     = "data-key-age"
	RuleCertificateAge = "certificate-age"

	ruleSilence = "silence" // applied by Silence
)

// environmentRules look at an environment, or at several together.
var environmentRules = []Rule{
	{
		ID: RuleBuild, Severity: Error, Always: true, Inputs: []Input{Spec, Kustomization, Credentials, Sealed},
		Title:  "the environment can be read and built",
		Reason: "What can't be built can't be deployed, and what can't be read can't be checked.",
		Fix:    "Each finding names what is wrong and what was expected there.",
	},
	{
		ID: "recipients", Severity: Error, Inputs: []Input{Credentials, Sealed}, one: recipients,
		Title:  "every encrypted file is for exactly those whom .sops.yaml names",
		Reason: "A rule that changed does nothing to files that exist: somebody who left can still open them, or a cluster can't open what it needs.",
		Fix:    "Run reggen seal on the environment. If a recipient was taken away on purpose, change every secret that the file holds as well.",
	},
	{
		ID: "nested-rules", Severity: Info, Inputs: []Input{Credentials, Sealed}, one: nestedRules,
		Title:  "one .sops.yaml says who can read what",
		Reason: "SOPS takes the first .sops.yaml on the way up from a file. One in an environment, or beside its files, counts instead of the one that everybody looks at.",
		Fix:    "Keep the rules in one file; where each environment has its own on purpose, say so under spec.check.silence.",
	},
	{
		ID: "cluster-key", Severity: Error, Inputs: []Input{Credentials, Sealed}, one: clusterKey,
		Title:  "the cluster has a key that opens sealed files and no credentials",
		Reason: "Sealed files that only people can open never reach the cluster decrypted, and a cluster that opens credentials holds every password in the clear.",
		Fix:    "Make a key with age-keygen, put its public half into the sealed rule of .sops.yaml only, and run reggen seal.",
	},
	{
		ID: "host", Severity: Error, Inputs: []Input{Spec, Objects}, one: host,
		Title:  "spec, Ingress, HTTPRoute, TLS and pull secrets name the same host",
		Reason: "The kubelet compares hosts letter by letter and sends no password to another one; docker refuses a registry without TLS.",
		Fix:    "Set spec.host in the environment's spec and let reggen write the host everywhere, instead of a patch on the Ingress alone.",
	},
	{
		ID: "open-registry", Severity: Error, Inputs: []Input{Spec, Objects}, one: openRegistry,
		Title:  "a registry with users asks who somebody is",
		Reason: "Without auth in its configuration the registry lets everybody push and pull, and nothing else about it looks different.",
		Fix:    "Find the patch that takes auth out of the registry's configuration; where everybody is meant, set spec.auth.anonymous.",
	},
	{
		ID: "pull-secret-namespace", Severity: Error, Inputs: []Input{Spec, Kustomization, Objects}, one: PullSecretNamespaces,
		Title:  "pull secrets are in the namespaces that the spec names",
		Reason: "A namespace: field of a kustomization moves every object, pull secrets for other namespaces included, and pods there can't pull any more.",
		Fix:    "Take namespace: out of the kustomization and set metadata.namespace in the spec.",
	},
	{
		ID: RulePassword, Severity: Error, Always: true, Inputs: []Input{Credentials},
		Title:  "the hash of each user is that of its password",
		Reason: "The registry knows the hash, pull secrets hold the password: when the two drift apart, nothing can be pulled. Checked where a key at hand opens the credential.",
		Fix:    "Delete hash and hashOf with sops edit, then run reggen seal.",
	},
	{
		ID: "bcrypt-cost", Severity: Warning, Inputs: []Input{Spec, Credentials}, one: bcryptCost,
		Title:  "asking for a password takes no time that matters",
		Reason: "The registry runs bcrypt at every request, and an image is many requests: at cost 12 each takes about a second.",
		Fix:    "Let reggen make the password (cost 5 is enough for 128 random bits), or set it again with a lower --cost.",
	},
	{
		ID: "puller-pushes", Severity: Warning, Inputs: []Input{Spec, Credentials}, one: pullerPushes,
		Title:  "who pulls is not who pushes",
		Reason: "htpasswd knows no roles. If people push with the user of a pull secret, every node holds what pushes, and ending one ends the other.",
		Fix:    "Add a user for each person and each pipeline, and keep one for pulling alone.",
	},
	{
		ID: "function-annotation", Severity: Error, Inputs: []Input{Spec, Kustomization}, one: functionAnnotation,
		Title:  "nothing can go missing without a word",
		Reason: "kustomize drops a function annotated for exec when --enable-exec is missing, and exits 0: with pruning, the registry is deleted, or what another generator beside it makes. reggen's own builds run nobody's programs.",
		Fix:    "Use the plugin, which fails loudly when it is missing.",
	},
	{
		ID: RuleOlder, Severity: Error, Inputs: []Input{Credentials, Sealed},
		Title:  "no encrypted file is older than the one it takes the place of",
		Reason: "A file of last year, put back together with its sealed file, is whole, fresh and readable: a password that was changed because somebody left works again. Told with --from, and by reggen diff.",
		Fix:    "If an old state is meant to come back, set the values anew: reggen credential set, then reggen seal.",
	},
	{
		ID: RuleExpiry, Severity: Error, Inputs: []Input{Credentials},
		Title:  "no certificate that a chart made expires soon",
		Reason: "A certificate that a chart's templates made is kept in the machine credential, and nothing renews it by itself: on its last day clients refuse it. Told as a warning from 30 days before.",
		Fix:    "reggen seal --renew with the name of the Secret, then a rollout.",
	},
	{
		ID: RuleWeak, Severity: Warning, Inputs: []Input{Credentials},
		Title:  "no user has a password that is soon guessed",
		Reason: "The registry lets everybody try passwords as fast as it hashes them, and every user may push. Judged as zxcvbn does: common passwords, names, words, dates, keys beside each other, and the user's and the host's name. Needs a key; the finding names the user and nothing of the password.",
		Fix:    "reggen credential set with the user's name asks for another password, or makes one with --field password --generate.",
	},
	{
		ID: RulePasswordAge, Severity: Warning, Inputs: []Input{Spec, Credentials},
		Title:  "no password is older than spec.auth.maxAge",
		Reason: "A password is copied to laptops, pipelines and nodes, and nobody knows of all of them: only a new one ends what was forgotten. Told where the spec says how old one may be; of the old user of a pull secret not before a rotation is seven days old. The day stands in the credential, readable; of a file without it only the day is known on which it was encrypted.",
		Fix:    "reggen user rotate --due for users of pull secrets, reggen credential set for people; then reggen seal.",
	},
	{
		ID: RuleDataKeyAge, Severity: Warning, Inputs: []Input{Spec, Credentials, Sealed},
		Title:  "no data key is older than spec.secrets.maxAge.dataKeys",
		Reason: "Whoever once had the data key of a file reads what is written with it later, also when .sops.yaml names them no more. Told where the spec says how old one may be.",
		Fix:    "reggen seal --rotate-keys: every ciphertext changes and no value, so no pod rolls.",
	},
	{
		ID: RuleCertificateAge, Severity: Warning, Inputs: []Input{Spec, Credentials},
		Title:  "nothing that a chart made once is older than spec.secrets.maxAge.certificates",
		Reason: "What a chart's templates make once and reggen keeps (certificates, keys, salted hashes) is often made for ten years, and nobody looks at it again. Told where the spec says how old it may be; expiry tells of the last day in any case.",
		Fix:    "reggen seal --renew with the name of the Secret, then a rollout.",
	},
	{
		ID: RuleOutside, Severity: Warning, Inputs: []Input{Kustomization},
		Title:  "a build runs nobody's programs and fetches nothing",
		Reason: "kustomize build --enable-alpha-plugins runs Helm with plugins from the repository, and containers that get every object on their standard input; a remote base is whatever its server says that day. reggen's own commands refuse all of it unless --allow-programs or --allow-network is given, and then this rule still names the files.",
		Fix:    "Render the chart, run the function or fetch the base once, look at the result, and commit it.",
	},
	{
		ID: ruleSilence, Severity: Error, Always: true, Inputs: []Input{Spec},
		Title:  "what is silenced is a rule that finds something",
		Reason: "A misspelt id silences nothing, and one that has nothing to silence any more would hide the next finding.",
		Fix:    "Correct the id under spec.check.silence, or take the entry out.",
	},
	{
		ID: "cluster-keys-disjoint", Severity: Error, Inputs: []Input{Credentials, Sealed}, all: disjoint,
		Title:  "a cluster's key opens the files of its own environment only",
		Reason: "With a shared key, whoever holds one cluster holds the secrets of the other.",
		Fix:    "Make a key for each cluster and name it in that environment's sealed rule alone.",
	},
}
