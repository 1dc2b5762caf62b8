//! Texts as their readers decode them, with the way back to the source.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// Vectors for the views to come, so that a short text with escapes costs no allocations.
#[derive(Debug, Default)]
pub(super) struct Rooms(Vec<(Vec<u8>, Vec<Segment>)>);

/// Bytes of a view that are kept allocated at most.
const MOST_KEPT_ROOM: usize = 64 * 1024;

impl Rooms {
    fn take(&mut self) -> (Vec<u8>, Vec<Segment>) {
        self.0.pop().unwrap_or_default()
    }

    /// Takes the vectors of `view` back.
    pub fn put(&mut self, view: View<'_>) {
        if let (Cow::Owned(mut bytes), Some((_, mut segments))) = (view.bytes, view.origin)
            && bytes.capacity() <= MOST_KEPT_ROOM
        {
            bytes.clear();
            segments.clear();
            self.0.push((bytes, segments));
        }
    }
}

/// Bytes to search, and the way back to where they come from.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// What the bytes were decoded from, and how they lie in it; `None` when they are the source.
    origin: Option<(&'a View<'a>, Vec<Segment>)>,
}

/// Bytes of a view from one position on, up to the next segment.
#[derive(Debug, Clone, Copy)]
struct Segment {
    /// First byte of the segment in the view.
    at: usize,
    /// Where it comes from.
    from: usize,
    /// The bytes are one escape's; otherwise they were copied one by one.
    is_escape: bool,
}

/// An encoding that keeps the bytes of a secret apart, undone.
///
/// A line end or a space in an escape is its last byte and is in what it means, too; that is what
/// [`super::pieces`] needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoder {
    /// `%2F`, in either case.
    Percent,
    /// As [`Decoder::Percent`], and `+` for a space (`application/x-www-form-urlencoded`).
    Form,
    /// JSON, HCL, C, shell words and double quotes: `\"`, `\n`, `\u0026`, `\u{26}`, `\x26`, `\046`.
    Backslash,
    /// `&amp;`, `&#38;`, `&#x26;`.
    Html,
    /// `=3D`, and `=` at the end of a line that goes on (RFC 2045, 6.7).
    QuotedPrintable,
    /// What a terminal acts on and does not show: colours within a word, controls, characters without
    /// width, and the zero bytes of UTF-16.
    Invisible,
    /// A quote within single quotes of a shell: `'\''`, `'"'"'`.
    ShellQuote,
    /// `$${` and `%%{` in HCL.
    Template,
    /// This byte twice: a quote within such quotes in SQL, YAML, PowerShell and CSV, `$$` in Compose
    /// files, `%%` in units and formats.
    Doubled(u8),
}

