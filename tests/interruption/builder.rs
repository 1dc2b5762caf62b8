//! A builder machine that takes for ever to start: the third request ends whatever it waits for, and the container goes.

use std::fs;

use super::{
    requests::{Said, wait_for_with},
    sandbox_project::Project,
    signal,
};

const STACK: &str = r#"
stack "web" { region = "us-east-1" }
image "web" {
  template = "web.pkr.hcl"
  name     = "web"
}
"#;

const TEMPLATE: &str = r#"
source "amazon-ebs" "web" {
  region        = "us-east-1"
  ami_name      = "web"
  instance_type = "t3.micro"
  source_ami    = "ami-785db401"
  ssh_username  = "admin"
}
build {
  sources = ["source.amazon-ebs.web"]
  provisioner "shell" { inline = ["true"] }
}
"#;

/// A Docker without containers whose call `VERB` hangs; once its `run` was called, it has one.
const DOCKER: &str = r#"#!/bin/sh
echo "$*" >>calls
case $1 in
version) echo 28.0.1 ;;
image) [ VERB = run ] || exit 1 ;;
ps) ! [ -e asked ] || printf '%s\t%s\tweb\tcreated\n' machine "$(cat run)" ;;
esac
[ "$1" = VERB ] || exit 0
for word; do
  case $word in amiable.run=*) echo "${word#amiable.run=}" >run ;; esac
done
touch asked
exec sleep 1000
"#;

#[track_caller]
fn third_request_ends(verb: &str) -> (Project, String) {
    let project = Project::new(&[("stack.hcl", STACK), ("web.pkr.hcl", TEMPLATE)], &[]);
    project.write("docker/docker", "");
    let docker = project.path("docker/docker");
    let script = DOCKER.replace("VERB", verb).replace(
        "#!/bin/sh\n",
        &format!("#!/bin/sh\ncd '{}'\n", project.path("docker").display()),
    );
    fs::write(&docker, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&docker, mode).unwrap();
    let mut command = project.command(&["image", "build", "--yes"]);
    command
        .env("AMIABLE_DOCKER", &docker)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    let mut driver = command.spawn().unwrap();
    wait_for_with(&mut driver, &project.path("docker/asked"));
    let mut said = Said::by(&mut driver);
    for says in [
        "waiting for image.web",
        "a third request",
        "stopping at once",
    ] {
        signal("-TERM", driver.id());
        said.until(says);
    }
    let all = said.finish();
    assert_eq!(driver.wait().unwrap().code(), Some(143), "{all}");
    (project, all)
}

#[test]
fn while_docker_starts_its_container() {
    let (project, all) = third_request_ends("run");
    assert!(all.contains("ended before it had answered"), "{all}");
    let calls = fs::read_to_string(project.path("docker/calls")).unwrap();
    // The engine may have made it all the same.
    assert!(calls.contains("rm --force --volumes machine"), "{calls}");
}

#[test]
fn while_docker_builds_its_image() {
    let (_, all) = third_request_ends("build");
    assert!(all.contains("ended before it had answered"), "{all}");
}
