//! Builds whose Packer or driver did not live to tell of the AMI.

use std::fs;

use super::project::{Project, outcome, tag, text};

impl Project {
    /// Takes the tags of all own AMIs away, which Packer sets last.
    fn untag(&self) {
        for ami in self.amis() {
            let id = text(&ami["ImageId"]);
            let tags = ami["Tags"].as_array().unwrap();
            let keys: Vec<String> = tags
                .iter()
                .map(|tag| format!("Key={}", text(&tag["Key"])))
                .collect();
            let mut arguments = vec!["ec2", "delete-tags", "--resources", &id, "--tags"];
            arguments.extend(keys.iter().map(String::as_str));
            self.aws(&arguments);
        }
    }

    fn ids(&self) -> Vec<String> {
        self.amis()
            .iter()
            .map(|ami| text(&ami["ImageId"]))
            .collect()
    }
}

const UP: [&str; 4] = ["up", "--only", "images", "--json"];

fn build() -> Vec<&'static str> {
    [&UP[..], &["--no-provision"]].concat()
}

#[test]
fn an_image_that_a_failed_packer_left_is_used() {
    let project = Project::with("");
    project.instead_of_packer_build("\"$REAL\" \"$@\" >\"$KEEP/out\" 2>&1\nrm -f \"$KEEP\"/.amiable/runs/*/packer-manifest-*\nprintf '1,,ui,say,==> amazon-ebs.web: Creating AMI web from instance i-1\\n1,,ui,error,the network is gone\\n'\nexit 1");
    let report = project.amiable(&build()).report(11);
    assert_eq!(report["result"], "degraded");
    let step = report["steps"].to_string();
    assert!(project.ids().contains(&outcome(&report)), "{step}");
}

#[test]
fn an_image_whose_packer_and_driver_were_killed_is_taken_up_by_the_next_run() {
    let project = Project::with("");
    // The reply to CreateImage came, and then both were gone: no tags, no artifact.
    project
        .instead_of_packer_build("\"$REAL\" \"$@\" >\"$KEEP/out\" 2>&1\nkill -KILL $PPID\nexit 1");
    let killed = project.amiable(&build());
    assert_eq!(killed.code, None, "{}", killed.stderr);
    project.untag();
    let left = project.ids();
    assert_eq!(left.len(), 1);

    fs::remove_file(project.path("packer.sh")).unwrap();
    let plan = project.amiable(&["plan", "--no-provision"]);
    assert!(
        plan.stderr.contains("an interrupted build left it"),
        "{}",
        plan.stderr
    );
    let ran = project.amiable(&build());
    let report = ran.report(0);
    assert_eq!(outcome(&report), left[0], "nothing is built a second time");
    assert!(
        ran.stderr.contains("which was interrupted"),
        "{}",
        ran.stderr
    );
    let ami = &project.amis()[0];
    assert_eq!(tag(ami, "amiable:image").as_deref(), Some("web"));
    assert_eq!(tag(ami, "Motd").as_deref(), Some("one."));

    project.configure("", "two");
    let report = project.amiable(&build()).report(0);
    assert_ne!(
        outcome(&report),
        left[0],
        "another content is another image"
    );
}

#[test]
fn an_image_that_only_packer_could_finish_is_set_aside_and_swept() {
    let project = Project::with("");
    let template = fs::read_to_string(project.path("packer/web.pkr.hcl")).unwrap();
    let shared = template.replacen(
        "communicator ",
        "ami_users     = [\"123456789012\"]\n  communicator ",
        1,
    );
    project.write("packer/web.pkr.hcl", &shared);
    project
        .instead_of_packer_build("\"$REAL\" \"$@\" >\"$KEEP/out\" 2>&1\nkill -KILL $PPID\nexit 1");
    let killed = project.amiable(&build());
    assert_eq!(killed.code, None, "{}", killed.stderr);
    project.untag();
    let left = project.ids();

    fs::remove_file(project.path("packer.sh")).unwrap();
    let ran = project.amiable(&build());
    let report = ran.report(0);
    assert_ne!(outcome(&report), left[0]);
    assert!(ran.stderr.contains("`ami_users`"), "{}", ran.stderr);

    let swept = project.amiable(&["image", "sweep", "--yes"]);
    assert_eq!(swept.code, Some(0), "{}", swept.stderr);
    assert_eq!(project.ids(), [outcome(&report)], "{}", swept.stderr);
}

#[test]
fn a_build_that_outlives_its_driver_is_waited_for() {
    let project = Project::with("");
    let fifo = project.path("go");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
    )
    .unwrap();
    // It goes on only when the next run is seen waiting for it.
    project.instead_of_packer_build(
        "until grep -q 'child-started\",\"step\":\"image.web' \"$KEEP\"/.amiable/runs/*/journal.jsonl; do sleep 0.05; done\n\
         kill -KILL $PPID\nread -r _ <\"$KEEP/go\"\nexec \"$REAL\" \"$@\"",
    );
    let killed = project.amiable(&build());
    assert_eq!(killed.code, None, "{}", killed.stderr);
    assert!(project.ids().is_empty());

    fs::remove_file(project.path("packer.sh")).unwrap();
    let mut command = project.command(&["up", "--only", "images", "--no-provision", "-vv"]);
    let mut waiting = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = String::new();
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(waiting.stderr.take().unwrap()));
    let mut released = false;
    for line in &mut lines {
        let line = line.unwrap();
        if line.contains("goes on without its driver") && !released {
            fs::write(&fifo, "go\n").unwrap();
            released = true;
        }
        seen.push_str(&line);
        seen.push('\n');
    }
    assert!(waiting.wait().unwrap().success(), "{seen}");
    assert!(released, "{seen}");
    assert_eq!(project.ids().len(), 1, "one build, not two: {seen}");
}
