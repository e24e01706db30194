//! From the model to what is sent and ordered: manifest and group specs.
//!
//! Akash has two tools, one in Go and one in TypeScript, which agree on their common test files and differ at the edges.
//! Manifests here are those of the TypeScript SDK: volumes and GPU models in the order of the file, one resource unit
//! for all services of a placement that share a profile, leased addresses numbered by their uses. Group specs are
//! written as Go writes them.

use crate::groups::{GroupSpec, Price, Requirements, ResourceUnit, SignedBy};
use crate::manifest::{
    Credentials, Manifest, ManifestGroup, Protocol, Service, ServiceExpose, ServiceParams, ServicePermissions,
    StorageParams, TeeParams,
};
use crate::model::{self, Compute, Document, Expose, Placement, StorageClass, Version};
use crate::resources::{Attribute, Cpu, Endpoint, EndpointKind, Gpu, Memory, Resources, Storage};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// What texts of the results are: `String`s to be kept, or borrowed where only bytes are made of them.
pub(crate) trait Text<'d>: From<&'d str> + From<String> + AsRef<str> + Clone + Ord {}

impl<'d, S: From<&'d str> + From<String> + AsRef<str> + Clone + Ord> Text<'d> for S {}

/// Manifest and group specs of a checked document.
pub(crate) fn build<'d, S: Text<'d>>(document: &'d Document) -> (Manifest<S>, Vec<GroupSpec<S>>) {
    let numbers = address_numbers(document);
    let mut names: Vec<&String> = document.deployment.keys().collect();
    names.sort_by(|a, b| collate(a, b));
    let mut groups: Vec<Group<'d, S>> = Vec::with_capacity(1);
    let mut indices: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let Some(service) = document.services.get(name) else {
            continue;
        };
        for (placement_name, deployment) in &document.deployment[name] {
            let Some(placement) = document.placement.get(placement_name) else {
                continue;
            };
            let Some(compute) = document.compute.get(&deployment.profile) else {
                continue;
            };
            let index = *indices.entry(placement_name).or_insert(groups.len());
            if index == groups.len() {
                groups.push(Group::new(placement_name, placement));
            }
            groups[index].add(
                Placed {
                    name,
                    service,
                    deployment,
                    compute,
                    version: document.version,
                },
                &numbers,
            );
        }
    }
    groups.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
    let (manifest, specs) = groups.into_iter().map(|group| (group.manifest, group.spec)).unzip();
    (Manifest { groups: manifest }, specs)
}

/// A service at a placement.
struct Placed<'d> {
    name: &'d str,
    service: &'d model::Service,
    deployment: &'d model::Deployment,
    compute: &'d Compute,
    version: Version,
}

/// A placement while services are added.
struct Group<'d, S> {
    manifest: ManifestGroup<S>,
    spec: GroupSpec<S>,
    placement: &'d Placement,
    /// Resource unit by profile.
    units: BTreeMap<&'d str, usize>,
}

impl<'d, S: Text<'d>> Group<'d, S> {
    fn new(name: &'d str, placement: &'d Placement) -> Self {
        let attributes = placement.attributes.iter();
        let attributes: Vec<_> = attributes
            .map(|(k, v)| Attribute::new(k.as_str(), v.as_str()))
            .collect();
        let requirements = Requirements {
            attributes: (!attributes.is_empty()).then_some(attributes),
            signed_by: SignedBy {
                all_of: texts(&placement.all_of),
                any_of: texts(&placement.any_of),
            },
        };
        Self {
            manifest: ManifestGroup {
                name: name.into(),
                // Most have one, and services are large.
                services: Vec::with_capacity(1),
            },
            spec: GroupSpec {
                name: name.into(),
                requirements,
                resources: Vec::new(),
            },
            placement,
            units: BTreeMap::new(),
        }
    }

    fn add(&mut self, placed: Placed<'d>, numbers: &HashMap<&str, u32>) {
        let mut resources = resources(placed.compute);
        resources.endpoints = endpoints(placed.service, numbers);
        resources.id = self.unit(&placed, &resources);
        if let Some(tee) = placed.service.params.as_ref().and_then(|params| params.tee) {
            self.require_tee(tee);
        }
        self.manifest
            .services
            .push(manifest_service(&placed, resources, numbers));
    }

    /// Orders the resources, in the unit of their profile if there is one; its number, from 1.
    fn unit(&mut self, placed: &Placed<'d>, resources: &Resources<S>) -> u32 {
        let profile = placed.deployment.profile.as_str();
        if let Some(&index) = self.units.get(profile) {
            let unit = &mut self.spec.resources[index];
            unit.count = unit.count.saturating_add(placed.deployment.count);
            unit.resource.endpoints.extend(&resources.endpoints);
            unit.resource.endpoints.sort();
            return unit.resource.id;
        }
        let id = u32::try_from(self.spec.resources.len() + 1).unwrap_or(u32::MAX);
        let price = self.placement.pricing.get(profile);
        let price = price.map(|p| Price {
            amount: p.amount,
            denom: p.denom.as_str().into(),
        });
        self.units.insert(profile, self.spec.resources.len());
        self.spec.resources.push(ResourceUnit {
            count: placed.deployment.count,
            price: price.unwrap_or_else(|| Price {
                amount: Default::default(),
                denom: "".into(),
            }),
            resource: Resources {
                id,
                ..resources.clone()
            },
        });
        id
    }

    fn require_tee(&mut self, tee: model::Tee) {
        let attributes = self.spec.requirements.attributes.get_or_insert_default();
        let required = Attribute::new("tee/type", tee.as_str());
        if !attributes.contains(&required) {
            attributes.push(required);
            attributes.sort_by(|a, b| a.key.cmp(&b.key));
        }
    }
}

