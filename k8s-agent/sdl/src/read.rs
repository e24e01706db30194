//! From the YAML tree to the typed model. Whatever cannot be read is reported and replaced by a harmless value, so that
//! one run finds every error.

use crate::finding::{at, did_you_mean, Finding, Findings, Path, Step};
use crate::grammar::{self, Keys};
use crate::manifest::{HttpOptions, Protocol};
use crate::model::{
    Compute, Credentials, Deployment, Document, EndpointKind, Expose, ExposeTo, Gpu, GpuInterface, GpuModel, Mount,
    Params, Permission, Placement, Price, Service, StorageClass, Tee, Version, Volume, VolumeAttributes,
    DEFAULT_VOLUME,
};
use crate::quantity::{parse_bytes, parse_cpu, Decimal, QuantityError, Reading, Remark};
use crate::yaml::{entry, Entry, Kind, Node, Scalar};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Reads a tree. The model is complete only where no error was found.
pub(crate) fn document(root: &Node<'_>) -> (Document, Findings) {
    let mut reader = Reader::default();
    let document = reader.document(root);
    (document, reader.findings)
}

#[derive(Default)]
struct Reader<'n> {
    path: Path<'n>,
    findings: Findings,
}

/// The entries of a mapping whose keys are known.
struct Fields<'n> {
    entries: &'n [Entry<'n>],
    keys: &'static Keys,
}

impl<'n> Fields<'n> {
    /// The value, unless it is absent or null.
    fn get(&self, key: &str) -> Option<&'n Node<'n>> {
        debug_assert!(self.keys.contains(key), "{key} is not in the grammar");
        let entry = entry(self.entries, key)?;
        (!entry.value.is_null()).then_some(&entry.value)
    }
}

impl<'n> Reader<'n> {
    // ---- how to read ------------------------------------------------------------------------------------------------

    fn error(&mut self, code: &'static str, message: impl Into<String>, expected: &str, hint: Option<String>) {
        let finding = Finding::error(code, self.path, message).maybe_hint(hint);
        self.findings.push(if expected.is_empty() {
            finding
        } else {
            finding.expected(expected)
        });
    }

    fn warn(&mut self, code: &'static str, message: impl Into<String>, hint: Option<String>) {
        self.findings
            .push(Finding::warning(code, self.path, message).maybe_hint(hint));
    }

    fn at<T>(&mut self, step: impl Into<Step<'n>>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let value = read(self);
        self.path.pop();
        value
    }

