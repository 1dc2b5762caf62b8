//! A real Packer build: instance and AMI in the emulator, provisioners on a builder machine.

use amiable::{
    command::{EnvValue, ToolCommand},
    process::{Captured, capture},
    render::packer::{BuilderMachine, Edits, Emulator, Template, render},
    sandbox::overrides::{DUMMY_KEY, child_environment},
    tools::packer::version::Plugins,
};
use camino::Utf8Path;

use super::{
    Fixture, LONG,
    builder::{Machines, run_id},
    program, settings,
};

const REGION: &str = "eu-west-1";

const TEMPLATE: &str = r#"
source "amazon-ebs" "image" {
  ami_name      = "sandbox-test"
  instance_type = "t3.micro"
  ssh_username  = "admin"
  region        = "eu-west-1"

  source_ami_filter {
    filters = {
      name                = "debian-12-amd64-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = ["136693071363"]
    most_recent = true
  }
}

build {
  sources = ["source.amazon-ebs.image"]

  provisioner "file" {
    source      = "note"
    destination = "/tmp/copied"
  }

  provisioner "shell" {
    inline = ["cat /tmp/copied /etc/debian_version", "sudo id"]
  }
}
"#;

fn run(
    folder: &Utf8Path,
    environment: &[(String, EnvValue)],
    tool: (&str, &str),
    args: &[&str],
) -> Captured {
    let command = ToolCommand::new(program(tool.0, tool.1))
        .args(args.iter().copied())
        .envs(environment.iter().cloned())
        .cwd(folder);
    capture(&command, LONG).unwrap()
}

#[test]
fn provisioners_run_and_the_image_is_in_the_emulator() {
    let machines = Machines::new();
    let Fixture {
        sandbox, folder, ..
    } = &machines.fixture;
    let emulator = sandbox.ensure_running(&settings()).unwrap().emulator;
    let machine = machines.start(&run_id(7), &["admin"]);
    emulator
        .import_key_pair(REGION, &machine.keypair_name, &machine.public_key)
        .unwrap();

    let file = folder.join("image.pkr.hcl");
    std::fs::write(&file, TEMPLATE).unwrap();
    std::fs::write(folder.join("note"), "copied\n").unwrap();
    let template = Template::read(folder, Utf8Path::new("image.pkr.hcl"), None).unwrap();
    let edits = Edits {
        ami_name: "sandbox-test".to_owned(),
        tags: Vec::new(),
        manifest: folder.join("manifest.json"),
        emulator: Some(Emulator {
            endpoint: emulator.url(),
            access_key: DUMMY_KEY.to_owned(),
            secret_key: DUMMY_KEY.to_owned(),
            machine: Some(BuilderMachine {
                host: machine.host.to_owned(),
                port: machine.port,
                user: Some(machine.user.clone()),
                private_key: machine.private_key.clone(),
                key_pair: machine.keypair_name.clone(),
            }),
        }),
        provision: true,
        plugins: Plugins::BuiltInOnly,
        secret_variables: Vec::new(),
    };
    let rendering = render(&template.select(None).unwrap(), &edits).unwrap();
    for rendered in &rendering.files {
        std::fs::write(folder.join(&rendered.path), &rendered.text).unwrap();
    }
    let environment = child_environment(Some(&emulator.url()), REGION, None);
    let packer = ("AMIABLE_PACKER", "packer");
    let build = run(
        folder,
        &environment,
        packer,
        &["build", "-color=false", file.as_str()],
    );

    let output = build.stdout_text();
    assert!(build.success(), "{output}\n{}", build.stderr_text());
    assert!(output.contains("image: copied"), "{output}");
    assert!(output.contains("image: 12."), "{output}");
    assert!(output.contains("image: uid=0(root)"), "{output}");
    assert!(
        output.contains("Found Image ID: ami-0a31ab1eb00c2e012"),
        "{output}"
    );

    let aws = ("AMIABLE_AWS", "aws");
    let ask = |args: &[&str]| run(folder, &environment, aws, args).stdout_text();
    let images = ask(&[
        "ec2",
        "describe-images",
        "--owners",
        "self",
        "--query",
        "Images[].[Name,State]",
        "--output",
        "text",
    ]);
    assert_eq!(images, "sandbox-test\tavailable");
}
