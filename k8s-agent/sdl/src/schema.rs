//! A JSON schema for editors, made from the tables that the reader uses.

use crate::grammar::{self, Keys};
use crate::model::{StorageClass, Tee};
use serde_json::{json, Map, Value};

/// The schema, as it stands in `sdl.schema.json`.
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&sorted(&schema())).expect("all keys are strings; qed");
    text.push('\n');
    text
}

/// The order of keys in a `serde_json` map depends on cargo features that other crates choose.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// A mapping with these keys and no other; each comes with its description.
fn mapping(keys: &Keys, required: &[&str], values: &[(&str, Value)]) -> Value {
    let property = |name: &str| {
        let value = values
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.clone());
        let mut value = value.unwrap_or_else(|| json!({}));
        if let Some(object) = value.as_object_mut() {
            object.insert("description".into(), keys.doc(name).into());
        }
        (name.to_string(), value)
    };
    let properties: Map<String, Value> = keys.names().map(property).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

/// A mapping whose keys are names.
fn names(value: Value) -> Value {
    json!({ "type": "object", "additionalProperties": value })
}

fn or_null(mut value: Value) -> Value {
    if let Some(kind) = value.get("type").cloned() {
        value["type"] = json!([kind, "null"]);
    }
    value
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn texts() -> Value {
    or_null(list(json!({ "type": ["string", "number", "boolean"] })))
}

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "enum": words.into_iter().collect::<Vec<_>>() })
}

