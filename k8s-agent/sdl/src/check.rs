//! What a document must hold beyond its grammar. Works on the model, so that built documents are judged like read ones.

use crate::diagnostics::Severity;
use crate::finding::{at, did_you_mean, Finding, Findings, Path};
use crate::grammar::{ARCHITECTURES, DENOMS, MAX_BODY_SIZE, MAX_PROXY_BUFFER, MAX_TIMEOUT, NEXT_CASES};
use crate::model::{
    Compute, Deployment, Document, Expose, Price, Protocol, Service, StorageClass, Tee, Version, Volume,
};
use crate::quantity::print_bytes;
use crate::read::{price_path, shorten};
use crate::resources::Totals;
use memchr::memchr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Beyond any machine: such a number is a slip.
const MAX_CPU_MILLI: u64 = 1_000_000 * 1000;
/// See [`MAX_CPU_MILLI`].
const MAX_MEMORY: u64 = 1 << 50;
/// See [`MAX_CPU_MILLI`].
const MAX_STORAGE: u64 = 1 << 60;
/// See [`MAX_CPU_MILLI`].
const MAX_GPUS: u64 = 10_000;
/// See [`MAX_CPU_MILLI`].
const MAX_COUNT: u32 = 10_000;

/// Largest manifest, roughly in bytes. The largest real one known has 19 kB; aliases and many placements could make
/// one of any size from a small file.
const MAX_MANIFEST: usize = 4 << 20;

/// Judges a document.
pub(crate) fn check(document: &Document) -> Findings {
    let mut checker = Checker {
        document,
        findings: Findings::default(),
    };
    if !checker.size() {
        return checker.findings;
    }
    checker.services();
    checker.profiles();
    checker.deployments();
    checker.addresses();
    checker.hosts();
    checker.reclamation();
    if !checker.findings.has_errors() {
        checker.lints();
    }
    checker.findings
}

struct Checker<'d> {
    document: &'d Document,
    findings: Findings,
}

