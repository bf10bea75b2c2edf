package sops

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	fage "filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/internal/needs"
)

// TestMain lets the test program be an age plugin too, when it is called by
// the name of one.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "age-plugin-mute" {
		os.Exit(bePlugin())
	}
	interactive = func() bool { return false }
	os.Exit(m.Run())
}

// bePlugin speaks the plugin protocol: the data of a recipient or identity is
// an X25519 one in text, behind "ask:" when the plugin is to ask first.
func bePlugin() int {
	p, err := plugin.New("mute")
	if err != nil {
		return 1
	}
	text := func(data []byte) (string, error) {
		s, ask := strings.CutPrefix(string(data), "ask:")
		if ask {
			if _, err := p.RequestValue("PIN", true); err != nil {
				return "", err
			}
		}
		return s, p.DisplayMessage("touch it")
	}
	p.HandleRecipient(func(data []byte) (fage.Recipient, error) { return lazy{string(data), text}, nil })
	p.HandleIdentity(func(data []byte) (fage.Identity, error) { return lazy{string(data), text}, nil })
	if strings.HasSuffix(os.Args[1], "recipient-v1") {
		return p.RecipientV1()
	}
	return p.IdentityV1()
}

type lazy struct {
	data string
	text func([]byte) (string, error)
}

func (l lazy) Wrap(key []byte) ([]*fage.Stanza, error) {
	s, err := l.text([]byte(l.data))
	if err != nil {
		return nil, err
	}
	r, err := fage.ParseX25519Recipient(s)
	if err != nil {
		return nil, err
	}
	return r.Wrap(key)
}

func (l lazy) Unwrap(stanzas []*fage.Stanza) ([]byte, error) {
	s, err := l.text([]byte(l.data))
	if err != nil {
		return nil, err
	}
	id, err := fage.ParseX25519Identity(s)
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

// A plugin works, and one that asks for a PIN while nobody is there fails
// instead of waiting.
func TestPlugins(t *testing.T) {
	needs.Unix(t, needs.Links)
	alone(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "age-plugin-mute")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	id, err := fage.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	plain := plugin.EncodeRecipient("mute", []byte(id.Recipient().String()))
	asking := plugin.EncodeRecipient("mute", []byte("ask:"+id.Recipient().String()))
	if _, err := Seal(context.Background(), []byte(secretDoc), ruleOf(t, "age: "+asking), Options{}); err == nil {
		t.Error("encrypted although nobody answered")
	}
	text := seal(t, secretDoc, ruleOf(t, "age: "+plain), Options{})
	t.Setenv("SOPS_AGE_KEY", plugin.EncodeIdentity("mute", []byte(id.String())))
	if _, err := Open(context.Background(), []byte(text), Keys{}); err != nil {
		t.Errorf("opening: %v", err)
	}
	t.Setenv("SOPS_AGE_KEY", plugin.EncodeIdentity("mute", []byte("ask:"+id.String())))
	if _, err := Open(context.Background(), []byte(text), Keys{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("opened although nobody answered: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	_, err = Seal(context.Background(), []byte(secretDoc), ruleOf(t, "age: "+plain), Options{})
	var l problem.List
	if !errors.As(err, &l) || !strings.Contains(l[0].Next, "age plugin") {
		t.Errorf("without the plugin: %v", err)
	}
}

// SOPS once wrote initialisation vectors of 12 bytes; Encrypt can't use one
// again.
func TestReuseOfOddVectors(t *testing.T) {
	identity, recipient := newKey(t)
	hold(t, identity)
	rule := ruleOf(t, "age: "+recipient)
	text := seal(t, secretDoc, rule, Options{})
	block, err := aes.NewCipher(open(t, text).key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, gcm.NonceSize())
	out := gcm.Seal(nil, iv, []byte(canary+"-2"), []byte("data:a2:"))
	enc := base64.StdEncoding.EncodeToString
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if strings.HasPrefix(l, "  a2:") {
			l = fmt.Sprintf("  a2: ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:str]", enc(out[:len(out)-16]), enc(iv), enc(out[len(out)-16:]))
		}
		lines = append(lines, l)
	}
	file := open(t, strings.Join(lines, "\n"))
	if !file.cipher.odd {
		t.Fatal("the vector was not noticed")
	}
	again := open(t, seal(t, secretDoc, rule, Options{Reuse: file}))
	if data, err := again.Strings("data"); err != nil || data["a2"] != canary+"-2" {
		t.Errorf("%v", err)
	}
}