/// What one replica of a profile needs, before endpoints and number are known.
fn resources<'d, S: Text<'d>>(compute: &'d Compute) -> Resources<S> {
    let gpu = compute.gpu.as_ref();
    let arch = compute
        .cpu_arch
        .iter()
        .map(|arch| Attribute::new("arch", arch.as_str()));
    Resources {
        cpu: Cpu {
            attributes: arch.collect(),
            units: compute.cpu_milli.into(),
        },
        endpoints: Vec::new(),
        gpu: Gpu {
            attributes: gpu.map(gpu_attributes).unwrap_or_default(),
            units: gpu.map_or(0, |gpu| gpu.units).into(),
        },
        id: 0,
        memory: Memory {
            attributes: Vec::new(),
            size: compute.memory_bytes.into(),
        },
        storage: compute.storage.iter().map(storage).collect(),
    }
}

fn storage<'d, S: Text<'d>>(volume: &'d model::Volume) -> Storage<S> {
    let mut attributes = Vec::new();
    if let Some(given) = volume.attributes {
        let class = given.class.or(given.persistent.then_some(StorageClass::Default));
        attributes.extend(class.map(|class| Attribute::new("class", class.as_str())));
        attributes.push(Attribute::new(
            "persistent",
            if given.persistent { "true" } else { "false" },
        ));
    }
    Storage {
        attributes,
        name: volume.name.as_str().into(),
        size: volume.size_bytes.into(),
    }
}

fn gpu_attributes<'d, S: Text<'d>>(gpu: &model::Gpu) -> Vec<Attribute<S>> {
    if gpu.units == 0 {
        return Vec::new();
    }
    if gpu.models.is_empty() {
        return vec![Attribute::new("vendor/nvidia/model/*", "true")];
    }
    let key = |model: &model::GpuModel| {
        let mut key = format!("vendor/nvidia/model/{}", model.model);
        if let Some(ram) = &model.ram {
            key.push_str(&format!("/ram/{ram}"));
        }
        if let Some(interface) = model.interface {
            key.push_str(&format!("/interface/{}", interface.as_str()));
        }
        Attribute::new(key, "true")
    };
    gpu.models.iter().map(key).collect()
}

/// A list that is absent where it is empty.
fn texts<'d, S: Text<'d>>(items: &'d [String]) -> Option<Vec<S>> {
    (!items.is_empty()).then(|| items.iter().map(|item| item.as_str().into()).collect())
}

fn manifest_service<'d, S: Text<'d>>(
    placed: &Placed<'d>,
    resources: Resources<S>,
    numbers: &HashMap<&str, u32>,
) -> Service<S> {
    let service = placed.service;
    Service {
        args: texts(&service.args),
        command: texts(&service.command),
        count: placed.deployment.count,
        credentials: service.credentials.as_ref().map(|c| credentials(c, placed.version)),
        env: texts(&service.env),
        expose: exposes(service, numbers),
        image: service.image.as_str().into(),
        name: placed.name.into(),
        params: service.params.as_ref().map(params),
        resources,
    }
}

fn credentials<'d, S: Text<'d>>(given: &'d model::Credentials, version: Version) -> Credentials<S> {
    let field = |text: &'d str| match version {
        Version::V2_0 => text.into(),
        Version::V2_1 => text.trim().into(),
    };
    let email = given
        .email
        .as_deref()
        .filter(|_| version >= Version::V2_1)
        .unwrap_or_default();
    Credentials {
        email: field(email),
        host: field(&given.host),
        password: field(&given.password),
        username: field(&given.username),
    }
}

