package sops

import (
	"context"
	"errors"
	"testing"

	"github.com/getsops/sops/v3/keyservice"
)

// countingServer stands where SOPS would ask.
type countingServer struct {
	keyservice.Server
	asked *int
}

func (s countingServer) Encrypt(context.Context, *keyservice.EncryptRequest) (*keyservice.EncryptResponse, error) {
	*s.asked++
	return &keyservice.EncryptResponse{}, nil
}

func (s countingServer) Decrypt(context.Context, *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	*s.asked++
	return &keyservice.DecryptResponse{}, nil
}

// Of all kinds of keys that SOPS knows, and will come to know, those of age and
// PGP alone are used without a word on the command line.
func TestNoServiceOnTheNetworkOfAnyKind(t *testing.T) {
	kinds := (&keyservice.Key{}).ProtoReflect().Descriptor().Oneofs().ByName("key_type").Fields()
	if kinds.Len() < 7 {
		t.Fatalf("SOPS has %d kinds of keys", kinds.Len())
	}
	local := 0
	for i := range kinds.Len() {
		key := &keyservice.Key{}
		kind := kinds.Get(i)
		key.ProtoReflect().Set(kind, key.ProtoReflect().NewField(kind))
		here := kind.Name() == "age_key" || kind.Name() == "pgp_key"
		if here {
			local++
		}
		for _, network := range []bool{false, true} {
			asked := 0
			s := &service{t.Context(), countingServer{asked: &asked}, network}
			_, sealErr := s.Encrypt(t.Context(), &keyservice.EncryptRequest{Key: key})
			_, openErr := s.Decrypt(t.Context(), &keyservice.DecryptRequest{Key: key})
			if may := here || network; may != (asked == 2) || may == errors.Is(sealErr, errNetwork) || may == errors.Is(openErr, errNetwork) {
				t.Errorf("%s, asked for: %t: asked %d times: %v, %v", kind.Name(), network, asked, sealErr, openErr)
			}
		}
	}
	if local != 2 {
		t.Errorf("%d kinds are of this machine", local)
	}
}
