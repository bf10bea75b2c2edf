package start

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/reggen/reggen/generator/bounded"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/repository"
)

// newRules are the two rules of a new environment and where they go.
type newRules struct {
	config   string // the whole path of .sops.yaml
	existing []byte
	rules    []rules.Addition
	keys     []keyFile // to be written
}

// keyFile is an age key made here.
type keyFile struct {
	path, identity, why string
}

// rules decides who may read what, and with --print-rules makes the keys at once.
func (i *initial) rules() (newRules, error) {
	n := newRules{config: i.sopsConfig()}
	var err error
	if n.existing, err = i.w.Repo.Read(n.config); err != nil && !os.IsNotExist(err) {
		return n, i.w.Repo.FileProblem("can't read", n.config, err)
	}
	rel, err := filepath.Rel(filepath.Dir(n.config), i.dir)
	if err != nil || strings.HasPrefix(rel, "..") {
		return n, problem.Problem{File: i.w.Repo.Show(i.dir), What: "is outside the folder of " + i.w.Repo.Show(n.config)}
	}
	at := "^" + regexp.QuoteMeta(filepath.ToSlash(rel)) + "/"
	credentials, sealed := at+`credentials/[^/]+\.yaml$`, at+`sealed/[^/]+\.yaml$`
	if !i.o.PrintRules && strings.Contains(string(n.existing), credentials) && strings.Contains(string(n.existing), sealed) {
		i.readers = i.ownKeys()
		return n, nil // a run that was cut off, or a person, wrote them
	}
	people, err := i.peopleKeys(&n)
	if err != nil {
		return n, err
	}
	cluster, err := i.clusterKeys(&n)
	if err != nil {
		return n, err
	}
	name := filepath.ToSlash(rel)
	n.rules = []rules.Addition{
		{PathRegex: credentials, Age: people, Comment: name + ": credentials are for people only"},
		{PathRegex: sealed, Age: append(append([]string{}, people...), cluster), Comment: name + ": sealed files are for people and the cluster"},
	}
	_, unfit := rules.Add(n.existing, n.rules)
	if !i.o.PrintRules && unfit == nil {
		return n, nil
	}
	// Rules that a person is to paste name keys, so those have to exist.
	for _, k := range n.keys {
		if err := i.writeKey(k); err != nil {
			return n, err
		}
	}
	if !i.o.PrintRules {
		return n, i.w.Repo.InFile(n.config, unfit)
	}
	return n, nil
}

// ownKeys are the public keys that this run was given, or that belong to the
// key files it would have made: rules that were pasted name them.
func (i *initial) ownKeys() (out []string) {
	out = append(out, i.o.People...)
	if i.o.Cluster != "" {
		out = append(out, i.o.Cluster)
	}
	for _, file := range []string{i.ownFile(), i.clusterFile()} {
		if file == "" {
			continue
		}
		if text, err := bounded.Read(file, bounded.MaxSecret); err == nil {
			if recipient, err := sops.AgeRecipient(text); err == nil {
				out = append(out, recipient)
			}
		}
	}
	return out
}

// ownFile is the file of the key that SOPS uses, "" without a home folder.
func (i *initial) ownFile() string {
	if i.o.KeyFile != "" {
		return i.w.Repo.Abs(i.o.KeyFile)
	}
	return i.w.ownKeyFile()
}

// clusterFile is the file of the cluster's key, beside one's own unless said.
func (i *initial) clusterFile() string {
	own := i.ownFile()
	switch {
	case i.o.ClusterKey != "":
		return i.w.Repo.Abs(i.o.ClusterKey)
	case own == "":
		return ""
	}
	host, _, _ := strings.Cut(i.o.Host, ":")
	return filepath.Join(filepath.Dir(own), strings.TrimPrefix(host+"-", "-")+filepath.Base(i.dir)+".agekey")
}

// sopsConfig is the .sops.yaml that SOPS would find for the environment, or
// where a new one belongs: the repository's root.
func (i *initial) sopsConfig() string {
	root := ""
	for dir := i.dir; ; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, ".sops.yaml"); repository.Exists(path) {
			return path
		}
		if root == "" && repository.Exists(filepath.Join(dir, ".git")) {
			root = dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if root == "" {
		root = i.w.Repo.Dir
	}
	return filepath.Join(root, ".sops.yaml")
}

// ownKeyFile is where SOPS looks for age keys: SOPS_AGE_KEY_FILE, else
// sops/age/keys.txt in the user's folder of settings (getsops/sops, age).
func (w *Work) ownKeyFile() string {
	if f := w.Tell.Getenv("SOPS_AGE_KEY_FILE"); f != "" {
		return w.Repo.Abs(f)
	}
	dir := w.Tell.Getenv("XDG_CONFIG_HOME")
	switch {
	case runtime.GOOS == "windows":
		if dir = w.Tell.Getenv("AppData"); dir == "" && w.Home != "" {
			dir = filepath.Join(w.Home, "AppData", "Roaming")
		}
	case dir == "" && w.Home != "":
		dir = filepath.Join(w.Home, ".config")
		if runtime.GOOS == "darwin" {
			dir = filepath.Join(w.Home, "Library", "Application Support")
		}
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "sops", "age", "keys.txt")
}

