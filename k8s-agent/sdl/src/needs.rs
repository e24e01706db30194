//! What a manifest needs of a provider beyond amounts of compute. A provider that has it says so in the attributes of its
//! asks, so that an order without it is refused before anybody pays.

use crate::{
    image,
    manifest::{ManifestGroup, Service},
    resources::DEFAULT_CLASS,
};
use std::{collections::BTreeSet, fmt};

/// Something that not every provider has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Persistent volumes of this storage class.
    Volumes(String),
    /// Ports of the nodes, for what is exposed and is not HTTP on port 80.
    NodePorts,
    /// Addresses of one's own.
    LeasedAddresses,
    /// GPUs of a certain model, as the format writes it.
    GpuModel(String),
    /// Confidential computing.
    ConfidentialComputing,
    /// Services that read their own deployment.
    OwnDeployment,
    /// Images from this host, whose name is not one of the public internet.
    Registry(String),
}

impl Need {
    /// The attribute, key and value, of a provider that has it.
    pub fn attribute(&self) -> (String, String) {
        let (key, value) = match self {
            Self::Volumes(class) => (format!("capabilities/storage/{class}"), "persistent"),
            Self::NodePorts => ("capabilities/node-ports".into(), "true"),
            Self::LeasedAddresses => ("capabilities/leased-addresses".into(), "true"),
            Self::GpuModel(model) => (format!("capabilities/gpu/{model}"), "true"),
            Self::ConfidentialComputing => ("capabilities/tee".into(), "true"),
            Self::OwnDeployment => ("capabilities/own-deployment".into(), "true"),
            Self::Registry(host) => (format!("capabilities/registry/{host}"), "true"),
        };
        (key, value.into())
    }
}

/// For people.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Volumes(class) => write!(f, "persistent volumes of class `{class}`"),
            Self::NodePorts => f.write_str("ports other than HTTP on port 80"),
            Self::LeasedAddresses => f.write_str("leased IP addresses"),
            Self::GpuModel(model) => write!(f, "GPUs of model `{model}`"),
            Self::ConfidentialComputing => f.write_str("confidential computing (params.tee)"),
            Self::OwnDeployment => f.write_str("reading its own deployment (params.permissions)"),
            Self::Registry(host) => write!(f, "images from `{host}`, which is not public"),
        }
    }
}

impl ManifestGroup {
    /// What its services need.
    pub fn needs(&self) -> BTreeSet<Need> {
        self.services.iter().flat_map(Service::needs).collect()
    }
}

impl Service {
    fn needs(&self) -> BTreeSet<Need> {
        let mut needs = BTreeSet::new();
        let volumes = self.resources.storage.iter().filter(|volume| volume.is_persistent());
        needs.extend(volumes.map(|volume| Need::Volumes(volume.class().unwrap_or(DEFAULT_CLASS).into())));
        for exposed in self.expose.iter().filter(|exposed| exposed.global) {
            if !exposed.ip.is_empty() {
                needs.insert(Need::LeasedAddresses);
            } else if !exposed.is_ingress() {
                needs.insert(Need::NodePorts);
            }
        }
        if self.resources.gpu.units.val > 0 {
            let named = self.resources.gpu.attributes.iter().filter(|a| !a.key.ends_with("/*"));
            needs.extend(named.map(|a| Need::GpuModel(a.key.clone())));
        }
        let host = image::host(&self.image).filter(|host| image::not_public(host).is_some());
        needs.extend(host.map(Need::Registry));
        if let Some(params) = &self.params {
            let reads = params.permissions.as_ref().and_then(|p| p.read.as_ref());
            needs.extend(reads.filter(|read| !read.is_empty()).map(|_| Need::OwnDeployment));
            needs.extend(params.tee.as_ref().map(|_| Need::ConfidentialComputing));
        }
        needs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sdl;

    fn needs(service: &str, profile: &str) -> Vec<Need> {
        needs_of("nginx:1.27", service, profile)
    }

    fn needs_of(image: &str, service: &str, profile: &str) -> Vec<Need> {
        let text = format!(
            r#"version: "2.0"
services:
  web:
    image: "{image}"
{service}
profiles:
  compute:
    small:
      resources:
        cpu: {{units: 1}}
        memory: {{size: 64Mi}}
{profile}
  placement:
    anywhere:
      pricing:
        small: {{denom: uprg, amount: 1}}
deployment:
  web:
    anywhere: {{profile: small, count: 1}}
"#
        );
        let sdl = Sdl::parse("app.yaml", &text).unwrap_or_else(|d| panic!("{}", d.render(false)));
        sdl.manifest().groups[0].needs().into_iter().collect()
    }

    const HTTP: &str = "    expose: [{port: 80, to: [{global: true}]}]";
    const DISK: &str = "        storage: {size: 64Mi}";

    #[test]
    fn a_web_server_needs_nothing_special() {
        assert_eq!(needs(HTTP, DISK), []);
    }

    #[test]
    fn other_ports_need_ports_of_the_nodes() {
        assert_eq!(
            needs("    expose: [{port: 5432, to: [{global: true}]}]", DISK),
            [Need::NodePorts]
        );
        assert_eq!(
            needs("    expose: [{port: 53, proto: udp, to: [{global: true}]}]", DISK),
            [Need::NodePorts]
        );
    }

    #[test]
    fn persistent_volumes_need_their_class() {
        let service = format!("{HTTP}\n    params: {{storage: {{data: {{mount: /data}}}}}}");
        let profile = |attributes: &str| {
            format!("        storage:\n          - size: 64Mi\n          - {{name: data, size: 1Gi, attributes: {{{attributes}}}}}")
        };
        assert_eq!(
            needs(&service, &profile("persistent: true, class: beta2")),
            [Need::Volumes("beta2".into())]
        );
        assert_eq!(needs(&service, &profile("persistent: false, class: ram")), []);
    }

    #[test]
    fn a_named_gpu_needs_that_model_and_any_gpu_does_not() {
        let gpu = |vendor: &str| format!("{DISK}\n        gpu: {{units: 1, attributes: {{vendor: {vendor}}}}}");
        assert_eq!(
            needs(HTTP, &gpu("{nvidia: [{model: a100}]}")),
            [Need::GpuModel("vendor/nvidia/model/a100".into())]
        );
        assert_eq!(needs(HTTP, &gpu("{nvidia: null}")), []);
    }

    #[test]
    fn images_from_inside_need_a_provider_that_takes_them() {
        for (image, host) in [
            ("127.0.0.1:5000/x", "127.0.0.1:5000"),
            ("localhost/x", "localhost"),
            ("[::1]/x", "[::1]"),
        ] {
            assert_eq!(needs_of(image, HTTP, DISK), [Need::Registry(host.into())], "{image}");
        }
        assert_eq!(needs_of("ghcr.io/a/b:1", HTTP, DISK), []);
    }

    #[test]
    fn every_need_has_an_attribute_of_its_own() {
        let all = [
            Need::Volumes("a".into()),
            Need::Volumes("b".into()),
            Need::NodePorts,
            Need::LeasedAddresses,
            Need::GpuModel("vendor/nvidia/model/a100".into()),
            Need::ConfidentialComputing,
            Need::OwnDeployment,
            Need::Registry("localhost".into()),
        ];
        let keys: BTreeSet<_> = all.iter().map(|need| need.attribute().0).collect();
        assert_eq!(keys.len(), all.len());
    }
}
