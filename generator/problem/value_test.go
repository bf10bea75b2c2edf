package problem

import (
	"strings"
	"testing"
)

// A secret in the wrong place, as a value or as a key, is not echoed.
func TestSecretsInTheWrongPlaceAreNotEchoed(t *testing.T) {
	for _, secret := range []string{
		"AGE-SECRET-KEY-1QQPQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQS", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE", "$2a$10$abcdefghijklmnopqrstuv",
	} {
		if got := Quoted(secret); strings.Contains(got, secret) {
			t.Errorf("quoted: %s", got)
		}
		if got := Below("spec", secret); strings.Contains(got, secret) {
			t.Errorf("a path: %s", got)
		}
	}
	for _, name := range []string{"nyc3", "registry.example.com", "REGISTRY_STORAGE_S3_MULTIPARTCOPYTHRESHOLDSIZE", "multipartcopythresholdsize", "3.1.1", "a-very-long-bucket-name-2024"} {
		if got := Quoted(name); !strings.Contains(got, name) {
			t.Errorf("%s is hidden: %s", name, got)
		}
		if got := Below("spec", name); !strings.Contains(got, name) {
			t.Errorf("%s is hidden in a path: %s", name, got)
		}
	}
}
