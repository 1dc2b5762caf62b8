//! Runs as scripts of events, with fixed times and ids: one for every way a run can end.

use amiable::{
    events::{
        Action, Activity, BuildReason, Event, Happening, ImageDecision, ImageOrigin, ImageOutcome,
        Level, Operation, Output, OutputValue, PlannedChange, PlannedChanges, Removal,
        RemovalResult, ResourceOutcome, ResourceResult, RunResult, RunStart, Signal, Step,
        StepFailure, StepResult, Thing, ThingKind, Warning,
    },
    run_id::RunId,
};
use camino::Utf8PathBuf;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Folder of the run in every script.
pub const FOLDER: &str = ".amiable/runs/20260301-120000-0a1b2c";

/// A script under its name.
pub type Named = (&'static str, fn() -> Vec<Event>);

/// All scripts.
pub const ALL: [Named; 18] = [
    ("first_deploy", first_deploy),
    ("reuse", reuse),
    ("failed_build", failed_build_events),
    ("failed_apply", failed_apply),
    ("interrupted", interrupted),
    ("declined", declined),
    ("refused", refused),
    ("degraded", degraded),
    ("unverified", unverified),
    ("check_failed", check_failed),
    ("no_images", no_images),
    ("no_terraform", no_terraform),
    ("plan_only", plan_only),
    ("destroy", destroy),
    ("hostile", hostile),
    ("rollback", rollback),
    ("kept", kept),
    ("image_prune", image_prune),
];

struct Script {
    at: Timestamp,
    events: Vec<Event>,
}

impl Script {
    fn new(operation: Operation, steps: &[Step]) -> Self {
        let at: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let mut script = Script {
            at,
            events: Vec::new(),
        };
        script.now(Happening::RunStarted(RunStart {
            run: RunId::parse("20260301-120000-0a1b2c").unwrap(),
            operation,
            stack: "dashboard".into(),
            environment: "sandbox".into(),
            region: "us-east-1".into(),
            steps: steps.to_vec(),
            folder: Utf8PathBuf::from(FOLDER),
            git_commit: Some("4f0c9d2".into()),
            git_branch: Some("main".into()),
            git_dirty: true,
        }));
        script
    }

    /// Something happens at once.
    fn now(&mut self, what: Happening) -> &mut Self {
        self.events.push(Event { at: self.at, what });
        self
    }

    /// Something happens `milliseconds` later.
    fn after(&mut self, milliseconds: i64, what: Happening) -> &mut Self {
        self.at += SignedDuration::from_millis(milliseconds);
        self.now(what)
    }

    fn start(&mut self, step: &Step) -> &mut Self {
        self.now(Happening::StepStarted { step: step.clone() })
    }

    fn end(&mut self, milliseconds: i64, step: &Step, result: StepResult) -> &mut Self {
        self.after(
            milliseconds,
            Happening::StepFinished {
                step: step.clone(),
                result,
            },
        )
    }

    fn done(&mut self, milliseconds: i64, step: &Step, summary: &str) -> &mut Self {
        self.end(
            milliseconds,
            step,
            StepResult::Succeeded {
                summary: summary.into(),
            },
        )
    }

    fn skip(&mut self, step: &Step, reason: &str) -> &mut Self {
        self.end(
            0,
            step,
            StepResult::Skipped {
                reason: reason.into(),
            },
        )
    }

    fn not_run(&mut self, steps: &[Step]) -> &mut Self {
        for step in steps {
            self.end(0, step, StepResult::NotRun);
        }
        self
    }

    fn doing(&mut self, milliseconds: i64, step: &Step, what: &str) -> &mut Self {
        let activity = Activity::Doing(what.into());
        self.after(
            milliseconds,
            Happening::Activity {
                step: step.clone(),
                activity,
            },
        )
    }

    fn count(
        &mut self,
        milliseconds: i64,
        step: &Step,
        done: usize,
        total: usize,
        current: &[&str],
    ) -> &mut Self {
        let current = current
            .iter()
            .map(|address| (*address).to_owned())
            .collect();
        let activity = Activity::Count {
            done,
            total,
            current,
        };
        self.after(
            milliseconds,
            Happening::Activity {
                step: step.clone(),
                activity,
            },
        )
    }

    fn log(&mut self, step: &Step, level: Level, line: &str) -> &mut Self {
        self.now(Happening::Log {
            step: step.clone(),
            level,
            line: line.into(),
        })
    }

    fn prepared(&mut self) -> &mut Self {
        self.start(&Step::Preflight)
            .done(420, &Step::Preflight, "packer 1.6.6, terraform 1.11.4")
            .start(&Step::Credentials)
            .now(Happening::CredentialFound {
                name: "aws_db_pass".into(),
                source: "pass: aws/vpc/aws_db_pass".into(),
            })
            .done(130, &Step::Credentials, "1 found")
    }

    fn finish(&mut self, result: RunResult) -> Vec<Event> {
        self.after(20, Happening::RunFinished { result });
        std::mem::take(&mut self.events)
    }
}

fn image_step() -> Step {
    Step::Image("dashboard".into())
}

fn check_step() -> Step {
    Step::Check("front".into())
}

fn up_steps() -> Vec<Step> {
    vec![
        Step::Preflight,
        Step::Credentials,
        image_step(),
        Step::TerraformInit,
        Step::TerraformPlan,
        Step::Approve,
        Step::TerraformApply,
        Step::Rollout,
        check_step(),
        Step::Prune,
    ]
}

fn earlier_run() -> RunId {
    RunId::parse("20260228-090000-c0ffee").unwrap()
}

fn image(origin: ImageOrigin) -> Happening {
    Happening::ImageReady(ImageOutcome {
        image: "dashboard".into(),
        ami: "ami-0f3c2b1a09d8e7f65".into(),
        ami_name: "rescale-dashboard-ami-prod-20260301-120000-0a1b2c".into(),
        region: "us-east-1".into(),
        fingerprint: "b3:5f1e".into(),
        origin,
    })
}

fn change(address: &str, action: Action) -> PlannedChange {
    let name = address.rsplit('.').nth(1).unwrap_or(address);
    PlannedChange {
        address: address.into(),
        resource_type: name.into(),
        action,
        replace_because: Vec::new(),
    }
}

fn creations() -> Vec<PlannedChange> {
    [
        "module.network.aws_vpc.this",
        "module.network.aws_subnet.public[0]",
        "module.network.aws_subnet.public[1]",
        "module.network.aws_subnet.public[2]",
        "module.network.aws_internet_gateway.this",
        "module.network.aws_route_table.public",
        "aws_security_group.front",
        "aws_security_group.database",
        "aws_lb.main",
        "aws_lb_target_group.front",
        "aws_lb_listener.http",
        "aws_launch_template.front",
        "aws_autoscaling_group.front",
        "aws_db_subnet_group.main",
        "aws_db_instance.main",
        "aws_secretsmanager_secret.db",
    ]
    .iter()
    .map(|address| change(address, Action::Create))
    .collect()
}

fn resource(address: &str, action: Action, result: ResourceResult, seconds: u64) -> Happening {
    Happening::ResourceDone(ResourceOutcome {
        address: address.into(),
        action,
        result,
        seconds: Some(seconds),
    })
}

fn plain(name: &str, value: Value) -> Output {
    Output {
        name: name.into(),
        value: OutputValue::Plain(value),
    }
}

fn dashboard_outputs() -> Happening {
    Happening::Outputs(vec![
        plain(
            "dashboard_url",
            json!("http://dashboard-1234.us-east-1.elb.amazonaws.com"),
        ),
        plain("zones", json!(["us-east-1a", "us-east-1b"])),
        Output {
            name: "db_password".into(),
            value: OutputValue::Sensitive,
        },
    ])
}

fn builds(script: &mut Script, reasons: &[BuildReason]) {
    let step = image_step();
    script
        .now(Happening::ImageDecided {
            image: "dashboard".into(),
            decision: ImageDecision::Build {
                reasons: reasons.to_vec(),
            },
        })
        .start(&step)
        .start(&Step::TerraformInit)
        .doing(900, &step, "Creating temporary keypair")
        .doing(1_500, &Step::TerraformInit, "Installing hashicorp/aws")
        .doing(600, &step, "Launching a source AWS instance")
        .done(2_000, &Step::TerraformInit, "hashicorp/aws 3.39.0")
        .doing(8_000, &step, "Waiting for SSH to become available")
        .doing(
            7_000,
            &step,
            "Provisioning with shell script: scripts/install.sh",
        )
        .log(
            &step,
            Level::Info,
            "Get:1 http://deb.debian.org/debian bookworm InRelease",
        )
        .log(&step, Level::Trace, "1772366420,,ui,say,...");
}

fn first_deploy() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    let step = image_step();
    let (plan, apply) = (Step::TerraformPlan, Step::TerraformApply);
    script.prepared();
    builds(&mut script, &[BuildReason::FirstBuild]);
    script
        .doing(
            31_000,
            &step,
            "Creating AMI rescale-dashboard-ami-prod-20260301-120000-0a1b2c",
        )
        .after(
            11_000,
            image(ImageOrigin::Built {
                reasons: vec![BuildReason::FirstBuild],
            }),
        )
        .done(300, &step, "built ami-0f3c2b1a09d8e7f65")
        .start(&plan)
        .after(
            4_200,
            Happening::Planned(PlannedChanges {
                changes: creations(),
                outputs: vec!["dashboard_url".into(), "zones".into(), "db_password".into()],
            }),
        )
        .done(100, &plan, "16 to add, 0 to change, 0 to destroy")
        .skip(&Step::Approve, "the sandbox does not ask")
        .start(&apply)
        .count(500, &apply, 0, 16, &["module.network.aws_vpc.this"]);
    for (index, created) in creations().iter().enumerate() {
        let (milliseconds, seconds) = match created.resource_type.as_str() {
            "aws_lb" => (61_000, 61),
            "aws_db_instance" => (31_000, 31),
            _ => (700, 0),
        };
        script
            .count(10, &apply, index, 16, &[&created.address])
            .after(
                milliseconds,
                resource(
                    &created.address,
                    Action::Create,
                    ResourceResult::Done,
                    seconds,
                ),
            );
    }
    script
        .now(dashboard_outputs())
        .done(600, &apply, "16 added")
        .skip(&Step::Rollout, "the emulator starts no instances")
        .skip(
            &check_step(),
            "the emulator serves nothing behind its load balancers",
        )
        .start(&Step::Prune)
        .done(700, &Step::Prune, "nothing to remove")
        .now(Happening::Summary(
            "dashboard: http://dashboard-1234.us-east-1.elb.amazonaws.com".into(),
        ))
        .now(Happening::Summary("logs:      amiable task logs".into()))
        .finish(RunResult::Succeeded)
}

