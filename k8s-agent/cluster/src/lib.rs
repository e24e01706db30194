//! A lease becomes Kubernetes objects; inventory and usage.
