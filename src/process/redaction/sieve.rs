//! Proves of most text, fast, that no form of a secret is in it.
//!
//! A form of n bytes has n - 3 windows of four bytes. The [`Sieve`] knows the hash of every window of
//! every form, and as many windows in a row as the shortest form has are a suspicion; text without one
//! cannot hold a form. It reads what the [`Matcher`](super::matcher::Matcher) reads: the bytes of a
//! [`View`](super::view::View) with white space taken out, so neither folds nor escapes hide anything.
//! A suspicion costs time, never a false hit: the matcher looks there again.
//!
//! Text comes in pieces, lines as a rule. The [`Trail`] holds what a form may have of its bytes in the
//! pieces before.

use std::{collections::VecDeque, mem};

use super::{
    escapes::Escapes,
    lines::HELD_FROM,
    matcher::{is_space, skippable, squeezed},
    view::{Decoder, Rooms},
};

/// Bytes of a window. A line whose end begins a form with at least as many is held back, so it must
/// not be more than [`HELD_FROM`].
const WINDOW: usize = 4;
const _: () = assert!(WINDOW <= HELD_FROM);

/// Windows in a row that are asked for at most. More would make the steps wider, and the trail longer.
const LONGEST_RUN: usize = 8;

/// Bytes carried from one piece to the next at most: with one more they would be a run of windows.
const LONGEST_END: usize = LONGEST_RUN + WINDOW - 2;

/// Bytes looked at at once: they and the table of windows fit into a processor's first cache.
const BLOCK: usize = 4096;

/// Bytes looked at first where only those count that touch what stands before.
const TOUCHING: usize = 32;

/// Windows that are looked up before those that are known are looked at.
const KNOWN_AT_ONCE: usize = 32;

/// Different ends that the pieces before may have, read one way or the other, before they are given up.
const MOST_ENDS: usize = 32;

#[derive(Debug)]
pub(super) struct Sieve {
    pub escapes: Escapes,
    windows: Windows,
    /// The first window of each form.
    first_windows: Windows,
    /// Bytes of the shortest form.
    shortest: usize,
    /// Windows in a row that each form has.
    run: usize,
    /// Bytes of a form that can stand before a piece without a run of windows among them.
    carried: usize,
}

/// What is known of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Suspicion {
    /// A form may end in the piece.
    pub here: bool,
    /// It may begin before the piece, from [`Trail::start`] on.
    pub reaches_back: bool,
    /// The end of the piece may begin a form, with [`WINDOW`] bytes or more.
    pub open: bool,
}

/// The ends of the pieces so far, however they are read.
#[derive(Debug)]
pub(super) struct Trail {
    ends: Vec<End>,
    /// There were more ends than [`MOST_ENDS`], so anything may have been there.
    lost: bool,
    /// The pieces that the ends come from: position, and bytes that are there in every reading.
    pieces: VecDeque<(usize, usize)>,
    /// Sum of those bytes.
    known: usize,
    piece: Piece,
    /// White space is taken out here.
    block: Box<[u8; LONGEST_END + BLOCK]>,
    rooms: Rooms,
}

/// What is known of the piece that is being looked at.
#[derive(Debug, Default)]
struct Piece {
    ends: Vec<End>,
    /// Bytes of its shortest and of its longest reading, white space not counted.
    least: usize,
    most: usize,
    found: Suspicion,
}

/// The last bytes, white space not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct End {
    bytes: [u8; LONGEST_END],
    length: usize,
}

/// What a look at one reading of a piece leaves.
struct Pass {
    /// How much the block holds in the end.
    filled: usize,
    /// How many bytes were looked at, white space not counted.
    seen: usize,
}

impl End {
    fn of(bytes: &[u8], carried: usize) -> Self {
        let kept = &bytes[bytes.len().saturating_sub(carried)..];
        let mut end = Self::default();
        end.bytes[..kept.len()].copy_from_slice(kept);
        end.length = kept.len();
        end
    }
}

impl Trail {
    pub fn new() -> Self {
        Self {
            ends: vec![End::default()],
            lost: false,
            pieces: VecDeque::new(),
            known: 0,
            piece: Piece::default(),
            block: Box::new([0; LONGEST_END + BLOCK]),
            rooms: Rooms::default(),
        }
    }