fn reuses(script: &mut Script) {
    let step = image_step();
    script
        .now(Happening::ImageDecided {
            image: "dashboard".into(),
            decision: ImageDecision::Reuse {
                ami: "ami-0f3c2b1a09d8e7f65".into(),
                built_by: Some(earlier_run()),
            },
        })
        .start(&step)
        .now(image(ImageOrigin::Reused {
            built_by: Some(earlier_run()),
        }))
        .done(
            800,
            &step,
            "ami-0f3c2b1a09d8e7f65, unchanged since 20260228-090000-c0ffee",
        )
        .start(&Step::TerraformInit)
        .done(20, &Step::TerraformInit, "not needed");
}

fn reuse() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    script.prepared();
    reuses(&mut script);
    script
        .start(&Step::TerraformPlan)
        .after(3_100, Happening::Planned(PlannedChanges::default()))
        .done(10, &Step::TerraformPlan, "no changes")
        .skip(&Step::Approve, "no changes")
        .skip(&Step::TerraformApply, "no changes")
        .now(dashboard_outputs())
        .skip(&Step::Rollout, "no changes")
        .skip(
            &check_step(),
            "the emulator serves nothing behind its load balancers",
        )
        .skip(&Step::Prune, "no new image")
        .finish(RunResult::Succeeded)
}

