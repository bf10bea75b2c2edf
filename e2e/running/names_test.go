//go:build linux

package running

import (
	"fmt"
	"strings"
)

type host struct{ name, address string }

// names are the hosts of these tests, all on the loopback of their own
// network: what the registry and its clients reach under the name that the
// objects say, at the port that they say.
var names = []host{
	// The example overlays, unchanged.
	{"registry.example.com", "127.2.0.1"},
	{"registry.dev.example.com", "127.2.0.2"},
	{"images.example.com", "127.2.0.14"},
	{"s3.eu-central-1.amazonaws.com", "127.3.0.9"}, {"example-images.s3.eu-central-1.amazonaws.com", "127.3.0.9"},
	// Changed copies of them, so that they can run beside each other.
	{"two.example.com", "127.2.0.3"},
	{"outage.example.com", "127.2.0.4"},
	{"keys.example.com", "127.2.0.5"},
	{"redis.example.com", "127.2.0.6"},
	{"told.example.com", "127.2.0.7"},
	{"tls.example.com", "127.2.0.8"},
	{"cache.example.com", "127.2.0.9"},
	{"collect.example.com", "127.2.0.10"},
	{"load.example.com", "127.2.0.11"},
	{"drain.example.com", "127.2.0.12"},
	{"upstream.example.com", "127.2.0.13"},
	{"small.example.com", "127.2.0.15"},
	{"outage2.example.com", "127.2.0.16"},
	{"keys2.example.com", "127.2.0.17"},
	{"collect2.example.com", "127.2.0.18"},
	{"bucket.example.com", "127.2.0.19"},
	{"room.example.com", "127.2.0.20"},
	{"room2.example.com", "127.2.0.21"},
	{"inside.example.com", "127.2.0.22"},
	{"inside2.example.com", "127.2.0.23"},
	{"registry.tutorial.example.com", "127.2.0.24"},
	{"probed.example.com", "127.2.0.25"},
	{"google.example.com", "127.2.0.26"},
	// The provider, in as many regions as there are stores at one time.
	{"nyc3.digitaloceanspaces.com", "127.3.0.1"}, {"my-space.nyc3.digitaloceanspaces.com", "127.3.0.1"},
	{"lon1.digitaloceanspaces.com", "127.3.0.2"}, {"my-space.lon1.digitaloceanspaces.com", "127.3.0.2"},
	{"ams3.digitaloceanspaces.com", "127.3.0.3"}, {"my-space.ams3.digitaloceanspaces.com", "127.3.0.3"},
	{"sfo3.digitaloceanspaces.com", "127.3.0.4"}, {"my-space.sfo3.digitaloceanspaces.com", "127.3.0.4"},
	{"fra1.digitaloceanspaces.com", "127.3.0.5"}, {"my-space.fra1.digitaloceanspaces.com", "127.3.0.5"},
	{"sgp1.digitaloceanspaces.com", "127.3.0.6"}, {"my-space.sgp1.digitaloceanspaces.com", "127.3.0.6"},
	{"tor1.digitaloceanspaces.com", "127.3.0.7"}, {"my-space.tor1.digitaloceanspaces.com", "127.3.0.7"},
	{"blr1.digitaloceanspaces.com", "127.3.0.8"}, {"my-space.blr1.digitaloceanspaces.com", "127.3.0.8"},
	{"lon2.digitaloceanspaces.com", "127.3.0.10"}, {"my-space.lon2.digitaloceanspaces.com", "127.3.0.10"},
	{"sfo2.digitaloceanspaces.com", "127.3.0.11"}, {"my-space.sfo2.digitaloceanspaces.com", "127.3.0.11"},
	{"nyc1.digitaloceanspaces.com", "127.3.0.12"}, {"my-space.nyc1.digitaloceanspaces.com", "127.3.0.12"},
	{"nyc2.digitaloceanspaces.com", "127.3.0.13"}, {"my-space.nyc2.digitaloceanspaces.com", "127.3.0.13"}, {"my-spaec.nyc2.digitaloceanspaces.com", "127.3.0.13"},
	{"sfo1.digitaloceanspaces.com", "127.3.0.14"}, {"my-space.sfo1.digitaloceanspaces.com", "127.3.0.14"},
	{"ams2.digitaloceanspaces.com", "127.3.0.15"}, {"my-space.ams2.digitaloceanspaces.com", "127.3.0.15"},
	{"atl1.digitaloceanspaces.com", "127.3.0.16"}, {"my-space.atl1.digitaloceanspaces.com", "127.3.0.16"},
	{"syd1.digitaloceanspaces.com", "127.3.0.17"}, {"my-space.syd1.digitaloceanspaces.com", "127.3.0.17"},
	// The same store by a name that the cluster alone knows.
	{"store.spaces.svc", "127.3.0.17"},
	{"storage.googleapis.com", "127.3.1.1"}, {"www.googleapis.com", "127.3.1.1"}, {"oauth2.googleapis.com", "127.3.1.2"},
	// What stands beside a registry.
	{"redis.cache.svc", "127.4.0.1"},
	{"ci.example.com", "127.4.0.2"},
}

// clusterOnly says that a name is a Service's, which pods know and clients don't.
func clusterOnly(name string) bool { return strings.HasSuffix(name, ".svc") }

// address is a host's address.
func address(name string) string {
	for _, h := range names {
		if h.name == name {
			return h.address
		}
	}
	panic("no such host: " + name)
}

var podCount = make(chan int, 1)

func init() { podCount <- 0 }

// podAddress is an address that no pod has had.
func podAddress() string {
	n := <-podCount + 1
	podCount <- n
	return fmt.Sprintf("127.1.%d.%d", n/250, n%250+1)
}
