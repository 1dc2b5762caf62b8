//! Properties of the redactor, with encoders that share nothing with it.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{prelude::*, sample::Index};

use super::*;

/// A way in which a tool writes a secret into its output.
#[derive(Debug, Clone, Copy)]
enum Writing {
    Plain,
    Base64,
    Base64Url,
    Hex,
    SpacedHex,
    PercentAll,
    PercentLower,
    PercentQuery,
    PercentUserinfo,
    Form,
    Json,
    GoJson,
    AsciiJson,
    JsonInJson,
    JsonInJsonInJson,
    Html,
    GoHtml,
    HtmlOfJson,
    JsonOfHtml,
    PercentOfJson,
    SingleQuoted,
    PythonQuoted,
    DoubleQuoted,
    BackslashQuoted,
    AnsiCQuoted,
    Hcl,
    Compose,
    Sql,
    Csv,
    RustDebug,
    Base64OfJson,
    Base64OfScript,
    Base64OfBase64,
    Base64OfUtf16,
    ColonHex,
    DecimalList,
    GoByteList,
    GoSyntaxByteList,
    QuotedPrintable,
    Coloured,
    Utf16,
}

const ALL: &[Writing] = &[
    Writing::Plain,
    Writing::Base64,
    Writing::Base64Url,
    Writing::Hex,
    Writing::SpacedHex,
    Writing::PercentAll,
    Writing::PercentLower,
    Writing::PercentQuery,
    Writing::PercentUserinfo,
    Writing::Form,
    Writing::Json,
    Writing::GoJson,
    Writing::AsciiJson,
    Writing::JsonInJson,
    Writing::JsonInJsonInJson,
    Writing::Html,
    Writing::GoHtml,
    Writing::HtmlOfJson,
    Writing::JsonOfHtml,
    Writing::PercentOfJson,
    Writing::SingleQuoted,
    Writing::PythonQuoted,
    Writing::DoubleQuoted,
    Writing::BackslashQuoted,
    Writing::AnsiCQuoted,
    Writing::Hcl,
    Writing::Compose,
    Writing::Sql,
    Writing::Csv,
    Writing::RustDebug,
    Writing::Base64OfJson,
    Writing::Base64OfScript,
    Writing::Base64OfBase64,
    Writing::Base64OfUtf16,
    Writing::ColonHex,
    Writing::DecimalList,
    Writing::GoByteList,
    Writing::GoSyntaxByteList,
    Writing::QuotedPrintable,
    Writing::Coloured,
    Writing::Utf16,
];

const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const USERINFO: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'@');