/// A build whose provisioning fails.
pub fn failed_build_events() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    script.prepared();
    builds(
        &mut script,
        &[BuildReason::Changed(
            "packer/dashboard/scripts/install.sh".into(),
        )],
    );
    script
        .now(Happening::Warning {
            step: Some(image_step()),
            warning: Warning {
                text: "Packer left the key pair packer_65e1 behind".into(),
                hint: Some("aws ec2 delete-key-pair --key-name packer_65e1".into()),
            },
        })
        .end(
            12_000,
            &image_step(),
            StepResult::Failed(StepFailure {
                message: "packer ended with exit code 1: a provisioning script failed".into(),
                excerpt: vec![
                    "==> amazon-ebs.dashboard: + apt-get install -y docker-ce".into(),
                    "==> amazon-ebs.dashboard: E: Unable to locate package docker-ce".into(),
                    "==> amazon-ebs.dashboard: Script exited with non-zero exit status: 100."
                        .into(),
                ],
                hints: vec![
                    "see what packer/dashboard/scripts/install.sh did in the full log".into(),
                    "the image of run 20260228-090000-c0ffee is still deployed".into(),
                ],
                log: Some(Utf8PathBuf::from(FOLDER).join("logs/image.dashboard.log")),
            }),
        )
        .not_run(&[
            Step::TerraformPlan,
            Step::Approve,
            Step::TerraformApply,
            Step::Rollout,
            check_step(),
            Step::Prune,
        ])
        .finish(RunResult::Failed)
}

fn planned_update() -> PlannedChanges {
    let mut replaced = change("aws_db_instance.main", Action::Replace);
    replaced.replace_because = vec!["engine_version".into(), "identifier".into()];
    PlannedChanges {
        changes: vec![
            change("aws_launch_template.front", Action::Update),
            change("aws_cloudwatch_log_group.front", Action::Create),
            change("aws_eip.nat", Action::Destroy),
            replaced,
            change("data.aws_ami.base", Action::Read),
        ],
        outputs: vec!["dashboard_url".into()],
    }
}

