//! Takes secrets out of texts, in every form in which tools print them.
//!
//! A [`Redactor`] is made of the run's secrets and passed over every text before it is shown or
//! stored, after the text has been decoded. It finds a secret
//!
//! - as it is, as a list of numbers, and in base64 (both alphabets, also of base64 and UTF-16) at any
//!   place of a longer text;
//! - with any of its bytes percent-encoded, or escaped as in JSON, HTML, HCL, C, shells, SQL, CSV and
//!   quoted-printable, and with one such encoding over another;
//! - with colours and characters without width between its own;
//! - folded: with line ends and the indentation around them between any two bytes.
//!
//! Most text is not searched at all: [`sieve`] proves that there is nothing in it.
//!
//! Rows of hex dumps are withheld altogether. [`RedactingLines`] and [`RedactingText`] do the same
//! for text that comes in pieces.
//!
//! What is not found: a secret under four characters; one under six ([`SHORTEST`]), or a word or
//! number of ordinary output ([`Strength::Common`]), where it is part of a longer word; a secret
//! cut short, encrypted, compressed or reversed. [`crate::credentials`] refuses the first and warns
//! of the second.

#[cfg(test)]
mod dump_properties;
mod escapes;
mod forms;
mod hex_dump;
mod lines;
mod marks;
mod matcher;
mod pieces;
#[cfg(test)]
mod properties;
mod sieve;
mod strength;
mod view;

use std::{borrow::Cow, ops::Range};

use crate::secret::Secret;

pub use lines::{RedactingLines, RedactingText};
pub use strength::{SHORTEST, Strength, strength};

use matcher::{Beginning, Hit, Matcher};
use pieces::{Piece, Pieces, fine, whole_words};
use sieve::{Sieve, Suspicion, Trail};
use view::{Decoder, Rooms, View};

const ANONYMOUS: &str = "[REDACTED]";
const HEX_DUMP: &str = "[hex dump row withheld]";

/// How often one encoding over another is undone; backslashes once more, because JSON within JSON
/// within JSON happens (a policy in a plan in a log).
const LAYERS: usize = 2;

/// One bit for each of [`Searched::decoders`].
const ALL_DECODERS: u16 = u16::MAX;

/// Takes the secrets it was made of out of texts. The default one has none and changes nothing.
///
/// It holds the secrets in plain text for as long as it lives.
#[derive(Default)]
pub struct Redactor {
    searched: Option<Searched>,
}

struct Searched {
    matcher: Matcher,
    /// `None` when a secret is too short for one.
    sieve: Option<Sieve>,
    decoders: Vec<Decoder>,
    /// What stands for each secret.
    marks: Vec<String>,
}

impl Redactor {
    /// A redactor that replaces each secret with `[REDACTED:name]`, or with `[REDACTED]` where the
    /// name itself gives a secret away.
    pub fn new<'s>(secrets: impl IntoIterator<Item = (&'s str, &'s Secret)>) -> Self {
        let mut all_forms = Vec::new();
        let mut texts = Vec::new();
        let mut marks = Vec::new();
        for (at, (name, secret)) in secrets.into_iter().enumerate() {
            all_forms.extend(forms::forms(secret.expose(), at));
            texts.push(secret.expose());
            marks.push(format!("[REDACTED:{name}]"));
        }
        let decoders = Decoder::for_secrets(texts.into_iter());
        let sieve = Sieve::new(all_forms.iter().map(|form| &form.bytes[..]), &decoders);
        let Some(matcher) = Matcher::new(all_forms) else {
            return Self::default();
        };
        let mut searched = Searched {
            matcher,
            sieve,
            decoders,
            marks: Vec::new(),
        };
        searched.marks = marks
            .into_iter()
            .map(|mark| match searched.hits(&mark).is_empty() {
                true => mark,
                false => ANONYMOUS.to_owned(),
            })
            .collect();
        Self {
            searched: Some(searched),
        }
    }

    /// `text` without the secrets; borrowed when there are none in it.
    ///
    /// Line ends stay: what a secret leaves of each of its lines is replaced on that line.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(searched) = &self.searched else {
            return Cow::Borrowed(text);
        };
        let replacements = searched.replacements(text, searched.hits(text));
        if replacements.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(replaced(text, 0..text.len(), &replacements))
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let marks = self.searched.as_ref().map(|searched| &searched.marks);
        f.debug_struct("Redactor")
            .field("marks", &marks)
            .finish_non_exhaustive()
    }
}

