//! Arguments that name files of this machine, per source and provisioner.
//!
//! From the documentation and code of Packer 1.6.6 and, for provisioners that have moved into plugins, of
//! those. Left out on purpose: keys and passwords (`encrypted_data_bag_secret_path`, `client_key`,
//! `ssh_private_key_file` and their like), which are secrets and have no part in a fingerprint, and paths on
//! the instance (`remote_*`, `staging_directory`, `destination`).

/// Arguments of a source.
pub(super) const OF_SOURCES: [&str; 1] = ["user_data_file"];

/// Arguments of a provisioner.
pub(super) fn of_provisioner(kind: &str) -> &'static [&'static str] {
    match kind {
        "shell" | "shell-local" | "powershell" | "windows-shell" => &["script", "scripts"],
        "file" => &["source", "sources"],
        "ansible" => &[
            "playbook_file",
            "galaxy_file",
            "inventory_file",
            "inventory_directory",
            "roles_path",
            "collections_path",
            "extra_arguments",
            "ansible_env_vars",
        ],
        "ansible-local" => &[
            "playbook_file",
            "playbook_files",
            "playbook_dir",
            "playbook_paths",
            "role_paths",
            "collection_paths",
            "group_vars",
            "host_vars",
            "galaxy_file",
            "inventory_file",
        ],
        "chef-client" => &["config_template"],
        "chef-solo" => &[
            "config_template",
            "cookbook_paths",
            "data_bags_path",
            "environments_path",
            "roles_path",
        ],
        "converge" => &["module_dirs"],
        "inspec" => &["profile", "attributes"],
        "puppet-masterless" => &[
            "manifest_file",
            "manifest_dir",
            "module_paths",
            "hiera_config_path",
        ],
        "salt-masterless" => &[
            "local_state_tree",
            "local_pillar_roots",
            "minion_config",
            "grains_file",
        ],
        "breakpoint" | "hcp-sbom" | "puppet-server" | "sleep" | "windows-restart" => &[],
        _ => &["script", "scripts", "source", "sources", "playbook_file"],
    }
}

/// Whether Packer reads one file there. It looks at some of these late, with the instance running.
pub(super) fn takes_files_only(argument: &str) -> bool {
    [
        "config_template",
        "galaxy_file",
        "grains_file",
        "hiera_config_path",
        "minion_config",
        "playbook_file",
        "playbook_files",
        "script",
        "scripts",
        "user_data_file",
    ]
    .contains(&argument)
}

/// Whether a value that only Packer can tell may go unnoticed: most such arguments name no file.
pub(super) fn names_files_now_and_then(argument: &str) -> bool {
    ["extra_arguments", "ansible_env_vars"].contains(&argument)
}

/// Whether the folder is filled by the build itself, so that its content decides nothing.
///
/// `ansible-galaxy` installs what `galaxy_file` lists into these.
pub(super) fn is_made_by_build(argument: &str, has_galaxy_file: bool) -> bool {
    has_galaxy_file && ["roles_path", "collections_path"].contains(&argument)
}

/// A path, and whether it has to be there.
pub(super) struct Found {
    pub(super) path: String,
    pub(super) may_be_missing: bool,
}

fn needed(path: impl Into<String>) -> Found {
    Found {
        path: path.into(),
        may_be_missing: false,
    }
}

fn if_there(path: impl Into<String>) -> Found {
    Found {
        path: path.into(),
        may_be_missing: true,
    }
}

/// What Ansible reads from beside a playbook without being told ("Playbook directory structure" in its
/// documentation).
const BESIDE_PLAYBOOKS: [&str; 10] = [
    "collections",
    "files",
    "group_vars",
    "handlers",
    "host_vars",
    "library",
    "roles",
    "tasks",
    "templates",
    "vars",
];

/// The paths that `text`, a value of the argument, stands for.
pub(super) fn paths(kind: &str, argument: &str, text: &str) -> Vec<Found> {
    match (kind, argument) {
        ("ansible", "playbook_file") => {
            let folder = text.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = if text.starts_with('/') && folder.is_empty() {
                "/"
            } else {
                folder
            };
            let mut found = vec![needed(text)];
            found.extend(BESIDE_PLAYBOOKS.map(|name| if_there(join(folder, name))));
            // From the folder that Packer runs in.
            found.push(if_there("ansible.cfg"));
            found
        }
        // Packer puts its own inventory into it for the time of the build.
        ("ansible", "inventory_directory") => {
            vec![
                if_there(join(text, "group_vars")),
                if_there(join(text, "host_vars")),
            ]
        }
        ("ansible", "roles_path" | "collections_path") => vec![if_there(text)],
        ("ansible", "extra_arguments") => ["@", "-e@", "--extra-vars=@"]
            .into_iter()
            .find_map(|mark| text.strip_prefix(mark))
            .map(needed)
            .into_iter()
            .collect(),
        ("ansible", "ansible_env_vars") => match text.split_once('=') {
            Some(("ANSIBLE_CONFIG", path)) => vec![if_there(path)],
            Some((
                "ANSIBLE_ROLES_PATH" | "ANSIBLE_COLLECTIONS_PATH" | "ANSIBLE_COLLECTIONS_PATHS",
                paths,
            )) => paths.split(':').map(if_there).collect(),
            _ => Vec::new(),
        },
        // Or the address of one.
        ("inspec", "profile") => vec![if_there(text)],
        // Of a provisioner that is not known here, `source` may be something else than a path.
        (kind, "source" | "sources") if kind != "file" && kind != "converge" => {
            vec![if_there(text)]
        }
        _ => vec![needed(text)],
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{}/{name}", folder.trim_end_matches('/')),
    }
}
