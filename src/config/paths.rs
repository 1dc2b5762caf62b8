//! Paths of a stack file: relative to the project's root, and inside of it.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::fault::Fault;

/// The path that `text` writes, without `.` and `..`; `.` for the root itself.
///
/// A path that is there must not lead out of the project through a symbolic link either: what lies
/// outside is not part of the checkout, so neither the next person nor a fingerprint has it.
pub(super) fn inside(root: &Utf8Path, text: &str) -> Result<Utf8PathBuf, Fault> {
    let path = lexically_inside(text)?;
    let whole = root.join(&path);
    if let (Ok(real), Ok(real_root)) = (whole.canonicalize_utf8(), root.canonicalize_utf8())
        && !real.starts_with(&real_root)
    {
        return Err(Fault::new(format!(
            "`{text}` is a link that leaves the project, to {real}"
        ))
        .hint("copy what it points to into the project"));
    }
    Ok(path)
}

/// As [`inside`], by the text alone.
pub(super) fn lexically_inside(text: &str) -> Result<Utf8PathBuf, Fault> {
    if text.is_empty() {
        return Err(Fault::new("the path is empty").hint("write `.` for the project's root"));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::new("the path has a control character in it"));
    }
    if text.starts_with('~') {
        return Err(Fault::new(format!("`{text}` begins with `~`"))
            .hint("paths are relative to the project's root"));
    }
    let mut path = Utf8PathBuf::new();
    for component in Utf8Path::new(text).components() {
        match component {
            Utf8Component::Normal(name) => path.push(name),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !path.pop() {
                    return Err(Fault::new(format!("`{text}` leaves the project")).hint(
                        "paths are relative to the project's root, not to the stack file, and stay inside it",
                    ));
                }
            }
            Utf8Component::RootDir | Utf8Component::Prefix(_) => {
                return Err(Fault::new(format!("`{text}` is an absolute path")).hint(
                    "paths are relative to the project's root, so that they hold on every machine",
                ));
            }
        }
    }
    if path.as_str().is_empty() {
        path.push(".");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_inside_the_project_are_normalised() {
        for (text, expected) in [
            ("terraform", "terraform"),
            ("./a//b/", "a/b"),
            ("a/../b", "b"),
            (".", "."),
            ("a/..", "."),
        ] {
            assert_eq!(lexically_inside(text), Ok(expected.into()), "{text}");
        }
    }

    #[test]
    fn paths_that_leave_the_project_are_refused() {
        for text in ["", "..", "a/../../b", "/etc/passwd", "~/x", "a\nb", "a\0b"] {
            assert!(lexically_inside(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn links_out_of_the_project_are_refused() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("link")).unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        std::os::unix::fs::symlink("real", root.join("inner")).unwrap();
        assert!(inside(root, "link").is_err());
        assert!(inside(root, "inner").is_ok());
        assert!(inside(root, "missing").is_ok());
    }
}
