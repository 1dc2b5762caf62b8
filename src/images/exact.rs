//! The one AMI that holds an exact name: which step comes next on the way to the name being held by a copy of
//! the build. Pure.
//!
//! AMI names cannot be changed and are unique in an account and region, so a name passes on by deregistering its
//! holder. Every step is decided from what AWS says at the moment; a run that was killed between two of them is
//! continued by the next one. At every instant a usable AMI of the image is registered: the build, or the old
//! content under another name.

use super::tag;
use crate::tools::aws::images::Ami;

/// What a decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The exact name.
    pub name: &'a str,
    /// The verified build whose content the name shall have.
    pub build: &'a Ami,
    /// The AMIs that have the name or one that begins with it, without those that were deregistered.
    pub seen: &'a [Ami],
    /// Whose image it is.
    pub owner: Owner<'a>,
}

/// Stack, environment and image, as the tags say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    pub stack: &'a str,
    pub environment: &'a str,
    pub image: &'a str,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<'a> {
    /// This AMI holds the name and has the content of the build.
    Done(&'a Ami),
    /// This one is still being made.
    Wait(&'a Ami),
    /// The name is free.
    Copy,
    /// The content of the holder is nowhere else: it is copied to [`kept_name`] first.
    Keep(&'a Ami),
    /// The holder can go: `twin` has its content.
    Release { holder: &'a Ami, twin: &'a Ami },
    /// An AMI that never became usable is in the way.
    Discard(&'a Ami),
    /// The holder belongs to another stack, environment or image, which is named.
    Refuse { holder: &'a Ami, owner: String },
}

/// The AMI whose content `ami` has: the one it is a copy of, or itself.
pub fn content(ami: &Ami) -> &str {
    ami.tag(tag::COPY_OF).unwrap_or(&ami.id)
}

/// The name under which the content of `holder` stays when it has no other. It names the holder and not the run,
/// so that any later run finds it again.
pub fn kept_name(name: &str, holder: &Ami) -> String {
    format!("{name}-before-{}", holder.id)
}

/// Builds before copies, each newest first: what can be reused is a build, and a holder stands for it only when it
/// is gone.
pub fn builds_first(mut existing: Vec<Ami>) -> Vec<Ami> {
    existing.sort_by_key(|ami| ami.tag(tag::COPY_OF).is_some());
    existing
}

/// The AMI that holds `name`, if one does.
pub fn holder<'a>(name: &str, seen: &'a [Ami]) -> Option<&'a Ami> {
    seen.iter().find(|ami| ami.name == name && !ami.is_gone())
}

/// Decides the next step.
pub fn next<'a>(scene: Scene<'a>) -> Next<'a> {
    let Scene {
        name,
        build,
        seen,
        owner,
    } = scene;
    if build.name == name {
        return Next::Done(build);
    }
    let mut holders = seen.iter().filter(|ami| ami.name == name && !ami.is_gone());
    let copy = holders.clone().find(|ami| content(ami) == content(build));
    let Some(holder) = copy.or_else(|| holders.next()) else {
        return Next::Copy;
    };
    if holder.is_pending() {
        return Next::Wait(holder);
    }
    if holder.has_failed() {
        return Next::Discard(holder);
    }
    if copy.is_some() {
        return Next::Done(holder);
    }
    if let Some(owner) = another_owner(holder, owner) {
        return Next::Refuse { holder, owner };
    }
    let build_of_holder = seen
        .iter()
        .find(|ami| ami.id == content(holder) && ami.id != holder.id && ami.is_available());
    if let Some(twin) = build_of_holder {
        return Next::Release { holder, twin };
    }
    let kept = kept_name(name, holder);
    match seen.iter().find(|ami| ami.name == kept && !ami.is_gone()) {
        None => Next::Keep(holder),
        Some(twin) if twin.is_pending() => Next::Wait(twin),
        Some(twin) if twin.has_failed() => Next::Discard(twin),
        Some(twin) => Next::Release { holder, twin },
    }
}

/// Whom `ami` says it belongs to, when that is somebody else.
pub fn another_owner(ami: &Ami, owner: Owner<'_>) -> Option<String> {
    let stack = ami.tag(tag::STACK)?;
    let environment = ami.tag(tag::ENVIRONMENT).unwrap_or_default();
    let image = ami.tag(tag::IMAGE).unwrap_or_default();
    let said = Owner {
        stack,
        environment,
        image,
    };
    (said != owner).then(|| format!("image {image} of stack {stack} in {environment}"))
}

/// The tags of the AMI that holds the name as a copy of `build`. How often the build was deployed and rolled back
/// from is told by the build alone.
pub fn tags_of_holder(build: &Ami) -> Vec<(String, String)> {
    let mut tags = handed_on(build);
    tags.push((tag::COPY_OF.to_owned(), build.id.clone()));
    tags
}

/// The tags of the AMI that keeps the content of `holder`: from now on it is a build like others. `run` stands in
/// where the holder does not say which run built it.
pub fn tags_of_kept(holder: &Ami, owner: Owner<'_>, run: &str) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = holder
        .tags
        .iter()
        .filter(|(key, _)| key != tag::COPY_OF && !is_reserved(key))
        .cloned()
        .collect();
    let ours = [
        (tag::STACK, owner.stack),
        (tag::ENVIRONMENT, owner.environment),
        (tag::IMAGE, owner.image),
        (tag::RUN, run),
    ];
    for (key, value) in ours {
        if holder.tag(key).is_none() {
            tags.push((key.to_owned(), value.to_owned()));
        }
    }
    tags
}

/// Those of `wanted` that `ami` does not have.
pub fn missing_tags(ami: &Ami, wanted: &[(String, String)]) -> Vec<(String, String)> {
    wanted
        .iter()
        .filter(|(key, value)| ami.tag(key) != Some(value))
        .cloned()
        .collect()
}

fn handed_on(build: &Ami) -> Vec<(String, String)> {
    let own = [tag::COPY_OF, tag::DEPLOYED, tag::ROLLED_BACK];
    build
        .tags
        .iter()
        .filter(|(key, _)| !own.contains(&key.as_str()) && !is_reserved(key))
        .cloned()
        .collect()
}

/// Tags that only AWS itself may set (EC2 User Guide, "Tag restrictions").
fn is_reserved(key: &str) -> bool {
    key.starts_with("aws:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'_> = Owner {
        stack: "web",
        environment: "prod",
        image: "app",
    };

    fn ami(id: &str, name: &str, tags: &[(&str, &str)]) -> Ami {
        Ami {
            id: id.into(),
            name: name.into(),
            state: "available".into(),
            tags: tags
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            ..Ami::default()
        }
    }

    fn in_state(state: &str, ami: Ami) -> Ami {
        Ami {
            state: state.into(),
            ..ami
        }
    }

    #[track_caller]
    fn decides(seen: &[Ami], expected: impl FnOnce(&[Ami]) -> Next<'_>) {
        let build = ami("ami-new", "web-r2", &[]);
        let scene = Scene {
            name: "web",
            build: &build,
            seen,
            owner: OWNER,
        };
        assert_eq!(next(scene), expected(seen));
    }

    #[test]
    fn a_free_name_is_copied_to() {
        decides(&[], |_| Next::Copy);
        let others = [ami("ami-1", "web-r1", &[]), ami("ami-2", "web-db", &[])];
        decides(&others, |_| Next::Copy);
        let gone = [in_state("deregistered", ami("ami-1", "web", &[]))];
        decides(&gone, |_| Next::Copy);
    }

    #[test]
    fn a_copy_of_the_build_is_the_end_once_it_is_there() {
        let copy = ami("ami-1", "web", &[(tag::COPY_OF, "ami-new")]);
        decides(std::slice::from_ref(&copy), |seen| Next::Done(&seen[0]));
        decides(&[in_state("pending", copy.clone())], |seen| {
            Next::Wait(&seen[0])
        });
        decides(&[in_state("failed", copy)], |seen| Next::Discard(&seen[0]));
    }

    #[test]
    fn a_holder_goes_only_when_its_content_is_elsewhere() {
        let holder = ami("ami-h", "web", &[(tag::COPY_OF, "ami-old")]);
        let build = ami("ami-old", "web-r1", &[]);
        decides(&[holder.clone(), build.clone()], |seen| Next::Release {
            holder: &seen[0],
            twin: &seen[1],
        });
        decides(std::slice::from_ref(&holder), |seen| Next::Keep(&seen[0]));
        let pending = in_state("pending", build);
        decides(&[holder.clone(), pending], |seen| Next::Keep(&seen[0]));

        let kept = ami("ami-k", "web-before-ami-h", &[]);
        decides(&[holder.clone(), kept.clone()], |seen| Next::Release {
            holder: &seen[0],
            twin: &seen[1],
        });
        let pending = in_state("pending", kept.clone());
        decides(&[holder.clone(), pending], |seen| Next::Wait(&seen[1]));
        let failed = in_state("failed", kept);
        decides(&[holder, failed], |seen| Next::Discard(&seen[1]));
    }

    #[test]
    fn a_foreign_holder_is_kept_first_and_one_of_others_is_left_alone() {
        let foreign = ami("ami-h", "web", &[("Name", "made by hand")]);
        decides(&[foreign], |seen| Next::Keep(&seen[0]));
        let tags = [
            (tag::STACK, "web"),
            (tag::ENVIRONMENT, "staging"),
            (tag::IMAGE, "app"),
        ];
        decides(&[ami("ami-h", "web", &tags)], |seen| Next::Refuse {
            holder: &seen[0],
            owner: "image app of stack web in staging".to_owned(),
        });
    }

    #[test]
    fn a_holder_whose_build_is_gone_is_as_good_as_the_build() {
        let holder = ami("ami-h", "web", &[(tag::COPY_OF, "ami-gone")]);
        let scene = Scene {
            name: "web",
            build: &holder,
            seen: std::slice::from_ref(&holder),
            owner: OWNER,
        };
        assert_eq!(next(scene), Next::Done(&holder));
    }

    #[test]
    fn a_copy_of_the_build_counts_before_any_other_holder() {
        let seen = [
            ami("ami-1", "web", &[]),
            ami("ami-2", "web", &[(tag::COPY_OF, "ami-new")]),
        ];
        decides(&seen, |seen| Next::Done(&seen[1]));
    }

    #[test]
    fn what_a_build_went_through_is_not_handed_on() {
        let build = ami(
            "ami-1",
            "web-r1",
            &[
                (tag::FINGERPRINT, "f"),
                (tag::DEPLOYED, "r1"),
                ("aws:x", "y"),
                ("Team", "blue"),
            ],
        );
        let tags = tags_of_holder(&build);
        let keys: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, [tag::FINGERPRINT, "Team", tag::COPY_OF]);
        assert_eq!(missing_tags(&build, &tags).len(), 1);
    }

    #[test]
    fn what_is_kept_is_tagged_as_a_build() {
        let holder = ami("ami-h", "web", &[(tag::COPY_OF, "x"), (tag::RUN, "r1")]);
        let kept = ami("ami-k", "k", &[]);
        let tags = tags_of_kept(&holder, OWNER, "r9");
        let kept = Ami { tags, ..kept };
        assert_eq!(kept.tag(tag::COPY_OF), None);
        assert_eq!(kept.tag(tag::RUN), Some("r1"));
        assert_eq!(kept.tag(tag::IMAGE), Some("app"));
    }

    #[test]
    fn builds_come_before_copies() {
        let copy = ami("ami-2", "web", &[(tag::COPY_OF, "ami-1")]);
        let build = ami("ami-1", "web-r1", &[]);
        let ordered = builds_first(vec![copy, build]);
        assert_eq!(ordered[0].id, "ami-1");
    }
}
