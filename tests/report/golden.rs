//! Compares what is rendered with the files under `tests/report/golden/`.
//!
//! `AMIABLE_UPDATE_GOLDEN=1 cargo test --test report` writes them anew; read the difference then.

use camino::Utf8PathBuf;

/// Fails when `actual` is not what the golden file `name` holds.
#[track_caller]
pub fn assert_golden(name: &str, actual: &str) {
    let root = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/report/golden").join(name);
    if std::env::var_os("AMIABLE_UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("failed to read the golden file {path}: {error}"));
    if expected != actual {
        let line = expected
            .lines()
            .zip(actual.lines())
            .position(|(one, other)| one != other);
        let line = line.unwrap_or_else(|| expected.lines().count().min(actual.lines().count()));
        panic!(
            "{path} differs from line {}\nexpected: {:?}\nactual:   {:?}\n\nactual, in full:\n{actual}",
            line + 1,
            expected.lines().nth(line),
            actual.lines().nth(line),
        );
    }
}
