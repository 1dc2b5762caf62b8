//! What the proxy makes of moto, asked as clients ask.

use std::{net::TcpStream, thread};

use super::strict_aws::{
    client::StrictAws,
    holds::Release,
    moto::{Image, Moto, images},
    process::Standalone,
    rules::{Effect, Side, When},
    strict::Settings,
    xml,
};

const REGION: &str = "us-east-1";
/// One of moto's own public images.
const SOURCE: &str = "ami-785db401";
const AT_ONCE: Settings = Settings {
    unseen: 0,
    pending: 0,
};

/// EC2 as a client sees it: through the proxy.
#[derive(Clone, Copy)]
struct Client(Moto);

impl Client {
    fn of(aws: StrictAws) -> Self {
        Self(Moto { port: aws.port })
    }

    #[track_caller]
    fn ok(self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.0.ask(REGION, action, parameters).unwrap()
    }

    /// The error code of a call that is refused.
    #[track_caller]
    fn refused(self, action: &str, parameters: &[(&str, &str)]) -> String {
        let response = self.0.ec2(REGION, action, parameters).unwrap();
        assert!(
            !response.is_success(),
            "{action} is carried out: {}",
            response.text()
        );
        xml::text(&response.text(), "Code").unwrap()
    }

    fn instance(self) -> String {
        let answer = self.ok(
            "RunInstances",
            &[("ImageId", SOURCE), ("MinCount", "1"), ("MaxCount", "1")],
        );
        xml::text(&answer, "instanceId").unwrap()
    }

    fn create(self, instance: &str, name: &str) -> String {
        let answer = self.ok("CreateImage", &[("InstanceId", instance), ("Name", name)]);
        xml::text(&answer, "imageId").unwrap()
    }

    fn image(self, id: &str) -> Image {
        self.0
            .image(REGION, id)
            .unwrap()
            .expect("a registered image")
    }

    fn listed(self, filters: &[(&str, &str)]) -> Vec<Image> {
        images(&self.ok("DescribeImages", filters))
    }
}

#[test]
fn a_name_is_taken_once_in_a_region_by_whatever_makes_the_image() {
    let server = Standalone::start(AT_ONCE);
    let ec2 = Client::of(server.aws);
    let instance = ec2.instance();
    let first = ec2.create(&instance, "web [1]");

    let copy = [
        ("SourceImageId", first.as_str()),
        ("SourceRegion", REGION),
        ("Name", "web [1]"),
    ];
    let duplicate = "InvalidAMIName.Duplicate";
    assert_eq!(
        ec2.refused(
            "CreateImage",
            &[("InstanceId", &instance), ("Name", "web [1]")]
        ),
        duplicate
    );
    assert_eq!(ec2.refused("CopyImage", &copy), duplicate);
    assert_eq!(
        ec2.refused("RegisterImage", &[("Name", "web [1]")]),
        duplicate
    );
    assert_eq!(ec2.listed(&[("Owner.1", "self")]).len(), 1);

    ec2.0.ask("eu-west-1", "CopyImage", &copy).unwrap();
    ec2.ok("DeregisterImage", &[("ImageId", &first)]);
    ec2.create(&instance, "web [1]");
}

#[test]
fn a_new_image_is_not_found_then_pending_then_available() {
    let server = Standalone::start(Settings {
        unseen: 2,
        pending: 2,
    });
    let ec2 = Client::of(server.aws);
    let instance = ec2.instance();
    let tag = |id| {
        [
            ("ResourceId.1", id),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ]
    };
    let run = |id| [("ImageId", id), ("MinCount", "1"), ("MaxCount", "1")];

    let asked = ec2.create(&instance, "asked");
    assert_eq!(
        ec2.refused("DescribeImages", &[("ImageId.1", &asked)]),
        "InvalidAMIID.NotFound"
    );
    assert_eq!(
        ec2.refused("CreateTags", &tag(&asked)),
        "InvalidAMIID.NotFound"
    );
    ec2.ok("CreateTags", &tag(&asked));
    assert_eq!(
        ec2.refused("RunInstances", &run(&asked)),
        "InvalidAMIID.Unavailable"
    );
    assert_eq!(ec2.image(&asked).state, "pending");
    assert_eq!(ec2.image(&asked).state, "available");
    assert_eq!(ec2.image(&asked).tag("k"), Some("v"));
    ec2.ok("RunInstances", &run(&asked));

    ec2.create(&instance, "listed");
    let own = [
        ("Owner.1", "self"),
        ("Filter.1.Name", "name"),
        ("Filter.1.Value.1", "listed"),
    ];
    let available = [
        own[0],
        own[1],
        own[2],
        ("Filter.2.Name", "state"),
        ("Filter.2.Value.1", "available"),
    ];
    let states = |filters| {
        ec2.listed(filters)
            .into_iter()
            .map(|image| image.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&own), [""; 0]);
    assert_eq!(states(&own), [""; 0]);
    assert_eq!(states(&available), [""; 0]);
    assert_eq!(states(&own), ["pending"]);
    assert_eq!(states(&available), ["available"]);
}

