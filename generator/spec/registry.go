package spec

import "github.com/reggen/reggen/generator/storage"

// APIVersion is the version of every kind that reggen owns.
const APIVersion = "reggen.dev/v1alpha1"

// The kinds that reggen owns.
const (
	KindRegistry   = "Registry"
	KindCredential = "RegistryCredential"
)

// Kinds are those of specs: what stands under generators or transformers.
var Kinds = []string{KindRegistry, KindChart, KindImages}

// LocalConfig is the annotation by which kustomize drops an object from its
// output: specs and credentials are inputs, never applied.
const LocalConfig = "config.kubernetes.io/local-config"

// RotationOf is the annotation of a credential that reggen user rotate made:
// the name of the user that the rotations began with. ci-2 and ci-3 carry
// "ci"; a user that a person named ci-2 carries none.
const RotationOf = "reggen.dev/rotation-of"

// SealedFor is the annotation of a machine credential that names whom reggen
// init was told to encrypt sealed files for, with commas: the readers that are
// known before there is a sealed file. Anybody can make a machine credential,
// so it counts only with VouchedFor beside it.
const SealedFor = "reggen.dev/sealed-for"

// VouchedFor is the annotation by which the age key of who ran init stands
// behind SealedFor.
const VouchedFor = "reggen.dev/sealed-for-vouched"

// Registry is the spec: one private registry in one environment, merged by
// kustomize from a base and the environment's patch.
type Registry struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Metadata   Metadata     `json:"metadata"`
	Spec       RegistrySpec `json:"spec"`
}

// Metadata names the registry. Its name is the release name of the chart.
type Metadata struct {
	Name        string            `json:"name" yaml:"name"`
	Namespace   string            `json:"namespace,omitempty" yaml:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty" yaml:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty" yaml:"annotations,omitempty"`
}

// RegistrySpec is what a person decides about a registry.
type RegistrySpec struct {
	Host              string                `json:"host"`
	Image             Image                 `json:"image,omitempty"`
	Replicas          *int                  `json:"replicas,omitempty"` // nil beside autoscaling
	Storage           storage.Place         `json:"storage"`
	Ingress           *Ingress              `json:"ingress,omitempty"`
	Gateway           *Gateway              `json:"gateway,omitempty"`
	Auth              Auth                  `json:"auth,omitempty"`
	PullSecrets       map[string]PullSecret `json:"pullSecrets,omitempty"`
	Resources         Resources             `json:"resources,omitempty"`
	Scheduling        *Scheduling           `json:"scheduling,omitempty"`
	Service           *Service              `json:"service,omitempty"`
	ServiceAccount    *ServiceAccount       `json:"serviceAccount,omitempty"`
	Extra             *Extra                `json:"extra,omitempty"`
	Proxy             *Proxy                `json:"proxy,omitempty"`
	TLS               *TLS                  `json:"tls,omitempty"`
	Redis             *Redis                `json:"redis,omitempty"`
	Notifications     *Notifications        `json:"notifications,omitempty"`
	ReadOnly          bool                  `json:"readOnly,omitempty"`
	GarbageCollection *GarbageCollection    `json:"garbageCollection,omitempty"`
	Metrics           *Metrics              `json:"metrics,omitempty"`
	NetworkPolicy     *NetworkPolicy        `json:"networkPolicy,omitempty"`
	Autoscaling       *Autoscaling          `json:"autoscaling,omitempty"`
	DisruptionBudget  *DisruptionBudget     `json:"disruptionBudget,omitempty"`
	Config            map[string]any        `json:"config,omitempty"`
	Chart             *ChartSource          `json:"chart,omitempty"` // nil: the embedded one
	Values            map[string]any        `json:"values,omitempty"`
	Check             *Check                `json:"check,omitempty"`
	Reggen            string                `json:"reggen,omitempty"`
	Secrets           Secrets               `json:"secrets,omitempty"`
}

// Flavor says which program the image holds; configuration differs.
type Flavor string

// The flavors.
const (
	Distribution   Flavor = "distribution"    // distribution v3
	DistributionV2 Flavor = "distribution-v2" // docker/distribution v2
	GitLab         Flavor = "gitlab"          // the GitLab fork, before it lost htpasswd in 2022
)

// Image is the registry's own container image.
type Image struct {
	Repository  string   `json:"repository,omitempty"`
	Tag         string   `json:"tag,omitempty"`
	Digest      string   `json:"digest,omitempty"`
	Version     string   `json:"version,omitempty"`
	Flavor      Flavor   `json:"flavor,omitempty"`
	PullPolicy  string   `json:"pullPolicy,omitempty"`
	PullSecrets []string `json:"pullSecrets,omitempty"`
}

// Ingress is how the host reaches the registry.
type Ingress struct {
	ClassName     string            `json:"className,omitempty"`
	ClusterIssuer string            `json:"clusterIssuer,omitempty"`
	TLSSecretName string            `json:"tlsSecretName,omitempty"`
	MaxBodySize   string            `json:"maxBodySize,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// Auth is who gets in: the users are the files in credentials/.
type Auth struct {
	Realm          string        `json:"realm,omitempty"`
	ExistingSecret *SecretKeyRef `json:"existingSecret,omitempty"`
	Anonymous      bool          `json:"anonymous,omitempty"`
	MaxAge         string        `json:"maxAge,omitempty"` // of a password, in days
}

// SecretKeyRef names a key of a Secret that something else brings.
type SecretKeyRef struct {
	Name string `json:"name"`
	Key  string `json:"key,omitempty"` // default htpasswd
}

// PullSecret is an image pull secret of one user in some namespaces.
type PullSecret struct {
	User       string   `json:"user"`
	Namespaces []string `json:"namespaces,omitempty"` // default: the registry's
	Server     string   `json:"server,omitempty"`     // default: host
	Email      string   `json:"email,omitempty"`

	ServiceAccounts  []string `json:"serviceAccounts,omitempty"` // in each namespace
	CreateNamespaces bool     `json:"createNamespaces,omitempty"`
}

// Resources are the container's requests and limits, as Kubernetes spells them.
type Resources struct {
	Requests map[string]string `json:"requests,omitempty"`
	Limits   map[string]string `json:"limits,omitempty"`
}

// Secrets says where credentials and sealed files are, relative to the folder
// whose kustomization.yaml holds generators.
type Secrets struct {
	Credentials []string `json:"credentials,omitempty"`
	Sealed      string   `json:"sealed,omitempty"`
	MaxAge      *MaxAge  `json:"maxAge,omitempty"`
}
