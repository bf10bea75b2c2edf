// Regions prints the regions that the registry's S3 driver takes, one a line: it
// asks the SDK that the driver is built with in the way in which it does.
package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go/aws/endpoints"
)

func main() {
	known := map[string]bool{}
	for _, p := range endpoints.DefaultPartitions() {
		for region := range p.Regions() {
			known[region] = true
		}
	}
	for _, region := range slices.Sorted(maps.Keys(known)) {
		fmt.Println(region)
	}
}
