//! Numbers by GPU model.

use codec::{Decode, DecodeWithMemTracking, Encode, Error, Input, MaxEncodedLen, Output};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::{Type, TypeInfo};

/// Longest name of a GPU model.
pub const MAX_MODEL_BYTES: usize = 24;
/// Most models that one list names.
pub const MAX_MODELS: usize = 4;

/// Vendor and model of a GPU, for example `nvidia/a100`: lower-case ASCII, padded with zeros.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct GpuModel([u8; MAX_MODEL_BYTES]);

impl GpuModel {
    /// The model of this name; `None` where it is empty, too long, or not printable lower-case ASCII.
    pub fn new(name: &[u8]) -> Option<Self> {
        let plain = |b: &u8| b.is_ascii_graphic() && !b.is_ascii_uppercase();
        if name.is_empty() || name.len() > MAX_MODEL_BYTES || !name.iter().all(plain) {
            return None;
        }
        let mut padded = [0; MAX_MODEL_BYTES];
        padded[..name.len()].copy_from_slice(name);
        Some(Self(padded))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(MAX_MODEL_BYTES);
        core::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl Decode for GpuModel {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let read = Self(<[u8; MAX_MODEL_BYTES]>::decode(input)?);
        let named = Self::new(read.name().as_bytes()).filter(|model| *model == read);
        named.ok_or_else(|| "not the name of a GPU model".into())
    }
}

/// A number for each of up to [`MAX_MODELS`] GPU models, sorted by model. Encoded like a vector of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerModel<N> {
    entries: [(GpuModel, N); MAX_MODELS],
    len: usize,
}

type Pairs<N> = BoundedVec<(GpuModel, N), ConstU32<{ MAX_MODELS as u32 }>>;

impl<N: Copy + Default> PerModel<N> {
    /// For one model only.
    pub fn one(model: GpuModel, number: N) -> Self {
        let mut all = Self::default();
        all.entries[0] = (model, number);
        all.len = 1;
        all
    }

    /// Of these pairs; of a model that comes twice the last. `None` where there are too many models.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (GpuModel, N)>) -> Option<Self> {
        let mut all = Self::default();
        for (model, number) in pairs {
            all.set(model, number)?;
        }
        Some(all)
    }

    /// The pairs, sorted by model.
    pub fn iter(&self) -> core::slice::Iter<'_, (GpuModel, N)> {
        self.entries[..self.len].iter()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of `model`, if it is named.
    pub fn find(&self, model: &GpuModel) -> Option<&N> {
        self.iter().find(|(m, _)| m == model).map(|(_, number)| number)
    }

    /// The number of `model`, zero where it is not named.
    pub fn get(&self, model: &GpuModel) -> N {
        self.find(model).copied().unwrap_or_default()
    }

    /// Names `model` with `number`. `None` where there are too many models.
    pub fn set(&mut self, model: GpuModel, number: N) -> Option<()> {
        match self.entries[..self.len].binary_search_by_key(&model, |(m, _)| *m) {
            Ok(at) => self.entries[at].1 = number,
            Err(_) if self.len == MAX_MODELS => return None,
            Err(at) => {
                self.entries.copy_within(at..self.len, at + 1);
                self.entries[at] = (model, number);
                self.len += 1;
            }
        }
        Some(())
    }
}

impl<N: Copy + Default + PartialEq> PerModel<N> {
    /// Each number changed; models that are left with zero are dropped.
    pub fn map(&self, change: impl Fn(&GpuModel, N) -> N) -> Self {
        let mut changed = Self::default();
        for (model, number) in self.iter() {
            let number = change(model, *number);
            if number != N::default() {
                changed.entries[changed.len] = (*model, number);
                changed.len += 1;
            }
        }
        changed
    }
}

impl<N: Copy + Default> Default for PerModel<N> {
    fn default() -> Self {
        Self {
            entries: [(GpuModel::default(), N::default()); MAX_MODELS],
            len: 0,
        }
    }
}

impl<N: Encode> Encode for PerModel<N> {
    fn size_hint(&self) -> usize {
        self.entries[..self.len].size_hint()
    }
    fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
        self.entries[..self.len].encode_to(output);
    }
}

impl<N: Decode + Copy + Default> Decode for PerModel<N> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let pairs = Pairs::<N>::decode(input)?;
        if !pairs.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err("GPU models must be sorted, each once".into());
        }
        let mut all = Self {
            len: pairs.len(),
            ..Self::default()
        };
        for (entry, pair) in all.entries.iter_mut().zip(pairs) {
            *entry = pair;
        }
        Ok(all)
    }
}

impl<N: Decode + Copy + Default> DecodeWithMemTracking for PerModel<N> {}

impl<N: MaxEncodedLen> MaxEncodedLen for PerModel<N> {
    fn max_encoded_len() -> usize {
        Pairs::<N>::max_encoded_len()
    }
}

impl<N: TypeInfo + 'static> TypeInfo for PerModel<N> {
    type Identity = <Pairs<N> as TypeInfo>::Identity;

    fn type_info() -> Type {
        Pairs::<N>::type_info()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str) -> GpuModel {
        GpuModel::new(name.as_bytes()).expect("a valid name")
    }

    #[test]
    fn names_are_lower_case_and_short() {
        assert_eq!(model("nvidia/a100").name(), "nvidia/a100");
        for bad in ["", "Nvidia/a100", "nvidia a100", "nvidia/a-name-that-is-too-long"] {
            assert_eq!(GpuModel::new(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn no_other_name_is_decoded() {
        let t4 = model("nvidia/t4");
        assert_eq!(GpuModel::decode(&mut &t4.encode()[..]), Ok(t4));
        let mut hidden = t4.encode();
        hidden[MAX_MODEL_BYTES - 1] = b'x';
        for bad in [hidden, b"Nvidia/T4_______________".to_vec(), vec![0; MAX_MODEL_BYTES]] {
            assert!(GpuModel::decode(&mut &bad[..]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn encoded_like_a_vector_and_sorted() {
        let mut all = PerModel::one(model("nvidia/t4"), 2u32);
        assert_eq!(all.set(model("amd/mi300"), 1), Some(()));
        let pairs: Pairs<u32> = all
            .iter()
            .copied()
            .collect::<alloc::vec::Vec<_>>()
            .try_into()
            .expect("few");
        assert_eq!(all.encode(), pairs.encode());
        assert_eq!(PerModel::<u32>::decode(&mut &all.encode()[..]), Ok(all));
        let backwards: alloc::vec::Vec<_> = pairs.into_iter().rev().collect();
        assert!(PerModel::<u32>::decode(&mut &backwards.encode()[..]).is_err());
    }

    #[test]
    fn a_fifth_model_is_refused() {
        let mut all = PerModel::default();
        for name in ["a/1", "a/2", "a/3", "a/4"] {
            assert_eq!(all.set(model(name), 1u32), Some(()));
        }
        let before = all;
        assert_eq!(all.set(model("a/0"), 1), None);
        assert_eq!(all, before);
    }

    #[test]
    fn zeros_are_dropped() {
        let all = PerModel::one(model("nvidia/t4"), 2u32);
        assert!(all.map(|_, _| 0).is_empty());
    }
}