impl Checker<'_> {
    fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Is the manifest of a size that can be handled? The other checks take time in proportion to it.
    fn size(&mut self) -> bool {
        let document = self.document;
        let mut size = 0usize;
        for (name, placements) in &document.deployment {
            let service = document.services.get(name).map_or(0, service_size);
            for deployment in placements.values() {
                let compute = document.compute.get(&deployment.profile).map_or(0, compute_size);
                size = size
                    .saturating_add(service)
                    .saturating_add(compute)
                    .saturating_add(name.len() + 100);
            }
        }
        if size > MAX_MANIFEST {
            let message = format!("the manifest would have about {} MiB", size >> 20);
            let finding = Finding::error("manifest-too-large", at!["deployment"], message).at_key();
            self.push(finding.expected(format!("at most {} MiB", MAX_MANIFEST >> 20)));
        }
        size <= MAX_MANIFEST
    }

    // ---- services ---------------------------------------------------------------------------------------------------

    fn services(&mut self) {
        let document = self.document;
        if document.services.is_empty() {
            let finding = Finding::error("no-services", at!["services"], "no service is defined").at_key();
            self.push(finding.expected("at least one service with an `image`"));
        }
        for (name, service) in &document.services {
            let at = at!["services", name];
            self.service_name(name, &at);
            self.service(name, service, &at);
        }
    }

    fn service_name(&mut self, name: &str, at: &Path<'_>) {
        if !is_service_name(name) {
            let message = format!("`{}` cannot be the name of a running service", shorten(name));
            let finding = Finding::blocker("service-name", *at, message).at_key();
            let expected = "at most 63 of a-z, 0-9 and `-`, beginning with a letter and not ending with `-`";
            self.push(finding.expected(expected));
        }
    }

    fn service(&mut self, name: &str, service: &Service, at: &Path<'_>) {
        if service.image.trim().is_empty() {
            let finding = Finding::error("empty-image", at.join("image"), "the image has no name");
            self.push(finding.expected("a container image, for instance nginx:1.27"));
        }
        self.env(&service.env, at);
        for (index, expose) in service.expose.iter().enumerate() {
            self.expose(name, expose, || at.join("expose").join(index));
        }
        if !service.dependencies.is_empty() {
            let finding = Finding::warning("without-effect", at.join("dependencies"), "dependencies have no effect");
            self.push(
                finding
                    .at_key()
                    .hint("services of a deployment start together, in no order"),
            );
        }
        self.credentials(service, at);
    }

    fn env(&mut self, env: &[String], at: &Path<'_>) {
        let mut seen = Seen::among(env.len());
        for (index, entry) in env.iter().enumerate() {
            let at = || at.join("env").join(index);
            let Some(name) = memchr(b'=', entry.as_bytes()).map(|length| &entry[..length]) else {
                let message = format!("`{}` sets no value", shorten(entry));
                self.push(Finding::blocker("env-name", at(), message).expected("NAME=value"));
                continue;
            };
            if !is_env_name(name) {
                let message = format!("`{}` cannot be the name of an environment variable", shorten(name));
                let expected = "letters, digits, `_`, `-` and `.`, not beginning with a digit";
                self.push(Finding::blocker("env-name", at(), message).expected(expected));
            } else if !seen.is_new(name) {
                let message = format!("the variable `{}` is set twice", shorten(name));
                self.push(Finding::warning("env-twice", at(), message).hint("the last value counts"));
            }
        }
    }

    fn expose<'a>(&mut self, service: &str, expose: &Expose, at: impl Fn() -> Path<'a>) {
        if expose.port == 0 || expose.as_port == Some(0) {
            let key = if expose.port == 0 { "port" } else { "as" };
            let finding = Finding::error("out-of-range", at().join(key), "port 0 does not exist");
            self.push(finding.expected("a whole number from 1 to 65535"));
        }
        if expose.to.is_empty() {
            let finding = Finding::warning("exposes-nothing", at(), "this port is reachable by nobody").at_key();
            self.push(finding.hint("say who may reach it: `to:` with `- global: true` or `- service: NAME`"));
        }
        for (index, to) in expose.to.iter().enumerate() {
            let at = || at().join("to").join(index);
            if let Some(target) = &to.service {
                self.exposed_to(service, target, &at().join("service"));
            }
            if to.ip.is_some() && !to.global {
                let finding = Finding::error(
                    "ip-needs-global",
                    at().join("ip"),
                    "a leased address needs `global: true`",
                );
                self.push(finding.expected("`global: true` beside `ip`"));
            } else if to.service.is_none() && !to.global {
                let finding = Finding::warning("exposes-nothing", at(), "this entry opens the port to nobody").at_key();
                self.push(finding.hint("write `global: true` or `service: NAME`"));
            }
        }
        self.http_options(expose, || at().join("http_options"));
    }

    fn exposed_to(&mut self, service: &str, target: &str, at: &Path<'_>) {
        if self.document.services.contains_key(target) || self.findings.is_full(Severity::Warning) {
            return;
        }
        let message = format!(
            "no service is named `{}`, so this opens the port of `{service}` to nobody",
            shorten(target)
        );
        let known = self.document.services.keys().map(String::as_str);
        let finding = Finding::warning("unknown-service", *at, message).maybe_hint(did_you_mean(target, known));
        self.push(finding.consulted(at!["services"]));
    }

    fn http_options<'a>(&mut self, expose: &Expose, at: impl Fn() -> Path<'a>) {
        let options = &expose.http_options;
        let limits = [
            ("max_body_size", options.max_body_size, MAX_BODY_SIZE),
            ("proxy_buffer_size", options.proxy_buffer_size, MAX_PROXY_BUFFER),
            ("read_timeout", options.read_timeout, MAX_TIMEOUT),
            ("send_timeout", options.send_timeout, MAX_TIMEOUT),
        ];
        for (key, value, most) in limits {
            if value > most {
                let finding = Finding::error("out-of-range", at().join(key), format!("{value} is out of range"));
                self.push(finding.expected(format!("at most {most}")));
            }
        }
        let at = |index: usize| at().join("next_cases").join(index);
        for (index, case) in options.next_cases.iter().enumerate() {
            if !NEXT_CASES.contains(&case.as_ref()) {
                let message = format!("`{}` is no case", shorten(case));
                let finding = Finding::error("unknown-value", at(index), message);
                let hint = did_you_mean(case, NEXT_CASES);
                self.push(
                    finding
                        .expected(format!("one of {}", NEXT_CASES.join(", ")))
                        .maybe_hint(hint),
                );
            } else if case == "off" && options.next_cases.len() > 1 {
                let finding = Finding::error("off-stands-alone", at(index), "`off` excludes all other cases");
                self.push(finding.expected("`off` alone, or cases without it"));
            }
        }
    }

    fn credentials(&mut self, service: &Service, at: &Path<'_>) {
        let Some(credentials) = &service.credentials else {
            return;
        };
        let at = at.join("credentials");
        // The least lengths of Akash's schema.
        let fields = [
            ("host", Some(&credentials.host), 1),
            ("username", Some(&credentials.username), 1),
            ("password", Some(&credentials.password), 6),
            ("email", credentials.email.as_ref(), 5),
        ];
        for (key, value, least) in fields {
            let Some(value) = value else { continue };
            if value.trim().chars().count() < least {
                let message = if value.trim().is_empty() {
                    format!("`{key}` is empty")
                } else {
                    format!("`{key}` is too short")
                };
                let letters = if least == 1 { "character" } else { "characters" };
                self.push(
                    Finding::error("too-short", at.join(key), message).expected(format!("at least {least} {letters}")),
                );
            }
        }
    }

    // ---- profiles ---------------------------------------------------------------------------------------------------

    fn profiles(&mut self) {
        for (name, compute) in &self.document.compute {
            self.compute(compute, &at!["profiles", "compute", name, "resources"]);
        }
        for (placement, profile) in &self.document.placement {
            for (name, price) in &profile.pricing {
                self.price(price, || price_path(placement, name));
            }
        }
    }

    fn compute(&mut self, compute: &Compute, at: &Path<'_>) {
        self.amount(
            compute.cpu_milli,
            MAX_CPU_MILLI,
            || at.join("cpu").join("units"),
            "CPU",
            |v| format!("{}", v / 1000),
        );
        self.amount(
            compute.memory_bytes,
            MAX_MEMORY,
            || at.join("memory").join("size"),
            "memory",
            print_bytes,
        );
        if let Some(arch) = &compute.cpu_arch {
            if !ARCHITECTURES.contains(&arch.as_str()) {
                let message = format!("no provider states the architecture `{}`", shorten(arch));
                let hint = match arch.as_str() {
                    "x86_64" | "x86-64" | "x64" | "amd" => Some("the word is `amd64`".to_string()),
                    "aarch64" | "arm" | "arm/v8" => Some("the word is `arm64`".to_string()),
                    other => did_you_mean(other, ARCHITECTURES),
                };
                let at = at.join("cpu").join("attributes").join("arch");
                let finding = Finding::blocker("unknown-arch", at, message);
                self.push(finding.expected(ARCHITECTURES.join(" or ")).maybe_hint(hint));
            }
        }
        if let Some(gpu) = &compute.gpu {
            let at = at.join("gpu");
            if gpu.units > MAX_GPUS {
                let message = format!("{} GPUs are absurd", gpu.units);
                let finding = Finding::blocker("absurd-amount", at.join("units"), message);
                self.push(finding.expected(format!("at most {MAX_GPUS}")));
            }
            if gpu.units == 0 && !gpu.models.is_empty() {
                self.push(Finding::error(
                    "gpu-attributes",
                    at.join("attributes"),
                    "GPU attributes with 0 units",
                ));
            }
        }
        self.volumes(compute, &at.join("storage"));
    }

    fn amount<'a>(
        &mut self,
        value: u64,
        most: u64,
        at: impl Fn() -> Path<'a>,
        what: &str,
        print: impl Fn(u64) -> String,
    ) {
        if value == 0 {
            let finding = Finding::error("zero-resources", at(), format!("{what} of zero cannot run anything"));
            self.push(finding.expected("more than 0"));
        } else if value > most {
            let finding = Finding::blocker("absurd-amount", at(), format!("that much {what} is absurd"));
            self.push(finding.expected(format!("at most {}", print(most))));
        }
    }

    fn volumes(&mut self, compute: &Compute, at: &Path<'_>) {
        if compute.storage.is_empty() {
            let finding = Finding::error("no-storage", *at, "no storage is given").at_key();
            self.push(finding.expected("`size`, or a list of volumes"));
        }
        let mut names = Seen::among(compute.storage.len());
        for (index, volume) in compute.storage.iter().enumerate() {
            let at = || at.join(index);
            self.amount(
                volume.size_bytes,
                MAX_STORAGE,
                || at().join("size"),
                "storage",
                print_bytes,
            );
            if !names.is_new(&volume.name) {
                let message = format!("two volumes are named `{}`", shorten(&volume.name));
                let finding = Finding::error("volume-twice", at().join("name"), message).at_key();
                self.push(finding.hint("a volume without a `name` is named `default`"));
            }
            let Some(attributes) = volume.attributes else { continue };
            let at = || at().join("attributes");
            match (attributes.class, attributes.persistent) {
                (Some(StorageClass::Ram), true) => {
                    let finding =
                        Finding::error("ram-persistent", at().join("persistent"), "memory cannot be persistent");
                    self.push(finding.expected("`persistent: false` with class `ram`"));
                }
                (Some(class), false) if class != StorageClass::Ram => {
                    let message = format!("class `{}` is for persistent volumes", class.as_str());
                    let finding = Finding::error("class-not-persistent", at().join("class"), message);
                    self.push(
                        finding
                            .expected("`persistent: true` beside it")
                            .hint("a volume that is not persistent has no class"),
                    );
                }
                _ => {}
            }
        }
    }

    fn price<'a>(&mut self, price: &'a Price, at: impl Fn() -> Path<'a>) {
        if price.amount.is_zero() {
            let finding = Finding::error("zero-price", at().join("amount"), "a price of zero finds no provider");
            self.push(finding.expected("more than 0"));
        }
        let at = || at().join("denom");
        let denom = price.denom.as_str();
        if denom.strip_prefix("ibc/").is_some_and(|hash| !hash.is_empty()) {
            let finding = Finding::warning(
                "foreign-denom",
                at(),
                format!("`{}` is a token of another chain", shorten(denom)),
            );
            self.push(finding.hint("a deployment needs a mapping for it"));
        } else if !DENOMS.contains(&denom) {
            let message = format!("the denomination `{}` is not known", shorten(denom));
            let finding = Finding::error("unknown-denom", at(), message).maybe_hint(did_you_mean(denom, DENOMS));
            self.push(finding.expected(format!("one of {}", DENOMS.join(", "))));
        }
    }

    // ---- deployments ------------------------------------------------------------------------------------------------

    fn deployments(&mut self) {
        let document = self.document;
        for name in document.services.keys() {
            if document.deployment.get(name).is_none_or(BTreeMap::is_empty) {
                let message = format!("the service `{}` is not deployed anywhere", shorten(name));
                let finding = Finding::error("not-deployed", at!["services", name], message).at_key();
                let expected = format!("`deployment.{}` with a placement, a profile and a count", shorten(name));
                self.push(finding.expected(expected).consulted(at!["deployment", name]));
            }
        }
        let mut tees: HashMap<&str, (&str, Tee)> = HashMap::new();
        for (name, placements) in &document.deployment {
            if self.findings.is_full(Severity::Error) {
                return;
            }
            let at = at!["deployment", name];
            let Some(service) = document.services.get(name) else {
                let known = document.services.keys().map(String::as_str);
                let message = format!("no service is named `{}`", shorten(name));
                let finding = Finding::error("unknown-service", at, message).at_key();
                let finding = finding
                    .expected("a key of `services`")
                    .maybe_hint(did_you_mean(name, known));
                self.push(finding.consulted(at!["services"]));
                continue;
            };
            for (placement, deployment) in placements {
                let at = at.join(placement);
                self.deployment(name, service, placement, deployment, &at);
                if let Some(tee) = service.params.as_ref().and_then(|p| p.tee) {
                    let (first, other) = *tees.entry(placement).or_insert((name, tee));
                    if other != tee {
                        let message = format!("`{first}` at the same placement has tee `{}`", other.as_str());
                        let finding = Finding::error("tee-mixed", at!["services", name, "params", "tee"], message);
                        self.push(finding.expected("one kind of tee per placement"));
                    }
                }
            }
        }
        self.totals();
    }

    fn deployment(&mut self, name: &str, service: &Service, placement: &str, deployment: &Deployment, at: &Path<'_>) {
        let document = self.document;
        if deployment.count == 0 || deployment.count > MAX_COUNT {
            let message = format!("{} replicas", deployment.count);
            let finding = match deployment.count {
                0 => Finding::error("out-of-range", at.join("count"), message),
                _ => Finding::blocker("absurd-amount", at.join("count"), message),
            };
            self.push(finding.expected(format!("a whole number from 1 to {MAX_COUNT}")));
        }
        let profile = deployment.profile.as_str();
        let compute = document.compute.get(profile);
        if compute.is_none() {
            let known = document.compute.keys().map(String::as_str);
            let message = format!("no compute profile is named `{}`", shorten(profile));
            let finding = Finding::error("unknown-profile", at.join("profile"), message);
            let finding = finding
                .expected("a key of `profiles.compute`")
                .maybe_hint(did_you_mean(profile, known));
            self.push(finding.consulted(at!["profiles", "compute"]));
        }
        match document.placement.get(placement) {
            None => {
                let known = document.placement.keys().map(String::as_str);
                let message = format!("no placement is named `{}`", shorten(placement));
                let finding = Finding::error("unknown-placement", *at, message).at_key();
                let finding = finding
                    .expected("a key of `profiles.placement`")
                    .maybe_hint(did_you_mean(placement, known));
                self.push(finding.consulted(at!["profiles", "placement"]));
            }
            Some(placed) if compute.is_some() && !placed.pricing.contains_key(profile) => {
                let message = format!(
                    "the placement `{}` has no price for the profile `{}`",
                    shorten(placement),
                    shorten(profile)
                );
                let pricing = at!["profiles", "placement", placement, "pricing"];
                let known = placed.pricing.keys().map(String::as_str);
                let finding = Finding::error("missing-price", pricing, message).at_key();
                let finding = finding.expected(format!("`{}` with `denom` and `amount`", shorten(profile)));
                self.push(
                    finding
                        .maybe_hint(did_you_mean(profile, known))
                        .consulted(pricing.join(profile)),
                );
            }
            Some(_) => {}
        }
        if let Some(compute) = compute {
            self.mounts(name, service, profile, compute);
            self.tee(name, service, profile, compute);
        }
    }

    fn mounts(&mut self, name: &str, service: &Service, profile: &str, compute: &Compute) {
        let none = BTreeMap::new();
        let mounts = service.params.as_ref().map_or(&none, |params| &params.storage);
        let at = at!["services", name, "params", "storage"];
        let storage = at!["profiles", "compute", profile, "resources", "storage"];
        let named = compute.storage.iter().map(|volume| (volume.name.as_str(), volume));
        let volumes: HashMap<&str, &Volume> = match mounts.is_empty() {
            true => HashMap::new(),
            false => named.collect(),
        };
        let mut used: HashMap<&str, &str> = HashMap::new();
        for (volume_name, mount) in mounts {
            let at = at.join(volume_name);
            let Some(volume) = volumes.get(volume_name.as_str()) else {
                let known = compute.storage.iter().map(|v| v.name.as_str());
                let message = format!(
                    "the profile `{}` has no volume `{}`",
                    shorten(profile),
                    shorten(volume_name)
                );
                let finding = Finding::error("unknown-volume", at, message).at_key();
                let finding = finding
                    .expected(format!("a `name` of `{storage}`"))
                    .maybe_hint(did_you_mean(volume_name, known));
                self.push(finding.consulted(storage));
                continue;
            };
            let target = mount.mount.as_deref().unwrap_or_default();
            if mount.mount.is_some() && !target.starts_with('/') {
                let message = format!("`{}` is no absolute path", shorten(target));
                self.push(
                    Finding::error("mount-path", at.join("mount"), message).expected("a path that begins with `/`"),
                );
            }
            if let Some(other) = used.insert(target, volume_name) {
                let message = match target {
                    "" => format!(
                        "`{}` has no mount either; only one volume can be the container's own disk",
                        shorten(other)
                    ),
                    _ => format!(
                        "the volume `{}` is already mounted at `{}`",
                        shorten(other),
                        shorten(target)
                    ),
                };
                self.push(Finding::error("mount-twice", at.join("mount"), message).expected("another path"));
            }
            let is_ram = volume.attributes.is_some_and(|a| a.class == Some(StorageClass::Ram));
            if is_ram && mount.read_only && self.document.version >= Version::V2_1 {
                let finding = Finding::error(
                    "ram-read-only",
                    at.join("readOnly"),
                    "a volume in memory cannot be read-only",
                );
                self.push(finding.expected("`readOnly: false`"));
            }
        }
        for volume in compute
            .storage
            .iter()
            .filter(|v| v.attributes.is_some_and(|a| a.persistent))
        {
            let mounted = mounts
                .get(&volume.name)
                .is_some_and(|m| m.mount.as_ref().is_some_and(|p| !p.is_empty()));
            if !mounted {
                let message = format!("the persistent volume `{}` is not mounted", shorten(&volume.name));
                let finding = Finding::error("not-mounted", at, message).at_key();
                let mount = at.join(&volume.name).join("mount");
                self.push(
                    finding
                        .expected(format!("`{mount}`"))
                        .consulted(mount)
                        .consulted(storage),
                );
            }
        }
    }

    fn tee(&mut self, name: &str, service: &Service, profile: &str, compute: &Compute) {
        let wants_gpu = service
            .params
            .as_ref()
            .is_some_and(|params| params.tee == Some(Tee::CpuGpu));
        if wants_gpu && compute.gpu.as_ref().is_none_or(|gpu| gpu.units == 0) {
            let message = format!(
                "tee `cpu-gpu` needs a GPU, and the profile `{}` has none",
                shorten(profile)
            );
            let finding = Finding::error("tee-needs-gpu", at!["services", name, "params", "tee"], message);
            let gpu = at!["profiles", "compute", profile, "resources", "gpu"];
            self.push(
                finding
                    .expected(format!("`{gpu}.units` above 0, or tee `cpu`"))
                    .consulted(gpu),
            );
        }
    }

    /// Sums must stay numbers.
    fn totals(&mut self) {
        let mut groups: BTreeMap<&str, Totals> = BTreeMap::new();
        for placements in self.document.deployment.values() {
            for (placement, deployment) in placements {
                let Some(compute) = self.document.compute.get(&deployment.profile) else {
                    continue;
                };
                let in_memory = |volume: &Volume| volume.attributes.is_some_and(|a| a.class == Some(StorageClass::Ram));
                let volumes = compute
                    .storage
                    .iter()
                    .map(|volume| (in_memory(volume), volume.size_bytes));
                let gpus = compute.gpu.as_ref().map_or(0, |gpu| gpu.units);
                let units = [compute.cpu_milli, compute.memory_bytes, gpus];
                let sum = groups.entry(placement).or_default();
                sum.add_amounts(units, volumes, deployment.count);
            }
        }
        for (placement, sum) in groups {
            if [sum.cpu_milli, sum.memory_bytes, sum.storage_bytes, sum.gpus].contains(&u64::MAX) {
                let message = "together the services ask for more than can be counted";
                self.push(Finding::error("out-of-range", at!["profiles", "placement", placement], message).at_key());
            }
        }
    }

    // ---- addresses, hosts, reclamation --------------------------------------------------------------------------------

    fn addresses(&mut self) {
        let document = self.document;
        let mut unused: BTreeSet<&str> = document.endpoints.keys().map(String::as_str).collect();
        let mut taken: HashMap<(&str, u16, Protocol), &str> = HashMap::new();
        for (name, service) in &document.services {
            for (index, expose) in service.expose.iter().enumerate() {
                for (to_index, to) in expose.to.iter().enumerate() {
                    let Some(ip) = &to.ip else { continue };
                    let at = at!["services", name, "expose", index, "to", to_index, "ip"];
                    unused.remove(ip.as_str());
                    if !document.endpoints.contains_key(ip) {
                        let known = document.endpoints.keys().map(String::as_str);
                        let finding = Finding::error(
                            "unknown-endpoint",
                            at,
                            format!("no endpoint is named `{}`", shorten(ip)),
                        );
                        let finding = finding
                            .expected("a key of `endpoints`")
                            .maybe_hint(did_you_mean(ip, known));
                        self.push(finding.consulted(at!["endpoints"]));
                    }
                    if let Some(other) = taken.insert((ip, expose.outside_port(), expose.proto), name) {
                        let port = expose.outside_port();
                        let message = format!(
                            "`{other}` already has port {port}/{} of `{}`",
                            expose.proto.as_str(),
                            shorten(ip)
                        );
                        self.push(
                            Finding::error("port-taken", at, message).expected("another port, protocol or endpoint"),
                        );
                    }
                }
            }
        }
        for name in document.endpoints.keys() {
            let at = at!["endpoints", name];
            if !is_endpoint_name(name) {
                let finding = Finding::error(
                    "endpoint-name",
                    at,
                    format!("`{}` cannot name an endpoint", shorten(name)),
                );
                let expected = "a lower-case letter first, then one or more of a-z, 0-9, `-` and `_`";
                self.push(finding.at_key().expected(expected));
            }
            if unused.contains(name.as_str()) {
                let message = format!("no service uses the endpoint `{}`", shorten(name));
                let finding = Finding::error("endpoint-unused", at, message).at_key();
                self.push(
                    finding
                        .expected(format!("`ip: {}` beside a `global: true`", shorten(name)))
                        .consulted(at!["services"]),
                );
            }
        }
    }

    fn hosts(&mut self) {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (name, service) in &self.document.services {
            for (index, expose) in service.expose.iter().enumerate() {
                for (host_index, host) in expose.accept.iter().enumerate() {
                    let at = || at!["services", name, "expose", index, "accept", host_index];
                    if !is_host_name(host) {
                        let finding =
                            Finding::blocker("host-name", at(), format!("`{}` is no host name", shorten(host)));
                        self.findings
                            .push(finding.expected("a host name in lower case, for instance www.example.com"));
                    } else if let Some(other) = seen.insert(host, name) {
                        let message = format!("`{}` is already routed to `{}`", shorten(host), shorten(other));
                        self.findings
                            .push(Finding::blocker("host-twice", at(), message).expected("another host name"));
                    }
                }
            }
        }
    }

    fn reclamation(&mut self) {
        let Some(window) = &self.document.reclamation else {
            return;
        };
        if !is_window(window) {
            let at = at!["reclamation", "min_window"];
            let finding = Finding::error("bad-window", at, format!("`{}` is no notice", shorten(window)));
            self.push(finding.expected("a whole number above 0 and one of s, m and h, for instance 24h"));
        }
    }

    // ---- lints --------------------------------------------------------------------------------------------------------

    /// What is right and has no effect.
    fn lints(&mut self) {
        let document = self.document;
        if !document.include.is_empty() {
            self.push(Finding::warning("without-effect", at!["include"], "`include` has no effect").at_key());
        }
        let global = document
            .services
            .values()
            .flat_map(|s| &s.expose)
            .flat_map(|e| &e.to)
            .any(|to| to.global);
        if !global {
            let finding =
                Finding::warning("nothing-global", at!["services"], "nothing is reachable from outside").at_key();
            self.push(finding.hint("Akash's providers refuse such a deployment; add `to: - global: true` to a port"));
        }
        let deployed = || document.deployment.values().flatten();
        let profiles: BTreeSet<&String> = deployed().map(|(_, deployment)| &deployment.profile).collect();
        for name in document.compute.keys().filter(|name| !profiles.contains(name)) {
            let at = at!["profiles", "compute", name];
            let message = format!("no service uses the profile `{}`", shorten(name));
            self.push(Finding::warning("unused-profile", at, message).at_key());
        }
        let placements: BTreeSet<&String> = deployed().map(|(placement, _)| placement).collect();
        for name in document.placement.keys().filter(|name| !placements.contains(name)) {
            let at = at!["profiles", "placement", name];
            let message = format!("no service uses the placement `{}`", shorten(name));
            self.push(Finding::warning("unused-placement", at, message).at_key());
        }
    }
}

