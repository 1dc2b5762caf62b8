//! [`ToolCommand`]: a command line as data. Building one starts nothing; `process` runs it.

use camino::Utf8PathBuf;

use crate::secret::Secret;

/// A program with its arguments, environment and folder, ready to be run by [`crate::process`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCommand {
    /// Path or name of the program.
    pub program: Utf8PathBuf,
    pub args: Vec<String>,
    /// The tool's own variables. [`crate::process::environment`] adds the few that every child needs;
    /// nothing else of the driver's environment reaches the child.
    pub env: Vec<(String, EnvValue)>,
    /// Folder the child runs in; `None` is the driver's own.
    pub cwd: Option<Utf8PathBuf>,
    /// What the child reads on standard input; `None` closes it.
    pub stdin: Option<Secret>,
}

/// Value of an environment variable of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    Plain(String),
    Secret(Secret),
}

impl ToolCommand {
    pub fn new(program: impl Into<Utf8PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
            stdin: None,
        }
    }

    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), EnvValue::Plain(value.into())));
        self
    }

    pub fn secret_env(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.env.push((name.into(), EnvValue::Secret(value)));
        self
    }

    pub fn envs(mut self, env: impl IntoIterator<Item = (String, EnvValue)>) -> Self {
        self.env.extend(env);
        self
    }

    pub fn cwd(mut self, folder: impl Into<Utf8PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    pub fn stdin(mut self, text: Secret) -> Self {
        self.stdin = Some(text);
        self
    }

    /// The program's name and its subcommand: `aws ec2 describe-images`, `terraform plan`.
    pub fn call(&self) -> String {
        let program = self.program.file_name().unwrap_or(self.program.as_str());
        let subcommand = self.args.iter().map(String::as_str);
        let subcommand = subcommand.take_while(|arg| !arg.starts_with('-')).take(2);
        std::iter::once(program)
            .chain(subcommand)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Program and arguments as one would type them, for error texts and the journal. Secrets are
    /// never among the arguments, so this is safe to show.
    pub fn display(&self) -> String {
        std::iter::once(self.program.as_str())
            .chain(self.args.iter().map(String::as_str))
            .map(quote_for_shell)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn quote_for_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_quotes_what_a_shell_would_split() {
        let command = ToolCommand::new("terraform").args(["plan", "-out=a b", "", "it's"]);
        assert_eq!(command.display(), r"terraform plan '-out=a b' '' 'it'\''s'");
    }

    #[test]
    fn debug_output_never_shows_a_secret() {
        let command = ToolCommand::new("terraform")
            .secret_env("TF_VAR_db_password", Secret::new("hunter2hunter2"))
            .stdin(Secret::new("swordfish"));
        let debug = format!("{command:?}");
        assert!(
            !debug.contains("hunter2") && !debug.contains("swordfish"),
            "{debug}"
        );
    }
}
