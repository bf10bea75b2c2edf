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
// Storage on Azure and on Google Cloud doesn't run here. The drivers could be
// led to a stand-in: Azure's asks ACCOUNT.blob.core.windows.net, Google's
// oauth2, storage and www.googleapis.com, names that a hosts file turns. But
// Azurite is 450 packages of npm, 360 MB, some of them for Node.js 22 and later;
// fake-gcs-server (github.com/fsouza/fake-gcs-server v1.56.1 builds and starts)
// is a minute of compiling, and something beside it has to give out tokens.
package running
