//! What Packer is doing, as a short phrase.

use super::decode::{PackerEvent, UiLevel};

/// Longest phrase, in characters; longer ones would push the rest of a progress line off a terminal.
const LONGEST: usize = 60;

/// The phrase for an event that begins something, `None` for all others.
///
/// Packer says where it is in lines like `Waiting for instance (i-1) to become ready...`; ids and
/// paths that nobody can use are left out.
pub fn activity(event: &PackerEvent) -> Option<String> {
    let PackerEvent::Ui {
        level: UiLevel::Say,
        lines,
    } = event
    else {
        return None;
    };
    let line = lines.first().filter(|line| line.builder.is_some())?;
    let phrase = phrase(&line.text);
    (!phrase.is_empty()).then(|| shorten(&phrase))
}

fn phrase(text: &str) -> String {
    let text = without_parentheses(text);
    let text = text.trim_end_matches(['.', '!', ' ']);
    if let Some(file) = text
        .strip_prefix("Provisioning with shell script: ")
        .map(|path| path.rsplit('/').next().unwrap_or(path))
    {
        // Inline commands are written to a file with a name of this kind.
        return if file.starts_with("packer-shell") {
            "Provisioning with inline commands".to_owned()
        } else {
            format!("Provisioning with {file}")
        };
    }
    if let Some((source, _)) = text
        .strip_prefix("Uploading ")
        .and_then(|rest| rest.split_once(" => "))
    {
        return format!("Uploading {source}");
    }
    let text = match text.split_once(": ") {
        Some((what, _)) => what,
        None => text,
    };
    let text = match text.split_once(" from instance ") {
        Some((what, _)) => what,
        None => text,
    };
    text.trim_end_matches([' ', ':']).to_owned()
}

fn without_parentheses(text: &str) -> String {
    match (text.find(" ("), text.find(')')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}", &text[..open], &text[close + 1..])
        }
        _ => text.to_owned(),
    }
}

fn shorten(phrase: &str) -> String {
    if phrase.chars().count() <= LONGEST {
        return phrase.to_owned();
    }
    let kept: String = phrase.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{super::decode::decode, *};

    #[test]
    fn phrases_leave_out_what_nobody_can_use() {
        for (text, phrase) in [
            (
                "Waiting for SSH to become available...",
                "Waiting for SSH to become available",
            ),
            (
                "Waiting for instance (i-1) to become ready...",
                "Waiting for instance to become ready",
            ),
            (
                "Creating temporary keypair: packer_6b01",
                "Creating temporary keypair",
            ),
            ("Creating AMI web-1 from instance i-1", "Creating AMI web-1"),
            (
                "Provisioning with shell script: ./scripts/install.sh",
                "Provisioning with install.sh",
            ),
            (
                "Provisioning with shell script: /tmp/packer-shell12",
                "Provisioning with inline commands",
            ),
            ("Uploading files => /tmp", "Uploading files"),
            (
                "Running post-processor:  (type manifest)",
                "Running post-processor",
            ),
            ("Connected to SSH!", "Connected to SSH"),
        ] {
            let event = decode(&format!("1,,ui,say,==> a: {text}"));
            assert_eq!(activity(&event).as_deref(), Some(phrase));
        }
    }

    #[test]
    fn long_phrases_are_cut() {
        let event = decode(&format!("1,,ui,say,==> a: {}", "é".repeat(100)));
        let phrase = activity(&event).unwrap();
        assert_eq!(phrase.chars().count(), LONGEST);
        assert!(phrase.ends_with('…'));
    }

    #[test]
    fn output_of_scripts_and_closing_words_are_no_activity() {
        for line in [
            "1,,ui,message,    a: Unpacking postgresql",
            "1,,ui,error,==> a: warning",
            "1,,ui,say,Build 'a' finished after 2 seconds.",
            "1,,ui,say,",
            "1,a,artifact-count,1",
        ] {
            assert_eq!(activity(&decode(line)), None, "{line}");
        }
    }
}
