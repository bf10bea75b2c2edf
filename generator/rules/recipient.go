package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/azkv"
	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/hckms"
	"github.com/getsops/sops/v3/hcvault"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/pgp"
	"go.yaml.in/yaml/v3"
)

// Recipient is one who may read: its name, and how to make SOPS's key for it.
// A key holds the wrapped data key of one file, so each file needs its own.
// Making one can take the network: an Azure key without a version, whose ID
// then ends in a slash, has its version looked up.
type Recipient struct {
	ID     string
	Make   func() (keys.MasterKey, error)
	Remote bool // to encrypt for it a service has to be asked
}

// Local says whether a key is used on this machine alone.
func Local(key keys.MasterKey) bool {
	switch key.(type) {
	case *age.MasterKey, *pgp.MasterKey:
		return true
	}
	return false
}

// IsFingerprint says whether a recipient's name is that of a PGP key.
func IsFingerprint(id string) bool { return fingerprint().MatchString(id) }

// of is a recipient whose key takes nothing to make.
func of(k keys.MasterKey, again func() (keys.MasterKey, error)) Recipient {
	return Recipient{k.ToString(), again, !Local(k)}
}

// unique drops recipients named twice, as SOPS's deduplicateKeygroup does.
func unique(group []Recipient) []Recipient {
	seen := map[string]bool{}
	var out []Recipient
	for _, r := range group {
		if !seen[r.ID] {
			seen[r.ID] = true
			out = append(out, r)
		}
	}
	return out
}

const (
	wantAge   = "an age recipient (age1..., age1pq1..., age1NAME1... of a plugin) or an SSH public key (ssh-ed25519 ..., ssh-rsa ...)"
	wantPGP   = "the fingerprint of a PGP key, in hexadecimal digits"
	wantKMS   = "the ARN of an AWS KMS key, with +ROLE_ARN behind it for a role"
	wantGCP   = "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY"
	wantAzure = "https://VAULT.vault.azure.net/keys/NAME/VERSION"
	wantVault = "https://HOST:8200/v1/ENGINE/keys/NAME"
	wantHC    = "REGION:KEY_UUID"
)

var (
	fingerprint = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(0x)?[0-9A-Fa-f]{8,64}!?$`) })
	arnKey      = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^arn:aws[\w-]*:kms:[^:]*:[0-9]*:(key|alias)/[^+\s]+(\+arn:aws[\w-]*:(iam|sts)::[^\s]+)?$`)
	})
	gcpKey = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)
	})
	azureURL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(https://[^/]+)/keys/([^/]+)(?:/([^/]*))?$`) })
)

// one makes a recipient from what a rule calls it. It says nothing but yes or
// no: SOPS's own errors quote what they were given.
func one(kind, text, profile string) (Recipient, bool) {
	switch kind {
	case "age":
		build := func() (keys.MasterKey, error) { return age.MasterKeyFromRecipient(text) }
		k, err := age.MasterKeyFromRecipient(text)
		if err != nil {
			return Recipient{}, false
		}
		return of(k, build), true
	case "pgp":
		k := pgp.NewMasterKeyFromFingerprint(text)
		return of(k, func() (keys.MasterKey, error) { return pgp.NewMasterKeyFromFingerprint(text), nil }), fingerprint().MatchString(k.Fingerprint)
	case "kms":
		build := func() *kms.MasterKey { return kms.NewMasterKeyFromArn(text, nil, profile) }
		return of(build(), func() (keys.MasterKey, error) { return build(), nil }), arnKey().MatchString(strings.ReplaceAll(text, " ", ""))
	case "gcp_kms":
		k := gcpkms.NewMasterKeyFromResourceID(text)
		return of(k, func() (keys.MasterKey, error) { return gcpkms.NewMasterKeyFromResourceID(text), nil }), gcpKey().MatchString(k.ResourceID)
	case "hckms":
		k, err := hckms.NewMasterKey(text)
		if err != nil {
			return Recipient{}, false
		}
		return of(k, func() (keys.MasterKey, error) { return hckms.NewMasterKey(text) }), true
	case "azure_keyvault":
		m := azureURL().FindStringSubmatch(text)
		if m == nil || holdsLogin(text) {
			return Recipient{}, false
		}
		return azure(m[1], m[2], m[3]), true
	default: // hc_vault, hc_vault_transit_uri
		k, err := hcvault.NewMasterKeyFromURI(text)
		if err != nil || k == nil || holdsLogin(text) {
			return Recipient{}, false
		}
		return of(k, func() (keys.MasterKey, error) { return hcvault.NewMasterKeyFromURI(text) }), true
	}
}

