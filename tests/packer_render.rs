//! Rendered copies of HCL2 templates, as the real Packer sees them.

mod nasty;
mod real_tools;

use amiable::{
    render::packer::{BuilderMachine, Edits, Emulator, Template, render, variables},
    tools::packer::{
        command::{Packer, Target},
        decode::{PackerEvent, decode},
        manifest::Manifest,
        outcome::{Evidence, Outcome, outcome},
        version::Plugins,
    },
};
use camino::Utf8Path;
use real_tools::{Moto, fixture, packer, packer_values, private_key};
use serde_json::{Map, Value, json};

fn edits(folder: &Utf8Path) -> Edits {
    Edits {
        ami_name: "web-20260101-000000-abcdef".to_owned(),
        tags: vec![
            ("amiable:stack".to_owned(), "shop".to_owned()),
            (
                "amiable:run".to_owned(),
                "20260101-000000-abcdef".to_owned(),
            ),
            ("note".to_owned(), "\"${x}\" %{y} \\".to_owned()),
        ],
        manifest: folder.join("manifest.json"),
        emulator: None,
        provision: true,
        plugins: Plugins::BuiltInOnly,
        secret_variables: Vec::new(),
    }
}

fn emulator(endpoint: &str, private_key: Option<&Utf8Path>) -> Emulator {
    Emulator {
        endpoint: endpoint.to_owned(),
        access_key: "test".to_owned(),
        secret_key: "test-secret-key".to_owned(),
        machine: private_key.map(|key| BuilderMachine {
            host: "127.0.0.1".to_owned(),
            port: 2222,
            user: None,
            private_key: key.to_owned(),
            key_pair: "builder".to_owned(),
        }),
    }
}

/// Renders the template in `folder` over its source and gives the value for `-only`.
fn render_in_place(folder: &Utf8Path, source: Option<&str>, edits: &Edits) -> Option<String> {
    let template = Template::read(folder, Utf8Path::new(""), None).unwrap();
    let rendering = render(&template.select(source).unwrap(), edits).unwrap();
    for file in rendering.files {
        std::fs::write(folder.join(file.path), file.text).unwrap();
    }
    assert_eq!(rendering.argument, ".");
    rendering.only
}

fn expect_valid_and_formatted(folder: &Utf8Path, only: Option<&str>) {
    packer(folder, &["fmt", "-check", "-diff", "."]).expect_success("packer fmt");
    let only = only.map(|only| format!("-only={only}"));
    let args: Vec<&str> = ["validate"]
        .into_iter()
        .chain(only.as_deref())
        .chain(["."])
        .collect();
    packer(folder, &args).expect_success("packer validate");
}

#[test]
fn every_kind_of_rendering_is_valid_and_formatted() {
    let keys = tempfile::tempdir().unwrap();
    let key = private_key(Utf8Path::from_path(keys.path()).unwrap());
    for name in ["simple", "several", "bare"] {
        for emulated in [None, Some(false), Some(true)] {
            for provision in [true, false] {
                let (_guard, folder) = fixture(&format!("packer/{name}"));
                let only = render_in_place(
                    &folder,
                    None,
                    &Edits {
                        emulator: emulated.map(|machine| {
                            emulator("http://127.0.0.1:9", machine.then_some(key.as_path()))
                        }),
                        provision,
                        ..edits(&folder)
                    },
                );
                println!("{name} {emulated:?} {provision}");
                expect_valid_and_formatted(&folder, only.as_deref());
            }
        }
    }
}

#[test]
fn what_is_not_edited_stays_byte_for_byte() {
    let (_guard, folder) = fixture("packer/several");
    let before = std::fs::read_to_string(folder.join("sources.pkr.hcl")).unwrap();
    render_in_place(&folder, None, &edits(&folder));
    let after = std::fs::read_to_string(folder.join("sources.pkr.hcl")).unwrap();
    for part in [
        "\n  # A script with directives",
        "\nsource \"amazon-ebs\" \"unused\"",
    ] {
        let tail = |text: &str| text.split_once(part).unwrap().1.to_owned();
        let (before, after) = (tail(&before), tail(&after));
        let end = before.find("\n  subnet_filter").unwrap_or(before.len());
        assert_eq!(after[..end], before[..end]);
    }
    assert!(
        std::fs::read_to_string(folder.join("build.pkr.hcl"))
            .unwrap()
            .contains("\n  # Kept in the copy.\n")
    );
}

