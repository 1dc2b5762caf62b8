//! What the terminal is like and how much the user wants to see.

use std::{env, io::IsTerminal as _};

use camino::Utf8PathBuf;

use super::Look;

/// How a run is shown on stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub manner: Manner,
    pub look: Look,
    pub detail: Detail,
    /// Paths below this folder are shown relative to it.
    pub here: Utf8PathBuf,
}

/// Lines that change, or lines that stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A terminal that can be repainted.
    Live,
    /// A file, a pipe, a CI log, a dumb terminal.
    Plain,
}

/// How much of a run is shown, each with all of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// `-qq`
    Failures,
    /// `-q`
    Summary,
    Steps,
    /// `-v`: what the tools say.
    Logs,
    /// `-vv`
    Trace,
}

impl Detail {
    /// From how often `-q` and `-v` were given.
    pub fn new(quiet: u8, verbose: u8) -> Self {
        match i16::from(verbose) - i16::from(quiet) {
            ..=-2 => Detail::Failures,
            -1 => Detail::Summary,
            0 => Detail::Steps,
            1 => Detail::Logs,
            2.. => Detail::Trace,
        }
    }
}

impl Settings {
    /// For this process's stderr. `color` is `--color always` or `never`, `None` when it is `auto`.
    pub fn detect(color: Option<bool>, quiet: u8, verbose: u8) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self::of(is_terminal, color, Detail::new(quiet, verbose))
    }

    /// For this process's stdout, where results go.
    pub fn for_results(color: Option<bool>) -> Self {
        Self::of(std::io::stdout().is_terminal(), color, Detail::Steps)
    }

    fn of(is_terminal: bool, color: Option<bool>, detail: Detail) -> Self {
        let here = env::current_dir().ok();
        let here = here.and_then(|folder| Utf8PathBuf::from_path_buf(folder).ok());
        let surroundings = Surroundings {
            is_terminal,
            variable: &|name| env::var_os(name)?.into_string().ok(),
        };
        let (manner, look) = surroundings.decide(color);
        Self {
            manner,
            look,
            detail,
            here: here.unwrap_or_default(),
        }
    }
}

struct Surroundings<'a> {
    is_terminal: bool,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Surroundings<'_> {
    fn decide(&self, color: Option<bool>) -> (Manner, Look) {
        let capable = self.is_terminal && self.set("TERM").is_some_and(|term| term != "dumb");
        // A CI log may well be a terminal to its programs; it never is to its readers.
        let manner = if capable && self.set("CI").is_none_or(|value| value == "false") {
            Manner::Live
        } else {
            Manner::Plain
        };
        let look = Look {
            // https://no-color.org: any value but the empty one.
            color: color.unwrap_or(capable && self.set("NO_COLOR").is_none()),
            unicode: self.speaks_utf8(),
        };
        (manner, look)
    }

    /// A variable that is there and not empty.
    fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// The first of these that is set decides (POSIX, locale(7)).
    fn speaks_utf8(&self) -> bool {
        ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| self.set(name))
            .is_some_and(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.ends_with("utf-8") || locale.ends_with("utf8")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(
        is_terminal: bool,
        color: Option<bool>,
        variables: &[(&str, &str)],
    ) -> (Manner, Look) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        };
        Surroundings {
            is_terminal,
            variable: &variable,
        }
        .decide(color)
    }

    const TERM: (&str, &str) = ("TERM", "xterm");

    #[test]
    fn only_a_capable_terminal_is_repainted() {
        let manner = |is_terminal, variables: &[_]| decide(is_terminal, None, variables).0;
        assert_eq!(manner(true, &[TERM]), Manner::Live);
        assert_eq!(manner(false, &[TERM]), Manner::Plain);
        assert_eq!(manner(true, &[]), Manner::Plain);
        assert_eq!(manner(true, &[("TERM", "dumb")]), Manner::Plain);
        assert_eq!(manner(true, &[TERM, ("CI", "true")]), Manner::Plain);
        assert_eq!(manner(true, &[TERM, ("CI", "false")]), Manner::Live);
    }

    #[test]
    fn colour_follows_the_flag_then_no_color_then_the_terminal() {
        let color =
            |is_terminal, flag, variables: &[_]| decide(is_terminal, flag, variables).1.color;
        assert!(color(true, None, &[TERM]));
        assert!(!color(true, None, &[TERM, ("NO_COLOR", "1")]));
        assert!(color(true, None, &[TERM, ("NO_COLOR", "")]));
        assert!(!color(false, None, &[TERM]));
        assert!(color(false, Some(true), &[("NO_COLOR", "1")]));
        assert!(!color(true, Some(false), &[TERM]));
    }

    #[test]
    fn the_locale_decides_about_signs() {
        let unicode = |variables: &[_]| decide(true, None, variables).1.unicode;
        assert!(unicode(&[("LANG", "de_DE.UTF-8")]));
        assert!(!unicode(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]));
        assert!(unicode(&[("LANG", "C.utf8"), ("LC_ALL", "")]));
        assert!(!unicode(&[]));
    }

    #[test]
    fn quiet_and_verbose_take_each_other_back() {
        assert_eq!(Detail::new(0, 0), Detail::Steps);
        assert_eq!(Detail::new(1, 0), Detail::Summary);
        assert_eq!(Detail::new(3, 0), Detail::Failures);
        assert_eq!(Detail::new(0, 1), Detail::Logs);
        assert_eq!(Detail::new(0, 9), Detail::Trace);
        assert_eq!(Detail::new(1, 1), Detail::Steps);
        assert!(Detail::Steps < Detail::Logs);
    }
}
