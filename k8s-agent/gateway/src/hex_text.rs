//! Bytes as hex text in JSON. The `serde` feature of `hex` would do it, and would recompile the whole SDK, which
//! depends on `hex` without.

use serde::{de::Error, Deserialize, Deserializer, Serializer};

pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

pub fn deserialize<'de, D: Deserializer<'de>, T: hex::FromHex<Error = hex::FromHexError>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::from_hex(String::deserialize(deserializer)?).map_err(D::Error::custom)
}
