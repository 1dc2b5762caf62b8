//! `amiable creds exec` in the sandbox: the command reaches the emulator, and nothing else.

mod sandbox_project;

use sandbox_project::Project;

const STACK: &str = "stack \"web\" {\n  region    = \"eu-west-1\"\n  terraform = \"infra\"\n}\n";

const ROOT: &str = "provider \"aws\" {}\n";

const FILES: [(&str, &str); 2] = [("stack.hcl", STACK), ("infra/main.tf", ROOT)];

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    ("AWS_PROFILE", "production"),
];

#[test]
fn the_command_reaches_the_emulator() {
    let project = Project::new(&FILES, &KEYS);
    project.run(&["sandbox", "start"]).expect(0);
    let made = project
        .run(&[
            "creds",
            "exec",
            "--",
            "aws",
            "ec2",
            "create-key-pair",
            "--key-name",
            "mine",
        ])
        .expect(0);
    assert!(made.stdout.contains("mine"), "{}", made.stdout);
    let who = project
        .run(&["creds", "exec", "--", "aws", "sts", "get-caller-identity"])
        .expect(0);
    assert!(who.stdout.contains("123456789012"), "{}", who.stdout);
}

#[test]
fn without_an_emulator_the_command_has_no_way_to_aws() {
    let project = Project::new(&FILES, &KEYS);
    let script =
        "echo \"$AWS_ACCESS_KEY_ID $AWS_CONFIG_FILE ${AWS_PROFILE-none} ${AWS_ENDPOINT_URL-none}\"";
    let ran = project
        .run(&["creds", "exec", "--", "sh", "-c", script])
        .expect(0);
    assert_eq!(ran.stdout, "test /dev/null none none\n");
    assert!(
        ran.stderr.contains("the sandbox is not running"),
        "{}",
        ran.stderr
    );
}