#[test]
fn a_build_in_the_emulator_gives_a_tagged_ami_and_a_manifest() {
    let moto = Moto::start();
    let (_guard, folder) = fixture("packer/bare");
    let edits = Edits {
        emulator: Some(emulator(&moto.endpoint, None)),
        ..edits(&folder)
    };
    render_in_place(&folder, None, &edits);
    packer(&folder, &["build", "-color=false", "."]).expect_success("packer build");

    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let artifact = manifest["builds"][0]["artifact_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ami = artifact.strip_prefix("us-east-1:").unwrap();
    let images = moto.aws(&["ec2", "describe-images", "--image-ids", ami]);
    let image = &images["Images"][0];
    assert_eq!(image["Name"], json!(edits.ami_name));
    let mut wanted = vec![
        json!({"Key": "Kind", "Value": "test"}),
        json!({"Key": "Name", "Value": "bare"}),
    ];
    wanted.extend(
        edits
            .tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value})),
    );
    let tags = image["Tags"].as_array().unwrap();
    for tag in wanted {
        assert!(tags.contains(&tag), "{tag} is not in {tags:?}");
    }

    // What Packer made on the way has the tags too, so that leftovers can be told.
    let instances = moto.aws(&["ec2", "describe-instances"]);
    let instance = &instances["Reservations"][0]["Instances"][0];
    assert_eq!(instance["State"]["Name"], json!("terminated"));
    let run = json!({"Key": "amiable:run", "Value": "20260101-000000-abcdef"});
    assert!(
        instance["Tags"].as_array().unwrap().contains(&run),
        "{instance}"
    );
    let mapping = &image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"];
    let snapshot = mapping.as_str().unwrap();
    let snapshots = moto.aws(&["ec2", "describe-snapshots", "--snapshot-ids", snapshot]);
    let tags = &snapshots["Snapshots"][0]["Tags"];
    assert!(tags.as_array().unwrap().contains(&run), "{snapshots}");
}

#[test]
fn without_anything_to_provision_no_machine_is_needed_and_copies_are_tagged() {
    let moto = Moto::start();
    let guard = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(guard.path()).unwrap();
    let text = r#"
source "amazon-ebs" "plain" {
  ami_name      = "plain"
  ami_regions   = ["eu-west-1"]
  instance_type = "t3.micro"
  region        = "us-east-1"
  source_ami    = "ami-785db401"
  ssh_username  = "ubuntu"
}

build {
  sources = ["source.amazon-ebs.plain"]

  provisioner "shell" {
    only   = ["amazon-ebs.other"]
    inline = ["true"]
  }
}
"#;
    std::fs::write(folder.join("plain.pkr.hcl"), text).unwrap();
    let edits = Edits {
        emulator: Some(emulator(&moto.endpoint, None)),
        ..edits(folder)
    };
    render_in_place(folder, None, &edits);
    // It would wait for SSH for five minutes if it connected.
    packer(folder, &["build", "-color=false", "."]).expect_success("packer build");

    let run = json!({"Key": "amiable:run", "Value": "20260101-000000-abcdef"});
    let has_tag = |tagged: &Value| tagged["Tags"].as_array().unwrap().contains(&run);
    for region in ["us-east-1", "eu-west-1"] {
        let region = format!("--region={region}");
        let filter = format!("Name=name,Values={}", edits.ami_name);
        let ask = ["ec2", "describe-images", &region, "--filters", &filter];
        let images = moto.aws(&ask);
        let image = &images["Images"][0];
        assert!(has_tag(image), "{region}: {images}");
        let snapshot = &image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"];
        let snapshot = snapshot.as_str().unwrap();
        let ask = [
            "ec2",
            "describe-snapshots",
            &region,
            "--snapshot-ids",
            snapshot,
        ];
        let snapshots = moto.aws(&ask);
        assert!(has_tag(&snapshots["Snapshots"][0]), "{region}: {snapshots}");
    }
}

