//! The mirror of the source tree: what it holds, what it keeps, and that the source stays as it was.

mod real_tools;

use std::{collections::BTreeMap, fs, os::unix::fs::symlink};

use amiable::{errors::Error, workspace::Workspace};
use camino::{Utf8Path, Utf8PathBuf};
use real_tools::terraform;

const WORK: &str = ".amiable/work/shop/sandbox";

struct Project {
    _guard: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let guard = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(guard.path().canonicalize().unwrap()).unwrap();
        let project = Project {
            _guard: guard,
            root,
        };
        for (path, text) in files {
            project.put(path, text);
        }
        project
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn prepare(&self, materialise: &[&str]) -> Workspace {
        let materialise: Vec<&Utf8Path> = materialise.iter().map(Utf8Path::new).collect();
        Workspace::prepare(&self.root, Utf8Path::new(WORK), &materialise).unwrap()
    }

    /// Every file of the source and its text.
    fn source(&self) -> BTreeMap<Utf8PathBuf, String> {
        walkdir::WalkDir::new(&self.root)
            .into_iter()
            .filter_entry(|entry| entry.file_name() != ".amiable")
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let path = Utf8PathBuf::try_from(entry.into_path()).unwrap();
                let text = fs::read_to_string(&path).unwrap();
                (path, text)
            })
            .collect()
    }
}

fn is_link(path: &Utf8Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.is_symlink())
}

fn read(workspace: &Workspace, path: &str) -> Option<String> {
    fs::read_to_string(workspace.root().join(path)).ok()
}

#[test]
fn named_folders_are_real_and_everything_else_is_a_link() {
    let project = Project::new(&[
        ("terraform/stacks/shop/main.tf", ""),
        ("terraform/stacks/other/main.tf", ""),
        ("terraform/modules/net/main.tf", "net"),
        ("infra/app/app.py", "app"),
        ("README.md", ""),
        (".git/HEAD", ""),
        ("Cargo.toml", ""),
        ("target/debug/x", ""),
        ("terraform/stacks/shop/.terraform/x", ""),
        ("terraform/stacks/shop/terraform.tfstate", "{}"),
        ("terraform/stacks/shop/terraform.tfstate.backup", "{}"),
        (".amiable/runs/x", ""),
    ]);
    let workspace = project.prepare(&["terraform/stacks/shop"]);
    let root = workspace.root();
    assert_eq!(root, project.root.join(WORK));
    for real in ["terraform", "terraform/stacks", "terraform/stacks/shop"] {
        assert!(!is_link(&root.join(real)), "{real}");
    }
    for linked in [
        "terraform/stacks/shop/main.tf",
        "terraform/stacks/other",
        "terraform/modules",
        "infra",
        "README.md",
        ".git",
    ] {
        assert!(is_link(&root.join(linked)), "{linked}");
    }
    for absent in [
        ".amiable",
        "target",
        "terraform/stacks/shop/.terraform",
        "terraform/stacks/shop/terraform.tfstate",
        "terraform/stacks/shop/terraform.tfstate.backup",
    ] {
        assert!(root.join(absent).symlink_metadata().is_err(), "{absent}");
    }
    assert_eq!(
        read(&workspace, "terraform/modules/net/main.tf").as_deref(),
        Some("net")
    );
    assert_eq!(
        workspace.left_out_states,
        ["terraform/stacks/shop/terraform.tfstate"]
    );
}

#[test]
fn links_follow_the_source_and_what_tools_wrote_stays() {
    let project = Project::new(&[
        ("tf/a.tf", "a"),
        ("tf/b.tf", "b"),
        ("tf/kind", "a file"),
        ("packer/web/web.pkr.hcl", "web"),
        ("old/x", ""),
    ]);
    let workspace = project.prepare(&["tf", "packer/web"]);
    let root = workspace.root().to_owned();
    fs::create_dir(root.join("tf/.terraform")).unwrap();
    fs::write(root.join("tf/.terraform/cache"), "kept").unwrap();
    fs::write(root.join("tf/tool-file"), "kept").unwrap();
    symlink("/nonexistent/elsewhere", root.join("tf/tool-link")).unwrap();

    fs::rename(project.root.join("tf/b.tf"), project.root.join("tf/c.tf")).unwrap();
    fs::remove_dir_all(project.root.join("old")).unwrap();
    fs::remove_dir_all(project.root.join("packer")).unwrap();
    fs::remove_file(project.root.join("tf/kind")).unwrap();
    project.put("tf/kind/now-a-folder", "");
    project.put("tf/tool-file", "the source has one of that name now");
    project.put("new/y", "");

    let workspace = project.prepare(&["tf"]);
    assert_eq!(read(&workspace, "tf/c.tf").as_deref(), Some("b"));
    for gone in ["tf/b.tf", "old", "packer"] {
        assert!(root.join(gone).symlink_metadata().is_err(), "{gone}");
    }
    assert!(is_link(&root.join("tf/kind")) && is_link(&root.join("new")));
    assert_eq!(
        read(&workspace, "tf/.terraform/cache").as_deref(),
        Some("kept")
    );
    assert_eq!(read(&workspace, "tf/tool-file").as_deref(), Some("kept"));
    assert!(is_link(&root.join("tf/tool-link")));
}

