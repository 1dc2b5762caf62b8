//! Finds where a text would read differently once decoded.

use std::iter;

use super::{matcher::skippable, view::Decoder};

/// Stands for the bar that is skipped like white space; the bits above are the decoders'.
const BAR: u16 = 1;
const FIRST_DECODER: u32 = 1;

/// What escapes begin with.
#[derive(Debug)]
pub(super) struct Escapes {
    decoders: Vec<Decoder>,
    /// For each byte, by one bit each, what it may begin.
    begun: Box<[u16; 256]>,
}

impl Escapes {
    pub fn of(decoders: &[Decoder]) -> Self {
        let begun = std::array::from_fn(|byte| {
            let byte = u8::try_from(byte).expect("an index of 256 elements");
            let bar = if byte == "│".as_bytes()[0] { BAR } else { 0 };
            let decoders = decoders.iter().enumerate();
            let triggered = decoders.filter(|(_, decoder)| decoder.is_triggered_by(byte));
            triggered.fold(bar, |begun, (at, _)| begun | 1 << FIRST_DECODER << at)
        });
        Self {
            decoders: decoders.to_vec(),
            begun: Box::new(begun),
        }
    }

    /// Where the first escape or bar in `bytes` begins. Text without one has a single reading, in which
    /// every byte but white space is one of its own.
    pub fn first(&self, bytes: &[u8]) -> Option<usize> {
        let mut words = bytes.chunks_exact(8);
        let mut at = 0;
        for word in &mut words {
            let begun = word.iter().fold(0, |all, &byte| all | self.begun(byte));
            if begun != 0
                && let Some(found) = (at..at + 8).find(|&at| self.is_at(bytes, at))
            {
                return Some(found);
            }
            at += 8;
        }
        (at..bytes.len()).find(|&at| self.is_at(bytes, at))
    }

    /// Which decoders find something in `bytes`, by one bit each.
    pub fn decoders_for(&self, bytes: &[u8]) -> u16 {
        let mut found = 0;
        for at in 0..bytes.len() {
            let begun = self.begun(bytes[at]) >> FIRST_DECODER;
            for decoder in bits(begun & !found) {
                if self.decoders[decoder].token(&bytes[at..]).is_some() {
                    found |= 1 << decoder;
                }
            }
        }
        found
    }

    #[inline]
    fn begun(&self, byte: u8) -> u16 {
        self.begun[usize::from(byte)]
    }

    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let begun = self.begun(bytes[at]);
        let is_bar = begun & BAR != 0 && skippable(bytes, at) > 0;
        is_bar
            || bits(begun >> FIRST_DECODER)
                .any(|decoder| self.decoders[decoder].token(&bytes[at..]).is_some())
    }
}

/// The numbers of the bits that are set.
fn bits(mut all: u16) -> impl Iterator<Item = usize> {
    iter::from_fn(move || {
        let lowest = (all != 0).then(|| all.trailing_zeros() as usize)?;
        all &= all - 1;
        Some(lowest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<usize> {
        let decoders = Decoder::for_secrets(["a b'\"$%"].into_iter());
        Escapes::of(&decoders).first(text.as_bytes())
    }

    #[test]
    fn what_only_looks_like_an_escape_is_none() {
        for text in [
            "",
            "100 % of it, size=10, [id=vpc-0a1b]",
            "R&D of \"it\", don't; $5 “quoted” – and so on",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_escape_is_found_wherever_it_stands() {
        for escape in [
            "%2F",
            "+",
            r"\n",
            "&lt;",
            "=3D",
            "\u{1b}[1m",
            "''",
            "$$",
            "│",
        ] {
            for before in 0..20 {
                let text = format!("{}{escape} 100 % {escape}", "-".repeat(before));
                assert_eq!(first(&text), Some(before), "{text}");
            }
        }
    }
}
