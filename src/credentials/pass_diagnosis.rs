//! What the exit code and the words of `pass` and gpg mean.

use super::source::Trouble;
use crate::process::Captured;

/// `None` when `pass` did what it was asked to do with `entry`.
///
/// Read from gpg's status lines (`[GNUPG:] KEYWORD ...`, gpg's doc/DETAILS), which are not
/// translated; the combinations are those of pass 1.7.4 with gpg 2.2.40.
pub(super) fn diagnose(entry: &str, captured: &Captured) -> Option<Trouble> {
    let words = captured.stderr_text();
    let status: Vec<&str> = words
        .lines()
        .filter_map(|line| line.strip_prefix("[GNUPG:] "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let has = |keyword: &str| status.contains(&keyword);
    // A file that was cut short decrypts to nothing and exit code 0.
    if captured.success() && !(has("NODATA") && captured.stdout.is_empty()) {
        return None;
    }

    Some(
        if captured.code == Some(127) || words.contains("gpg: command not found") {
            Trouble::broken("pass found no gpg").mend("install gpg (Debian: apt install gnupg)")
        } else if words.contains("is not in the password store") {
            Trouble::absent("is not in the password store")
        } else if words.contains("Permission denied") {
            Trouble::broken("its file may not be read")
                .mend("check the owner of the password store's files")
        } else if has("NODATA")
            || has("BADMDC")
            || (has("DECRYPTION_KEY") && has("DECRYPTION_FAILED"))
        {
            Trouble::broken("its file is damaged: gpg cannot decrypt it").mend(format!(
                "restore it (pass git log -- {entry}.gpg shows earlier versions) or set it anew"
            ))
        } else if words.contains("can't connect to the agent")
            || words.contains("failed to start agent")
        {
            Trouble::broken("gpg cannot start its agent")
                .mend("try gpgconf --launch gpg-agent and see what it says")
        } else if words.to_lowercase().contains("cancel") || has("MISSING_PASSPHRASE") {
            Trouble::broken("no passphrase was given").mend(unlock(entry))
        } else if has("BAD_PASSPHRASE") || words.contains("Bad passphrase") {
            Trouble::broken("the passphrase was wrong").mend(unlock(entry))
        } else if has("DECRYPTION_FAILED") && has("KEY_CONSIDERED") {
            // gpg has the secret key and did not get to use it: asking was forbidden, or failed.
            Trouble::broken("its GPG key is locked, and nobody can be asked for the passphrase")
                .mend(unlock(entry))
        } else if has("DECRYPTION_FAILED") || has("NO_SECKEY") {
            let key = words
                .lines()
                .find_map(|line| line.strip_prefix("[GNUPG:] ENC_TO "));
            let key = key
                .and_then(|key| key.split_whitespace().next())
                .unwrap_or("unknown");
            Trouble::broken(format!(
                "this machine has no secret key to decrypt it (encrypted for {key})"
            ))
            .mend("import the key, or have the entry encrypted for yours: pass init with both keys")
        } else {
            let said = words
                .lines()
                .find(|line| !line.starts_with("[GNUPG:]") && !line.trim().is_empty());
            let code = captured
                .code
                .map_or("a signal".to_owned(), |code| format!("exit code {code}"));
            Trouble::broken(match said {
                Some(said) => format!("pass ended with {code}: {}", said.trim()),
                None => format!("pass ended with {code}"),
            })
            .mend(format!("run it by hand to see why: pass show {entry}"))
        },
    )
}

fn unlock(entry: &str) -> String {
    format!("unlock it first, in a terminal: pass show {entry}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: i32, stdout: &str, stderr: &str) -> Option<String> {
        let captured = Captured {
            code: Some(code),
            stdout: stdout.as_bytes().to_vec(),
            stderr: stderr.as_bytes().to_vec(),
        };
        diagnose("a/b", &captured).map(|trouble| trouble.problem)
    }

    // The texts are those of pass 1.7.4 with gpg 2.2.40.

    #[test]
    fn success_is_no_trouble() {
        let stderr = "[GNUPG:] DECRYPTION_OKAY\n[GNUPG:] GOODMDC\n[GNUPG:] END_DECRYPTION\n";
        assert_eq!(problem(0, "swordfish\n", stderr), None);
        assert_eq!(problem(0, "", stderr), None);
    }

    #[test]
    fn a_locked_key_and_a_missing_key_are_told_apart() {
        let locked = "[GNUPG:] ENC_TO 9BB14158B5640823 18 0\n\
            [GNUPG:] KEY_CONSIDERED 63CFE83B7528E9FE178AADEAFD8C0FCB7338AF01 0\n\
            [GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] DECRYPTION_FAILED\n\
            gpg: decryption failed: No secret key\n[GNUPG:] END_DECRYPTION\n";
        assert!(problem(2, "", locked).unwrap().contains("locked"));
        let missing = "[GNUPG:] ENC_TO 9BB14158B5640823 18 0\n\
            [GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] DECRYPTION_FAILED\n\
            gpg: decryption failed: No secret key\n[GNUPG:] END_DECRYPTION\n";
        assert!(
            problem(2, "", missing)
                .unwrap()
                .contains("no secret key to decrypt it (encrypted for 9BB14158B5640823)")
        );
    }

    #[test]
    fn damaged_files_are_named_in_all_their_forms() {
        for (code, stderr) in [
            (
                2,
                "gpg: no valid OpenPGP data found.\n[GNUPG:] NODATA 1\n[GNUPG:] NODATA 2\n",
            ),
            (0, "[GNUPG:] NODATA 3\n"),
            (
                2,
                "[GNUPG:] KEY_CONSIDERED DF85 0\n[GNUPG:] DECRYPTION_KEY 1F3B DF85 u\n[GNUPG:] BADMDC\n[GNUPG:] DECRYPTION_FAILED\n",
            ),
            (
                2,
                "[GNUPG:] KEY_CONSIDERED DF85 0\n[GNUPG:] DECRYPTION_KEY 1F3B DF85 u\ngpg: decryption failed: Invalid packet\n[GNUPG:] DECRYPTION_FAILED\n",
            ),
        ] {
            assert!(
                problem(code, "", stderr).unwrap().contains("damaged"),
                "{stderr}"
            );
        }
    }

    #[test]
    fn missing_programs_and_entries_are_named() {
        let no_gpg = "/usr/bin/pass: line 386: gpg: command not found\n";
        assert_eq!(problem(127, "", no_gpg).unwrap(), "pass found no gpg");
        let gone = "Error: a/b is not in the password store.\n";
        assert_eq!(
            problem(1, "", gone).unwrap(),
            "is not in the password store"
        );
        let agent =
            "gpg: can't connect to the agent: Configuration error\n[GNUPG:] DECRYPTION_FAILED\n";
        assert!(problem(2, "", agent).unwrap().contains("agent"));
    }

    #[test]
    fn anything_else_is_quoted() {
        assert_eq!(
            problem(3, "", "[GNUPG:] X\n\ngpg: something new\n").unwrap(),
            "pass ended with exit code 3: gpg: something new"
        );
        assert_eq!(problem(3, "", "").unwrap(), "pass ended with exit code 3");
    }
}
