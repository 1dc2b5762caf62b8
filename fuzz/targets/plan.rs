//! The document of a saved plan, and the question that is asked about it.

use amiable::{report::approval_text, tools::terraform::plan_document::decode};

use super::assert_inert;

/// `data` is what `terraform show -json` prints.
pub fn run(data: &[u8]) {
    match decode(data) {
        Ok(document) => assert_inert(&approval_text(&document.changes)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