fn failed_apply() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    let apply = Step::TerraformApply;
    script.prepared();
    reuses(&mut script);
    script
        .start(&Step::TerraformPlan)
        .after(3_100, Happening::Planned(planned_update()))
        .done(
            10,
            &Step::TerraformPlan,
            "2 to add, 1 to change, 2 to destroy",
        )
        .start(&Step::Approve)
        .now(Happening::ApprovalAsked(planned_update()))
        .after(9_000, Happening::ApprovalAnswered { approved: true })
        .done(10, &Step::Approve, "by you")
        .start(&apply)
        .count(400, &apply, 1, 5, &["aws_db_instance.main", "aws_eip.nat"])
        .after(
            900,
            resource("aws_eip.nat", Action::Destroy, ResourceResult::Done, 1),
        )
        .after(
            31_000,
            resource(
                "aws_db_instance.main",
                Action::Destroy,
                ResourceResult::Failed,
                31,
            ),
        )
        .after(
            1_000,
            Happening::ResourceDone(ResourceOutcome {
                address: "aws_launch_template.front".into(),
                action: Action::Update,
                result: ResourceResult::Unknown,
                seconds: None,
            }),
        )
        .now(Happening::UnknownLines {
            step: apply.clone(),
            count: 2,
        })
        .end(
            300,
            &apply,
            StepResult::Failed(StepFailure {
                message: "terraform ended with exit code 1".into(),
                excerpt: vec![
                    "Error: deleting RDS DB Instance (main): DBSnapshotAlreadyExists".into(),
                    "  with aws_db_instance.main,".into(),
                    "  on main.tf line 88, in resource \"aws_db_instance\" \"main\":".into(),
                ],
                hints: vec!["remove the snapshot `main-final` or rename it, then rerun".into()],
                log: None,
            }),
        )
        .not_run(&[Step::Rollout, check_step(), Step::Prune])
        .finish(RunResult::Failed)
}

fn interrupted() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    let apply = Step::TerraformApply;
    script.prepared();
    reuses(&mut script);
    script
        .start(&Step::TerraformPlan)
        .after(
            4_200,
            Happening::Planned(PlannedChanges {
                changes: creations(),
                outputs: Vec::new(),
            }),
        )
        .done(
            100,
            &Step::TerraformPlan,
            "16 to add, 0 to change, 0 to destroy",
        )
        .start(&Step::Approve)
        .done(0, &Step::Approve, "by --yes")
        .start(&apply)
        .after(
            900,
            resource(
                "module.network.aws_vpc.this",
                Action::Create,
                ResourceResult::Done,
                1,
            ),
        )
        .count(100, &apply, 1, 16, &["aws_lb.main", "aws_db_instance.main"])
        .after(
            5_000,
            Happening::Interrupting {
                signal: Signal::Interrupt,
                request: 1,
                waiting_for: vec!["terraform.apply: aws_lb.main, aws_db_instance.main".into()],
                asked: false,
            },
        )
        .after(
            22_000,
            resource("aws_lb.main", Action::Create, ResourceResult::Done, 27),
        )
        .after(
            3_000,
            Happening::Interrupting {
                signal: Signal::Interrupt,
                request: 2,
                waiting_for: vec!["terraform.apply: aws_db_instance.main".into()],
                asked: false,
            },
        )
        .now(Happening::ResourceDone(ResourceOutcome {
            address: "aws_db_instance.main".into(),
            action: Action::Create,
            result: ResourceResult::Unknown,
            seconds: None,
        }))
        .end(
            400,
            &apply,
            StepResult::Interrupted {
                pending: vec!["aws_db_instance.main".into()],
            },
        )
        .not_run(&[Step::Rollout, check_step(), Step::Prune])
        .finish(RunResult::Interrupted)
}

fn declined() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    script.prepared();
    reuses(&mut script);
    script
        .start(&Step::TerraformPlan)
        .after(3_100, Happening::Planned(planned_update()))
        .done(
            10,
            &Step::TerraformPlan,
            "2 to add, 1 to change, 2 to destroy",
        )
        .start(&Step::Approve)
        .now(Happening::ApprovalAsked(planned_update()))
        .after(15_000, Happening::ApprovalAnswered { approved: false })
        .end(
            10,
            &Step::Approve,
            StepResult::Failed(StepFailure {
                message: "you did not approve; nothing was changed".into(),
                excerpt: Vec::new(),
                hints: Vec::new(),
                log: None,
            }),
        )
        .not_run(&[
            Step::TerraformApply,
            Step::Rollout,
            check_step(),
            Step::Prune,
        ])
        .finish(RunResult::Declined)
}

fn refused() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    script.prepared();
    reuses(&mut script);
    script
        .start(&Step::TerraformPlan)
        .after(3_100, Happening::Planned(planned_update()))
        .end(
            10,
            &Step::TerraformPlan,
            StepResult::Failed(StepFailure {
                message: "the plan would destroy data: aws_db_instance.main".into(),
                excerpt: Vec::new(),
                hints: vec!["allow it with --allow-destroy aws_db_instance.main".into()],
                log: None,
            }),
        )
        .not_run(&[
            Step::Approve,
            Step::TerraformApply,
            Step::Rollout,
            check_step(),
            Step::Prune,
        ])
        .finish(RunResult::Refused)
}