    /// Position of the earliest piece that a form can begin in and go on after the last one.
    pub fn start(&self) -> Option<usize> {
        self.pieces.front().map(|(position, _)| *position)
    }

    /// Forgets what was before: no form that goes on has anything of it.
    pub fn start_again(&mut self) {
        self.ends.clear();
        self.ends.push(End::default());
        self.lost = false;
        self.pieces.clear();
        self.known = 0;
    }

    fn begin_piece(&mut self) {
        self.piece.ends.clear();
        self.piece.least = usize::MAX;
        self.piece.most = 0;
        self.piece.found = Suspicion {
            here: self.lost,
            reaches_back: self.lost,
            open: self.lost,
        };
    }

    fn add_end(&mut self, end: End) {
        let ends = &mut self.piece.ends;
        if ends.contains(&end) {
            return;
        }
        if ends.len() == MOST_ENDS {
            self.lost = true;
        } else {
            ends.push(end);
        }
    }

    /// Ends the piece at `position`, of which a form in the next one can have `carried` bytes.
    fn end_piece(&mut self, position: usize, carried: usize) {
        let Piece { least, most, .. } = self.piece;
        std::mem::swap(&mut self.ends, &mut self.piece.ends);
        if least >= carried {
            self.lost = self.lost && self.ends.len() == MOST_ENDS;
        }
        if most > 0 {
            self.pieces.push_back((position, least));
            self.known += least;
        }
        while let Some((_, least)) = self.pieces.front()
            && self.known - least >= carried
        {
            self.known -= least;
            self.pieces.pop_front();
        }
    }
}

