//! A new AMI is not found at first, then pending, then what moto says (EC2 API reference, "Eventual consistency").

use std::collections::BTreeMap;

use super::{
    super::{call::Call, moto::Image, xml},
    Settings,
};

/// The AMIs that are still on their way.
#[derive(Debug, Default)]
pub struct Visibility {
    coming: BTreeMap<String, Settings>,
}

/// What can be seen of an AMI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    NotYet,
    Pending,
    AsItIs,
}

impl Visibility {
    pub fn created(&mut self, id: &str, settings: Settings) {
        self.coming.insert(id.to_owned(), settings);
    }

    /// What can be seen of `id` now.
    pub fn of(&self, id: &str) -> Seen {
        match self.coming.get(id) {
            Some(Settings { unseen: 1.., .. }) => Seen::NotYet,
            Some(Settings { pending: 1.., .. }) => Seen::Pending,
            Some(_) | None => Seen::AsItIs,
        }
    }

    /// What this look shows of `id`; the next one may show more.
    pub fn look(&mut self, id: &str) -> Seen {
        let seen = self.of(id);
        if let Some(left) = self.coming.get_mut(id) {
            match seen {
                Seen::NotYet => left.unseen -= 1,
                Seen::Pending => left.pending -= 1,
                Seen::AsItIs => {}
            }
        }
        seen
    }

    /// An answer to DescribeImages as far as it can be seen. Counts as a look at every AMI in it.
    pub fn show(&mut self, answer: &str, call: &Call) -> String {
        let pending_wanted = call
            .filter("state")
            .is_none_or(|states| states.contains(&"pending"));
        let mut shown = answer.to_owned();
        // From the last one on, so that the places of the others stay right.
        for range in xml::items(answer, "imagesSet").into_iter().rev() {
            let item = &answer[range.clone()];
            let Some(image) = Image::read(item) else {
                continue;
            };
            match self.look(&image.id) {
                Seen::AsItIs => {}
                Seen::Pending if pending_wanted => {
                    let state = format!("<imageState>{}</imageState>", image.state);
                    let item = item.replace(&state, "<imageState>pending</imageState>");
                    shown.replace_range(range, &item);
                }
                Seen::Pending | Seen::NotYet => shown.replace_range(range, ""),
            }
        }
        shown
    }
}