fn degraded() -> Vec<Event> {
    let mut script = Script::new(Operation::Up, &up_steps());
    let step = image_step();
    script
        .prepared()
        .now(Happening::ImageDecided {
            image: "dashboard".into(),
            decision: ImageDecision::Build {
                reasons: vec![
                    BuildReason::Forced,
                    BuildReason::VariablesChanged,
                    BuildReason::SourceAmiChanged {
                        from: Some("ami-0aaa".into()),
                        to: "ami-0bbb".into(),
                    },
                    BuildReason::PackerChanged {
                        from: None,
                        to: "1.7".into(),
                    },
                    BuildReason::Added("infra/dashboard/app/new.py".into()),
                    BuildReason::Removed("infra/dashboard/app/old.py".into()),
                    BuildReason::FilesRemoved(2),
                    BuildReason::DetailsUnknown,
                    BuildReason::NotProvisioned,
                ],
            },
        })
        .start(&step)
        .now(image(ImageOrigin::NotProvisioned))
        .end(
            1_400,
            &step,
            StepResult::Degraded {
                summary: "ami-0f3c2b1a09d8e7f65, not provisioned".into(),
            },
        )
        .start(&Step::TerraformInit)
        .done(20, &Step::TerraformInit, "not needed")
        .start(&Step::TerraformPlan)
        .after(3_100, Happening::Planned(PlannedChanges::default()))
        .done(10, &Step::TerraformPlan, "no changes")
        .skip(&Step::Approve, "no changes")
        .skip(&Step::TerraformApply, "no changes")
        .skip(&Step::Rollout, "no changes")
        .skip(
            &check_step(),
            "the emulator serves nothing behind its load balancers",
        )
        .skip(&Step::Prune, "the new image is not provisioned")
        .now(Happening::Warning {
            step: None,
            warning: Warning {
                text: "the disk is nearly full: 120 MB left".into(),
                hint: None,
            },
        })
        .finish(RunResult::Degraded)
}

fn unverified() -> Vec<Event> {
    let steps = [Step::Preflight, Step::TerraformPlan, Step::TerraformApply];
    let mut script = Script::new(Operation::Up, &steps);
    let apply = Step::TerraformApply;
    let mut moved = change("aws_s3_bucket.old", Action::Forget);
    moved.resource_type = "aws_s3_bucket".into();
    script
        .start(&Step::Preflight)
        .done(400, &Step::Preflight, "")
        .start(&Step::TerraformPlan)
        .after(
            2_000,
            Happening::Planned(PlannedChanges {
                changes: vec![change("aws_vpc.main", Action::Update), moved],
                outputs: Vec::new(),
            }),
        )
        .done(
            10,
            &Step::TerraformPlan,
            "0 to add, 1 to change, 0 to destroy",
        )
        .start(&apply)
        .after(
            900,
            resource("aws_vpc.main", Action::Update, ResourceResult::Done, 1),
        )
        .end(
            100,
            &apply,
            StepResult::Unverified {
                summary: "terraform ended well but never said what it did in all".into(),
            },
        )
        .finish(RunResult::Unverified)
}

fn check_failed() -> Vec<Event> {
    let steps = [
        Step::Preflight,
        check_step(),
        Step::Task("trigger-pipeline".into()),
    ];
    let mut script = Script::new(Operation::Up, &steps);
    script
        .start(&Step::Preflight)
        .done(400, &Step::Preflight, "")
        .start(&check_step())
        .doing(
            1_000,
            &check_step(),
            "GET http://front.example.org/ answered 503",
        )
        .end(
            300_000,
            &check_step(),
            StepResult::Failed(StepFailure {
                message: "http://front.example.org/ never contained \"hardware\" in 5m00s".into(),
                excerpt: vec!["HTTP/1.1 503 Service Unavailable".into()],
                hints: Vec::new(),
                log: None,
            }),
        )
        .finish(RunResult::CheckFailed)
}

