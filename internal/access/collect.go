package access

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reggen/reggen/generator"
	"github.com/reggen/reggen/generator/credential"
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/sops"
	"github.com/reggen/reggen/internal/deliver"
	"github.com/reggen/reggen/internal/repository"
)

// collection is what the files of one side say.
type collection struct {
	repo   *repository.Repository
	top    string    // rules are looked for no further up; "" is as SOPS does
	now    time.Time // by which ages are told
	all    []Environment
	specs  map[string][]deliver.PublicSpec // by root
	names  map[string]map[string]string    // .sops.yaml -> recipient -> name
	unread problem.List
	blocks map[string]sops.Metadata // of the files of the environment that is being read

	replaced func(repository.Environment, time.Time) map[string]string // inspect's; nil where nobody asks
}

// environments reads the environments of some kustomizations, each by itself: one
// that can't be read hides no other.
func (c *collection) environments(roots []string) {
	c.specs = map[string][]deliver.PublicSpec{}
	seen := map[string]bool{}
	for _, root := range roots {
		envs, err := c.repo.Environments([]string{c.repo.Rel(root)})
		c.unread.Join(err)
		for _, e := range envs {
			id := e.Root + "\x00" + e.Spec.Metadata.Namespace + "/" + e.Spec.Metadata.Name
			if !seen[id] {
				seen[id] = true
				c.environment(e)
			}
		}
	}
}

func (c *collection) environment(e repository.Environment) {
	out := Environment{Environment: c.repo.Show(e.Root), Name: strings.TrimPrefix(e.Spec.Metadata.Namespace+"/"+e.Spec.Metadata.Name, "/"), Kind: e.Spec.Kind,
		Readers: []Reading{}, Users: []User{}, Credentials: []Credential{}, PullSecrets: []PullSecret{}, Files: []File{}, root: e.Root}
	switch {
	case e.Spec.Registry != nil:
		out.Host = e.Spec.Registry.Spec.Host
	case e.Spec.Images != nil:
		out.Host = e.Spec.Images.Spec.Host
	}
	c.specs[e.Root] = append(c.specs[e.Root], deliver.PublicSpecOf(e.Root, e.Spec))
	pulls := e.Spec.Pulls()
	for _, name := range repository.SortedKeys(pulls) {
		p := pulls[name]
		in := slices.Clone(p.Namespaces)
		switch {
		case len(in) == 0 && e.Spec.Images != nil:
			in = []string{"(those of its pods)"}
		case len(in) == 0:
			in = []string{e.Spec.Metadata.Namespace}
		}
		server := p.Server
		if server == "" {
			server = out.Host
		}
		out.PullSecrets = append(out.PullSecrets, PullSecret{name, p.User, server, in})
	}
	c.all = append(c.all, out)
	at := len(c.all) - 1
	c.blocks = map[string]sops.Metadata{}
	standing := map[string]*Reading{}
	var credentials []generator.File
	for _, dir := range e.Spec.Secrets.Credentials {
		credentials = append(credentials, c.folder(e, at, dir, "credentials")...)
	}
	c.ages(e, at, credentials, c.folder(e, at, e.Spec.Secrets.Sealed, "sealed"))
	c.all[at].Together.Credentials = c.standing(e, e.Spec.Secrets.Credentials, standing, func(r *Reading) *Status { return &r.Credentials })
	c.all[at].Together.Sealed = c.standing(e, []string{e.Spec.Secrets.Sealed}, standing, func(r *Reading) *Status { return &r.Sealed })
	for _, key := range repository.SortedKeys(standing) {
		c.all[at].Readers = append(c.all[at].Readers, *standing[key])
	}
}

// folder reads the encrypted files of a folder: users and other credentials, and
// when each was written.
func (c *collection) folder(e repository.Environment, at int, dir, kind string) []generator.File {
	shown, files, err := c.repo.Folder(e.Root)(filepath.FromSlash(dir))
	if err != nil {
		if c.repo.Unlisted(e) != nil {
			c.unread.Join(c.repo.FileProblem("can't read", shown, err))
		}
		return nil
	}
	for _, f := range files {
		meta, err := sops.Inspect(f.Data)
		if err != nil {
			c.unread.Add(problem.Problem{File: f.Path, What: "can't be read as an encrypted file"})
			continue
		}
		c.blocks[f.Path] = meta
		file := File{File: f.Path, Kind: kind}
		if !meta.LastModified.IsZero() {
			written := meta.LastModified.UTC()
			file.Written = &written
		}
		c.all[at].Files = append(c.all[at].Files, file)
		if kind == "credentials" {
			c.credential(at, f)
		}
	}
	return files
}

