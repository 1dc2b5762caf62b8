//! Results on standard output. A reader that closed it, as `head` does, has what it wanted.

use std::io::{self, Write};

use serde::Serialize;

use crate::{errors::Error, report::json};

/// Prints `text` as it is.
///
/// # Errors
///
/// When it cannot be written, for instance to a full disk.
pub fn print(text: &str) -> Result<(), Error> {
    write(&mut io::stdout().lock(), text)
}

/// Prints `value` as one JSON document that is inert on a terminal.
///
/// # Errors
///
/// As [`print`].
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Error> {
    let value = serde_json::to_value(value).map_err(|error| Error::Failed {
        problem: format!("failed to represent the result in JSON: {error}"),
        hints: Vec::new(),
    })?;
    print(&json::to_text(&value))
}

fn write(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::Io {
            context: "failed to write to standard output".to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        assert!(write(&mut Broken(io::ErrorKind::BrokenPipe), "x").is_ok());
        let error = write(&mut Broken(io::ErrorKind::StorageFull), "x").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("failed to write to standard output: ")
        );
    }
}
