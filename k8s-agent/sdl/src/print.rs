//! From the model to a file that reads back as the same model.

use crate::manifest::{HttpOptions, Protocol};
use crate::model::{Compute, Document, Expose, Gpu, Params, Placement, Service, Volume};
use crate::quantity::print_bytes;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

impl Document {
    /// The document as an SDL file. Reading it gives the same document.
    pub fn to_yaml(&self) -> String {
        let mut printer = Printer::default();
        printer.document(self);
        printer.out
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yaml())
    }
}

#[derive(Default)]
struct Printer {
    out: String,
    depth: usize,
    /// The next line begins an item of a list.
    item: bool,
}

impl Printer {
    // ---- how to print -----------------------------------------------------------------------------------------------

    fn line(&mut self, text: &str) {
        let levels = if self.item { self.depth - 1 } else { self.depth };
        self.out.extend(std::iter::repeat_n("  ", levels));
        if std::mem::take(&mut self.item) {
            self.out.push_str("- ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `key: value`, the value printed as it is.
    fn plain(&mut self, key: &str, value: impl fmt::Display) {
        self.line(&format!("{key}: {value}"));
    }

    /// `key: text`, quoted where needed.
    fn text(&mut self, key: &str, text: &str) {
        self.plain(key, quote(text));
    }

    /// `key:` and what belongs to it.
    fn block(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.line(&format!("{key}:"));
        self.nested(body);
    }

    fn nested(&mut self, body: impl FnOnce(&mut Self)) {
        self.depth += 1;
        body(self);
        self.depth -= 1;
    }

    /// `key:` with one block for each entry, or `key: {}`.
    fn names<T>(&mut self, key: &str, entries: &BTreeMap<String, T>, mut body: impl FnMut(&mut Self, &str, &T)) {
        if entries.is_empty() {
            return self.plain(key, "{}");
        }
        self.block(key, |p| {
            entries.iter().for_each(|(name, value)| body(p, &quote(name), value))
        });
    }

    /// `key:` with an item for each, or nothing.
    fn list<T>(&mut self, key: &str, items: &[T], mut body: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.block(key, |p| {
            for item in items {
                p.nested(|p| {
                    p.item = true;
                    body(p, item);
                });
            }
        });
    }

    fn texts(&mut self, key: &str, items: &[impl AsRef<str>]) {
        self.list(key, items, |p, item| p.line(&quote(item.as_ref())));
    }

    // ---- what to print ----------------------------------------------------------------------------------------------

    fn document(&mut self, document: &Document) {
        self.plain("version", format_args!("\"{}\"", document.version.as_str()));
        self.texts("include", &document.include);
        self.names("services", &document.services, |p, name, service| {
            p.block(name, |p| p.service(service))
        });
        self.block("profiles", |p| {
            p.names("compute", &document.compute, |p, name, compute| {
                p.block(name, |p| p.compute(compute))
            });
            p.names("placement", &document.placement, |p, name, placed| {
                p.block(name, |p| p.placement(placed))
            });
        });
        self.names("deployment", &document.deployment, |p, name, placements| {
            p.names(name, placements, |p, name, deployment| {
                p.block(name, |p| {
                    p.text("profile", &deployment.profile);
                    p.plain("count", deployment.count);
                });
            });
        });
        if !document.endpoints.is_empty() {
            self.names("endpoints", &document.endpoints, |p, name, _| {
                p.block(name, |p| p.plain("kind", "ip"))
            });
        }
        if let Some(window) = &document.reclamation {
            self.block("reclamation", |p| p.text("min_window", window));
        }
    }

    fn service(&mut self, service: &Service) {
        self.text("image", &service.image);
        self.texts("command", &service.command);
        self.texts("args", &service.args);
        self.texts("env", &service.env);
        self.list("expose", &service.expose, Self::expose);
        self.list("dependencies", &service.dependencies, |p, name| p.text("service", name));
        if let Some(params) = &service.params {
            self.params(params);
        }
        if let Some(credentials) = &service.credentials {
            self.block("credentials", |p| {
                p.text("host", &credentials.host);
                p.text("username", &credentials.username);
                p.text("password", &credentials.password);
                credentials.email.iter().for_each(|email| p.text("email", email));
            });
        }
    }

    fn expose(&mut self, expose: &Expose) {
        self.plain("port", expose.port);
        if let Some(port) = expose.as_port {
            self.plain("as", port);
        }
        if expose.proto != Protocol::Tcp {
            self.plain("proto", expose.proto.as_str());
        }
        self.texts("accept", &expose.accept);
        self.list("to", &expose.to, |p, to| {
            p.plain("global", to.global);
            to.service.iter().for_each(|service| p.text("service", service));
            to.ip.iter().for_each(|ip| p.text("ip", ip));
        });
        self.http_options(&expose.http_options);
    }

    fn http_options(&mut self, options: &HttpOptions) {
        let default = HttpOptions::default();
        if *options == default {
            return;
        }
        self.block("http_options", |p| {
            let numbers = [
                ("max_body_size", options.max_body_size, default.max_body_size),
                (
                    "proxy_buffer_size",
                    options.proxy_buffer_size,
                    default.proxy_buffer_size,
                ),
                ("read_timeout", options.read_timeout, default.read_timeout),
                ("send_timeout", options.send_timeout, default.send_timeout),
                ("next_tries", options.next_tries, default.next_tries),
                ("next_timeout", options.next_timeout, default.next_timeout),
            ];
            for (key, value, default) in numbers {
                if value != default {
                    p.plain(key, value);
                }
            }
            if options.next_cases != default.next_cases {
                p.texts("next_cases", &options.next_cases);
            }
        });
    }

    fn params(&mut self, params: &Params) {
        if *params == Params::default() {
            return self.plain("params", "{}");
        }
        self.block("params", |p| {
            if !params.storage.is_empty() {
                p.names("storage", &params.storage, |p, name, mount| {
                    match (&mount.mount, mount.read_only) {
                        (None, false) => p.plain(name, "{}"),
                        (path, read_only) => p.block(name, |p| {
                            path.iter().for_each(|path| p.text("mount", path));
                            if read_only {
                                p.plain("readOnly", true);
                            }
                        }),
                    }
                });
            }
            match &params.permissions {
                None => {}
                Some(read) if read.is_empty() => p.plain("permissions", "{}"),
                Some(read) => {
                    p.block("permissions", |p| {
                        p.list("read", read, |p, permission| p.line(permission.as_str()))
                    });
                }
            }
            if let Some(tee) = params.tee {
                p.plain("tee", tee.as_str());
            }
        });
    }

    fn compute(&mut self, compute: &Compute) {
        self.block("resources", |p| {
            p.block("cpu", |p| {
                let milli = compute.cpu_milli;
                match milli % 1000 {
                    0 => p.plain("units", milli / 1000),
                    _ => p.plain("units", format_args!("{milli}m")),
                }
                if let Some(arch) = &compute.cpu_arch {
                    p.block("attributes", |p| p.text("arch", arch));
                }
            });
            p.block("memory", |p| p.text("size", &print_bytes(compute.memory_bytes)));
            p.list("storage", &compute.storage, Self::volume);
            if let Some(gpu) = &compute.gpu {
                p.block("gpu", |p| p.gpu(gpu));
            }
        });
    }

    fn volume(&mut self, volume: &Volume) {
        self.text("name", &volume.name);
        self.text("size", &print_bytes(volume.size_bytes));
        if let Some(attributes) = volume.attributes {
            self.block("attributes", |p| {
                p.plain("persistent", attributes.persistent);
                if let Some(class) = attributes.class {
                    p.plain("class", class.as_str());
                }
            });
        }
    }

    fn gpu(&mut self, gpu: &Gpu) {
        self.plain("units", gpu.units);
        if gpu.units == 0 {
            return;
        }
        self.block("attributes", |p| {
            p.block("vendor", |p| match gpu.models.as_slice() {
                [] => p.line("nvidia:"),
                models => p.list("nvidia", models, |p, model| {
                    p.text("model", &model.model);
                    model.ram.iter().for_each(|ram| p.text("ram", ram));
                    model
                        .interface
                        .iter()
                        .for_each(|interface| p.plain("interface", interface.as_str()));
                }),
            });
        });
    }

    fn placement(&mut self, placement: &Placement) {
        if !placement.attributes.is_empty() {
            self.names("attributes", &placement.attributes, |p, key, value| p.text(key, value));
        }
        if !placement.all_of.is_empty() || !placement.any_of.is_empty() {
            self.block("signedBy", |p| {
                p.texts("allOf", &placement.all_of);
                p.texts("anyOf", &placement.any_of);
            });
        }
        self.names("pricing", &placement.pricing, |p, name, price| {
            p.block(name, |p| {
                p.text("denom", &price.denom);
                p.text("amount", &price.amount.to_string());
            });
        });
    }
}

/// Text as YAML: as it is where that is certainly text, in double quotes otherwise.
fn quote(text: &str) -> String {
    if is_certainly_text(text) {
        return text.to_string();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if needs_escape(c) => {
                // Writing to a string never fails.
                let _ = match u32::from(c) {
                    code @ 0..=0xff => write!(quoted, "\\x{code:02x}"),
                    code @ 0x100..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that YAML does not allow, that end a line, or that nobody sees.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || (c as u32 & 0xfffe) == 0xfffe
}

/// A letter or slash first, then nothing that has a meaning to YAML, and no word that means something else.
fn is_certainly_text(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "",
    ];
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '=' | '+');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(inner)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_text_goes_without_quotes() {
        for text in ["nginx", "a/b-c_d.e", "/data", "A=b"] {
            assert_eq!(quote(text), text);
        }
        for text in [
            "", "yes", "Null", "80", "1.5", "a: b", "- a", "*a", "a #b", " a", "é", "~", "<<",
        ] {
            assert_eq!(quote(text), format!("\"{text}\""));
        }
        assert_eq!(
            quote("a\"b\\c\n\u{1}\u{85}\u{2028}"),
            "\"a\\\"b\\\\c\\n\\x01\\x85\\u2028\""
        );
    }
}
