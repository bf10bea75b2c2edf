package spec

import "github.com/reggen/reggen/generator/syntax"

// badStorage are bad storage, authentication, pull secrets and the rest.
var badStorage = []bad{
	{"gitlab without tag", onVolume + `  image: {flavor: gitlab}
`,
		"spec.image.tag: is missing: the gitlab flavor has no default, and the version decides whether it knows htpasswd; expected a release, for instance v2.13.1-gitlab"},
	{"gitlab too new", onVolume + `  image: {flavor: gitlab, tag: v3.65.0-gitlab}
`,
		`spec.image.tag: "v3.65.0-gitlab" can't authenticate: GitLab's registry lost htpasswd in 2022; expected a release up to v3.37, for instance v2.13.1-gitlab, or spec.auth.anonymous`},
	{"gitlab too new, 4", onVolume + `  image: {flavor: gitlab, tag: v4.0.0-gitlab}
`,
		`spec.image.tag: "v4.0.0-gitlab" can't authenticate: GitLab's registry lost htpasswd in 2022; expected a release up to v3.37, for instance v2.13.1-gitlab, or spec.auth.anonymous`},
	{"gitlab unknown", onVolume + `  image: {flavor: gitlab, tag: latest}
`,
		`spec.image.tag: "latest" doesn't say its version, and GitLab's registry lost htpasswd in 2022; expected spec.image.version beside it, or a release up to v3.37, for instance v2.13.1-gitlab, or spec.auth.anonymous`},
	{"gitlab too new by its version", onVolume + `  image: {flavor: gitlab, tag: latest, version: 4.1.0}
`,
		`spec.image.version: 4.1.0 can't authenticate: GitLab's registry lost htpasswd in 2022; expected a release up to v3.37, for instance v2.13.1-gitlab, or spec.auth.anonymous`},
	{"azure, everything wrong", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: a, namespace: b}
spec:
  host: registry.example.com
  storage: {azure: {accountName: My-Account, container: a--b, realm: "https://x", rootDirectory: ../x, ambientCredentials: true, existingSecret: {name: ""}}}
  image: {flavor: distribution-v2}
`,
		`spec.storage.azure.accountName: "My-Account" is not a storage account's name; expected 3 to 24 lower-case letters and digits
spec.storage.azure.ambientCredentials: is true, and existingSecret names static keys; expected one of the two
spec.storage.azure.ambientCredentials: is true, and only version 3 of the registry takes such credentials; expected spec.image.flavor distribution, or the account's key
spec.storage.azure.container: "a--b" is not a container's name; expected 3 to 63 lower-case letters, digits and single hyphens, a letter or digit at both ends
spec.storage.azure.existingSecret.name: is missing; expected the Secret's name
spec.storage.azure.realm: "https://x" is not a domain; expected that of another cloud, for instance core.usgovcloudapi.net
spec.storage.azure.rootDirectory: has .. or a control character; expected a folder in the bucket
spec.storage.azure.rootDirectory: is what only version 3 of the registry knows; expected no rootDirectory, or spec.image.flavor distribution`},
	{"gcs, everything wrong", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: a, namespace: b}
spec:
  host: registry.example.com
  storage: {gcs: {bucket: Images, ambientCredentials: true, existingSecret: {name: theirs, key: "a b"}}}
`,
		`spec.storage.gcs.ambientCredentials: is true, and existingSecret names static keys; expected one of the two
spec.storage.gcs.bucket: "Images" is not a bucket's name; expected 3 to 222 lower-case letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.storage.gcs.existingSecret.key: "a b" is not a key of a Secret; expected letters, digits, '-', '_' and '.'`},
	{"swift, everything wrong", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: a, namespace: b}
spec:
  host: registry.example.com
  storage: {swift: {authURL: "https://u:p@keystone.example.com", container: a/b, tenant: "a\u0007", existingSecret: {name: theirs, username: x, password: x}}}