    /// The entries of a mapping; unknown keys are errors. Null is an empty mapping.
    fn fields(&mut self, node: &'n Node<'n>, keys: &'static Keys) -> Option<Fields<'n>> {
        let entries = match node.kind {
            Kind::Map(entries) => entries,
            _ if node.is_null() => &[],
            _ => {
                self.wrong_kind(node, &format!("a mapping with {}", keys.list()));
                return None;
            }
        };
        for entry in entries {
            if !keys.contains(entry.key) {
                self.unknown_key(entry.key, keys);
            }
        }
        Some(Fields { entries, keys })
    }

    fn unknown_key(&mut self, key: &str, keys: &'static Keys) {
        let advice = keys.advice(key).map(str::to_string);
        let hint = advice.or_else(|| did_you_mean(key, keys.names()));
        let message = format!("unknown key `{}` in {}", shorten(key), keys.what);
        let finding = Finding::error("unknown-key", self.path.join(key), message)
            .at_key()
            .expected(format!("one of {}", keys.list()))
            .maybe_hint(hint);
        self.findings.push(finding);
    }

    fn wrong_kind(&mut self, node: &'n Node<'n>, expected: &str) {
        let (message, hint) = match node.kind {
            Kind::Map(_) => ("this is a mapping".into(), None),
            Kind::List(_) => ("this is a list".into(), None),
            Kind::Scalar(s) if s.is_null() => ("nothing stands here".into(), None),
            Kind::Scalar(s) => (format!("`{}` stands here", shorten(s.text)), None),
        };
        let hint = match (node.kind, expected.starts_with("a list")) {
            (Kind::Map(_), true) => Some("put `- ` before the first key of each item".into()),
            (Kind::Scalar(_), true) => Some("write one item per line, each after `- `".into()),
            (Kind::Map(_), false) if expected == "text" => Some("text with `: ` in it needs quotes".into()),
            _ => hint,
        };
        let message: String = message;
        self.error("wrong-kind", message, expected, hint);
    }

    fn optional<T>(
        &mut self,
        fields: &Fields<'n>,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'n Node<'n>) -> Option<T>,
    ) -> Option<T> {
        let node = fields.get(key)?;
        self.at(key, |reader| read(reader, node))
    }

    fn required<T>(
        &mut self,
        fields: &Fields<'n>,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'n Node<'n>) -> Option<T>,
    ) -> Option<T> {
        if let Some(node) = fields.get(key) {
            return self.at(key, |reader| read(reader, node));
        }
        let message = format!("`{key}` is missing in {}", fields.keys.what);
        let finding = Finding::error("missing-key", self.path.join(key), message).at_key();
        self.findings
            .push(finding.expected(format!("`{key}`: {}", fields.keys.doc(key).trim_end_matches('.'))));
        None
    }

    /// A list; null is empty. An item that cannot be read leaves a default, so that indices stay true.
    fn list<T: Default>(
        &mut self,
        node: &'n Node<'n>,
        what: &str,
        mut read: impl FnMut(&mut Self, &'n Node<'n>) -> Option<T>,
    ) -> Option<Vec<T>> {
        match node.kind {
            Kind::List(items) => {
                let read_item = |(index, item): (usize, &'n Node<'n>)| {
                    self.at(index, |reader| read(reader, item).unwrap_or_default())
                };
                Some(items.iter().enumerate().map(read_item).collect())
            }
            _ if node.is_null() => Some(Vec::new()),
            _ => {
                self.wrong_kind(node, &format!("a list of {what}"));
                None
            }
        }
    }

    /// A mapping whose keys are names.
    fn names<T: Default>(
        &mut self,
        node: &'n Node<'n>,
        what: &str,
        mut read: impl FnMut(&mut Self, &'n Node<'n>) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        match node.kind {
            Kind::Map(entries) => {
                let mut read_entry =
                    |entry: &'n Entry<'n>| self.at(entry.key, |reader| read(reader, &entry.value).unwrap_or_default());
                let mut names = BTreeMap::new();
                for entry in entries {
                    names.insert(entry.key.to_string(), read_entry(entry));
                }
                Some(names)
            }
            _ if node.is_null() => Some(BTreeMap::new()),
            _ => {
                self.wrong_kind(node, &format!("a mapping of {what}"));
                None
            }
        }
    }

    fn scalar(&mut self, node: &'n Node<'n>, expected: &str) -> Option<Scalar<'n>> {
        match node.kind {
            Kind::Scalar(scalar) if !scalar.is_null() => Some(scalar),
            _ => {
                self.wrong_kind(node, expected);
                None
            }
        }
    }

    /// Text. Numbers and booleans count as what was written, as in Go.
    fn text(&mut self, node: &'n Node<'n>) -> Option<String> {
        self.scalar(node, "text").map(|scalar| scalar.text.to_string())
    }

    fn texts(&mut self, node: &'n Node<'n>) -> Option<Vec<String>> {
        self.list(node, "texts", Self::text)
    }

    fn flag(&mut self, node: &'n Node<'n>) -> Option<bool> {
        const EXPECTED: &str = "true or false";
        let scalar = self.scalar(node, EXPECTED)?;
        let value = scalar.as_bool();
        if value.is_none() {
            let quoted = !scalar.plain && matches!(scalar.text, "true" | "false");
            let hint = quoted.then(|| "remove the quotes".to_string());
            self.error(
                "not-a-boolean",
                format!("`{}` is neither true nor false", shorten(scalar.text)),
                EXPECTED,
                hint,
            );
        }
        value
    }

    /// A whole number from `least` to `most`.
    fn integer(&mut self, node: &'n Node<'n>, least: u32, most: u32) -> Option<u32> {
        if let Kind::Scalar(scalar) = node.kind {
            if let Some(Ok(value)) = scalar.as_integer() {
                if (i64::from(least)..=i64::from(most)).contains(&value) {
                    return u32::try_from(value).ok();
                }
            }
        }
        self.no_integer(node, least, most);
        None
    }

