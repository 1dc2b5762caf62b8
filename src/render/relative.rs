//! Paths relative to the project's root, as text.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// `path` without `.` and `..`, `None` when it leads out of where it starts.
///
/// This is where the path leads as long as no part of it before a `..` is a link.
pub fn normalize(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut normal = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                normal.file_name()?;
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_and_never_above_the_start() {
        for (path, normal) in [
            ("", Some("")),
            ("./a//b/../c/.", Some("a/c")),
            ("a/..", Some("")),
            ("/a/../b", Some("/b")),
            ("a/../../b", None),
            ("..", None),
            ("/..", None),
        ] {
            assert_eq!(
                normalize(path.into()).as_deref(),
                normal.map(Utf8Path::new),
                "{path}"
            );
        }
    }
}