#[test]
fn only_the_chosen_source_is_built_and_its_name_is_packers() {
    let moto = Moto::start();
    let (_guard, folder) = fixture("packer/several");
    let edits = Edits {
        emulator: Some(emulator(&moto.endpoint, None)),
        provision: false,
        ..edits(&folder)
    };
    let only = render_in_place(&folder, Some("front"), &edits).unwrap();
    assert_eq!(only, "web.amazon-ebs.front");
    let command = Packer::new("packer").build(&Target {
        folder: folder.clone(),
        argument: ".".to_owned(),
        only: Some(only.clone()),
        ..Target::default()
    });
    let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
    let built = packer(&folder, &args).expect_success("packer build");
    let events: Vec<PackerEvent> = built.stdout.lines().map(decode).collect();
    let unknown =
        |event: &&PackerEvent| matches!(event, PackerEvent::Unknown { .. } | PackerEvent::Text(_));
    assert_eq!(events.iter().find(unknown), None);
    let builders = events.iter().filter_map(|event| match event {
        PackerEvent::ArtifactCount { builder, .. } => Some(builder.as_str()),
        _ => None,
    });
    assert_eq!(builders.collect::<Vec<_>>(), [only.as_str()]);

    // Output and manifest agree, and so does the emulator.
    let manifest = std::fs::read_to_string(&edits.manifest).unwrap();
    let manifest = Manifest::parse(&manifest).unwrap();
    let evidence = Evidence {
        code: Some(0),
        events: &events,
        manifest: Some(&manifest),
    };
    let Outcome::Built { images } = outcome(&only, evidence) else {
        panic!("not built: {events:?}");
    };
    let owned = moto.aws(&["ec2", "describe-images", "--owners", "self"]);
    let owned: Vec<&str> = owned["Images"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|image| image["ImageId"].as_str())
        .collect();
    let amis: Vec<&str> = images.iter().map(|image| image.ami.as_str()).collect();
    assert_eq!(amis, owned);
}

#[test]
fn quoted_strings_and_expressions_mean_themselves_to_packer() {
    let values = nasty::values();
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let mut text = "locals {\n".to_owned();
    for (index, value) in values.iter().enumerate() {
        let expression = amiable::render::hcl_literal::expression(value);
        text.push_str(&format!("  v{index} = {expression}\n"));
    }
    text.push_str("}\n");
    std::fs::write(folder.join("t.pkr.hcl"), &text).unwrap();
    let expressions: Vec<String> = (0..values.len()).map(|i| format!("local.v{i}")).collect();
    nasty::assert_same(&packer_values(folder, &[], &expressions), &values);
}

#[test]
fn values_of_variable_files_reach_packer_unchanged() {
    let values = nasty::values();
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let declarations: String = (0..values.len())
        .map(|index| format!("variable \"v{index}\" {{}}\n"))
        .collect();
    std::fs::write(folder.join("t.pkr.hcl"), declarations).unwrap();
    let template = Template::read(folder, Utf8Path::new(""), None).unwrap();
    let named: Map<String, Value> = values
        .iter()
        .enumerate()
        .map(|(index, value)| (format!("v{index}"), value.clone()))
        .collect();
    let file = variables::file(&template, &named).unwrap();
    std::fs::write(folder.join(&file.path), file.text).unwrap();
    let expressions: Vec<String> = (0..values.len()).map(|i| format!("var.v{i}")).collect();
    let argument = format!("-var-file={}", variables::FILE_NAME);
    nasty::assert_same(&packer_values(folder, &[&argument], &expressions), &values);
}
