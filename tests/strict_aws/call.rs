//! Which AWS call an HTTP request is, and how AWS words an error in answer to it.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::{
    http::{Request, Response},
    xml,
};

/// How a service wants to be asked, which decides what its errors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `Action=` in a form, answers in XML of EC2's own shape.
    Ec2,
    /// `Action=` in a form, answers in XML.
    Query,
    /// The action in `X-Amz-Target`, bodies in JSON.
    Json,
    /// Method and path (S3 and others).
    Rest,
}

/// An AWS call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub protocol: Protocol,
    /// As in the scope of the signature: `ec2`, `sts`, `s3`.
    pub service: String,
    pub region: String,
    /// `CreateImage`; for REST the method and the path.
    pub action: String,
    /// The fields of the form; empty for other protocols.
    pub parameters: BTreeMap<String, String>,
}

impl Call {
    pub fn of(request: &Request) -> Self {
        let (service, region) = scope(request).unwrap_or(("unknown", "unknown"));
        let mut parameters = form(request.query());
        let is_form = request
            .header("Content-Type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if is_form {
            parameters.extend(form(&String::from_utf8_lossy(&request.body)));
        }
        let (protocol, action) = if let Some(action) = parameters.remove("Action") {
            match service {
                "ec2" => (Protocol::Ec2, action),
                _ => (Protocol::Query, action),
            }
        } else if let Some(target) = request.header("X-Amz-Target") {
            let action = target.rsplit('.').next().unwrap_or(target);
            (Protocol::Json, action.to_owned())
        } else {
            let action = format!("{} {}", request.method, request.path());
            (Protocol::Rest, action)
        };
        Self {
            protocol,
            service: service.to_owned(),
            region: region.to_owned(),
            action,
            parameters,
        }
    }

    pub fn is_ec2(&self, action: &str) -> bool {
        self.protocol == Protocol::Ec2 && self.action == action
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The values of `NAME.1`, `NAME.2` and so on.
    pub fn list(&self, name: &str) -> Vec<&str> {
        (1..)
            .map_while(|index| self.parameter(&format!("{name}.{index}")))
            .collect()
    }

    /// The values that the filter `name` accepts; `None` without such a filter.
    pub fn filter(&self, name: &str) -> Option<Vec<&str>> {
        (1..)
            .map_while(|index| {
                let filter = self.parameter(&format!("Filter.{index}.Name"))?;
                Some((filter, format!("Filter.{index}.Value")))
            })
            .find(|(filter, _)| *filter == name)
            .map(|(_, values)| self.list(&values))
    }

    /// An error in the shape that the client expects. The codes are those of the services' API references.
    pub fn error(&self, status: u16, code: &str, message: &str) -> Response {
        let message = xml::escape(message);
        match self.protocol {
            Protocol::Ec2 => Response::new(
                status,
                "text/xml;charset=UTF-8",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
                     <Message>{message}</Message></Error></Errors><RequestID>proxy</RequestID></Response>"
                ),
            ),
            Protocol::Query => Response::new(
                status,
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
                     </Error><RequestId>proxy</RequestId></ErrorResponse>"
                ),
            ),
            Protocol::Json => Response::new(
                status,
                "application/x-amz-json-1.1",
                serde_json::json!({"__type": code, "message": message}).to_string(),
            ),
            Protocol::Rest => Response::new(
                status,
                "application/xml",
                format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
            ),
        }
    }
}

/// Service and region from `Credential=KEY/DATE/REGION/SERVICE/aws4_request` in the signature.
fn scope(request: &Request) -> Option<(&str, &str)> {
    let (_, credential) = request.header("Authorization")?.split_once("Credential=")?;
    let credential = credential.split(',').next()?;
    let mut parts = credential.rsplit('/');
    let _terminator = parts.next()?;
    let service = parts.next()?;
    Some((service, parts.next()?))
}

fn form(text: &str) -> BTreeMap<String, String> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            (decode(key), decode(value))
        })
        .collect()
}
