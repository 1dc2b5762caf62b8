//! `ec2 create-tags` and `delete-tags`: both may be repeated without harm.

use super::Aws;
use crate::command::ToolCommand;

/// Gives every resource of `ids` the tag, in place of one it may have.
pub fn set(aws: &Aws, ids: &[String], key: &str, value: &str) -> ToolCommand {
    // As JSON, because the shorthand syntax splits values at commas.
    let tags = serde_json::json!([{"Key": key, "Value": value}]);
    aws.command("ec2", "create-tags")
        .arg("--resources")
        .args(ids.iter().cloned())
        .args(["--tags".to_owned(), tags.to_string()])
}

/// Takes the tag off every resource of `ids`, whatever its value.
pub fn remove(aws: &Aws, ids: &[String], key: &str) -> ToolCommand {
    let tags = serde_json::json!([{"Key": key}]);
    aws.command("ec2", "delete-tags")
        .arg("--resources")
        .args(ids.iter().cloned())
        .args(["--tags".to_owned(), tags.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_json() {
        let aws = Aws::new("aws", "us-east-1", Vec::new());
        let ids = ["ami-1".to_owned(), "ami-2".to_owned()];
        let command = set(&aws, &ids, "amiable:deployed", "a b");
        assert_eq!(
            command.args.last().unwrap(),
            r#"[{"Key":"amiable:deployed","Value":"a b"}]"#
        );
        assert!(command.display().contains("--resources ami-1 ami-2"));
        // Without a value the tag goes whatever it holds (EC2 API reference, DeleteTags).
        let command = remove(&aws, &ids, "amiable:rolled-back");
        assert_eq!(
            command.args.last().unwrap(),
            r#"[{"Key":"amiable:rolled-back"}]"#
        );
    }
}