fn no_images() -> Vec<Event> {
    let steps = [
        Step::Preflight,
        Step::Credentials,
        Step::TerraformInit,
        Step::TerraformPlan,
        Step::TerraformApply,
    ];
    let mut script = Script::new(Operation::Up, &steps);
    script
        .prepared()
        .start(&Step::TerraformInit)
        .done(3_000, &Step::TerraformInit, "hashicorp/aws 3.39.0")
        .start(&Step::TerraformPlan)
        .after(
            900,
            Happening::Planned(PlannedChanges {
                changes: vec![change("aws_ecs_cluster.main", Action::Create)],
                outputs: Vec::new(),
            }),
        )
        .done(
            10,
            &Step::TerraformPlan,
            "1 to add, 0 to change, 0 to destroy",
        )
        .start(&Step::TerraformApply)
        .after(
            10_000,
            resource(
                "aws_ecs_cluster.main",
                Action::Create,
                ResourceResult::Done,
                10,
            ),
        )
        .now(Happening::Outputs(Vec::new()))
        .done(20, &Step::TerraformApply, "1 added")
        .finish(RunResult::Succeeded)
}

fn no_terraform() -> Vec<Event> {
    let (front, back) = (Step::Image("front".into()), Step::Image("back".into()));
    let steps = [
        Step::Preflight,
        Step::Credentials,
        front.clone(),
        back.clone(),
    ];
    let mut script = Script::new(Operation::ImageBuild, &steps);
    let ready = |image: &str, ami: &str| {
        Happening::ImageReady(ImageOutcome {
            image: image.into(),
            ami: ami.into(),
            ami_name: format!("{image}-20260301-120000-0a1b2c"),
            region: "us-east-1".into(),
            fingerprint: "b3:77".into(),
            origin: ImageOrigin::Built {
                reasons: vec![BuildReason::Forced],
            },
        })
    };
    script
        .prepared()
        .start(&front)
        .start(&back)
        .doing(2_000, &front, "Waiting for SSH to become available")
        .doing(100, &back, "Waiting for SSH to become available")
        .doing(
            9_000,
            &front,
            "Provisioning with shell script: scripts/install.sh",
        )
        .after(20_000, ready("back", "ami-0bac"))
        .done(10, &back, "built ami-0bac")
        .after(5_000, ready("front", "ami-0f20"))
        .done(10, &front, "built ami-0f20")
        .finish(RunResult::Succeeded)
}

fn plan_only() -> Vec<Event> {
    let steps = [
        Step::Preflight,
        Step::Credentials,
        image_step(),
        Step::TerraformInit,
        Step::TerraformPlan,
    ];
    let mut script = Script::new(Operation::Plan, &steps);
    script
        .prepared()
        .now(Happening::ImageDecided {
            image: "dashboard".into(),
            decision: ImageDecision::Build {
                reasons: vec![BuildReason::Changed(
                    "packer/dashboard/scripts/install.sh".into(),
                )],
            },
        })
        .start(&image_step())
        .done(700, &image_step(), "to build")
        .start(&Step::TerraformInit)
        .done(20, &Step::TerraformInit, "not needed")
        .start(&Step::TerraformPlan)
        .after(3_100, Happening::Planned(planned_update()))
        .done(
            10,
            &Step::TerraformPlan,
            "2 to add, 1 to change, 2 to destroy",
        )
        .finish(RunResult::Succeeded)
}

fn destroy() -> Vec<Event> {
    let steps = [
        Step::Preflight,
        Step::Credentials,
        Step::TerraformInit,
        Step::TerraformPlan,
        Step::Approve,
        Step::TerraformApply,
    ];
    let mut script = Script::new(Operation::Destroy, &steps);
    let (apply, mut doomed) = (Step::TerraformApply, creations());
    doomed.truncate(3);
    for change in &mut doomed {
        change.action = Action::Destroy;
    }
    script
        .prepared()
        .start(&Step::TerraformInit)
        .done(20, &Step::TerraformInit, "not needed")
        .start(&Step::TerraformPlan)
        .after(
            3_100,
            Happening::Planned(PlannedChanges {
                changes: doomed.clone(),
                outputs: Vec::new(),
            }),
        )
        .done(
            10,
            &Step::TerraformPlan,
            "0 to add, 0 to change, 3 to destroy",
        )
        .start(&Step::Approve)
        .done(4_000, &Step::Approve, "approved")
        .start(&apply);
    for change in doomed.iter().rev() {
        let outcome = resource(&change.address, Action::Destroy, ResourceResult::Done, 1);
        script.after(1_000, outcome);
    }
    script
        .done(200, &apply, "3 destroyed")
        .finish(RunResult::Succeeded)
}

/// Values that try to get out of where they are shown.
pub const HOSTILE: &str = "<script>alert(1)</script> [x](javascript:y) `a` | **b** \
                           \u{1b}[2J\u{1b}]0;t\u{7}\u{9b}1A\u{202e}txt.exe\u{200b}\r\n# @all http://evil.example";

