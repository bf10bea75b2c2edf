package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/object"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/generator/spec"
)

// initOptions are the answers that a new environment needs.
type initOptions struct {
	base, name, namespace        string
	host, storage                string
	provider, region, bucket     string
	endpoint, size               string
	className, issuer            string
	pullSecret, pullUser         string
	pullNamespaces               []string
	people                       []string
	cluster, keyFile, clusterKey string
	printRules                   bool
}

func (w *World) initCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a new environment: spec, .sops.yaml rules, keys, first credentials",
		Long: `Make a new environment in DIR (overlays/prod unless said), and the base spec when
there is none yet. On a terminal it asks for what no flag says. Nothing is ever
overwritten; .sops.yaml gets two rules and keeps the rest: credentials are for
people only, sealed files for people and the cluster.

Keys: your age key is the one that SOPS uses (SOPS_AGE_KEY_FILE, or keys.txt in
SOPS's own folder); it is made when there is none. The cluster gets a key of its
own. --people and --cluster take public keys instead, and then none is made.`,
		Example: `  reggen init overlays/prod
  reggen init overlays/staging --host registry.example.com \
    --provider digitalocean --region nyc3 --bucket my-space --cluster-issuer letsencrypt-prod`,
		Args: atMost(1, "one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := filepath.Join("overlays", "prod")
			if len(args) == 1 {
				dir = args[0]
			}
			if o.printRules {
				rules, err := w.rulesFor(dir, o)
				if err == nil {
					_, err = fmt.Fprintln(w.Stdout, rules)
				}
				return err
			}
			return w.init(cmd.Context(), dir, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.base, "base", filepath.Join("bases", "registry"), "folder of the base spec; made when it is not there")
	f.StringVar(&o.name, "name", "docker-registry", "name of the registry and its objects (new base)")
	f.StringVar(&o.namespace, "namespace", "registry", "its namespace (new base)")
	f.StringVar(&o.host, "host", "", "host name at which clients reach it")
	f.StringVar(&o.storage, "storage", "", "s3 or filesystem (known from --bucket or --size)")
	f.StringVar(&o.provider, "provider", "", "S3 provider: aws, digitalocean, minio, r2 or ceph")
	f.StringVar(&o.region, "region", "", "S3 region")
	f.StringVar(&o.bucket, "bucket", "", "S3 bucket")
	f.StringVar(&o.endpoint, "endpoint", "", "S3 endpoint, where the provider does not decide it")
	f.StringVar(&o.size, "size", "", "size of the volume, for instance 10Gi")
	f.StringVar(&o.className, "ingress-class", "nginx", "Ingress class; none for no Ingress")
	f.StringVar(&o.issuer, "cluster-issuer", "", "cert-manager ClusterIssuer of the certificate")
	f.StringVar(&o.pullSecret, "pull-secret", "regcred", "name of the image pull secret; none for none (new base)")
	f.StringVar(&o.pullUser, "pull-user", "puller", "user that the pull secret logs in as; made with a random password")
	f.StringSliceVar(&o.pullNamespaces, "pull-namespaces", []string{"default"}, "namespaces that get the pull secret")
	f.StringSliceVar(&o.people, "people", nil, "age public keys of the people who may read credentials")
	f.StringVar(&o.cluster, "cluster", "", "age public key of the cluster")
	f.StringVar(&o.keyFile, "key-file", "", "your age key file: read, or made when it is not there")
	f.StringVar(&o.clusterKey, "cluster-key-file", "", "the cluster's age key file: read, or made when it is not there (default: beside yours, named after host and environment)")
	f.BoolVar(&o.printRules, "print-rules", false, "print the .sops.yaml rules instead of writing them, and stop")
	w.accepting(cmd)
	fixed(cmd, "storage", "s3", "filesystem")
	fixed(cmd, "provider", "aws", "digitalocean", "minio", "r2", "ceph")
	return cmd
}

// initial is a new environment on its way.
type initial struct {
	w       *World
	o       initOptions
	dir     string         // absolute
	base    string         // absolute
	isNew   bool           // the base is made
	had     map[string]any // the existing base's Registry
	files   []change       // what is written, in this order
	credits []string       // what is said at the end
	readers []string       // whom the rules name that it wrote itself
}

