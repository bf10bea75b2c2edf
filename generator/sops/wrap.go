package sops

import (
	"context"
	"crypto/rand"
	"fmt"
	"sort"
	"strings"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/keys"

	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/rules"
)

// wrap chooses the data key and puts the groups of recipients into meta, the
// data key wrapped for each of them.
func wrap(ctx context.Context, meta *sops.Metadata, rule *rules.Rule, old *File, network bool) ([]byte, error) {
	key := make([]byte, 32)
	if old == nil {
		_, _ = rand.Read(key) // never fails
	} else {
		key = old.key
		if rule.Same(describe(old.meta).Readers) {
			meta.KeyGroups = old.meta.KeyGroups
			return key, nil
		}
	}
	kept := keptKeys(rule, old)
	var fresh sops.KeyGroup
	for _, group := range rule.Members {
		var made sops.KeyGroup
		for _, rec := range group {
			k, ok := kept[rec.ID]
			if !ok {
				if (rec.Remote && !network) || exposed(rec.ID) {
					return nil, unasked(rec.ID)
				}
				var err error
				if k, err = await(ctx, rec.Make); err != nil {
					return nil, unwrapped(ctx, []string{rec.ID})
				}
				fresh = append(fresh, k)
			}
			made = append(made, k)
		}
		meta.KeyGroups = append(meta.KeyGroups, made)
	}
	to := *meta
	if len(rule.Members) == 1 {
		to.KeyGroups = []sops.KeyGroup{fresh}
	}
	if len(fresh) > 0 {
		// The errors are not looked at: they are tainted, and a key that
		// stays without a wrapped data key says as much.
		_ = to.UpdateMasterKeysWithKeyServices(key, newService(ctx, network).clients())
	}
	var failed []string
	for _, k := range fresh {
		if len(k.EncryptedDataKey()) == 0 {
			failed = append(failed, k.ToString())
		}
	}
	if len(failed) > 0 {
		return nil, unwrapped(ctx, failed)
	}
	return key, nil
}

// keptKeys are the wrapped keys that can stay, by the name the rule has for
// the recipient. With several groups there are none: each recipient holds a
// share, and shares of two divisions don't fit together.
func keptKeys(rule *rules.Rule, old *File) map[string]keys.MasterKey {
	kept := map[string]keys.MasterKey{}
	if old == nil || len(rule.Members) != 1 || len(old.meta.KeyGroups) != 1 {
		return kept
	}
	for _, k := range old.meta.KeyGroups[0] {
		kept[rule.Named([]string{k.ToString()})[0]] = k
	}
	return kept
}

// unasked is the error of a key service that is not to be asked.
func unasked(id string) error {
	id = rules.Shown([]string{id})[0]
	if exposed(id) {
		return problem.Problem{What: "would send a token and a data key in the clear to " + id, Want: "https"}
	}
	return problem.Problem{What: "can't encrypt for " + id + " without asking it", Next: "if the address is the one you mean: the same command with " + NetworkFlag}
}

// unwrapped is the error of recipients that the data key could not be wrapped
// for.
func unwrapped(ctx context.Context, ids []string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("encrypting was interrupted: %w", ctx.Err())
	}
	var l problem.List
	for _, id := range rules.Shown(ids) {
		next := "check the network and the cloud credentials"
		switch {
		case strings.HasPrefix(id, "age1"):
			next = "check that the age plugin of this recipient (age-plugin-NAME) is installed and works"
		case rules.IsFingerprint(id):
			next = "gpg --recv-keys " + id + "   # or import its public key"
		}
		l.Add(problem.Problem{What: "can't encrypt for " + id, Next: next})
	}
	sort.Slice(l, func(i, j int) bool { return l[i].What < l[j].What })
	return l
}
