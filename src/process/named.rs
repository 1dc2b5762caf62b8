//! Which processes of this machine run a program of a given name.

/// Pids of the processes whose program has one of `names`; zombies do not count.
#[cfg(target_os = "linux")]
pub fn named(names: &[&str]) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            // proc_pid_comm(5): cut to 15 characters, which the names of tools are well below.
            std::fs::read_to_string(format!("/proc/{pid}/comm"))
                .is_ok_and(|name| names.contains(&name.trim_end()))
        })
        .filter(|pid| super::ProcessIdentity::of(*pid).is_some())
        .collect()
}

/// Pids of the processes whose program has one of `names`; zombies do not count.
#[cfg(not(target_os = "linux"))]
pub fn named(names: &[&str]) -> Vec<u32> {
    use std::time::Duration;

    use crate::command::ToolCommand;

    let command = ToolCommand::new("/bin/ps")
        .args(["-A", "-o", "pid=,stat=,comm="])
        .env("LC_ALL", "C");
    let Ok(listed) = super::capture(&command, Duration::from_secs(5)) else {
        return Vec::new();
    };
    let of_line = |line: &str| {
        let mut fields = line.split_whitespace();
        let pid = fields.next()?.parse().ok()?;
        let state = fields.next()?;
        let program = fields.next()?.rsplit('/').next()?;
        (!state.starts_with('Z') && names.contains(&program)).then_some(pid)
    };
    listed.stdout_text().lines().filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_running_program_is_found_by_its_name_and_a_finished_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("amiable-named");
        std::fs::copy("/bin/cat", &program).unwrap();
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Before exec the child still has this process's name.
        while !named(&["amiable-named"]).contains(&child.id()) {
            std::thread::yield_now();
        }
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!named(&["amiable-named"]).contains(&child.id()));
    }
}
