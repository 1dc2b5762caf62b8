//! Legacy JSON templates: rendered copies and variable files, as the real Packer reads them.

mod nasty;
mod real_tools;

use std::fs;

use amiable::{
    render::packer::{Edits, Emulator, Template, render, variables},
    tools::packer::version::Plugins,
    workspace::Workspace,
};
use camino::{Utf8Path, Utf8PathBuf};
use real_tools::{Moto, Output, fixture, packer};
use serde_json::{Map, Value, json};

const TEMPLATE: &str = "infra/packer/webworker-dashboard.json";

/// A project with the template, one script beside it and one at an absolute path outside.
struct Project {
    _guards: [tempfile::TempDir; 2],
    root: Utf8PathBuf,
    elsewhere: Utf8PathBuf,
}

impl Project {
    fn new() -> Project {
        let (elsewhere_guard, elsewhere) = fixture("packer/simple/scripts");
        fs::rename(elsewhere.join("install.sh"), elsewhere.join("common.sh")).unwrap();
        let guard = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(guard.path().canonicalize().unwrap()).unwrap();
        let (_files, files) = fixture("packer/legacy");
        fs::create_dir_all(root.join("infra/packer")).unwrap();
        for name in ["webworker-dashboard.json", "app-server-config.sh"] {
            fs::copy(files.join(name), root.join("infra/packer").join(name)).unwrap();
        }
        Project {
            _guards: [elsewhere_guard, guard],
            root,
            elsewhere,
        }
    }

    fn variables(&self) -> Map<String, Value> {
        Map::from_iter([("scripts".to_owned(), json!(self.elsewhere))])
    }

    /// Renders into a workspace and runs Packer there.
    fn run(&self, command: &str, edits: &Edits) -> (Output, Value) {
        let template = Template::read(&self.root, Utf8Path::new(TEMPLATE), None).unwrap();
        let folder = template.folder.clone();
        let work = Utf8Path::new(".amiable/work/dashboard/sandbox");
        let mut workspace = Workspace::prepare(&self.root, work, &[&folder]).unwrap();
        let rendering = render(&template.select(None).unwrap(), edits).unwrap();
        let variables = variables::file(&template, &self.variables()).unwrap();
        for file in rendering.files.iter().chain([&variables]) {
            workspace.write(&file.path, &file.text).unwrap();
        }
        assert_eq!(rendering.only, None);
        let argument = format!("-var-file={}", variables::FILE_NAME);
        let args = [command, &argument, &rendering.argument];
        let output = packer(&workspace.root().join(&folder), &args);
        let rendered = serde_json::from_str(&rendering.files[0].text).unwrap();
        (output, rendered)
    }
}

fn edits(manifest: Utf8PathBuf) -> Edits {
    Edits {
        ami_name: "rescale-dashboard-ami-prod-20260101-000000-abcdef".to_owned(),
        tags: vec![(
            "amiable:run".to_owned(),
            "20260101-000000-abcdef".to_owned(),
        )],
        manifest,
        emulator: None,
        provision: true,
        plugins: Plugins::BuiltInOnly,
        secret_variables: vec!["aws_db_pass".to_owned()],
    }
}

#[test]
fn a_rendered_template_finds_its_scripts_and_is_valid() {
    let project = Project::new();
    let (output, rendered) = project.run("validate", &edits("/m.json".into()));
    output.expect_success("packer validate");
    assert_eq!(
        rendered["variables"]["aws_db_pass"],
        json!("{{env `PKR_VAR_aws_db_pass`}}")
    );
    assert_eq!(
        rendered["sensitive-variables"],
        json!(["aws_secret_key", "aws_db_pass"])
    );
    assert_eq!(
        rendered["builders"][0]["tags"]["Name"],
        json!("{{user `ami_name`}}")
    );

    // The test would not notice a path that Packer does not look at.
    fs::remove_file(project.elsewhere.join("common.sh")).unwrap();
    let (output, _) = project.run("validate", &edits("/m.json".into()));
    assert!(!output.success, "{}", output.stdout);
}

