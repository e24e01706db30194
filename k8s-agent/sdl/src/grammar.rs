//! The keys of the format: one table for the reader, its hints and the JSON schema.

/// Keys of one kind of mapping, each with what it is for.
pub(crate) struct Keys {
    /// What the mapping is, for messages.
    pub what: &'static str,
    /// Key and meaning.
    pub keys: &'static [(&'static str, &'static str)],
    /// Words people write instead, and what to do.
    pub aliases: &'static [(&'static str, &'static str)],
}

impl Keys {
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.keys.iter().map(|(name, _)| *name)
    }

    pub fn contains(&self, key: &str) -> bool {
        // Looked at before they are compared, as in `yaml::entry`.
        let first = key.as_bytes().first();
        self.names()
            .any(|name| name.len() == key.len() && name.as_bytes().first() == first && name == key)
    }

    /// What a key is for.
    pub fn doc(&self, key: &str) -> &'static str {
        self.keys
            .iter()
            .find(|(name, _)| *name == key)
            .map_or("", |(_, doc)| doc)
    }

    /// Advice for a word that people bring from elsewhere.
    pub fn advice(&self, key: &str) -> Option<&'static str> {
        self.aliases
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, advice)| *advice)
    }

    pub fn list(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }
}

const NO_ORDER: &str =
    "services of a deployment start together, so there is no order to state; let the service wait for the other one";
const VOLUMES: &str = "declare the volume under `profiles.compute.<profile>.resources.storage` and mount it under \
                       `services.<service>.params.storage`";

pub(crate) const TOP: Keys = Keys {
    what: "the file",
    keys: &[
        ("version", "Version of the format: \"2.0\" or \"2.1\"."),
        ("services", "Containers to run, by name."),
        ("profiles", "What services need, and where they may run."),
        ("deployment", "Which service runs where, with which profile, how often."),
        ("endpoints", "Leased IP addresses, by name."),
        ("reclamation", "Notice of a provider who wants resources back."),
        (
            "include",
            "Files that an early version of the format included. Without effect.",
        ),
    ],
    aliases: &[
        ("volumes", VOLUMES),
        (
            "networks",
            "services of a deployment share a network; `expose` says who may reach which port",
        ),
        ("deployments", "the key is `deployment`"),
    ],
};

pub(crate) const SERVICE: Keys = Keys {
    what: "a service",
    keys: &[
        ("image", "Container image."),
        ("command", "Entry point of the container; the image's own where absent."),
        ("args", "Arguments of the container; the image's own where absent."),
        ("env", "Environment, NAME=value each."),
        ("expose", "Ports, and who may reach them."),
        ("params", "Mounts, permissions and confidential computing."),
        ("credentials", "Login of a private registry."),
        (
            "dependencies",
            "Other services. Without effect: all services start together.",
        ),
    ],
    aliases: &[
        ("depends_on", NO_ORDER),
        ("depends-on", NO_ORDER),
        (
            "links",
            "services of a deployment reach each other by name; `expose` with `to: - service:` opens the port",
        ),
        ("volumes", VOLUMES),
        ("cmd", "the key is `command` (entry point) or `args` (arguments)"),
        ("entrypoint", "the key is `command`"),
        ("environment", "the key is `env`, a list of NAME=value"),
        ("ports", "the key is `expose`, a list of `port`, `as` and `to`"),
        ("restart", "containers are always restarted; remove it"),
        (
            "build",
            "only images can be deployed; build and push it first, then name it under `image`",
        ),
        (
            "resources",
            "resources stand under `profiles.compute.<profile>.resources`",
        ),
        (
            "replicas",
            "the number of replicas is `deployment.<service>.<placement>.count`",
        ),
        (
            "count",
            "the number of replicas is `deployment.<service>.<placement>.count`",
        ),
        (
            "profile",
            "the profile is chosen under `deployment.<service>.<placement>.profile`",
        ),
    ],
};

pub(crate) const EXPOSE: Keys = Keys {
    what: "an exposed port",
    keys: &[
        ("port", "Port of the container."),
        ("as", "Port seen from outside, where it is another."),
        ("proto", "Transport protocol; TCP where absent."),
        ("accept", "Host names that the ingress routes here."),
        ("to", "Who may reach it."),
        ("http_options", "How the ingress proxies."),
    ],
    aliases: &[
        ("global", "write it under `to`: `to: - global: true`"),
        ("service", "write it under `to`: `to: - service: NAME`"),
        ("protocol", "the key is `proto`"),
        ("hosts", "the key is `accept`"),
    ],
};