impl Decoder {
    /// The decoders that can matter for secrets with these texts.
    pub fn for_secrets<'s>(texts: impl Iterator<Item = &'s str>) -> Vec<Self> {
        let mut all = vec![
            Self::Percent,
            Self::Backslash,
            Self::Html,
            Self::QuotedPrintable,
            Self::Invisible,
        ];
        for text in texts {
            let doubled = [b'\'', b'"', b'$', b'%'];
            let doubled =
                doubled.map(|byte| (text.as_bytes().contains(&byte), Self::Doubled(byte)));
            let others = [
                (text.contains(' '), Self::Form),
                (text.contains('\''), Self::ShellQuote),
                (text.contains("${") || text.contains("%{"), Self::Template),
            ];
            for (needed, decoder) in others.into_iter().chain(doubled) {
                if needed && !all.contains(&decoder) {
                    all.push(decoder);
                }
            }
        }
        all
    }

    /// Whether an escape may begin with `byte`.
    pub fn is_triggered_by(self, byte: u8) -> bool {
        self.next_trigger(&[byte]).is_some()
    }

    /// Whether `byte` may be the second one of an escape.
    pub fn may_go_on_with(self, byte: u8) -> bool {
        match self {
            Self::Form | Self::Backslash | Self::Invisible => true,
            Self::Percent => byte.is_ascii_hexdigit(),
            Self::Html => byte == b'#' || byte.is_ascii_alphabetic(),
            Self::QuotedPrintable => {
                matches!(byte, b'0'..=b'9' | b'A'..=b'F' | b'\n' | b'\r')
            }
            Self::ShellQuote => matches!(byte, b'\\' | b'"'),
            Self::Template => matches!(byte, b'$' | b'%'),
            Self::Doubled(which) => byte == which,
        }
    }

    /// Bytes that an escape with `first` at its beginning takes at most.
    pub fn longest(self, first: u8) -> usize {
        match self {
            Self::Percent | Self::Form | Self::QuotedPrintable | Self::Template => 3,
            // A pair of surrogates in JSON.
            Self::Backslash => 12,
            Self::Html => LONGEST_REFERENCE,
            // Colours have any number of parameters.
            Self::Invisible if first == 0x1B => usize::MAX,
            Self::Invisible => 3,
            Self::ShellQuote => 5,
            Self::Doubled(_) => 2,
        }
    }

    /// Where the first byte is that an escape may begin with.
    fn next_trigger(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Percent => memchr(b'%', bytes),
            Self::Form => memchr2(b'%', b'+', bytes),
            Self::Backslash => memchr(b'\\', bytes),
            Self::Html => memchr(b'&', bytes),
            Self::QuotedPrintable => memchr(b'=', bytes),
            // Of the characters without width, the first bytes.
            Self::Invisible => bytes.iter().position(|byte| {
                (byte.is_ascii_control() && !byte.is_ascii_whitespace())
                    || matches!(byte, 0xC2 | 0xE2 | 0xEF)
            }),
            Self::ShellQuote => memchr(b'\'', bytes),
            Self::Template => memchr2(b'$', b'%', bytes),
            Self::Doubled(which) => memchr(which, bytes),
        }
    }

    /// What stands at the beginning of `bytes`: how many of them it takes, and what it means.
    pub fn token(self, bytes: &[u8]) -> Option<(usize, Meaning)> {
        match self {
            Self::Percent => percent(bytes),
            Self::Form if bytes[0] == b'+' => Some((1, Meaning::Byte(b' '))),
            Self::Form => percent(bytes),
            Self::Backslash => backslash(bytes),
            Self::Html => html(bytes),
            Self::QuotedPrintable => quoted_printable(bytes),
            Self::Invisible => invisible(bytes).map(|length| (length, Meaning::Nothing)),
            Self::ShellQuote => [r"'\''", r#"'"'"'"#]
                .iter()
                .find(|quote| bytes.starts_with(quote.as_bytes()))
                .map(|quote| (quote.len(), Meaning::Byte(b'\''))),
            Self::Template => doubled(bytes).filter(|_| bytes.get(2) == Some(&b'{')),
            Self::Doubled(_) => doubled(bytes),
        }
    }
}

impl<'a> View<'a> {
    pub fn of(text: &'a str) -> Self {
        Self {
            bytes: Cow::Borrowed(text.as_bytes()),
            origin: None,
        }
    }

