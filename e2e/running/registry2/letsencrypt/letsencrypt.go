// Package letsencrypt stands where distribution 2 imports a module that is no
// longer to be had. It has what the compiler asks for; certificates by ACME are
// nothing that these tests use.
package letsencrypt

import (
	"crypto/tls"
	"errors"
)

var errAbsent = errors.New("built without ACME")

// Manager knows no host and gets no certificate.
type Manager struct{}

func (*Manager) CacheFile(string) error                   { return errAbsent }
func (*Manager) Registered() bool                         { return false }
func (*Manager) Register(string, func(string) bool) error { return errAbsent }
func (*Manager) SetHosts([]string)                        {}
func (*Manager) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, errAbsent
}
