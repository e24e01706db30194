//! A list of providers, coded as the gaps between their ids.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use perigee_primitives::ProviderId;
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};

/// Most bytes of a list. Enough for 16 % of 50,000 providers, where a verdict says little about any of them.
pub const MAX_GAP_BYTES: u32 = 8192;

/// Strictly ascending provider ids, each written as its distance from the one before, less one, in LEB128.
///
/// There is one way to write a list. Bytes that came from outside must pass [`Gaps::check`] before they are used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Gaps(BoundedVec<u8, ConstU32<MAX_GAP_BYTES>>);

/// Why a list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapsError {
    /// Longer than [`MAX_GAP_BYTES`].
    TooLong,
    /// The ids do not ascend.
    NotAscending,
    /// The last number has no end.
    Truncated,
    /// A number has more bytes than it needs.
    Padded,
    /// A number or an id is above the highest possible id.
    Overflow,
    /// An id is not below the high-water mark.
    UnknownProvider,
}

impl Gaps {
    /// Codes `ids`, which must ascend strictly.
    pub fn from_ids(ids: impl IntoIterator<Item = ProviderId>) -> Result<Self, GapsError> {
        let mut bytes = Vec::new();
        let mut next = Some(0u32);
        for id in ids {
            let gap = next.and_then(|n| id.checked_sub(n)).ok_or(GapsError::NotAscending)?;
            push_leb128(&mut bytes, gap);
            if bytes.len() > MAX_GAP_BYTES as usize {
                return Err(GapsError::TooLong);
            }
            next = id.checked_add(1);
        }
        bytes.try_into().map(Self).map_err(|_| GapsError::TooLong)
    }

    /// Wraps bytes as they are; [`Gaps::check`] tells whether they are a list.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, GapsError> {
        bytes.try_into().map(Self).map_err(|_| GapsError::TooLong)
    }

    /// Bytes of the list.
    pub fn byte_len(&self) -> u32 {
        self.0.len() as u32
    }

    /// Is it canonical, with every id below `high_water`?
    pub fn check(&self, high_water: ProviderId) -> Result<(), GapsError> {
        let mut ids = Ids::new(&self.0);
        while let Some(id) = ids.read()? {
            if id >= high_water {
                return Err(GapsError::UnknownProvider);
            }
        }
        Ok(())
    }

    /// The ids, ascending. A list that was not checked ends where it stops making sense.
    pub fn ids(&self) -> Ids<'_> {
        Ids::new(&self.0)
    }
}

/// Reads the ids of a list.
#[derive(Clone, Debug)]
pub struct Ids<'a> {
    rest: &'a [u8],
    /// The lowest id that may follow; `None` after the highest possible id.
    next: Option<ProviderId>,
}

impl<'a> Ids<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            next: Some(0),
        }
    }

    /// The next id, `None` at the end.
    fn read(&mut self) -> Result<Option<ProviderId>, GapsError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let gap = pop_leb128(&mut self.rest)?;
        let id = self.next.and_then(|n| n.checked_add(gap)).ok_or(GapsError::Overflow)?;
        self.next = id.checked_add(1);
        Ok(Some(id))
    }
}

impl Iterator for Ids<'_> {
    type Item = ProviderId;

    fn next(&mut self) -> Option<ProviderId> {
        match self.read() {
            Ok(id) => id,
            Err(_) => {
                self.rest = &[];
                None
            }
        }
    }
}

fn push_leb128(bytes: &mut Vec<u8>, mut value: u32) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn pop_leb128(rest: &mut &[u8]) -> Result<u32, GapsError> {
    let mut value = 0u32;
    for shift in (0..).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or(GapsError::Truncated)?;
        *rest = tail;
        let low = u32::from(byte & 0x7f);
        // The fifth byte of a u32 carries four bits; a sixth does not exist.
        if shift > 28 || (shift == 28 && low > 0x0f) {
            return Err(GapsError::Overflow);
        }
        value |= low << shift;
        if byte & 0x80 == 0 {
            return if byte == 0 && shift > 0 {
                Err(GapsError::Padded)
            } else {
                Ok(value)
            };
        }
    }
    Err(GapsError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, vec};
    use proptest::prelude::*;

    fn gaps(bytes: &[u8]) -> Gaps {
        Gaps::from_bytes(bytes.to_vec()).expect("short")
    }

    #[test]
    fn neighbours_take_a_byte_each() {
        let list = Gaps::from_ids([0, 1, 2, 130]).expect("ascending");
        assert_eq!(list.0.to_vec(), vec![0, 0, 0, 127]);
        assert_eq!(list.ids().collect::<Vec<_>>(), vec![0, 1, 2, 130]);
    }

    #[test]
    fn the_highest_id_can_be_listed_and_ends_the_list() {
        let list = Gaps::from_ids([u32::MAX - 1, u32::MAX]).expect("ascending");
        assert_eq!(list.ids().collect::<Vec<_>>(), vec![u32::MAX - 1, u32::MAX]);
        assert_eq!(
            gaps(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0]).check(u32::MAX),
            Err(GapsError::UnknownProvider)
        );
        let mut past_the_end = gaps(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
        assert_eq!(past_the_end.ids().count(), 1);
        past_the_end = gaps(&[0xff, 0xff, 0xff, 0xff, 0x10]);
        assert_eq!(past_the_end.check(9), Err(GapsError::Overflow));
    }

    #[test]
    fn ids_that_do_not_ascend_are_refused() {
        assert_eq!(Gaps::from_ids([3, 3]), Err(GapsError::NotAscending));
        assert_eq!(Gaps::from_ids([3, 2]), Err(GapsError::NotAscending));
        assert_eq!(Gaps::from_ids([u32::MAX, u32::MAX]), Err(GapsError::NotAscending));
    }

    #[test]
    fn each_malformed_list_is_refused_for_its_reason() {
        assert_eq!(gaps(&[0x80]).check(9), Err(GapsError::Truncated));
        assert_eq!(gaps(&[0x81, 0x00]).check(900), Err(GapsError::Padded));
        assert_eq!(gaps(&[0xff; 6]).check(9), Err(GapsError::Overflow));
        assert_eq!(gaps(&[9]).check(9), Err(GapsError::UnknownProvider));
        assert_eq!(gaps(&[8]).check(9), Ok(()));
        assert_eq!(gaps(&[]).check(0), Ok(()));
    }

    #[test]
    fn a_list_is_bounded() {
        assert!(Gaps::from_ids(0..MAX_GAP_BYTES).is_ok());
        assert_eq!(Gaps::from_ids(0..=MAX_GAP_BYTES), Err(GapsError::TooLong));
        assert_eq!(
            Gaps::from_bytes(vec![0; MAX_GAP_BYTES as usize + 1]),
            Err(GapsError::TooLong)
        );
    }

    proptest! {
        #[test]
        fn any_set_comes_back(ids in proptest::collection::btree_set(any::<u32>(), 0..200)) {
            let list = Gaps::from_ids(ids.iter().copied()).expect("a set ascends");
            prop_assert_eq!(list.ids().collect::<BTreeSet<_>>(), ids);
        }

        #[test]
        fn bytes_that_pass_are_the_only_way_to_write_their_ids(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let list = gaps(&bytes);
            if list.check(u32::MAX).is_ok() {
                prop_assert_eq!(Gaps::from_ids(list.ids()), Ok(list));
            }
        }
    }
}
