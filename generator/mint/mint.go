// Package mint makes what a chart's templates ask for and no seed gives:
// certificates, private keys and salted hashes. It makes them as Helm does, with
// sprig's own functions, which draw their randomness and read the clock by
// themselves.
package mint

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/Masterminds/sprig/v3"

	"github.com/reggen/reggen/generator/secret"
)

var functions = sync.OnceValue(sprig.GenericFuncMap)

// Functions are sprig's of these names, none of which draws or reads a clock.
func Functions(names ...string) map[string]any {
	out := make(map[string]any, len(names))
	for _, name := range names {
		if f, is := functions()[name]; is {
			out[name] = f
		}
	}
	return out
}

// errFailed stands in place of an error that could quote an argument.
var errFailed = errors.New("could not be made")

// At is the secret.Mint for a moment: what is asked for with "now" is that.
func At(now time.Time) secret.Mint {
	return func(function string, args []any) (map[string]string, time.Time, error) {
		if function == "now" {
			return map[string]string{secret.PartText: now.UTC().Format(time.RFC3339Nano)}, time.Time{}, nil
		}
		return mint(function, args)
	}
}

func mint(function string, args []any) (parts map[string]string, until time.Time, err error) {
	defer func() {
		if recover() != nil { // reflect's, of arguments of other types
			parts, err = nil, errFailed
		}
	}()
	f := reflect.ValueOf(functions()[function])
	if !f.IsValid() {
		return nil, until, errFailed
	}
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		if c, is := a.(secret.Certificate); is {
			pair, err := sprigs(c)
			if err != nil {
				return nil, until, err
			}
			in[i] = pair
			continue
		}
		if in[i] = reflect.ValueOf(a); a == nil {
			in[i] = reflect.Zero(f.Type().In(i))
		}
	}
	out := f.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		return nil, until, errFailed
	}
	if out[0].Kind() == reflect.String {
		return map[string]string{secret.PartText: out[0].String()}, until, nil
	}
	parts = map[string]string{secret.PartCert: out[0].FieldByName("Cert").String(), secret.PartKey: out[0].FieldByName("Key").String()}
	until, err = Until(parts[secret.PartCert])
	return parts, until, err
}

// sprigs is a certificate of the type that sprig's functions take.
func sprigs(c secret.Certificate) (reflect.Value, error) {
	encode := func(s string) reflect.Value {
		return reflect.ValueOf(base64.StdEncoding.EncodeToString([]byte(s)))
	}
	out := reflect.ValueOf(functions()["buildCustomCert"]).Call([]reflect.Value{encode(c.Cert), encode(c.Key)})
	if !out[1].IsNil() {
		return reflect.Value{}, errFailed
	}
	return out[0], nil
}

// Until is when a certificate in PEM expires.
func Until(text string) (time.Time, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return time.Time{}, errors.New("is no certificate")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, fmt.Errorf("is no certificate: %w", err)
	}
	return c.NotAfter.UTC(), nil
}
