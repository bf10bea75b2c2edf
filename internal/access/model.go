package access

import "time"

// Reader is one who can open files: a person, a cluster, a key service.
type Reader struct {
	Key  string `json:"key"`            // the recipient, as SOPS names it
	Name string `json:"name,omitempty"` // what .sops.yaml calls it
}

// Status is how a recipient stands to the files of a kind.
type Status string

// The statuses. Whoever could open a file once can still open what git keeps of it.
const (
	Reads Status = "reads" // named by the rule, and every file is for it
	Some  Status = "some"  // named by a rule, and some of the files are for it
	Next  Status = "next"  // named by the rule; no file is for it yet, what is written next will be
	Still Status = "still" // the rule names it no more, files are for it still
	None  Status = ""
)

// Reading is a recipient's place in one environment.
type Reading struct {
	Key         string `json:"key"`
	Credentials Status `json:"credentials,omitempty"`
	Sealed      Status `json:"sealed,omitempty"`
}

// Environment is who can read what of one spec.
type Environment struct {
	Environment string       `json:"environment"` // the folder
	Name        string       `json:"name"`        // namespace/name of the spec
	Kind        string       `json:"kind"`
	Host        string       `json:"host,omitempty"`
	Readers     []Reading    `json:"readers"`
	Together    Together     `json:"together"`
	Users       []User       `json:"users"`
	Credentials []Credential `json:"credentials"` // which are no users
	PullSecrets []PullSecret `json:"pullSecrets"`
	Files       []File       `json:"files"`

	root string
}

// Together says where one reader is not enough: 2 of (A) (B).
type Together struct {
	Credentials string `json:"credentials,omitempty"`
	Sealed      string `json:"sealed,omitempty"`
}

// User is who may log in to the registry.
type User struct {
	User        string   `json:"user"`
	Password    string   `json:"password"` // known, or hash only
	File        string   `json:"file"`
	PullSecrets []string `json:"pullSecrets,omitempty"`
	Age         Age      `json:"age"` // of the password, or of the hash
}

// Credential is a credential that is no user's, or what a chart made once.
type Credential struct {
	Name string `json:"name"`
	Type string `json:"type"`
	File string `json:"file"`
	Age  Age    `json:"age"` // of the value that has stood longest
}

// PullSecret is a pull secret and where it goes.
type PullSecret struct {
	Name       string   `json:"name"`
	User       string   `json:"user"`
	Server     string   `json:"server"`
	Namespaces []string `json:"namespaces"`
}

// File is an encrypted file.
type File struct {
	File    string     `json:"file"`
	Kind    string     `json:"kind"`              // credentials or sealed
	Written *time.Time `json:"written,omitempty"` // as the file says
	DataKey Age        `json:"dataKey"`
}
