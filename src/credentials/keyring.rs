//! The keyring of the operating system: Secret Service, macOS Keychain.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use keyring_core::{CredentialPersistence, CredentialStore, Entry, Error};

use super::{
    source::Trouble,
    value::{self, Value},
};
use crate::{process::Unwanted, secret::Secret};

/// How often it is asked whether the answer is still wanted.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Looks up `account` of `service`.
///
/// # Errors
///
/// When there is no keyring, it is locked, it has no such entry, the entry is no secret, or nothing
/// of this is known at `deadline`, or when it becomes `unwanted`: a keyring may be asking its user for a password
/// meanwhile.
pub fn look_up(
    service: &str,
    account: &str,
    deadline: Instant,
    unwanted: &Unwanted,
) -> Result<Value, Trouble> {
    let bytes = ask(service, account, deadline, unwanted, |entry| {
        entry.get_secret()
    })?;
    value::whole(&bytes).map_err(|unusable| Trouble::broken(unusable.problem("its value")))
}

/// Stores `secret` as `account` of `service`.
///
/// # Errors
///
/// As for [`look_up`], and when the keyring would forget it.
pub fn set(
    service: &str,
    account: &str,
    secret: &Secret,
    deadline: Instant,
) -> Result<(), Trouble> {
    let secret = secret.clone();
    ask(
        service,
        account,
        deadline,
        &Unwanted::never(),
        move |entry| entry.set_password(secret.expose()),
    )
}

/// Removes `account` of `service`.
///
/// # Errors
///
/// As for [`look_up`].
pub fn remove(service: &str, account: &str, deadline: Instant) -> Result<(), Trouble> {
    ask(service, account, deadline, &Unwanted::never(), |entry| {
        entry.delete_credential()
    })
}

/// Does `work` with the entry on a thread of its own, which is left behind when it hangs: the
/// keyring's calls have no deadline of their own.
fn ask<T: Send + 'static>(
    service: &str,
    account: &str,
    deadline: Instant,
    unwanted: &Unwanted,
    work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
) -> Result<T, Trouble> {
    let (service, account) = (service.to_owned(), account.to_owned());
    let (sender, receiver) = mpsc::sync_channel(1);
    let left = deadline.saturating_duration_since(Instant::now());
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            let result = store().and_then(|store| {
                let entry = store.build(&service, &account, None).map_err(trouble)?;
                work(&entry).map_err(trouble)
            });
            // Nobody listens any more after the deadline.
            let _ = sender.send(result);
        })
        .map_err(|error| Trouble::broken(format!("failed to start a thread: {error}")))?;
    while Instant::now() < deadline && !unwanted.now() {
        let pause = deadline.min(Instant::now() + LOOK_AGAIN);
        let pause = pause.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(pause) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Trouble::broken("internal error: the look-up panicked"));
            }
        }
    }
    let waited = match unwanted.now() {
        true => "before it was told to stop".to_owned(),
        false => format!("within {} s", left.as_secs()),
    };
    Err(Trouble::broken(format!(
        "the keyring gave no answer {waited}; it may be asking for its password"
    ))
    .mend("unlock the keyring, then try again"))
}

/// The platform's store, if it keeps what it is given.
fn store() -> Result<Arc<CredentialStore>, Trouble> {
    // Decides once per process what the platform's store is; `keyring::Entry::new` would do the
    // same and hide why there is none (keyring 4.2.0).
    if let Err(error) = keyring::Entry::store_status() {
        return Err(unavailable(error));
    }
    let store = keyring_core::get_default_store()
        .ok_or_else(|| Trouble::unavailable("this platform has no keyring"))?;
    lasting(store)
}

/// Refuses stores that forget: with a mock store, a credential is set with success and gone in the
/// next process.
fn lasting(store: Arc<CredentialStore>) -> Result<Arc<CredentialStore>, Trouble> {
    match store.persistence() {
        CredentialPersistence::UntilDelete => Ok(store),
        _ => Err(Trouble::unavailable(format!(
            "the keyring here does not keep what it is given ({})",
            store.vendor()
        ))
        .mend("use pass or an environment variable")),
    }
}

fn unavailable(error: &Error) -> Trouble {
    let problem = format!("no keyring answers here ({})", text(error));
    Trouble::unavailable(problem).mend(
        "on a desktop, start its keyring (gnome-keyring, KWallet, KeePassXC); on a machine without one, use pass or an environment variable",
    )
}

fn trouble(error: Error) -> Trouble {
    const UNLOCK: &str = "unlock the keyring in a desktop session (with gnome-keyring: gnome-keyring-daemon --unlock), then try again";
    match error {
        Error::NoEntry => Trouble::absent("has no such entry"),
        Error::NoStorageAccess(_) => {
            Trouble::broken("the keyring is locked or has no collection yet").mend(UNLOCK)
        }
        Error::Ambiguous(entries) => {
            Trouble::broken(format!("the keyring has {} such entries", entries.len()))
                .mend("remove all but one with the keyring's own program")
        }
        other => Trouble::broken(format!("the keyring failed: {}", text(&other))),
    }
}

/// The error's own text. Never its `Debug`, which holds the bytes of entries.
fn text(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("Platform failure: ")
        .unwrap_or(&text)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_forgets_is_refused() {
        let mock: Arc<CredentialStore> = keyring_core::mock::Store::new().unwrap();
        let trouble = lasting(mock).unwrap_err();
        assert!(trouble.problem.contains("does not keep"), "{trouble:?}");
    }

    #[test]
    fn the_bytes_of_an_undecodable_entry_are_not_shown() {
        let trouble = trouble(Error::BadEncoding(b"hunter2".to_vec()));
        let shown = format!("{trouble:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("104, 117"),
            "{shown}"
        );
    }
}
