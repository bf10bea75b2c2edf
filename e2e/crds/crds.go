// Package crds pins the modules whose definitions of custom kinds the tests on an
// API server use. Nothing of them is compiled into anything.
package crds

import (
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
