//! Words for people on standard error. Nobody may be there to read them, which fails nothing.

use std::io::Write;

/// Says `text` on a line of its own.
pub fn say(text: &str) {
    // A closed standard error or a full disk leaves nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
