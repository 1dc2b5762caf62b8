//! What Packer prints, and the manifest it writes.

use amiable::tools::packer::{
    RegionImage,
    activity::activity,
    decode::{PackerEvent, decode, unescape},
    manifest::Manifest,
    version::PackerVersion,
};

use super::{assert_inert, text};

/// `data` is the whole output of a build.
pub fn run(data: &[u8]) {
    let text = text(data);
    for line in text.lines() {
        let event = decode(line);
        if let Some(doing) = activity(&event) {
            assert_inert(&amiable::report::inert::line(&doing));
        }
        match event {
            PackerEvent::Unknown { raw, .. } => assert_eq!(raw, line.trim_end_matches('\r')),
            PackerEvent::Text(whole) => assert_eq!(whole, line.trim_end_matches('\r')),
            PackerEvent::Ui { lines, .. } => {
                let one_line = |text: &str| !text.contains('\n');
                assert!(lines.iter().all(|line| one_line(&line.text)));
            }
            _ => {}
        }
        let _ = unescape(line);
        let _ = RegionImage::parse_all(line);
    }
    let _ = PackerVersion::parse(&text).map(|version| (version.series(), version.plugins()));
    let _ = Manifest::parse(&text).map(|manifest| manifest.images());
}