pub(crate) const EXPOSE_TO: Keys = Keys {
    what: "an entry of `to`",
    keys: &[
        ("global", "Reachable by everybody?"),
        ("service", "Reachable by this service of the deployment."),
        ("ip", "Reachable at this leased address; needs `global: true`."),
    ],
    aliases: &[(
        "http_options",
        "it belongs to the port, beside `to`, and would be ignored here",
    )],
};

pub(crate) const HTTP_OPTIONS: Keys = Keys {
    what: "`http_options`",
    keys: &[
        (
            "max_body_size",
            "Largest request body in bytes; 1048576 where absent, 104857600 at most.",
        ),
        (
            "proxy_buffer_size",
            "Buffer for response headers in bytes; 1048576 at most.",
        ),
        ("read_timeout", "Milliseconds; 60000 where absent and at most."),
        ("send_timeout", "Milliseconds; 60000 where absent and at most."),
        ("next_tries", "How many replicas to try; 3 where absent."),
        ("next_timeout", "Milliseconds for trying replicas; 0 is no limit."),
        (
            "next_cases",
            "When to try the next replica; error and timeout where absent.",
        ),
    ],
    aliases: &[],
};

pub(crate) const PARAMS: Keys = Keys {
    what: "`params`",
    keys: &[
        ("storage", "Where volumes are mounted, by volume."),
        ("permissions", "What the service may read of its deployment."),
        ("tee", "Confidential computing."),
    ],
    aliases: &[],
};

pub(crate) const MOUNT: Keys = Keys {
    what: "a mount",
    keys: &[
        ("mount", "Absolute path in the container."),
        ("readOnly", "Mounted without write access?"),
    ],
    aliases: &[
        ("path", "the key is `mount`"),
        ("read_only", "the key is `readOnly`"),
        ("mountPath", "the key is `mount`"),
    ],
};

pub(crate) const PERMISSIONS: Keys = Keys {
    what: "`permissions`",
    keys: &[("read", "deployment, logs, events.")],
    aliases: &[],
};

pub(crate) const CREDENTIALS: Keys = Keys {
    what: "`credentials`",
    keys: &[
        ("host", "Registry host, for instance docker.io."),
        ("username", "User name."),
        ("password", "Password or token, of at least 6 characters."),
        ("email", "E-mail, kept by version 2.1."),
    ],
    aliases: &[
        ("user", "the key is `username`"),
        ("registry", "the key is `host`"),
        ("token", "the key is `password`"),
    ],
};

pub(crate) const DEPENDENCY: Keys = Keys {
    what: "a dependency",
    keys: &[("service", "Name of a service.")],
    aliases: &[],
};

pub(crate) const PROFILES: Keys = Keys {
    what: "`profiles`",
    keys: &[
        ("compute", "What services need, by profile."),
        ("placement", "Where services may run, by placement."),
    ],
    aliases: &[(
        "storage",
        "storage belongs to a compute profile: `profiles.compute.<profile>.resources.storage`",
    )],
};

pub(crate) const COMPUTE: Keys = Keys {
    what: "a compute profile",
    keys: &[("resources", "What one replica needs.")],
    aliases: &[
        ("cpu", "write it under `resources`"),
        ("memory", "write it under `resources`"),
        ("storage", "write it under `resources`"),
        ("gpu", "write it under `resources`"),
    ],
};

pub(crate) const RESOURCES: Keys = Keys {
    what: "`resources`",
    keys: &[
        ("cpu", "Processor time."),
        ("memory", "Memory."),
        ("storage", "Volumes."),
        ("gpu", "GPU devices."),
    ],
    aliases: &[("ram", "the key is `memory`"), ("disk", "the key is `storage`")],
};

pub(crate) const CPU: Keys = Keys {
    what: "`cpu`",
    keys: &[
        ("units", "Cores, for instance 0.5 or 500m."),
        ("attributes", "What the processor must be."),
    ],
    aliases: &[("size", "the key is `units`"), ("arch", "write it under `attributes`")],
};

pub(crate) const CPU_ATTRIBUTES: Keys = Keys {
    what: "`cpu.attributes`",
    keys: &[("arch", "amd64 or arm64.")],
    aliases: &[],
};

