//! Properties of dumps: no row shows a piece of a secret, wherever the secret and the dump begin.

use proptest::{prelude::*, sample::Index};

use super::{
    properties::{config, finished, pushed},
    *,
};

/// How a tool writes a row.
#[derive(Debug, Clone, Copy)]
enum Tool {
    /// `od -A x -t x1z`
    Od,
    /// `hexdump -C`
    Hexdump,
    /// `xxd`
    Xxd,
}

impl Tool {
    fn dump(self, bytes: &[u8]) -> Vec<String> {
        let rows = bytes.chunks(16).enumerate();
        rows.map(|(at, row)| self.row(16 * at, row)).collect()
    }

    fn row(self, offset: usize, bytes: &[u8]) -> String {
        let each: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |byte: &u8| match byte {
            0x20..=0x7E => char::from(*byte),
            _ => '.',
        };
        let text: String = bytes.iter().map(shown).collect();
        match self {
            Self::Od => format!("{offset:06x} {:<47}  >{text}<", each.join(" ")),
            Self::Hexdump => {
                let halves: Vec<String> = each.chunks(8).map(|half| half.join(" ")).collect();
                format!("{offset:08x}  {:<48}  |{text}|", halves.join("  "))
            }
            Self::Xxd => {
                let pairs: Vec<String> = each.chunks(2).map(<[String]>::concat).collect();
                format!("{offset:08x}: {:<39}  {text}", pairs.join(" "))
            }
        }
    }
}

fn tool() -> impl Strategy<Value = Tool> {
    prop_oneof![Just(Tool::Od), Just(Tool::Hexdump), Just(Tool::Xxd)]
}

/// What may stand before a row on its line, and after it.
fn around() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("", ""),
        ("", "\r"),
        ("    amazon-ebs.dashboard: ", ""),
        ("app-1  | ", ""),
        ("\u{1b}[33mapp-1  |\u{1b}[0m", "\u{1b}[0m"),
        ("\u{1b}[0m", ""),
        ("│ ", ""),
        ("{\"log\":\"", "\\n\",\"stream\":\"stdout\"}"),
        ("{\"line\":\"{\\\"log\\\":\\\"", "\\\"}\"}"),
        ("b'", "'"),
        ("2026-03-01T10:11:12Z\t", ""),
    ])
}

/// Whether `out` shows four bytes of `secret` in a row, as text or as a dump does.
fn shows_a_piece(out: &str, secret: &str) -> bool {
    secret.as_bytes().windows(4).any(|piece| {
        let text = std::str::from_utf8(piece).expect("secrets here are ASCII");
        let pairs = piece
            .chunks(2)
            .map(|pair| format!("{:02x}{:02x}", pair[0], pair[1]));
        let pairs = pairs.collect::<Vec<_>>().join(" ");
        let each = piece.iter().map(|byte| format!("{byte:02x}"));
        let each = each.collect::<Vec<_>>().join(" ");
        out.contains(text) || out.contains(&pairs) || out.contains(&each)
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_row_of_a_dump_shows_a_piece_of_a_secret(
        secret in "(AKIA|CANARY-)?[A-Za-z0-9+/=!$-]{12,60}",
        before in "([A-Z_]{1,9}=[ -~]{0,30}\n){0,3}",
        after in "\n([A-Z_]{1,9}=[ -~]{0,30}\n){0,3}",
        tool in tool(),
        (prefix, suffix) in around(),
        in_one_string in any::<bool>(),
        cuts in proptest::collection::vec(any::<Index>(), 16),
    ) {
        prop_assume!(strength(&secret) == Strength::Distinct);
        // Offsets would be taken for pieces of it.
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        prop_assume!(!secret.as_bytes().windows(4).any(|piece| piece.iter().all(is_digit)));
        // What is there beside it may have a piece in common with it by chance, and stays.
        let beside = format!("{before}{after}{prefix}{suffix} SECRET= output [REDACTED:it]");
        prop_assume!(!shows_a_piece(&beside, &secret));
        let redactor = Redactor::new([("it", &Secret::new(secret.as_str()))]);
        for (alignment, cut) in cuts.iter().enumerate() {
            let text = format!("{}{before}SECRET={secret}{after}", "#".repeat(alignment));
            let rows = tool.dump(text.as_bytes());
            let cut = cut.index(rows.len());
            for rows in [&rows[..=cut], &rows[cut..]] {
                let dump = if in_one_string {
                    format!("{{\"output\":\"{}\\n\"}}", rows.join("\\n"))
                } else {
                    let lines = rows.iter().map(|row| format!("{prefix}{row}{suffix}"));
                    lines.collect::<Vec<_>>().join("\n")
                };
                let whole = redactor.redact(&dump).into_owned();
                let mut lines = RedactingLines::new(&redactor);
                let mut streamed = Vec::new();
                for line in dump.split('\n') {
                    streamed.extend(pushed(&mut lines, (), line));
                }
                streamed.extend(finished(lines));
                let streamed: Vec<String> = streamed.into_iter().map(|((), line)| line).collect();
                for out in [whole, streamed.join("\n")] {
                    prop_assert!(!shows_a_piece(&out, &secret), "{secret:?} in {out}\nof {dump}");
                    prop_assert_eq!(out.split('\n').count(), dump.split('\n').count());
                }
            }
        }
    }
}
