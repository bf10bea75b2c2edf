// Package schema says what every field of a Registry and of a RegistryCredential
// means, and makes JSON schemas and a reference of it.
package schema

import (
	"github.com/reggen/reggen/generator/spec"
	"github.com/reggen/reggen/generator/storage"
	"github.com/reggen/reggen/generator/syntax"
)

// doc is what the schema and the reference say about a field: what it means,
// its default in words, and what its value must look like. A test makes sure
// that every field has one.
type doc struct {
	text     string
	def      string
	enum     []string
	pattern  syntax.Pattern
	length   int            // at most so many characters
	keys     syntax.Pattern // for maps: the pattern of a key
	zero     bool           // for numbers: 0 is one
	required bool           // in the merged spec
}

// described are fields by path, any key of a map being a star.
type described map[string]doc

// docs are those of a Registry.
var docs = described{
	"apiVersion": {text: "The version of this kind.", enum: []string{spec.APIVersion}, required: true},
	"kind":       {text: "The kind.", enum: []string{spec.KindRegistry}, required: true},

	"metadata":             {text: "Names the registry.", required: true},
	"metadata.name":        {text: "The registry's name and the chart's release name; objects are named after it.", pattern: syntax.Service, length: spec.MaxName, required: true},
	"metadata.namespace":   {text: "The namespace of the registry. Pods, Secrets and the records of sealed files are bound to it, so it has no default.", pattern: syntax.Label, length: 63, required: true},
	"metadata.labels":      {text: "Labels for every object. Keys named data or stringData are refused, since SOPS would encrypt them."},
	"metadata.annotations": {text: "Annotations for every object, apart from kustomize's own (config.kubernetes.io/...), which are dropped."},

	"spec":          {text: "What a person decides about the registry.", required: true},
	"spec.host":     {text: "The host by which docker reaches the registry, with a port if need be; no scheme and no path.", pattern: syntax.Host, length: 259, required: true},
	"spec.replicas": {text: "How many pods serve the registry. More than one needs S3 or a volume that several nodes can mount.", def: "1; none beside spec.autoscaling"},

	"spec.image":             {text: "The registry's own image."},
	"spec.image.repository":  {text: "The image's name, without tag and digest.", def: "registry", pattern: syntax.Repository, length: 255},
	"spec.image.tag":         {text: "The image's tag. GitLab's flavor has no default; releases after v3.37 can't authenticate with htpasswd.", def: "3.1.1 for distribution, 2.8.3 for distribution-v2; none beside a digest", pattern: syntax.Tag},
	"spec.image.digest":      {text: "The image's digest. It decides what runs; a tag beside it is for people.", pattern: syntax.Digest},
	"spec.image.version":     {text: "The release that the image holds, for a tag that doesn't say. Objects get it as the label app.kubernetes.io/version, and reggen check reads it there.", pattern: syntax.Version},
	"spec.image.flavor":      {text: "Which program the image holds: version 3 of distribution, version 2, or GitLab's fork. Their configurations differ.", def: string(spec.Distribution), enum: spec.Flavors},
	"spec.image.pullPolicy":  {text: "When the kubelet pulls the image.", def: "IfNotPresent", enum: spec.PullPolicies},
	"spec.image.pullSecrets": {text: "Secrets to pull the registry's own image with, by name."},

	"spec.storage": {text: "Where images are kept. Exactly one kind in the merged spec; in a patch, null takes out what the base has set.", required: true},

	"spec.storage.s3":                          {text: "An S3 bucket, or one of a compatible service."},
	"spec.storage.s3.provider":                 {text: "Whose service it is; presets follow from it.", def: "aws", enum: storage.Providers},
	"spec.storage.s3.region":                   {text: "The bucket's region. Required for aws and digitalocean.", def: "us-east-1 for minio and ceph, auto for r2", pattern: syntax.Region},
	"spec.storage.s3.bucket":                   {text: "The bucket's name.", pattern: syntax.Bucket, required: true},
	"spec.storage.s3.endpoint":                 {text: "Where the service listens: a scheme and a host, nothing after them. Without a scheme it gets https://, or http:// when secure is false. Required for minio, ceph and r2.", def: "https://<region>.digitaloceanspaces.com for digitalocean"},
	"spec.storage.s3.rootDirectory":            {text: "A folder in the bucket to keep everything in."},
	"spec.storage.s3.forcePathStyle":           {text: "Whether the bucket's name goes into the path of requests, not into the host.", def: "true for minio and ceph, else false; with flavor distribution-v2 true beside an endpoint"},
	"spec.storage.s3.encrypt":                  {text: "Whether to ask the service for encryption at rest. DigitalOcean Spaces refuses such requests.", def: "false"},
	"spec.storage.s3.secure":                   {text: "Whether the endpoint is reached by https.", def: "true"},
	"spec.storage.s3.redirect":                 {text: "Whether clients are sent to the bucket to fetch layers. They then have to reach the endpoint themselves.", def: "false for minio and ceph, else true"},
	"spec.storage.s3.existingSecret":           {text: "A Secret that something else brings, with the bucket's keys. Without it they are a credential of type s3."},
	"spec.storage.s3.existingSecret.name":      {text: "The Secret's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.storage.s3.existingSecret.accessKey": {text: "The Secret's key that holds the access key.", def: "s3AccessKey", pattern: syntax.DataKey},
	"spec.storage.s3.existingSecret.secretKey": {text: "The Secret's key that holds the secret key.", def: "s3SecretKey", pattern: syntax.DataKey},
	"spec.storage.s3.ambientCredentials":       {text: "The pod finds credentials by itself (a role on AWS), and there are no static keys. Only for provider aws and flavor distribution.", def: "false"},

	"spec.storage.azure":                           {text: "A container of an Azure storage account."},
	"spec.storage.azure.accountName":               {text: "The storage account's name.", pattern: syntax.AzureAccount, required: true},
	"spec.storage.azure.container":                 {text: "The container's name.", pattern: syntax.AzureContainer, required: true},
	"spec.storage.azure.realm":                     {text: "The domain of another cloud than the public one.", def: "core.windows.net", pattern: syntax.Host, length: 253},
	"spec.storage.azure.rootDirectory":             {text: "A folder in the container to keep everything in. Only for flavor distribution."},
	"spec.storage.azure.redirect":                  {text: "Whether clients are sent to the container to fetch layers.", def: "true"},
	"spec.storage.azure.existingSecret":            {text: "A Secret that something else brings, with the account's key. Without it that is a credential of type azure."},
	"spec.storage.azure.existingSecret.name":       {text: "The Secret's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.storage.azure.existingSecret.accountKey": {text: "The Secret's key that holds the account's key.", def: "azureAccountKey", pattern: syntax.DataKey},
	"spec.storage.azure.ambientCredentials":        {text: "The pod finds credentials by itself (workload identity: the annotation azure.workload.identity/client-id of spec.serviceAccount; the pods get the label that goes with it). Only for flavor distribution.", def: "false"},

	"spec.storage.gcs":                     {text: "A bucket of Google Cloud Storage. Version 2 of the registry has to be built with it, as the official image is and Debian's package isn't."},
	"spec.storage.gcs.bucket":              {text: "The bucket's name.", pattern: syntax.GCSBucket, required: true},
	"spec.storage.gcs.rootDirectory":       {text: "A folder in the bucket to keep everything in."},
	"spec.storage.gcs.redirect":            {text: "Whether clients are sent to the bucket to fetch layers. Without a key file the pod's account has to be allowed to sign.", def: "true, false with ambientCredentials"},
	"spec.storage.gcs.existingSecret":      {text: "A Secret that something else brings, with the JSON key file of a service account. Without it that is a credential of type gcs."},
	"spec.storage.gcs.existingSecret.name": {text: "The Secret's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.storage.gcs.existingSecret.key":  {text: "The Secret's key that holds the key file.", def: "key.json", pattern: syntax.DataKey},
	"spec.storage.gcs.ambientCredentials":  {text: "The pod finds credentials by itself (workload identity, by an annotation of spec.serviceAccount).", def: "false"},

	"spec.storage.swift":                         {text: "A container of an OpenStack object store. Only for flavor distribution-v2: version 3 dropped it."},
	"spec.storage.swift.authURL":                 {text: "Where Keystone listens.", required: true},
	"spec.storage.swift.container":               {text: "The container's name.", length: 256, required: true},
	"spec.storage.swift.region":                  {text: "The container's region.", def: "the first"},
	"spec.storage.swift.tenant":                  {text: "The project, by name."},
	"spec.storage.swift.domain":                  {text: "The user's domain, by name, for version 3 of Keystone."},
	"spec.storage.swift.rootDirectory":           {text: "A folder in the container to keep everything in."},
	"spec.storage.swift.existingSecret":          {text: "A Secret that something else brings, with the user. The registry reads both values as YAML. Without it they are a credential of type swift."},
	"spec.storage.swift.existingSecret.name":     {text: "The Secret's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.storage.swift.existingSecret.username": {text: "The Secret's key that holds the user's name.", def: "swiftUsername", pattern: syntax.DataKey},
	"spec.storage.swift.existingSecret.password": {text: "The Secret's key that holds the password.", def: "swiftPassword", pattern: syntax.DataKey},

	"spec.storage.filesystem":               {text: "A volume: a claim made here, an existing one, or an emptyDir. {} takes the defaults."},
	"spec.storage.filesystem.size":          {text: "The size of the claim made here.", def: "10Gi", pattern: syntax.Quantity},
	"spec.storage.filesystem.storageClass":  {text: "The claim's storage class.", def: "the cluster's", pattern: syntax.Name, length: 253},
	"spec.storage.filesystem.accessMode":    {text: "The claim's access mode. Beside existingClaim it says what that claim has.", def: "ReadWriteOnce for a claim made here", enum: storage.AccessModes},
	"spec.storage.filesystem.existingClaim": {text: "A PersistentVolumeClaim that something else brings.", pattern: syntax.Name, length: 253},
	"spec.storage.filesystem.emptyDir":      {text: "Images live as long as the pod: for trying things out.", def: "false"},

	"spec.gateway":                          {text: "An HTTPRoute of the Gateway API for the host, beside an Ingress or in its place. The Gateway itself, and its certificate, are somebody else's."},
	"spec.gateway.parentRefs":               {text: "The Gateways that serve the host.", required: true},
	"spec.gateway.parentRefs.*.name":        {text: "The Gateway's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.gateway.parentRefs.*.namespace":   {text: "The Gateway's namespace.", def: "the registry's", pattern: syntax.Label, length: 63},
	"spec.gateway.parentRefs.*.sectionName": {text: "The listener of the Gateway, by name.", def: "all that take the host", pattern: syntax.Name, length: 253},
	"spec.gateway.parentRefs.*.port":        {text: "The listener of the Gateway, by port."},
	"spec.gateway.pullHost":                 {text: "A second host that lets GET and HEAD through and nothing else: who holds a pull secret for it can't push there. A pull secret names it as server.", pattern: syntax.Host, length: 253},
	"spec.gateway.requestTimeout":           {text: "How long a request may take; 0s is no limit. Uploads of large layers take minutes. Not every controller knows timeouts.", def: "the controller's", pattern: syntax.GatewayDuration},
	"spec.gateway.backendTLS":               {text: "How the Gateway knows the certificate of spec.tls: a BackendTLSPolicy (Gateway API v1.4 and newer). Needed with spec.tls."},
	"spec.gateway.backendTLS.caConfigMap":   {text: "A ConfigMap in the registry's namespace whose key ca.crt holds the certificate of who signed it.", pattern: syntax.Name, length: 253},
	"spec.gateway.backendTLS.systemCAs":     {text: "It is signed by one of the authorities that the Gateway's own system trusts."},
	"spec.gateway.backendTLS.hostname":      {text: "A name that the certificate holds.", def: "spec.host", pattern: syntax.Host, length: 253},
	"spec.gateway.annotations":              {text: "More annotations for the HTTPRoutes."},

	"spec.ingress":               {text: "An Ingress for the host. {} takes the defaults; without it there is none."},
	"spec.ingress.className":     {text: "The Ingress class.", def: "the cluster's", pattern: syntax.Name, length: 253},
	"spec.ingress.clusterIssuer": {text: "The ClusterIssuer of cert-manager that makes the certificate.", pattern: syntax.Name, length: 253},
	"spec.ingress.tlsSecretName": {text: "The Secret that holds the certificate.", def: "<metadata.name>-tls", pattern: syntax.Name, length: 253},
	"spec.ingress.maxBodySize":   {text: "The largest layer that ingress-nginx lets through, as nginx writes sizes; 0 is no limit, as with className nginx. Other controllers have limits of their own.", pattern: syntax.BodySize},
	"spec.ingress.annotations":   {text: "More annotations for the Ingress. Those that the fields above set are refused."},

	"spec.auth":                     {text: "Who gets in. The users are credentials of type user, one file each."},
	"spec.auth.realm":               {text: "The realm that the registry names when it asks for a password.", def: "Registry"},
	"spec.auth.existingSecret":      {text: "A Secret that something else brings, with the htpasswd file."},
	"spec.auth.existingSecret.name": {text: "The Secret's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.auth.existingSecret.key":  {text: "The Secret's key that holds the htpasswd file.", def: "htpasswd", pattern: syntax.DataKey},
	"spec.auth.maxAge":              {text: "How old a password may become, in days (90d). reggen check warns of older ones, and reggen user rotate --due rotates those of pull secrets.", def: "any age", pattern: syntax.Days},
	"spec.auth.anonymous":           {text: "Everybody may push and pull.", def: "false"},

	"spec.pullSecrets":                    {text: "Image pull secrets by name.", keys: syntax.Name},
	"spec.pullSecrets.*.user":             {text: "The user to pull as. htpasswd knows no roles: this user could push as well.", length: 128, required: true},
	"spec.pullSecrets.*.namespaces":       {text: "The namespaces that get the Secret.", def: "the registry's"},
	"spec.pullSecrets.*.server":           {text: "The server that the Secret is for, with a port and a path if need be; no scheme.", def: "spec.host"},
	"spec.pullSecrets.*.email":            {text: "An e-mail address to write into the Secret. Nothing reads it."},
	"spec.pullSecrets.*.serviceAccounts":  {text: "ServiceAccounts in each of the namespaces that pull with it: their pods need no imagePullSecrets. reggen emits them whole, kept from pruning; whatever else brings them has to say the same."},
	"spec.pullSecrets.*.createNamespaces": {text: "Whether to emit the namespaces too, kept from pruning.", def: "false"},

	"spec.resources":          {text: "What the registry's container requests and may use. Quantities are text: quote numbers."},
	"spec.resources.requests": {text: "Requests: cpu, memory, ephemeral-storage or an extended resource.", pattern: syntax.Quantity},
	"spec.resources.limits":   {text: "Limits, likewise.", pattern: syntax.Quantity},

	"spec.scheduling":                                    {text: "On which nodes the registry's pods run."},
	"spec.scheduling.nodeSelector":                       {text: "Labels that a node must have.", pattern: syntax.LabelValue, length: 63},
	"spec.scheduling.affinity":                           {text: "A pod's affinity, as Kubernetes has it: nodeAffinity, podAffinity, podAntiAffinity."},
	"spec.scheduling.tolerations":                        {text: "Taints of nodes that the pods tolerate."},
	"spec.scheduling.tolerations.*.key":                  {text: "The taint's key. Without one, and with operator Exists, every taint is tolerated."},
	"spec.scheduling.tolerations.*.operator":             {text: "Whether the value has to be equal or the key has to exist.", def: "Equal, as Kubernetes has it", enum: spec.TolerationOperators},
	"spec.scheduling.tolerations.*.value":                {text: "The taint's value, for operator Equal.", pattern: syntax.LabelValue, length: 63},
	"spec.scheduling.tolerations.*.effect":               {text: "The taint's effect.", def: "all of them", enum: spec.TaintEffects},
	"spec.scheduling.tolerations.*.tolerationSeconds":    {text: "How long a pod stays after a taint with effect NoExecute appeared.", def: "for ever", zero: true},
	"spec.scheduling.topologySpread":                     {text: "How replicas are spread over zones or nodes. An empty list spreads nothing.", def: "over nodes, when there is more than one replica, without insisting"},
	"spec.scheduling.topologySpread.*.topologyKey":       {text: "The nodes' label to spread over, for instance topology.kubernetes.io/zone.", required: true},
	"spec.scheduling.topologySpread.*.maxSkew":           {text: "By how many pods two places may differ.", def: "1"},
	"spec.scheduling.topologySpread.*.whenUnsatisfiable": {text: "What happens to a pod that can't be placed so.", def: "ScheduleAnyway", enum: spec.Unsatisfiable},
	"spec.scheduling.topologySpread.*.minDomains":        {text: "How many places there have to be, with DoNotSchedule."},
	"spec.scheduling.priorityClassName":                  {text: "The pods' PriorityClass.", pattern: syntax.Name, length: 253},

	"spec.service":                          {text: "The registry's Service. Its port is 5000."},
	"spec.service.type":                     {text: "The Service's type.", def: "ClusterIP", enum: spec.ServiceTypes},
	"spec.service.nodePort":                 {text: "The port on every node, for types NodePort and LoadBalancer.", def: "the cluster chooses"},
	"spec.service.annotations":              {text: "The Service's annotations: what cloud providers read about their load balancers."},
	"spec.service.loadBalancerIP":           {text: "The load balancer's address, where the provider takes one."},
	"spec.service.loadBalancerSourceRanges": {text: "Ranges of addresses that the load balancer lets in.", def: "everybody"},

	"spec.serviceAccount":             {text: "The account that the registry's pods run as. They get no token of it, apart from what a cloud provider's webhook mounts."},
	"spec.serviceAccount.create":      {text: "Whether the account is made here.", def: "true"},
	"spec.serviceAccount.name":        {text: "The account's name. Required when it isn't made here.", def: "<metadata.name>", pattern: syntax.Name, length: 253},
	"spec.serviceAccount.annotations": {text: "The account's annotations, for instance eks.amazonaws.com/role-arn for a role on AWS."},

	"spec.disruptionBudget":                {text: "How many pods a node's drain has to leave running. It needs more than one replica."},
	"spec.disruptionBudget.minAvailable":   {text: "So many have to stay. One of the two fields. As many as there are replicas would block every drain."},
	"spec.disruptionBudget.maxUnavailable": {text: "So many may be missing. Kubernetes rounds percentages up."},

	"spec.autoscaling":             {text: "A HorizontalPodAutoscaler in the place of spec.replicas. It needs S3 or a volume that several nodes can mount."},
	"spec.autoscaling.minReplicas": {text: "The fewest pods.", def: "2"},
	"spec.autoscaling.maxReplicas": {text: "The most pods.", required: true},
	"spec.autoscaling.cpu":         {text: "The load to aim at, in percent of the CPU that the container requests.", def: "75, unless memory is set"},
	"spec.autoscaling.memory":      {text: "The memory in use to aim at, in percent of what the container requests. A registry's grows with its cache and seldom shrinks."},
	"spec.autoscaling.behavior":    {text: "How fast to scale, as Kubernetes has it: scaleUp, scaleDown."},

	"spec.networkPolicy":                   {text: "A NetworkPolicy for the registry's pods. Nothing is guessed: a direction that isn't said stays open."},
	"spec.networkPolicy.ingressNamespaces": {text: "The namespaces that may reach the registry, each entry their labels, for instance kubernetes.io/metadata.name: ingress. Those of the ingress controller, of what pulls inside the cluster, and of Prometheus."},
	"spec.networkPolicy.egress":            {text: "Whom the pods may reach, rules as Kubernetes has them: DNS, and the bucket. An empty list is nobody."},

	"spec.metrics":                         {text: "The registry's metrics for Prometheus, at /metrics on a port and a Service of their own (<metadata.name>-metrics). The port also serves the program's debugger, so nothing outside the cluster gets it. {} takes the defaults."},
	"spec.metrics.port":                    {text: "The port.", def: "5001"},
	"spec.metrics.serviceMonitor":          {text: "A ServiceMonitor, for the Prometheus operator. {} takes the defaults."},
	"spec.metrics.serviceMonitor.labels":   {text: "Labels by which Prometheus selects it, for instance release: prometheus.", pattern: syntax.LabelValue, length: 63},
	"spec.metrics.serviceMonitor.interval": {text: "How often to scrape.", def: "Prometheus' own", pattern: syntax.Interval},
	"spec.metrics.prometheusRule":          {text: "A PrometheusRule with alerts: the registry is down, answers with errors, waits for its storage. They find it by the labels namespace and service, which a ServiceMonitor gives."},
	"spec.metrics.prometheusRule.labels":   {text: "Labels by which Prometheus selects it, for instance release: prometheus.", pattern: syntax.LabelValue, length: 63},

	"spec.readOnly":                         {text: "The registry refuses pushes and deletions, for instance while garbage is collected.", def: "false"},
	"spec.garbageCollection":                {text: "A CronJob that frees the room of layers that no image has any more. It is suspended unless readOnly is true, for what is pushed meanwhile would be lost. By itself it frees what broken pushes left; for more, deleteUntagged, or storage: {delete: {enabled: true}} under spec.config, by which clients delete images. The guide's page on upkeep has the sequence."},
	"spec.garbageCollection.schedule":       {text: "When to collect, as cron has it, in the time zone of the cluster's controller: minute, hour, day of the month, month, day of the week.", required: true},
	"spec.garbageCollection.deleteUntagged": {text: "Whether images without a tag go as well, those that are pulled by digest alone included. Version 2 takes the parts of multi-platform images for such and breaks them; version 3 keeps them.", def: "false"},

	"spec.proxy":           {text: "Makes the registry a pull-through cache of another one. Clients can't push to it. It asks the other one at its start, and ends when nobody answers. A login is a credential of type proxy."},
	"spec.proxy.remoteURL": {text: "The other registry: a scheme and a host, for instance https://registry-1.docker.io for Docker Hub.", required: true},

	"spec.extra":                          {text: "What the pod has beyond what the registry needs."},
	"spec.extra.env":                      {text: "Variables of the registry's container. No secrets, and none that says what this spec says. The registry parses those named REGISTRY_... as YAML."},
	"spec.extra.env.*.name":               {text: "The variable's name.", pattern: syntax.Env, required: true},
	"spec.extra.env.*.value":              {text: "Its value. One of value and valueFrom."},
	"spec.extra.env.*.valueFrom":          {text: "Where its value comes from, as Kubernetes has it, for instance secretKeyRef."},
	"spec.extra.volumes":                  {text: "Volumes of the pod, as Kubernetes has them: a name and one source. hostPath is refused."},
	"spec.extra.volumeMounts":             {text: "Where the registry's container mounts these volumes."},
	"spec.extra.volumeMounts.*.name":      {text: "The volume's name.", required: true},
	"spec.extra.volumeMounts.*.mountPath": {text: "The absolute path in the container. None that hides what the registry needs.", required: true},
	"spec.extra.volumeMounts.*.subPath":   {text: "A path inside the volume. Files mounted so don't change while the pod runs."},
	"spec.extra.volumeMounts.*.readOnly":  {text: "Whether the container can't write there.", def: "false"},
	"spec.extra.initContainers":           {text: "Containers that run before the registry, as Kubernetes has them. Pod Security restricted asks for a securityContext of their own."},

	"spec.config":                        {text: "More of the registry's own configuration, merged into it last. No secrets."},
	"spec.values":                        {text: "Values for the chart, beyond those that follow from this spec. No secrets."},
	"spec.chart":                         {text: "A chart to render instead of the embedded one: the one that a live release has, or a fork of it, with the values that charts of registries take. What it has no value for is refused by name."},
	"spec.chart.path":                    {text: "The chart: a folder, or a .tgz as helm package makes it, relative to the folder whose kustomization.yaml holds generators, and in the same repository.", required: true},
	"spec.chart.sha256":                  {text: "The SHA-256 of the .tgz. An archive with another one is not read.", pattern: "^[0-9a-f]{64}$"},
	"spec.chart.releaseName":             {text: "The name of the release.", def: "<metadata.name>", pattern: syntax.Name, length: spec.MaxRelease},
	"spec.chart.kubeVersion":             {text: "The version of Kubernetes that the chart is rendered for.", def: "1.35.0"},
	"spec.chart.apiVersions":             {text: "What the cluster serves beyond Kubernetes' own APIs, for charts that ask: a group and version, or with a kind."},
	"spec.chart.hooks":                   {text: "What becomes of hooks, which Helm runs at moments that nobody else has: an error (refuse), objects like others (keep), or nothing (drop). Tests are always left out.", def: "refuse", enum: spec.Hooks},
	"spec.chart.skipCRDs":                {text: "Leave out what is in the chart's folder crds.", def: "false"},
	"spec.proxy.ttl":                     {text: "How long the cache keeps what nobody asks for; 0 is for ever. Only for flavor distribution.", def: "7 days"},
	"spec.proxy.existingSecret":          {text: "A Secret that something else brings, with the login to the remote registry. The registry reads both values as YAML. Without it a login is a credential of type proxy."},
	"spec.proxy.existingSecret.name":     {text: "The Secret's name.", pattern: syntax.Name, length: 253, required: true},
	"spec.proxy.existingSecret.username": {text: "The Secret's key that holds the user's name.", def: "username", pattern: syntax.DataKey},
	"spec.proxy.existingSecret.password": {text: "The Secret's key that holds the password.", def: "password", pattern: syntax.DataKey},

	"spec.tls":            {text: "TLS in the pod itself, behind an Ingress or in the place of one. ingress-nginx is told by an annotation, a Gateway by spec.gateway.backendTLS; others, Traefik for instance, see it by the name of the Service's port, https. The registry reads the certificate at its start: roll the pods when it was renewed."},
	"spec.tls.secretName": {text: "A Secret of type kubernetes.io/tls that something else brings, cert-manager for instance.", pattern: syntax.Name, length: 253, required: true},

	"spec.redis":          {text: "A Redis that keeps what replicas know of layers, in the place of each one's memory. Its password is the field REGISTRY_REDIS_PASSWORD of a credential of type config."},
	"spec.redis.addrs":    {text: "Where it listens, each a host and a port. Several are a cluster, only for flavor distribution.", required: true},
	"spec.redis.db":       {text: "The database's number.", def: "0", zero: true},
	"spec.redis.username": {text: "The user, where Redis has several. Only for flavor distribution."},

	"spec.notifications":                               {text: "Whom to tell of pushes and pulls."},
	"spec.notifications.endpoints":                     {text: "Whom to tell, by name.", keys: syntax.Label, required: true},
	"spec.notifications.endpoints.*.url":               {text: "Where events are posted to.", required: true},
	"spec.notifications.endpoints.*.headers":           {text: "Headers of every request that are no secrets. A secret one is the field notifications.<endpoint>.<header> of a credential of type config.", keys: syntax.Header},
	"spec.notifications.endpoints.*.timeout":           {text: "How long to wait for an answer.", def: "1s, the registry's", pattern: syntax.Duration},
	"spec.notifications.endpoints.*.threshold":         {text: "After how many failures in a row to wait.", def: "10, the registry's"},
	"spec.notifications.endpoints.*.backoff":           {text: "How long to wait then.", def: "1s, the registry's", pattern: syntax.Duration},
	"spec.notifications.endpoints.*.ignoredMediaTypes": {text: "Media types of which it is not told."},
	"spec.notifications.endpoints.*.ignoredActions":    {text: "Actions of which it is not told, of pull, push, mount and delete."},
	"spec.notifications.endpoints.*.disabled":          {text: "Whether it is told nothing.", def: "false"},
	"spec.notifications.includeReferences":             {text: "Whether events of manifests say what these refer to.", def: "false"},

	"spec.check":         {text: "What reggen check has to know."},
	"spec.check.silence": {text: "Rules of reggen check that don't count in this environment: their ids, each with the reason. What is silenced is still counted and shown with -o json.", keys: syntax.Rule},
	"spec.reggen":        {text: "A constraint on the version of reggen, so that a laptop and a CI that differ say so.", def: "any"},

	"spec.secrets":                     {text: "Where credentials and sealed files are, relative to the folder whose kustomization.yaml holds generators."},
	"spec.secrets.credentials":         {text: "Folders of credential files. They may lie outside that folder, inside the repository.", def: "[credentials]"},
	"spec.secrets.maxAge":              {text: "How old what reggen makes may become, in days (365d), before reggen check warns."},
	"spec.secrets.maxAge.dataKeys":     {text: "The data keys of credentials and sealed files; reggen seal --rotate-keys makes new ones.", def: "any age", pattern: syntax.Days},
	"spec.secrets.maxAge.certificates": {text: "Certificates and keys that a chart's templates made and reggen keeps; reggen seal --renew makes new ones.", def: "any age", pattern: syntax.Days},
	"spec.secrets.sealed":              {text: "The folder of sealed files, below that folder and apart from the credentials.", def: "sealed"},
}

// credentialFields describe a RegistryCredential in the same way.
var credentialFields = map[string]doc{
	"apiVersion": {text: "The version of this kind.", enum: []string{spec.APIVersion}},
	"kind":       {text: "The kind.", enum: []string{spec.KindCredential}},
	"metadata":   {text: "Names the credential."},
	"type":       {text: "What it is for: someone who logs in, the keys of a storage, a cache's login, secret settings of the registry, secret values of a chart, or values nobody types.", enum: []string{"user", "s3", "azure", "gcs", "swift", "proxy", "config", "generic", "machine"}},
	"user":       {text: "The user's name, for type user; metadata.name unless said. No colon, no control character, no white space at either end, no # first.", length: 128},
	"cost":       {text: "The bcrypt cost of the hash, for type user. bcrypt runs on every request."},
	"stringData": {text: "The secrets, each encrypted with SOPS."},
	"sops":       {text: "SOPS' own notes. SOPS writes them; a file without them is refused."},
}

// The bounds of a bcrypt cost, as package credential has them.
const minCost, maxCost = 5, 12

// secretField is a field of a credential's stringData.
type secretField struct {
	name, text string
	required   bool
}

// credentialTypes are the fields of stringData by the credential's type, as
// package credential reads them.
var credentialTypes = map[string][]secretField{
	"user": {
		{"password", "What the user types. One of password and hash is needed.", false},
		{"hash", "Its bcrypt hash. A person may give the hash alone: nobody else need know the password.", false},
		{"hashOf", "The fingerprint of what the hash was made from; reggen seal writes it.", false},
	},
	"s3": {
		{"accessKey", "The bucket's access key.", true},
		{"secretKey", "The bucket's secret key.", true},
	},
	"azure": {
		{"accountKey", "The storage account's key.", true},
	},
	"gcs": {
		{"key", "The JSON key file of a service account.", true},
	},
	"swift": {
		{"username", "The user's name.", true},
		{"password", "The user's password.", true},
	},
	"proxy": {
		{"username", "The user at the remote registry.", true},
		{"password", "The user's password.", true},
	},
	"config": {
		{"REGISTRY_<NAME>", "A secret setting of the registry by its variable, for instance REGISTRY_REDIS_PASSWORD. What the spec says itself is refused.", false},
		{"notifications.<endpoint>.<header>", "A secret header of an endpoint of spec.notifications, for instance Authorization.", false},
	},
	"machine": {
		{"httpSecret", "What all replicas sign the state of uploads with.", true},
		{"seed", "What random values of a chart and rollout digests are derived from.", true},
	},
}
