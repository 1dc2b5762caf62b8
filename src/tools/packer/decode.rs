//! Lines of `packer build -machine-readable` to typed events.
//!
//! A line is `timestamp,target,type,data...` (Packer's documentation, "Machine-Readable Output").
//! Commas in data are written `%!(PACKER_COMMA)` and line ends `\n` and `\r`, while a backslash stays
//! as it is: a path like `C:\new` cannot be told from two lines. So text is for showing only, and ids
//! come from lines that hold nothing else. Text is not redacted here.

use super::RegionImage;

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackerEvent {
    /// Text for people.
    Ui { level: UiLevel, lines: Vec<UiLine> },
    /// How many artifacts a builder made; every post-processor adds one.
    ArtifactCount { builder: String, count: usize },
    /// The id of an artifact. AMIs repeat, once per post-processor.
    Artifact {
        builder: String,
        index: usize,
        /// As Packer says it.
        id: String,
        images: Vec<RegionImage>,
    },
    /// A builder failed.
    BuildError { builder: String, message: String },
    /// How many builders failed.
    ErrorCount(usize),
    /// Packer's version.
    Version(String),
    /// A line of a known type that says nothing we use.
    Other,
    /// A line of a type that is not known here.
    Unknown { kind: String, raw: String },
    /// A line that is not machine-readable: a crash, a plugin's log, an unknown option.
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UiLevel {
    /// What Packer does.
    Say,
    /// What the step prints.
    Message,
    /// What went wrong, and everything a provisioning script writes to its standard error.
    Error,
}

/// A line of text, with the builder that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UiLine {
    pub builder: Option<String>,
    pub text: String,
}

/// Decodes one line, without its line end.
pub fn decode(line: &str) -> PackerEvent {
    let line = line.trim_end_matches(['\r', '\n']);
    let fields: Vec<&str> = line.split(',').collect();
    let [timestamp, target, kind, data @ ..] = fields.as_slice() else {
        return PackerEvent::Text(line.to_owned());
    };
    if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return PackerEvent::Text(line.to_owned());
    }
    event(target, kind, data).unwrap_or_else(|| PackerEvent::Unknown {
        kind: (*kind).to_owned(),
        raw: line.to_owned(),
    })
}

fn event(target: &str, kind: &str, data: &[&str]) -> Option<PackerEvent> {
    let builder = || unescape(target);
    let event = match (kind, data) {
        ("ui", [level, text @ ..]) => PackerEvent::Ui {
            level: match *level {
                "say" => UiLevel::Say,
                "message" => UiLevel::Message,
                "error" => UiLevel::Error,
                _ => return None,
            },
            // An unescaped comma cannot occur in it; if one does, nothing is lost.
            lines: unescape(&text.join(","))
                .lines()
                .filter_map(ui_line)
                .collect(),
        },
        ("artifact-count", [count]) => PackerEvent::ArtifactCount {
            builder: builder(),
            count: count.parse().ok()?,
        },
        ("artifact", [index, "id", id @ ..]) => {
            let id = unescape(&id.join(","));
            PackerEvent::Artifact {
                builder: builder(),
                index: index.parse().ok()?,
                images: RegionImage::parse_all(&id),
                id,
            }
        }
        (
            "artifact",
            [
                _,
                "builder-id" | "string" | "files-count" | "file" | "nil" | "end",
                ..,
            ],
        ) => PackerEvent::Other,
        ("error-count", [count]) => PackerEvent::ErrorCount(count.parse().ok()?),
        ("error", message) => PackerEvent::BuildError {
            builder: builder(),
            message: unescape(&message.join(",")),
        },
        ("version", [version]) => PackerEvent::Version(unescape(version)),
        // The misspelling is Packer's.
        ("version-prelease" | "version-prerelease" | "version-commit", _) => PackerEvent::Other,
        _ => return None,
    };
    Some(event)
}

/// Undoes the escapes of a field, as far as they can be undone.
pub fn unescape(field: &str) -> String {
    field
        .replace("%!(PACKER_COMMA)", ",")
        .replace("\\n", "\n")
        .replace("\\r", "\r")
}

