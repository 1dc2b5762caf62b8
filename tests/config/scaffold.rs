//! The files of a new stack, judged by the programs that read them.

use std::{env, fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use amiable::config::scaffold;

use crate::support::Fixture;

fn scaffolded() -> Fixture {
    let fixture = Fixture::empty();
    for file in scaffold::files("web", "eu-west-1").expect("a name and a region") {
        fixture.write(file.path.as_str(), &file.text);
        let mode = if file.executable { 0o755 } else { 0o644 };
        let path = fixture.root().join(&file.path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    }
    fixture
}

/// Runs a tool in a folder of the fixture; `override_name` is the variable that names another one.
fn run(fixture: &Fixture, tool: &str, folder: &str, args: &[&str]) {
    let override_name = format!("AMIABLE_{}", tool.to_uppercase());
    let program = env::var_os(&override_name).unwrap_or_else(|| tool.into());
    let configuration = fixture.root().join("terraform.rc");
    let output = Command::new(&program)
        .args(args)
        .current_dir(fixture.root().join(folder))
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", fixture.root())
        .env("CHECKPOINT_DISABLE", "1")
        .env("AWS_REGION", "eu-west-1")
        .env("TF_CLI_CONFIG_FILE", configuration)
        .output()
        .unwrap_or_else(|error| {
            panic!("this test needs {tool}, which scripts/test installs: {error}")
        });
    assert!(
        output.status.success(),
        "{tool} {args:?} in {folder}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Lets Terraform take the AWS provider from amiable's mirror, where there is one.
fn configure_terraform(fixture: &Fixture) {
    let home = env::var_os("AMIABLE_HOME").map(PathBuf::from).or_else(|| {
        let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
        data.or_else(home).map(|data| data.join("amiable"))
    });
    let mirror = home
        .map(|home| home.join("providers"))
        .filter(|mirror| mirror.is_dir());
    let configuration = mirror.map_or_else(String::new, |mirror| {
        format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
            mirror.display().to_string()
        )
    });
    fixture.write("terraform.rc", configuration);
}

#[test]
fn packer_takes_the_template() {
    let fixture = scaffolded();
    run(&fixture, "packer", "packer/web", &["fmt", "-check", "."]);
    run(
        &fixture,
        "packer",
        "packer/web",
        &["validate", "-syntax-only", "."],
    );
}

#[test]
fn terraform_takes_the_root_module() {
    let fixture = scaffolded();
    configure_terraform(&fixture);
    let folder = "terraform/stacks/web";
    run(
        &fixture,
        "terraform",
        folder,
        &["fmt", "-check", "-recursive"],
    );
    // Terraform formats files of its own kinds only.
    let stack =
        fs::read_to_string(fixture.root().join("infra/web/stack.hcl")).expect("a stack file");
    fixture.write("formatted/stack.tf", stack);
    run(&fixture, "terraform", "formatted", &["fmt", "-check"]);
    // Needs the AWS provider: from the registry or, where scripts/test has put it, from the mirror.
    run(
        &fixture,
        "terraform",
        folder,
        &["init", "-input=false", "-backend=false", "-no-color"],
    );
    run(&fixture, "terraform", folder, &["validate", "-no-color"]);
}
