//! Projects in temporary folders.

use std::fs;

use amiable::config::{ConfigError, Project, Stack, load};
use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

/// A project with a Terraform folder, a Packer template and one stack file.
pub struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// A project whose `infra/dashboard/stack.hcl` is `text`.
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        let fixture = Self::empty();
        fixture.write("terraform/stacks/dashboard/main.tf", "");
        fixture.write("packer/dashboard/dashboard.pkr.hcl", "");
        fixture.write("infra/dashboard/stack.hcl", text);
        fixture
    }

    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn root(&self) -> Utf8PathBuf {
        let path = Utf8Path::from_path(self.folder.path()).expect("a UTF-8 path");
        path.canonicalize_utf8().expect("the folder is there")
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    pub fn project(&self) -> Project {
        Project::find(&self.root()).expect("a project")
    }

    pub fn load(&self, environment: Option<&str>) -> Result<Stack, ConfigError> {
        self.load_with(environment, &[])
    }

    pub fn load_with(
        &self,
        environment: Option<&str>,
        env: &[(&str, &str)],
    ) -> Result<Stack, ConfigError> {
        load(&self.project(), None, environment, &|name| {
            let found = env.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }
}
