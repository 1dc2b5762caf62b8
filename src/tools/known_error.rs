//! The errors that people meet most: what happened and what to do, a line each, by the codes and phrases
//! that give them away in the output of any tool.
//!
//! AWS's codes reach us only inside texts: in a diagnostic of Terraform (terraform 1.11.4, provider 3.39.0), in a
//! line of Packer (1.6.6), in the complaint of the `aws` command (1.45). They are those of the EC2, S3, ELB, RDS,
//! IAM and common errors pages of the AWS API references; the phrases of tools are theirs in these versions.

/// What an error means.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownError {
    /// Texts that give it away.
    signs: &'static [&'static str],
    /// What happened, as a fragment.
    pub what: &'static str,
    /// What to do.
    pub mend: &'static str,
    /// Whether the same call may well succeed a moment later.
    pub passes: bool,
}

/// The first one that fits decides, so that `RequestLimitExceeded` is not taken for a quota.
const KNOWN: &[KnownError] = &[
    lasting(
        &[
            "RequestTimeTooSkewed",
            "Signature expired",
            "Signature not yet current",
            "SignatureNotYetCurrent",
        ],
        "this machine's clock differs from AWS's",
        "set the clock (`timedatectl set-ntp true`), then rerun",
    ),
    lasting(
        &[
            "ExpiredToken",
            "RequestExpired",
            "token included in the request is expired",
            "Token has expired",
            "SSO session associated with this profile has expired",
        ],
        "the AWS session has expired",
        "log in again (`aws sso login`, or renew the session token) and rerun",
    ),
    lasting(
        &[
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "AuthFailure",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
        "AWS does not accept the access key",
        "check `amiable creds check` and `aws sts get-caller-identity`",
    ),
    lasting(
        &[
            "no valid credential sources",
            "NoCredentialProviders",
            "No valid credential sources",
            "Unable to locate credentials",
        ],
        "no AWS credentials were found",
        "set AWS_PROFILE, log in with `aws sso login`, or store keys with `amiable creds set`",
    ),
    lasting(
        &[
            "UnauthorizedOperation",
            "AccessDenied",
            "api error Forbidden",
            "is not authorized to perform",
        ],
        "the AWS identity may not do this",
        "ask for the permission that the message names, or use another profile",
    ),
    passing(
        &[
            "RequestLimitExceeded",
            "Throttling",
            "Rate exceeded",
            "TooManyRequests",
            "SlowDown",
        ],
        "AWS is throttling this account",
        "wait a minute and rerun; what was created is in the state",
    ),
    lasting(
        &[
            "InsufficientInstanceCapacity",
            "InsufficientHostCapacity",
            "InsufficientReservedInstanceCapacity",
            "InsufficientDBInstanceCapacity",
            "InsufficientCapacity",
        ],
        "AWS has no capacity for this instance type in the zone now",
        "choose another type or zone, or rerun later",
    ),
    lasting(
        &[
            "LimitExceeded",
            "QuotaExceeded",
            "TooManyLoadBalancers",
            "TooManyTargetGroups",
            "TooManyBuckets",
        ],
        "a quota of the account is used up",
        "free something or raise it under Service Quotas",
    ),
    lasting(
        &[
            "InvalidAMIID.NotFound",
            "InvalidAMIID.Unavailable",
            "InvalidAMIID.Malformed",
            "No AMI was found matching filters",
        ],
        "the AMI is not there in this region",
        "`amiable image list` shows those that are; a source AMI is looked up in the region of the stack",
    ),
    lasting(
        &["Your query returned no results"],
        "a data source found nothing",
        "a root that looks its AMI up by name needs naming = \"exact\" in the image block (and the image built), or the id as a variable instead: image.NAME.id",
    ),
    lasting(
        &["is already scheduled for deletion"],
        "a deleted secret still holds the name",
        "restore it (`aws secretsmanager restore-secret`) or end its recovery window (`delete-secret --force-delete-without-recovery`), then rerun",
    ),
    lasting(
        &[
            ".Duplicate",
            "AlreadyExists",
            "BucketAlreadyOwnedByYou",
            "DuplicateLoadBalancerName",
            "DuplicateTargetGroupName",
            "ResourceExistsException",
            "is used by an existing AMI",
        ],
        "the name is taken by something that this deployment does not manage",
        "choose another name, remove what holds it, or take it in with `terraform import`",
    ),
    lasting(
        &[
            "belong to different networks",
            "InvalidVPCNetworkStateFault",
            "are in different VPCs",
            "not in the same VPC",
            "not belong to the VPC",
            "not belong to VPC",
            "not in VPC",
        ],
        "a subnet, a security group or a target belongs to another VPC",
        "use ids of one VPC: compare the subnet's with the security group's (`aws ec2 describe-subnets`, `describe-security-groups`)",
    ),
    lasting(
        &[
            "InvalidSubnetID.NotFound",
            "InvalidVpcID.NotFound",
            "InvalidGroup.NotFound",
        ],
        "a subnet, VPC or security group is not there in this region",
        "check the id in the variables and the region of the stack",
    ),
    lasting(
        &["Saved plan is stale"],
        "the state changed after the plan was made, so nothing was applied",
        "rerun: a new plan will be shown",
    ),
    lasting(
        &[
            "Saved plan does not match the given state",
            "Cannot apply saved plan",
            "Invalid plan file",
            "Failed to read plan",
        ],
        "the saved plan is not one of this state, so nothing was applied",
        "rerun: a new plan will be made",
    ),
    lasting(
        &[
            "Failed to persist state to backend",
            "Failed to save state",
            "Error saving state",
        ],
        "the state could not be stored",
        "keep `errored.tfstate`: it is the only record of what was created",
    ),
    lasting(
        &[
            "NoSuchBucket",
            "The referenced S3 bucket must have been previously created",
            "S3 bucket does not exist",
        ],
        "the bucket of the state's backend is gone",
        "restore the bucket with its objects, or correct the environment's `backend` block; nothing was applied",
    ),
    lasting(
        &[
            "Unsupported state file format",
            "State data in S3 does not have the expected content",
            "Failed to decode state",
            "state snapshot was created by",
        ],
        "the Terraform state cannot be read",
        "restore it from a copy (a version of the object, or the `.backup` file beside it); a state of a newer Terraform needs that version",
    ),
    passing(
        &[
            "Failed to query available provider packages",
            "could not connect to registry",
            "Failed to install provider",
            "Invalid provider registry host",
        ],
        "the provider cannot be fetched",
        "check the network, or point TF_CLI_CONFIG_FILE at a mirror",
    ),
    lasting(
        &[
            "Plugin did not respond",
            "plugin process exited",
            "connection refused by plugin",
            "plugin crashed",
        ],
        "the provider crashed",
        "the resources named as unknown may exist without being in the state: rerun, then compare with the console",
    ),
    lasting(
        &["no space left on device"],
        "the disk is full",
        "free some space, then rerun",
    ),
    passing(
        &[
            "(InternalError)",
            "(InternalFailure)",
            "(ServiceUnavailable)",
            "(Unavailable)",
            "InternalError:",
            "InternalFailure:",
            "ServiceUnavailable:",
            "Unavailable:",
            "502 Bad Gateway",
            "503 Service Unavailable",
        ],
        "AWS has trouble of its own",
        "rerun in a few minutes; https://health.aws.amazon.com tells of outages",
    ),
    passing(
        &[
            "connection refused",
            "connection reset by peer",
            "no such host",
            "i/o timeout",
            "TLS handshake timeout",
            "dial tcp",
            "unexpected EOF",
            "send request failed",
            "request send failed",
            "awaiting headers",
            "Could not connect to the endpoint URL",
            "timeout on endpoint URL",
            "Connection was closed before we received a valid response",
        ],
        "AWS (or the sandbox's emulator) cannot be reached or did not answer",
        "check the network; for the sandbox `amiable sandbox status`",
    ),
    // Last: Terraform says so, too, of whatever keeps it from looking at the lock.
    lasting(
        &["Error acquiring the state lock"],
        "another Terraform holds the state's lock",
        "wait for it (--lock-timeout), or free it when it is gone: `amiable unlock`",
    ),
];

const fn lasting(
    signs: &'static [&'static str],
    what: &'static str,
    mend: &'static str,
) -> KnownError {
    KnownError {
        signs,
        what,
        mend,
        passes: false,
    }
}