func (i *initial) peopleKeys(n *newRules) ([]string, error) {
	if len(i.o.People) > 0 {
		return i.o.People, nil
	}
	file := i.o.KeyFile
	if file != "" {
		file = i.w.Repo.Abs(file)
	} else {
		if text := i.w.Tell.Getenv("SOPS_AGE_KEY"); text != "" {
			recipient, err := sops.AgeRecipient([]byte(text))
			if err != nil {
				return nil, problem.Problem{Path: "SOPS_AGE_KEY", What: "does not hold an age key", Next: "give your public key with --people"}
			}
			i.w.Tell.Note("people: %s, the key in SOPS_AGE_KEY", recipient)
			return []string{recipient}, nil
		}
		if file = i.w.ownKeyFile(); file == "" {
			return nil, problem.Problem{What: "no home folder to keep an age key in", Want: "--key-file, or --people with your public key"}
		}
	}
	recipient, err := i.key(n, file, "your age key. It opens every credential: keep a copy where you keep your passwords; without it nothing here can be read again")
	return []string{recipient}, err
}

func (i *initial) clusterKeys(n *newRules) (string, error) {
	if i.o.Cluster != "" {
		return i.o.Cluster, nil
	}
	file := i.clusterFile()
	if file == "" {
		return "", problem.Problem{What: "no folder to keep the cluster's age key in", Want: "--cluster-key-file, or --cluster with its public key"}
	}
	i.credits = append(i.credits, "the cluster's key goes into the cluster, for instance for Flux: kubectl -n flux-system create secret generic sops-age --from-file=age.agekey="+problem.QuoteArg(i.w.Repo.Show(file)))
	return i.key(n, file, "the age key of this environment's cluster. It opens its sealed files and no credential: give it to the cluster and keep a copy")
}

// key takes the public key of a key file, or plans a new one.
func (i *initial) key(n *newRules, file, why string) (string, error) {
	if strings.Contains(strings.ToUpper(file), "AGE-SECRET-KEY-") {
		return "", problem.Problem{What: "a private key stands where a file's name belongs; take it for leaked: it is in your shell's history", Want: "the path of an age key file"}
	}
	text, err := bounded.Read(file, bounded.MaxSecret)
	switch {
	case err == nil:
		recipient, err := sops.AgeRecipient(text)
		if err != nil {
			return "", i.w.Repo.InFile(file, err)
		}
		i.w.Tell.Note("found %s: %s", i.w.Repo.Show(file), why)
		return recipient, nil
	case !os.IsNotExist(err):
		return "", i.w.Repo.FileProblem("can't read", file, err)
	}
	for _, k := range n.keys {
		if k.path == file {
			return "", problem.Problem{File: i.w.Repo.Show(file), What: "would be both your key and the cluster's", Want: "two files"}
		}
	}
	identity, recipient, err := sops.NewAgeKey(i.w.Tell.Now())
	if err != nil {
		return "", problem.Problem{What: "can't make an age key"}
	}
	n.keys = append(n.keys, keyFile{file, identity, why})
	return recipient, nil
}

func (i *initial) writeKey(k keyFile) error {
	for dir := filepath.Dir(k.path); ; dir = filepath.Dir(dir) {
		if repository.Exists(filepath.Join(dir, ".git")) {
			return problem.Problem{File: k.path, What: "would put a private key into the git repository " + dir + "; nothing was written",
				Want: "a file outside of it, with --key-file and --cluster-key-file"}
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return i.w.Repo.FileProblem("can't make the folder of", k.path, err)
	}
	if err := i.w.Repo.Write(k.path, []byte(k.identity), 0o600); err != nil {
		return err
	}
	i.w.Tell.Note("made %s: %s", i.w.Repo.Show(k.path), k.why)
	return nil
}

// secure writes keys first, then the rules that name them.
func (i *initial) secure(n newRules) error {
	if len(n.rules) == 0 {
		return nil
	}
	text, err := rules.Add(n.existing, n.rules)
	if err != nil {
		return i.w.Repo.InFile(n.config, err)
	}
	for _, k := range n.keys {
		if err := i.writeKey(k); err != nil {
			return err
		}
	}
	if err := i.w.Repo.Write(n.config, text, 0o644); err != nil {
		return err
	}
	for _, r := range n.rules {
		i.readers = append(i.readers, r.Age...)
	}
	i.w.Tell.Note("wrote %s: two rules, credentials for people, sealed files for people and the cluster", i.w.Repo.Show(n.config))
	return nil
}