#[test]
fn without_provisioners_it_builds_in_the_emulator() {
    let moto = Moto::start();
    let project = Project::new();
    let manifest = project.root.join("manifest.json");
    let edits = Edits {
        emulator: Some(Emulator {
            endpoint: moto.endpoint.clone(),
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
            machine: None,
        }),
        provision: false,
        ..edits(manifest.clone())
    };
    // An image that moto has.
    let path = project.root.join(TEMPLATE);
    let mut template: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    template["builders"][0]["source_ami_filter"] = json!({
        "filters": {"name": "ubuntu/images/hvm-ssd/ubuntu-xenial-16.04-*"},
        "owners": ["099720109477"],
        "most_recent": true,
    });
    fs::write(&path, template.to_string()).unwrap();
    let (output, _) = project.run("build", &edits);
    output.expect_success("packer build");

    let manifest: Value = serde_json::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
    let artifact = manifest["builds"][0]["artifact_id"].as_str().unwrap();
    let ami = artifact.strip_prefix("us-east-1:").unwrap();
    let images = moto.aws(&["ec2", "describe-images", "--image-ids", ami]);
    let image = &images["Images"][0];
    assert_eq!(image["Name"], json!(edits.ami_name));
    let tags = image["Tags"].as_array().unwrap();
    for (key, value) in [
        ("amiable:run", "20260101-000000-abcdef"),
        ("Name", "rescale-dashboard-ami-prod"),
    ] {
        let tag = json!({"Key": key, "Value": value});
        assert!(tags.contains(&tag), "{tag} is not in {tags:?}");
    }
}

#[test]
fn texts_numbers_and_booleans_reach_packer_as_their_text() {
    const SEPARATOR: &str = "\n=*=\n";
    let values: Vec<Value> = nasty::values()
        .into_iter()
        .filter(|value| match value.as_str() {
            Some(text) => !text.contains("{{"),
            None => value.is_number() || value.is_boolean(),
        })
        .collect();
    let texts: Vec<String> = values
        .iter()
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect();
    let temporary = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(temporary.path()).unwrap();
    let names: Vec<String> = (0..values.len()).map(|index| format!("v{index}")).collect();
    let uses: Vec<String> = names
        .iter()
        .map(|name| format!("{{{{user `{name}`}}}}"))
        .collect();
    let template = json!({
        "variables": Map::from_iter(names.iter().map(|name| (name.clone(), json!("")))),
        "builders": [{"type": "file", "target": "out", "content": uses.join(SEPARATOR)}],
    });
    fs::write(folder.join("t.json"), template.to_string()).unwrap();
    let template = Template::read(folder, Utf8Path::new("t.json"), None).unwrap();
    let given = names.into_iter().zip(values).collect();
    let file = variables::file(&template, &given).unwrap();
    fs::write(folder.join(&file.path), &file.text).unwrap();
    let argument = format!("-var-file={}", file.path);
    packer(folder, &["build", &argument, "t.json"]).expect_success("packer build");
    let written = fs::read_to_string(folder.join("out")).unwrap();
    let read: Vec<&str> = written.split(SEPARATOR).collect();
    assert_eq!(read, texts);
}

#[test]
fn other_values_are_refused_by_name() {
    let project = Project::new();
    let template = Template::read(&project.root, Utf8Path::new(TEMPLATE), None).unwrap();
    for (value, reason) in [
        (json!(null), "`region` is not text"),
        (json!(["a"]), "`region` is not text"),
        (json!({}), "`region` is not text"),
        (
            json!("{{env `AWS_SECRET_ACCESS_KEY`}}"),
            "`region` has {{ in it",
        ),
    ] {
        let values = Map::from_iter([("region".to_owned(), value)]);
        let error = variables::file(&template, &values).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
