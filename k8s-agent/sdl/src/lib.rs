//! Akash SDL files to manifests and group specs. Pure.
