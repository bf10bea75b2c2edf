// Package running starts the registry as the built objects say: the real
// distribution 3 and 2, as many processes as the Deployment has replicas, each
// in a root of its own with the ConfigMap's and the Secrets' files where the
// pod has them, its environment resolved, its user, its probes asked as the
// kubelet asks them. The bucket is a real S3 server, nginx in front is
// configured from the Ingress, the client is crane with what the image pull
// secret holds.
//
// All of it runs in namespaces of Linux that the test makes for itself: no
// network but a loopback of its own, names in an /etc/hosts of its own, and no
// process outlives it; one that a test leaves is a failure. What is rewritten is
// printed: a pod's own address, since two pods on one loopback can't both listen
// on all of it. So is what is shortened: most tests don't wait for the time that
// a new pod isn't asked, nor for the pause before one ends.
//
// Storage on Google Cloud is fake-gcs-server under Google's own names, with a
// token server beside it. Storage on Azure doesn't run here: the one stand-in,
// Azurite, is 450 packages of npm, 360 MB, some of them for Node.js 22 and later.
package running
