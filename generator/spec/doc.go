// Package spec is the language people write: the Registry kind, decoded
// strictly, defaulted in one place, and validated as a whole so that every
// mistake is reported at once.
package spec
