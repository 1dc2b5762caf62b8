//! The file that Packer's `manifest` post-processor writes.

use serde::Deserialize;
use thiserror::Error;

use super::RegionImage;

/// A manifest. Runs append to the file they find.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    #[serde(default)]
    pub builds: Vec<Build>,
    #[serde(default)]
    pub last_run_uuid: String,
}

/// What one builder made in one run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Build {
    /// Name of the source alone, without type and build.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub builder_type: String,
    #[serde(default)]
    pub artifact_id: String,
    #[serde(default)]
    pub packer_run_uuid: String,
}

/// A manifest that cannot be read.
#[derive(Debug, Error)]
#[error("failed to read Packer's manifest: {0}")]
pub struct ManifestError(#[from] serde_json::Error);

impl Manifest {
    /// # Errors
    ///
    /// When `text` is not the JSON that Packer writes.
    pub fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Ok(serde_json::from_str(text)?)
    }

    /// AMIs of the last run, in order and once each.
    pub fn images(&self) -> Vec<RegionImage> {
        let mut images: Vec<RegionImage> = self
            .builds
            .iter()
            .filter(|build| build.packer_run_uuid == self.last_run_uuid)
            .flat_map(|build| RegionImage::parse_all(&build.artifact_id))
            .collect();
        images.sort();
        images.dedup();
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_run_counts() {
        let manifest = Manifest::parse(
            r#"{
              "builds": [
                {"name": "a", "builder_type": "amazon-ebs", "build_time": 1, "files": null,
                 "artifact_id": "us-east-1:ami-old", "packer_run_uuid": "1", "custom_data": null},
                {"name": "a", "builder_type": "amazon-ebs", "build_time": 2, "files": [],
                 "artifact_id": "us-west-2:ami-b,us-east-1:ami-a", "packer_run_uuid": "2"},
                {"name": "f", "builder_type": "file", "artifact_id": "File", "packer_run_uuid": "2"}
              ],
              "last_run_uuid": "2"
            }"#,
        )
        .unwrap();
        let images: Vec<_> = manifest
            .images()
            .into_iter()
            .map(|image| image.ami)
            .collect();
        assert_eq!(images, ["ami-a", "ami-b"]);
    }

    #[test]
    fn a_cut_file_is_an_error() {
        assert!(Manifest::parse("{\"builds\": [").is_err());
        assert_eq!(Manifest::parse("{}").unwrap().images(), []);
    }
}
