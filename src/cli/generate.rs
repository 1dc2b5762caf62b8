//! `completions` and `man`: what is generated from the command line's own definition.

use std::io::{self, Write};

use clap::{Args as ClapArgs, Command};
use clap_complete::Shell;

use crate::errors::Error;

#[derive(Debug, ClapArgs)]
pub struct CompletionsArgs {
    /// The shell to make the script for
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the completion script.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub fn run(&self, mut command: Command) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "amiable", &mut script);
        write(&script)
    }
}

/// Prints the manual page.
///
/// # Errors
///
/// When it cannot be made or written.
pub fn man(command: Command) -> Result<(), Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|source| Error::Io {
            context: "failed to make the manual page".to_owned(),
            source,
        })?;
    write(&page)
}

fn write(text: &[u8]) -> Result<(), Error> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Io {
            context: "failed to write to standard output".to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}
