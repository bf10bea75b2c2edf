// Package configuration holds what the registry's own parsers say about what
// reggen renders. It builds no programs: it runs reggen's packages.
package configuration
