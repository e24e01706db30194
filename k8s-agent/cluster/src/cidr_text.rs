//! Networks as text in configuration. The `serde` feature of `ipnet` would do it, and would recompile the SDK, which
//! depends on `ipnet` without.

use ipnet::IpNet;
use serde::{de::Error, Deserialize, Deserializer, Serializer};

pub fn serialize<S: Serializer>(networks: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(networks.iter().map(ToString::to_string))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| D::Error::custom(format!("`{text}` is not a network (CIDR)")))
    };
    texts.iter().map(parse).collect()
}