impl Sieve {
    /// A sieve for `forms`, read with `decoders`; `None` when a form is too short for it.
    pub fn new<'f>(forms: impl Iterator<Item = &'f [u8]>, decoders: &[Decoder]) -> Option<Self> {
        let forms: Vec<Vec<u8>> = forms.map(squeezed).collect();
        let shortest = forms.iter().map(Vec::len).min()?;
        let run = (shortest + 1).checked_sub(WINDOW).filter(|run| *run > 0)?;
        let count: usize = forms.iter().map(|form| form.len() + 1 - WINDOW).sum();
        let run = run.min(LONGEST_RUN);
        let mut sieve = Self {
            escapes: Escapes::of(decoders),
            windows: Windows::room_for(count),
            first_windows: Windows::room_for(forms.len()),
            shortest,
            run,
            carried: run + WINDOW - 2,
        };
        for form in &forms {
            sieve.first_windows.insert(&form[..WINDOW]);
            for window in form.windows(WINDOW) {
                sieve.windows.insert(window);
            }
        }
        Some(sieve)
    }

    /// Looks at a piece that reads the same in every encoding. It is the next one only once the trail
    /// [goes on](Self::go_on) from it.
    pub fn look_at_plain(&self, trail: &mut Trail, piece: &[u8]) -> Suspicion {
        trail.begin_piece();
        self.look_at(trail, piece, false);
        trail.piece.found
    }

    /// Looks at any piece. `read` shows each reading of it, and is told for each which decoders may find
    /// something in it, by one bit each.
    pub fn look_at_readings(
        &self,
        trail: &mut Trail,
        read: impl FnOnce(&mut Rooms, &mut dyn FnMut(&[u8]) -> u16),
    ) -> Suspicion {
        trail.begin_piece();
        let mut rooms = mem::take(&mut trail.rooms);
        read(&mut rooms, &mut |bytes| {
            self.look_at(trail, bytes, true);
            self.escapes.decoders_for(bytes)
        });
        trail.rooms = rooms;
        trail.piece.found
    }

    /// Ends the piece that was looked at, which is at `position`.
    pub fn go_on(&self, trail: &mut Trail, position: usize) {
        trail.end_piece(position, self.carried);
    }

    /// Whether no form has anything of a [simple](Escapes::simple) escape of `length` bytes, however it is
    /// read. `after` is what follows it, and the trail has what is before it.
    ///
    /// A form that is longer than the escape has half of its other bytes before it or after it, and the
    /// windows of these are known.
    pub fn is_apart(&self, trail: &Trail, length: usize, after: &[u8]) -> bool {
        let half = self.shortest.saturating_sub(length).div_ceil(2);
        let half = half.min(self.carried);
        if half < WINDOW || trail.lost {
            return false;
        }
        let knows_all = |bytes: &[u8]| (0..=half - WINDOW).all(|at| self.knows(bytes, at));
        let is_known_before = |end: &End| {
            let start = end.length.checked_sub(half);
            start.is_some_and(|start| knows_all(&end.bytes[start..end.length]))
        };
        let mut room = [0; LONGEST_END];
        let after = self.escapes.start(after, &mut room[..half]);
        after.is_some_and(|after| !knows_all(after)) && !trail.ends.iter().any(is_known_before)
    }

    /// Takes in one reading of a piece.
    fn look_at(&self, trail: &mut Trail, bytes: &[u8], has_escapes: bool) {
        let mut length = 0;
        for at in 0..trail.ends.len() {
            let end = trail.ends[at];
            trail.block[..LONGEST_END].copy_from_slice(&end.bytes);
            // After one pass over all of it, only what touches the end before is new.
            let touching_only = at > 0;
            let mut squeeze = Squeeze {
                bytes,
                has_escapes,
                at: 0,
            };
            let pass = self.look_after(
                end.length,
                &mut squeeze,
                touching_only,
                &mut trail.block,
                &mut trail.piece.found,
            );
            if touching_only && length >= self.carried {
                continue;
            }
            length = pass.seen;
            let filled = &trail.block[..pass.filled];
            trail.piece.found.open |= self.may_end_in_beginning(filled);
            let end = End::of(filled, self.carried);
            trail.add_end(end);
        }
        trail.piece.least = trail.piece.least.min(length);
        trail.piece.most = trail.piece.most.max(length);
    }

    /// Looks at the bytes of `squeeze` after the `before` bytes that are in `block` already, or only at as
    /// many of them as can touch those.
    fn look_after(
        &self,
        before: usize,
        squeeze: &mut Squeeze<'_>,
        touching_only: bool,
        block: &mut [u8; LONGEST_END + BLOCK],
        found: &mut Suspicion,
    ) -> Pass {
        let (mut kept, mut from_before) = (before, before);
        let mut seen = 0;
        loop {
            let limit = if touching_only { TOUCHING } else { BLOCK };
            let written = squeeze.next(limit, &mut block[kept..]);
            seen += written;
            let filled = kept + written;
            if let Some(start) = self.find_run(&block[..filled]) {
                found.here = true;
                found.reaches_back |= start < from_before;
            }
            if squeeze.is_done() || (touching_only && seen >= self.carried) {
                return Pass { filled, seen };
            }
            kept = filled.min(self.carried);
            block.copy_within(filled - kept..filled, 0);
            from_before = from_before.saturating_sub(filled - kept);
        }
    }

    /// Where the first run of known windows begins that is long enough.
    fn find_run(&self, bytes: &[u8]) -> Option<usize> {
        let windows = (bytes.len() + 1).saturating_sub(WINDOW);
        // A run of `run` windows has one at every `run`th place. Which of them are known is written down
        // first, without branches: the processor need not wait for the table then.
        let mut from = self.run - 1;
        let mut known = [0_u16; KNOWN_AT_ONCE];
        while from < windows {
            let mut count = 0;
            let mut at = from;
            for _ in 0..KNOWN_AT_ONCE.min((windows - from).div_ceil(self.run)) {
                known[count] = at as u16;
                count += usize::from(self.knows(bytes, at));
                at += self.run;
            }
            from = at;
            let mut runs = known[..count].iter();
            if let Some(start) = runs.find_map(|&at| self.run_around(bytes, windows, at.into())) {
                return Some(start);
            }
        }
        None
    }

    /// Where the run of known windows around the one at `at` begins, if it is long enough.
    fn run_around(&self, bytes: &[u8], windows: usize, at: usize) -> Option<usize> {
        let known = |at: &usize| self.knows(bytes, *at);
        let before = (0..at).rev().take_while(known).count();
        let after = (at..windows).take(self.run).take_while(known).count();
        (before + after >= self.run).then_some(at - before)
    }

    /// Whether the end of `bytes` may be the beginning of a form, with a window or more.
    fn may_end_in_beginning(&self, bytes: &[u8]) -> bool {
        let windows = (bytes.len() + 1).saturating_sub(WINDOW);
        for at in (0..windows).rev() {
            if !self.knows(bytes, at) {
                return false;
            }
            if self.first_windows.contains(bytes, at) {
                return true;
            }
        }
        // It began before.
        windows > 0
    }

    #[inline]
    fn knows(&self, bytes: &[u8], at: usize) -> bool {
        self.windows.contains(bytes, at)
    }
}