// credential adds a user or another credential.
func (c *collection) credential(at int, f generator.File) {
	p, err := credential.Parse(f.Path, f.Data)
	if err != nil {
		c.unread.Join(err)
		return
	}
	env := &c.all[at]
	if p.Type != credential.User {
		env.Credentials = append(env.Credentials, Credential{Name: p.Name, Type: string(p.Type), File: f.Path})
		return
	}
	u := User{User: p.User, Password: "known", File: f.Path}
	if !p.Has(credential.Password) {
		u.Password = "hash only"
	}
	for _, pull := range env.PullSecrets {
		if pull.User == p.User {
			u.PullSecrets = append(u.PullSecrets, pull.Name)
		}
	}
	env.Users = append(env.Users, u)
}

// standing finds who stands how to the files of some folders, and which groups
// have to come together.
func (c *collection) standing(e repository.Environment, dirs []string, to map[string]*Reading, of func(*Reading) *Status) string {
	total, inRules, inFiles := 0, map[string]bool{}, map[string]int{}
	var together []string
	for _, dir := range dirs {
		_, files, err := c.repo.Folder(e.Root)(filepath.FromSlash(dir))
		if err != nil || len(files) == 0 {
			files = []generator.File{{Path: filepath.Join(e.Root, dir, "new.enc.yaml")}} // who will read the first one
		}
		for n, f := range files {
			rule, err := rules.FindWithin(c.top, filepath.Join(e.Root, dir, filepath.Base(f.Path)))
			switch {
			case err != nil && !rules.NoConfig(err):
				c.unread.Join(err)
			case err != nil && c.top == "" && n == 0: // the same for all of them
				c.unread.Add(problem.Problem{File: c.repo.Show(filepath.Join(e.Root, dir)), What: "no .sops.yaml in this folder or above says who may read its files", Next: "reggen init DIR --print-rules   # prints the rules for the environment DIR"})
			}
			divided := ""
			if err == nil {
				c.named(rule.Config)
				for _, id := range rule.Recipients() {
					inRules[id] = true
				}
				divided = rule.Divided()
			}
			if meta, is := c.blocks[f.Path]; is {
				total++
				ids := meta.Recipients
				if err == nil {
					ids = rule.Named(ids)
				}
				for _, id := range ids {
					inFiles[id]++
				}
				if d := meta.Divided(); d != "" {
					divided = d
				}
			}
			if divided != "" && !slices.Contains(together, divided) {
				together = append(together, divided)
			}
		}
	}
	set := func(id string, s Status) {
		if to[id] == nil {
			to[id] = &Reading{Key: id}
		}
		*of(to[id]) = s
	}
	for id := range inRules {
		switch {
		case inFiles[id] == 0:
			set(id, Next)
		case inFiles[id] < total:
			set(id, Some)
		default:
			set(id, Reads)
		}
	}
	for id := range inFiles {
		if !inRules[id] {
			set(id, Still)
		}
	}
	return strings.Join(together, "; ")
}

// named takes the names from a .sops.yaml.
func (c *collection) named(config string) {
	if _, known := c.names[config]; known {
		return
	}
	c.names[config] = nil
	if text, err := c.repo.Read(config); err == nil {
		c.names[config] = rules.Names(text)
	}
}

// readers are all recipients of all environments: those who open most first.
func (c *collection) readers() []Reader {
	weight := map[string]int{}
	for i := range c.all {
		for j := range c.all[i].Readers {
			r := &c.all[i].Readers[j]
			r.Key = rules.Shown([]string{r.Key})[0]
			weight[r.Key] += 1
			if r.Credentials != None {
				weight[r.Key] += 1 << 20
			}
		}
	}
	var out []Reader
	for key := range weight {
		out = append(out, Reader{key, c.name(key)})
	}
	slices.SortFunc(out, func(a, b Reader) int {
		if d := weight[b.Key] - weight[a.Key]; d != 0 {
			return d
		}
		if d := strings.Compare(a.Name, b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out
}

// name is what all .sops.yaml files call a recipient.
func (c *collection) name(key string) string {
	var names []string
	for _, config := range repository.SortedKeys(c.names) {
		if n := c.names[config][key]; n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}
