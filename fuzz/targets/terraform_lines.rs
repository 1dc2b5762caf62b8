//! What `terraform plan` and `apply` print with `-json`, and what `init`, `output` and `version` say.

use amiable::tools::terraform::{decode, diagnosis, outcome::Tally, outputs, version};

use super::text;

/// `data` is the whole output of a command.
pub fn run(data: &[u8]) {
    let text = text(data);
    let mut tally = Tally::expecting(text.lines().count());
    for line in text.lines() {
        let _ = tally.take(decode::line(line));
        let _ = tally.activity();
    }
    for diagnostic in tally.errors.iter().chain(&tally.warnings) {
        let _ = diagnosis::of(diagnostic);
        let _ = diagnosis::leaves_open(diagnostic);
    }
    let _ = (tally.pending(), tally.unknown(), tally.done());
    let _ = amiable::tools::known_error::of_text(&text);
    let _ = outputs::decode(data);
    let _ = version::decode(data);
}