// rulesFor are the rules of .sops.yaml for an environment, to be pasted. The
// keys that they name are made where they are not there.
func (w *World) rulesFor(dir string, o initOptions) (string, error) {
	i := &initial{w: w, o: o, dir: w.abs(dir), base: w.abs(o.base)}
	// The environment may be there already; its host names the key file.
	if e, err := w.environment(i.dir); err == nil && o.host == "" {
		i.o.host = e.registry.Spec.Host
	}
	n, err := i.rules()
	return sops.Snippet(n.rules), err
}

// init makes an environment, and the base where there is none. Nothing that is
// there is written over.
func (w *World) init(ctx context.Context, dir string, o initOptions) error {
	i := &initial{w: w, o: o, dir: w.abs(dir), base: w.abs(o.base)}
	steps := []func() error{i.readBase, i.ask, i.plan, i.refuse}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	rules, err := i.rules()
	if err != nil {
		return err
	}
	if err := i.secure(rules); err != nil {
		return err
	}
	for _, c := range i.files {
		if err := interrupted(ctx); err != nil {
			return err
		}
		if exists(c.path) {
			continue // the same bytes: i.refuse saw to it
		}
		if err := w.write(c.path, c.data, 0o644); err != nil {
			return err
		}
		w.note("wrote %s: %s", w.show(c.path), c.why)
	}
	w.Accept = append(w.Accept, i.readers...)
	if err := i.credentials(ctx); err != nil {
		return err
	}
	i.next()
	return nil
}

// readBase looks at an existing base: its Registry gives the names, and what
// it says need not be asked.
func (i *initial) readBase() error {
	if !exists(i.base) {
		i.isNew = true
		return nil
	}
	specs, err := i.w.Allow.Registries(i.base)
	if err != nil {
		return err
	}
	if len(specs) != 1 {
		return problem.Problem{File: i.w.show(i.base), What: fmt.Sprintf("holds %d Registries; expected one", len(specs)), Next: "name another folder with --base"}
	}
	if err := yaml.Unmarshal(specs[0], &i.had); err != nil {
		return problem.Problem{File: i.w.show(i.base), What: "holds a Registry that can't be read"}
	}
	meta, _ := i.had["metadata"].(map[string]any)
	i.o.name, _ = meta["name"].(string)
	i.o.namespace, _ = meta["namespace"].(string)
	return nil
}

// says reports whether the base's spec sets a field.
func (i *initial) says(field string) bool {
	s, _ := i.had["spec"].(map[string]any)
	_, ok := s[field]
	return ok
}

// ask fills in what no flag and no base says, from the terminal; without one
// it tells everything that is missing at once.
func (i *initial) ask() error {
	o := &i.o
	if o.storage == "" {
		switch {
		case o.bucket != "" || o.provider != "":
			o.storage = "s3"
		case o.size != "":
			o.storage = "filesystem"
		}
	}
	if i.w.StdinIsTerm {
		return i.askPerson()
	}
	var l problem.List
	need := func(missing bool, flag, what string) {
		if missing {
			l.Add(problem.Problem{Path: flag, What: "is missing", Want: what})
		}
	}
	need(o.host == "" && !i.says("host"), "--host", "the registry's host name, for instance registry.example.com")
	need(o.storage == "" && !i.says("storage"), "--storage", "s3 (with --provider, --region, --bucket) or filesystem (with --size)")
	if o.storage == "s3" {
		need(o.bucket == "", "--bucket", "the bucket's name")
	}
	if err := l.Err(); err != nil {
		return misuse{"reggen init", err}
	}
	return nil
}