    /// What `decoder` makes of the bytes; `None` when it changes nothing.
    pub fn decoded(&'a self, decoder: Decoder, rooms: &mut Rooms) -> Option<View<'a>> {
        let (mut start, mut taken, mut meaning) = self.next_escape(decoder, 0)?;
        let (mut bytes, mut segments) = rooms.take();
        bytes.reserve(self.bytes.len());
        let mut copied = 0;
        loop {
            segments.push(Segment {
                at: bytes.len(),
                from: copied,
                is_escape: false,
            });
            bytes.extend_from_slice(&self.bytes[copied..start]);
            segments.push(Segment {
                at: bytes.len(),
                from: start,
                is_escape: true,
            });
            bytes.extend_from_slice(meaning.bytes(&mut [0; 4]));
            copied = start + taken;
            match self.next_escape(decoder, copied) {
                Some(next) => (start, taken, meaning) = next,
                None => break,
            }
        }
        segments.push(Segment {
            at: bytes.len(),
            from: copied,
            is_escape: false,
        });
        bytes.extend_from_slice(&self.bytes[copied..]);
        Some(View {
            bytes: Cow::Owned(bytes),
            origin: Some((self, segments)),
        })
    }

    /// The first escape from `at` on: where it begins, how many bytes it takes, what it means.
    fn next_escape(&self, decoder: Decoder, mut at: usize) -> Option<(usize, usize, Meaning)> {
        loop {
            at += decoder.next_trigger(&self.bytes[at..])?;
            if let Some((taken, meaning)) = decoder.token(&self.bytes[at..]) {
                return Some((at, taken, meaning));
            }
            at += 1;
        }
    }

    /// Where in the source the byte at `at` begins; `at` may be the number of bytes.
    pub fn source_start(&self, at: usize) -> usize {
        let Some((parent, segments)) = &self.origin else {
            return at;
        };
        let after = segments.partition_point(|segment| segment.at <= at);
        let segment = segments[after - 1];
        let offset = if segment.is_escape {
            0
        } else {
            at - segment.at
        };
        parent.source_start(segment.from + offset)
    }
}

/// What an escape stands for.
pub(super) enum Meaning {
    Nothing,
    Byte(u8),
    Character(char),
}

impl Meaning {
    /// The bytes, written to `room`.
    pub fn bytes(self, room: &mut [u8; 4]) -> &[u8] {
        match self {
            Self::Nothing => &[],
            Self::Byte(byte) => {
                room[0] = byte;
                &room[..1]
            }
            Self::Character(character) => character.encode_utf8(room).as_bytes(),
        }
    }
}

fn percent(bytes: &[u8]) -> Option<(usize, Meaning)> {
    let digits = bytes.get(1..3)?;
    Some((3, Meaning::Byte(u8::try_from(number(digits, 16)?).ok()?)))
}

fn quoted_printable(bytes: &[u8]) -> Option<(usize, Meaning)> {
    match bytes.get(1..)? {
        // A fold, like any other; words on both sides of it stay apart.
        [b'\n', ..] => Some((2, Meaning::Byte(b'\n'))),
        [b'\r', b'\n', ..] => Some((3, Meaning::Byte(b'\n'))),
        // Only what has to be encoded: `size=10` is no control character.
        [high, low, ..] if !high.is_ascii_lowercase() && !low.is_ascii_lowercase() => {
            let byte = u8::try_from(number(&[*high, *low], 16)?).ok()?;
            let is_encoded = matches!(byte, b'=' | b' ' | b'\t' | b'\n' | b'\r' | 0x80..);
            is_encoded.then_some((3, Meaning::Byte(byte)))
        }
        _ => None,
    }
}

/// Length of what stands at the beginning of `bytes` and is not shown.
fn invisible(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [0x1B, b'[', ..] => {
            // ECMA-48: parameters, intermediates but for the space, and one final byte.
            let rest = &bytes[2..];
            let inner = rest
                .iter()
                .take_while(|byte| (0x21..0x40).contains(*byte))
                .count();
            let is_final = rest
                .get(inner)
                .is_some_and(|byte| (0x40..0x7F).contains(byte));
            is_final.then_some(2 + inner + 1)
        }
        [control, ..] if control.is_ascii_control() => Some(1),
        // Soft hyphen.
        [0xC2, 0xAD, ..] => Some(2),
        // U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FEFF.
        [0xE2, 0x80, 0x8B..=0x8F | 0xAA..=0xAE, ..]
        | [0xE2, 0x81, 0xA0..=0xAF, ..]
        | [0xEF, 0xBB, 0xBF, ..] => Some(3),
        _ => None,
    }
}

fn doubled(bytes: &[u8]) -> Option<(usize, Meaning)> {
    (bytes.get(1) == Some(&bytes[0])).then_some((2, Meaning::Byte(bytes[0])))
}

fn backslash(bytes: &[u8]) -> Option<(usize, Meaning)> {
    let escape = |taken, byte| Some((taken, Meaning::Byte(byte)));
    match *bytes.get(1)? {
        b'u' => unicode(bytes),
        b'U' => Some((10, character(number(bytes.get(2..10)?, 16)?)?)),
        b'x' => {
            let byte = number(bytes.get(2..4)?, 16)?;
            escape(4, u8::try_from(byte).ok()?)
        }
        b'0'..=b'3'
            if bytes
                .get(1..4)
                .is_some_and(|digits| number(digits, 8).is_some()) =>
        {
            escape(4, u8::try_from(number(&bytes[1..4], 8)?).ok()?)
        }
        b'n' => escape(2, b'\n'),
        b't' => escape(2, b'\t'),
        b'r' => escape(2, b'\r'),
        b'b' => escape(2, 0x08),
        b'f' => escape(2, 0x0C),
        b'a' => escape(2, 0x07),
        b'v' => escape(2, 0x0B),
        b'e' | b'E' => escape(2, 0x1B),
        other => escape(2, other),
    }
}

