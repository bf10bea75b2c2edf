package movein

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/credential"
)

// dockerConfig is the key of an image pull secret.
const dockerConfig = ".dockerconfigjson"

// held are the keys of the release's own Secret, and the values that they come
// from.
var held = map[string][]string{
	"haSharedSecret": {"secrets", "haSharedSecret"}, "htpasswd": {"secrets", "htpasswd"},
	"s3AccessKey": {"secrets", "s3", "accessKey"}, "s3SecretKey": {"secrets", "s3", "secretKey"},
	"azureAccountName": {"secrets", "azure", "accountName"}, "azureAccountKey": {"secrets", "azure", "accountKey"}, "azureContainer": {"secrets", "azure", "container"},
	"swiftUsername": {"secrets", "swift", "username"}, "swiftPassword": {"secrets", "swift", "password"},
	"proxyUsername": {"proxy", "username"}, "proxyPassword": {"proxy", "password"},
}

// pull is an image pull secret of the cluster.
type pull struct {
	name, namespace string
	login           credential.Login
}

// objects takes what Secrets of the cluster hold: the values of the release's own,
// where the values file says none, and logins.
func (m *move) objects() (pulls []pull) {
	for _, o := range m.release.Secrets {
		t := copyOf(o)
		name, namespace := t.text("metadata", "name"), t.text("metadata", "namespace")
		known := false
		data, _ := t.get("data").(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(data)) {
			encoded, _ := data[key].(string)
			text, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				m.left("Secret "+name, "holds a value that is not base64, which is not taken", "")
				continue
			}
			if key == dockerConfig {
				known = true
				login, err := credential.ReadDockerConfig(text)
				if err != nil {
					m.left("Secret "+name, "holds no login that can be read", "reggen user add NAME")
					continue
				}
				pulls = append(pulls, pull{name, namespace, login})
				continue
			}
			if path, is := held[key]; is {
				known = true
				if have, _ := m.in.get(path...).(string); have == "" || isPlaceholder(have) {
					m.in.put(string(text), path...)
				}
			}
		}
		if !known {
			m.left("Secret "+name, "holds nothing of a registry's", "")
		}
	}
	slices.SortFunc(pulls, func(a, b pull) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.namespace, b.namespace))
	})
	return pulls
}

// pullSecrets makes pull secrets of the spec of those whose login the users have:
// the same user and password, in the same namespaces.
func (m *move) pullSecrets(pulls []pull) {
	for _, p := range pulls {
		i := slices.IndexFunc(m.made.Users, func(u User) bool {
			return u.Name == p.login.User && credential.Verify(u.Hash, p.login.Password)
		})
		if i < 0 {
			m.left("Secret "+p.name, "logs in as a user whom the htpasswd does not have, or with another password: it is not taken", "reggen user add NAME, then spec.pullSecrets")
			continue
		}
		m.made.Users[i].Password = p.login.Password
		at := []string{"pullSecrets", p.name}
		if have := m.out.get(append(at, "user")...); have != nil && have != p.login.User {
			m.left("Secret "+p.name, "logs in as another user in "+p.namespace+" than elsewhere: it is not taken", "give it another name")
			continue
		}
		m.out.put(p.login.User, append(at, "user")...)
		spaces, _ := m.out.get(append(at, "namespaces")...).([]any)
		if p.namespace != "" && !slices.Contains(spaces, any(p.namespace)) {
			m.out.put(append(spaces, p.namespace), append(at, "namespaces")...)
		}
		if p.login.Server != m.out["host"] {
			m.out.put(p.login.Server, append(at, "server")...)
		}
	}
}