func (i *initial) askPerson() error {
	o := &i.o
	a := i.w.asker()
	var err error
	question := func(to *string, wanted bool, text, byDefault string) {
		if err == nil && *to == "" && wanted {
			*to, err = a.ask(text, byDefault)
		}
	}
	question(&o.host, !i.says("host"), "host name of the registry", "")
	question(&o.storage, !i.says("storage"), "storage: s3 or filesystem", "s3")
	if o.storage == "s3" {
		question(&o.provider, true, "S3 provider: aws, digitalocean, minio, r2 or ceph", "aws")
		question(&o.region, o.provider == "aws" || o.provider == "digitalocean", "region", "")
		question(&o.bucket, true, "bucket", "")
		question(&o.endpoint, o.provider == "minio" || o.provider == "ceph" || o.provider == "r2", "endpoint, with https://", "")
	}
	if o.storage == "filesystem" {
		question(&o.size, true, "size of the volume", "10Gi")
	}
	question(&o.issuer, !i.says("ingress") && o.className != "none", "cert-manager ClusterIssuer (empty: none)", "")
	return err
}

// patch is what this environment changes in the base.
func (i *initial) patch() map[string]any {
	o, s := i.o, map[string]any{}
	if o.host != "" {
		s["host"] = o.host
	}
	switch o.storage {
	case "s3":
		s3 := map[string]any{"bucket": o.bucket}
		for k, v := range map[string]string{"provider": o.provider, "region": o.region, "endpoint": o.endpoint} {
			if v != "" {
				s3[k] = v
			}
		}
		s["storage"] = map[string]any{"s3": s3}
	case "filesystem":
		size := o.size
		if size == "" {
			size = "10Gi"
		}
		s["storage"] = map[string]any{"filesystem": map[string]any{"size": size}}
	}
	if o.className != "none" && !i.says("ingress") {
		ingress := map[string]any{"className": o.className}
		if o.issuer != "" {
			ingress["clusterIssuer"] = o.issuer
		}
		s["ingress"] = ingress
	}
	return map[string]any{
		"apiVersion": spec.APIVersion, "kind": spec.KindRegistry,
		"metadata": map[string]any{"name": o.name, "namespace": o.namespace}, "spec": s,
	}
}

func (i *initial) newBase() map[string]any {
	s := map[string]any{
		"image": map[string]any{"flavor": string(spec.Distribution), "repository": "registry", "tag": "3.1.1"},
		"auth":  map[string]any{"realm": "Registry"},
	}
	if i.o.pullSecret != "none" && i.o.pullSecret != "" {
		s["pullSecrets"] = map[string]any{i.o.pullSecret: map[string]any{"user": i.o.pullUser, "namespaces": i.o.pullNamespaces}}
	}
	return map[string]any{
		"apiVersion": spec.APIVersion, "kind": spec.KindRegistry,
		"metadata": map[string]any{"name": i.o.name, "namespace": i.o.namespace}, "spec": s,
	}
}

// plan checks the merged spec and fixes the files to be written.
func (i *initial) plan() error {
	if i.o.storage != "" && i.o.storage != "s3" && i.o.storage != "filesystem" {
		return misuse{"", problem.Problem{Path: "--storage", What: fmt.Sprintf("%q is no storage", i.o.storage), Want: "s3 or filesystem"}}
	}
	base := i.had
	if i.isNew {
		base = i.newBase()
	}
	merged, err := yaml.Marshal(object.Merge(base, i.patch()))
	if err != nil {
		return err
	}
	reg, err := spec.Decode(merged, "")
	if err != nil {
		return err
	}
	i.o.host = reg.Spec.Host
	add := func(path, why, text string) { i.files = append(i.files, change{path, []byte(text), why}) }
	if i.isNew {
		add(filepath.Join(i.base, "registry.yaml"), "the base spec, shared by all environments",
			"# What every environment shares. reggen schema prints all there is to say.\n"+document(base))
		add(filepath.Join(i.base, "kustomization.yaml"), "lists it", kustomization("resources", "registry.yaml"))
	}
	inner := filepath.Join(i.dir, "registry")
	rel, err := filepath.Rel(inner, i.base)
	if err != nil {
		return problem.Problem{Path: "--base", What: "can't be reached from " + i.w.show(i.dir) + " by a relative path"}
	}
	add(filepath.Join(inner, "registry.yaml"), "what this environment changes in the base spec",
		"# What this environment changes in the base spec.\n"+document(i.patch()))
	add(filepath.Join(inner, "kustomization.yaml"), "base and changes, merged by kustomize",
		kustomization("resources", filepath.ToSlash(rel))+"patches:\n  - path: registry.yaml\n")
	add(filepath.Join(i.dir, "kustomization.yaml"), "the environment; patches of the output and other resources go here",
		kustomization("generators", "registry"))
	return nil
}

