//! A private temporary folder for one child.

use std::io;

use camino::Utf8Path;
use tempfile::TempDir;

/// A folder that only we can enter, removed with all that is in it when dropped.
///
/// Packer leaves `packer-log*` files with variables in the temporary folder when it is killed
/// (packer 1.6.6). The folder lies directly in the system's temporary folder because Terraform puts
/// its plugins' Unix sockets in it, whose path may have at most 107 bytes (unix(7)).
#[derive(Debug)]
pub struct PrivateFolder(TempDir);

impl PrivateFolder {
    /// How the names of all of them begin.
    pub const PREFIX: &'static str = "amiable-";

    /// Makes a new folder, 0700.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn create() -> io::Result<Self> {
        tempfile::Builder::new()
            .prefix(Self::PREFIX)
            .tempdir()
            .map(Self)
    }

    pub fn path(&self) -> &str {
        Utf8Path::from_path(self.0.path()).map_or("/tmp", Utf8Path::as_str)
    }
}
