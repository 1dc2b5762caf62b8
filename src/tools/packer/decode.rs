//! The lines of `packer build -machine-readable`: `timestamp,target,type,data...`
//! (Packer's documentation, "Machine-Readable Output").

/// One line, decoded. Texts are the tool's own and have not been redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// What Packer would have printed for people.
    Ui {
        channel: Channel,
        text: String,
    },
    /// A property of the artifact with this index that `builder` made.
    Artifact {
        builder: String,
        index: usize,
        property: Property,
    },
    ArtifactCount {
        builder: String,
        count: usize,
    },
    /// The error a builder ended with.
    Error {
        builder: String,
        text: String,
    },
    ErrorCount(usize),
    Version(String),
    /// A line of the format whose type this version does not know.
    Unknown {
        kind: String,
        raw: String,
    },
    /// Not of the format: a panic, a plugin's own output, `packer init` on 1.6.
    Plain(String),
}

/// What a `ui` line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A step, `==> ...`.
    Say,
    /// A line of detail or of a provisioner's output.
    Message,
    Error,
}

/// One property of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// `region:ami`, several separated by commas. Post-processors repeat it.
    Ids(Vec<RegionalAmi>),
    BuilderId(String),
    Other(String),
}

/// An AMI and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionalAmi {
    pub region: String,
    pub ami: String,
}

/// Decodes one line of standard output.
pub fn line(text: &str) -> Line {
    let plain = || Line::Plain(text.to_owned());
    let fields: Vec<&str> = text.split(',').collect();
    let [time, target, kind, data @ ..] = fields.as_slice() else {
        return plain();
    };
    if time.is_empty() || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain();
    }
    let target = (*target).to_owned();
    let decoded = match (*kind, data) {
        ("ui", [channel, rest @ ..]) => ui(channel, &rest.join(",")),
        ("artifact-count", [count]) => count.parse().ok().map(|count| Line::ArtifactCount {
            builder: target,
            count,
        }),
        ("artifact", [index, property, rest @ ..]) => {
            index.parse().ok().map(|index| Line::Artifact {
                builder: target,
                index,
                property: self::property(property, rest),
            })
        }
        ("error", rest) => Some(Line::Error {
            builder: target,
            text: unescape(&rest.join(",")),
        }),
        ("error-count", [count]) => count.parse().ok().map(Line::ErrorCount),
        ("version", [version, ..]) => Some(Line::Version((*version).to_owned())),
        _ => None,
    };
    decoded.unwrap_or_else(|| Line::Unknown {
        kind: (*kind).to_owned(),
        raw: text.to_owned(),
    })
}

fn ui(channel: &str, text: &str) -> Option<Line> {
    let channel = match channel {
        "say" => Channel::Say,
        "message" => Channel::Message,
        "error" => Channel::Error,
        _ => return None,
    };
    Some(Line::Ui {
        channel,
        text: unescape(text),
    })
}

fn property(name: &str, data: &[&str]) -> Property {
    let value = unescape(&data.join(","));
    match name {
        "id" => Property::Ids(regional_amis(&value)),
        "builder-id" => Property::BuilderId(value),
        _ => Property::Other(name.to_owned()),
    }
}

/// Reads `us-east-1:ami-1,eu-west-1:ami-2`.
pub fn regional_amis(text: &str) -> Vec<RegionalAmi> {
    text.split(',')
        .filter_map(|part| {
            let (region, ami) = part.trim().split_once(':')?;
            ami.starts_with("ami-").then(|| RegionalAmi {
                region: region.to_owned(),
                ami: ami.to_owned(),
            })
        })
        .collect()
}

/// Undoes Packer's escapes. Backslashes themselves are never escaped, so a text that holds a
/// literal `\n` cannot be told from one with a line end: good for display only (packer 1.6.6).
fn unescape(text: &str) -> String {
    text.replace("%!(PACKER_COMMA)", ",")
        .replace("\\r", "\r")
        .replace("\\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_packer_1_6_prints_them() {
        assert_eq!(
            line(
                "1589389471,,ui,say,==> amazon-ebs.dashboard: Creating temporary keypair%!(PACKER_COMMA) wait"
            ),
            Line::Ui {
                channel: Channel::Say,
                text: "==> amazon-ebs.dashboard: Creating temporary keypair, wait".into()
            }
        );
        assert_eq!(
            line(
                "1589389471,amazon-ebs.web,artifact,0,id,us-east-1:ami-1%!(PACKER_COMMA)eu-west-1:ami-2"
            ),
            Line::Artifact {
                builder: "amazon-ebs.web".into(),
                index: 0,
                property: Property::Ids(vec![
                    RegionalAmi {
                        region: "us-east-1".into(),
                        ami: "ami-1".into()
                    },
                    RegionalAmi {
                        region: "eu-west-1".into(),
                        ami: "ami-2".into()
                    },
                ]),
            }
        );
        assert_eq!(
            line("1589389471,amazon-ebs,error,Error waiting\\nfor SSH"),
            Line::Error {
                builder: "amazon-ebs".into(),
                text: "Error waiting\nfor SSH".into()
            }
        );
        assert_eq!(line("1589389471,,error-count,1"), Line::ErrorCount(1));
        assert_eq!(
            line("1589389471,,version,1.6.6"),
            Line::Version("1.6.6".into())
        );
    }

    #[test]
    fn what_is_not_known_is_kept() {
        assert!(matches!(
            line("panic: runtime error, index"),
            Line::Plain(_)
        ));
        assert!(matches!(line(""), Line::Plain(_)));
        assert!(matches!(line(",,,"), Line::Plain(_)));
        assert_eq!(
            line("1589389471,,teleport,1"),
            Line::Unknown {
                kind: "teleport".into(),
                raw: "1589389471,,teleport,1".into()
            }
        );
    }
}