func azure(url, key, version string) Recipient {
	return Recipient{fmt.Sprintf("%s/keys/%s/%s", url, key, version), func() (keys.MasterKey, error) {
		return azkv.NewMasterKeyWithOptionalVersion(url, key, version)
	}, true}
}

var wants = map[string]string{
	"age": wantAge, "pgp": wantPGP, "kms": wantKMS, "gcp_kms": wantGCP, "hckms": wantHC,
	"azure_keyvault": wantAzure, "hc_vault": wantVault, "hc_vault_transit_uri": wantVault,
}

// strings reads recipients that are written as strings.
func (r *reader) strings(f field, path string, alone bool, profile string) []Recipient {
	var out []Recipient
	for _, it := range r.texts(f.value, path, alone) {
		rec, ok := one(f.name, it.text, profile)
		switch {
		case ok:
			out = append(out, rec)
		case strings.HasPrefix(strings.ToUpper(it.text), "AGE-SECRET-KEY-"):
			r.add(it.node, path, "a private key stands where a public one belongs; whoever can read this file can read every secret", wantAge)
			r.problems[len(r.problems)-1].Next = "replace it by its public key (age-keygen -y KEYFILE), and change the key: it is not private any more"
		default:
			r.add(it.node, path, "not a valid recipient", wants[f.name])
		}
	}
	return out
}

// plain reads recipients that stand in the rule itself: one string, with
// commas, or a list. Huawei's key must be a list there.
func (r *reader) plain(f field, profile string) []Recipient {
	return r.strings(f, f.name, f.name != "hckms", profile)
}

var groupKeys = []string{"merge", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault", "age", "pgp"}

// group reads one entry of key_groups and the groups merged into it.
func (r *reader) group(n *yaml.Node, path string, depth int) []Recipient {
	if r.nodes++; depth > maxDepth || r.nodes > maxNodes {
		r.add(n, path, "too deep, or an alias that contains itself", "")
		return nil
	}
	var out []Recipient
	for _, f := range r.fields(n, path) {
		below := path + "." + f.name
		switch f.name {
		case "merge":
			for i, g := range r.list(f.value, below) {
				out = append(out, r.group(g, fmt.Sprintf("%s[%d]", below, i), depth+1)...)
			}
		case "age", "pgp", "hc_vault":
			out = append(out, r.strings(f, below, false, "")...)
		case "kms", "gcp_kms", "hckms", "azure_keyvault":
			for i, k := range r.list(f.value, below) {
				if rec, ok := r.mapped(f.name, k, fmt.Sprintf("%s[%d]", below, i)); ok {
					out = append(out, rec)
				}
			}
		default:
			r.unknown(f, path, groupKeys)
		}
	}
	return out
}

var mappedKeys = map[string][]string{
	"kms":            {"arn", "role", "context", "aws_profile"},
	"gcp_kms":        {"resource_id"},
	"hckms":          {"key_id"},
	"azure_keyvault": {"vaultUrl", "key", "version"},
}

// mapped reads a recipient that is written as a mapping.
func (r *reader) mapped(kind string, n *yaml.Node, path string) (Recipient, bool) {
	before := len(r.problems)
	text := map[string]string{}
	var context map[string]*string
	for _, f := range r.fields(n, path) {
		switch {
		case !slices.Contains(mappedKeys[kind], f.name):
			r.unknown(f, path, mappedKeys[kind])
		case f.name == "context":
			for _, c := range r.fields(f.value, path+".context") {
				if v, ok := r.text(c.value, path+".context"); ok {
					if context == nil {
						context = map[string]*string{}
					}
					context[c.name] = &v
				}
			}
		default:
			text[f.name], _ = r.text(f.value, path+"."+f.name)
		}
	}
	if len(r.problems) > before {
		return Recipient{}, false
	}
	rec, ok := Recipient{}, false
	switch kind {
	case "kms":
		build := func() *kms.MasterKey {
			return kms.NewMasterKeyWithProfile(text["arn"], text["role"], context, text["aws_profile"])
		}
		rec = of(build(), func() (keys.MasterKey, error) { return build(), nil })
		ok = arnKey().MatchString(text["arn"]) && !strings.Contains(text["arn"], "+")
	case "gcp_kms":
		rec, ok = one(kind, text["resource_id"], "")
	case "hckms":
		rec, ok = one(kind, text["key_id"], "")
	case "azure_keyvault":
		rec = azure(text["vaultUrl"], text["key"], text["version"])
		ok = strings.HasPrefix(text["vaultUrl"], "https://") && text["key"] != "" && !holdsLogin(text["vaultUrl"])
	}
	if !ok {
		r.add(n, path, "not a valid recipient", wants[kind]+" in "+strings.Join(mappedKeys[kind], ", "))
	}
	return rec, ok
}
