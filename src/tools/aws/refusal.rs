//! Why EC2 does not remove a thing, as far as it matters what is done then.

/// What a refusal to remove something means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not there any more, which is as good as removed.
    Gone,
    /// Something uses it; soon after that is removed, this may only be what EC2 has not yet heard.
    InUse,
    /// Somebody has protected it against this very call.
    Protected,
    Other,
}

/// Reads the complaint of the `aws` command. Codes: EC2 API reference, "Error codes"; deregistration
/// protection: EC2 User Guide, "Protect an AMI from deregistration".
pub fn refusal(complaint: &str) -> Refusal {
    let code = complaint
        .split_once("An error occurred (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(code, _)| code);
    match code {
        "InvalidAMIID.Unavailable" => Refusal::Gone,
        gone if gone.ends_with(".NotFound") => Refusal::Gone,
        "InvalidSnapshot.InUse" | "InvalidGroup.InUse" | "VolumeInUse" | "DependencyViolation" => {
            Refusal::InUse
        }
        "OperationNotPermitted" => Refusal::Protected,
        _ if complaint
            .to_lowercase()
            .replace(' ', "")
            .contains("deregistrationprotection") =>
        {
            Refusal::Protected
        }
        _ => Refusal::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_a_refusal_means() {
        for (code, expected) in [
            ("InvalidAMIID.Unavailable", Refusal::Gone),
            ("InvalidAMIID.NotFound", Refusal::Gone),
            ("InvalidSnapshot.NotFound", Refusal::Gone),
            ("InvalidSnapshot.InUse", Refusal::InUse),
            ("DependencyViolation", Refusal::InUse),
            ("OperationNotPermitted", Refusal::Protected),
            ("DeregistrationProtection", Refusal::Protected),
            ("UnauthorizedOperation", Refusal::Other),
        ] {
            let complaint =
                format!("\nAn error occurred ({code}) when calling the X operation: y\n");
            assert_eq!(refusal(&complaint), expected, "{code}");
        }
        assert_eq!(
            refusal("Could not connect to the endpoint URL"),
            Refusal::Other
        );
    }
}
