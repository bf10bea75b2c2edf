// Package sops opens and seals SOPS files. Who may read them is a rule of
// .sops.yaml, for generator/rules to find. These two are the only importers of
// SOPS, and link every key type that it knows: age (plugins and SSH keys too),
// PGP, AWS, Google, Azure and Huawei KMS, HashiCorp Vault.
//
// Its contract:
//   - No plaintext leaves it but through File.Plain and File.Strings. Errors
//     are the package's own; what SOPS says is dropped, for it can quote input.
//   - Nothing is printed: SOPS's loggers are silenced.
//   - Nobody is asked for a passphrase unless standard input is a terminal,
//     and a cancelled context ends every wait for a key.
//
// It is also the one package of the generator that touches the world: SOPS
// looks for keys in the environment and in files by itself, draws its own
// random numbers, reads the clock for lastmodified, and reads
// /etc/sops/audit.yaml when the process starts.
//
// SOPS's packages config and stores/yaml are not imported although they would
// save some code: they bring the storage SDKs of its publish command, 22 MB
// and a good third of the time that SOPS takes to initialise. What is needed
// of them, rules and the conversion between YAML and SOPS's tree, is in
// generator/rules and tree.go; tests compare both with the originals.
package sops

import (
	"errors"

	"github.com/reggen/reggen/generator/problem"
)

// version is what Seal writes as the version of SOPS that made the file; a
// test compares it with go.mod.
const version = "3.13.3"

// What Open and Inspect can fail with, for errors.Is. The errors that carry
// them hold a problem.Problem, for errors.As.
var (
	ErrNoKey  = errors.New("no key opens the file")
	ErrMAC    = errors.New("the file was changed after it was encrypted")
	ErrFormat = errors.New("not a SOPS file that can be read")
)

// failure is a problem of one of the kinds above.
type failure struct {
	problem.Problem
	kind error
}

// Unwrap gives errors.As the problem and errors.Is the kind.
func (f failure) Unwrap() []error { return []error{f.Problem, f.kind} }

func fail(kind error, p problem.Problem) error { return failure{p, kind} }

// guard turns a panic of the libraries underneath, whose text is as tainted as
// their errors, into a problem. It is for defer.
func guard(err *error, kind error, what string) {
	if recover() != nil {
		*err = fail(kind, problem.Problem{What: what})
	}
}
