//! The tags that say what an AMI is, kept on the AMI so that every machine can read them.

/// Digest of everything the image was made of.
pub const FINGERPRINT: &str = "amiable:fingerprint";
pub const STACK: &str = "amiable:stack";
pub const ENVIRONMENT: &str = "amiable:environment";
pub const IMAGE: &str = "amiable:image";
/// The run that built it. Everything Packer creates on the way has this tag as well.
pub const RUN: &str = "amiable:run";
/// `no` on an image whose provisioners were left out.
pub const PROVISIONED: &str = "amiable:provisioned";
/// On an AMI that is not used because its Packer did not finish it: what it lacks.
pub const INCOMPLETE: &str = "amiable:incomplete";
/// The runs that deployed it, oldest first, separated by spaces; the last ones, as many as fit.
pub const DEPLOYED: &str = "amiable:deployed";
/// The run that rolled back from it to an earlier image.
pub const ROLLED_BACK: &str = "amiable:rolled-back";
/// On the holder of an exact name: the id of the AMI it is a copy of.
pub const COPY_OF: &str = "amiable:copy-of";
/// The other regions that have copies of it, separated by spaces.
pub const REGIONS: &str = "amiable:regions";

/// The longest value that EC2 takes (EC2 User Guide, "Tag restrictions").
pub const LONGEST_VALUE: usize = 256;
