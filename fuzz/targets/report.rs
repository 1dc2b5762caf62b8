//! The report of an earlier run, read, shown, and written again.

use amiable::report::{
    json, markdown,
    terminal::{Look, Page},
};
use camino::Utf8Path;

use super::{assert_inert, text};

/// `data` is a `report.json`.
pub fn run(data: &[u8]) {
    let folder = Utf8Path::new("/runs/it");
    let summary = match json::from_text(&text(data), folder) {
        Ok(summary) => summary,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let page = Page {
        look: Look {
            color: false,
            unicode: true,
        },
        width: 80,
        here: folder,
    };
    assert_inert(&page.render(&summary, Some(folder)));
    assert_inert(&page.render_failures(&summary, Some(folder)));
    assert_inert(&markdown::render(&summary));

    let written = json::to_value(&summary);
    let again = json::from_text(&written.to_string(), folder).expect("our own report can be read");
    assert_eq!(json::to_value(&again), written);
}