/// What was found in a text, in bytes of the text.
#[derive(Debug, Default)]
struct Scan {
    hits: Vec<Hit>,
    /// The longest end of the text that may be the beginning of a secret.
    beginning: Option<Beginning>,
}

impl Scan {
    /// The same in a text that has `before` bytes more at its beginning.
    fn after(mut self, before: usize) -> Self {
        for hit in &mut self.hits {
            hit.start += before;
            hit.end += before;
        }
        if let Some(beginning) = &mut self.beginning {
            beginning.start += before;
        }
        self
    }
}

/// Adds `part`, which ends last, to `parts`, as one with those that it overlaps.
fn add_part(parts: &mut Vec<Range<usize>>, mut part: Range<usize>) {
    while let Some(last) = parts.pop_if(|last| part.start < last.end) {
        part.start = part.start.min(last.start);
    }
    parts.push(part);
}

/// A piece of one line and what replaces it.
#[derive(Debug, PartialEq, Eq)]
struct Replacement<'r> {
    range: Range<usize>,
    with: &'r str,
}

impl Searched {
    /// The secrets in `text`.
    fn hits(&self, text: &str) -> Vec<Hit> {
        let Some(sieve) = &self.sieve else {
            return self.scan(text).hits;
        };
        let (parts, _) = self.suspicious(sieve, text);
        let mut hits = Vec::new();
        for part in parts {
            hits.extend(self.scan(&text[part.clone()]).after(part.start).hits);
        }
        hits
    }

    /// The secrets in `text`, and what may be the beginning of one at its end.
    fn scan_to_the_end(&self, text: &str) -> Scan {
        let Some(sieve) = &self.sieve else {
            return self.scan(text);
        };
        let (mut parts, end) = self.suspicious(sieve, text);
        add_part(&mut parts, end..text.len());
        let mut all = Scan::default();
        for part in parts {
            let scan = self.scan(&text[part.clone()]).after(part.start);
            all.hits.extend(scan.hits);
            // Only the last part goes to the end.
            all.beginning = scan.beginning;
        }
        all
    }

    /// The parts of `text`, whole words, outside of which there is no secret, and none reaches out of one; and where
    /// what may be the beginning of a secret, but has no suspicious part yet, begins at the earliest.
    fn suspicious(&self, sieve: &Sieve, text: &str) -> (Vec<Range<usize>>, usize) {
        let mut trail = Trail::new();
        let mut all: Vec<Range<usize>> = Vec::new();
        let bytes = text.as_bytes();
        self.look(sieve, &mut trail, 0, text, |part| {
            let is_new = |last: &Range<usize>| part.start < last.start || last.end < part.end;
            if all.last().is_none_or(is_new) {
                add_part(&mut all, whole_words(bytes, part));
            }
        });
        let end = trail.start().unwrap_or(text.len());
        let end = whole_words(bytes, end..text.len()).start;
        (all, end)
    }

    /// Looks for suspicious parts of `text`, which goes on after `trail` at `position`. Returns whether its
    /// end is [open](Suspicion::open).
    fn look(
        &self,
        sieve: &Sieve,
        trail: &mut Trail,
        position: usize,
        text: &str,
        mut on_part: impl FnMut(Range<usize>),
    ) -> bool {
        let bytes = text.as_bytes();
        let mut is_open = false;
        let mut go_on = |trail: &mut Trail, piece: Range<usize>, found: Suspicion| {
            let start = position + piece.start;
            if found.here {
                let before = trail.start().filter(|_| found.reaches_back);
                on_part(before.unwrap_or(start)..position + piece.end);
            }
            is_open = found.open;
            sieve.go_on(trail, start);
        };
        let mut pieces = Pieces::of(bytes, &sieve.escapes);
        while let Some(piece) = pieces.next() {
            let words = match piece {
                Piece::Plain(range) => {
                    let found = sieve.look_at_plain(trail, &bytes[range.clone()]);
                    if !found.here {
                        go_on(trail, range, found);
                        continue;
                    }
                    for range in fine(bytes, range) {
                        let found = sieve.look_at_plain(trail, &bytes[range.clone()]);
                        go_on(trail, range, found);
                    }
                    continue;
                }
                Piece::SimpleEscape(range) => {
                    if sieve.is_apart(trail, range.len(), &bytes[range.end..]) {
                        trail.start_again();
                        continue;
                    }
                    pieces.words_from(range.start)
                }
                Piece::Words(range) => range,
            };
            let found = sieve.look_at_readings(trail, |rooms, look| {
                self.read(&text[words.clone()], rooms, &mut |view| look(&view.bytes));
            });
            go_on(trail, words, found);
        }
        is_open
    }

