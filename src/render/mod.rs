//! Files for Packer and Terraform as text. Apart from the `read` functions nothing here touches the
//! disk, and nothing starts a program.
//!
//! - [`hcl_file`]: a file of the user's, parsed;
//! - [`declaration`]: declared variables against given ones;
//! - [`hcl_literal`]: values as HCL text that no tool can read as anything but those values;
//! - [`place`]: from byte offsets to the places that errors show;
//! - [`relative`]: paths below the project's root;
//! - [`packer`]: copies of templates, edited for one run;
//! - [`terraform`]: variable and override files, and what a root module declares.

pub mod declaration;
pub mod hcl_file;
pub mod hcl_literal;
pub mod packer;
pub mod place;
pub mod relative;
pub mod terraform;