/// A set of windows that has some others, too: two bits of one word for each (a Bloom filter).
#[derive(Debug)]
struct Windows {
    words: Vec<u64>,
    /// How far a hash is shifted to be an index of a word.
    shift: u32,
}

impl Windows {
    /// For `count` windows: one bit in 8 or fewer is set, in 4 kB at least and 512 kB at most.
    fn room_for(count: usize) -> Self {
        let bits = (count * 8).next_power_of_two().ilog2().clamp(15, 22);
        let words = bits - u64::BITS.ilog2();
        Self {
            words: vec![0; 1 << words],
            shift: u64::BITS - words,
        }
    }

    fn insert(&mut self, window: &[u8]) {
        let (index, bits) = self.place(window, 0);
        self.words[index] |= bits;
    }

    /// Whether it may have the window of `bytes` at `at`.
    #[inline]
    fn contains(&self, bytes: &[u8], at: usize) -> bool {
        let (index, bits) = self.place(bytes, at);
        self.words[index] & bits == bits
    }

    #[inline]
    fn place(&self, bytes: &[u8], at: usize) -> (usize, u64) {
        let window = bytes[at..at + WINDOW].try_into();
        let window = u32::from_le_bytes(window.expect("a window has four bytes"));
        // Fibonacci hashing: the upper bits of the product depend on all bits of the window.
        let hash = u64::from(window).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let bits = 1 << (hash >> 32 & 63) | 1 << (hash >> 38 & 63);
        ((hash >> self.shift) as usize, bits)
    }
}

/// Takes white space out.
struct Squeeze<'b> {
    bytes: &'b [u8],
    /// The bar may be among the bytes, too.
    has_escapes: bool,
    at: usize,
}

impl Squeeze<'_> {
    fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Writes the next bytes to `out`, `limit` at most. Returns how many were written.
    fn next(&mut self, limit: usize, out: &mut [u8]) -> usize {
        let end = self.bytes.len().min(self.at + limit);
        let mut written = 0;
        if self.has_escapes {
            while self.at < end {
                match skippable(self.bytes, self.at) {
                    0 => {
                        out[written] = self.bytes[self.at];
                        written += 1;
                        self.at += 1;
                    }
                    skipped => self.at += skipped,
                }
            }
            return written;
        }
        let bytes = &self.bytes[self.at..end];
        let out = &mut out[..bytes.len()];
        self.at = end;
        let words = bytes.chunks_exact(8);
        let rest = words.remainder();
        for word in words {
            let (word, kept) = squeezed_word(u64::from_le_bytes(word.try_into().expect("eight")));
            out[written..written + 8].copy_from_slice(&word.to_le_bytes());
            written += kept;
        }
        for &byte in rest {
            out[written] = byte;
            written += usize::from(!is_space(byte));
        }
        written
    }
}

/// The eight bytes of `word` without white space, and how many are left.
///
/// Byte by byte would do, but bytes that are read again as windows so soon after they were written one
/// by one make a processor wait.
#[inline]
fn squeezed_word(mut word: u64) -> (u64, usize) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // The upper bit of each byte that is 0x20 or less.
    let mut small = !(((word & (EACH * 0x7F)) + EACH * 0x5F) | word) & (EACH * 0x80);
    let mut kept = 8;
    while small != 0 {
        let at = small.trailing_zeros() - 7;
        let before = (1 << at) - 1;
        let byte = (word >> at) as u8;
        if is_space(byte) {
            word = (word & before) | ((word >> 8) & !before);
            kept -= 1;
            small = (small & (small - 1)) >> 8;
        } else {
            small &= small - 1;
        }
    }
    (word, kept)
}
