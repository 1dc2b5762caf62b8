//! `s3api get-object`: a Terraform state that a backend keeps in S3.

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::Aws;
use crate::command::ToolCommand;

/// Where an `s3` backend keeps the state of the default workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateObject {
    pub bucket: String,
    pub key: String,
    pub region: Option<String>,
}

impl StateObject {
    /// Reads the arguments of a `backend "s3"` block (Terraform, "Backend Type: s3"); `None` when they
    /// do not name an object.
    pub fn of_backend(arguments: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| arguments.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            bucket: text("bucket")?,
            key: text("key")?,
            region: text("region"),
        })
    }

    /// Writes the object to `file`.
    pub fn get(&self, aws: &Aws, file: &Utf8Path) -> ToolCommand {
        let region = self.region.as_deref().unwrap_or(aws.region());
        aws.in_region(region)
            .command("s3api", "get-object")
            .args(["--bucket", &self.bucket, "--key", &self.key])
            .arg(file.as_str())
    }
}

/// Whether the complaint of a failed [`StateObject::get`] says that there is no such state, which is so
/// before the first deployment.
pub fn is_absent(complaint: &str) -> bool {
    complaint.contains("(NoSuchKey)") || complaint.contains("(404)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_object_is_asked_for_in_the_backends_region() {
        let arguments = json!({"bucket": "b", "key": "web/prod", "region": "eu-west-1"});
        let object = StateObject::of_backend(arguments.as_object().unwrap()).unwrap();
        let aws = Aws::new("aws", "us-east-1", Vec::new());
        let command = object.get(&aws, Utf8Path::new("/t/state")).display();
        assert!(command.contains("--region eu-west-1"), "{command}");
        assert!(
            command.ends_with("--bucket b --key web/prod /t/state"),
            "{command}"
        );
        assert_eq!(StateObject::of_backend(&Map::new()), None);
    }
}