`,
		`spec.storage.swift: is what only version 2 of the registry knows: version 3 dropped it; expected spec.image.flavor distribution-v2, or another storage
spec.storage.swift.authURL: has a user name or a password in it; expected https:// and a host; the user is a credential
spec.storage.swift.container: "a/b" is not a container's name; expected at most 256 characters, no slash
spec.storage.swift.existingSecret: username and password name the same key of the Secret; expected two keys
spec.storage.swift.tenant: has a newline or another control character`},
	{"three storages", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: a, namespace: b}
spec:
  host: registry.example.com
  storage: {gcs: {bucket: images}, azure: {accountName: images, container: registry}, filesystem: {}}
`,
		`spec.storage: has azure and filesystem and gcs; expected one of them
  next: remove the others; in an overlay's patch, azure: null takes out what the base has set`},
	{"tls, redis and notifications without their parts", onVolume + `  tls: {}
  redis: {}
  notifications: {}
`,
		`spec.notifications.endpoints: is missing; expected whom to tell: a name, and its url
spec.redis.addrs: is missing; expected where Redis listens, for instance redis.cache.svc:6379
spec.tls.secretName: is missing; expected the Secret with tls.crt and tls.key, for instance one of cert-manager's`},
	{"redis, everything wrong", onVolume + `  image: {flavor: distribution-v2}
  redis: {addrs: ["redis://x:1", redis], db: -1, username: u}
`,
		`spec.redis.addrs: has 2 entries, and only version 3 of the registry knows several; expected one, or spec.image.flavor distribution
spec.redis.addrs[0]: has a scheme; expected a host and a port, for instance redis.cache.svc:6379
spec.redis.addrs[1]: "redis" is not a host and a port; expected for instance redis.cache.svc:6379
spec.redis.db: is -1; expected 0 or more
spec.redis.username: is what only version 3 of the registry knows; expected no username, or spec.image.flavor distribution`},
	{"redis, a database of a cluster", onVolume + `  redis: {addrs: ["a:1", "b:1"], db: 1}
`,
		"spec.redis.db: is 1, and a cluster has one database, 0; expected one address, or no db"},
	{"notifications, everything wrong", onVolume + `  notifications: {endpoints: {A_b: {url: "ftp://x"}, c: {url: "https://u:p@x", headers: {"a b": c}, timeout: soon, threshold: 0, ignoredActions: [puls]}}}
`,
		`spec.notifications.endpoints.A_b: is not a name; expected ` + syntax.WantLabel + `
spec.notifications.endpoints.A_b.url: is not a URL; expected https:// and where events are posted to
spec.notifications.endpoints.c.headers["a b"]: is not a header; expected letters, digits and hyphens, and a value on one line
spec.notifications.endpoints.c.ignoredActions[0]: is "puls"; expected pull, push, mount or delete; did you mean "pull"?
spec.notifications.endpoints.c.threshold: is 0; expected how many failures in a row make it wait, 1 or more
spec.notifications.endpoints.c.timeout: "soon" is not a duration; expected for instance 5s
spec.notifications.endpoints.c.url: has a user name or a password in it; expected a header out of a credential: notifications.c.Authorization`},
	{"a cache's time and login", onVolume + `  image: {flavor: distribution-v2}
  proxy: {remoteURL: "https://registry-1.docker.io", ttl: 1d, existingSecret: {name: a, username: x, password: x}}
`,
		`spec.proxy.existingSecret: username and password name the same key of the Secret; expected two keys
spec.proxy.ttl: is what only version 3 of the registry knows; expected no ttl, which is 7 days, or spec.image.flavor distribution`},
	{"gateway without a Gateway", onVolume + `  gateway: {}
`,
		"spec.gateway.parentRefs: is missing; expected the Gateway that serves the host: its name, and its namespace if that is another one"},
	{"gateway, everything wrong", onVolume + `  gateway: {parentRefs: [{name: A_b, namespace: "x.y", port: 0}, {}, {}], pullHost: registry.example.com, requestTimeout: 15 minutes}
`,
		`spec.gateway.parentRefs[0].name: "A_b" is not the name of an object; expected ` + syntax.WantName + `
spec.gateway.parentRefs[0].namespace: "x.y" is not a namespace; expected ` + syntax.WantLabel + `
spec.gateway.parentRefs[0].port: is 0; expected a port of the Gateway, from 1 to 65535
spec.gateway.parentRefs[1].name: is missing; expected the Gateway's name
spec.gateway.parentRefs[2]: stands in the list twice; expected each listener once, told apart by sectionName
spec.gateway.parentRefs[2].name: is missing; expected the Gateway's name
spec.gateway.pullHost: is spec.host, where people push; expected a name of its own, which lets GET and HEAD through alone
spec.gateway.requestTimeout: "15 minutes" is not a duration as the Gateway API writes it; expected for instance 15m; 0s is no limit`},
	{"a Gateway as a whole and a listener of it", onVolume + `  gateway: {parentRefs: [{name: g, sectionName: a}, {name: g, sectionName: b}, {name: h}, {name: g, namespace: x}, {name: g}]}
`,
		"spec.gateway.parentRefs[4]: names a listener of a Gateway that the list also names as a whole, which the Gateway API refuses; expected sectionName in all of its entries, or one entry"},
	{"a Gateway before TLS in the pod", onVolume + `  tls: {secretName: t}
  gateway: {parentRefs: [{name: g}]}
`,
		"spec.gateway.backendTLS: is missing: with spec.tls the registry speaks TLS, and a Gateway speaks plain HTTP to it unless told otherwise; expected caConfigMap, the ConfigMap with the certificate's authority, or systemCAs: true"},
	{"TLS behind the Gateway, and no certificate", onVolume + `  gateway: {parentRefs: [{name: g}], backendTLS: {systemCAs: true, hostname: "a:1"}}
`,
		`spec.gateway.backendTLS: says how to know the registry's certificate, and it has none; expected spec.tls, or no backendTLS
spec.gateway.backendTLS.hostname: "a:1" is not a name alone; expected a DNS name that the certificate holds`},
	{"TLS behind the Gateway, of nobody", onVolume + `  tls: {secretName: t}
  gateway: {parentRefs: [{name: g}], backendTLS: {}}
`,
		"spec.gateway.backendTLS: says nothing of who signed the certificate; expected caConfigMap or systemCAs: true"},
	{"TLS behind the Gateway, of two", onVolume + `  tls: {secretName: t}
  gateway: {parentRefs: [{name: g}], backendTLS: {caConfigMap: A_b, systemCAs: true}}
`,
		`spec.gateway.backendTLS: has caConfigMap and systemCAs; expected one of the two
spec.gateway.backendTLS.caConfigMap: "A_b" is not the name of an object; expected ` + syntax.WantName},
	{"pull host with a port", onVolume + `  gateway: {parentRefs: [{name: g}], pullHost: "pull.example.com:5000"}
`,
		"spec.gateway.pullHost: is not a name alone; expected a DNS name without a port"},
	{"gateway for a host with a port", `apiVersion: reggen.dev/v1alpha1
kind: Registry
metadata: {name: a, namespace: b}
spec: {host: "r.example.com:5000", storage: {filesystem: {}}, gateway: {parentRefs: [{name: g}]}}
`,
		"spec.host: has a port, and spec.gateway serves 443 only; expected a host without a port, or no spec.gateway"},
	{"service accounts of a pull secret", onVolume + `  pullSecrets: {r: {user: u, serviceAccounts: ["", default, default]}}
`,
		`spec.pullSecrets.r.serviceAccounts[0]: is missing; expected the name of a ServiceAccount, for instance default
spec.pullSecrets.r.serviceAccounts[2]: "default" stands in the list twice`},
	{"a version that is none", onVolume + `  image: {tag: latest, version: newest}
`,
		`spec.image.version: "newest" is not a release; expected three numbers, for instance 3.1.1`},
	{"another version than the tag's", onVolume + `  image: {tag: 3.1.1-alpine, version: 3.1.0}
`,
		`spec.image.version: is 3.1.0, and the tag "3.1.1-alpine" says another; expected one of the two: a version is for tags that don't say`},
	{"a rule silenced without a reason", onVolume + `  check: {silence: {image-tag: ""}}
`,
		"spec.check.silence.image-tag: is missing; expected why the rule doesn't count here, for the next one who reads it"},
	{"replicas", onVolume + `  replicas: 0
`,
		"spec.replicas: is 0; expected at least 1"},
	{"no storage", minimal,
		"spec.storage: says nothing about where images are kept; expected one of azure, filesystem, gcs, s3 or swift"},
	{"two storages", minimal + `  storage: {filesystem: {}, s3: {region: eu-central-1, bucket: images}}
`,
		`spec.storage: has filesystem and s3; expected one of them
  next: remove the others; in an overlay's patch, filesystem: null takes out what the base has set`},
	{"s3 empty", minimal + `  storage: {s3: {}}
`,
		`spec.storage.s3.bucket: is missing; expected the bucket's name
spec.storage.s3.region: is missing; expected the bucket's, for instance eu-central-1`},
	{"provider mistyped", withS3("{provider: digitalOcaen, bucket: images}"),
		`spec.storage.s3.provider: is "digitalOcaen"; expected aws, digitalocean, minio, ceph or r2; did you mean "digitalocean"?`},
	{"provider unknown", withS3("{provider: backblaze, bucket: images, region: x}"),
		`spec.storage.s3.provider: is "backblaze"; expected aws, digitalocean, minio, ceph or r2`},
	{"minio without endpoint", withS3("{provider: minio, bucket: images}"),
		"spec.storage.s3.endpoint: is missing; expected where it listens, for instance http://minio.minio.svc:9000 with secure: false"},
	{"r2 without endpoint", withS3("{provider: r2, bucket: images}"),
		"spec.storage.s3.endpoint: is missing; expected https://<account>.r2.cloudflarestorage.com"},
	{"bucket", withS3("{region: eu-central-1, bucket: My_Bucket}"),
		`spec.storage.s3.bucket: "My_Bucket" is not a bucket's name; expected 3 to 63 lower-case letters, digits, hyphens and dots, a letter or digit at both ends`},
	{"bucket short", withS3("{region: eu-central-1, bucket: ab}"),
		`spec.storage.s3.bucket: "ab" is not a bucket's name; expected 3 to 63 lower-case letters, digits, hyphens and dots, a letter or digit at both ends`},
	{"bucket address", withS3("{region: eu-central-1, bucket: 10.0.0.1}"),
		"spec.storage.s3.bucket: looks like an address; expected 3 to 63 lower-case letters, digits, hyphens and dots, a letter or digit at both ends"},
	{"region", withS3("{region: 'eu central', bucket: images}"),
		`spec.storage.s3.region: "eu central" is not a region; expected letters, digits and hyphens`},
	{"path style that version 2 doesn't know", withS3("{region: eu-central-1, bucket: images, forcePathStyle: true}") + "  image: {flavor: distribution-v2}\n",
		"spec.storage.s3.forcePathStyle: is true, and version 2 of the registry puts the bucket's name into the path beside an endpoint, and only there; expected no forcePathStyle, or spec.image.flavor distribution"},
	{"path style that version 2 insists on", withS3("{provider: digitalocean, region: nyc3, bucket: images, forcePathStyle: false}") + "  image: {flavor: distribution-v2}\n",
		"spec.storage.s3.forcePathStyle: is false, and version 2 of the registry puts the bucket's name into the path beside an endpoint, and only there; expected no forcePathStyle, or spec.image.flavor distribution"},
	{"Spaces and encrypt", withS3("{provider: digitalocean, region: nyc3, bucket: images, encrypt: true}"),
		"spec.storage.s3.encrypt: is true, and Spaces refuses requests that ask for encryption: it encrypts everything by itself; expected false"},
	{"ambient with minio and existingSecret", withS3("{provider: minio, endpoint: 'https://m:9000', bucket: images, ambientCredentials: true, existingSecret: {name: keys}}"),
		`spec.storage.s3.ambientCredentials: is true, and existingSecret names static keys; expected one of the two
spec.storage.s3.ambientCredentials: is true, and only AWS gives pods credentials of their own; expected provider aws, or static keys`},
	{"ambient with v2", withS3(`{region: eu-central-1, bucket: images, ambientCredentials: true}
  image: {flavor: distribution-v2}`),
		"spec.storage.s3.ambientCredentials: is true, and only version 3 of the registry takes such credentials; expected spec.image.flavor distribution, or static keys"},
	{"http and secure", withS3("{provider: minio, endpoint: 'http://m:9000', bucket: images}"),
		"spec.storage.s3.endpoint: begins with http://, and secure is true; expected https://, or secure: false, which sends images and signed requests in clear"},
	{"https and not secure", withS3("{provider: minio, endpoint: 'https://m:9000', bucket: images, secure: false}"),
		"spec.storage.s3.secure: is false, and the endpoint begins with https://; expected true, or an endpoint with http://"},
	{"not secure without endpoint", withS3("{region: eu-central-1, bucket: images, secure: false}"),
		"spec.storage.s3.secure: is false, and without an endpoint the provider's own is used, with https; expected true, or an endpoint with http://"},
	{"Spaces not secure", withS3("{provider: digitalocean, region: nyc3, bucket: images, secure: false}"),
		"spec.storage.s3.secure: is false, and the endpoint begins with https://; expected true, or an endpoint with http://"},
	{"endpoint with a path", withS3("{provider: ceph, endpoint: 'https://s3.example.com/images', bucket: images}"),
		"spec.storage.s3.endpoint: has a path, a query or a fragment; expected https:// and a host; the bucket and rootDirectory are fields of their own"},
	{"endpoint with a password", withS3("{provider: ceph, endpoint: 'https://a:b@s3.example.com', bucket: images}"),
		"spec.storage.s3.endpoint: has a user name or a password in it; expected https:// and a host; the keys are a credential"},
	{"endpoint with another scheme", withS3("{provider: ceph, endpoint: 's3://s3.example.com', bucket: images}"),
		`spec.storage.s3.endpoint: its scheme is "s3"; expected https://, or http:// with secure: false`},
	{"endpoint with a bad host", withS3("{provider: ceph, endpoint: 'https://s3_example.com', bucket: images}"),
		"spec.storage.s3.endpoint: its host is not a DNS name or an address; expected https:// and a host, with a port if need be"},
	{"endpoint no URL", withS3("{provider: ceph, endpoint: 'https://%zz', bucket: images}"),
		"spec.storage.s3.endpoint: is not a URL; expected https:// and a host, with a port if need be"},
	{"endpoint with the bucket", withS3("{provider: digitalocean, region: nyc3, endpoint: 'images.nyc3.digitaloceanspaces.com', bucket: images}"),
		"spec.storage.s3.endpoint: has the bucket's name in it, which the registry adds by itself; expected the provider's endpoint alone"},
	{"endpoint in another region", withS3("{provider: digitalocean, region: nyc3, endpoint: 'https://fra1.digitaloceanspaces.com', bucket: images}"),
		`spec.storage.s3.endpoint: is in the region "fra1", and spec.storage.s3.region is another; expected one region`},
	{"rootDirectory", withS3("{region: eu-central-1, bucket: images, rootDirectory: /a/../b}"),
		"spec.storage.s3.rootDirectory: has .. or a control character; expected a folder in the bucket"},
	{"existing keys", withS3("{region: eu-central-1, bucket: images, existingSecret: {accessKey: a b, secretKey: ..}}"),
		`spec.storage.s3.existingSecret.accessKey: "a b" is not a key of a Secret; expected letters, digits, '-', '_' and '.'
spec.storage.s3.existingSecret.name: is missing; expected the Secret's name
spec.storage.s3.existingSecret.secretKey: ".." is not a key of a Secret; expected letters, digits, '-', '_' and '.'`},
	{"existing keys the same", withS3("{region: eu-central-1, bucket: images, existingSecret: {name: Keys, accessKey: k, secretKey: k}}"),
		`spec.storage.s3.existingSecret: accessKey and secretKey name the same key of the Secret; expected two keys
spec.storage.s3.existingSecret.name: "Keys" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253`},
	{"claim and emptyDir", withVolume("{existingClaim: images, emptyDir: true}"),
		"spec.storage.filesystem: has both emptyDir and existingClaim; expected one of the two"},
	{"claim and size", withVolume("{existingClaim: images, size: 1Gi}"),
		"spec.storage.filesystem: has existingClaim, and size or storageClass, which are a new claim's; expected existingClaim alone, or with the accessMode that it has"},
	{"emptyDir and size", withVolume("{emptyDir: true, size: 1Gi}"),
		"spec.storage.filesystem: has emptyDir, and size, storageClass or accessMode, which are a claim's; expected emptyDir alone"},
	{"sizes", withVolume("{size: 10GB, storageClass: Fast}"),
		`spec.storage.filesystem.size: "10GB" is not a size; expected a quantity, for instance 10Gi; did you mean "10G"?
spec.storage.filesystem.storageClass: "Fast" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253`},
	{"size zero", withVolume("{size: 0Gi}"),
		"spec.storage.filesystem.size: is zero; expected a quantity, for instance 10Gi"},
	{"size a fraction", withVolume("{size: 100m}"),
		`spec.storage.filesystem.size: "100m" is a fraction: m means thousandths; expected a quantity, for instance 10Gi; did you mean "100Mi"?`},
	{"size nonsense", withVolume("{size: big}"),
		`spec.storage.filesystem.size: "big" is not a size; expected a quantity, for instance 10Gi`},
	{"access mode", withVolume("{accessMode: ReadWriteMeny}"),
		`spec.storage.filesystem.accessMode: is "ReadWriteMeny"; expected ReadWriteOnce, ReadWriteMany or ReadWriteOncePod; did you mean "ReadWriteMany"?`},
	{"access mode RWX abbreviated", withVolume("{accessMode: RWX}"),
		`spec.storage.filesystem.accessMode: is "RWX"; expected ReadWriteOnce, ReadWriteMany or ReadWriteOncePod`},
	{"replicas on emptyDir", withVolume(`{emptyDir: true}
  replicas: 2`),
		"spec.replicas: is 2, and an emptyDir is each pod's own: every replica would hold other images; expected 1, or spec.storage.s3, or a volume with accessMode: ReadWriteMany"},
	{"replicas on one volume", withVolume(`{}
  replicas: 3`),
		"spec.replicas: is 3, and a ReadWriteOnce volume belongs to one node or pod; expected 1, or spec.storage.s3, or a volume with accessMode: ReadWriteMany"},
	{"replicas on an existing claim", withVolume(`{existingClaim: images}
  replicas: 2`),
		"spec.replicas: is 2, and the existing claim may belong to one node; expected 1, or accessMode: ReadWriteMany if that is what the claim has, or spec.storage.s3"},
	{"replicas on ReadWriteOncePod", withVolume(`{accessMode: ReadWriteOncePod}
  replicas: 2`),
		"spec.replicas: is 2, and a ReadWriteOncePod volume belongs to one node or pod; expected 1, or spec.storage.s3, or a volume with accessMode: ReadWriteMany"},
	{"ingress names", onVolume + `  ingress: {className: A, clusterIssuer: b_, tlsSecretName: c/d, maxBodySize: 8GB}
`,
		`spec.ingress.className: "A" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253
spec.ingress.clusterIssuer: "b_" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253
spec.ingress.maxBodySize: "8GB" is not a size as nginx writes it; expected a number with k, m or g after it, for instance 8g; 0 is no limit
spec.ingress.tlsSecretName: "c/d" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253`},
	{"ingress annotations", onVolume + `  ingress: {className: nginx, clusterIssuer: le, maxBodySize: 8g, annotations: {nginx.ingress.kubernetes.io/proxy-body-size: '0', cert-manager.io/cluster-issuer: x, kubernetes.io/ingress.class: y, a b: c}}
`,
		`spec.ingress.annotations["a b"]: the key is not at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends
spec.ingress.annotations["cert-manager.io/cluster-issuer"]: spec.ingress.clusterIssuer sets this already; expected one of the two
spec.ingress.annotations["kubernetes.io/ingress.class"]: spec.ingress.className sets this already; expected one of the two
spec.ingress.annotations["nginx.ingress.kubernetes.io/proxy-body-size"]: spec.ingress.maxBodySize sets this already; expected one of the two`},
	{"realm", onVolume + `  auth: {realm: "a\nb"}
`,
		"spec.auth.realm: has a newline or another control character; expected text for an HTTP header"},
	{"anonymous and existingSecret", onVolume + `  auth: {anonymous: true, existingSecret: {name: users}}
`,
		"spec.auth: anonymous lets everybody in, and existingSecret says who may; expected one of the two"},
	{"existingSecret without name", onVolume + `  auth: {existingSecret: {key: 'a/b'}}
`,
		`spec.auth.existingSecret.key: "a/b" is not a key of a Secret; expected letters, digits, '-', '_' and '.'
spec.auth.existingSecret.name: is missing; expected the Secret's name`},
	{"anonymous and pull secrets", onVolume + `  auth: {anonymous: true}
  pullSecrets: {regcred: {user: puller}}
`,
		"spec.pullSecrets: spec.auth.anonymous lets everybody in, so there is nobody to pull as; expected one of the two"},
	{"pull secret without user", onVolume + `  pullSecrets: {regcred: {}}
`,
		"spec.pullSecrets.regcred.user: is missing; expected the user to pull as: one with a credential file"},
	{"pull secret's users", onVolume + `  pullSecrets: {a: {user: 'x:y'}, b: {user: "x\ny"}, c: {user: ' x'}, d: {user: '#x'}}
`,
		`spec.pullSecrets.a.user: the user name has a colon, which ends a name in htpasswd and in HTTP basic authentication
spec.pullSecrets.b.user: the user name has a newline or another control character
spec.pullSecrets.c.user: the user name starts or ends with white space, which the registry drops
spec.pullSecrets.d.user: the user name starts with '#', which makes its htpasswd line a comment`},
	{"pull secret's name", onVolume + `  pullSecrets: {reg_cred: {user: u}, reg-htpasswd: {user: u}}
`,
		`spec.pullSecrets.reg-htpasswd: the registry has a Secret of this name; expected another name
spec.pullSecrets.reg_cred: "reg_cred" is not the name of an object; expected lower-case letters, digits, hyphens and dots, a letter or digit at both ends of each part, at most 253`},
	{"pull secret's namespaces", onVolume + `  pullSecrets: {a: {user: u, namespaces: []}, b: {user: u, namespaces: [x, x, Y]}}
`,
		`spec.pullSecrets.a.namespaces: is empty; expected at least one namespace, or no such field: then it is the registry's own
spec.pullSecrets.b.namespaces[1]: "x" stands in the list twice
spec.pullSecrets.b.namespaces[2]: "Y" is not a namespace; expected a DNS label: at most 63 lower-case letters, digits and hyphens, a letter or digit at both ends`},
	{"pull secret's server", onVolume + `  pullSecrets: {a: {user: u, server: 'https://a.example.com'}, b: {user: u, server: a.example.com/}, c: {user: u, server: 'a.example.com/x y'}, d: {user: u, server: a_b.example.com/x}}
`,
		`spec.pullSecrets.a.server: has a scheme; expected a host, with a port and a path if need be, without https://
spec.pullSecrets.b.server: its path is empty or has characters that no image name has; expected a host, with a port and a path if need be, without https://
spec.pullSecrets.c.server: its path is empty or has characters that no image name has; expected a host, with a port and a path if need be, without https://
spec.pullSecrets.d.server: "a_b.example.com" is not a DNS name, with a port if need be; expected a host, with a port and a path if need be, without https://`},
	{"pull secret's email", onVolume + `  pullSecrets: {a: {user: u, email: "a\nb"}}
`,
		"spec.pullSecrets.a.email: has a newline or another control character"},
	{"resources", onVolume + `  resources: {requests: {cpus: '1', memory: 512MB}, limits: {memory: 512m, gpu: '1', cpu: lots}}
`,
		`spec.resources.limits.cpu: "lots" is not a quantity; expected one, for instance 250m, 1 or 512Mi
spec.resources.limits.gpu: is not a resource; expected cpu, memory, ephemeral-storage, or a name with a slash
spec.resources.limits.memory: "512m" is a fraction: m means thousandths; expected whole bytes, for instance 512Mi; did you mean "512Mi"?
spec.resources.requests.cpus: is not a resource; expected cpu, memory, ephemeral-storage, or a name with a slash; did you mean "cpu"?
spec.resources.requests.memory: "512MB" is not a quantity; expected one, for instance 250m, 1 or 512Mi; did you mean "512M"?`},
	{"reggen", onVolume + `  reggen: newest
`,
		`spec.reggen: "newest" is not a version constraint; expected one, for instance ">= 0.3, < 1"`},
	{"credentials", onVolume + `  secrets: {credentials: [a, a/, /b, '', 'c\d']}
`,
		`spec.secrets.credentials[1]: stands in the list twice
spec.secrets.credentials[2]: is absolute; it is relative to the folder whose kustomization.yaml holds generators; expected a relative folder
spec.secrets.credentials[3]: is empty; expected a relative folder
spec.secrets.credentials[4]: has a backslash; paths are written with slashes; expected a relative folder`},
	{"no credentials", onVolume + `  secrets: {credentials: []}
`,
		"spec.secrets.credentials: is empty; expected at least one folder"},
	{"sealed above", onVolume + `  secrets: {sealed: ../sealed}
`,
		"spec.secrets.sealed: is not a folder below the one whose kustomization.yaml holds generators; expected one below it: reggen seal owns it and removes files there"},
	{"sealed absolute", onVolume + `  secrets: {sealed: /sealed}
`,
		"spec.secrets.sealed: is absolute; it is relative to the folder whose kustomization.yaml holds generators; expected a relative folder"},
	{"sealed here", onVolume + `  secrets: {sealed: .}
`,
		"spec.secrets.sealed: is not a folder below the one whose kustomization.yaml holds generators; expected one below it: reggen seal owns it and removes files there"},
	{"sealed in credentials", onVolume + `  secrets: {sealed: credentials/sealed}
`,
		"spec.secrets.sealed: shares a folder with spec.secrets.credentials; expected folders apart: people may read the one, the cluster the other"},
	{"credentials in sealed", onVolume + `  secrets: {sealed: s, credentials: [s/c]}
`,
		"spec.secrets.sealed: shares a folder with spec.secrets.credentials; expected folders apart: people may read the one, the cluster the other"},
}
