//! What Packer says that it makes for the time of a build, under names of its own.

use super::decode::{PackerEvent, UiLevel};

/// A thing with the name that Packer gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Temporary {
    KeyPair(String),
    SecurityGroup(String),
}

/// The thing that `event` tells of. Packer announces each before the call that makes it (packer 1.6.6:
/// `Creating temporary keypair: packer_...`, `Creating temporary security group for this instance:
/// packer_...`).
pub fn temporary(event: &PackerEvent) -> Option<Temporary> {
    let PackerEvent::Ui {
        level: UiLevel::Say,
        lines,
    } = event
    else {
        return None;
    };
    // What a script prints comes at another level, and without a builder it is not Packer's own.
    let line = lines.first().filter(|line| line.builder.is_some())?;
    let (what, name) = line.text.split_once(": ")?;
    let name = name.trim();
    if !is_packers(name) {
        return None;
    }
    match what.trim() {
        "Creating temporary keypair" => Some(Temporary::KeyPair(name.to_owned())),
        "Creating temporary security group for this instance" => {
            Some(Temporary::SecurityGroup(name.to_owned()))
        }
        _ => None,
    }
}

/// Only such names are ever removed by name: a template may give a key pair a name that others use.
fn is_packers(name: &str) -> bool {
    let digits = |c: char| c.is_ascii_hexdigit() || c == '-';
    name.strip_prefix("packer_")
        .is_some_and(|rest| rest.len() >= 32 && rest.chars().all(digits))
}

#[cfg(test)]
mod tests {
    use super::{super::decode::decode, *};

    #[test]
    fn names_of_packers_own_making_are_taken() {
        let of = |line: &str| temporary(&decode(line));
        let name = "packer_5f9d1a2b-0c3d-4e5f-6071-8293a4b5c6d7";
        assert_eq!(
            of(&format!(
                "1,,ui,say,==> a: Creating temporary keypair: {name}"
            )),
            Some(Temporary::KeyPair(name.into()))
        );
        let group =
            format!("1,,ui,say,==> a: Creating temporary security group for this instance: {name}");
        assert_eq!(of(&group), Some(Temporary::SecurityGroup(name.into())));
        for other in [
            "1,,ui,say,==> a: Creating temporary keypair: team-key",
            "1,,ui,message,    a: Creating temporary keypair: packer_5f9d1a2b-0c3d-4e5f-6071-8293a4b5c6d7",
            "1,,ui,say,==> a: Deleting temporary keypair...",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
