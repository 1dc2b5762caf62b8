//! The AMIs that the emulator offers: moto's own and current ones that templates ask for.
//!
//! moto reads the file named by `MOTO_AMIS_PATH` *instead of* the lists it ships (moto 5,
//! `moto/ec2/models/amis.py`), so the file has to hold both. It leaves `creation_date` out: moto 5 converts that
//! value in place and then fails in the second region it is used in. Images without it count as created
//! when the emulator starts, which is why there is one image of each of our families only: "the most
//! recent" is then the same for every client.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use crate::{command::ToolCommand, process::capture};

/// The script takes 0.1 s; a cold disk may take its time.
const PATIENCE: Duration = Duration::from_secs(30);

const SCRIPT: &str = include_str!("amis.py");

/// One public image of ours.
struct Ami {
    id: &'static str,
    /// What every image of this family has at the start of its name. Where moto has one, ours stays away.
    family: &'static str,
    version: &'static str,
    owner: &'static str,
    description: &'static str,
    root_device: &'static str,
}

/// Owners and names as the publishers document them: Debian (wiki.debian.org/Cloud/AmazonEC2Image), Ubuntu
/// (documentation.ubuntu.com/aws), Amazon Linux 2023 (docs.aws.amazon.com/linux/al2023). The ids are made up.
const OURS: [Ami; 4] = [
    Ami {
        id: "ami-0a31ab1eb00c2e012",
        family: "debian-12-amd64-",
        version: "20240717-1811",
        owner: "136693071363",
        description: "Debian 12 (20240717-1811)",
        root_device: "/dev/xvda",
    },
    Ami {
        id: "ami-0a31ab1e0b0022204",
        family: "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-",
        version: "20240701",
        owner: "099720109477",
        description: "Canonical, Ubuntu, 22.04 LTS, amd64 jammy image build on 2024-07-01",
        root_device: "/dev/sda1",
    },
    Ami {
        id: "ami-0a31ab1e0b0022404",
        family: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-",
        version: "20240701",
        owner: "099720109477",
        description: "Canonical, Ubuntu, 24.04 LTS, amd64 noble image build on 2024-07-01",
        root_device: "/dev/sda1",
    },
    Ami {
        id: "ami-0a31ab1ea12023001",
        family: "al2023-ami-2023.",
        version: "5.20240708.0-kernel-6.1-x86_64",
        owner: "137112412989",
        description: "Amazon Linux 2023 AMI 2023.5.20240708.0 x86_64 HVM kernel-6.1",
        root_device: "/dev/xvda",
    },
];

impl Ami {
    fn to_json(&self) -> Value {
        json!({
            "ami_id": self.id,
            "name": format!("{}{}", self.family, self.version),
            "owner_id": self.owner,
            "description": self.description,
            "architecture": "x86_64",
            "hypervisor": "xen",
            "image_type": "machine",
            "platform": null,
            "public": true,
            "root_device_name": self.root_device,
            "root_device_type": "ebs",
            "sriov": "simple",
            "state": "available",
            "tags": {},
            "virtualization_type": "hvm",
        })
    }
}

/// The list for `MOTO_AMIS_PATH`: moto's images for `region`, then those of ours that it lacks.
///
/// Without a Python that has moto, the list is ours alone: Packer templates that name another public
/// image then find none, which they say themselves.
pub(super) fn list(moto_server: &Utf8Path, region: &str) -> Vec<Value> {
    let motos = interpreters(moto_server)
        .iter()
        .find_map(|python| ask(python, region))
        .unwrap_or_default();
    merge(motos)
}

fn merge(mut motos: Vec<Value>) -> Vec<Value> {
    let has = |family: &str| {
        motos.iter().any(|ami| {
            ami["name"]
                .as_str()
                .is_some_and(|name| name.starts_with(family))
        })
    };
    let lacking: Vec<Value> = OURS
        .iter()
        .filter(|ami| !has(ami.family))
        .map(Ami::to_json)
        .collect();
    for ami in &mut motos {
        if let Some(fields) = ami.as_object_mut() {
            fields.remove("creation_date");
        }
    }
    motos.extend(lacking);
    motos
}

fn ask(python: &Utf8Path, region: &str) -> Option<Vec<Value>> {
    let command = ToolCommand::new(python).args(["-I", "-c", SCRIPT, region]);
    let answer = capture(&command, PATIENCE).ok()?;
    if !answer.success() {
        return None;
    }
    serde_json::from_slice(&answer.stdout).ok()
}

/// Pythons that may be the one `moto_server` runs on, the likeliest first.
fn interpreters(moto_server: &Utf8Path) -> Vec<Utf8PathBuf> {
    let real = moto_server
        .canonicalize_utf8()
        .unwrap_or_else(|_| moto_server.to_owned());
    let start = std::fs::read(&real).unwrap_or_default();
    let first_line = start
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let mut all: Vec<Utf8PathBuf> = shebang_python(&String::from_utf8_lossy(first_line))
        .into_iter()
        .collect();
    // Launchers in other words (pip writes one in shell where the path is long, version managers
    // have their own) lie beside the Python that they start.
    for script in [real.as_path(), moto_server] {
        if let Some(folder) = script.parent() {
            all.push(folder.join("python3"));
            all.push(folder.join("python"));
        }
    }
    all.push("python3".into());
    all
}

fn shebang_python(line: &str) -> Option<Utf8PathBuf> {
    let program = line.strip_prefix("#!")?.trim();
    let name = program.rsplit('/').next()?;
    (name.starts_with("python") && !program.contains(char::is_whitespace)).then(|| program.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_moto_has_are_not_added_again_and_dates_are_left_out() {
        let merged = merge(vec![json!({
            "ami_id": "ami-1",
            "name": "al2023-ami-2023.11.1-kernel-6.1-x86_64",
            "creation_date": "2024-01-01T00:00:00.000Z",
        })]);
        let names: Vec<&str> = merged
            .iter()
            .filter_map(|ami| ami["name"].as_str())
            .collect();
        assert_eq!(
            names,
            [
                "al2023-ami-2023.11.1-kernel-6.1-x86_64",
                "debian-12-amd64-20240717-1811",
                "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20240701",
                "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20240701",
            ]
        );
        assert!(merged.iter().all(|ami| ami.get("creation_date").is_none()));
    }

    #[test]
    fn ids_have_the_shape_that_clients_check() {
        for ami in OURS {
            let digits = ami.id.strip_prefix("ami-").unwrap();
            assert_eq!(digits.len(), 17, "{}", ami.id);
            assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()), "{}", ami.id);
        }
    }

    #[test]
    fn the_interpreter_is_read_from_the_first_line() {
        assert_eq!(
            shebang_python("#!/srv/venv/bin/python3.11"),
            Some("/srv/venv/bin/python3.11".into())
        );
        assert_eq!(shebang_python("#!/usr/bin/env bash"), None);
        assert_eq!(shebang_python("#!/bin/sh"), None);
        assert_eq!(shebang_python(""), None);
    }
}