const fn passing(
    signs: &'static [&'static str],
    what: &'static str,
    mend: &'static str,
) -> KnownError {
    KnownError {
        signs,
        what,
        mend,
        passes: true,
    }
}

impl KnownError {
    /// The texts that give it away.
    pub fn signs(&self) -> &'static [&'static str] {
        self.signs
    }
}

/// What an error text of a tool means, when it is a known one.
pub fn of_text(text: &str) -> Option<&'static KnownError> {
    KNOWN
        .iter()
        .find(|known| known.signs.iter().any(|sign| text.contains(sign)))
}

/// What a call failed of that may well succeed a moment later; `None` when any of `texts` says that it will not, or
/// says nothing known.
pub fn passing_one<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<&'static KnownError> {
    let mut found = None;
    for text in texts {
        found = Some(of_text(text).filter(|known| known.passes)?);
    }
    found
}

/// The errors that [`passing_one`] finds, for the documentation.
pub fn passing_ones() -> impl Iterator<Item = &'static KnownError> {
    KNOWN.iter().filter(|known| known.passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, what: &str) {
        let known = of_text(text).unwrap_or_else(|| panic!("{text}: not known"));
        assert!(known.what.contains(what), "{text}: {}", known.what);
    }

    #[test]
    fn each_tool_says_the_same_in_its_own_words() {
        for (text, what) in [
            (
                "error creating EC2 VPC: UnauthorizedOperation: You are not authorized",
                "may not do this",
            ),
            (
                "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation",
                "has expired",
            ),
            (
                "api error AuthFailure: AWS was not able to validate the credentials",
                "does not accept",
            ),
            (
                "Error launching source instance: RequestLimitExceeded: Request limit exceeded.",
                "throttling",
            ),
            (
                "InsufficientInstanceCapacity: We currently do not have sufficient capacity",
                "no capacity",
            ),
            (
                "VcpuLimitExceeded: You have requested more vCPU capacity than your current limit",
                "quota",
            ),
            (
                "InvalidAMIID.NotFound: The image id '[ami-1]' does not exist",
                "AMI is not there",
            ),
            (
                "InvalidAMIName.Duplicate: AMI name web is already in use",
                "name is taken",
            ),
            (
                "Error: AMI Name: 'web' is used by an existing AMI: ami-1",
                "name is taken",
            ),
            (
                "EntityAlreadyExists: Role with name web already exists.",
                "name is taken",
            ),
            (
                "InvalidParameter: Security group sg-1 and subnet subnet-2 belong to different networks.",
                "another VPC",
            ),
            ("Plugin did not respond", "provider crashed"),
            ("write /x: no space left on device", "disk is full"),
            (
                "dial tcp 127.0.0.1:1: connect: connection refused",
                "cannot be reached",
            ),
        ] {
            is(text, what);
        }
        assert_eq!(of_text("something new"), None);
    }

    #[test]
    fn a_call_is_made_again_only_when_all_that_it_failed_of_passes() {
        let throttled = "Throttling: Rate exceeded";
        let refused = "AccessDenied: no";
        assert!(passing_one([throttled]).is_some());
        assert_eq!(passing_one([throttled, refused]), None);
        assert_eq!(passing_one([throttled, "something new"]), None);
        assert_eq!(passing_one([]), None);
    }

    #[test]
    fn every_known_error_says_what_happened_and_what_to_do_in_a_line_each() {
        for known in KNOWN {
            assert!(!known.what.contains('\n') && !known.mend.contains('\n'));
            assert!(!known.what.is_empty() && !known.mend.is_empty());
            assert!(known.what.len() < 100, "{}", known.what);
        }
    }
}
