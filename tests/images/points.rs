//! The AWS requests of a replacement, as places where something can happen.

use std::{collections::BTreeMap, fmt};

use super::{
    project::Project,
    strict_aws::{rules::When, trace::Entry},
};

/// One request of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    service: String,
    action: String,
    /// The how manieth of this action, from 1.
    nth: u64,
    by_id: bool,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.service, self.action, self.nth)
    }
}

impl Point {
    /// This request of the next replacement.
    pub fn when(&self) -> When {
        let when = When {
            service: Some(self.service.clone()),
            actions: vec![self.action.clone()],
            ..When::default()
        };
        when.nth(self.nth)
    }

    pub fn is(&self, action: &str) -> bool {
        self.action == action
    }

    /// Whether it names one AMI by its id.
    pub fn is_look_at_image(&self) -> bool {
        self.is("DescribeImages") && self.by_id
    }

    pub fn changes_something(&self) -> bool {
        let reads = ["Describe", "Get", "List"];
        !reads.iter().any(|reading| self.action.starts_with(reading))
    }
}

/// The requests of a replacement that nothing happens to. Identical ones that follow each other are polls and
/// count once.
pub fn of_replacement(project: &Project) -> Vec<Point> {
    let aws = project.aws();
    let before = aws.count();
    project.set_content("undisturbed");
    let ran = project.replace();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    points(&aws.trace(before))
}

/// Whether `entry` names an AMI by its id.
pub fn names_image(entry: &Entry) -> bool {
    entry.parameters.contains_key("ImageId.1")
}

fn points(trace: &[Entry]) -> Vec<Point> {
    let mut seen: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut points = Vec::new();
    for (index, entry) in trace.iter().enumerate() {
        let nth = seen.entry((&entry.service, &entry.action)).or_default();
        *nth += 1;
        let same = |earlier: &Entry| {
            (&earlier.service, &earlier.action, &earlier.parameters)
                == (&entry.service, &entry.action, &entry.parameters)
        };
        if index == 0 || !same(&trace[index - 1]) {
            points.push(Point {
                service: entry.service.clone(),
                action: entry.action.clone(),
                nth: *nth,
                by_id: names_image(entry),
            });
        }
    }
    points
}

#[test]
fn polls_count_once_and_keep_the_number_of_their_first() {
    let entry = |action: &str, id: &str| Entry {
        number: 0,
        service: "ec2".into(),
        region: "us-east-1".into(),
        action: action.into(),
        parameters: [("ImageId.1".to_owned(), id.to_owned())].into(),
        status: None,
        code: None,
        delivered: true,
    };
    let trace = [
        entry("DescribeImages", "a"),
        entry("DescribeImages", "a"),
        entry("DescribeImages", "b"),
        entry("CreateTags", "b"),
        entry("DescribeImages", "b"),
    ];
    let points: Vec<String> = points(&trace).iter().map(ToString::to_string).collect();
    let expected = [
        "ec2:DescribeImages 1",
        "ec2:DescribeImages 3",
        "ec2:CreateTags 1",
        "ec2:DescribeImages 4",
    ];
    assert_eq!(points, expected);
}
