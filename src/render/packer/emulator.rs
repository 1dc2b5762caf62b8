//! What changes in an `amazon-ebs` source when an emulator stands for AWS.

use camino::Utf8PathBuf;
use serde_json::json;

use super::changes::Changes;

/// An AWS emulator as Packer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulator {
    /// Base URL of its API.
    pub endpoint: String,
    /// Keys it takes; no secret.
    pub access_key: String,
    pub secret_key: String,
    /// The machine that stands for the instance; not needed without provisioners.
    pub machine: Option<BuilderMachine>,
}

/// The machine that provisioners run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderMachine {
    pub host: String,
    pub port: u16,
    /// Replaces the template's `ssh_username` when set.
    pub user: Option<String>,
    pub private_key: Utf8PathBuf,
    /// A key pair that exists in the emulator: Packer then makes none of its own.
    pub key_pair: String,
}

impl Emulator {
    /// Changes for everything that talks to AWS: sources and `data "amazon-..."` blocks.
    ///
    /// Arguments: Packer's amazon plugin, "Access Configuration".
    pub fn access(&self) -> Changes {
        Changes {
            set: vec![
                ("access_key", json!(self.access_key)),
                ("secret_key", json!(self.secret_key)),
                ("custom_endpoint_ec2", json!(self.endpoint)),
                // It would look for an instance's role where there is no instance.
                ("skip_metadata_api_check", json!(true)),
                // It would ask STS, which has no endpoint setting in Packer.
                ("skip_credential_validation", json!(true)),
            ],
            set_if_absent: Vec::new(),
            remove: vec![
                "assume_role",
                "mfa_code",
                "profile",
                "shared_credentials_file",
                "token",
                "vault_aws_engine",
            ],
        }
    }

    /// Changes for the source beyond [`Emulator::access`]; without `provision` nothing is connected to.
    pub fn source(&self, provision: bool) -> Changes {
        let mut changes = Changes {
            set: Vec::new(),
            // In the place of `spot_instance_types`, which may be there instead.
            set_if_absent: vec![("instance_type", json!("t3.micro"))],
            remove: vec![
                // Things of a real account that the emulator does not have.
                "iam_instance_profile",
                "kms_key_id",
                "region_kms_key_ids",
                "security_group_filter",
                "security_group_id",
                "security_group_ids",
                "subnet_filter",
                "subnet_id",
                "temporary_iam_instance_profile_policy_document",
                "vpc_filter",
                "vpc_id",
                // What it does not know how to do.
                "deprecate_at",
                "deregistration_protection",
                "fleet_tag",
                "fleet_tags",
                "spot_allocation_strategy",
                "spot_instance_types",
                "spot_price",
                "spot_price_auto_product",
                "spot_tag",
                "spot_tags",
            ],
        };
        if let Some(machine) = self.machine.as_ref().filter(|_| provision) {
            changes.set.extend([
                ("ssh_host", json!(machine.host)),
                ("ssh_port", json!(machine.port)),
                ("ssh_private_key_file", json!(machine.private_key)),
                ("ssh_keypair_name", json!(machine.key_pair)),
            ]);
            if let Some(user) = &machine.user {
                changes.set.push(("ssh_username", json!(user)));
            }
            // Other ways to reach or to log in to the instance.
            changes.remove.extend([
                "pause_before_ssm",
                "session_manager_port",
                "ssh_agent_auth",
                "ssh_bastion_agent_auth",
                "ssh_bastion_certificate_file",
                "ssh_bastion_host",
                "ssh_bastion_interactive",
                "ssh_bastion_password",
                "ssh_bastion_port",
                "ssh_bastion_private_key_file",
                "ssh_bastion_username",
                "ssh_certificate_file",
                "ssh_interface",
                "ssh_password",
                "ssh_proxy_host",
                "ssh_proxy_password",
                "ssh_proxy_port",
                "ssh_proxy_username",
                "temporary_key_pair_bits",
                "temporary_key_pair_name",
                "temporary_key_pair_type",
            ]);
        }
        changes
    }
}
