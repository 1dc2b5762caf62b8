//! `curl`: one HTTP request of a check.

use std::net::{Ipv4Addr, Ipv6Addr};

use camino::Utf8PathBuf;

use crate::command::ToolCommand;

/// Marks the status code at the end of the output.
const MARK: &str = "\namiable-status:";

/// The longest body that is looked at, in bytes.
const BODY_LIMIT: &str = "10485760";

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// `GET url`, following redirects, within 10 s.
pub fn get(program: impl Into<Utf8PathBuf>, url: &str) -> ToolCommand {
    ToolCommand::new(program)
        .args(["--silent", "--show-error", "--location", "--max-time", "10"])
        .args(["--max-filesize", BODY_LIMIT])
        // Nothing but the web: a URL from an output must not read local files.
        .args(["--proto", "=http,https", "--proto-redir", "=http,https"])
        .args(["--write-out", &format!("{MARK}%{{http_code}}")])
        .args(["--", url])
}

/// Reads what curl printed and, when `succeeded` is false or there is no answer in it, complained.
///
/// # Errors
///
/// Curl's complaint, when it got no answer.
pub fn decode(succeeded: bool, stdout: &[u8], stderr: &[u8]) -> Result<Answer, String> {
    let text = String::from_utf8_lossy(stdout);
    let parts = text.rsplit_once(MARK);
    match parts.and_then(|(body, status)| Some((body, status.trim().parse().ok()?))) {
        Some((body, status)) if succeeded => Ok(Answer {
            status,
            body: body.to_owned(),
        }),
        _ => {
            let complaint = String::from_utf8_lossy(stderr);
            let line = complaint.lines().next().unwrap_or("no answer");
            Err(line.trim_start_matches("curl: ").to_owned())
        }
    }
}

/// True when `url` leads to a server on this machine.
///
/// Not every loopback address does: moto 5.2 makes up Elastic IPs all over 127.0.0.0/8
/// (`random_ip` in `moto/ec2/utils.py`), and nothing listens there.
pub fn is_loopback(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised_and_lookalikes_are_not() {
        for url in [
            "http://127.0.0.1:5000/",
            "http://localhost/x",
            "https://[::1]:8443/",
            "http://u@127.0.0.1/",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://dashboard-1.elb.amazonaws.com/",
            "http://127.62.23.98",
            "http://localhost.example.com/",
            "http://127.0.0.1.evil.com/",
            "http://localhost@evil.com/",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn status_and_body_are_told_apart() {
        let answer = decode(true, b"<p>hardware</p>\namiable-status:200", b"").unwrap();
        assert_eq!(
            answer,
            Answer {
                status: 200,
                body: "<p>hardware</p>".into()
            }
        );
        let refused = decode(
            false,
            b"\namiable-status:000",
            b"curl: (7) Failed to connect",
        );
        assert_eq!(refused.unwrap_err(), "(7) Failed to connect");
    }
}