/// Takes the builder's name off `==> NAME: text`, `    NAME: text` and `--> NAME: text`.
fn ui_line(line: &str) -> Option<UiLine> {
    let line = line.trim_end();
    if line.is_empty() {
        return None;
    }
    let marked = ["==> ", "    ", "--> "]
        .iter()
        .find_map(|mark| line.strip_prefix(mark));
    let named = marked
        .and_then(|rest| rest.split_once(':'))
        .filter(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace));
    Some(match named {
        Some((name, text)) => UiLine {
            builder: Some(name.to_owned()),
            text: text.strip_prefix(' ').unwrap_or(text).to_owned(),
        },
        None => UiLine {
            builder: None,
            text: marked.unwrap_or(line).to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(builder: Option<&str>, text: &str) -> UiLine {
        UiLine {
            builder: builder.map(str::to_owned),
            text: text.to_owned(),
        }
    }

    #[test]
    fn texts_come_with_their_builder_and_level() {
        for (raw, level, lines) in [
            (
                "1,,ui,say,==> w.amazon-ebs.a: Waiting for SSH...",
                UiLevel::Say,
                vec![line(Some("w.amazon-ebs.a"), "Waiting for SSH...")],
            ),
            (
                r"1,,ui,message,    a: one%!(PACKER_COMMA) two\n    a: three",
                UiLevel::Message,
                vec![line(Some("a"), "one, two"), line(Some("a"), "three")],
            ),
            (
                r"1,,ui,error,\n==> Some builds didn't complete successfully and had errors:",
                UiLevel::Error,
                vec![line(
                    None,
                    "Some builds didn't complete successfully and had errors:",
                )],
            ),
            (
                "1,,ui,say,Build 'a' finished after 2 seconds.",
                UiLevel::Say,
                vec![line(None, "Build 'a' finished after 2 seconds.")],
            ),
            ("1,,ui,say,", UiLevel::Say, vec![]),
        ] {
            assert_eq!(decode(raw), PackerEvent::Ui { level, lines }, "{raw}");
        }
    }

    #[test]
    fn artifacts_have_their_images_by_region() {
        let image = |region: &str, ami: &str| RegionImage {
            region: region.to_owned(),
            ami: ami.to_owned(),
        };
        let artifact = |id: &str, images| PackerEvent::Artifact {
            builder: "a".to_owned(),
            index: 1,
            id: id.to_owned(),
            images,
        };
        assert_eq!(
            decode("1,a,artifact,1,id,us-east-1:ami-1%!(PACKER_COMMA)us-west-2:ami-2"),
            artifact(
                "us-east-1:ami-1,us-west-2:ami-2",
                vec![image("us-east-1", "ami-1"), image("us-west-2", "ami-2")]
            )
        );
        assert_eq!(decode("1,a,artifact,1,id,Null"), artifact("Null", vec![]));
        assert_eq!(decode("1,a,artifact,0,files-count,0"), PackerEvent::Other);
        assert_eq!(
            decode("1,a,artifact-count,2"),
            PackerEvent::ArtifactCount {
                builder: "a".to_owned(),
                count: 2
            }
        );
    }

    #[test]
    fn errors_and_versions_are_typed() {
        assert_eq!(decode("1,,error-count,2"), PackerEvent::ErrorCount(2));
        assert_eq!(
            decode(r"1,a,error,no%!(PACKER_COMMA)\nreally"),
            PackerEvent::BuildError {
                builder: "a".to_owned(),
                message: "no,\nreally".to_owned()
            }
        );
        assert_eq!(
            decode("1,,version,1.6.6"),
            PackerEvent::Version("1.6.6".to_owned())
        );
        assert_eq!(decode("1,,version-prelease,"), PackerEvent::Other);
    }

    #[test]
    fn what_is_not_known_is_kept() {
        for raw in [
            "1,,telemetry,x",
            "1,a,artifact,x,id,y",
            "1,,ui,ask,?",
            "1,,error-count,many",
            "1,,ui",
        ] {
            assert!(
                matches!(decode(raw), PackerEvent::Unknown { raw: kept, .. } if kept == raw),
                "{raw}"
            );
        }
        for raw in [
            "",
            "panic: runtime error",
            "a,b,c,d",
            ",,ui,say,x",
            "Usage: packer, all, of, it",
        ] {
            assert_eq!(decode(raw), PackerEvent::Text(raw.to_owned()));
        }
    }
}
