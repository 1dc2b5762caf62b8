//! Packer: its versions, its command lines, and the meaning of what it prints.

pub mod activity;
pub mod command;
pub mod decode;
pub mod manifest;
pub mod outcome;
pub mod temporary;
pub mod version;

/// An AMI and the region it is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionImage {
    pub region: String,
    pub ami: String,
}

impl RegionImage {
    /// Reads the id of an artifact of `amazon-ebs`: `REGION:AMI`, several of them with commas between.
    /// An id of another shape holds no AMI.
    pub fn parse_all(id: &str) -> Vec<RegionImage> {
        id.split(',')
            .filter_map(|part| part.split_once(':'))
            .filter(|(_, ami)| ami.starts_with("ami-"))
            .map(|(region, ami)| RegionImage {
                region: region.trim().to_owned(),
                ami: ami.trim().to_owned(),
            })
            .collect()
    }
}
