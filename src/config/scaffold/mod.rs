//! The files of a new stack: one image with nginx on it, and one instance of that image.
//!
//! They are a start, small enough to be read whole, and they work: the stack can be deployed to the sandbox as it is.

use camino::{Utf8Path, Utf8PathBuf};

use super::{fault::Fault, names};

/// A file of a new stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaffoldFile {
    /// Relative to the project's root.
    pub path: Utf8PathBuf,
    pub text: String,
    pub executable: bool,
}

/// Each file's path and text; `NAME` in the path and `@NAME@` in the text stand for the stack's name.
const FILES: [(&str, &str); 7] = [
    ("infra/NAME/stack.hcl", include_str!("files/stack.hcl")),
    (
        "packer/NAME/NAME.pkr.hcl",
        include_str!("files/template.pkr.hcl"),
    ),
    (
        "packer/NAME/scripts/install.sh",
        include_str!("files/install.sh"),
    ),
    (
        "terraform/stacks/NAME/main.tf",
        include_str!("files/main.tf"),
    ),
    (
        "terraform/stacks/NAME/outputs.tf",
        include_str!("files/outputs.tf"),
    ),
    (
        "terraform/stacks/NAME/variables.tf",
        include_str!("files/variables.tf"),
    ),
    (
        "terraform/stacks/NAME/versions.tf",
        include_str!("files/versions.tf"),
    ),
];

/// The files of a stack called `name` that is deployed to `region`.
///
/// # Errors
///
/// When the name or the region cannot be one, with what is wrong and the mend.
pub fn files(name: &str, region: &str) -> Result<Vec<ScaffoldFile>, ScaffoldError> {
    names::label("a stack", name)?;
    names::region(region)?;
    // Both have only letters, digits, `-` and `_`, so they need no quoting in any of the files.
    let fill = |text: &str| text.replace("@NAME@", name).replace("@REGION@", region);
    Ok(FILES
        .iter()
        .map(|(path, text)| ScaffoldFile {
            path: path.replace("NAME", name).into(),
            text: fill(text),
            executable: path.ends_with(".sh"),
        })
        .collect())
}

/// Which of the folders that the files go to hold something already.
pub fn occupied(root: &Utf8Path, files: &[ScaffoldFile]) -> Vec<Utf8PathBuf> {
    let mut taken: Vec<Utf8PathBuf> = files
        .iter()
        .filter(|file| root.join(&file.path).symlink_metadata().is_ok())
        .map(|file| file.path.clone())
        .collect();
    taken.sort();
    taken
}

/// Why there are no files for a name or a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ScaffoldError {
    pub problem: String,
    pub hint: Option<String>,
}

impl From<Fault> for ScaffoldError {
    fn from(fault: Fault) -> Self {
        Self {
            problem: fault.message,
            hint: fault.hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_everywhere() {
        let files = files("web-1", "eu-west-1").unwrap();
        assert_eq!(files[0].path, "infra/web-1/stack.hcl");
        assert!(files[0].text.contains("stack \"web-1\""));
        for file in &files {
            assert!(!file.path.as_str().contains("NAME"), "{}", file.path);
            assert!(!file.text.contains('@'), "{}: {}", file.path, file.text);
        }
        let executable: Vec<&str> = files
            .iter()
            .filter(|file| file.executable)
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(executable, ["packer/web-1/scripts/install.sh"]);
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        assert!(files("../web", "eu-west-1").is_err());
        let zone = files("web", "eu-west-1a").unwrap_err();
        assert_eq!(zone.to_string(), "`eu-west-1a` is an availability zone");
        assert_eq!(zone.hint.as_deref(), Some("its region is `eu-west-1`"));
    }

    #[test]
    fn files_that_are_there_are_found() {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        let files = files("web", "eu-west-1").unwrap();
        assert!(occupied(root, &files).is_empty());
        std::fs::create_dir_all(root.join("infra/web")).unwrap();
        // A link that leads nowhere is there, too.
        std::os::unix::fs::symlink("nowhere", root.join("infra/web/stack.hcl")).unwrap();
        assert_eq!(occupied(root, &files), ["infra/web/stack.hcl"]);
    }
}
