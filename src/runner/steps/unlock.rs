//! `unlock`: frees the lock of Terraform's state that a Terraform which is gone left behind.
//!
//! This run holds the stack's lock on this machine, so no other run of this checkout is at work. What a
//! run's driver left running, and Terraforms elsewhere, are looked for here.

use jiff::Timestamp;

use super::super::{
    context::Context,
    failure::Failure,
    past,
    step_output::{Done, StepEnd},
};
use crate::{
    errors::Exit,
    events::Step,
    journal::PastRun,
    plan::Unlock,
    process,
    tools::{
        aws::objects,
        terraform::{
            backend::{InitialisedBackend, LockPlace},
            state_lock::StateLock,
        },
    },
};

pub async fn run(context: &Context, wanted: &Unlock) -> StepEnd {
    let step = Step::Unlock;
    let terraform = context.access.terraform()?;
    let backend = fs_err::read(terraform.folder().join(InitialisedBackend::FILE))
        .ok()
        .and_then(|text| InitialisedBackend::decode(&text));
    let place = backend.map_or(LockPlace::Process, |backend| backend.lock_place());
    context.events.doing(&step, "looking for the lock");
    let lock = match held(context, &place).await? {
        Held::Nothing(why) => return Ok(Done::skipped(why)),
        Held::Lock(lock) => Some(lock),
        Held::Unreadable => None,
    };
    let id = match (&lock, &wanted.id) {
        (Some(lock), Some(id)) if lock.id != *id => {
            return Err(Failure::of(
                Exit::Refused,
                format!("the lock that is held has the id {}, not {id}", lock.id),
            )
            .excerpt([lock.phrase(Timestamp::now())])
            .into());
        }
        (Some(lock), _) => lock.id.clone(),
        (None, Some(id)) => id.clone(),
        (None, None) => {
            return Err(Failure::of(
                Exit::Usage,
                "only Terraform can read the lock of this backend",
            )
            .hint("name it: `amiable unlock --id ID`; `amiable plan` shows the id")
            .into());
        }
    };
    let who = lock.as_ref().map(|lock| lock.phrase(Timestamp::now()));
    guard(context, lock.as_ref(), wanted.owner_is_gone)?;

    let answer = context.capture(terraform.force_unlock(&id)).await?;
    if !answer.success() {
        return Err(Failure::new("terraform does not unlock the state")
            .excerpt(answer.stderr_text().lines().map(str::to_owned))
            .into());
    }
    if let Held::Lock(lock) = held(context, &place).await? {
        return Err(Failure::new(format!(
            "the state is locked again: {}",
            lock.phrase(Timestamp::now())
        ))
        .into());
    }
    let of = who.map_or_else(String::new, |who| format!(", held by {who}"));
    Ok(Done::succeeded(format!("lock {id} freed{of}")))
}

/// What is known of the lock.
enum Held {
    Nothing(String),
    Lock(StateLock),
    /// Where it is only Terraform knows.
    Unreadable,
}

async fn held(context: &Context, place: &LockPlace) -> Result<Held, Failure> {
    let aws = &context.access.aws;
    let nothing = || Held::Nothing("the state is not locked".to_owned());
    let refused = |complaint: &str| {
        Failure::new("the lock cannot be read").excerpt(complaint.lines().map(str::to_owned))
    };
    match place {
        LockPlace::Process => Ok(Held::Nothing(
            "the lock of a local state goes with the Terraform that holds it".to_owned(),
        )),
        LockPlace::Unknown(_) => Ok(Held::Unreadable),
        LockPlace::Object(object) => {
            let answer = context.capture(objects::read(aws, object)).await?;
            if answer.success() {
                return Ok(StateLock::decode(&answer.stdout).map_or(Held::Unreadable, Held::Lock));
            }
            let complaint = answer.stderr_text();
            if objects::is_missing(&complaint) {
                return Ok(nothing());
            }
            Err(refused(&complaint))
        }
        LockPlace::Item {
            table,
            key,
            region,
            endpoint,
        } => {
            let (region, endpoint) = (region.as_deref(), endpoint.as_deref());
            let command = objects::lock_item(aws, table, key, region, endpoint);
            let answer = context.capture(command).await?;
            if !answer.success() {
                return Err(refused(&answer.stderr_text()));
            }
            Ok(match objects::decode_lock_item(&answer.stdout) {
                None => nothing(),
                Some(info) => {
                    StateLock::decode(info.as_bytes()).map_or(Held::Unreadable, Held::Lock)
                }
            })
        }
    }
}