#[test]
fn a_call_with_a_token_is_carried_out_once() {
    let server = Standalone::start(AT_ONCE);
    let ec2 = Client::of(server.aws);
    let run = [
        ("ImageId", SOURCE),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("ClientToken", "t"),
    ];
    let first = ec2.ok("RunInstances", &run);
    assert_eq!(ec2.ok("RunInstances", &run), first);
    let other = [
        ("ImageId", SOURCE),
        ("MinCount", "1"),
        ("MaxCount", "2"),
        ("ClientToken", "t"),
    ];
    assert_eq!(
        ec2.refused("RunInstances", &other),
        "IdempotentParameterMismatch"
    );
    let instances = ec2.ok("DescribeInstances", &[]);
    assert_eq!(instances.matches("<instanceId>").count(), 1);

    let copy = [
        ("SourceImageId", SOURCE),
        ("SourceRegion", REGION),
        ("Name", "copy"),
        ("ClientToken", "t"),
    ];
    let first = ec2.ok("CopyImage", &copy);
    assert_eq!(ec2.ok("CopyImage", &copy), first);
    assert_eq!(ec2.listed(&[("Owner.1", "self")]).len(), 1);
}

#[test]
fn tags_arrive_with_the_call_that_creates() {
    let server = Standalone::start(AT_ONCE);
    let ec2 = Client::of(server.aws);
    let instance = ec2.instance();
    let specified = [
        ("TagSpecification.1.ResourceType", "image"),
        ("TagSpecification.1.Tag.1.Key", "run"),
        ("TagSpecification.1.Tag.1.Value", "a & b"),
        ("TagSpecification.2.ResourceType", "snapshot"),
        ("TagSpecification.2.Tag.1.Key", "of"),
        ("TagSpecification.2.Tag.1.Value", "web"),
    ];
    let id = |answer: String| xml::text(&answer, "imageId").unwrap();
    let with = |fields: &[(&'static str, String)]| {
        let fields: Vec<(&str, String)> = fields
            .iter()
            .cloned()
            .chain(specified.map(|(key, value)| (key, value.to_owned())))
            .collect();
        fields
    };
    let call = |action: &str, fields: &[(&'static str, String)]| {
        let fields = with(fields);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        id(ec2.ok(action, &fields))
    };
    let snapshot_tag = |image: &Image| {
        let answer = ec2.ok(
            "DescribeSnapshots",
            &[("SnapshotId.1", &image.snapshots[0])],
        );
        xml::tags(&answer)
    };
    let of_web = [("of".to_owned(), "web".to_owned())];

    let created = call(
        "CreateImage",
        &[("InstanceId", instance), ("Name", "created".into())],
    );
    let image = ec2.image(&created);
    assert_eq!(image.tag("run"), Some("a & b"));
    assert_eq!(snapshot_tag(&image), of_web);

    ec2.ok(
        "CreateTags",
        &[
            ("ResourceId.1", &created),
            ("Tag.1.Key", "kept"),
            ("Tag.1.Value", "yes"),
        ],
    );
    let source = [
        ("SourceImageId", created.clone()),
        ("SourceRegion", REGION.to_owned()),
    ];
    let [image_id, region] = source.clone();
    let copied = call(
        "CopyImage",
        &[image_id.clone(), region.clone(), ("Name", "plain".into())],
    );
    assert_eq!(
        (
            ec2.image(&copied).tag("run"),
            ec2.image(&copied).tag("kept")
        ),
        (Some("a & b"), None)
    );
    assert_eq!(snapshot_tag(&ec2.image(&copied)), of_web);
    let name = ("Name", "with its tags".to_owned());
    let copied = call(
        "CopyImage",
        &[image_id, region, name, ("CopyImageTags", "true".into())],
    );
    assert_eq!(ec2.image(&copied).tag("kept"), Some("yes"));

    let registered = call("RegisterImage", &[("Name", "registered".into())]);
    assert_eq!(ec2.image(&registered).tag("run"), Some("a & b"));
}

#[test]
fn snapshots_stay_while_a_registered_image_uses_them() {
    let server = Standalone::start(AT_ONCE);
    let ec2 = Client::of(server.aws);
    let created = ec2.create(&ec2.instance(), "created");
    let snapshot = ec2.image(&created).snapshots[0].clone();
    let delete = [("SnapshotId", snapshot.as_str())];
    assert_eq!(
        ec2.refused("DeleteSnapshot", &delete),
        "InvalidSnapshot.InUse"
    );
    ec2.ok("DeregisterImage", &[("ImageId", &created)]);

    let register = |name, snapshot| {
        let device = "BlockDeviceMapping.1.DeviceName";
        [
            ("Name", name),
            (device, "/dev/xvda"),
            ("BlockDeviceMapping.1.Ebs.SnapshotId", snapshot),
        ]
    };
    let back = ec2.ok("RegisterImage", &register("back", &snapshot));
    let back = xml::text(&back, "imageId").unwrap();
    assert_eq!(ec2.image(&back).snapshots, [snapshot.as_str()]);
    assert_eq!(
        ec2.refused("DeleteSnapshot", &delete),
        "InvalidSnapshot.InUse"
    );
    ec2.ok("DeregisterImage", &[("ImageId", &back)]);
    ec2.ok("DeleteSnapshot", &delete);
    assert_eq!(
        ec2.refused("RegisterImage", &register("again", &snapshot)),
        "InvalidSnapshot.NotFound"
    );
}

#[test]
fn a_deregistered_image_is_neither_launched_nor_copied() {
    let server = Standalone::start(AT_ONCE);
    let ec2 = Client::of(server.aws);
    let id = ec2.create(&ec2.instance(), "gone");
    ec2.ok("DeregisterImage", &[("ImageId", &id)]);
    let run = [
        ("ImageId", id.as_str()),
        ("MinCount", "1"),
        ("MaxCount", "1"),
    ];
    assert_eq!(
        ec2.refused("RunInstances", &run),
        "InvalidAMIID.Unavailable"
    );
    let copy = [
        ("SourceImageId", id.as_str()),
        ("SourceRegion", REGION),
        ("Name", "copy"),
    ];
    assert_eq!(ec2.refused("CopyImage", &copy), "InvalidAMIID.NotFound");
}

#[test]
fn moto_itself_filters_by_several_names_and_describes_versions_without_a_template() {
    let server = Standalone::start(AT_ONCE);
    let ec2 = Client::of(server.aws);
    let instance = ec2.instance();
    for name in ["a", "b", "c"] {
        ec2.create(&instance, name);
    }
    let names = [
        ("Owner.1", "self"),
        ("Filter.1.Name", "name"),
        ("Filter.1.Value.1", "a"),
        ("Filter.1.Value.2", "c"),
    ];
    let mut listed: Vec<String> = ec2
        .listed(&names)
        .into_iter()
        .map(|image| image.name)
        .collect();
    listed.sort();
    assert_eq!(listed, ["a", "c"]);

    for (name, image) in [("one", "ami-1"), ("two", "ami-2")] {
        let data = [
            ("LaunchTemplateName", name),
            ("LaunchTemplateData.ImageId", image),
        ];
        ec2.ok("CreateLaunchTemplate", &data);
    }
    let version = [
        ("LaunchTemplateName", "one"),
        ("LaunchTemplateData.ImageId", "ami-3"),
    ];
    ec2.ok("CreateLaunchTemplateVersion", &version);
    let both = [
        ("LaunchTemplateVersion.1", "$Latest"),
        ("LaunchTemplateVersion.2", "$Default"),
    ];
    let answer = ec2.ok("DescribeLaunchTemplateVersions", &both);
    let used: Vec<_> = xml::items_of(&answer, "launchTemplateVersionSet")
        .into_iter()
        .map(|item| xml::text(item, "imageId").unwrap())
        .collect();
    assert_eq!(used, ["ami-3", "ami-1", "ami-2", "ami-2"]);
}

#[test]
fn faults_hit_their_turn_and_the_trace_tells() {
    let server = Standalone::start(AT_ONCE);
    let (aws, ec2) = (server.aws, Client::of(server.aws));
    let instance = ec2.instance();
    let create = |name| {
        ec2.0.ec2(
            REGION,
            "CreateImage",
            &[("InstanceId", &instance), ("Name", name)],
        )
    };
    let before = aws.count();

    aws.rule(When::ec2(&["CreateImage"]).nth(1), Effect::throttled());
    aws.rule(When::ec2(&["CreateImage"]).nth(2), Effect::Drop);
    aws.rule(When::ec2(&["CreateImage"]).nth(3), Effect::LoseReply);
    let answer = Effect::Answer {
        status: 200,
        content_type: "text/plain".into(),
        body: "not XML".into(),
    };
    aws.rule(When::ec2(&["CreateImage"]).nth(4), answer);
    let throttled = create("a").unwrap();
    assert_eq!(throttled.status, 503);
    assert!(
        throttled
            .text()
            .contains("<Code>RequestLimitExceeded</Code>")
    );
    assert!(create("b").is_err());
    assert!(create("c").is_err());
    assert_eq!(create("d").unwrap().text(), "not XML");
    aws.clear_rules();
    create("e").unwrap();

    let mut names: Vec<String> = ec2
        .listed(&[("Owner.1", "self")])
        .into_iter()
        .map(|image| image.name)
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["c", "e"],
        "what was lost on the way back was carried out"
    );
    let trace = aws.trace(before);
    let told: Vec<_> = trace
        .iter()
        .map(|entry| {
            (
                entry.parameters.get("Name").map(String::as_str),
                entry.status,
                entry.code.as_deref(),
                entry.delivered,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("a"), Some(503), Some("RequestLimitExceeded"), true),
            (Some("b"), None, None, false),
            (Some("c"), Some(200), None, false),
            (Some("d"), Some(200), None, true),
            (Some("e"), Some(200), None, true),
            (None, Some(200), None, true),
        ]
    );
    assert_eq!(
        (trace[0].service.as_str(), trace[0].action.as_str()),
        ("ec2", "CreateImage")
    );
}

#[test]
fn a_held_request_waits_for_its_release() {
    let server = Standalone::start(AT_ONCE);
    let (aws, ec2) = (server.aws, Client::of(server.aws));
    let instance = ec2.instance();
    let behind = aws.moto();
    for (side, release, arrives, answered) in [
        (Side::Before, Release::Drop, false, false),
        (Side::Before, Release::Forward, true, false),
        (Side::Before, Release::Answer, true, true),
        (Side::After, Release::Drop, true, false),
        (Side::After, Release::Answer, true, true),
    ] {
        let name = format!("{side:?} {release:?}");
        let images = || {
            behind
                .own_images(REGION)
                .unwrap()
                .into_iter()
                .filter(|image| image.name == name)
                .count()
        };
        let trap = aws.trap(When::ec2(&["CreateImage"]), side);
        thread::scope(|scope| {
            let fields = [("InstanceId", instance.as_str()), ("Name", name.as_str())];
            let client = scope.spawn(move || ec2.0.ec2(REGION, "CreateImage", &fields));
            let number = trap.wait().unwrap();
            assert_eq!(
                images(),
                usize::from(side == Side::After),
                "{name}, while it is held"
            );
            aws.release(number, release);
            assert_eq!(client.join().unwrap().is_ok(), answered, "{name}");
        });
        aws.clear_rules();
        assert_eq!(trap.wait(), None);
        // Released without an answer, it may still be on its way to moto.
        while aws
            .trace(0)
            .iter()
            .any(|entry| entry.parameters.get("Name") == Some(&name) && entry.status.is_none())
            && arrives
        {
            thread::yield_now();
        }
        assert_eq!(images(), usize::from(arrives), "{name}");
    }
}

#[test]
fn moto_ends_with_the_proxy() {
    let server = Standalone::start(AT_ONCE);
    let behind = server.aws.moto().port;
    assert!(TcpStream::connect(("127.0.0.1", behind)).is_ok());
    drop(server);
    while TcpStream::connect(("127.0.0.1", behind)).is_ok() {
        thread::yield_now();
    }
}