    /// Searches all of `text`.
    fn scan(&self, text: &str) -> Scan {
        let mut scan = Scan::default();
        self.read(text, &mut Rooms::default(), &mut |view| {
            self.scan_view(view, text, &mut scan);
            ALL_DECODERS
        });
        scan
    }

    /// Shows each reading of `text` to `visit`, which says which decoders may find something in it.
    fn read(&self, text: &str, rooms: &mut Rooms, visit: &mut dyn FnMut(&View<'_>) -> u16) {
        let source = View::of(text);
        let decoders = visit(&source);
        self.read_decoded(&source, decoders, LAYERS, None, rooms, visit);
    }

    fn read_decoded(
        &self,
        view: &View<'_>,
        decoders: u16,
        layers: usize,
        last: Option<Decoder>,
        rooms: &mut Rooms,
        visit: &mut dyn FnMut(&View<'_>) -> u16,
    ) {
        if decoders == 0 {
            return;
        }
        for (at, &decoder) in self.decoders.iter().enumerate() {
            let one_more = decoder == Decoder::Backslash && last == Some(Decoder::Backslash);
            if decoders >> at & 1 == 0 || (layers == 0 && !one_more) {
                continue;
            }
            if let Some(decoded) = view.decoded(decoder, rooms) {
                let decoders = visit(&decoded);
                if layers > 0 {
                    let last = Some(decoder);
                    self.read_decoded(&decoded, decoders, layers - 1, last, rooms, visit);
                }
                rooms.put(decoded);
            }
        }
    }

    fn scan_view(&self, view: &View<'_>, text: &str, scan: &mut Scan) {
        let beginning = self.matcher.search(&view.bytes, |hit| {
            scan.hits.push(Hit {
                start: boundary_before(text, view.source_start(hit.start)),
                end: boundary_after(text, view.source_start(hit.end)),
                secret: hit.secret,
            });
        });
        let Some(Beginning { start, bytes }) = beginning else {
            return;
        };
        let start = boundary_before(text, view.source_start(start));
        scan.beginning = match scan.beginning {
            None => Some(Beginning { start, bytes }),
            Some(known) => Some(Beginning {
                start: known.start.min(start),
                bytes: known.bytes.max(bytes),
            }),
        };
    }

    /// What to replace in `text`: in order, without overlaps, each on one line.
    fn replacements(&self, text: &str, mut hits: Vec<Hit>) -> Vec<Replacement<'_>> {
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        let mut merged: Vec<Hit> = Vec::new();
        for hit in hits {
            match merged.last_mut() {
                Some(last) if hit.start < last.end => last.end = last.end.max(hit.end),
                _ => merged.push(hit),
            }
        }
        let rows = hex_dump::rows(text.as_bytes());
        let mut replacements = Vec::new();
        for hit in merged {
            for line in lines_with_offsets(&text[hit.start..hit.end]) {
                let piece = visible(text, hit.start + line.start..hit.start + line.end);
                let next_row = rows.partition_point(|row| row.end <= piece.start);
                let in_row = rows.get(next_row).is_some_and(|row| row.start < piece.end);
                if !piece.is_empty() && !in_row {
                    replacements.push(Replacement {
                        range: piece,
                        with: &self.marks[hit.secret],
                    });
                }
            }
        }
        replacements.extend(rows.into_iter().map(|range| Replacement {
            range,
            with: HEX_DUMP,
        }));
        replacements.sort_by_key(|replacement| replacement.range.start);
        replacements
    }
}

fn boundary_before(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

fn boundary_after(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len())
}

/// The lines of `text` without their ends.
fn lines_with_offsets(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split('\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end + 1;
        range
    })
}

/// `range` without white space at its sides.
fn visible(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start.max(range.start + piece.trim_end().len())
}

/// The part `range` of `text`, with the replacements that lie in it made.
fn replaced(text: &str, range: Range<usize>, replacements: &[Replacement<'_>]) -> String {
    let mut result = String::with_capacity(range.len());
    let mut at = range.start;
    for replacement in replacements {
        if range.start <= replacement.range.start && replacement.range.end <= range.end {
            result.push_str(&text[at..replacement.range.start]);
            result.push_str(replacement.with);
            at = replacement.range.end;
        }
    }
    result.push_str(&text[at..range.end]);
    result
}
