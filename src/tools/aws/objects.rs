//! What Terraform's `s3` backend keeps, states and locks: `s3 cp` to standard output, `dynamodb get-item`.

use serde::Deserialize;

use super::Aws;
use crate::{command::ToolCommand, tools::terraform::backend::S3Object};

/// Prints the object's content.
pub fn read(aws: &Aws, object: &S3Object) -> ToolCommand {
    let from = format!("s3://{}/{}", object.bucket, object.key);
    let command = in_region(aws, object.region.as_deref(), "s3", "cp");
    with_endpoint(command, object.endpoint.as_deref()).args([from.as_str(), "-"])
}

/// Asks how large the object is.
pub fn look(aws: &Aws, object: &S3Object) -> ToolCommand {
    let command = in_region(aws, object.region.as_deref(), "s3api", "head-object");
    with_endpoint(command, object.endpoint.as_deref()).args([
        "--bucket",
        &object.bucket,
        "--key",
        &object.key,
    ])
}

/// Reads the answer to [`look`]: the size in bytes.
pub fn decode_size(stdout: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "ContentLength")]
        size: u64,
    }
    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    Some(answer.size)
}

/// Whether `complaint` says that there is no such object.
pub fn is_missing(complaint: &str) -> bool {
    complaint.contains("(404)") || complaint.contains("NoSuchKey")
}

/// The item with the key `LockID` in `table`, as the `s3` backend keeps locks.
pub fn lock_item(
    aws: &Aws,
    table: &str,
    key: &str,
    region: Option<&str>,
    endpoint: Option<&str>,
) -> ToolCommand {
    let command = in_region(aws, region, "dynamodb", "get-item");
    let key = serde_json::json!({"LockID": {"S": key}}).to_string();
    with_endpoint(command, endpoint).args([
        "--consistent-read",
        "--table-name",
        table,
        "--key",
        &key,
    ])
}

/// The text that the backend stored in the item; `None` when there is no item, and no lock.
pub fn decode_lock_item(stdout: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "Item")]
        item: Option<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        #[serde(rename = "Info")]
        info: Option<Text>,
    }
    #[derive(Deserialize)]
    struct Text {
        #[serde(rename = "S")]
        text: String,
    }
    let answer: Answer = serde_json::from_slice(stdout).ok()?;
    Some(answer.item?.info?.text)
}

fn in_region(aws: &Aws, region: Option<&str>, service: &str, action: &str) -> ToolCommand {
    match region {
        Some(region) => aws.in_region(region).command(service, action),
        None => aws.command(service, action),
    }
}

fn with_endpoint(command: ToolCommand, endpoint: Option<&str>) -> ToolCommand {
    match endpoint {
        Some(endpoint) => command.args(["--endpoint-url", endpoint]),
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backends_own_region_and_endpoint_are_used() {
        let aws = Aws::new("aws", "us-east-1", Vec::new());
        let object = S3Object {
            bucket: "b".into(),
            key: "k.tflock".into(),
            region: Some("eu-west-1".into()),
            endpoint: Some("http://127.0.0.1:1".into()),
        };
        assert_eq!(
            read(&aws, &object).display(),
            "aws s3 cp --output json --region eu-west-1 --endpoint-url http://127.0.0.1:1 s3://b/k.tflock -"
        );
        let item = lock_item(&aws, "locks", "b/k", None, None).display();
        assert!(item.contains("--region us-east-1"), "{item}");
    }

    #[test]
    fn an_item_without_info_is_no_lock() {
        let held = br#"{"Item":{"LockID":{"S":"b/k"},"Info":{"S":"{}"}}}"#;
        assert_eq!(decode_lock_item(held).as_deref(), Some("{}"));
        // The digest of the state is kept in the same table.
        assert_eq!(decode_lock_item(br#"{"Item":{"Digest":{"S":"x"}}}"#), None);
        assert_eq!(decode_lock_item(b""), None);
    }
}
