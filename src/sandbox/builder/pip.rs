//! The part of the host's pip configuration that its network needs, as a `pip.conf` for a builder machine.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

/// Keys that say where packages come from and how they are reached. Everything else is the host's own
/// business, and some of it (`break-system-packages`) would make scripts pass here and fail on EC2.
const KEYS: [&str; 9] = [
    "cert",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
];

/// Debian's bundle, which on the builder machine has the host's authorities too.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The configuration in effect on the machine whose files are below `root`, `None` when it says nothing
/// about the network.
///
/// Files and their order are pip's own (pip.pypa.io, "Configuration"): later ones win, `PIP_*` variables
/// over all.
pub(super) fn configuration(root: &Utf8Path, variables: &[(String, String)]) -> Option<String> {
    let value = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let mut settings: Vec<(String, String)> = Vec::new();
    let mut set = |key: &str, value: &str| {
        settings.retain(|(known, _)| known != key);
        settings.push((key.to_owned(), value.to_owned()));
    };
    // Pointing this variable at nothing makes pip read no file at all.
    let explicit = value("PIP_CONFIG_FILE");
    if explicit != Some("/dev/null") {
        let home = value("HOME").map(Utf8PathBuf::from);
        let config = value("XDG_CONFIG_HOME")
            .map(Utf8PathBuf::from)
            .or_else(|| home.as_ref().map(|home| home.join(".config")));
        let candidates = [
            Some(root.join("etc/xdg/pip/pip.conf")),
            Some(root.join("etc/pip.conf")),
            home.map(|home| home.join(".pip/pip.conf")),
            config.map(|config| config.join("pip/pip.conf")),
            explicit.map(Utf8PathBuf::from),
        ];
        for file in candidates.into_iter().flatten() {
            let text = fs::read_to_string(file).unwrap_or_default();
            for (key, value) in parse(&text) {
                set(&key, &value);
            }
        }
    }
    for (name, value) in variables {
        if let Some(key) = name.strip_prefix("PIP_") {
            set(&key.to_ascii_lowercase().replace('_', "-"), value);
        }
    }
    render(&settings)
}

/// Keys and values of the sections that apply to installing. A value may go on in indented lines.
fn parse(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut applies = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[') {
            applies = matches!(section.trim_end_matches(']'), "global" | "install");
        } else if !applies {
            // Another section's setting.
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push('\n');
                value.push_str(trimmed);
            }
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            let key = key.trim().to_ascii_lowercase().replace('_', "-");
            found.push((key, value.trim().to_owned()));
        }
    }
    found
}

fn render(settings: &[(String, String)]) -> Option<String> {
    let mut lines = String::new();
    for key in KEYS {
        let Some((_, value)) = settings.iter().find(|(known, _)| known == key) else {
            continue;
        };
        let words: Vec<&str> = value
            .split_whitespace()
            // A folder of the host is not there.
            .filter(|word| key != "find-links" || word.contains("://"))
            .collect();
        let value = match key {
            "cert" => BUNDLE.to_owned(),
            _ => words.join("\n    "),
        };
        if !value.is_empty() {
            lines.push_str(&format!("{key} = {value}\n"));
        }
    }
    (!lines.is_empty()).then(|| format!("[global]\n{lines}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn files_and_variables_are_merged_in_pips_order() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir_all(root.join("etc")).unwrap();
        let text = "[global]\n# note\nindex_url = https://a.example/simple\ncert = /home/me/ca.pem\n\
                    extra-index-url =\n    https://b.example/simple\n    https://c.example/simple\n\
                    [freeze]\ntimeout = 1\n";
        fs::write(root.join("etc/pip.conf"), text).unwrap();
        let variables = variables(&[
            ("PIP_INDEX_URL", "https://d.example/simple"),
            ("PIP_FIND_LINKS", "/opt/wheels https://e.example/wheels"),
            ("PIP_BREAK_SYSTEM_PACKAGES", "1"),
        ]);
        assert_eq!(
            configuration(root, &variables).unwrap(),
            "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n\
             extra-index-url = https://b.example/simple\n    https://c.example/simple\n\
             find-links = https://e.example/wheels\nindex-url = https://d.example/simple\n"
        );
    }

    #[test]
    fn nothing_about_the_network_is_no_file() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        assert_eq!(configuration(root, &[]), None);
        let variables = variables(&[("PIP_FIND_LINKS", "/opt/wheels"), ("PIP_USER", "1")]);
        assert_eq!(configuration(root, &variables), None);
    }
}
