//! Finds where a text would read differently once decoded.

use std::iter;

use super::{
    marks::{Around, BEFORE, Kind, Marked, STEP},
    matcher::{is_space, skippable},
    view::Decoder,
};

/// Stands for the bar that is skipped like white space; the bits above are the decoders'.
const BAR: u16 = 1;
const FIRST_DECODER: u32 = 1;

/// What escapes begin with.
#[derive(Debug)]
pub(super) struct Escapes {
    decoders: Vec<Decoder>,
    /// For each byte, by one bit each, what it may begin.
    begun: Box<[u16; 256]>,
    /// For each byte, by the same bits, of what it may be the second byte.
    gone_on: Box<[u16; 256]>,
    /// For each byte, how long an escape that begins with it can be.
    reach: Box<[usize; 256]>,
}

impl Escapes {
    pub fn of(decoders: &[Decoder]) -> Self {
        let bar = "│".as_bytes();
        let all_bits = |bar: bool, decoder: &dyn Fn(Decoder) -> bool| {
            let matching = decoders.iter().enumerate();
            let matching = matching.filter(|(_, it)| decoder(**it));
            matching.fold(if bar { BAR } else { 0 }, |all, (at, _)| {
                all | 1 << FIRST_DECODER << at
            })
        };
        let longest = |byte| {
            let begun = decoders.iter().filter(|it| it.is_triggered_by(byte));
            begun.map(|it| it.longest(byte)).max()
        };
        Self {
            decoders: decoders.to_vec(),
            begun: each_byte(|byte| all_bits(byte == bar[0], &|it| it.is_triggered_by(byte))),
            gone_on: each_byte(|byte| all_bits(byte == bar[1], &|it| it.may_go_on_with(byte))),
            reach: each_byte(|byte| longest(byte).unwrap_or(0)),
        }
    }

    /// Where the first escape or bar of `text` begins, from `from` on. Text without one has a single reading,
    /// in which every byte but white space is one of its own.
    pub fn first(
        &self,
        text: &[u8],
        suspects: &mut Marked<'_, Suspect>,
        mut from: usize,
    ) -> Option<usize> {
        // What follows the last byte is not there to be judged.
        let last = text.len().checked_sub(1)?;
        while from < last {
            from = suspects.next_from(from).unwrap_or(last);
            if self.is_at(text, from) {
                return Some(from);
            }
            from += 1;
        }
        (from == last && self.is_at(text, last)).then_some(last)
    }

    /// How many bytes the escape at the beginning of `bytes` takes, if neither they nor what they stand for
    /// can begin another one. So it is the same escape in every layer, whatever follows it.
    pub fn simple(&self, bytes: &[u8]) -> Option<usize> {
        let begun = self.begun(bytes[0]);
        let mut length = skippable(bytes, 0) * usize::from(begun & BAR);
        for decoder in bits(begun >> FIRST_DECODER) {
            if let Some((taken, meaning)) = self.decoders[decoder].token(bytes) {
                length = length.max(taken);
                if !self.is_plain(meaning.bytes(&mut [0; 4])) {
                    return None;
                }
            }
        }
        let rest = bytes.get(1..length)?;
        // A backslash takes the first byte of any character with it.
        let is_whole = bytes.get(length).is_none_or(|next| next & 0xC0 != 0x80);
        (is_whole && self.is_plain(rest)).then_some(length)
    }

    /// Whether nothing in `bytes` can begin an escape.
    pub fn is_plain(&self, bytes: &[u8]) -> bool {
        bytes.iter().all(|&byte| self.begun(byte) == 0)
    }

    /// The first bytes of `bytes`, white space not counted, written to `room`; `None` when they do not fill
    /// it, or when an escape may begin with one of them in some layer.
    pub fn start<'r>(&self, bytes: &[u8], room: &'r mut [u8]) -> Option<&'r [u8]> {
        let mut rest = (0..bytes.len()).filter(|&at| !is_space(bytes[at]));
        for place in &mut *room {
            let at = rest.next()?;
            if !self.begins_nothing(bytes, at) {
                return None;
            }
            *place = bytes[at];
        }
        Some(room)
    }

    /// Whether no escape begins at `at`, whatever is made of what follows the byte after it.
    fn begins_nothing(&self, bytes: &[u8], at: usize) -> bool {
        let begun = self.begun(bytes[at]);
        let ends_here = |second: u8| self.begun(second) == 0 && !self.is_pair(begun, second);
        begun == 0 || bytes.get(at + 1).is_some_and(|&second| ends_here(second))
    }

    /// Whether something of `begun` may go on with `second`.
    fn is_pair(&self, begun: u16, second: u8) -> bool {
        begun & self.gone_on[usize::from(second)] != 0
    }

    /// Whether no escape that begins in `before` can have a byte of what follows, of which none is whole in it.
    pub fn end_before_the_end(&self, before: &[u8]) -> bool {
        let mut from_the_end = before.iter().rev().zip(1..);
        from_the_end.all(|(&byte, left)| self.reach[usize::from(byte)] <= left)
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
        if bytes
            .get(at + 1)
            .is_some_and(|&second| !self.is_pair(begun, second))
        {
            return false;
        }
        let is_bar = begun & BAR != 0 && skippable(bytes, at) > 0;
        is_bar
            || bits(begun >> FIRST_DECODER)
                .any(|decoder| self.decoders[decoder].token(&bytes[at..]).is_some())
    }
}