/// Refuses while the Terraform that took the lock may still be at work.
fn guard(context: &Context, lock: Option<&StateLock>, owner_is_gone: bool) -> Result<(), Failure> {
    let stack = &context.base.stack;
    let runs = PastRun::all(&stack.root, &stack.name, &stack.environment.name).unwrap_or_default();
    let orphan = runs
        .iter()
        .filter(|run| run.run != context.base.run)
        .find_map(|run| {
            let orphan = past::orphans(run).into_iter().next()?;
            let step = orphan.step.as_deref().unwrap_or_default();
            Some(format!(
                "{step} of run {} (process {})",
                run.run, orphan.pid
            ))
        });
    let host = rustix::system::uname();
    let seen = Seen {
        orphan,
        host: host.nodename().to_string_lossy().into_owned(),
        terraform: process::named(&["terraform", "tofu"]).first().copied(),
    };
    judge(lock, &seen, owner_is_gone).map_err(|reason| {
        let holder = lock.map_or_else(
            || "who holds the lock is not known".to_owned(),
            |lock| format!("it is {}", lock.phrase(Timestamp::now())),
        );
        let failure = Failure::of(
            Exit::Refused,
            format!("the owner of the lock may be alive: {holder}"),
        );
        match reason {
            MayBeAlive::Orphan(orphan) => failure.hint(format!(
                "the child of a driver that is gone is still at work: {orphan}; wait until it has ended"
            )),
            MayBeAlive::Elsewhere => failure
                .hint("whether it still works cannot be seen from this machine")
                .hint(VOUCH),
            MayBeAlive::Terraform(pid) => failure
                .hint(format!("a Terraform runs on this machine: process {pid}"))
                .hint(VOUCH),
        }
    })
}

const VOUCH: &str = "if it is certain that its Terraform is gone: --owner-is-gone";

/// What can be seen from here.
struct Seen {
    /// A child of one of this checkout's runs that goes on without its driver.
    orphan: Option<String>,
    /// This machine's name.
    host: String,
    /// Any Terraform of this machine.
    terraform: Option<u32>,
}

/// Why the owner may still be at work.
#[derive(Debug, PartialEq, Eq)]
enum MayBeAlive {
    Orphan(String),
    Elsewhere,
    Terraform(u32),
}

/// The user's word counts for what cannot be seen, and not against what is.
fn judge(lock: Option<&StateLock>, seen: &Seen, owner_is_gone: bool) -> Result<(), MayBeAlive> {
    if let Some(orphan) = &seen.orphan {
        return Err(MayBeAlive::Orphan(orphan.clone()));
    }
    if owner_is_gone {
        return Ok(());
    }
    if lock.and_then(StateLock::host) != Some(seen.host.as_str()) {
        return Err(MayBeAlive::Elsewhere);
    }
    seen.terraform
        .map_or(Ok(()), |pid| Err(MayBeAlive::Terraform(pid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(who: &str) -> StateLock {
        StateLock {
            id: "7".into(),
            path: String::new(),
            operation: String::new(),
            who: who.into(),
            created: String::new(),
        }
    }

    #[test]
    fn only_an_owner_that_is_seen_to_be_gone_needs_no_word_of_the_user() {
        let seen = |orphan: Option<&str>, terraform| Seen {
            orphan: orphan.map(str::to_owned),
            host: "here".into(),
            terraform,
        };
        let ours = lock("ada@here");
        let theirs = lock("ada@there");
        let nothing = seen(None, None);
        assert_eq!(judge(Some(&ours), &nothing, false), Ok(()));
        for unknown in [Some(&theirs), Some(&lock("")), None] {
            assert_eq!(judge(unknown, &nothing, false), Err(MayBeAlive::Elsewhere));
            assert_eq!(judge(unknown, &nothing, true), Ok(()));
        }
        let busy = seen(None, Some(42));
        assert_eq!(
            judge(Some(&ours), &busy, false),
            Err(MayBeAlive::Terraform(42))
        );
        assert_eq!(judge(Some(&ours), &busy, true), Ok(()));
        let orphaned = seen(Some("terraform.apply"), None);
        for vouched in [false, true] {
            let judged = judge(Some(&ours), &orphaned, vouched);
            assert_eq!(judged, Err(MayBeAlive::Orphan("terraform.apply".into())));
        }
    }
}
