package spec

import "fmt"

// shared is a registry of n replicas on a volume that takes them.
func shared(n int) string {
	return withVolume(fmt.Sprintf("{accessMode: ReadWriteMany}\n  replicas: %d", n))
}

// scaled is a registry on a volume with autoscaling.
func scaled(volume, autoscaling string) string {
	return withVolume(volume) + "  resources: {requests: {cpu: 50m}}\n  autoscaling: " + autoscaling + "\n"
}

// badPods are bad settings of the registry's pods and of what stands around
// them.
var badPods = []bad{
	{"scheduling null", onVolume + `  scheduling: null
`,
		"spec.scheduling: is null; expected a mapping: write {} for the defaults, or leave the field out"},
	{"scheduling mistyped", onVolume + `  scheduling: {nodeSelectors: {a: b}, tolerations: [{keys: a}]}
`,
		`spec.scheduling.nodeSelectors: unknown field; did you mean "nodeSelector"?
spec.scheduling.tolerations[0].keys: unknown field; did you mean "key"?`},
	{"scheduling names", onVolume + `  scheduling: {priorityClassName: High, nodeSelector: {a b: c, d: e f}}
`,
		`spec.scheduling.nodeSelector.d: "e f" is not a label's value; expected at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.scheduling.nodeSelector["a b"]: the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.scheduling.priorityClassName: "High" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253`},
	{"affinity", onVolume + `  scheduling: {affinity: {podAntiAfinity: {}, podAffinity: {}, nodeAffinity: x}}
`,
		`spec.scheduling.affinity.nodeAffinity: says nothing; expected a mapping, as a pod's affinity has it
spec.scheduling.affinity.podAffinity: says nothing; expected a mapping, as a pod's affinity has it
spec.scheduling.affinity.podAntiAfinity: is no affinity of a pod; expected nodeAffinity, podAffinity or podAntiAffinity; did you mean "podAntiAffinity"?`},
	{"tolerations", onVolume + `  scheduling: {tolerations: [{}, null, {key: a, operator: Exists, value: b}, {key: a, operator: exists}, {key: a/b/c, effect: NoSchedul, tolerationSeconds: 1}, {key: a, value: b c, effect: NoExecute, tolerationSeconds: -1}]}
`,
		`spec.scheduling.tolerations[0].key: is missing; expected the taint's key, or operator: Exists, which tolerates every taint
spec.scheduling.tolerations[1]: is null; expected a mapping
spec.scheduling.tolerations[2].value: stands beside operator: Exists, which any value satisfies; expected operator: Equal, or no value
spec.scheduling.tolerations[3].operator: is "exists"; expected Equal or Exists; did you mean "Exists"?
spec.scheduling.tolerations[4].effect: is "NoSchedul"; expected NoSchedule, PreferNoSchedule or NoExecute; did you mean "NoSchedule"?
spec.scheduling.tolerations[4].key: the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.scheduling.tolerations[4].tolerationSeconds: has a meaning only with effect: NoExecute; expected that, or no tolerationSeconds
spec.scheduling.tolerations[5].tolerationSeconds: is -1; expected at least 0
spec.scheduling.tolerations[5].value: "b c" is not a label's value; expected at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends`},
	{"service", onVolume + `  service: {type: Loadbalancer, nodePort: 0, annotations: {a b: c}, loadBalancerIP: 1.2.3, loadBalancerSourceRanges: [10.0.0.1, 10.0.0.1/8, 10.0.0.0/8, 10.0.0.0/8]}
`,
		`spec.service.annotations["a b"]: the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.service.loadBalancerIP: "1.2.3" is not an address; expected one, for instance 203.0.113.10
spec.service.loadBalancerSourceRanges[0]: "10.0.0.1" is not a range of addresses; expected one, for instance 192.0.2.0/24; a single address ends in /32, or /128
spec.service.loadBalancerSourceRanges[1]: "10.0.0.1/8" has bits set behind its prefix; expected 10.0.0.0/8
spec.service.loadBalancerSourceRanges[3]: stands in the list twice
spec.service.nodePort: is 0; expected a port: 30000 to 32767 unless the cluster has another range
spec.service.type: is "Loadbalancer"; expected ClusterIP, NodePort or LoadBalancer; did you mean "LoadBalancer"?`},
	{"service of another type", onVolume + `  service: {nodePort: 30500, loadBalancerIP: 10.0.0.1, loadBalancerSourceRanges: [10.0.0.0/8]}
`,
		`spec.service.loadBalancerIP: a Service of type ClusterIP has no load balancer; expected type LoadBalancer, or no loadBalancerIP
spec.service.loadBalancerSourceRanges: a Service of type ClusterIP has no load balancer; expected type LoadBalancer, or no loadBalancerSourceRanges
spec.service.nodePort: a Service of type ClusterIP has no port on nodes; expected type NodePort or LoadBalancer, or no nodePort`},
	{"service account", onVolume + `  serviceAccount: {name: A_b, annotations: {reggen.dev/a: b}}
`,
		`spec.serviceAccount.annotations["reggen.dev/a"]: reggen.dev/ is reggen's own; expected another key
spec.serviceAccount.name: "A_b" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253`},
	{"foreign service account", onVolume + `  serviceAccount: {create: false, annotations: {a: b}}
`,
		`spec.serviceAccount.annotations: stand beside create: false, and reggen doesn't touch an account that it doesn't make; expected annotations on that account where it is made, or create: true
spec.serviceAccount.name: is missing: create is false, and pods would run as default; expected the name of the account that something else brings`},
	{"extra, not text", onVolume + `  extra: {env: [{name: A, value: 1}], volumes: [a], volumeMounts: {}, initContainers: [null]}
`,
		`spec.extra.env[0].value: is a number; expected text: quote it
spec.extra.initContainers[0]: is null; expected a mapping
spec.extra.volumeMounts: is a mapping; expected a list
spec.extra.volumes[0]: is text; expected a mapping`},
	{"extra variables", onVolume + `  extra: {env: [{value: a}, {name: 1A, value: a}, {name: A}, {name: A, value: '', valueFrom: {}}]}
`,
		`spec.extra.env[0].name: is missing; expected the variable's name
spec.extra.env[1].name: "1A" is not the name of a variable; expected letters, digits, '_', '-' and '.', no digit first
spec.extra.env[2]: has neither value nor valueFrom; expected one of the two
spec.extra.env[3]: has both value and valueFrom; expected one of the two
spec.extra.env[3].name: "A" stands in the list twice`},
	{"extra volumes", onVolume + `  extra: {volumes: [{emptyDir: {}}, {name: A_b, emptyDir: {}}, {name: data, emptyDir: {}}, {name: a, hostPath: {path: /}}, {name: a}, {name: 1, emptyDir: {}}]}
`,
		`spec.extra.volumes[0]: names no source, or several; expected a name and one source, for instance configMap: {name: ca}
spec.extra.volumes[0].name: is missing; expected a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends
spec.extra.volumes[1].name: is not a name; expected a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends
spec.extra.volumes[2].name: "data" is one of the chart's own volumes; expected another name
spec.extra.volumes[3].hostPath: is a folder of the node, which Pod Security restricted forbids; expected a configMap, a secret, a claim or an emptyDir
spec.extra.volumes[4]: names no source, or several; expected a name and one source, for instance configMap: {name: ca}
spec.extra.volumes[4].name: "a" stands in the list twice
spec.extra.volumes[5].name: is not a name; expected a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends`},
	{"extra mounts", onVolume + `  extra: {volumes: [{name: a, emptyDir: {}}], volumeMounts: [{}, {name: b, mountPath: b}, {name: a, mountPath: /etc}, {name: a, mountPath: /x/, subPath: ../y}, {name: a, mountPath: /x}, {name: a, mountPath: /auth}]}
`,
		`spec.extra.volumeMounts[0].mountPath: is missing; expected an absolute path in the container
spec.extra.volumeMounts[0].name: is missing; expected the name of one of spec.extra.volumes
spec.extra.volumeMounts[1].mountPath: "b" is not an absolute path; expected one, without a colon
spec.extra.volumeMounts[1].name: "b" is none of spec.extra.volumes; expected one that stands there
spec.extra.volumeMounts[2].mountPath: would hide /etc/distribution, which the registry needs; expected another path
spec.extra.volumeMounts[3].subPath: is absolute or has .. in it; expected a path inside the volume
spec.extra.volumeMounts[4].mountPath: has a mount already; expected another path
spec.extra.volumeMounts[5].mountPath: would hide /auth, which the registry needs; expected another path`},
	{"extra containers", onVolume + `  extra: {initContainers: [{}, {name: a, image: b}, {name: a, image: b}]}
`,
		`spec.extra.initContainers[0].image: is missing; expected the container's image
spec.extra.initContainers[0].name: is missing; expected a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends
spec.extra.initContainers[2].name: "a" stands in the list twice`},
	{"autoscaling of nothing", withS3("{region: eu-central-1, bucket: images}\n  autoscaling: {}"),
		`spec.autoscaling.cpu: is a share of what the container requests, and it requests no cpu; expected spec.resources.requests.cpu
spec.autoscaling.maxReplicas: is missing; expected the most pods that there may be`},
	{"autoscaling beside replicas", shared(2) + `  autoscaling: {maxReplicas: 1, memory: 0, behavior: {scaledown: {}}}
`,
		`spec.autoscaling: stands beside spec.replicas: each build would set the number of pods back that the cluster has chosen; expected one of the two
  next: remove one; in an overlay's patch, replicas: null takes out what the base has set
spec.autoscaling.behavior.scaledown: is no direction; expected scaleDown or scaleUp; did you mean "scaleDown"?
spec.autoscaling.maxReplicas: is 1, and minReplicas is 2; expected at least that
spec.autoscaling.memory: is 0; expected at least 1
spec.autoscaling.memory: is a share of what the container requests, and it requests no memory; expected spec.resources.requests.memory`},
	{"autoscaling from zero", scaled("{}", "{minReplicas: 0, maxReplicas: 0}"),
		`spec.autoscaling.maxReplicas: is 0; expected at least 1
spec.autoscaling.minReplicas: is 0; expected at least 1`},
	{"autoscaling on one volume", scaled("{}", "{maxReplicas: 3}"),
		"spec.autoscaling.maxReplicas: is 3, and a ReadWriteOnce volume belongs to one node or pod; expected 1, or spec.storage.s3, or a volume with accessMode: ReadWriteMany"},
	{"autoscaling on emptyDir", scaled("{emptyDir: true}", "{maxReplicas: 3}"),
		"spec.autoscaling.maxReplicas: is 3, and an emptyDir is each pod's own: every replica would hold other images; expected 1, or spec.storage.s3, or a volume with accessMode: ReadWriteMany"},
	{"autoscaling and a budget", scaled("{accessMode: ReadWriteMany}", "{maxReplicas: 3, minReplicas: 1}") + "  disruptionBudget: {maxUnavailable: 1}\n",
		"spec.disruptionBudget: with one replica it either blocks every drain of the pod's node or protects nothing; expected spec.autoscaling.minReplicas of at least 2, or no spec.disruptionBudget"},
	{"network policy of nothing", onVolume + `  networkPolicy: {}
`,
		"spec.networkPolicy: says nothing; expected ingressNamespaces, egress, or both: reggen doesn't guess where traffic comes from"},
	{"network policy for nobody", withS3("{region: eu-central-1, bucket: images}\n  networkPolicy: {ingressNamespaces: [], egress: []}"),
		`spec.networkPolicy.egress: is empty, so the registry could reach neither its bucket nor DNS; expected rules for both, or no egress
spec.networkPolicy.ingressNamespaces: is empty, so nobody could reach the registry; expected the labels of the namespaces that may, for instance kubernetes.io/metadata.name: ingress`},
	{"network policy that cuts a container off", minimal + "  storage: {azure: {accountName: images, container: images}}\n" + "  networkPolicy: {egress: []}\n",
		"spec.networkPolicy.egress: is empty, so the registry could reach neither its bucket nor DNS; expected rules for both, or no egress"},
	{"network policy that cuts a cache off", onVolume + "  proxy: {remoteURL: \"https://a.example.com\"}\n  networkPolicy: {egress: []}\n",
		"spec.networkPolicy.egress: is empty, so the cache could reach neither spec.proxy.remoteURL nor DNS; expected rules for both, or no egress"},
	{"network policy that cuts Redis off", onVolume + "  redis: {addrs: [\"a:1\"]}\n  networkPolicy: {egress: []}\n",
		"spec.networkPolicy.egress: is empty, so the registry could reach neither Redis nor DNS; expected rules for both, or no egress"},
	{"network policy that cuts notifications off", onVolume + "  notifications: {endpoints: {a: {url: \"https://a.example.com\"}}}\n  networkPolicy: {egress: []}\n",
		"spec.networkPolicy.egress: is empty, so the registry could reach none of spec.notifications.endpoints; expected rules for them and for DNS, or no egress"},
	{"network policy", onVolume + `  networkPolicy: {ingressNamespaces: [{}, {a: b c}], egress: [{port: []}, {to: {}}, null]}
`,
		`spec.networkPolicy.egress[0].port: is no field of a rule; expected ports or to; did you mean "ports"?
spec.networkPolicy.egress[1].to: is no list; expected a list, as a NetworkPolicy has it
spec.networkPolicy.egress[2]: is null; expected a mapping
spec.networkPolicy.ingressNamespaces[0]: has no labels, which would select every namespace; expected labels, or no ingressNamespaces
spec.networkPolicy.ingressNamespaces[1].a: "b c" is not a label's value; expected at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends`},
	{"metrics", onVolume + `  metrics: {port: 5000, serviceMonitor: {interval: 30, labels: {app: x, app.kubernetes.io/name: x}}, prometheusRule: {labels: {a: b c}}}
`,
		`spec.metrics.port: is 5000, where the registry itself listens; expected a free port from 1024 to 65535, for instance 5001
spec.metrics.prometheusRule.labels.a: "b c" is not a label's value; expected at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.metrics.serviceMonitor.interval: is a number; expected text: quote it
spec.metrics.serviceMonitor.labels["app.kubernetes.io/name"]: is one of the chart's own: objects are kept track of by it; expected another key`},
	{"metrics on a low port", onVolume + `  metrics: {port: 80, serviceMonitor: {interval: '30'}}
`,
		`spec.metrics.port: is 80, and the registry doesn't run as root; expected a free port from 1024 to 65535, for instance 5001
spec.metrics.serviceMonitor.interval: "30" is not a duration as Prometheus writes it; expected one, for instance 30s`},
	{"garbage collection on no day", onVolume + `  garbageCollection: {schedule: '0 3 * * 7'}
`,
		`spec.garbageCollection.schedule: its day of the week is not from 0 to 6, or ends before it begins; expected minute, hour, day of the month, month, day of the week, for instance 0 3 * * 0`},
	{"garbage collection at no time", onVolume + `  readOnly: true
  garbageCollection: {}
`,
		"spec.garbageCollection.schedule: is missing; expected when to collect, as cron has it, for instance 0 3 * * 0"},
	{"garbage collection on emptyDir", withVolume("{emptyDir: true}\n  readOnly: true\n  garbageCollection: {schedule: 0 3 * * 0}"),
		"spec.garbageCollection: runs in a pod of its own, and an emptyDir is the registry's pod's alone; expected another storage, or no garbageCollection: a new pod starts empty"},
	{"garbage collection on one pod's volume", withVolume("{accessMode: ReadWriteOncePod}\n  readOnly: true\n  garbageCollection: {schedule: 0 3 * * 0}"),
		"spec.garbageCollection: runs in a pod of its own, and a ReadWriteOncePod volume belongs to the registry's; expected accessMode: ReadWriteOnce or ReadWriteMany, or spec.storage.s3"},
	{"cache of nothing", onVolume + `  proxy: {}
`,
		"spec.proxy.remoteURL: is missing; expected https:// and a host, for instance https://registry-1.docker.io"},
	{"cache with a login", onVolume + `  proxy: {remoteURL: 'https://registry-1.docker.io', username: a, password: b}
`,
		`spec.proxy.password: unknown field, and a spec holds no secrets; expected a credential of type proxy
spec.proxy.username: unknown field, and a spec holds no secrets; expected a credential of type proxy
  next: reggen credential set proxy`},
	{"cache with a login in its URL", onVolume + `  proxy: {remoteURL: 'https://a:b@registry-1.docker.io'}
`,
		"spec.proxy.remoteURL: has a user name or a password in it; expected https:// and a host, for instance https://registry-1.docker.io; a spec holds no secrets"},
	{"cache without a scheme", onVolume + `  proxy: {remoteURL: registry-1.docker.io}
`,
		"spec.proxy.remoteURL: is not a URL; expected https:// and a host, for instance https://registry-1.docker.io"},
	{"cache of another scheme", onVolume + `  proxy: {remoteURL: 'oci://a.example.com'}
`,
		`spec.proxy.remoteURL: its scheme is "oci"; expected https://, or http:// for a registry without TLS`},
	{"cache with a path", onVolume + `  proxy: {remoteURL: 'https://a.example.com/v2'}
`,
		"spec.proxy.remoteURL: has a path, a query or a fragment; expected https:// and a host, for instance https://registry-1.docker.io"},
	{"cache of a bad host", onVolume + `  proxy: {remoteURL: 'https://a_b.example.com'}
`,
		"spec.proxy.remoteURL: its host is not a DNS name or an address; expected https:// and a host, for instance https://registry-1.docker.io"},
	{"cache of Docker Hub", onVolume + `  proxy: {remoteURL: 'https://docker.io'}
`,
		"spec.proxy.remoteURL: is Docker Hub's name for people, not its registry; expected https://registry-1.docker.io"},
	{"cache of itself, read-only", onVolume + `  proxy: {remoteURL: 'https://registry.example.com'}
  readOnly: true
  garbageCollection: {schedule: 0 3 * * 0}
`,
		`spec.garbageCollection: stands beside spec.proxy, and a cache stores what it pulls even while it is read-only; expected one of the two: a cache drops by itself what is old
spec.proxy.remoteURL: is this registry itself; expected another one
spec.readOnly: is true, and a cache takes no pushes anyway but has to store what it pulls; expected one of spec.proxy and spec.readOnly`},
	{"cache by a GitLab that has none", onVolume + `  image: {flavor: gitlab, tag: v4.0.0-gitlab}
  auth: {anonymous: true}
  proxy: {remoteURL: 'https://registry-1.docker.io'}
`,
		`spec.proxy: is what GitLab's registry lost in 2023, and the tag is "v4.0.0-gitlab"; expected spec.image.flavor distribution`},
	{"budget for one", onVolume + `  disruptionBudget: {maxUnavailable: 1}
`,
		"spec.disruptionBudget: with one replica it either blocks every drain of the pod's node or protects nothing; expected spec.replicas of at least 2, or no spec.disruptionBudget"},
	{"budget of nothing", shared(2) + `  disruptionBudget: {}
`,
		"spec.disruptionBudget: says nothing; expected maxUnavailable, for instance 1, or minAvailable"},
	{"budget that blocks", shared(3) + `  disruptionBudget: {minAvailable: 3, maxUnavailable: 0}
`,
		`spec.disruptionBudget: has both minAvailable and maxUnavailable; expected one of the two
spec.disruptionBudget.maxUnavailable: is zero, so no node with a pod of the registry can be drained; expected at least 1
spec.disruptionBudget.minAvailable: asks for 3 of 3 pods, so no node with one of them can be drained; expected less, or maxUnavailable: 1`},
	{"budget that blocks when rounded up", shared(2) + `  disruptionBudget: {minAvailable: 51%}
`,
		"spec.disruptionBudget.minAvailable: asks for 2 of 2 pods, so no node with one of them can be drained; expected less, or maxUnavailable: 1"},
	{"budget, not amounts", shared(2) + `  disruptionBudget: {minAvailable: half, maxUnavailable: 101%}
`,
		`spec.disruptionBudget: has both minAvailable and maxUnavailable; expected one of the two
spec.disruptionBudget.maxUnavailable: is more than 100%; expected at most that
spec.disruptionBudget.minAvailable: "half" is neither a number nor a percentage; expected one, for instance 1 or 50%`},
	{"budget, not numbers", shared(2) + `  disruptionBudget: {minAvailable: 1.5}
`,
		"spec.disruptionBudget.minAvailable: is a number; expected a whole number or a percentage"},
	{"budget below zero", shared(2) + `  disruptionBudget: {maxUnavailable: -1}
`,
		`spec.disruptionBudget.maxUnavailable: "-1" is neither a number nor a percentage; expected one, for instance 1 or 50%`},
	{"topology spread", onVolume + `  scheduling: {topologySpread: [{maxSkew: 0}, {topologyKey: zone, whenUnsatisfiable: Never}, {topologyKey: zone, minDomains: 2}, {topologyKey: zone}]}
`,
		`spec.scheduling.topologySpread[0].maxSkew: is 0; expected at least 1
spec.scheduling.topologySpread[0].topologyKey: is missing; expected the nodes' label to spread over, for instance topology.kubernetes.io/zone
spec.scheduling.topologySpread[1].whenUnsatisfiable: is "Never"; expected ScheduleAnyway or DoNotSchedule
spec.scheduling.topologySpread[2].minDomains: has a meaning only with whenUnsatisfiable: DoNotSchedule; expected that, or no minDomains
spec.scheduling.topologySpread[3]: spreads over the same label in the same way as one above; expected one of the two`},
}
