//! Names that a stack file gives: which ones are possible, and why others are not.

use super::fault::Fault;

/// Longest name of a stack, environment, image, credential, check or task. Names are parts of paths,
/// tags and keyring services.
const LONGEST: usize = 64;

/// Checks the label of a block.
pub(super) fn label(what: &str, name: &str) -> Result<(), Fault> {
    let letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if letter && name.chars().all(plain) && name.len() <= LONGEST {
        return Ok(());
    }
    Err(
        Fault::new(format!("`{name}` is not a name for {what}")).hint(format!(
            "a name begins with a letter and has letters, digits, `_` and `-`, at most {LONGEST}"
        )),
    )
}

/// Checks the name of an environment variable.
pub(super) fn environment_variable(name: &str) -> Result<(), Fault> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Fault::new(format!(
        "`{name}` is not a name for an environment variable"
    ))
    .hint("it has letters, digits and `_`, and does not begin with a digit"))
}

/// Checks that a secret may be handed to a child under this name.
pub(super) fn secret_variable(name: &str) -> Result<(), Fault> {
    environment_variable(name)?;
    let steers = [
        "TF_CLI_ARGS",
        "TF_LOG",
        "PACKER_LOG",
        "LD_",
        "DYLD_",
        "AMIABLE_",
    ];
    let system = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "IFS", "PWD", "TMPDIR", "TERM",
    ];
    if steers.iter().any(|prefix| name.starts_with(prefix)) || system.contains(&name) {
        return Err(
            Fault::new(format!("`{name}` has a meaning of its own for programs")).hint(
                "choose another name for the secret, for example one with the stack's name in it",
            ),
        );
    }
    Ok(())
}

/// Checks the name of a Terraform or Packer variable.
pub(super) fn variable(name: &str) -> Result<(), Fault> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if starts && name.chars().all(plain) {
        return Ok(());
    }
    Err(Fault::new(format!("`{name}` is not a name for a variable"))
        .hint("it begins with a letter or `_` and has letters, digits, `_` and `-`"))
}

/// Longest base of an AMI's name: EC2 takes 128 characters, and `-YYYYMMDD-HHMMSS-xxxxxx` is added.
const LONGEST_IMAGE: usize = 128 - 23;

/// Checks the base of an AMI's name (EC2 `CreateImage`, parameter `Name`).
pub(super) fn image(name: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if let Some(wrong) = name.chars().find(|c| !allowed(*c)) {
        return Err(
            Fault::new(format!("`{wrong}` cannot be in the name of an AMI"))
                .hint("EC2 takes letters, digits, spaces and ( ) [ ] . / - ' @ _"),
        );
    }
    match name.len() {
        3..=LONGEST_IMAGE => Ok(()),
        length => Err(Fault::new(format!(
            "the name of an AMI cannot have {length} characters"
        ))
        .hint(format!(
            "it has 3 to {LONGEST_IMAGE}, so that the id of the run fits behind it"
        ))),
    }
}

/// Checks the name of an AWS region, by its shape.
pub(super) fn region(name: &str) -> Result<(), Fault> {
    let parts: Vec<&str> = name.split('-').collect();
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [first, middle @ .., last]
            if word(first) && !middle.is_empty() && middle.iter().all(|part| word(part)) =>
        {
            if number(last) {
                return Ok(());
            }
            let zone = last.trim_end_matches(|c: char| c.is_ascii_lowercase());
            if number(zone) {
                let region = &name[..name.len() - (last.len() - zone.len())];
                return Err(Fault::new(format!("`{name}` is an availability zone"))
                    .hint(format!("its region is `{region}`")));
            }
        }
        _ => {}
    }
    Err(Fault::new(format!("`{name}` is not a region"))
        .hint("regions are written like `us-east-1`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for name in ["a", "dash-front", "web_2"] {
            assert_eq!(label("a stack", name), Ok(()));
        }
        for name in ["", "2web", "a/b", "..", "a b", "é", &"a".repeat(65)] {
            assert!(label("a stack", name).is_err(), "{name}");
        }
    }

    #[test]
    fn variables_of_the_environment() {
        assert_eq!(environment_variable("_CI_2"), Ok(()));
        assert!(environment_variable("2CI").is_err() && environment_variable("A-B").is_err());
        assert_eq!(secret_variable("AWS_SECRET_ACCESS_KEY"), Ok(()));
        for name in ["PATH", "LD_PRELOAD", "TF_CLI_ARGS_plan", "TF_LOG"] {
            assert!(secret_variable(name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_of_images_are_those_of_ec2() {
        for name in ["abc", "web (1) [x] ./-'@_", &"a".repeat(105)] {
            assert_eq!(image(name), Ok(()), "{name}");
        }
        for name in ["ab", "web:1", "web\n", "naïve", &"a".repeat(106)] {
            assert!(image(name).is_err(), "{name}");
        }
        let with_run = format!("{}-20010909-014640-ff0001", "a".repeat(105));
        assert_eq!(with_run.len(), 128);
    }

    #[test]
    fn regions_and_zones() {
        for name in [
            "us-east-1",
            "us-gov-west-1",
            "ap-southeast-12",
            "us-isob-east-1",
        ] {
            assert_eq!(region(name), Ok(()), "{name}");
        }
        let zone = region("eu-west-1b").unwrap_err();
        assert_eq!(zone.hint.as_deref(), Some("its region is `eu-west-1`"));
        for name in ["", "useast1", "US-EAST-1", "us-1", "-east-1", "us-east-"] {
            assert!(region(name).is_err(), "{name}");
        }
    }
}
