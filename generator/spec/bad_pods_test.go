package spec

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
	{"topology spread", onVolume + `  scheduling: {topologySpread: [{maxSkew: 0}, {topologyKey: zone, whenUnsatisfiable: Never}, {topologyKey: zone, minDomains: 2}, {topologyKey: zone}]}
`,
		`spec.scheduling.topologySpread[0].maxSkew: is 0; expected at least 1
spec.scheduling.topologySpread[0].topologyKey: is missing; expected the nodes' label to spread over, for instance topology.kubernetes.io/zone
spec.scheduling.topologySpread[1].whenUnsatisfiable: is "Never"; expected ScheduleAnyway or DoNotSchedule
spec.scheduling.topologySpread[2].minDomains: has a meaning only with whenUnsatisfiable: DoNotSchedule; expected that, or no minDomains
spec.scheduling.topologySpread[3]: spreads over the same label in the same way as one above; expected one of the two`},
}
