//! The few requests that the sandbox itself makes to the emulator, moto's server.

use std::{io, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    http::{self, Request, Response},
    state::{Emulator, InstanceId},
};

/// The first request to a service makes moto import that service, a second or so on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An account of its own for the marker, so that no stack ever sees it. moto serves every account number
/// and takes it from the header `x-moto-account-id` (`moto.core.responses`).
const MARKER_ACCOUNT: &str = "000000000000";
const MARKER_REGION: &str = "us-east-1";

/// Prefix of the marker's name.
const MARKER: &str = "amiable/instance/";

/// Whether moto's dashboard answers on `port`.
pub(super) fn answers(port: u16) -> bool {
    let request = Request {
        method: "GET",
        path: "/moto-api/",
        headers: &[],
        body: "",
    };
    http::send(port, request, PATIENCE)
        .is_ok_and(|response| response.status == 200 && response.body.contains("Moto"))
}

/// Writes the instance's id into the emulator: a CloudWatch log group, since moto loads that service in
/// milliseconds.
///
/// It proves later that the listener is the one we started, with its content: another program on the
/// port has no such group, nor has an emulator that was emptied through `/moto-api/reset`.
pub(super) fn mark(port: u16, instance: &InstanceId) -> io::Result<()> {
    let body = serde_json::json!({ "logGroupName": format!("{MARKER}{instance}") });
    let response = logs(port, "CreateLogGroup", &body.to_string())?;
    if response.status == 200 {
        Ok(())
    } else {
        Err(refused("CreateLogGroup", &response))
    }
}

/// The id that [`mark`] wrote; `None` when whoever listens on `port` has none.
pub(super) fn marked(port: u16) -> Option<InstanceId> {
    let body = serde_json::json!({ "logGroupNamePrefix": MARKER });
    let response = logs(port, "DescribeLogGroups", &body.to_string()).ok()?;
    let groups: serde_json::Value = serde_json::from_str(&response.body).ok()?;
    let name = groups["logGroups"][0]["logGroupName"].as_str()?;
    serde_json::from_value(name.strip_prefix(MARKER)?.into()).ok()
}

fn logs(port: u16, action: &str, body: &str) -> io::Result<Response> {
    let request = Request {
        method: "POST",
        path: "/",
        headers: &[
            ("Authorization", &authorization("logs", MARKER_REGION)),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", &format!("Logs_20140328.{action}")),
            ("x-moto-account-id", MARKER_ACCOUNT),
        ],
        body,
    };
    http::send(port, request, PATIENCE)
}

impl Emulator {
    /// Makes sure that EC2 in `region` knows the key pair `name` with `public_key` (an OpenSSH line).
    ///
    /// # Errors
    ///
    /// When the emulator cannot be reached or refuses.
    pub fn import_key_pair(&self, region: &str, name: &str, public_key: &str) -> io::Result<()> {
        // EC2's ImportKeyPair wants the key in base64, and the query protocol percent-encodes that.
        let form = [
            ("Action", "ImportKeyPair"),
            ("Version", "2016-11-15"),
            ("KeyName", name),
            ("PublicKeyMaterial", &STANDARD.encode(public_key)),
        ]
        .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .join("&");
        let request = Request {
            method: "POST",
            path: "/",
            headers: &[
                ("Authorization", &authorization("ec2", region)),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
            ],
            body: &form,
        };
        let response = http::send(self.port, request, PATIENCE)?;
        if response.status == 200 || response.body.contains("InvalidKeyPair.Duplicate") {
            Ok(())
        } else {
            Err(refused("ImportKeyPair", &response))
        }
    }
}

/// moto reads service and region from the scope of the signature and does not check the signature.
fn authorization(service: &str, region: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20240101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

fn refused(action: &str, response: &Response) -> io::Error {
    let start: String = response.body.chars().take(300).collect();
    io::Error::other(format!(
        "the emulator answered {action} with status {}: {start}",
        response.status
    ))
}