#[test]
fn a_moved_project_gets_new_links() {
    let project = Project::new(&[("here/tf/a.tf", "a"), ("here/tf/b.tf", "b")]);
    let prepare = |name: &str| {
        let folders = [Utf8Path::new("tf")];
        Workspace::prepare(&project.root.join(name), Utf8Path::new(WORK), &folders).unwrap()
    };
    prepare("here");
    fs::rename(project.root.join("here"), project.root.join("there")).unwrap();
    fs::remove_file(project.root.join("there/tf/b.tf")).unwrap();
    let workspace = prepare("there");
    assert_eq!(read(&workspace, "tf/a.tf").as_deref(), Some("a"));
    assert!(workspace.root().join("tf/b.tf").symlink_metadata().is_err());
}

#[test]
fn rendered_files_replace_links_and_never_the_source() {
    let project = Project::new(&[("packer/web.pkr.hcl", "source"), ("other/x", "x")]);
    let before = project.source();
    let mut workspace = project.prepare(&["packer"]);
    let path = Utf8Path::new("packer/web.pkr.hcl");
    workspace.write(path, "rendered").unwrap();
    workspace
        .write(Utf8Path::new("packer/amiable.pkrvars.json"), "{}")
        .unwrap();
    assert_eq!(
        read(&workspace, "packer/web.pkr.hcl").as_deref(),
        Some("rendered")
    );
    assert_eq!(project.source(), before);

    // The next run begins with what the source says; files that are ours alone stay.
    let mut workspace = project.prepare(&["packer"]);
    assert!(is_link(&workspace.root().join(path)));
    assert_eq!(
        read(&workspace, "packer/amiable.pkrvars.json").as_deref(),
        Some("{}")
    );

    for outside in [
        "other/x",
        "other/new",
        "../x",
        "/tmp/x",
        "packer/../../x",
        "",
    ] {
        let refused = workspace.write(Utf8Path::new(outside), "no");
        assert!(
            matches!(refused, Err(Error::Failed { .. })),
            "{outside}: {refused:?}"
        );
        assert!(
            workspace.remove(Utf8Path::new(outside)).is_err(),
            "{outside}"
        );
    }
    workspace.remove(path).unwrap();
    assert_eq!(project.source(), before);
}

#[test]
fn a_rendered_copy_goes_with_its_source() {
    let project = Project::new(&[("packer/a.pkr.hcl", ""), ("packer/b.pkr.hcl", "")]);
    let mut workspace = project.prepare(&["packer"]);
    workspace
        .write(Utf8Path::new("packer/b.pkr.hcl"), "rendered")
        .unwrap();
    fs::remove_file(project.root.join("packer/b.pkr.hcl")).unwrap();
    let workspace = project.prepare(&["packer"]);
    assert_eq!(read(&workspace, "packer/b.pkr.hcl"), None);
}

#[test]
fn the_lock_file_is_copied_only_when_the_source_has_a_new_one() {
    let lock = "tf/.terraform.lock.hcl";
    let project = Project::new(&[("tf/main.tf", ""), (lock, "one")]);
    let workspace = project.prepare(&["tf"]);
    let copy = workspace.root().join(lock);
    assert!(!is_link(&copy));
    fs::write(&copy, "one and what init added").unwrap();
    let workspace = project.prepare(&["tf"]);
    assert_eq!(
        read(&workspace, lock).as_deref(),
        Some("one and what init added")
    );
    project.put(lock, "two");
    let workspace = project.prepare(&["tf"]);
    assert_eq!(read(&workspace, lock).as_deref(), Some("two"));
    fs::remove_file(project.root.join(lock)).unwrap();
    let workspace = project.prepare(&["tf"]);
    assert_eq!(read(&workspace, lock), None);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let project = Project::new(&[("tf/main.tf", "")]);
    for wrong in ["terraform", "tf/main.tf", "../tf", "/tmp"] {
        let folders = [Utf8Path::new(wrong)];
        let error = Workspace::prepare(&project.root, Utf8Path::new(WORK), &folders).unwrap_err();
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn terraform_runs_in_the_mirror_with_relative_modules_and_needs_one_init() {
    let root = "terraform/stacks/shop";
    let project = Project::new(&[
        (
            "terraform/stacks/shop/main.tf",
            "module \"m\" {\n  source = \"../../modules/m\"\n}\n\
             module \"app\" {\n  source = \"../../../infra/app\"\n}\n\
             output \"m\" { value = module.m.text }\n\
             output \"app\" { value = module.app.text }\n\
             output \"file\" { value = file(\"${path.module}/../../../infra/app/text\") }\n",
        ),
        (
            "terraform/modules/m/main.tf",
            "module \"sibling\" {\n  source = \"../n\"\n}\noutput \"text\" { value = module.sibling.text }\n",
        ),
        (
            "terraform/modules/n/main.tf",
            "output \"text\" { value = \"n\" }\n",
        ),
        (
            "infra/app/main.tf",
            "output \"text\" { value = file(\"${path.module}/text\") }\n",
        ),
        ("infra/app/text", "app"),
    ]);
    let before = project.source();
    let workspace = project.prepare(&[root]);
    let folder = workspace.root().join(root);
    terraform(&folder, &["init", "-input=false"]).expect_success("terraform init");
    project.prepare(&[root]);
    terraform(&folder, &["apply", "-auto-approve"]).expect_success("terraform apply");
    for (name, value) in [("m", "n"), ("app", "app"), ("file", "app")] {
        let output =
            terraform(&folder, &["output", "-raw", name]).expect_success("terraform output");
        assert_eq!(output.stdout, value, "{name}");
    }
    assert_eq!(project.source(), before);
}
