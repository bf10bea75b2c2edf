// Package e2e tests reggen as its users meet it: real processes, the real
// kustomize, sops, age, helm, actionlint, git, htpasswd, pre-commit, curl, jq and, where
// there is one, kubectl.
//
// It is a module of its own, so that the tools it pins (see the tool block of
// go.mod) stay out of what people build. Run it with
//
//	cd e2e && go test ./...
//
// The first run builds the tools, which takes some minutes. What it needs
// besides Go: git, nginx and Apache's htpasswd (apt-get install nginx-light apache2-utils, brew
// install httpd). Every test works on copies in temporary folders.
package e2e
