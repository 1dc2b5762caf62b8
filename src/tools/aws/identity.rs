//! `sts get-caller-identity`: who AWS thinks we are.

use serde::Deserialize;

use super::Aws;
use crate::command::ToolCommand;

/// The account and principal behind the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    #[serde(rename = "Account")]
    pub account: String,
    #[serde(rename = "Arn")]
    pub arn: String,
}

/// Asks for the identity. Needs no permission at all, so a refusal means bad credentials.
pub fn command(aws: &Aws) -> ToolCommand {
    aws.command("sts", "get-caller-identity")
}

/// Reads the answer.
pub fn decode(stdout: &[u8]) -> Option<Identity> {
    serde_json::from_slice(stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_and_principal_are_read() {
        let text = br#"{"UserId":"A","Account":"123456789012","Arn":"arn:aws:sts::123456789012:user/moto"}"#;
        assert_eq!(decode(text).unwrap().account, "123456789012");
        assert_eq!(decode(b"Unable to locate credentials"), None);
    }
}
