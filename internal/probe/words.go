package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// broken says why there is no answer. The texts of errors are not passed on:
// they name addresses and may quote what a stranger sent.
func broken(err error) string {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such name"
	case errors.As(err, &dns):
		return "the name can't be looked up: no resolver gave an answer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses connections: nobody listens there"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no way to it from here"
	case isCertificate(err):
		return certificateFault(err, nil, time.Time{})
	case errors.As(err, &record):
		return "does not speak TLS"
	case errors.As(err, &alert):
		return "ended the TLS handshake"
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return "gave no answer in time"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "cut the connection"
	}
	return "the connection failed"
}

func isCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &host) || errors.As(err, &authority) || errors.As(err, &invalid)
}

// certificateFault says what is wrong with a certificate, leaf where it is known.
func certificateFault(err error, leaf *x509.Certificate, now time.Time) string {
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host):
		if leaf != nil {
			return "the certificate is for " + names(leaf) + ", not for this host"
		}
		return "the certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && leaf != nil && now.Before(leaf.NotBefore):
		return "the certificate counts only from " + day(leaf.NotBefore)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && leaf != nil && now.After(leaf.NotAfter):
		return "the certificate expired on " + day(leaf.NotAfter)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "a certificate of the chain is expired"
	case errors.As(err, &authority):
		return "the certificate is signed by nobody whom this machine trusts"
	}
	return "the certificate does not hold"
}

// names are what a certificate is for.
func names(leaf *x509.Certificate) string {
	all := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	const most = 4
	switch {
	case len(all) == 0:
		return "no name at all"
	case len(all) > most:
		return strings.Join(all[:most], ", ") + fmt.Sprintf(" and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// size writes a number of bytes as people do.
func size(n int64) string {
	for _, u := range []struct {
		unit string
		of   int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.of && n%u.of == 0 {
			return fmt.Sprintf("%d %s", n/u.of, u.unit)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