pub(crate) const MEMORY: Keys = Keys {
    what: "`memory`",
    keys: &[("size", "Bytes with a unit, for instance 512Mi.")],
    aliases: &[("units", "the key is `size`")],
};

pub(crate) const STORAGE: Keys = Keys {
    what: "a volume",
    keys: &[
        ("size", "Bytes with a unit, for instance 10Gi."),
        (
            "name",
            "The name a service mounts it by; `default` is the container's own disk.",
        ),
        ("attributes", "Class and persistence."),
    ],
    aliases: &[
        ("persistent", "write it under `attributes`"),
        ("class", "write it under `attributes`"),
        (
            "mount",
            "the mount stands under `services.<service>.params.storage.<volume>.mount`",
        ),
    ],
};

pub(crate) const STORAGE_ATTRIBUTES: Keys = Keys {
    what: "attributes of a volume",
    keys: &[
        ("persistent", "Does it outlive the container?"),
        ("class", "default, beta1 (disks), beta2 (SSD), beta3 (NVMe) or ram."),
    ],
    aliases: &[],
};

pub(crate) const GPU: Keys = Keys {
    what: "`gpu`",
    keys: &[("units", "Devices."), ("attributes", "Which devices will do.")],
    aliases: &[
        ("vendor", "write it under `attributes`"),
        ("count", "the key is `units`"),
    ],
};

pub(crate) const GPU_ATTRIBUTES: Keys = Keys {
    what: "`gpu.attributes`",
    keys: &[("vendor", "Models by vendor.")],
    aliases: &[],
};

pub(crate) const GPU_VENDOR: Keys = Keys {
    what: "`vendor`",
    keys: &[("nvidia", "Models that will do; nothing for any.")],
    aliases: &[],
};

pub(crate) const GPU_MODEL: Keys = Keys {
    what: "a GPU model",
    keys: &[
        ("model", "For instance a100."),
        ("ram", "Memory of the device, for instance 80Gi."),
        ("interface", "pcie or sxm."),
    ],
    aliases: &[],
};

pub(crate) const PLACEMENT: Keys = Keys {
    what: "a placement",
    keys: &[
        ("attributes", "What the provider must state of itself."),
        ("signedBy", "Auditors who must vouch for it."),
        (
            "pricing",
            "Most that is paid per replica and block, by compute profile.",
        ),
    ],
    aliases: &[
        ("signed_by", "the key is `signedBy`"),
        ("placement", "one level of `placement` is enough"),
    ],
};

pub(crate) const SIGNED_BY: Keys = Keys {
    what: "`signedBy`",
    keys: &[
        ("anyOf", "One of these auditors must vouch."),
        ("allOf", "All of these auditors must vouch."),
    ],
    aliases: &[("any_of", "the key is `anyOf`"), ("all_of", "the key is `allOf`")],
};

pub(crate) const PRICE: Keys = Keys {
    what: "a price",
    keys: &[
        ("denom", "What the amount is counted in."),
        ("amount", "Most that is paid per replica and block."),
    ],
    aliases: &[],
};

pub(crate) const DEPLOYMENT: Keys = Keys {
    what: "a deployment",
    keys: &[("profile", "Compute profile."), ("count", "Replicas, at least 1.")],
    aliases: &[("replicas", "the key is `count`")],
};

pub(crate) const ENDPOINT: Keys = Keys {
    what: "an endpoint",
    keys: &[("kind", "ip: an address of its own.")],
    aliases: &[],
};

pub(crate) const RECLAMATION: Keys = Keys {
    what: "`reclamation`",
    keys: &[("min_window", "Least notice: a whole number and s, m or h.")],
    aliases: &[],
};

/// When the ingress may try another replica.
pub(crate) const NEXT_CASES: [&str; 10] = [
    "error", "timeout", "500", "502", "503", "504", "403", "404", "429", "off",
];

/// Processor architectures that providers state.
pub(crate) const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// Denominations that are accepted as they are.
pub(crate) const DENOMS: [&str; 3] = ["uakt", "uact", "uprg"];

/// `max_body_size` at most.
pub(crate) const MAX_BODY_SIZE: u32 = 104_857_600;
/// `proxy_buffer_size` at most.
pub(crate) const MAX_PROXY_BUFFER: u32 = 1_048_576;
/// `read_timeout` and `send_timeout` at most.
pub(crate) const MAX_TIMEOUT: u32 = 60_000;
