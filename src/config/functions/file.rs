//! Functions that read the project's files.

use std::io::Read;

use super::{Arguments, Function, Outcome, complain_of};
use crate::config::paths;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "file",
    parameters: "path",
    summary: "the text of a file of the project; the path is relative to the project's root",
    call: file,
}];

/// Larger files do not belong into variables.
const LARGEST: u64 = 4 * 1024 * 1024;

fn file(arguments: &Arguments) -> Outcome {
    let path = arguments.check(0, paths::inside(arguments.root, &arguments.text(0)?))?;
    let whole = arguments.root.join(&path);
    // Opening a pipe would wait for someone to write into it.
    match fs_err::metadata(&whole) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return complain_of(0, format!("`{path}` is not a file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return complain_of(0, format!("there is no file `{path}`"));
        }
        Err(error) => return complain_of(0, format!("failed to read `{path}`: {}", error.kind())),
    }
    let mut bytes = Vec::new();
    let read =
        fs_err::File::open(&whole).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return complain_of(0, format!("failed to read `{path}`: {}", error.kind()));
    }
    if bytes.len() as u64 > LARGEST {
        return complain_of(0, format!("`{path}` is larger than {} MiB", LARGEST >> 20));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) => complain_of(0, format!("`{path}` is not UTF-8 text")),
    }
}