func document(v map[string]any) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		return "" // can't be: maps of strings
	}
	return string(text)
}

func kustomization(field, entry string) string {
	return "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + field + ":\n  - " + entry + "\n"
}

// refuse names every file that is there already with another content.
func (i *initial) refuse() error {
	var l problem.List
	for _, c := range i.files {
		old, err := i.w.read(c.path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil || string(old) != string(c.data) {
			l.Add(problem.Problem{File: i.w.show(c.path), What: "is there already; nothing was written"})
		}
	}
	if len(l) > 0 {
		l[len(l)-1].Next = "name another folder: reggen init overlays/NAME"
	}
	return l.Err()
}

// credentials makes those that nobody has to think about: the machine's, and
// the puller's with a random password.
func (i *initial) credentials(ctx context.Context) error {
	e, err := i.w.environment(i.dir)
	if err != nil {
		return err
	}
	path := filepath.Join(e.machineDir(), machineName)
	if !exists(path) {
		var cluster []string
		if rule, err := sops.FindRule(filepath.Join(e.sealedDir(), e.registry.Metadata.Name+".yaml")); err == nil && len(i.readers) > 0 {
			// A rule that stood there before may name others for these files.
			cluster = slices.DeleteFunc(rule.Recipients(), func(id string) bool { return !slices.Contains(i.w.Accept, id) })
		}
		if err := i.w.admit(e, []string{path}); err != nil {
			return err
		}
		rule, err := sops.FindRule(path)
		if err != nil {
			return err
		}
		text, err := i.w.newMachine(ctx, e, path, rule, cluster, len(i.o.people) == 0) // else it was told of public keys, and looks at no private one
		if err != nil {
			return err
		}
		if err := i.w.write(path, text, 0o644); err != nil {
			return err
		}
		i.w.note("wrote %s: random values nobody types", i.w.show(path))
	}
	for _, name := range sortedKeys(e.registry.Spec.PullSecrets) {
		user := e.registry.Spec.PullSecrets[name].User
		path := filepath.Join(e.credentialsDir(), fileName(user)+".enc.yaml")
		if exists(path) {
			continue
		}
		if err := i.w.admit(e, []string{path}); err != nil {
			return err
		}
		doc, _, err := i.w.newUser(user, newUser{generate: true})
		if err != nil {
			return err
		}
		doc.Metadata = spec.Metadata{Name: fileName(user)}
		if doc.Metadata.Name != user {
			doc.User = user
		}
		text, err := i.w.sealCredential(ctx, path, doc, nil, false)
		if err != nil {
			return err
		}
		if err := i.w.write(path, text, 0o644); err != nil {
			return err
		}
		i.w.note("wrote %s: user %q of the pull secret %s, with a random password", i.w.show(path), user, name)
	}
	return nil
}

// next says what is left to do.
func (i *initial) next() {
	e, err := i.w.environment(i.dir)
	if err != nil {
		return
	}
	dir := quoteArg(i.w.show(i.dir))
	at := " --dir " + dir
	if d, err := i.w.dir(""); err == nil && i.w.abs(d) == i.dir {
		at = ""
	}
	for _, line := range i.credits {
		i.w.note("%s", line)
	}
	lines := []string{"next:"}
	set, _ := i.w.credentials(e)
	if s3 := e.registry.Spec.Storage.S3; s3 != nil && s3.ExistingSecret == nil && !s3.AmbientCredentials && set.Others[credential.S3] == nil {
		lines = append(lines, "reggen credential set s3"+at+"   # the bucket's keys")
	}
	if len(set.Users) <= len(e.registry.Spec.PullSecrets) { // nobody but those who pull
		lines = append(lines, "reggen user add YOU"+at)
	}
	lines = append(lines, "reggen seal "+dir, "reggen build "+dir)
	i.w.note("%s", strings.Join(lines, "\n  "))
}
