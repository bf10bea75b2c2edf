package sops

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/pgp"
	"google.golang.org/grpc"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
	"github.com/reggen/reggen/generator/seen"
)

// service is SOPS's local key service with an end to its patience: SOPS asks
// it without a context, so it holds the caller's.
type service struct {
	ctx     context.Context
	server  keyservice.KeyServiceServer
	network bool // what is not on this machine may be asked
}

// newService makes the key service for one file.
func newService(ctx context.Context, network bool) *service {
	if interactive() {
		return &service{ctx, keyservice.Server{}, network}
	}
	return &service{ctx, silentServer{}, network}
}

// mayAsk says whether a key may be used: those of age and PGP are here.
func (s *service) mayAsk(k *keyservice.Key) bool {
	switch k.GetKeyType().(type) {
	case *keyservice.Key_AgeKey, *keyservice.Key_PgpKey:
		return true
	}
	return s.network
}

func (s *service) clients() []keyservice.KeyServiceClient {
	return []keyservice.KeyServiceClient{s}
}

// Encrypt wraps a data key for one recipient.
func (s *service) Encrypt(_ context.Context, req *keyservice.EncryptRequest, _ ...grpc.CallOption) (*keyservice.EncryptResponse, error) {
	if !s.mayAsk(req.Key) {
		return nil, errNetwork
	}
	return await(s.ctx, func() (*keyservice.EncryptResponse, error) { return s.server.Encrypt(s.ctx, req) })
}

// Decrypt unwraps a data key with what is at hand.
func (s *service) Decrypt(_ context.Context, req *keyservice.DecryptRequest, _ ...grpc.CallOption) (*keyservice.DecryptResponse, error) {
	if !s.mayAsk(req.Key) {
		return nil, errNetwork
	}
	return await(s.ctx, func() (*keyservice.DecryptResponse, error) { return s.server.Decrypt(s.ctx, req) })
}

type answer[T any] struct {
	value T
	err   error
}

// await runs what takes no context (a passphrase prompt, a plugin, gpg, a
// cloud) and leaves it behind when the context ends. A panic in it is an
// error, without its text.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan answer[T], 1)
	go func() {
		a := answer[T]{err: errPanic}
		defer func() {
			_ = recover()
			done <- a
		}()
		a.value, a.err = f()
	}()
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case a := <-done:
		return a.value, a.err
	}
}

var errPanic = fmt.Errorf("the key service broke down")

// interactive says whether somebody sits at standard input; tests choose.
var interactive = terminal

// terminal: a character device other than the null device.
func terminal() bool {
	somebody, _ := atTerminal.Get("standard input", func() (bool, error) { return terminalNow(), nil })
	return somebody
}

func terminalNow() bool {
	in, err := os.Stdin.Stat()
	if err != nil || in.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(in, null)
}

// silentServer is SOPS's server without its prompts. For age it takes the keys
// that need no passphrase, and for PGP it leaves out SOPS's own reader of
// keyrings, which asks on standard output, and uses gpg alone.
type silentServer struct{ keyservice.Server }

// Encrypt wraps a data key. To plugins it is this package that speaks: SOPS
// would open the terminal for them.
func (s silentServer) Encrypt(ctx context.Context, req *keyservice.EncryptRequest) (*keyservice.EncryptResponse, error) {
	k, ok := req.Key.KeyType.(*keyservice.Key_AgeKey)
	if !ok {
		return s.Server.Encrypt(ctx, req)
	}
	to, err := pluginRecipient(k.AgeKey.Recipient)
	if err != nil || to == nil {
		return s.Server.Encrypt(ctx, req)
	}
	wrapped, err := encryptTo(to, req.Plaintext)
	if err != nil {
		return nil, err
	}
	return &keyservice.EncryptResponse{Ciphertext: wrapped}, nil
}

