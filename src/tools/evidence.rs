//! [`Evidence`]: the files that decide which version of a tool a program is.
//!
//! Asking takes time, for a tool written in Python most of a second. An answer can be remembered as long
//! as the files behind it stay what they were; a program whose answer depends on anything else (a version
//! manager's, which looks at the folder and the environment) has to be asked each time.

use std::{
    env, fs,
    io::{self, Read},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{file_mark::FileMark, locate::Tool};

/// Equal for two moments when the program was the same version at both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence(Vec<FileMark>);

/// Version managers that put native programs beside their own, named like the tools, which choose a
/// version each time they start (tenv's README: `terraform` is a proxy to the version that it detects).
const PROXY_MAKERS: &[&str] = &["tenv"];

/// First bytes of native programs: ELF (elf(5)), and Mach-O of 64 bits or for several processors
/// (`mach-o/loader.h`, `mach-o/fat.h`).
const NATIVE: &[[u8; 4]] = &[
    *b"\x7fELF",
    [0xcf, 0xfa, 0xed, 0xfe],
    [0xca, 0xfe, 0xba, 0xbe],
];

/// More than the first line of a script can have (execve(2)).
const HEAD: u64 = 512;

impl Evidence {
    /// What decides the version of `program`; `None` when that is more than files.
    pub fn of(tool: Tool, program: &Utf8Path) -> Option<Self> {
        let real = program.canonicalize_utf8().ok()?;
        let head = head(&real).ok()?;
        let mut files = vec![real.clone()];
        if head.starts_with(b"#!") {
            let interpreter = python(&head)?;
            files.extend(packages(tool, &interpreter)?);
            files.push(interpreter);
        } else if !NATIVE.iter().any(|magic| head.starts_with(magic)) || is_proxy(program, &real) {
            return None;
        }
        let marks = files.iter().map(|path| FileMark::of(path));
        marks.collect::<io::Result<_>>().ok().map(Self)
    }
}

fn head(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// A native program of which the version is not its own: one that many names lead to (mise, snap), or
/// one of a manager that makes a proxy for every tool.
fn is_proxy(program: &Utf8Path, real: &Utf8Path) -> bool {
    let called = program.file_name().unwrap_or_default();
    let is = real.file_name().unwrap_or_default();
    !is.contains(called)
        || PROXY_MAKERS.iter().any(|maker| {
            [program, real]
                .iter()
                .any(|path| path.with_file_name(maker).exists())
        })
}

/// The interpreter of a Python script that names it by its path. One that is looked up (`env python3`)
/// is another one tomorrow.
fn python(head: &[u8]) -> Option<Utf8PathBuf> {
    let line = head
        .strip_prefix(b"#!")?
        .split(|&byte| byte == b'\n')
        .next()?;
    let interpreter = Utf8Path::new(str::from_utf8(line).ok()?.split_whitespace().next()?);
    let is_python = interpreter.file_name()?.starts_with("python");
    (is_python && interpreter.is_absolute()).then(|| interpreter.to_owned())
}

/// The files in which packages of `interpreter` keep the tool's version; `None` when there are none.
///
/// All are named that Python would look at (Python's `site` module, and Debian's `dist-packages`), so that
/// one more, which may come first, is noticed as well.
fn packages(tool: Tool, interpreter: &Utf8Path) -> Option<Vec<Utf8PathBuf>> {
    let file = match tool {
        Tool::Aws => "awscli/__init__.py",
        _ => return None,
    };
    let prefix = interpreter.parent()?.parent()?;
    let home = env::var("HOME").ok().map(Utf8PathBuf::from);
    let of_user = home.map(|home| home.join(".local"));
    let mut found: Vec<Utf8PathBuf> = std::iter::once(prefix.to_owned())
        .chain(of_user)
        .filter_map(|prefix| prefix.join("lib").read_dir_utf8().ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().to_owned()))
        .filter(|folder| {
            folder
                .file_name()
                .is_some_and(|name| name.starts_with("python"))
        })
        .flat_map(|folder| ["site-packages", "dist-packages"].map(|kind| folder.join(kind)))
        .map(|folder| folder.join(file))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Folder {
        _keep: tempfile::TempDir,
        path: Utf8PathBuf,
    }

    impl Folder {
        fn new() -> Self {
            let keep = tempfile::tempdir().unwrap();
            let path = Utf8PathBuf::try_from(keep.path().canonicalize().unwrap()).unwrap();
            Self { _keep: keep, path }
        }

        fn put(&self, path: &str, text: &[u8]) -> Utf8PathBuf {
            let path = self.path.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // As installers do it: a new file in the place of the old one.
            let new = path.with_extension("new");
            fs::write(&new, text).unwrap();
            fs::rename(&new, &path).unwrap();
            path
        }
    }

    const PROGRAM: &[u8] = b"\x7fELF one";

    #[test]
    fn a_native_program_stands_for_itself_until_it_is_replaced() {
        let folder = Folder::new();
        let program = folder.put("terraform", PROGRAM);
        let before = Evidence::of(Tool::Terraform, &program);
        assert!(before.is_some());
        assert_eq!(Evidence::of(Tool::Terraform, &program), before);
        folder.put("terraform", b"\x7fELF two");
        assert_ne!(Evidence::of(Tool::Terraform, &program), before);
    }

    #[test]
    fn a_link_that_leads_to_another_version_is_noticed() {
        let folder = Folder::new();
        let link = folder.path.join("terraform");
        symlink(folder.put("terraform_1.5.0", PROGRAM), &link).unwrap();
        let before = Evidence::of(Tool::Terraform, &link);
        assert!(before.is_some());
        fs::remove_file(&link).unwrap();
        symlink(folder.put("terraform_1.11.4", PROGRAM), &link).unwrap();
        assert_ne!(Evidence::of(Tool::Terraform, &link), before);
    }

    #[test]
    fn programs_that_choose_a_version_as_they_start_are_never_evidence() {
        let folder = Folder::new();
        let script = folder.put(
            "scripts/terraform",
            b"#!/usr/bin/env bash\nexec tfenv \"$@\"\n",
        );
        assert_eq!(Evidence::of(Tool::Terraform, &script), None);
        let script = folder.put("scripts/aws", b"#!/usr/bin/env python3\n");
        assert_eq!(Evidence::of(Tool::Aws, &script), None);

        let shim = folder.path.join("terraform");
        symlink(folder.put("bin/mise", PROGRAM), &shim).unwrap();
        assert_eq!(Evidence::of(Tool::Terraform, &shim), None);

        let proxy = folder.put("tenv/terraform", PROGRAM);
        folder.put("tenv/tenv", PROGRAM);
        assert_eq!(Evidence::of(Tool::Terraform, &proxy), None);
    }

    #[test]
    fn a_python_script_stands_for_the_package_behind_it() {
        let folder = Folder::new();
        let interpreter = folder.put("venv/bin/python3", PROGRAM);
        let script = folder.put("venv/bin/aws", format!("#!{interpreter}\n").as_bytes());
        let evidence = || Evidence::of(Tool::Aws, &script);
        assert_eq!(evidence(), None, "where the version is kept is not known");
        let package = "venv/lib/python3.11/site-packages/awscli/__init__.py";
        folder.put(package, b"__version__ = '1.29.0'\n");
        let before = evidence();
        assert!(before.is_some());
        assert_eq!(evidence(), before);
        folder.put(package, b"__version__ = '1.45.0'\n");
        let upgraded = evidence();
        assert_ne!(upgraded, before);
        folder.put("venv/bin/python3", b"\x7fELF two");
        assert_ne!(evidence(), upgraded);
    }

    #[test]
    fn what_is_not_there_is_no_evidence() {
        assert_eq!(
            Evidence::of(Tool::Packer, Utf8Path::new("/nonexistent/packer")),
            None
        );
    }
}
