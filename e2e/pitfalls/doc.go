// Package pitfalls breaks a rendered build in the ways that reggen check knows
// and shows what the real registry makes of each. docs/pitfalls.md is its table.
package pitfalls
