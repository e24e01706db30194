//! The provider's HTTPS API: manifests and status; and its client.