    fn no_integer(&mut self, node: &'n Node<'n>, least: u32, most: u32) {
        let expected = match most {
            u32::MAX => format!("a whole number of at least {least}"),
            _ => format!("a whole number from {least} to {most}"),
        };
        let Some(scalar) = self.scalar(node, &expected) else {
            return;
        };
        let shown = shorten(scalar.text);
        match scalar.as_integer() {
            Some(Err(())) if shown.starts_with('0') => {
                let message = format!("`{shown}` begins with a zero");
                self.error("not-an-integer", message, &expected, None);
            }
            Some(_) => self.error("out-of-range", format!("{shown} is out of range"), &expected, None),
            None => {
                let unquoted = Scalar {
                    text: scalar.text,
                    plain: true,
                };
                let quoted = !scalar.plain && unquoted.as_integer().is_some();
                let hint = quoted.then(|| "remove the quotes".to_string());
                self.error(
                    "not-an-integer",
                    format!("`{shown}` is no whole number"),
                    &expected,
                    hint,
                );
            }
        }
    }

    fn port(&mut self, node: &'n Node<'n>) -> Option<u16> {
        self.integer(node, 1, u32::from(u16::MAX))
            .and_then(|port| u16::try_from(port).ok())
    }

    fn any_u32(&mut self, node: &'n Node<'n>) -> Option<u32> {
        self.integer(node, 0, u32::MAX)
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, node: &'n Node<'n>, known: &[(&'static str, T)]) -> Option<T> {
        if let Kind::Scalar(scalar) = node.kind {
            if let Some((_, value)) = known.iter().find(|(name, _)| *name == scalar.text) {
                return Some(*value);
            }
        }
        let names = || known.iter().map(|(name, _)| *name);
        let expected = names().collect::<Vec<_>>().join(" or ");
        let text = self.scalar(node, &expected)?.text;
        let hint = did_you_mean(text, names());
        self.error(
            "unknown-value",
            format!("`{}` is not known here", shorten(text)),
            &expected,
            hint,
        );
        None
    }

    fn quantity(
        &mut self,
        node: &'n Node<'n>,
        parse: fn(&str) -> Result<Reading, QuantityError>,
        expected: &str,
    ) -> Option<u64> {
        let text = self.scalar(node, expected)?.text;
        match parse(text.trim()) {
            Ok(reading) => {
                if let Some(remark) = reading.remark {
                    self.remark(&shorten(text), reading.value, remark);
                }
                Some(reading.value)
            }
            Err(reason) => {
                let shown = shorten(text);
                let message = match reason {
                    QuantityError::Malformed => format!("`{shown}` is no amount"),
                    QuantityError::Negative => format!("`{shown}` is negative"),
                    QuantityError::TooLarge => format!("`{shown}` is too large"),
                };
                self.error("bad-quantity", message, expected, None);
                None
            }
        }
    }

    fn remark(&mut self, shown: &str, value: u64, remark: Remark) {
        let message = match remark {
            Remark::RoundedUp => format!("`{shown}` is rounded up to {value}"),
            Remark::Bytes => format!("`{shown}` is read as bytes"),
            Remark::ReadAs(unit) => format!("the unit of `{shown}` is read as `{unit}`: {value}"),
            Remark::LettersIgnored => format!("letters behind the number of cores in `{shown}` are ignored"),
        };
        let hint = match remark {
            Remark::RoundedUp | Remark::LettersIgnored => None,
            Remark::Bytes | Remark::ReadAs(_) => {
                Some("write Mi or Gi for powers of 1024, M or G for powers of 1000".into())
            }
        };
        self.warn("loose-quantity", message, hint);
    }

    // ---- what to read -----------------------------------------------------------------------------------------------

    fn document(&mut self, root: &'n Node<'n>) -> Document {
        let Some(fields) = self.fields(root, &grammar::TOP) else {
            return Document::default();
        };
        let mut document = Document {
            version: self.required(&fields, "version", Self::version).unwrap_or_default(),
            include: self.optional(&fields, "include", Self::texts).unwrap_or_default(),
            services: self
                .required(&fields, "services", |r, n| r.names(n, "services", Self::service))
                .unwrap_or_default(),
            deployment: self
                .required(&fields, "deployment", |r, n| {
                    r.names(n, "deployments by service", Self::placed)
                })
                .unwrap_or_default(),
            endpoints: self
                .optional(&fields, "endpoints", |r, n| r.names(n, "endpoints", Self::endpoint))
                .unwrap_or_default(),
            reclamation: self.optional(&fields, "reclamation", Self::reclamation),
            ..Document::default()
        };
        self.required(&fields, "profiles", |reader, node| {
            let fields = reader.fields(node, &grammar::PROFILES)?;
            let compute = reader.required(&fields, "compute", |r, n| r.names(n, "compute profiles", Self::compute));
            let placement = reader.required(&fields, "placement", |r, n| r.names(n, "placements", Self::placement));
            document.compute = compute.unwrap_or_default();
            document.placement = placement.unwrap_or_default();
            Some(())
        });
        document
    }

    fn version(&mut self, node: &'n Node<'n>) -> Option<Version> {
        const EXPECTED: &str = "\"2.0\" or \"2.1\"";
        let scalar = self.scalar(node, EXPECTED)?;
        let version = match scalar.text.trim_start_matches('v') {
            "2" | "2.0" | "2.0.0" => Version::V2_0,
            "2.1" | "2.1.0" => Version::V2_1,
            _ => {
                let message = format!("version `{}` is not known", shorten(scalar.text));
                self.error("unknown-version", message, EXPECTED, None);
                return None;
            }
        };
        if scalar.plain || scalar.text != version.as_str() {
            let hint = Some(format!("write `version: \"{}\"`", version.as_str()));
            self.warn(
                "loose-version",
                "some of Akash's tools take only the version in quotes",
                hint,
            );
        }
        Some(version)
    }

    fn service(&mut self, node: &'n Node<'n>) -> Option<Service> {
        let fields = self.fields(node, &grammar::SERVICE)?;
        Some(Service {
            image: self.required(&fields, "image", Self::text).unwrap_or_default(),
            command: self.optional(&fields, "command", Self::texts).unwrap_or_default(),
            args: self.optional(&fields, "args", Self::texts).unwrap_or_default(),
            env: self.optional(&fields, "env", Self::env).unwrap_or_default(),
            expose: self
                .optional(&fields, "expose", |r, n| r.list(n, "ports", Self::expose))
                .unwrap_or_default(),
            dependencies: self
                .optional(&fields, "dependencies", |r, n| {
                    r.list(n, "dependencies", Self::dependency)
                })
                .unwrap_or_default(),
            params: self.optional(&fields, "params", Self::params),
            credentials: self.optional(&fields, "credentials", Self::credentials),
        })
    }

    fn env(&mut self, node: &'n Node<'n>) -> Option<Vec<String>> {
        if let Kind::Map(_) = node.kind {
            let hint = Some("write `- NAME=value` for each instead of `NAME: value`".into());
            self.error("wrong-kind", "this is a mapping", "a list of NAME=value", hint);
            return None;
        }
        self.texts(node)
    }

    fn dependency(&mut self, node: &'n Node<'n>) -> Option<String> {
        let fields = self.fields(node, &grammar::DEPENDENCY)?;
        self.optional(&fields, "service", Self::text)
    }

    fn expose(&mut self, node: &'n Node<'n>) -> Option<Expose> {
        let fields = self.fields(node, &grammar::EXPOSE)?;
        Some(Expose {
            port: self.required(&fields, "port", Self::port).unwrap_or(80),
            as_port: self.optional(&fields, "as", Self::port),
            proto: self.optional(&fields, "proto", Self::protocol).unwrap_or_default(),
            accept: self.optional(&fields, "accept", Self::texts).unwrap_or_default(),
            to: self
                .optional(&fields, "to", |r, n| r.list(n, "who may reach it", Self::expose_to))
                .unwrap_or_default(),
            http_options: self
                .optional(&fields, "http_options", Self::http_options)
                .unwrap_or_default(),
        })
    }

    fn protocol(&mut self, node: &'n Node<'n>) -> Option<Protocol> {
        const EXPECTED: &str = "TCP or UDP";
        let text = self.scalar(node, EXPECTED)?.text;
        let known = [Protocol::Tcp, Protocol::Udp]
            .into_iter()
            .find(|p| p.as_str().eq_ignore_ascii_case(text));
        if known.is_none() {
            let web = matches!(text.to_ascii_lowercase().as_str(), "http" | "https");
            let hint =
                web.then(|| "HTTP runs over TCP; port 80 seen from outside goes through the ingress".to_string());
            self.error(
                "unknown-value",
                format!("`{}` is no protocol", shorten(text)),
                EXPECTED,
                hint,
            );
        }
        known
    }

    fn expose_to(&mut self, node: &'n Node<'n>) -> Option<ExposeTo> {
        let fields = self.fields(node, &grammar::EXPOSE_TO)?;
        let filled = |text: &String| !text.is_empty();
        Some(ExposeTo {
            service: self.optional(&fields, "service", Self::text).filter(filled),
            global: self.optional(&fields, "global", Self::flag).unwrap_or_default(),
            ip: self.optional(&fields, "ip", Self::text).filter(filled),
        })
    }

    fn http_options(&mut self, node: &'n Node<'n>) -> Option<HttpOptions> {
        let fields = self.fields(node, &grammar::HTTP_OPTIONS)?;
        let given = HttpOptions::default();
        let cases = self
            .optional(&fields, "next_cases", Self::texts)
            .filter(|cases| !cases.is_empty());
        let mut number =
            |key: &'static str, default: u32| self.optional(&fields, key, Self::any_u32).unwrap_or(default);
        Some(HttpOptions {
            max_body_size: number("max_body_size", given.max_body_size),
            proxy_buffer_size: number("proxy_buffer_size", given.proxy_buffer_size),
            read_timeout: number("read_timeout", given.read_timeout),
            send_timeout: number("send_timeout", given.send_timeout),
            next_tries: number("next_tries", given.next_tries),
            next_timeout: number("next_timeout", given.next_timeout),
            next_cases: cases.map_or(given.next_cases, |cases| {
                cases.into_iter().map(Cow::Owned).collect::<Vec<_>>().into()
            }),
        })
    }

    fn params(&mut self, node: &'n Node<'n>) -> Option<Params> {
        let fields = self.fields(node, &grammar::PARAMS)?;
        Some(Params {
            storage: self
                .optional(&fields, "storage", |r, n| r.names(n, "mounts", Self::mount))
                .unwrap_or_default(),
            permissions: self.optional(&fields, "permissions", Self::permissions),
            tee: self.optional(&fields, "tee", |r, n| {
                r.word(n, &[Tee::Cpu, Tee::CpuGpu].map(|t| (t.as_str(), t)))
            }),
        })
    }

    fn mount(&mut self, node: &'n Node<'n>) -> Option<Mount> {
        let fields = self.fields(node, &grammar::MOUNT)?;
        Some(Mount {
            mount: self.optional(&fields, "mount", Self::text),
            read_only: self.optional(&fields, "readOnly", Self::flag).unwrap_or_default(),
        })
    }

    fn permissions(&mut self, node: &'n Node<'n>) -> Option<Vec<Permission>> {
        let fields = self.fields(node, &grammar::PERMISSIONS)?;
        const ALL: [Permission; 3] = [Permission::Deployment, Permission::Logs, Permission::Events];
        let Some(node) = fields.get("read") else {
            return Some(Vec::new());
        };
        self.at("read", |reader| {
            let read = |r: &mut Self, n: &'n Node<'n>| Some(r.word(n, &ALL.map(|p| (p.as_str(), p))));
            Some(reader.list(node, "permissions", read)?.into_iter().flatten().collect())
        })
    }

    fn credentials(&mut self, node: &'n Node<'n>) -> Option<Credentials> {
        let fields = self.fields(node, &grammar::CREDENTIALS)?;
        Some(Credentials {
            host: self.required(&fields, "host", Self::text).unwrap_or_default(),
            username: self.required(&fields, "username", Self::text).unwrap_or_default(),
            password: self.required(&fields, "password", Self::text).unwrap_or_default(),
            email: self.optional(&fields, "email", Self::text),
        })
    }

    fn compute(&mut self, node: &'n Node<'n>) -> Option<Compute> {
        let fields = self.fields(node, &grammar::COMPUTE)?;
        self.required(&fields, "resources", |reader, node| {
            let fields = reader.fields(node, &grammar::RESOURCES)?;
            let mut compute = Compute::default();
            reader.required(&fields, "cpu", |r, n| r.cpu(n, &mut compute));
            reader.required(&fields, "memory", |r, n| r.memory(n, &mut compute));
            compute.storage = reader.required(&fields, "storage", Self::storage).unwrap_or_default();
            compute.gpu = reader.optional(&fields, "gpu", Self::gpu);
            Some(compute)
        })
    }

    fn cpu(&mut self, node: &'n Node<'n>, compute: &mut Compute) -> Option<()> {
        const EXPECTED: &str = "cores, for instance 0.5 or 500m";
        let fields = self.fields(node, &grammar::CPU)?;
        let units = self.required(&fields, "units", |r, n| r.quantity(n, parse_cpu, EXPECTED));
        compute.cpu_milli = units.unwrap_or_default();
        compute.cpu_arch = self.optional(&fields, "attributes", |reader, node| {
            let fields = reader.fields(node, &grammar::CPU_ATTRIBUTES)?;
            reader.optional(&fields, "arch", Self::text)
        });
        Some(())
    }

    fn size(&mut self, fields: &Fields<'n>) -> u64 {
        const EXPECTED: &str = "bytes with a unit, for instance 512Mi";
        self.required(fields, "size", |r, n| r.quantity(n, parse_bytes, EXPECTED))
            .unwrap_or_default()
    }

    fn memory(&mut self, node: &'n Node<'n>, compute: &mut Compute) -> Option<()> {
        let fields = self.fields_with_unused_attributes(node, &grammar::MEMORY)?;
        compute.memory_bytes = self.size(&fields);
        Some(())
    }

    /// Memory has had `attributes` in old files; they never had an effect.
    fn fields_with_unused_attributes(&mut self, node: &'n Node<'n>, keys: &'static Keys) -> Option<Fields<'n>> {
        if node.get("attributes").is_none() {
            return self.fields(node, keys);
        }
        let Kind::Map(entries) = node.kind else { return None };
        let hint = Some("remove it".to_string());
        self.at("attributes", |reader| {
            reader.warn("without-effect", "attributes of memory have no effect", hint)
        });
        for entry in entries
            .iter()
            .filter(|e| e.key != "attributes" && !keys.contains(e.key))
        {
            self.unknown_key(entry.key, keys);
        }
        Some(Fields { entries, keys })
    }

    /// One volume, or a list of them.
    fn storage(&mut self, node: &'n Node<'n>) -> Option<Vec<Volume>> {
        match node.kind {
            // As if it stood in a list, so that its path is the same.
            Kind::Map(_) => Some(vec![self.at(0, |reader| reader.volume(node))?]),
            _ => self.list(node, "volumes", Self::volume),
        }
    }

    fn volume(&mut self, node: &'n Node<'n>) -> Option<Volume> {
        let fields = self.fields(node, &grammar::STORAGE)?;
        let name = self
            .optional(&fields, "name", Self::text)
            .filter(|name| !name.is_empty());
        Some(Volume {
            name: name.unwrap_or_else(|| DEFAULT_VOLUME.into()),
            size_bytes: self.size(&fields),
            attributes: self.optional(&fields, "attributes", Self::volume_attributes),
        })
    }

    fn volume_attributes(&mut self, node: &'n Node<'n>) -> Option<VolumeAttributes> {
        let fields = self.fields(node, &grammar::STORAGE_ATTRIBUTES)?;
        let persistent = self.optional(&fields, "persistent", Self::bool_like);
        let class = self.optional(&fields, "class", |r, n| {
            r.word(n, &StorageClass::ALL.map(|c| (c.as_str(), c)))
        });
        if persistent.is_none() && class.is_none() {
            return None;
        }
        let persistent = persistent.unwrap_or_default();
        // As Akash's parser completes it.
        let class = class.or(persistent.then_some(StorageClass::Default));
        Some(VolumeAttributes { class, persistent })
    }

    /// Attributes are text by nature, so that a boolean in quotes is one here.
    fn bool_like(&mut self, node: &'n Node<'n>) -> Option<bool> {
        match node.kind {
            Kind::Scalar(scalar) if matches!(scalar.text, "true" | "false") => Some(scalar.text == "true"),
            _ => self.flag(node),
        }
    }

    fn gpu(&mut self, node: &'n Node<'n>) -> Option<Gpu> {
        let fields = self.fields(node, &grammar::GPU)?;
        let attributes = fields.get("attributes");
        let units = match (fields.get("units"), attributes) {
            (None, None) => Some(0),
            (None, Some(_)) => self.required(&fields, "units", Self::gpu_units),
            (Some(_), _) => self.optional(&fields, "units", Self::gpu_units),
        };
        if let (Some(0), Some(_)) = (units, attributes) {
            let hint = Some("set `units` to the number of devices, or remove the attributes".to_string());
            self.at("attributes", |r| {
                r.error("gpu-attributes", "GPU attributes with 0 units", "", hint)
            });
        }
        let units = units.unwrap_or_default();
        let models = match attributes {
            Some(node) => self.at("attributes", |reader| reader.gpu_models(node)),
            None if units > 0 => {
                let finding = Finding::error(
                    "gpu-attributes",
                    self.path.join("attributes"),
                    "GPU units without a vendor",
                );
                let hint = "write `attributes:`, below it `vendor:`, below it `nvidia:` with nothing for any model";
                self.findings
                    .push(finding.at_key().expected("`attributes` with a `vendor`").hint(hint));
                None
            }
            None => None,
        };
        Some(Gpu {
            units,
            models: models.unwrap_or_default(),
        })
    }

    fn gpu_units(&mut self, node: &'n Node<'n>) -> Option<u64> {
        // A number in quotes counts here.
        if let Kind::Scalar(Scalar { text, plain: false }) = node.kind {
            if let Ok(units) = text.trim().parse::<u32>() {
                return Some(u64::from(units));
            }
        }
        self.integer(node, 0, u32::MAX).map(u64::from)
    }

    fn gpu_models(&mut self, node: &'n Node<'n>) -> Option<Vec<GpuModel>> {
        let fields = self.fields(node, &grammar::GPU_ATTRIBUTES)?;
        let vendor = fields
            .get("vendor")
            .and_then(|_| self.optional(&fields, "vendor", |r, n| r.fields_kept(n)));
        let Some(vendor) = vendor else {
            if fields.get("vendor").is_none() {
                self.required(&fields, "vendor", |_, _| Some(()));
            }
            return None;
        };
        self.at("vendor", |reader| match vendor {
            // `nvidia:` with nothing is any model.
            VendorNode::Any => Some(Vec::new()),
            VendorNode::Models(node) => reader.at("nvidia", |reader| reader.list(node, "models", Self::gpu_model)),
        })
    }

    /// The `nvidia` entry of a vendor mapping, which must be there and may be null.
    fn fields_kept(&mut self, node: &'n Node<'n>) -> Option<VendorNode<'n>> {
        self.fields(node, &grammar::GPU_VENDOR)?;
        match node.get("nvidia") {
            Some(entry) if entry.value.is_null() => Some(VendorNode::Any),
            Some(entry) => Some(VendorNode::Models(&entry.value)),
            None => {
                let finding = Finding::error("missing-key", self.path.join("nvidia"), "no GPU vendor is named");
                self.findings
                    .push(finding.at_key().expected("`nvidia`, with nothing for any model"));
                None
            }
        }
    }

    fn gpu_model(&mut self, node: &'n Node<'n>) -> Option<GpuModel> {
        const INTERFACES: [GpuInterface; 2] = [GpuInterface::Pcie, GpuInterface::Sxm];
        let fields = self.fields(node, &grammar::GPU_MODEL)?;
        Some(GpuModel {
            model: self.required(&fields, "model", Self::text).unwrap_or_default(),
            ram: self.optional(&fields, "ram", Self::gpu_ram),
            interface: self.optional(&fields, "interface", |r, n| {
                r.word(n, &INTERFACES.map(|i| (i.as_str(), i)))
            }),
        })
    }

    /// Memory of a device is compared as text, so it stays as it was written.
    fn gpu_ram(&mut self, node: &'n Node<'n>) -> Option<String> {
        const EXPECTED: &str = "a size, for instance 80Gi";
        let text = self.scalar(node, EXPECTED)?.text.to_string();
        let known = parse_bytes(&text);
        let whole = text
            .strip_suffix("Gi")
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        match known {
            Err(_) => self.error(
                "bad-quantity",
                format!("`{}` is no size", shorten(&text)),
                EXPECTED,
                None,
            ),
            Ok(_) if !whole => {
                let hint = Some("providers state it in whole Gi, for instance 80Gi".into());
                self.warn(
                    "loose-quantity",
                    format!("`{}` is compared as text", shorten(&text)),
                    hint,
                );
            }
            Ok(_) => {}
        }
        Some(text)
    }

    fn placement(&mut self, node: &'n Node<'n>) -> Option<Placement> {
        let fields = self.fields(node, &grammar::PLACEMENT)?;
        let mut placement = Placement {
            attributes: self
                .optional(&fields, "attributes", |r, n| r.names(n, "attributes", Self::attribute))
                .unwrap_or_default(),
            pricing: self
                .required(&fields, "pricing", |reader, node| {
                    reader.names(node, "prices", |r, n| Some(r.price(n)))
                })
                .map(|prices| {
                    prices
                        .into_iter()
                        .filter_map(|(name, price)| Some((name, price?)))
                        .collect()
                })
                .unwrap_or_default(),
            ..Placement::default()
        };
        self.optional(&fields, "signedBy", |reader, node| {
            let fields = reader.fields(node, &grammar::SIGNED_BY)?;
            placement.any_of = reader.optional(&fields, "anyOf", Self::texts).unwrap_or_default();
            placement.all_of = reader.optional(&fields, "allOf", Self::texts).unwrap_or_default();
            Some(())
        });
        Some(placement)
    }

    fn attribute(&mut self, node: &'n Node<'n>) -> Option<String> {
        if node.is_null() {
            self.warn("no-value", "this attribute has no value", None);
            return Some(String::new());
        }
        self.text(node)
    }

    /// Prices have no harmless value; the check for a price of a profile knows the error that stands here.
    fn price(&mut self, node: &'n Node<'n>) -> Option<Price> {
        let fields = self.fields(node, &grammar::PRICE)?;
        let denom = self.required(&fields, "denom", Self::text);
        let amount = self.required(&fields, "amount", Self::amount);
        Some(Price {
            denom: denom.unwrap_or_default(),
            amount: amount.unwrap_or_default(),
        })
    }

    fn amount(&mut self, node: &'n Node<'n>) -> Option<Decimal> {
        const EXPECTED: &str = "a number above 0 with at most 18 decimals";
        let text = self.scalar(node, EXPECTED)?.text;
        let amount = Decimal::parse(text.trim());
        if amount.is_none() {
            let message = match text.starts_with('-') {
                true => format!("`{}` is negative", shorten(text)),
                false => format!("`{}` is no amount", shorten(text)),
            };
            self.error("bad-quantity", message, EXPECTED, None);
        }
        amount
    }

    fn placed(&mut self, node: &'n Node<'n>) -> Option<BTreeMap<String, Deployment>> {
        self.names(node, "deployments by placement", |reader, node| {
            let fields = reader.fields(node, &grammar::DEPLOYMENT)?;
            Some(Deployment {
                profile: reader.required(&fields, "profile", Self::text).unwrap_or_default(),
                count: reader
                    .required(&fields, "count", |r, n| r.integer(n, 1, u32::MAX))
                    .unwrap_or(1),
            })
        })
    }

    fn endpoint(&mut self, node: &'n Node<'n>) -> Option<EndpointKind> {
        let fields = self.fields(node, &grammar::ENDPOINT)?;
        self.required(&fields, "kind", |r, n| r.word(n, &[("ip", EndpointKind::Ip)]))
    }

    fn reclamation(&mut self, node: &'n Node<'n>) -> Option<String> {
        let fields = self.fields(node, &grammar::RECLAMATION)?;
        self.required(&fields, "min_window", Self::text)
    }
}

/// What stands under `vendor.nvidia`.
enum VendorNode<'n> {
    Any,
    Models(&'n Node<'n>),
}

/// Text that fits into a message.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.len() < text.trim_end().len() => format!("{line}…"),
        None => line.to_string(),
    }
}

/// The path of a placement's price of a profile.
pub(crate) fn price_path<'a>(placement: &'a str, profile: &'a str) -> Path<'a> {
    at!["profiles", "placement", placement, "pricing", profile]
}