/// Names that were seen, compared one by one while they are few.
struct Seen<'d> {
    few: Vec<&'d str>,
    many: HashSet<&'d str>,
}

impl<'d> Seen<'d> {
    const FEW: usize = 32;

    /// None yet, of so many.
    fn among(count: usize) -> Self {
        Self {
            few: Vec::with_capacity(count.min(Self::FEW)),
            many: HashSet::new(),
        }
    }

    fn is_new(&mut self, name: &'d str) -> bool {
        if self.few.contains(&name) || self.many.contains(name) {
            return false;
        }
        if self.few.len() == Self::FEW {
            self.many.extend(self.few.drain(..));
        }
        match self.many.is_empty() {
            true => self.few.push(name),
            false => _ = self.many.insert(name),
        }
        true
    }
}

/// Bytes of lists of text, with quotes and commas.
fn texts_size(texts: impl IntoIterator<Item = impl AsRef<str>>) -> usize {
    texts.into_iter().map(|text| text.as_ref().len() + 3).sum()
}

/// Roughly the bytes of a service in a manifest.
fn service_size(service: &Service) -> usize {
    let exposes = service.expose.iter().map(|expose| {
        let each = 300 + texts_size(&expose.accept) + texts_size(expose.http_options.next_cases.iter());
        expose.to.len().saturating_mul(each)
    });
    let mounts = service.params.iter().flat_map(|params| &params.storage);
    let mounts = mounts.map(|(name, mount)| 50 + name.len() + mount.mount.as_ref().map_or(0, String::len));
    let lists = texts_size(&service.command) + texts_size(&service.args) + texts_size(&service.env);
    exposes
        .chain(mounts)
        .fold(lists + service.image.len(), usize::saturating_add)
}