fn params<'d, S: Text<'d>>(given: &'d model::Params) -> ServiceParams<S> {
    let mounts: Vec<StorageParams<S>> = given
        .storage
        .iter()
        .map(|(name, mount)| StorageParams {
            mount: mount.mount.as_deref().unwrap_or_default().into(),
            name: name.as_str().into(),
            read_only: mount.read_only,
        })
        .collect();
    let read = |list: &Vec<model::Permission>| {
        (!list.is_empty()).then(|| list.iter().map(|p| p.as_str().into()).collect::<Vec<_>>())
    };
    ServiceParams {
        permissions: given
            .permissions
            .as_ref()
            .map(|list| ServicePermissions { read: read(list) }),
        storage: (!mounts.is_empty()).then_some(mounts),
        tee: given.tee.map(|tee| TeeParams {
            attestation: true,
            kind: tee.as_str().into(),
        }),
    }
}

/// One entry for each port and who may reach it, in the manifest's order.
fn exposes<'d, S: Text<'d>>(service: &'d model::Service, numbers: &HashMap<&str, u32>) -> Vec<ServiceExpose<S>> {
    let one = |expose: &'d Expose, to: &'d model::ExposeTo| ServiceExpose {
        endpoint_sequence_number: to
            .ip
            .as_deref()
            .map_or(0, |ip| numbers.get(ip).copied().unwrap_or_default()),
        external_port: expose.as_port.unwrap_or_default(),
        global: to.global,
        hosts: texts(&expose.accept),
        http_options: expose.http_options.clone(),
        ip: to.ip.as_deref().unwrap_or_default().into(),
        port: expose.port,
        proto: expose.proto,
        service: to.service.as_deref().unwrap_or_default().into(),
    };
    let all = service
        .expose
        .iter()
        .flat_map(|expose| expose.to.iter().map(move |to| one(expose, to)));
    let mut all: Vec<ServiceExpose<S>> = all.collect();
    all.sort_by(|a, b| {
        collate(a.service.as_ref(), b.service.as_ref())
            .then(a.port.cmp(&b.port))
            .then(a.proto.cmp(&b.proto))
            .then(b.global.cmp(&a.global))
    });
    all
}

/// Ways in from outside, in the order of the file.
fn endpoints(service: &model::Service, numbers: &HashMap<&str, u32>) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for expose in &service.expose {
        for to in expose.to.iter().filter(|to| to.global) {
            let ingress = expose.proto == Protocol::Tcp && expose.outside_port() == 80;
            let kind = if ingress {
                EndpointKind::SharedHttp
            } else {
                EndpointKind::RandomPort
            };
            endpoints.push(Endpoint {
                kind,
                sequence_number: 0,
            });
            if let Some(ip) = to.ip.as_deref() {
                let sequence_number = numbers.get(ip).copied().unwrap_or_default();
                endpoints.push(Endpoint {
                    kind: EndpointKind::LeasedIp,
                    sequence_number,
                });
            }
        }
    }
    endpoints
}

/// Numbers of leased addresses: the uses of all addresses are sorted by name and counted from 1; the last use of an
/// address gives its number.
fn address_numbers(document: &Document) -> HashMap<&str, u32> {
    let exposes = document.services.values().flat_map(|service| &service.expose);
    let global = exposes.flat_map(|expose| &expose.to).filter(|to| to.global);
    let mut uses: Vec<&str> = global.filter_map(|to| to.ip.as_deref()).collect();
    uses.sort_unstable();
    uses.into_iter().zip(1..).collect()
}

/// Order of names in a manifest: that of `localeCompare`, in which punctuation comes before digits, digits before
/// letters, and case decides last. For the names that Kubernetes takes it is the order of bytes.
fn collate(a: &str, b: &str) -> Ordering {
    const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    fn primary(c: char) -> (u8, u32) {
        match c {
            ' ' => (0, 0),
            '0'..='9' => (2, u32::from(c)),
            'a'..='z' | 'A'..='Z' => (3, u32::from(c.to_ascii_lowercase())),
            _ => PUNCTUATION.find(c).map_or((3, u32::from(c)), |at| (1, at as u32)),
        }
    }
    if a == b {
        return Ordering::Equal;
    }
    // Lower case comes first where nothing else differs.
    let case = |c: char| c.is_ascii_uppercase();
    let by_letters = a.chars().map(primary).cmp(b.chars().map(primary));
    by_letters.then_with(|| a.chars().map(case).cmp(b.chars().map(case)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_in_javascript() {
        let mut names = ["b", "B", "a-1", "a1", "a_1", "ab", "a", "A", "10", "9"];
        names.sort_by(|a, b| collate(a, b));
        assert_eq!(names, ["10", "9", "a", "A", "a_1", "a-1", "a1", "ab", "b", "B"]);
    }
}
