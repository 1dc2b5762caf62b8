//! The tests' side of the proxy, under `/_proxy/`. Bodies are JSON.
//!
//! | request | does |
//! |---|---|
//! | `GET status` | `{"moto_port": N, "pid": N}` |
//! | `PUT strict` | sets [`super::strict::Settings`] |
//! | `POST rules` | adds a [`Rule`], answers `{"rule": ID}` |
//! | `DELETE rules` | withdraws every rule; held requests stay held |
//! | `GET trace?skip=N` | the [`super::trace::Entry`]s after the first N |
//! | `GET held?rule=ID` | waits until that rule holds a request: `{"number": N}`, or `{"number": null}` once it is withdrawn |
//! | `POST held?number=N` | releases that request: a [`Release`] |

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    holds::Release,
    http::{Request, Response},
    proxy::Proxy,
    rules::Rule,
    strict::Settings,
};

/// Where the control path begins.
pub const PREFIX: &str = "/_proxy/";

/// Carries out what a test asks the proxy itself for.
pub fn answer(proxy: &Proxy, request: &Request) -> Response {
    match dispatch(proxy, request) {
        Ok(value) => Response::new(200, "application/json", value.to_string()),
        Err(problem) => Response::new(400, "text/plain", problem),
    }
}

fn dispatch(proxy: &Proxy, request: &Request) -> Result<Value, String> {
    let what = request.path().strip_prefix(PREFIX).unwrap_or_default();
    match (request.method.as_str(), what) {
        ("GET", "status") => Ok(json!({"moto_port": proxy.moto.port, "pid": std::process::id()})),
        ("PUT", "strict") => {
            proxy.strict.set(body::<Settings>(request)?);
            Ok(json!({}))
        }
        ("POST", "rules") => {
            let id = proxy.rules().add(body::<Rule>(request)?);
            Ok(json!({"rule": id}))
        }
        ("DELETE", "rules") => {
            let withdrawn = proxy.rules().clear();
            proxy.holds.withdraw(&withdrawn);
            Ok(json!({}))
        }
        ("GET", "trace") => {
            let entries = proxy.trace.entries(number(request, "skip")?);
            serde_json::to_value(entries).map_err(|error| error.to_string())
        }
        ("GET", "held") => {
            let held = proxy.holds.wait_for(number(request, "rule")?);
            Ok(json!({"number": held}))
        }
        ("POST", "held") => {
            let number = number(request, "number")?;
            match proxy.holds.release(number, body::<Release>(request)?) {
                true => Ok(json!({})),
                false => Err(format!("request {number} is not held")),
            }
        }
        (method, _) => Err(format!("no such control: {method} {}", request.target)),
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn number(request: &Request, name: &str) -> Result<u64, String> {
    let field = request
        .query()
        .split('&')
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let field = field.ok_or_else(|| format!("no {name} in {}", request.target))?;
    field
        .parse()
        .map_err(|_| format!("{name} is not a number: {field}"))
}
