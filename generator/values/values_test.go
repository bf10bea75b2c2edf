package values

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/reggen/reggen/generator/secret"
	"github.com/reggen/reggen/generator/spec"
)

const canary = "canary-Pa55word"

// registry decodes a spec whose spec.* lines are given, with a bucket where
// none of them is about storage.
func registry(t testing.TB, lines string) *spec.Registry {
	t.Helper()
	text := "apiVersion: reggen.dev/v1alpha1\nkind: Registry\nmetadata: {name: r, namespace: n, labels: {team: \"0755\"}}\nspec:\n  host: r.example.com\n"
	if !strings.HasPrefix(lines, "  storage:") {
		text += "  storage: {s3: {provider: digitalocean, region: nyc3, bucket: space}}\n"
	}
	r, err := spec.Decode([]byte(text+lines), "")
	if err != nil {
		t.Fatalf("the spec is refused: %v", err)
	}
	return r
}

func all() secret.Source {
	return secret.Real(map[secret.Ref]string{
		secret.HTPasswd: "users", secret.HTTPSecret: "http", secret.S3AccessKey: "access", secret.S3SecretKey: "secret",
	})
}

func show(t testing.TB, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFromASpecWithS3(t *testing.T) {
	v, err := From(registry(t, "  ingress: {className: nginx, clusterIssuer: le, maxBodySize: 1g, annotations: {nginx.ingress.kubernetes.io/proxy-read-timeout: \"60\"}}\n  resources: {requests: {cpu: 50m}}\n"), all())
	if err != nil {
		t.Fatal(err)
	}
	want := `auth:
  anonymous: false
  realm: Registry
commonLabels:
  team: "0755"
image:
  digest: ""
  flavor: distribution
  pullPolicy: IfNotPresent
  repository: registry
  tag: 3.1.1
ingress:
  annotations:
    cert-manager.io/cluster-issuer: le
    nginx.ingress.kubernetes.io/proxy-body-size: 1g
    nginx.ingress.kubernetes.io/proxy-read-timeout: "60"
    nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
    nginx.ingress.kubernetes.io/proxy-send-timeout: "900"
  className: nginx
  enabled: true
  hosts:
  - r.example.com
  tls:
  - hosts:
    - r.example.com
    secretName: r-tls
replicaCount: 1
resources:
  requests:
    cpu: 50m
s3:
  bucket: space
  encrypt: false
  forcepathstyle: false
  redirect: true
  region: nyc3
  regionEndpoint: https://nyc3.digitaloceanspaces.com
  rootdirectory: ""
  secure: true
secrets:
  haSharedSecret: http
  htpasswd: users
  s3:
    accessKey: access
    secretKey: secret
storage: s3
`
	if got := show(t, v); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestStorageAndAuth(t *testing.T) {
	for lines, want := range map[string]string{
		"  storage: {filesystem: {size: 3Gi}}":                                   "persistence:map[accessMode:ReadWriteOnce enabled:true size:3Gi]",
		"  storage: {filesystem: {emptyDir: true}}":                              "persistence:map[enabled:false]",
		"  storage: {filesystem: {existingClaim: c}}":                            "persistence:map[enabled:true existingClaim:c]",
		"  storage: {s3: {region: r, bucket: space, existingSecret: {name: k}}}": "s3:map[accessKeyName:s3AccessKey secretKeyName:s3SecretKey secretRef:k]",
		"  auth: {existingSecret: {name: users}}":                                "existingSecret:map[key:htpasswd name:users]",
		"  image: {pullSecrets: [a, b]}":                                         "imagePullSecrets:[map[name:a] map[name:b]]",
		"  config: {log: {level: debug}}":                                        "configData:map[log:map[level:debug]]",
		"  values: {service: {type: NodePort}, replicaCount: 1}":                 "service:map[type:NodePort]",
		"  scheduling: {nodeSelector: {a: b}, tolerations: [{key: k, operator: Exists, tolerationSeconds: 0, effect: NoExecute}]}": "nodeSelector:map[a:b] replicaCount:1 s3",
		"  scheduling: {tolerations: [{key: k, tolerationSeconds: 0, effect: NoExecute}], priorityClassName: high}":                "tolerations:[map[effect:NoExecute key:k tolerationSeconds:0]]",
		"  scheduling: {topologySpread: [{topologyKey: zone}]}":                                                                    "topologySpreadConstraints:[map[maxSkew:1 topologyKey:zone whenUnsatisfiable:ScheduleAnyway]]",
		"  scheduling: {topologySpread: []}":                                                                                       "topologySpreadConstraints:[]",
		"  scheduling: {affinity: {nodeAffinity: {a: [1]}}}":                                                                       "affinity:map[nodeAffinity:map[a:[1]]]",
		"  service: {type: LoadBalancer, nodePort: 30500, loadBalancerSourceRanges: [10.0.0.0/8], loadBalancerIP: 10.0.0.1}":       "service:map[loadBalancerIP:10.0.0.1 loadBalancerSourceRanges:[10.0.0.0/8] nodePort:30500 type:LoadBalancer]",
		"  serviceAccount: {annotations: {eks.amazonaws.com/token-expiration: \"1\"}}":                                             "serviceAccount:map[annotations:map[eks.amazonaws.com/token-expiration:1] create:true]",
		"  serviceAccount: {create: false, name: x}":                                                                               "serviceAccount:map[create:false name:x]",
		"  extra: {env: [{name: A, value: \"\"}, {name: A_TOKEN, valueFrom: {secretKeyRef: {name: s, key: k}}}]}":                  "extraEnvVars:[map[name:A value:] map[name:A_TOKEN valueFrom:map[secretKeyRef:map[key:k name:s]]]]",
		"  extra: {volumes: [{name: v, secret: {secretName: s}}], volumeMounts: [{name: v, mountPath: /v, readOnly: false}]}":      "extraVolumeMounts:[map[mountPath:/v name:v readOnly:false]] extraVolumes:[map[name:v secret:map[secretName:s]]]",
		"  extra: {initContainers: [{name: a, image: b}]}":                                                                         "initContainers:[map[image:b name:a]]",
		"  replicas: 3\n  disruptionBudget: {minAvailable: 0}":                                                                     "podDisruptionBudget:map[minAvailable:0]",
		"  replicas: 3\n  disruptionBudget: {maxUnavailable: 25%}":                                                                 "podDisruptionBudget:map[maxUnavailable:25%]",
		"  resources: {requests: {cpu: \"1\"}}\n  autoscaling: {maxReplicas: 4, behavior: {scaleUp: {a: 1}}}":                      "autoscaling:map[behavior:map[scaleUp:map[a:1]] enabled:true maxReplicas:4 minReplicas:2 targetCPUUtilizationPercentage:75 targetMemoryUtilizationPercentage:0]",
		"  resources: {requests: {memory: \"1\"}}\n  autoscaling: {maxReplicas: 4, memory: 80}":                                    "targetCPUUtilizationPercentage:0 targetMemoryUtilizationPercentage:80]",
		"  networkPolicy: {ingressNamespaces: [{a: b}, {c: d}]}":                                                                   "networkPolicy:map[enabled:true ingressNamespaces:[map[a:b] map[c:d]]]",
		"  storage: {filesystem: {}}\n  networkPolicy: {egress: []}":                                                               "networkPolicy:map[egress:[] enabled:true]",
		"  metrics: {}": "metrics:map[enabled:true port:5001]",
		"  metrics: {serviceMonitor: {interval: 30s, labels: {a: b}}, prometheusRule: {}}": "metrics:map[enabled:true port:5001 prometheusRule:map[enabled:true] serviceMonitor:map[enabled:true interval:30s labels:map[a:b]]]",
		"  readOnly: true\n  garbageCollection: {schedule: 0 3 * * 0}":                     "garbageCollect:map[deleteUntagged:false enabled:true schedule:0 3 * * 0]",
		"  readOnly: true": "readOnly:true",
		"  proxy: {remoteURL: \"https://registry-1.docker.io\"}": "proxy:map[enabled:true remoteurl:https://registry-1.docker.io]",
		"  ingress: {className: traefik}":                        "annotations:map[] className:traefik",
	} {
		v, err := From(registry(t, lines), all())
		if err != nil {
			t.Errorf("%s: %v", lines, err)
			continue
		}
		if got := fmt.Sprint(v); !strings.Contains(got, want) {
			t.Errorf("%s: no %s in %s", lines, want, got)
		}
	}
}

// An nginx that has another class, or is the cluster's own, hears of the size
// too.
func TestMaxBodySizeCountsForEveryClass(t *testing.T) {
	for _, class := range []string{"", "className: nginx, ", "className: nginx-internal, "} {
		v, err := From(registry(t, "  ingress: {"+class+"maxBodySize: 1g}\n"), all())
		if err != nil || !strings.Contains(show(t, v["ingress"]), "nginx.ingress.kubernetes.io/proxy-body-size: 1g\n") {
			t.Errorf("%q: %v %v", class, err, v["ingress"])
		}
	}
}

// The label by which Azure gives pods a token doesn't depend on who makes the
// account, where the annotation would stand.
func TestPodsOfAnAccountAtAzure(t *testing.T) {
	for account, want := range map[string]bool{
		"{annotations: {azure.workload.identity/client-id: x}}": true,
		"{create: false, name: images}":                         true,
		"{}":                                                    false,
	} {
		v, err := From(registry(t, "  storage: {azure: {accountName: images, container: images, ambientCredentials: true}}\n  garbageCollection: {schedule: 0 3 * * 0}\n  serviceAccount: "+account+"\n"), all())
		if err != nil {
			t.Fatal(err)
		}
		collector, _ := v["garbageCollect"].(map[string]any)
		for who, labels := range map[string]any{"registry": v["podLabels"], "collector": collector["podLabels"]} {
			if got := strings.Contains(fmt.Sprint(labels), "azure.workload.identity/use:true"); got != want {
				t.Errorf("%s: %s: labels %v", account, who, labels)
			}
		}
	}
}

func TestUnsetSecretsAreLeftOut(t *testing.T) {
	v, err := From(registry(t, ""), secret.Placeholders(nil))
	if err != nil || fmt.Sprint(v["secrets"]) != "map[]" {
		t.Errorf("%v %v", err, v["secrets"])
	}
}

// Values files of old name the secrets and leave them empty: that takes none
// away, and least of all the users, without whom the registry is open to all.
func TestEmptySecretsInValuesTakeNoneAway(t *testing.T) {
	const proxy = "  proxy: {remoteURL: \"https://a.b\"}\n"
	src := secret.Real(map[secret.Ref]string{
		secret.HTPasswd: "users", secret.HTTPSecret: "http", secret.S3AccessKey: "access", secret.S3SecretKey: "secret",
		secret.ProxyUsername: "me", secret.ProxyPassword: "pass", secret.ConfigRef("REGISTRY_LOG_LEVEL"): "debug",
	})
	plain, err := From(registry(t, proxy), src)
	if err != nil {
		t.Fatal(err)
	}
	for _, lines := range []string{
		`{secrets: {haSharedSecret: "", htpasswd: "", s3: {secretRef: "", accessKey: "", secretKey: ""}}, proxy: {username: "", password: "", secretRef: ""}}`,
		"{secrets: {haSharedSecret: null, htpasswd: null, config: null, s3: null}, proxy: {username: null, password: null}}",
		"{secrets: null}",
	} {
		v, err := From(registry(t, proxy+"  values: "+lines+"\n"), src)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range [][]string{{"secrets", "htpasswd"}, {"secrets", "haSharedSecret"}, {"secrets", "config", "REGISTRY_LOG_LEVEL"}, {"secrets", "s3", "accessKey"},
			{"secrets", "s3", "secretKey"}, {"proxy", "username"}, {"proxy", "password"}} {
			get := func(v map[string]any) any {
				for _, k := range at[:len(at)-1] {
					v, _ = v[k].(map[string]any)
				}
				return v[at[len(at)-1]]
			}
			if get(v) == nil || get(v) != get(plain) {
				t.Errorf("%s: %v is %v", lines, at, get(v))
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	const way = "\n  next: a spec and its values are readable; secrets belong in an encrypted credential:\n        reggen credential set s3, reggen user add NAME, or sops edit for the machine's"
	for lines, want := range map[string]string{
		// What looks like a secret.
		"  values: {secrets: {htpasswd: " + canary + "}}":                                                   "spec.values.secrets.htpasswd: looks like a secret" + way,
		"  values: {proxy: {password: " + canary + "}}":                                                     "spec.values.proxy.password: looks like a secret" + way,
		"  values: {extraEnvVars: [{name: REGISTRY_HTTP_SECRET, value: " + canary + "}]}":                   "spec.values.extraEnvVars[0].value: looks like a secret, of the variable REGISTRY_HTTP_SECRET; expected valueFrom.secretKeyRef" + way,
		"  values: {podAnnotations: {x: \"$2y$10$" + canary + "\"}}":                                        "spec.values.podAnnotations.x: looks like a secret" + way,
		"  values: {podAnnotations: {x: \"https://u:" + canary + "@h\"}}":                                   "spec.values.podAnnotations.x: looks like a secret" + way,
		"  config: {notifications: {endpoints: [{headers: {Authorization-Token: " + canary + "}}]}}":        "spec.config.notifications.endpoints[0].headers.Authorization-Token: looks like a secret" + way,
		"  config: {redis: {password: /" + canary + "/x}}":                                                  "spec.config.redis.password: looks like a secret" + way,
		"  config: {redis: {password: " + canary + "}}":                                                     "spec.config.redis.password: looks like a secret" + way,
		"  config: {notifications: {endpoints: [{headers: {Authorization: [\"Bearer " + canary + "\"]}}]}}": "spec.config.notifications.endpoints[0].headers.Authorization: looks like a secret" + way,
		"  config: {passwords: [" + canary + "]}":                                                           "spec.config.passwords: looks like a secret" + way,
		"  config: {log: {fields: {x: \"alice:$2y$05$" + canary + "\"}}}":                                   "spec.config.log.fields.x: looks like a secret" + way,
		"  values: {initContainers: [{args: [\"--password=" + canary + "\"]}]}":                             "spec.values.initContainers[0].args[0]: looks like a secret" + way,
		"  values: {podAnnotations: {x: AKIA1234567890ABCDEF}}":                                             "spec.values.podAnnotations.x: looks like a secret" + way,
		// What the spec says.
		"  values: {configData: {http: {addr: \":80\"}}}":                                                                                          "spec.values.configData.http.addr: the Service and the probes rely on :5000; expected no other address",
		"  values: {extraEnvVars: [{name: REGISTRY_AUTH, value: none}]}":                                                                           "spec.values.extraEnvVars[0]: REGISTRY_AUTH would overrule the spec; expected spec.auth, spec.storage or a credential",
		"  values: {podLabels: {app: a, team: b}, service: {labels: {release: c}}}":                                                                "spec.values.podLabels.app: is one of the chart's own: pods are selected by it or named by it; expected another key\nspec.values.service.labels.release: is one of the chart's own: pods are selected by it or named by it; expected another key",
		"  values: {replicaCount: 3}":                                                                                                              "spec.values.replicaCount: says something else than the spec; expected spec.replicas\n  next: set it there and take it out of spec.values",
		"  values: {s3: {region: ams3}}":                                                                                                           "spec.values.s3.region: says something else than the spec; expected spec.storage.s3\n  next: set it there and take it out of spec.values",
		"  values: {image: {tag: \"2\"}}":                                                                                                          "spec.values.image.tag: says something else than the spec; expected spec.image\n  next: set it there and take it out of spec.values",
		"  values: {storage: filesystem}":                                                                                                          "spec.values.storage: says something else than the spec; expected spec.storage\n  next: set it there and take it out of spec.values",
		"  service: {annotations: {x: \"Bearer " + canary + "\"}}":                                                                                 "spec.service.annotations.x: looks like a secret" + way,
		"  serviceAccount: {annotations: {x.y/z: \"https://u:" + canary + "@h\"}}":                                                                 "spec.serviceAccount.annotations[x.y/z]: looks like a secret" + way,
		"  service: {type: NodePort}\n  values: {service: {type: ClusterIP}}":                                                                      "spec.values.service.type: says something else than the spec; expected spec.service\n  next: set it there and take it out of spec.values",
		"  serviceAccount: {}\n  values: {serviceAccount: {create: false}}":                                                                        "spec.values.serviceAccount.create: says something else than the spec; expected spec.serviceAccount\n  next: set it there and take it out of spec.values",
		"  extra: {env: [{name: A_TOKEN, value: " + canary + "}]}":                                                                                 "spec.extra.env[0].value: looks like a secret, of the variable A_TOKEN; expected valueFrom.secretKeyRef" + way,
		"  extra: {initContainers: [{name: a, image: b, env: [{name: PASSWORD, value: " + canary + "}]}]}":                                         "spec.extra.initContainers[0].env[0].value: looks like a secret, of the variable PASSWORD; expected valueFrom.secretKeyRef" + way,
		"  extra: {env: [{name: A, value: \"https://u:" + canary + "@h\"}]}":                                                                       "spec.extra.env[0].value: looks like a secret" + way,
		"  extra: {env: [{name: REGISTRY_STORAGE, value: inmemory}]}":                                                                              "spec.extra.env[0]: REGISTRY_STORAGE would overrule the spec; expected spec.auth, spec.storage or a credential",
		"  extra: {env: [{name: A, value: b}]}\n  values: {extraEnvVars: [{name: A, value: c}]}":                                                   "spec.values.extraEnvVars: says something else than the spec; expected spec.extra.env\n  next: set it there and take it out of spec.values",
		"  replicas: 2\n  disruptionBudget: {maxUnavailable: 1}\n  values: {podDisruptionBudget: {maxUnavailable: 0}}":                             "spec.values.podDisruptionBudget.maxUnavailable: says something else than the spec; expected spec.disruptionBudget\n  next: set it there and take it out of spec.values",
		"  resources: {requests: {cpu: \"1\"}}\n  autoscaling: {maxReplicas: 4}\n  values: {replicaCount: 2}":                                      "spec.values.replicaCount: stands beside spec.autoscaling; expected one of the two",
		"  resources: {requests: {cpu: \"1\"}}\n  autoscaling: {maxReplicas: 4}\n  values: {autoscaling: {targetMemoryUtilizationPercentage: 60}}": "spec.values.autoscaling.targetMemoryUtilizationPercentage: says something else than the spec; expected spec.autoscaling\n  next: set it there and take it out of spec.values",
		"  networkPolicy: {ingressNamespaces: [{a: b}]}\n  values: {networkPolicy: {enabled: false}}":                                              "spec.values.networkPolicy.enabled: says something else than the spec; expected spec.networkPolicy\n  next: set it there and take it out of spec.values",
		"  metrics: {}\n  values: {metrics: {port: 5002}}":                                                                                         "spec.values.metrics.port: says something else than the spec; expected spec.metrics\n  next: set it there and take it out of spec.values",
		"  metrics: {}\n  config: {http: {debug: {addr: \":1\"}}}":                                                                                 "spec.config.http.debug: the spec says it; expected spec.metrics",
		"  readOnly: true\n  values: {readOnly: false}":                                                                                            "spec.values.readOnly: says something else than the spec; expected spec.readOnly\n  next: set it there and take it out of spec.values",
		"  config: {storage: {maintenance: {readonly: {enabled: true}}}}":                                                                          "spec.config.storage.maintenance.readonly: the spec says it; expected spec.readOnly",
		"  proxy: {remoteURL: \"https://a.b\"}\n  values: {proxy: {remoteurl: \"https://c.d\"}}":                                                   "spec.values.proxy.remoteurl: says something else than the spec; expected spec.proxy\n  next: set it there and take it out of spec.values",
		"  proxy: {remoteURL: \"https://a.b\"}\n  config: {proxy: {remoteurl: x, ttl: 1h}}":                                                        "spec.config.proxy.remoteurl: the spec says it; expected spec.proxy.remoteURL",
		"  extra: {env: [{name: REGISTRY_HTTP_DEBUG_ADDR, value: x}]}":                                                                             "spec.extra.env[0]: REGISTRY_HTTP_DEBUG_ADDR would overrule the spec; expected spec.metrics",
		"  values: {extraEnvVars: [{name: REGISTRY_PROXY_REMOTEURL, value: x}]}":                                                                   "spec.values.extraEnvVars[0]: REGISTRY_PROXY_REMOTEURL would overrule the spec; expected spec.proxy.remoteURL",
		"  scheduling: {nodeSelector: {a: b}}\n  values: {nodeSelector: {a: c}}":                                                                   "spec.values.nodeSelector.a: says something else than the spec; expected spec.scheduling.nodeSelector\n  next: set it there and take it out of spec.values",
		"  config: {auth: {silly: {realm: x}}}":                                                                                                    "spec.config.auth: the spec says who gets in; expected spec.auth",
		"  config: {storage: {filesystem: {}}}":                                                                                                    "spec.config.storage.filesystem: the spec stores elsewhere; expected spec.storage",
		"  config: {storage: {s3: {region: ams3}}}":                                                                                                "spec.config.storage.s3.region: the spec says it; expected spec.storage.s3",
		"  config: {storage: {redirect: {disable: true}}}":                                                                                         "spec.config.storage.redirect.disable: the spec says it; expected spec.storage.s3.redirect",
		"  config: {http: {addr: \":80\"}}":                                                                                                        "spec.config.http.addr: the Service and the probes rely on :5000; expected no other address",
		"  values: {auth: {existingSecret: {name: x}}}":                                                                                            "spec.values.auth.existingSecret.name: names a Secret that the spec doesn't know of; expected spec.auth.existingSecret\n  next: set it there and take it out of spec.values",
		"  values: {secrets: {s3: {secretRef: x}}}":                                                                                                "spec.values.secrets.s3.secretRef: names a Secret that the spec doesn't know of; expected spec.storage.s3.existingSecret\n  next: set it there and take it out of spec.values",
		"  proxy: {remoteURL: \"https://a.b\"}\n  values: {proxy: {secretRef: x}}":                                                                 "spec.values.proxy.secretRef: names a Secret that the spec doesn't know of; expected spec.proxy.existingSecret\n  next: set it there and take it out of spec.values",
		"  values: {garbageCollect: {schedule: daily}}":                                                                                            "spec.values.garbageCollect.schedule: has 1 fields with a space between them, not 5; expected minute, hour, day of the month, month, day of the week, for instance 0 3 * * 0",
		"  config: {health: null}":                                                                                                                 "spec.config.health: is null, which changes nothing; expected settings, or leave it out",
		"  config: {proxy: {remoteurl: \"https://a.b\"}}":                                                                                          "spec.config.proxy.remoteurl: the spec says it; expected spec.proxy.remoteURL",
		"  config: {redis: {addrs: [\"a:1\"]}}":                                                                                                    "spec.config.redis: has no effect: nothing is kept there; expected spec.redis",
		"  config: {http: {tls: {certificate: /x}}}":                                                                                               "spec.config.http.tls.certificate: the probes, the Service and what stands before it have to know; expected spec.tls",
		"  tls: {secretName: x}\n  config: {http: {tls: {clientcas: [/x]}}}":                                                                       "spec.config.http.tls.clientcas: the kubelet's probes have no certificate to show; expected clientauth: verify-client-cert-if-given beside it",
		"  redis: {addrs: [\"a:1\"]}\n  extra: {env: [{name: REGISTRY_REDIS_ADDRS, value: x}]}":                                                    "spec.extra.env[0]: REGISTRY_REDIS_ADDRS would overrule the spec; expected spec.redis",
		"  config: {http: {host: https://other}}":                                                                                                  "spec.config.http.host: the spec says it; expected spec.host",
	} {
		_, err := From(registry(t, lines), all())
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got: %v\nwant: %s", strings.ReplaceAll(lines, canary, "(a secret)"), err, want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Error("the message quotes the secret")
		}
	}
}

func TestWhatOnlySoundsLikeASecretIsFine(t *testing.T) {
	for _, lines := range []string{
		"  values: {imagePullSecrets: [{name: x}]}",
		"  values: {tlsSecretName: x}",
		"  values: {extraEnvVars: [{name: A_TOKEN, valueFrom: {secretKeyRef: {name: s, key: k}}}]}",
		"  values: {extraVolumes: [{name: v, secret: {secretName: s}}]}",
		"  config: {http: {headers: {X-Token-Realm: [a]}}}",
		"  config: {storage: {delete: {enabled: true}, s3: {chunksize: 1}}}",
		"  config: {http: {host: https://r.example.com}}",
		"  config: {http: {headers: {Access-Control-Allow-Credentials: [\"true\"]}}}",
		"  values: {configData: {http: {addr: \":5000\"}}}",
		"  config: {middleware: {storage: [{name: cloudfront, options: {privatekey: /etc/cloudfront/pk.pem}}]}}",
		"  extra: {env: [{name: GOOGLE_APPLICATION_CREDENTIALS, value: /var/run/secrets/google/config.json}]}",
		"  tls: {secretName: x}\n  config: {http: {tls: {minimumtls: tls1.3, clientcas: [/x], clientauth: verify-client-cert-if-given}}}",
		"  config: {storage: {cache: {blobdescriptor: redis}}, redis: {addrs: [\"a:1\"]}}",
	} {
		if _, err := From(registry(t, lines), all()); err != nil {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// A password in a URL is refused in every annotation.
func TestPasswordsInAnnotationsAreRefused(t *testing.T) {
	const url = "https://me:canary@example.com"
	for _, r := range []*spec.Registry{
		registryWith(t, func(r *spec.Registry) { r.Metadata.Annotations = map[string]string{"a": url} }),
		registryWith(t, func(r *spec.Registry) {
			r.Spec.Ingress = &spec.Ingress{Annotations: map[string]string{"nginx.ingress.kubernetes.io/auth-url": url}}
		}),
		registryWith(t, func(r *spec.Registry) { r.Spec.Gateway = &spec.Gateway{Annotations: map[string]string{"a": url}} }),
	} {
		if _, err := From(r, all()); err == nil || !strings.Contains(err.Error(), "looks like a secret") || strings.Contains(err.Error(), "canary") {
			t.Errorf("got: %v", err)
		}
	}
}

func registryWith(t *testing.T, change func(*spec.Registry)) *spec.Registry {
	t.Helper()
	r := registry(t, "")
	change(r)
	return r
}