// Decrypt unwraps a data key.
func (s silentServer) Decrypt(ctx context.Context, req *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	var plain []byte
	var err error
	switch k := req.Key.KeyType.(type) {
	case *keyservice.Key_AgeKey:
		key := age.MasterKey{Recipient: k.AgeKey.Recipient, EncryptedKey: string(req.Ciphertext)}
		ids := identities(k.AgeKey.Recipient)
		if len(ids) == 0 {
			return nil, errNoIdentity // with none SOPS would look itself, and ask
		}
		ids.ApplyToMasterKey(&key)
		plain, err = key.Decrypt()
	case *keyservice.Key_PgpKey:
		key := pgp.NewMasterKeyFromFingerprint(k.PgpKey.Fingerprint)
		key.EncryptedKey = string(req.Ciphertext)
		pgp.DisableOpenPGP{}.ApplyToMasterKey(key)
		plain, err = key.DecryptContext(ctx)
	default:
		return s.Server.Decrypt(ctx, req)
	}
	if err != nil {
		return nil, err
	}
	return &keyservice.DecryptResponse{Plaintext: plain}, nil
}

// noKey is the error of a file that none of the keys at hand opens.
// left says that some of its recipients were not to be asked.
func (s *service) noKey(m Metadata, keys Keys, left bool) error {
	if s.ctx.Err() != nil {
		return fmt.Errorf("looking for a key was interrupted: %w", s.ctx.Err())
	}
	p := problem.Problem{What: "no key at hand opens it",
		Want: "a key of " + recipients(m),
		Next: "put a private key of one of them where SOPS looks for it: " + keyPlaces()}
	if !slices.ContainsFunc(m.Recipients, isAge) {
		p.Next = "check the network, the cloud credentials, and for PGP the keys that gpg has"
	}
	switch {
	case keys.Rule == nil && !keys.Network && slices.ContainsFunc(m.Recipients, func(id string) bool { return !isAge(id) }):
		p.Next += "\n(no rule of " + rules.ConfigName + " is for it: only age keys are tried then; gpg too with " + NetworkFlag + ")"
	case left && keys.Rule != nil && !keys.Network:
		p.Next += "\nor let the key services be asked that " + rules.ConfigName + " names for it: the same command with " + NetworkFlag
	case left:
		p.Next += "\n(key services that " + rules.ConfigName + " does not name for this file, or that would be asked over http, are never asked)"
	}
	if !interactive() {
		p.Next += "\n(keys that need a passphrase are left out: standard input is not a terminal)"
	}
	return fail(ErrNoKey, p)
}

// isAge says whether a recipient is opened by an age key.
func isAge(id string) bool { return strings.HasPrefix(id, "age1") || strings.HasPrefix(id, "ssh-") }

// recipients says whom a file is for. They are public.
func recipients(m Metadata) string {
	if len(m.Groups) < 2 {
		return "one of " + strings.Join(rules.Shown(m.Recipients), ", ")
	}
	var groups []string
	for _, g := range m.Groups {
		groups = append(groups, "("+strings.Join(rules.Shown(g), ", ")+")")
	}
	return fmt.Sprintf("one recipient in each of %d of these groups: %s", m.Threshold, strings.Join(groups, ", "))
}

// hasUserKeys says whether there is a file where SOPS looks when nothing is set, and
// atTerminal whether somebody is at standard input.
var hasUserKeys, atTerminal seen.Memo[bool]

// keyPlaces are the usual places for an age key, in words.
func keyPlaces() string {
	say := func(name string) string {
		if _, ok := os.LookupEnv(name); ok {
			return name + " (set)"
		}
		return name + " (not set)"
	}
	places := say(age.SopsAgeKeyFileEnv) + ", " + say(age.SopsAgeKeyEnv)
	if path := userKeys(); path != "" {
		state := "missing"
		if there, _ := hasUserKeys.Get(path, func() (bool, error) { _, err := os.Stat(path); return err == nil, nil }); there {
			state = "there"
		}
		places += fmt.Sprintf(" or %s (%s)", filepath.ToSlash(path), state)
	}
	return places
}

// userKeys is where SOPS looks for age keys when nothing is set
// (getUserConfigDir of its package age).
func userKeys() string {
	dir := ""
	if runtime.GOOS == "darwin" {
		dir = os.Getenv("XDG_CONFIG_HOME")
	}
	if dir == "" {
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, filepath.FromSlash(age.SopsAgeKeyUserConfigPath))
}
