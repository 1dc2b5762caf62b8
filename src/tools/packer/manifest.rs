//! The file of Packer's manifest post-processor: what the last run built.

use serde::Deserialize;

use super::decode::{RegionalAmi, regional_amis};

/// A build of the last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// `web`, without the type that Packer's lines put before it.
    pub name: String,
    pub amis: Vec<RegionalAmi>,
}

/// The builds of the file's last run; earlier ones, which the post-processor keeps, are left out.
/// `None` when it is no such file.
pub fn last_run(text: &[u8]) -> Option<Vec<Build>> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        builds: Vec<RawBuild>,
        last_run_uuid: String,
    }
    #[derive(Deserialize)]
    struct RawBuild {
        name: String,
        artifact_id: String,
        packer_run_uuid: String,
    }
    let manifest: Manifest = serde_json::from_slice(text).ok()?;
    let builds = manifest
        .builds
        .into_iter()
        .filter(|build| build.packer_run_uuid == manifest.last_run_uuid)
        .map(|build| Build {
            name: build.name,
            amis: regional_amis(&build.artifact_id),
        });
    Some(builds.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_run_counts() {
        let text = br#"{"builds":[
            {"name":"web","builder_type":"amazon-ebs","artifact_id":"us-east-1:ami-old","packer_run_uuid":"1"},
            {"name":"web","builder_type":"amazon-ebs","artifact_id":"us-east-1:ami-new","packer_run_uuid":"2"}],
            "last_run_uuid":"2"}"#;
        let builds = last_run(text).unwrap();
        assert_eq!(builds.len(), 1);
        assert_eq!(builds[0].amis[0].ami, "ami-new");
        assert_eq!(last_run(b""), None);
    }
}