fn hostile() -> Vec<Event> {
    let step = Step::Image(HOSTILE.into());
    let mut script = Script::new(Operation::Up, &[step.clone(), Step::TerraformApply]);
    let mut replaced = change("aws_x.y", Action::Replace);
    replaced.address = format!("aws_x.y[\"{HOSTILE}\"]");
    replaced.replace_because = vec![HOSTILE.into()];
    let reasons = vec![BuildReason::Changed(HOSTILE.into())];
    let start = script.events.first_mut().unwrap();
    if let Happening::RunStarted(start) = &mut start.what {
        start.stack = HOSTILE.into();
        start.environment = HOSTILE.into();
        start.region = HOSTILE.into();
        start.git_commit = Some(HOSTILE.into());
        start.git_branch = Some(HOSTILE.into());
    }
    script
        .now(Happening::CredentialFound {
            name: HOSTILE.into(),
            source: HOSTILE.into(),
        })
        .now(Happening::ImageDecided {
            image: HOSTILE.into(),
            decision: ImageDecision::Build {
                reasons: reasons.clone(),
            },
        })
        .start(&step)
        .doing(10_000, &step, HOSTILE)
        .log(&step, Level::Error, HOSTILE)
        .now(Happening::ImageReady(ImageOutcome {
            image: HOSTILE.into(),
            ami: HOSTILE.into(),
            ami_name: HOSTILE.into(),
            region: HOSTILE.into(),
            fingerprint: HOSTILE.into(),
            origin: ImageOrigin::Built { reasons },
        }))
        .done(10_000, &step, HOSTILE)
        .start(&Step::TerraformApply)
        .now(Happening::Planned(PlannedChanges {
            changes: vec![replaced.clone()],
            outputs: vec![HOSTILE.into()],
        }))
        .count(10, &Step::TerraformApply, 0, 1, &[HOSTILE])
        .now(Happening::ResourceDone(ResourceOutcome {
            address: replaced.address.clone(),
            action: Action::Replace,
            result: ResourceResult::Failed,
            seconds: Some(1),
        }))
        .now(Happening::Outputs(vec![
            plain(HOSTILE, json!(HOSTILE)),
            plain("nested", json!({ HOSTILE: [HOSTILE] })),
            plain("not_a_link", json!("javascript:alert(1)")),
            plain("also_not", json!("http://a@evil.example/<b>")),
        ]))
        .now(Happening::Summary(HOSTILE.into()))
        .now(Happening::Summary("# not a heading".into()))
        .now(Happening::Warning {
            step: Some(step.clone()),
            warning: Warning {
                text: HOSTILE.into(),
                hint: Some(HOSTILE.into()),
            },
        })
        .now(Happening::Interrupting {
            signal: Signal::HangUp,
            request: 1,
            waiting_for: vec![HOSTILE.into()],
            asked: false,
        })
        .end(
            5_000,
            &Step::TerraformApply,
            StepResult::Failed(StepFailure {
                message: HOSTILE.into(),
                excerpt: vec![HOSTILE.into(), "````".into()],
                hints: vec![HOSTILE.into(), HOSTILE.into()],
                log: Some(Utf8PathBuf::from(FOLDER).join(HOSTILE)),
            }),
        )
        .finish(RunResult::Failed)
}

/// The first events of `first_deploy`, up to the middle of the build: the driver died there.
pub fn cut_short() -> Vec<Event> {
    let init_ends = |event: &Event| matches!(&event.what, Happening::StepFinished { step, .. } if *step == Step::TerraformInit);
    let events = first_deploy();
    events
        .into_iter()
        .take_while(|event| !init_ends(event))
        .collect()
}

/// Two images: one goes back, the other stays; the next run is not to be taken by surprise.
fn rollback() -> Vec<Event> {
    let other = Step::Image("database".into());
    let steps = [
        Step::Preflight,
        Step::Credentials,
        image_step(),
        other.clone(),
        Step::TerraformInit,
        Step::TerraformPlan,
        Step::Approve,
        Step::TerraformApply,
        Step::Deployed,
    ];
    let mut script = Script::new(Operation::ImageRollback, &steps);
    let planned = PlannedChanges {
        changes: vec![change("aws_launch_template.front", Action::Update)],
        outputs: vec![],
    };
    let stays = Happening::ImageReady(ImageOutcome {
        image: "database".into(),
        ami: "ami-0aaaaaaaaaaaaaaaa".into(),
        ami_name: "database-20260228-090000-c0ffee".into(),
        region: "us-east-1".into(),
        fingerprint: "b3:0d0d".into(),
        origin: ImageOrigin::Kept,
    });
    script
        .prepared()
        .start(&image_step())
        .now(Happening::ImageDecided {
            image: "dashboard".into(),
            decision: ImageDecision::RollBack {
                ami: "ami-0f3c2b1a09d8e7f65".into(),
                from: Some("ami-0bbbbbbbbbbbbbbbb".into()),
            },
        })
        .now(image(ImageOrigin::RolledBack))
        .done(
            800,
            &image_step(),
            "ami-0f3c2b1a09d8e7f65 again, instead of ami-0bbbbbbbbbbbbbbbb",
        )
        .start(&other)
        .now(Happening::ImageDecided {
            image: "database".into(),
            decision: ImageDecision::RollBack {
                ami: "ami-0aaaaaaaaaaaaaaaa".into(),
                from: None,
            },
        })
        .now(stays)
        .done(10, &other, "ami-0aaaaaaaaaaaaaaaa stays")
        .start(&Step::TerraformInit)
        .done(20, &Step::TerraformInit, "not needed")
        .start(&Step::TerraformPlan)
        .after(2_000, Happening::Planned(planned))
        .done(
            10,
            &Step::TerraformPlan,
            "0 to add, 1 to change, 0 to destroy",
        )
        .done(0, &Step::Approve, "by --yes")
        .start(&Step::TerraformApply)
        .now(Happening::ResourceDone(ResourceOutcome {
            address: "aws_launch_template.front".into(),
            action: Action::Update,
            result: ResourceResult::Done,
            seconds: Some(1),
        }))
        .now(dashboard_outputs())
        .done(
            1_500,
            &Step::TerraformApply,
            "0 added, 1 changed, 0 destroyed",
        )
        .start(&Step::Deployed)
        .done(
            900,
            &Step::Deployed,
            "ami-0aaaaaaaaaaaaaaaa, ami-0f3c2b1a09d8e7f65",
        )
        .finish(RunResult::Succeeded)
}