impl Writing {
    /// The secret as the tool writes it, with `salt` around it where the encoding mixes bytes.
    fn write(self, secret: &str, salt: (&str, &str)) -> String {
        let around = |text: &str| format!("{}{text}{}", salt.0, salt.1);
        match self {
            Self::Plain => secret.to_owned(),
            Self::Base64 => BASE64_STANDARD.encode(around(secret)),
            Self::Base64Url => BASE64_URL_SAFE_NO_PAD.encode(around(secret)),
            Self::Hex => secret.bytes().map(|byte| format!("{byte:02X}")).collect(),
            Self::SpacedHex => secret.bytes().map(|byte| format!("{byte:02x} ")).collect(),
            Self::PercentAll => secret.bytes().map(|byte| format!("%{byte:02X}")).collect(),
            Self::PercentLower => secret.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            Self::PercentQuery => utf8_percent_encode(secret, QUERY).to_string(),
            Self::PercentUserinfo => utf8_percent_encode(secret, USERINFO).to_string(),
            Self::Form => Self::PercentQuery.write(secret, salt).replace("%20", "+"),
            Self::Json => {
                let quoted = serde_json::to_string(secret).unwrap();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::GoJson => Self::Json
                .write(secret, salt)
                .replace('&', r"\u0026")
                .replace('<', r"\u003c")
                .replace('>', r"\u003e"),
            Self::AsciiJson => Self::Json
                .write(secret, salt)
                .chars()
                .map(|c| match c.is_ascii() {
                    true => c.to_string(),
                    false => c
                        .encode_utf16(&mut [0; 2])
                        .iter()
                        .map(|unit| format!("\\u{unit:04X}"))
                        .collect(),
                })
                .collect(),
            Self::JsonInJson => Self::GoJson.write(&Self::GoJson.write(secret, salt), salt),
            Self::JsonInJsonInJson => Self::Json.write(&Self::JsonInJson.write(secret, salt), salt),
            Self::Html => secret
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;"),
            Self::GoHtml => Self::Html
                .write(secret, salt)
                .replace("&quot;", "&#34;")
                .replace("&#x27;", "&#39;")
                .replace('+', "&#43;"),
            Self::HtmlOfJson => Self::Html.write(&Self::Json.write(secret, salt), salt),
            Self::JsonOfHtml => Self::GoJson.write(&Self::Html.write(secret, salt), salt),
            Self::PercentOfJson => Self::PercentQuery.write(&Self::Json.write(secret, salt), salt),
            Self::SingleQuoted => secret.replace('\'', r"'\''"),
            Self::PythonQuoted => secret.replace('\'', r#"'"'"'"#),
            Self::DoubleQuoted => escaped(secret, |c| "\"\\$`".contains(c)),
            Self::BackslashQuoted => escaped(secret, |c| {
                c.is_ascii() && !c.is_ascii_alphanumeric() && c != '\n'
            }),
            Self::AnsiCQuoted => secret
                .bytes()
                .map(|byte| match byte {
                    b'\n' => r"\n".to_owned(),
                    b'\'' | b'\\' => format!("\\{}", char::from(byte)),
                    0x20..=0x7E => char::from(byte).to_string(),
                    other => format!("\\{other:03o}"),
                })
                .collect(),
            Self::Hcl => Self::Json
                .write(secret, salt)
                .replace("${", "$${")
                .replace("%{", "%%{"),
            Self::Compose => secret.replace('$', "$$"),
            Self::Sql => secret.replace('\'', "''"),
            Self::Csv => secret.replace('"', "\"\""),
            Self::RustDebug => {
                let quoted = format!("{secret:?}");
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Base64OfJson => BASE64_STANDARD.encode(around(&Self::GoJson.write(secret, salt))),
            Self::Base64OfScript => {
                BASE64_STANDARD.encode(around(&Self::SingleQuoted.write(secret, salt)))
            }
            Self::Base64OfBase64 => {
                BASE64_STANDARD.encode(around(&BASE64_STANDARD.encode(around(secret))))
            }
            Self::Base64OfUtf16 => {
                let text = around(secret);
                let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                BASE64_STANDARD.encode(wide)
            }
            Self::ColonHex => listed(secret, |byte| format!("{byte:02x}"), ":"),
            Self::DecimalList => listed(secret, |byte| byte.to_string(), ", "),
            Self::GoByteList => format!("{:?}", secret.as_bytes()).replace(',', ""),
            Self::GoSyntaxByteList => listed(secret, |byte| format!("{byte:#04x}"), ", "),
            Self::QuotedPrintable => secret
                .bytes()
                .enumerate()
                .map(|(at, byte)| match byte {
                    b'!'..=b'<' | b'>'..=b'~' if at == 5 => format!("=\n{}", char::from(byte)),
                    b'=' | b'\n' | 0x80.. => format!("={byte:02X}"),
                    other => char::from(other).to_string(),
                })
                .collect(),
            // As grep marks what it has found.
            Self::Coloured => {
                let middle = secret.char_indices().nth(3).map_or(0, |(at, _)| at);
                let (before, after) = secret.split_at(middle);
                format!("{before}\u{1b}[01;31m\u{1b}[K{after}")
            }
            Self::Utf16 => secret.chars().flat_map(|c| [c, '\0']).collect(),
        }
    }

    /// Encodings in which a neighbour changes the secret's own characters.
    fn mixes_bytes(self) -> bool {
        matches!(
            self,
            Self::Base64
                | Self::Base64Url
                | Self::Base64OfJson
                | Self::Base64OfScript
                | Self::Base64OfBase64
                | Self::Base64OfUtf16
        )
    }
}

fn listed(secret: &str, each: fn(u8) -> String, separator: &str) -> String {
    let numbers: Vec<String> = secret.bytes().map(each).collect();
    numbers.join(separator)
}

fn escaped(text: &str, which: impl Fn(char) -> bool) -> String {
    text.chars()
        .flat_map(|c| which(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

/// What a base64 text can still be decoded to when it has been cut to pieces.
fn decodings(text: &str) -> Vec<String> {
    let pieces = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/-_".contains(c));
    let pieces = pieces.map(|piece| piece.replace('-', "+").replace('_', "/"));
    pieces
        .flat_map(|piece| {
            (0..4.min(piece.len())).map(move |offset| {
                let from = &piece[offset..];
                let whole = from.len() / 4 * 4;
                let bytes = BASE64_STANDARD.decode(&from[..whole]).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            })
        })
        .collect()
}

fn distinct_secret() -> impl Strategy<Value = String> {
    let nasty = "[ -~]{8,40}";
    let unicode = r#"[a-zé€😀"'\\&<>%$+/ ]{8,30}"#;
    let plain = "[A-Za-z0-9]{8,40}";
    let lines = "[A-Za-z0-9+/]{4,20}\n[A-Za-z0-9+/]{4,20}";
    prop_oneof![nasty, unicode, plain, lines].prop_filter(
        "only distinct ones are found everywhere",
        |text| {
            strength(text) == Strength::Distinct
                && text.split_whitespace().collect::<String>().len() >= 8
        },
    )
}

/// Also such as are too short or too common for most forms, or for the sieve.
fn any_secret() -> impl Strategy<Value = String> {
    let short = prop_oneof!["[a-z]{4,6}", "[a-c ]{4,7}", Just("password".to_owned())];
    prop_oneof![3 => distinct_secret(), 1 => short]
}

/// A part of a text with secrets in it.
#[derive(Debug, Clone)]
enum Part {
    Around(String),
    Secret {
        which: Index,
        writing: Writing,
        folds: Vec<Index>,
        cut: (usize, usize),
    },
    /// A secret with a few of its characters escaped, each in a way of its own.
    Mixed {
        which: Index,
        escaped: Vec<(Index, Escape)>,
    },
    /// Makes a line a long one.
    Long(usize),
    Blank(usize),
}

/// How one character is written.
#[derive(Debug, Clone, Copy)]
enum Escape {
    Percent,
    Json,
    Html,
    QuotedPrintable,
    Octal,
    Colour,
    Bar,
    Space,
    Newline,
}

impl Escape {
    const ALL: &[Self] = &[
        Self::Percent,
        Self::Json,
        Self::Html,
        Self::QuotedPrintable,
        Self::Octal,
        Self::Colour,
        Self::Bar,
        Self::Space,
        Self::Newline,
    ];

    fn write(self, character: char) -> String {
        let mut utf8 = [0; 4];
        let bytes = character.encode_utf8(&mut utf8).bytes();
        match self {
            Self::Percent => bytes.map(|byte| format!("%{byte:02x}")).collect(),
            Self::QuotedPrintable => bytes.map(|byte| format!("={byte:02X}")).collect(),
            Self::Octal => bytes.map(|byte| format!("\\{byte:03o}")).collect(),
            Self::Json => format!("\\u{{{:x}}}", u32::from(character)),
            Self::Html => format!("&#x{:x};", u32::from(character)),
            Self::Colour => format!("\u{1b}[1m{character}"),
            Self::Bar => format!("{character}\n│ "),
            Self::Space => format!("{character}+"),
            Self::Newline => format!("{character}\\n"),
        }
    }
}

fn part() -> impl Strategy<Value = Part> {
    let secret = (
        any::<Index>(),
        any_writing(),
        proptest::collection::vec(any::<Index>(), 0..4),
        prop_oneof![2 => Just((0, 0)), 1 => (0..12_usize, 0..12_usize)],
    );
    let escaped = (any::<Index>(), prop::sample::select(Escape::ALL));
    prop_oneof![
        3 => surroundings().prop_map(Part::Around),
        4 => secret.prop_map(|(which, writing, folds, cut)| Part::Secret { which, writing, folds, cut }),
        3 => (any::<Index>(), proptest::collection::vec(escaped, 1..4))
            .prop_map(|(which, escaped)| Part::Mixed { which, escaped }),
        1 => (1..40_000_usize).prop_map(Part::Long),
        1 => (1..30_usize).prop_map(Part::Blank),
    ]
}

impl Part {
    fn write(&self, secrets: &[String]) -> String {
        match self {
            Self::Around(text) => text.clone(),
            Self::Secret {
                which,
                writing,
                folds,
                cut,
            } => {
                let written = {
                    let secret: &String = which.get(secrets);
                    writing.write(secret, ("a", "bc"))
                };
                let count = written.chars().count();
                let kept = written
                    .chars()
                    .skip(cut.0)
                    .take(count.saturating_sub(cut.0 + cut.1));
                let kept: String = kept.collect();
                if kept.is_empty() {
                    kept
                } else {
                    folded(&kept, folds)
                }
            }
            Self::Mixed { which, escaped } => {
                let secret: &String = which.get(secrets);
                escaped.iter().fold(secret.clone(), |text, (at, escape)| {
                    let mut characters: Vec<String> = text.chars().map(String::from).collect();
                    // Perhaps one of those that an earlier escape is written with.
                    let character = at.get_mut(&mut characters);
                    *character = character.chars().map(|it| escape.write(it)).collect();
                    characters.concat()
                })
            }
            Self::Long(count) => "all of it is ordinary, 100 %; ".repeat(count / 30),
            Self::Blank(count) => "\n".repeat(*count),
        }
    }
}

fn any_writing() -> impl Strategy<Value = Writing> {
    any::<Index>().prop_map(|index| *index.get(ALL))
}

fn surroundings() -> impl Strategy<Value = String> {
    r#"([ -~]|\n|é|│|\\u|%2|&#|'|\\){0,60}"#
}

fn redactor_for(secret: &str) -> Redactor {
    Redactor::new([("it", &Secret::new(secret))])
}

/// `text` with a line end and an indentation after the character at each of `places`.
fn folded(text: &str, places: &[Index]) -> String {
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    for place in places {
        place.get_mut(&mut characters).push_str("\n  ");
    }
    characters.concat()
}

/// Bytes that one byte of a secret takes at most, as an escape.
const LONGEST_ESCAPE: usize = 12;

/// Whether the lines are the same, but for bytes at the end of a line that are too few to wait for what
/// follows.
fn is_streamed_like(streamed: &str, whole: &str) -> bool {
    let is_like = |(streamed, whole): (&str, &str)| {
        let end = || {
            let before = whole.strip_suffix("[REDACTED:it]")?;
            streamed.strip_prefix(before)
        };
        streamed == whole || end().is_some_and(|end| end.len() < LONGEST_ESCAPE * lines::HELD_FROM)
    };
    streamed.split('\n').count() == whole.split('\n').count()
        && streamed.split('\n').zip(whole.split('\n')).all(is_like)
}

/// What `lines` shows once it has `line`, too.
pub(super) fn pushed<T>(lines: &mut RedactingLines<'_, T>, tag: T, line: &str) -> Vec<(T, String)> {
    let mut shown = Vec::new();
    lines.push(tag, line, |tag, line| {
        shown.push((tag, line.into_owned()));
    });
    shown
}

/// What `lines` shows at its end.
pub(super) fn finished<T>(lines: RedactingLines<'_, T>) -> Vec<(T, String)> {
    let mut shown = Vec::new();
    lines.finish(|tag, line| shown.push((tag, line.into_owned())));
    shown
}

/// Few cases by default, because building an automaton without optimisation takes long; more with
/// `PROPTEST_CASES`.
pub(super) fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(64),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_writing_of_a_secret_survives(
        secret in distinct_secret(),
        writing in any_writing(),
        before in surroundings(),
        after in surroundings(),
        salt in ("[a-z]{0,4}", "[a-z]{0,4}"),
    ) {
        let written = writing.write(&secret, (&salt.0, &salt.1));
        let text = format!("{before} {written} {after}");
        let out = redactor_for(&secret).redact(&text).into_owned();
        prop_assert!(out.contains("[REDACTED"), "nothing found in {text:?}");
        prop_assert!(!out.contains(written.trim()), "{written:?} survives in {out:?}");
        prop_assert!(!out.contains(secret.trim()), "{secret:?} survives in {out:?}");
        if writing.mixes_bytes() {
            for decoded in decodings(&out) {
                prop_assert!(!decoded.contains(&secret), "{secret:?} can be decoded from {out:?}");
            }
        }
    }

    #[test]
    fn no_folded_secret_survives(
        secret in distinct_secret(),
        writing in prop_oneof![
            Just(Writing::Plain), Just(Writing::Base64), Just(Writing::Base64Url),
            Just(Writing::Hex), Just(Writing::Base64OfScript),
        ],
        places in proptest::collection::vec(any::<Index>(), 1..6),
        before in surroundings(),
        size in 1..40_usize,
    ) {
        let text = format!("{before} {} end", folded(&writing.write(&secret, ("ab", "c")), &places));
        let redactor = redactor_for(&secret);
        let whole = redactor.redact(&text).into_owned();

        let mut stream = RedactingText::new(&redactor);
        let characters: Vec<char> = text.chars().collect();
        let mut streamed: String = characters
            .chunks(size)
            .map(|chunk| stream.push(&chunk.iter().collect::<String>()))
            .collect();
        streamed.push_str(&stream.finish());

        for out in [whole, streamed] {
            prop_assert_eq!(out.lines().count(), text.lines().count());
            let joined: String = out.split_whitespace().collect();
            let bare: String = secret.split_whitespace().collect();
            prop_assert!(joined.contains("[REDACTED"), "nothing found in {text:?}");
            prop_assert!(!joined.contains(&bare), "{secret:?} survives in {out:?}");
            for decoded in decodings(&joined) {
                prop_assert!(!decoded.contains(&bare), "{secret:?} can be decoded from {out:?}");
            }
        }
    }

    #[test]
    fn streamed_lines_are_redacted_like_the_whole_text(
        secrets in proptest::collection::vec(distinct_secret(), 1..4),
        pieces in proptest::collection::vec((surroundings(), any::<Index>(), any_writing()), 0..6),
        size in 1..80_usize,
    ) {
        let secrets: Vec<String> = secrets
            .into_iter()
            .map(|secret| secret.replace('\n', ""))
            .filter(|secret| strength(secret) == Strength::Distinct)
            .collect();
        prop_assume!(!secrets.is_empty());
        let mut text = String::new();
        for (around, which, writing) in &pieces {
            let secret: &String = which.get(&secrets);
            text.push_str(around);
            text.push_str(&writing.write(secret, ("", "")));
            text.push_str("\nnext: ");
        }
        let values: Vec<Secret> = secrets.iter().map(Secret::new).collect();
        let redactor = Redactor::new(values.iter().map(|secret| ("it", secret)));

        let mut stream = RedactingText::new(&redactor);
        let characters: Vec<char> = text.chars().collect();
        let mut streamed: String = characters
            .chunks(size)
            .map(|chunk| stream.push(&chunk.iter().collect::<String>()))
            .collect();
        streamed.push_str(&stream.finish());
        let whole = redactor.redact(&text);
        prop_assert!(is_streamed_like(&streamed, &whole), "{streamed:?} is not {whole:?}");
    }

    #[test]
    fn the_sieve_changes_nothing(
        secrets in proptest::collection::vec(any_secret(), 1..5),
        parts in proptest::collection::vec(part(), 0..12),
        size in 1..80_usize,
    ) {
        let text: String = parts.iter().map(|part| part.write(&secrets)).collect();
        let values: Vec<Secret> = secrets.iter().map(Secret::new).collect();
        let sieved = Redactor::new(values.iter().map(|secret| ("it", secret)));
        let mut plain = Redactor::new(values.iter().map(|secret| ("it", secret)));
        if let Some(searched) = &mut plain.searched {
            searched.sieve = None;
        }
        prop_assert_eq!(sieved.redact(&text), plain.redact(&text));
        if let (Some(sieved), Some(plain)) = (&sieved.searched, &plain.searched) {
            let (sieved, plain) = (sieved.scan_to_the_end(&text), plain.scan_to_the_end(&text));
            prop_assert_eq!(sieved.beginning, plain.beginning);
        }
        let (mut one, mut other) = (RedactingLines::new(&sieved), RedactingLines::new(&plain));
        for (number, line) in text.split('\n').enumerate() {
            prop_assert_eq!(pushed(&mut one, number, line), pushed(&mut other, number, line));
        }
        prop_assert_eq!(finished(one), finished(other));
        let (mut one, mut other) = (RedactingText::new(&sieved), RedactingText::new(&plain));
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(size) {
            let piece = String::from_iter(piece);
            prop_assert_eq!(one.push(&piece), other.push(&piece));
        }
        prop_assert_eq!(one.finish(), other.finish());
    }

    #[test]
    fn text_without_secrets_is_unchanged(
        secrets in proptest::collection::vec("[A-Z0-9]{6}[A-Z]{4,20}", 1..8),
        text in r#"([a-z]|\n|[ !-/:-@\[-`{-~é│]){0,400}"#,
    ) {
        let values: Vec<Secret> = secrets.iter().map(Secret::new).collect();
        let redactor = Redactor::new(values.iter().map(|secret| ("it", secret)));
        prop_assert!(matches!(redactor.redact(&text), Cow::Borrowed(same) if same == text));
        let mut stream = RedactingText::new(&redactor);
        let mut streamed = stream.push(&text);
        streamed.push_str(&stream.finish());
        prop_assert_eq!(streamed, text);
    }
}