fn number(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn schema() -> Value {
    let mut root = mapping(
        &grammar::TOP,
        &["version", "services", "profiles", "deployment"],
        &[
            ("version", one_of(["2.0", "2.1"])),
            ("services", names(service())),
            ("profiles", profiles()),
            ("deployment", names(names(deployment()))),
            ("endpoints", endpoints()),
            ("reclamation", reclamation()),
            ("include", texts()),
        ],
    );
    root["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    root["title"] = "SDL, versions 2.0 and 2.1".into();
    root
}

fn service() -> Value {
    let dependency = mapping(&grammar::DEPENDENCY, &[], &[("service", text())]);
    mapping(
        &grammar::SERVICE,
        &["image"],
        &[
            ("image", text()),
            ("command", texts()),
            ("args", texts()),
            ("env", texts()),
            ("expose", or_null(list(expose()))),
            ("params", or_null(params())),
            ("credentials", or_null(credentials())),
            ("dependencies", or_null(list(dependency))),
        ],
    )
}

fn expose() -> Value {
    let port = || number(1, u32::from(u16::MAX));
    let to = mapping(
        &grammar::EXPOSE_TO,
        &[],
        &[
            ("global", json!({ "type": "boolean" })),
            ("service", json!({ "type": "string" })),
            ("ip", text()),
        ],
    );
    mapping(
        &grammar::EXPOSE,
        &["port"],
        &[
            ("port", port()),
            ("as", port()),
            (
                "proto",
                json!({ "type": "string", "pattern": "^([tT][cC][pP]|[uU][dD][pP])$" }),
            ),
            ("accept", or_null(list(text()))),
            ("to", or_null(list(to))),
            ("http_options", http_options()),
        ],
    )
}

fn http_options() -> Value {
    // Without quotes `off` is a boolean to some readers of YAML, and the codes are numbers.
    let words = grammar::NEXT_CASES.iter().map(|case| Value::from(*case));
    let codes = grammar::NEXT_CASES
        .iter()
        .filter_map(|case| case.parse::<u32>().ok())
        .map(Value::from);
    let case = json!({ "enum": words.chain(codes).chain([Value::Bool(false)]).collect::<Vec<_>>() });
    mapping(
        &grammar::HTTP_OPTIONS,
        &[],
        &[
            ("max_body_size", number(0, grammar::MAX_BODY_SIZE)),
            ("proxy_buffer_size", number(0, grammar::MAX_PROXY_BUFFER)),
            ("read_timeout", number(0, grammar::MAX_TIMEOUT)),
            ("send_timeout", number(0, grammar::MAX_TIMEOUT)),
            ("next_tries", number(0, u32::MAX)),
            ("next_timeout", number(0, u32::MAX)),
            ("next_cases", or_null(list(case))),
        ],
    )
}

fn params() -> Value {
    let path = json!({ "type": "string", "pattern": "^/" });
    let mount = mapping(
        &grammar::MOUNT,
        &[],
        &[("mount", path), ("readOnly", json!({ "type": "boolean" }))],
    );
    let read = list(one_of(["deployment", "logs", "events"]));
    mapping(
        &grammar::PARAMS,
        &[],
        &[
            ("storage", or_null(names(or_null(mount)))),
            (
                "permissions",
                or_null(mapping(&grammar::PERMISSIONS, &[], &[("read", or_null(read))])),
            ),
            ("tee", one_of([Tee::Cpu, Tee::CpuGpu].map(Tee::as_str))),
        ],
    )
}

fn credentials() -> Value {
    let least = |length: u32| json!({ "type": "string", "minLength": length });
    mapping(
        &grammar::CREDENTIALS,
        &["host", "username", "password"],
        &[
            ("host", least(1)),
            ("username", least(1)),
            ("password", least(6)),
            ("email", least(5)),
        ],
    )
}

fn profiles() -> Value {
    mapping(
        &grammar::PROFILES,
        &["compute", "placement"],
        &[("compute", names(compute())), ("placement", names(placement()))],
    )
}

fn compute() -> Value {
    let arch = mapping(
        &grammar::CPU_ATTRIBUTES,
        &[],
        &[("arch", one_of(grammar::ARCHITECTURES))],
    );
    let units =
        json!({ "type": ["string", "number"], "exclusiveMinimum": 0, "pattern": "^[0-9]*\\.?[0-9]+[a-zA-Z]*$" });
    let resources = mapping(
        &grammar::RESOURCES,
        &["cpu", "memory", "storage"],
        &[
            (
                "cpu",
                mapping(
                    &grammar::CPU,
                    &["units"],
                    &[("units", units), ("attributes", or_null(arch))],
                ),
            ),
            ("memory", mapping(&grammar::MEMORY, &["size"], &[("size", size())])),
            ("storage", json!({ "oneOf": [volume(), list(volume())] })),
            ("gpu", or_null(gpu())),
        ],
    );
    mapping(&grammar::COMPUTE, &["resources"], &[("resources", resources)])
}

fn size() -> Value {
    json!({
        "type": ["string", "integer"],
        "exclusiveMinimum": 0,
        "pattern": "^([0-9]+\\.?[0-9]*|\\.[0-9]+)([kKmMgGtTpPeE]([iI]?[bB]?|[bB]ytes?))?[bB]?$",
    })
}

fn volume() -> Value {
    let mut attributes = mapping(
        &grammar::STORAGE_ATTRIBUTES,
        &[],
        &[
            (
                "persistent",
                json!({ "enum": [true, false, "true", "false", "on", "off", "yes", "no"] }),
            ),
            ("class", one_of(StorageClass::ALL.map(StorageClass::as_str))),
        ],
    );
    // What lives in memory cannot be persistent.
    attributes["not"] = json!({
        "required": ["class", "persistent"],
        "properties": { "class": { "const": "ram" }, "persistent": { "enum": [true, "true", "on", "yes"] } },
    });
    mapping(
        &grammar::STORAGE,
        &["size"],
        &[("size", size()), ("name", text()), ("attributes", or_null(attributes))],
    )
}

fn gpu() -> Value {
    let model = mapping(
        &grammar::GPU_MODEL,
        &["model"],
        &[
            ("model", text()),
            ("ram", text()),
            ("interface", one_of(["pcie", "sxm"])),
        ],
    );
    let vendor = mapping(&grammar::GPU_VENDOR, &["nvidia"], &[("nvidia", or_null(list(model)))]);
    let attributes = mapping(&grammar::GPU_ATTRIBUTES, &["vendor"], &[("vendor", vendor)]);
    let units = json!({ "type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+$" });
    mapping(
        &grammar::GPU,
        &[],
        &[("units", units), ("attributes", or_null(attributes))],
    )
}

fn placement() -> Value {
    let signed_by = mapping(
        &grammar::SIGNED_BY,
        &[],
        &[("anyOf", or_null(list(text()))), ("allOf", or_null(list(text())))],
    );
    let denoms = grammar::DENOMS.join("|");
    let price = mapping(
        &grammar::PRICE,
        &["denom", "amount"],
        &[
            (
                "denom",
                json!({ "type": "string", "pattern": format!("^({denoms}|ibc/.+)$") }),
            ),
            (
                "amount",
                json!({ "type": ["string", "number"], "exclusiveMinimum": 0, "pattern": "^[0-9]+(\\.[0-9]+)?$" }),
            ),
        ],
    );
    mapping(
        &grammar::PLACEMENT,
        &["pricing"],
        &[
            (
                "attributes",
                or_null(names(json!({ "type": ["string", "number", "boolean"] }))),
            ),
            ("signedBy", or_null(signed_by)),
            ("pricing", names(price)),
        ],
    )
}

fn deployment() -> Value {
    mapping(
        &grammar::DEPLOYMENT,
        &["profile", "count"],
        &[("profile", text()), ("count", number(1, u32::MAX))],
    )
}

fn endpoints() -> Value {
    let endpoint = mapping(&grammar::ENDPOINT, &["kind"], &[("kind", one_of(["ip"]))]);
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "patternProperties": { "^[a-z][-_0-9a-z]+$": endpoint },
    })
}

fn reclamation() -> Value {
    let window = json!({ "type": "string", "pattern": "^[1-9][0-9]*(s|m|h)$" });
    mapping(&grammar::RECLAMATION, &["min_window"], &[("min_window", window)])
}
