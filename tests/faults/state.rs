//! Accidents of Terraform's state and of its plans: each is named, with the way out, and nothing is applied on top.
//! Real Terraform; S3 by the emulator behind the proxy.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    account::mode,
    strict_aws::{
        process::Standalone,
        rules::{Effect, When},
        strict::Settings,
    },
    support::{Project, Ran},
};

/// Needs no provider but Terraform's own.
const ROOT: &str = r#"
resource "terraform_data" "NAME" {}
"#;

/// The state is a file of this machine.
const LOCAL: &str = r#"
stack "web" {
  region    = "us-east-1"
  terraform = "infra"
}
environment "prod" {}
"#;

/// The state is an object of S3.
const REMOTE: &str = r#"
stack "web" {
  region    = "us-east-1"
  terraform = "infra"
}
environment "prod" {
  backend "s3" {
    bucket                      = "states"
    key                         = "web.tfstate"
    region                      = "us-east-1"
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    endpoints                   = { s3 = "http://127.0.0.1:PORT" }
  }
}
"#;

/// The real `aws`, but for the question who we are, which goes to AWS itself.
const AWS: &str = r#"#!/bin/sh
case "$*" in
'sts get-caller-identity'*)
  echo '{"UserId":"A","Account":"123456789012","Arn":"arn:aws:iam::123456789012:user/tester"}' ;;
*) exec 'REAL' "$@" ;;
esac
"#;

const UP: &[&str] = &["up", "--yes"];

/// A project whose tools are the real ones.
struct Deployment {
    project: Project,
}

impl Deployment {
    fn new(stack: &str) -> Self {
        let deployment = Self {
            project: Project::new(stack),
        };
        deployment.set_root("first");
        deployment.program("aws", &AWS.replace("REAL", &real("AMIABLE_AWS", "aws")));
        deployment.instead_of_terraform("");
        deployment
    }

    fn remote(aws: &Standalone) -> Self {
        let deployment = Self::new(&REMOTE.replace("PORT", &aws.aws.port.to_string()));
        deployment.s3(aws, &["create-bucket", "--bucket", "states"]);
        deployment
    }

    fn set_root(&self, resource: &str) {
        self.project
            .write("infra/main.tf", &ROOT.replace("NAME", resource));
    }

    /// Terraform, with `script` before it is called. `$REAL` is the real one.
    fn instead_of_terraform(&self, script: &str) {
        let real = real("AMIABLE_TERRAFORM", "terraform");
        let script = format!(
            "#!/bin/sh\nREAL='{real}'\necho \"$*\" >>'{}'\n{script}\nexec \"$REAL\" \"$@\"\n",
            self.project.path("terraform.calls").display()
        );
        self.program("terraform", &script);
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.project.path(&format!("bin/{name}"));
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self
            .project
            .command(&[arguments, &["--env", "prod"]].concat());
        for name in ["PATH", "HOME"] {
            command.env(name, std::env::var_os(name).unwrap_or_default());
        }
        command
            .env("AMIABLE_AWS", self.project.path("bin/aws"))
            .env("AMIABLE_TERRAFORM", self.project.path("bin/terraform"));
        Ran::from(command.output().unwrap())
    }

    /// How often Terraform was called with this.
    fn calls(&self, subcommand: &str) -> usize {
        let calls = self.project.calls("terraform");
        calls
            .iter()
            .filter(|call| call.starts_with(subcommand))
            .count()
    }

    fn local_state(&self) -> PathBuf {
        self.project
            .path(".amiable/state/web/prod/terraform.tfstate")
    }

    /// `aws s3api ARGUMENTS`, past the rules of the proxy.
    fn s3(&self, aws: &Standalone, arguments: &[&str]) {
        let output = Command::new(real("AMIABLE_AWS", "aws"))
            .arg(format!(
                "--endpoint-url=http://127.0.0.1:{}",
                aws.aws.moto().port
            ))
            .arg("s3api")
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
    }
}

fn real(variable: &str, name: &str) -> String {
    let named = std::env::var(variable).ok();
    named.unwrap_or_else(|| {
        let found = which::which(name).unwrap_or_else(|_| panic!("{name} is needed"));
        found.display().to_string()
    })
}

fn standalone() -> Standalone {
    Standalone::start(Settings::default())
}

#[track_caller]
fn says(ran: &Ran, texts: &[&str]) {
    for text in texts {
        assert!(ran.stderr.contains(text), "{text:?} in: {}", ran.stderr);
    }
}