fn unicode(bytes: &[u8]) -> Option<(usize, Meaning)> {
    if bytes.get(2) == Some(&b'{') {
        let length = bytes.iter().take(10).position(|&byte| byte == b'}')?;
        return Some((length + 1, character(number(&bytes[3..length], 16)?)?));
    }
    let unit = number(bytes.get(2..6)?, 16)?;
    if !(0xD800..0xDC00).contains(&unit) {
        return Some((6, character(unit)?));
    }
    let low = bytes.get(6..12).filter(|rest| rest.starts_with(b"\\u"))?;
    let low = number(&low[2..], 16).filter(|low| (0xDC00..0xE000).contains(low))?;
    let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    Some((12, character(code)?))
}

/// Bytes of a reference in HTML at most.
const LONGEST_REFERENCE: usize = 12;

fn html(bytes: &[u8]) -> Option<(usize, Meaning)> {
    let mut reference = bytes.iter().take(LONGEST_REFERENCE);
    let end = reference.position(|&byte| byte == b';')?;
    let meaning = match &bytes[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => character(number(digits, 16)?)?,
        [b'#', digits @ ..] => character(number(digits, 10)?)?,
        name => {
            let (_, byte) = NAMED.iter().find(|(known, _)| known.as_bytes() == name)?;
            Meaning::Byte(*byte)
        }
    };
    Some((end + 1, meaning))
}

/// The named references of HTML for printable ASCII (HTML standard, 13.5).
const NAMED: &[(&str, u8)] = &[
    ("amp", b'&'),
    ("lt", b'<'),
    ("gt", b'>'),
    ("quot", b'"'),
    ("apos", b'\''),
    ("num", b'#'),
    ("excl", b'!'),
    ("dollar", b'$'),
    ("percnt", b'%'),
    ("lpar", b'('),
    ("rpar", b')'),
    ("ast", b'*'),
    ("plus", b'+'),
    ("comma", b','),
    ("period", b'.'),
    ("sol", b'/'),
    ("colon", b':'),
    ("semi", b';'),
    ("equals", b'='),
    ("quest", b'?'),
    ("commat", b'@'),
    ("lbrack", b'['),
    ("lsqb", b'['),
    ("bsol", b'\\'),
    ("rsqb", b']'),
    ("rbrack", b']'),
    ("Hat", b'^'),
    ("lowbar", b'_'),
    ("grave", b'`'),
    ("lcub", b'{'),
    ("lbrace", b'{'),
    ("verbar", b'|'),
    ("vert", b'|'),
    ("rcub", b'}'),
    ("rbrace", b'}'),
    ("NewLine", b'\n'),
    ("Tab", b'\t'),
];

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    // from_str_radix alone would take a sign.
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