/// After a rollback: the image that has not changed since is not deployed again.
fn kept() -> Vec<Event> {
    let mut script = Script::new(Operation::Plan, &up_steps()[..5]);
    script
        .prepared()
        .start(&image_step())
        .now(Happening::ImageDecided {
            image: "dashboard".into(),
            decision: ImageDecision::Keep {
                ami: "ami-0f3c2b1a09d8e7f65".into(),
                instead_of: "ami-0bbbbbbbbbbbbbbbb".into(),
                rolled_back_by: Some(earlier_run()),
            },
        })
        .now(image(ImageOrigin::Kept))
        .done(
            800,
            &image_step(),
            "ami-0f3c2b1a09d8e7f65 kept: 20260228-090000-c0ffee rolled back from \
             ami-0bbbbbbbbbbbbbbbb (unchanged since); `up --undo-rollback` deploys it again",
        )
        .start(&Step::TerraformInit)
        .done(20, &Step::TerraformInit, "not needed")
        .start(&Step::TerraformPlan)
        .after(2_000, Happening::Planned(PlannedChanges::default()))
        .done(10, &Step::TerraformPlan, "no changes")
        .finish(RunResult::Succeeded)
}

/// One removed, one that somebody else had removed, one in use, one that AWS did not let go.
fn image_prune() -> Vec<Event> {
    let steps = [
        Step::Preflight,
        Step::Credentials,
        Step::Approve,
        Step::Prune,
    ];
    let mut script = Script::new(Operation::ImagePrune, &steps);
    let removal = |kind: ThingKind, id: &str, result: RemovalResult| Removal {
        thing: Thing {
            kind,
            id: id.into(),
            name: Some("web-front-20260201-080000-c0ffee".into()),
            region: "us-east-1".into(),
            run: RunId::parse("20260201-080000-c0ffee"),
        },
        result,
    };
    let used = RemovalResult::Stays {
        because: "used by launch template web-lt (version 3, $Latest)".into(),
    };
    let denied = RemovalResult::Failed {
        because: "An error occurred (UnauthorizedOperation) when calling DeleteSnapshot".into(),
    };
    let proposed = vec![
        removal(ThingKind::Ami, "ami-0001", RemovalResult::Proposed),
        removal(ThingKind::Snapshot, "snap-0001", RemovalResult::Proposed),
        removal(ThingKind::Snapshot, "snap-0002", RemovalResult::Proposed),
        removal(ThingKind::Ami, "ami-0003", used),
    ];
    script
        .prepared()
        .start(&Step::Approve)
        .after(
            2_000,
            Happening::RemovalsProposed {
                removals: proposed,
                asked: true,
            },
        )
        .after(4_000, Happening::ApprovalAnswered { approved: true })
        .done(0, &Step::Approve, "by you")
        .start(&Step::Prune)
        .after(
            900,
            Happening::RemovalDone(removal(ThingKind::Ami, "ami-0001", RemovalResult::Removed)),
        )
        .after(
            900,
            Happening::RemovalDone(removal(
                ThingKind::Snapshot,
                "snap-0001",
                RemovalResult::Gone,
            )),
        )
        .after(
            900,
            Happening::RemovalDone(removal(ThingKind::Snapshot, "snap-0002", denied)),
        )
        .end(
            0,
            &Step::Prune,
            StepResult::Degraded {
                summary: "1 AMI, 1 snapshot removed; left behind: snap-0002".into(),
            },
        )
        .finish(RunResult::Degraded)
}
