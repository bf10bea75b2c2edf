package spec

import (
	"github.com/reggen/reggen/generator/problem"
	"github.com/reggen/reggen/generator/syntax"
)

// SetOn is the annotation of a credential that says on which day its values
// were set. Where only some were set anew, it stays the day of the oldest.
const SetOn = "reggen.dev/set-on"

// DataKeyMade is the annotation of an encrypted file that says on which day its
// data key was made: SOPS notes none, and encrypts a file anew without a new one.
const DataKeyMade = "reggen.dev/data-key-made"

// KeptSince is the annotation of a machine credential that says on which day
// each of the values was made that it keeps for a chart: address=day, with commas.
const KeptSince = "reggen.dev/kept-since"

// MaxAge says how old what reggen makes may become before reggen check warns.
type MaxAge struct {
	DataKeys     string `json:"dataKeys,omitempty"`
	Certificates string `json:"certificates,omitempty"`
}

func (v *validator) days(path, text string) {
	if text != "" && !syntax.Days.Matches(text) {
		v.Add(path, problem.Quoted(text)+" is not a number of days", "one, for instance 90d")
	}
}

func (v *validator) maxAge() {
	a, s := v.s.Auth, v.s.Secrets.MaxAge
	v.days("spec.auth.maxAge", a.MaxAge)
	if a.MaxAge != "" && (a.Anonymous || a.ExistingSecret != nil) {
		v.Add("spec.auth.maxAge", "is about the passwords of reggen's own users, and there are none", "no maxAge")
	}
	if s != nil {
		v.days("spec.secrets.maxAge.dataKeys", s.DataKeys)
		v.days("spec.secrets.maxAge.certificates", s.Certificates)
	}
}