fn character(code: u32) -> Option<Meaning> {
    char::from_u32(code).map(Meaning::Character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(decoder: Decoder, text: &str) -> String {
        let source = View::of(text);
        let view = source
            .decoded(decoder, &mut Rooms::default())
            .expect("something to decode");
        String::from_utf8(view.bytes.into_owned()).unwrap()
    }

    #[test]
    fn each_encoding_is_undone() {
        for (decoder, text, meaning) in [
            (Decoder::Percent, "a%2Fb%2fc%zz%", "a/b/c%zz%"),
            (Decoder::Form, "a+b%20c", "a b c"),
            (
                Decoder::Backslash,
                r#"\"\\\/\n\u0026\u{1F600}\ud83d\ude00\x41\101\$"#,
                "\"\\/\n&😀😀AA$",
            ),
            (
                Decoder::Backslash,
                r"\U0001F600 \ud83d \xzz \9",
                r"😀 \ud83d \xzz 9",
            ),
            (
                Decoder::Html,
                "&amp;&lt;&#39;&#x27;&#X41;&quest;&nope;&",
                "&<''A?&nope;&",
            ),
            (
                Decoder::QuotedPrintable,
                "a=3Db=\nc=\r\nd=3d e=41=",
                "a=b\nc\nd=3d e=41=",
            ),
            (
                Decoder::Invisible,
                "a\u{1b}[01;31m\u{1b}[Kb\u{1b}[m\0c\u{8}\u{200b}\u{ad}d\u{feff} é│\n\t",
                "abcd é│\n\t",
            ),
            (Decoder::ShellQuote, r#"it'\''s it'"'"'s"#, "it's it's"),
            (Decoder::Doubled(b'\''), "it''s \"\"", "it's \"\""),
            (Decoder::Template, "$$x $${a} %%{b}", "$$x ${a} %{b}"),
            (Decoder::Doubled(b'$'), "$$x $${a} 5%%", "$x ${a} 5%%"),
        ] {
            assert_eq!(decoded(decoder, text), meaning, "{decoder:?}");
        }
    }

    #[test]
    fn a_line_end_and_a_space_are_the_last_byte_of_an_escape() {
        let all = Decoder::for_secrets(["' \"$%${"].into_iter());
        let beginnings = [
            "%",
            "%2",
            "+",
            "\\",
            "\\u",
            "\\u{",
            "\\u00",
            "\\u{26",
            "\\ud83d",
            "\\ud83d\\u",
            "\\U",
            "\\x",
            "\\0",
            "\\04",
            "&",
            "&am",
            "&#",
            "&#3",
            "&#x",
            "=",
            "=4",
            "=\r",
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}[1;",
            "'",
            "'\\",
            "'\\'",
            "'\"",
            "\"",
            "$",
            "%%",
            "$$",
        ];
        for end in [" ", "\n"] {
            for after in [
                "26", "amp;", "41", "de00", "\\ude00", "m", "''", "'\"'", "{", "\n", "0000",
            ] {
                for beginning in beginnings {
                    let text = format!("{beginning}{end}{after}");
                    for decoder in &all {
                        let taken = decoder
                            .is_triggered_by(text.as_bytes()[0])
                            .then(|| decoder.token(text.as_bytes()))
                            .flatten()
                            .map_or(0, |(taken, _)| taken);
                        assert!(taken <= beginning.len() + 1, "{decoder:?} {text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn text_without_escapes_has_no_view_of_its_own() {
        assert!(
            View::of("50% of it")
                .decoded(Decoder::Percent, &mut Rooms::default())
                .is_none()
        );
        assert!(
            View::of("plain")
                .decoded(Decoder::Backslash, &mut Rooms::default())
                .is_none()
        );
    }

    #[test]
    fn every_byte_leads_back_to_its_source() {
        let text = r"x\u00e9y\nz";
        let source = View::of(text);
        let view = source
            .decoded(Decoder::Backslash, &mut Rooms::default())
            .unwrap();
        assert!(
            view.decoded(Decoder::Percent, &mut Rooms::default())
                .is_none()
        );
        assert_eq!(view.bytes, "xéy\nz".as_bytes());
        let starts: Vec<usize> = (0..=view.bytes.len())
            .map(|at| view.source_start(at))
            .collect();
        assert_eq!(starts, [0, 1, 1, 7, 8, 10, 11]);
    }

    #[test]
    fn views_of_views_lead_back_to_the_first_source() {
        let text = r#"{\"a\":\"%2526\"}"#;
        let source = View::of(text);
        let json = source
            .decoded(Decoder::Backslash, &mut Rooms::default())
            .unwrap();
        let once = json
            .decoded(Decoder::Percent, &mut Rooms::default())
            .unwrap();
        let view = once
            .decoded(Decoder::Percent, &mut Rooms::default())
            .unwrap();
        assert_eq!(view.bytes, br#"{"a":"&"}"#.as_slice());
        let at = view.bytes.iter().position(|&byte| byte == b'&').unwrap();
        assert_eq!(
            &text[view.source_start(at)..view.source_start(at + 1)],
            "%2526"
        );
    }
}