/// What may begin an escape of any kind or the bar. What often stands alone, quotes and equals signs, counts only
/// with what may follow it.
pub(super) struct Suspect;

impl Kind for Suspect {
    fn marks(around: &Around) -> [u8; STEP] {
        let mut marks = [0; STEP];
        for (at, mark) in marks.iter_mut().enumerate() {
            *mark = u8::from(is_suspect(around[at + BEFORE], around[at + BEFORE + 1]));
        }
        marks
    }
}

#[inline]
fn is_suspect(first: u8, second: u8) -> bool {
    let is_doubled = first == second;
    let may_be_hex = second.wrapping_sub(b'0') <= b'F' - b'0';
    let is_line_end = (second == b'\n') | (second == b'\r');
    let is_white = first.wrapping_sub(b'\t') <= b'\r' - b'\t';
    let is_control = ((first < b' ') & !is_white) | (first == 0x0B) | (first == 0x7F);
    let is_wide = (first == 0xC2) | (first == 0xE2) | (first == 0xEF);
    let is_sign = (first == b'%') | (first == b'+') | (first == b'\\') | (first == b'&');
    let is_equals = (first == b'=') & (may_be_hex | is_line_end);
    let is_quote = (first == b'"') | (first == b'$') | (first == b'\'');
    let is_shell_quote = (first == b'\'') & ((second == b'\\') | (second == b'"'));
    is_sign | is_control | is_wide | is_equals | (is_quote & is_doubled) | is_shell_quote
}

fn each_byte<T>(value: impl Fn(u8) -> T) -> Box<[T; 256]> {
    Box::new(std::array::from_fn(|byte| {
        value(u8::try_from(byte).expect("an index of 256 elements"))
    }))
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
        let bytes = text.as_bytes();
        Escapes::of(&decoders).first(bytes, &mut Marked::new(bytes), 0)
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
    fn whatever_may_begin_an_escape_is_a_suspect() {
        let escapes = Escapes::of(&Decoder::for_secrets(["a ${b}'\"$%"].into_iter()));
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let may_begin = escapes.is_pair(escapes.begun(first), second);
                // Both are doubled in templates, and each by itself.
                let is_mixed = (first, second) == (b'$', b'%');
                let is_known = is_suspect(first, second) || !may_begin || is_mixed;
                assert!(is_known, "{first:#x} {second:#x}");
            }
        }
    }

    #[test]
    fn a_simple_escape_leaves_its_neighbours_alone() {
        let decoders = Decoder::for_secrets(["a b'\"$%"].into_iter());
        let escapes = Escapes::of(&decoders);
        let simple = |text: &str| escapes.simple(text.as_bytes());
        for (text, length) in [
            ("%2Fb", 3),
            ("+b", 1),
            (r"\nb", 2),
            ("&lt;b", 4),
            ("\u{1b}[1mb", 4),
            ("│ b", 3),
        ] {
            assert_eq!(simple(text), Some(length), "{text}");
        }
        for text in ["%26b", r"\\nb", "&amp;b", "$$b", r"'\''b", "\u{1b}[%2Fmb"] {
            assert_eq!(simple(text), None, "{text}");
        }
    }

    #[test]
    fn a_start_is_the_same_in_every_reading() {
        let decoders = Decoder::for_secrets([" "].into_iter());
        let escapes = Escapes::of(&decoders);
        let start = |text: &str| {
            let mut room = [0; 4];
            let start = escapes.start(text.as_bytes(), &mut room);
            start.map(<[u8]>::to_vec)
        };
        assert_eq!(start(" a\n bcde"), Some(b"abcd".to_vec()));
        assert_eq!(start("a=x5"), Some(b"a=x5".to_vec()));
        for text in ["abc ", "abc&lt;", "abc=", "abc=&#51;D", "ab=5x"] {
            assert_eq!(start(text), None, "{text}");
        }
    }

    #[test]
    fn what_begins_like_an_escape_ends_where_it_can_be_no_longer() {
        let escapes = Escapes::of(&Decoder::for_secrets(["a b"].into_iter()));
        let ends = |text: &str| escapes.end_before_the_end(text.as_bytes());
        for text in ["", "a/b", "v=10", "&what-it-could", "€123"] {
            assert!(ends(text), "{text}");
        }
        for text in ["v=1", "5%", "&what-it-co", "\u{1b}[1000000000000000000"] {
            assert!(!ends(text), "{text}");
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
