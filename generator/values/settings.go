package values

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

func proxy(p *spec.Proxy) map[string]any {
	out := map[string]any{"enabled": true, "remoteurl": p.RemoteURL}
	if p.TTL != "" {
		out["ttl"] = p.TTL
	}
	if e := p.ExistingSecret; e != nil {
		out["secretRef"], out["usernameName"], out["passwordName"] = e.Name, e.Username, e.Password
	}
	return out
}

// notifications are the endpoints as the registry has them: a list, in the
// order of their names.
func notifications(n *spec.Notifications) map[string]any {
	return map[string]any{"endpoints": endpoints(n, nil), "includeReferences": n.IncludeReferences}
}

// endpoints is the list, with secret headers by endpoint and name.
func endpoints(n *spec.Notifications, headers map[string]map[string]string) []any {
	var out []any
	for _, name := range slices.Sorted(maps.Keys(n.Endpoints)) {
		e := n.Endpoints[name]
		one := map[string]any{"name": name, "url": e.URL}
		for k, d := range map[string]string{"timeout": e.Timeout, "backoff": e.Backoff} {
			if d != "" {
				one[k] = d
			}
		}
		if e.Threshold != nil {
			one["threshold"] = *e.Threshold
		}
		if e.Disabled {
			one["disabled"] = true
		}
		ignore := map[string]any{}
		if len(e.IgnoredMediaTypes) > 0 {
			ignore["mediatypes"] = list(e.IgnoredMediaTypes)
		}
		if len(e.IgnoredActions) > 0 {
			ignore["actions"] = list(e.IgnoredActions)
		}
		if len(ignore) > 0 {
			one["ignore"] = ignore
		}
		all := map[string]any{}
		for k, v := range e.Headers {
			all[k] = []any{v}
		}
		for k, v := range headers[name] {
			all[k] = []any{json.RawMessage(`"` + v + `"`)}
		}
		if len(all) > 0 {
			one["headers"] = all
		}
		out = append(out, one)
	}
	return out
}

func list(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

// login is that of a cache, where it has one.
func login(r *spec.Registry, src secret.Source) map[string]any {
	out := map[string]any{}
	if r.Spec.Proxy == nil {
		return out
	}
	for name, ref := range map[string]secret.Ref{"username": secret.ProxyUsername, "password": secret.ProxyPassword} {
		if v, ok := src.Value(ref); ok {
			out[name] = v
		}
	}
	return out
}

// endpointsVariable is the variable in which the whole list of endpoints goes
// into the Secret when a header is secret: the registry can't be told of one
// entry of a list.
const endpointsVariable = "REGISTRY_NOTIFICATIONS_ENDPOINTS"

// config are the secret settings. Which there are the source knows, by their
// names.
func config(out map[string]any, r *spec.Registry, src secret.Source) map[string]any {
	settings := map[string]any{}
	headers := map[string]map[string]string{}
	for _, ref := range src.Refs() {
		name, is := strings.CutPrefix(string(ref), string(secret.ConfigRef("")))
		if !is {
			continue
		}
		v, _ := src.Value(ref)
		parts := strings.SplitN(name, ".", 3)
		if len(parts) < 3 {
			settings[name] = v
			continue
		}
		if headers[parts[1]] == nil {
			headers[parts[1]] = map[string]string{}
		}
		headers[parts[1]][parts[2]] = v
	}
	if n := r.Spec.Notifications; n != nil && len(headers) > 0 {
		settings[endpointsVariable] = flow(endpoints(n, headers))
		delete(out["notifications"].(map[string]any), "endpoints")
	}
	return settings
}

// flow writes the endpoints on one line of YAML, as JSON. Secret headers are
// escaped for that already and go in as they are.
func flow(list []any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(list); err != nil {
		panic("maps, lists and escaped text can't fail to encode")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
