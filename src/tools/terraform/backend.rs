//! Where an initialised root module keeps its state, and the lock of it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The backend that `terraform init` chose, with its settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct InitialisedBackend {
    #[serde(rename = "type")]
    pub kind: String,
    pub config: Map<String, Value>,
}

/// Where a backend keeps a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockPlace {
    /// With the process that holds it: gone when that is.
    Process,
    /// `use_lockfile` of the `s3` backend.
    Object(S3Object),
    /// `dynamodb_table` of the `s3` backend.
    Item {
        table: String,
        key: String,
        region: Option<String>,
        endpoint: Option<String>,
    },
    /// Only Terraform knows, in a backend of this kind.
    Unknown(String),
}

/// An object of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    pub bucket: String,
    pub key: String,
    pub region: Option<String>,
    /// Address of a service like S3 that is not AWS's.
    pub endpoint: Option<String>,
}

impl S3Object {
    /// Where an `s3` backend with these settings keeps the state of the workspace `default` (Terraform,
    /// "Backend Type: s3"); `None` when they do not name an object.
    pub fn of_backend(settings: &Map<String, Value>) -> Option<Self> {
        Some(Self {
            bucket: text(settings, "bucket")?,
            key: text(settings, "key")?,
            region: text(settings, "region"),
            endpoint: endpoint(settings, "s3", "endpoint"),
        })
    }
}

impl InitialisedBackend {
    /// Name of the file that `init` leaves in the root module's folder.
    pub const FILE: &'static str = ".terraform/terraform.tfstate";

    /// Reads that file (terraform 1.11.4); `None` when it has no backend, which means a local one.
    pub fn decode(text: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct File {
            backend: Option<InitialisedBackend>,
        }
        serde_json::from_slice::<File>(text).ok()?.backend
    }

    /// Where its lock is, in the workspace `default`.
    pub fn lock_place(&self) -> LockPlace {
        let unknown = || LockPlace::Unknown(self.kind.clone());
        let state = match self.kind.as_str() {
            "local" => return LockPlace::Process,
            "s3" => S3Object::of_backend(&self.config),
            _ => None,
        };
        let Some(state) = state else {
            return unknown();
        };
        if self.config.get("use_lockfile") == Some(&Value::Bool(true)) {
            return LockPlace::Object(S3Object {
                key: format!("{}.tflock", state.key),
                ..state
            });
        }
        match text(&self.config, "dynamodb_table") {
            Some(table) => LockPlace::Item {
                table,
                key: format!("{}/{}", state.bucket, state.key),
                region: state.region,
                endpoint: endpoint(&self.config, "dynamodb", "dynamodb_endpoint"),
            },
            None => unknown(),
        }
    }
}

fn endpoint(settings: &Map<String, Value>, service: &str, old_name: &str) -> Option<String> {
    settings
        .get("endpoints")
        .and_then(|endpoints| Some(endpoints.get(service)?.as_str()?.to_owned()))
        .or_else(|| text(settings, old_name))
}

fn text(settings: &Map<String, Value>, name: &str) -> Option<String> {
    let text = settings.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn backend(kind: &str, config: Value) -> InitialisedBackend {
        let text = json!({"version": 3, "backend": {"type": kind, "config": config, "hash": 1}});
        InitialisedBackend::decode(text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn each_backend_keeps_its_lock_where_it_says() {
        let mut config = json!({
            "bucket": "b", "key": "k/web.tfstate", "region": "eu-west-1", "use_lockfile": true,
            "dynamodb_table": null, "endpoints": {"s3": "http://127.0.0.1:1"},
        });
        assert_eq!(
            backend("s3", config.clone()).lock_place(),
            LockPlace::Object(S3Object {
                bucket: "b".into(),
                key: "k/web.tfstate.tflock".into(),
                region: Some("eu-west-1".into()),
                endpoint: Some("http://127.0.0.1:1".into()),
            })
        );
        config["use_lockfile"] = json!(null);
        config["dynamodb_table"] = json!("locks");
        assert_eq!(
            backend("s3", config.clone()).lock_place(),
            LockPlace::Item {
                table: "locks".into(),
                key: "b/k/web.tfstate".into(),
                region: Some("eu-west-1".into()),
                endpoint: None,
            }
        );
        config["dynamodb_table"] = json!("");
        let unknown = |kind: &str| LockPlace::Unknown(kind.to_owned());
        assert_eq!(backend("s3", config).lock_place(), unknown("s3"));
        assert_eq!(backend("gcs", json!({})).lock_place(), unknown("gcs"));
        assert_eq!(backend("local", json!({})).lock_place(), LockPlace::Process);
    }

    #[test]
    fn a_state_is_the_object_that_the_settings_name() {
        let settings = json!({"bucket": "b", "key": "web/prod", "region": "eu-west-1"});
        let object = S3Object::of_backend(settings.as_object().unwrap()).unwrap();
        assert_eq!(
            (object.bucket.as_str(), object.key.as_str()),
            ("b", "web/prod")
        );
        assert_eq!(object.region.as_deref(), Some("eu-west-1"));
        assert_eq!(S3Object::of_backend(&Map::new()), None);
    }
}
