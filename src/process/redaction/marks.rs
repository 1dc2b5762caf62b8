//! Finds the bytes of a text that are of some kind, many at a time.

use std::marker::PhantomData;

/// Bytes looked at at once.
pub(super) const STEP: usize = 64;

/// Bytes before and after those that may matter for what they are. All together are a multiple of the sixteen
/// that a processor looks at together.
pub(super) const BEFORE: usize = 1;
pub(super) const AFTER: usize = 15;

/// Some bytes of a text with what is around them; zeros where the text has ended or not begun.
pub(super) type Around = [u8; BEFORE + STEP + AFTER];

/// What is looked for.
pub(super) trait Kind {
    /// 1 for each of the bytes that is of the kind, or may be, and 0 for others.
    ///
    /// It is fast only if it has no branches, so that the compiler makes it look at all bytes together.
    fn marks(around: &Around) -> [u8; STEP];
}

/// The bytes of a text that are of a kind.
pub(super) struct Marked<'t, K> {
    text: &'t [u8],
    /// Where the bytes begin that were looked at last.
    step: usize,
    /// One bit for each of them.
    bits: u64,
    kind: PhantomData<K>,
}

impl<'t, K: Kind> Marked<'t, K> {
    pub fn new(text: &'t [u8]) -> Self {
        let mut marked = Self {
            text,
            step: 0,
            bits: 0,
            kind: PhantomData,
        };
        marked.look();
        marked
    }

    /// Where the first byte of the kind is from `from` on, which is not before what was asked last.
    #[inline]
    pub fn next_from(&mut self, from: usize) -> Option<usize> {
        // Between an earlier question and this step there was nothing.
        let mut offset = from.saturating_sub(self.step);
        if offset >= STEP {
            (self.step, offset) = (from, 0);
            self.look();
        }
        let mut bits = self.bits >> offset << offset;
        while bits == 0 {
            self.step += STEP;
            if self.step >= self.text.len() {
                self.step = self.text.len();
                return None;
            }
            self.look();
            bits = self.bits;
        }
        let found = self.step + bits.trailing_zeros() as usize;
        (found < self.text.len()).then_some(found)
    }

    /// Looks at the bytes of this step.
    #[inline]
    fn look(&mut self) {
        let whole = self.step.checked_sub(BEFORE).and_then(|start| {
            let around = self.text.get(start..start + size_of::<Around>())?;
            around.try_into().ok()
        });
        let marks = match whole {
            Some(around) => K::marks(around),
            None => K::marks(&self.at_an_end()),
        };
        self.bits = bits(&marks);
    }

    /// The bytes of a step at the beginning or at the end of the text.
    fn at_an_end(&self) -> Around {
        let mut around = [0; size_of::<Around>()];
        let before = BEFORE.min(self.step);
        let rest = &self.text[self.step - before..];
        let rest = &rest[..rest.len().min(before + STEP + AFTER)];
        around[BEFORE - before..][..rest.len()].copy_from_slice(rest);
        around
    }
}

/// A bit for each byte, each of which is 0 or 1.
fn bits(marks: &[u8; STEP]) -> u64 {
    // The product has the lowest bits of all eight bytes in its upper byte.
    const COLLECT: u64 = 0x0102_0408_1020_4080;
    let (words, _) = marks.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    if words.clone().fold(0, |all, word| all | word) == 0 {
        return 0;
    }
    words.rev().fold(0, |bits, word| {
        bits << 8 | (word.wrapping_mul(COLLECT) >> 56)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::properties::config, *};

    /// A comma after an `a` and, `AFTER` bytes on, before another.
    struct Comma;

    impl Kind for Comma {
        fn marks(around: &Around) -> [u8; STEP] {
            std::array::from_fn(|at| {
                let is_comma = around[at + BEFORE] == b',';
                u8::from(is_comma & (around[at] == b'a') & (around[at + BEFORE + AFTER] == b'a'))
            })
        }
    }

    fn is_comma(text: &[u8], at: usize) -> bool {
        text[at] == b',' && at > 0 && text[at - 1] == b'a' && text.get(at + AFTER) == Some(&b'a')
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn the_next_byte_of_the_kind_is_found(
            text in "[a,]{0,200}",
            questions in proptest::collection::vec(0..200_usize, 1..20),
        ) {
            let text = text.as_bytes();
            let mut questions = questions;
            questions.retain(|from| *from <= text.len());
            questions.sort();
            let mut marked = Marked::<Comma>::new(text);
            for from in questions {
                let expected = (from..text.len()).find(|&at| is_comma(text, at));
                prop_assert_eq!(marked.next_from(from), expected);
            }
        }
    }
}
