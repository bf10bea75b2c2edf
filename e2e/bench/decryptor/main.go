// Command decryptor is the other way's secret generator: a kustomize exec
// plugin in the manner of KSOPS, kept as small as it can be. It decrypts the
// files that its config lists, one library call each, and prints them. It is
// here to be measured, not to be used.
package main

import (
	"fmt"
	"os"

	"github.com/getsops/sops/v3/decrypt"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "decryptor:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("expected one argument, kustomize's config file")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	var config struct {
		Files []string `json:"files"`
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return err
	}
	for _, file := range config.Files {
		plain, err := decrypt.File(file, "yaml")
		if err != nil {
			return fmt.Errorf("decrypting %s failed", file)
		}
		fmt.Printf("---\n%s", plain)
	}
	return nil
}