#[test]
fn row_10_a_state_that_could_not_be_stored_is_kept_private_and_pushed_before_anything_else() {
    let aws = standalone();
    let deployment = Deployment::remote(&aws);
    let storing = When {
        service: Some("s3".to_owned()),
        actions: vec!["PUT /states/web.tfstate".to_owned()],
        ..When::default()
    };
    let denied = Effect::Error {
        status: 403,
        code: "AccessDenied".to_owned(),
        message: "Access Denied".to_owned(),
    };
    aws.aws.rule(storing, denied);
    let ran = deployment.run(UP).expect(1);
    says(&ran, &["errored.tfstate", "state push"]);
    let folder = workspace(&deployment.project);
    let errored = folder.join("errored.tfstate");
    assert_eq!(mode(&errored), 0o600);

    aws.aws.clear_rules();
    let plans = deployment.calls("plan");
    let refused = deployment.run(UP).expect(7);
    says(&refused, &["could not store its state", "state push"]);
    assert_eq!(deployment.calls("plan"), plans, "nothing is planned on top");

    // What it says to do.
    let pushed = Command::new(real("AMIABLE_TERRAFORM", "terraform"))
        .args(["state", "push", "errored.tfstate"])
        .current_dir(&folder)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&pushed.stderr);
    assert!(pushed.status.success(), "{complaint}");
    fs::remove_file(errored).unwrap();
    let ran = deployment.run(UP).expect(0);
    says(&ran, &["no changes"]);
}

/// Where Terraform runs.
fn workspace(project: &Project) -> PathBuf {
    let found = walkdir::WalkDir::new(project.path(".amiable/work"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .find(|path| path.is_dir() && path.ends_with("infra"));
    found.expect("a workspace")
}

#[test]
fn a_plan_that_became_stale_is_not_applied() {
    let deployment = Deployment::new(LOCAL);
    deployment.run(UP).expect(0);
    let state = deployment.local_state();
    deployment.instead_of_terraform(&format!(
        "case \"$1\" in apply) sed -i 's/\"serial\": [0-9]*/\"serial\": 99/' '{}' ;; esac",
        state.display()
    ));
    deployment.set_root("second");
    let ran = deployment.run(UP).expect(1);
    says(
        &ran,
        &[
            "the state changed after the plan was made",
            "a new plan will be shown",
        ],
    );
    let kept = fs::read_to_string(&state).unwrap();
    assert!(
        kept.contains("\"first\"") && !kept.contains("\"second\""),
        "{kept}"
    );

    deployment.instead_of_terraform("");
    deployment.run(UP).expect(0);
}

#[test]
fn a_plan_that_somebody_exchanged_is_not_applied() {
    let deployment = Deployment::new(LOCAL);
    deployment.run(UP).expect(0);
    // Another plan, as complete and as fresh, that would destroy everything.
    deployment.instead_of_terraform(
        "if [ \"$1\" = show ]; then\n\
           \"$REAL\" \"$@\"\n\
           for plan; do :; done\n\
           exec \"$REAL\" plan -destroy -out=\"$plan\" >&2\n\
         fi",
    );
    deployment.set_root("second");
    let ran = deployment.run(UP).expect(7);
    says(
        &ran,
        &["is not the one that was shown", "nothing was applied"],
    );
    assert_eq!(deployment.calls("apply"), 1, "the first run's");
    let kept = fs::read_to_string(deployment.local_state()).unwrap();
    assert!(kept.contains("\"first\""), "{kept}");
}

#[test]
fn a_backend_that_is_gone_is_named() {
    let aws = standalone();
    let deployment = Deployment::remote(&aws);
    deployment.run(UP).expect(0);
    deployment.s3(
        &aws,
        &[
            "delete-object",
            "--bucket",
            "states",
            "--key",
            "web.tfstate",
        ],
    );
    deployment.s3(&aws, &["delete-bucket", "--bucket", "states"]);
    deployment.set_root("second");
    let ran = deployment.run(UP).expect(1);
    says(
        &ran,
        &[
            "the bucket of the state's backend is gone",
            "`backend` block",
        ],
    );
    assert_eq!(deployment.calls("apply"), 1, "the first run's");
}

#[test]
fn an_empty_object_in_the_place_of_the_state_is_an_accident() {
    let aws = standalone();
    let deployment = Deployment::remote(&aws);
    deployment.run(UP).expect(0);
    deployment.s3(
        &aws,
        &["put-object", "--bucket", "states", "--key", "web.tfstate"],
    );
    let ran = deployment.run(UP).expect(7);
    says(&ran, &["s3://states/web.tfstate", "is empty", "version"]);
    assert_eq!(deployment.calls("apply"), 1, "the first run's");
}

#[test]
fn a_state_that_is_cut_off_is_an_accident() {
    let deployment = Deployment::new(LOCAL);
    deployment.run(UP).expect(0);
    let state = deployment.local_state();
    let whole = fs::read_to_string(&state).unwrap();
    let cut = |path: &Path| fs::write(path, &whole[..whole.len() / 2]).unwrap();
    cut(&state);
    let ran = deployment.run(UP).expect(1);
    says(&ran, &["the Terraform state cannot be read", ".backup"]);
    assert_eq!(deployment.calls("apply"), 1, "the first run's");
}
