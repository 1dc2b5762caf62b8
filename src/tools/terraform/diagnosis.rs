//! Causes and mends of the errors that people meet most, by the code in a diagnostic.
//!
//! AWS's codes reach us only inside `diagnostic.summary` and `detail` (terraform 1.11.4,
//! provider 3.39.0); the codes are those of the EC2 and common errors pages of the AWS API reference.

use super::decode::Diagnostic;

/// A known error: texts that give it away, and what to do.
struct Known {
    signs: &'static [&'static str],
    mend: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        signs: &[
            "ExpiredToken",
            "RequestExpired",
            "token included in the request is expired",
        ],
        mend: "the AWS session has expired: log in again (`aws sso login`, or renew the session token) and rerun",
    },
    Known {
        signs: &[
            "InvalidClientTokenId",
            "AuthFailure",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
        mend: "AWS does not accept the access key: check `amiable creds check` and `aws sts get-caller-identity`",
    },
    Known {
        signs: &[
            "no valid credential sources",
            "NoCredentialProviders",
            "No valid credential sources",
        ],
        mend: "no AWS credentials were found: set AWS_PROFILE, log in with `aws sso login`, or store keys with `amiable creds set`",
    },
    Known {
        signs: &[
            "UnauthorizedOperation",
            "AccessDenied",
            "is not authorized to perform",
        ],
        mend: "the AWS identity may not do this: ask for the permission that the message names, or use another profile",
    },
    Known {
        signs: &[
            "RequestLimitExceeded",
            "Throttling",
            "Rate exceeded",
            "TooManyRequests",
        ],
        mend: "AWS is throttling this account: wait a minute and rerun; what was created is in the state",
    },
    Known {
        signs: &["InsufficientInstanceCapacity"],
        mend: "the zone has no capacity for this instance type now: choose another type or zone, or rerun later",
    },
    Known {
        signs: &[
            "LimitExceeded",
            "VcpuLimitExceeded",
            "QuotaExceeded",
            "InstanceLimitExceeded",
        ],
        mend: "a quota of the account is used up: free something or raise it under Service Quotas",
    },
    Known {
        signs: &[
            "InvalidAMIID.NotFound",
            "InvalidAMIID.Unavailable",
            "InvalidAMIID.Malformed",
        ],
        mend: "the AMI is not there in this region: `amiable image list` shows those that are",
    },
    Known {
        signs: &["Your query returned no results"],
        mend: "a data source found nothing; a root that looks its AMI up by name needs naming = \"exact\" in the image block (and the image built), or the id as a variable instead: image.NAME.id",
    },
    Known {
        signs: &["Saved plan is stale"],
        mend: "the state changed after the plan was made: rerun, a new plan will be shown",
    },
    Known {
        signs: &["Error acquiring the state lock"],
        mend: "another Terraform holds the state's lock: wait for it (--lock-timeout), or free it when it is gone: `amiable unlock`",
    },
    Known {
        signs: &[
            "Failed to query available provider packages",
            "could not connect to registry",
            "Failed to install provider",
            "Invalid provider registry host",
        ],
        mend: "the provider cannot be fetched: check the network, or point TF_CLI_CONFIG_FILE at a mirror",
    },
    Known {
        signs: &[
            "Plugin did not respond",
            "plugin process exited",
            "connection refused by plugin",
        ],
        mend: "the provider crashed: the resources named as unknown may exist without being in the state; rerun, then compare with the console",
    },
    Known {
        signs: &[
            "connection refused",
            "no such host",
            "i/o timeout",
            "dial tcp",
        ],
        mend: "AWS (or the sandbox's emulator) cannot be reached: check the network; for the sandbox `amiable sandbox status`",
    },
];

/// What to do about `diagnostic`, when it is one of the known ones.
pub fn mend(diagnostic: &Diagnostic) -> Option<&'static str> {
    mend_of_text(&format!("{} {}", diagnostic.summary, diagnostic.detail))
}

/// What to do about an error text of Terraform that is not a diagnostic (`init`).
pub fn mend_of_text(text: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|known| known.signs.iter().any(|sign| text.contains(sign)))
        .map(|known| known.mend)
}

/// Whether Terraform misses what `init` brings: plugins, modules, the backend. Every such message of
/// Terraform 1.11.4 names the command, in its summary or its detail.
pub fn wants_init(diagnostic: &Diagnostic) -> bool {
    [&diagnostic.summary, &diagnostic.detail]
        .iter()
        .any(|text| text.contains("terraform init") || text.contains("tofu init"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_matching_cause_wins() {
        let mend = mend_of_text(
            "error creating VPC: UnauthorizedOperation: You are not authorized to perform this operation.",
        );
        assert!(mend.unwrap().contains("may not do this"));
        let capacity = mend_of_text(
            "InsufficientInstanceCapacity: We currently do not have sufficient capacity",
        );
        assert!(capacity.unwrap().contains("no capacity"));
        assert_eq!(mend_of_text("something new"), None);
    }
}