/// Roughly the bytes of a compute profile in a manifest.
fn compute_size(compute: &Compute) -> usize {
    let volumes = compute.storage.iter().map(|volume| 150 + volume.name.len());
    let models = compute.gpu.iter().flat_map(|gpu| &gpu.models);
    let models = models.map(|model| 80 + model.model.len() + model.ram.as_ref().map_or(0, String::len));
    volumes.chain(models).fold(300, usize::saturating_add)
}

/// What Kubernetes takes as the name of a service.
fn is_service_name(name: &str) -> bool {
    name.len() <= 63 && name.starts_with(|c: char| c.is_ascii_lowercase()) && is_label(name)
}

/// A part of a DNS name.
fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_host_name(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(is_label)
}

fn is_env_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !name.is_empty()
        && name.bytes().all(inner)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name != "."
        && !name.starts_with("..")
}

fn is_endpoint_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    name.len() >= 2 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(inner)
}

fn is_window(window: &str) -> bool {
    let Some(number) = window.strip_suffix(['s', 'm', 'h']) else {
        return false;
    };
    !number.is_empty() && number.len() <= 9 && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_kubernetes_takes() {
        assert!(is_service_name("web-1") && is_service_name("a"));
        for name in ["", "Web", "1web", "web-", "web_1", &"a".repeat(64)] {
            assert!(!is_service_name(name), "{name}");
        }
        assert!(is_host_name("www.example.com") && !is_host_name("www..com") && !is_host_name("*.example.com"));
        assert!(!is_host_name(&["a"; 200].join(".")));
        assert!(is_env_name("A_b.c-1") && !is_env_name("1A") && !is_env_name("A B") && !is_env_name(".."));
        assert!(is_endpoint_name("ip1") && !is_endpoint_name("i") && !is_endpoint_name("Ip"));
        assert!(is_window("24h") && !is_window("0h") && !is_window("1h30m") && !is_window("h") && !is_window("24"));
    }
}
