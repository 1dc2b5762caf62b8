//! [`Changes`]: which arguments of a source a run sets and takes out, in either template language.

use serde_json::{Value, json};

use super::Edits;

/// Arguments that tag what Packer creates: AMI, instance, volumes, snapshots.
pub const TAGS: [&str; 4] = ["tags", "run_tags", "run_volume_tags", "snapshot_tags"];

/// Arguments to set, and arguments and blocks to take out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    pub set: Vec<(&'static str, Value)>,
    pub set_if_absent: Vec<(&'static str, Value)>,
    pub remove: Vec<&'static str>,
}

impl Changes {
    /// What `edits` means for the chosen source, apart from [`TAGS`]. `provisions` says whether there is
    /// anything to connect for.
    pub fn of_source(edits: &Edits, provisions: bool) -> Changes {
        let mut changes = Changes {
            set: vec![("ami_name", json!(edits.ami_name))],
            set_if_absent: Vec::new(),
            // They delete an older AMI before there is a newer one.
            remove: vec!["force_deregister", "force_delete_snapshot"],
        };
        if let Some(emulator) = &edits.emulator {
            changes.add(emulator.access());
            changes.add(emulator.source(edits.provision));
        }
        let emulator = edits.emulator.as_ref();
        let nothing_to_reach = emulator.is_some_and(|emulator| emulator.machine.is_none());
        if !edits.provision || (nothing_to_reach && !provisions) {
            changes.set.push(("communicator", json!("none")));
            changes.remove.push("ssh_interface");
        }
        changes
    }

    fn add(&mut self, more: Changes) {
        self.set.extend(more.set);
        self.set_if_absent.extend(more.set_if_absent);
        self.remove.extend(more.remove);
    }
}

/// Our tags as values that Packer's templating leaves as they are.
///
/// It runs over some of them once and over others twice, so no way to escape an action fits all: the
/// braces that would begin one are drawn apart.
pub fn tags(edits: &Edits) -> Vec<(String, String)> {
    let inert = |text: &String| text.replace("{{", "{ {");
    edits
        .tags
        .iter()
        .map(|(key, value)| (inert(key), inert(value)))
        .collect()
}
