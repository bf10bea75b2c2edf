package sops

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	fage "filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
	"github.com/getsops/sops/v3/age"
	"github.com/google/shlex"

	"github.com/reggen/reggen/generator/memo"
	"github.com/reggen/reggen/generator/seen"
)

var (
	errNoIdentity = errors.New("no age key without a passphrase is at hand")
	errAsked      = errors.New("a plugin asked, and nobody is there to answer")
)

// identities collects the age keys that take no passphrase from all places
// where SOPS looks (loadIdentities of its package age), in its order. What
// can't be read is passed over.
func identities(recipient string) age.ParsedIdentities {
	var out age.ParsedIdentities
	ssh := func(pem []byte) {
		if id, err := agessh.ParseIdentity(pem); err == nil {
			out = append(out, id)
		}
	}
	if path, ok := os.LookupEnv(age.SopsAgeSshPrivateKeyFileEnv); ok {
		ssh(contents(path))
	}
	if command, ok := os.LookupEnv(age.SopsAgeSshPrivateKeyCmdEnv); ok {
		ssh(output(command, recipient))
	}
	if home, err := os.UserHomeDir(); err == nil && home != "" {
		ssh(contents(filepath.Join(home, ".ssh", "id_ed25519")))
		ssh(contents(filepath.Join(home, ".ssh", "id_rsa")))
	}
	if keys, ok := os.LookupEnv(age.SopsAgeKeyEnv); ok {
		out = append(out, parseIdentities(strings.Join(strings.Fields(uncommented(keys)), "\n"))...)
	}
	if path, ok := os.LookupEnv(age.SopsAgeKeyFileEnv); ok {
		out = append(out, parseIdentities(string(contents(path)))...)
	}
	if command, ok := os.LookupEnv(age.SopsAgeKeyCmdEnv); ok {
		out = append(out, parseIdentities(string(output(command, recipient)))...)
	}
	if path := userKeys(); path != "" {
		out = append(out, parseIdentities(string(contents(path)))...)
	}
	return out
}

// keyFiles are the texts of key files, nil where there is none. One is read by one
// at a time: a pipe gives its text once.
var (
	keyFiles   seen.Memo[[]byte]
	keyReading sync.Mutex
)

// contents reads a key file; a key is small, and a file that is not is none.
func contents(path string) []byte {
	keyReading.Lock()
	defer keyReading.Unlock()
	text, err := keyFiles.Get(path, func() ([]byte, error) {
		text, err := readKey(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return text, err
	})
	if err != nil {
		return nil
	}
	return text
}

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, 1<<24))
}

// output runs a command of the environment that prints a key, as SOPS does.
func output(command, recipient string) []byte {
	args, err := shlex.Split(command)
	if err != nil || len(args) == 0 {
		return nil
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), age.SopsAgeRecipientEnv+"="+recipient)
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	return out
}

func uncommented(text string) string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// parseIdentities reads the identities of a key file, one a line; none when
// one of them is wrong or the file is encrypted, as in SOPS.
func parseIdentities(text string) []fage.Identity {
	if strings.Contains(text, "AGE-PLUGIN-") {
		return readIdentities(text) // they may hold something of their own
	}
	out, _ := identitiesOf.Get([]byte(text), func() ([]fage.Identity, error) { return readIdentities(text), nil })
	return out
}

// identitiesOf are the keys in texts: each file is opened with them, and to work
// a key out takes as long as to open one.
var identitiesOf memo.Of[[]fage.Identity]

func readIdentities(text string) []fage.Identity {
	var out []fage.Identity
	lines := bufio.NewScanner(bytes.NewReader([]byte(text)))
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := parseIdentity(line)
		if err != nil {
			return nil
		}
		out = append(out, id)
	}
	return out
}

func parseIdentity(line string) (fage.Identity, error) {
	switch {
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		return plugin.NewIdentity(line, mute)
	case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
		return fage.ParseHybridIdentity(line)
	}
	return fage.ParseX25519Identity(line)
}

// pluginRecipient is the recipient of an age plugin; nil when it needs none.
func pluginRecipient(recipient string) (fage.Recipient, error) {
	if !strings.HasPrefix(recipient, "age1") || strings.HasPrefix(recipient, "age1pq1") || strings.Count(recipient, "1") < 2 {
		return nil, nil
	}
	return plugin.NewRecipient(recipient, mute)
}

// encryptTo encrypts as SOPS does for an age recipient: in armor.
func encryptTo(to fage.Recipient, plain []byte) ([]byte, error) {
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := fage.Encrypt(a, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// mute answers a plugin that nobody is there. A message, such as "touch your
// key", is no question.
var mute = &plugin.ClientUI{
	DisplayMessage: func(string, string) error { return nil },
	RequestValue:   func(string, string, bool) (string, error) { return "", errAsked },
	Confirm:        func(string, string, string, string) (bool, error) { return false, errAsked },
	WaitTimer:      func(string) {},
}
