//! Which references are possible, and where.

use super::reader::{Phase, Reader};
use crate::config::{fault::Fault, reference::Reference, suggest};

/// Names that references may use.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) images: Vec<String>,
    pub(super) credentials: Vec<String>,
    pub(super) env: Vec<String>,
}

impl Reader<'_> {
    /// What is wrong with a reference at this phase.
    pub(super) fn judge(&self, reference: &Reference, phase: Phase) -> Option<Fault> {
        let names = self.names.borrow();
        let unknown = |what: &str, plural: &str, name: &str, known: &[String]| {
            let known = known.iter().map(String::as_str);
            (!known.clone().any(|known| known == name)).then(|| {
                Fault::new(format!("there is no {what} `{name}`"))
                    .maybe_hint(suggest::hint(name, plural, known))
            })
        };
        match reference {
            Reference::StackName | Reference::EnvironmentName => None,
            Reference::EnvironmentRegion => (phase == Phase::Load).then(|| {
                Fault::new(format!("`{reference}` is not known here"))
                    .hint("it may be used in variables, checks, tasks and the summary")
            }),
            Reference::Env(name) => {
                (!names.env.contains(name)).then(|| {
                    Fault::new(format!("`{reference}` is not declared")).hint(
                        match suggest::closest(name, names.env.iter().map(String::as_str)) {
                            Some(close) => format!("did you mean `env.{close}`?"),
                            None => format!("declare it at the top of the file: env \"{name}\" {{}}"),
                        },
                    )
                })
            }
            Reference::RunId | Reference::RunGitCommit | Reference::RunGitBranch => match phase {
                Phase::Load => Some(
                    Fault::new(format!("`{reference}` is not known here"))
                        .hint("it may be used in variables, checks, tasks and the summary"),
                ),
                Phase::Image if *reference == Reference::RunId => Some(
                    Fault::new("`run.id` cannot be in an image").hint(
                        "it differs in every run, so the image would be built anew every time; the AMI is tagged with it",
                    ),
                ),
                _ => None,
            },
            Reference::ImageId(name) | Reference::ImageFingerprint(name) => {
                unknown("image", "the images are", name, &names.images).or(match phase {
                    Phase::Load | Phase::Image => Some(
                        Fault::new(format!("`{reference}` is not known here"))
                            .hint("images are known once all of them are built: in Terraform variables, checks, tasks and the summary"),
                    ),
                    Phase::Apply | Phase::Deployed => None,
                })
            }
            Reference::Output(_) => (phase != Phase::Deployed).then(|| {
                Fault::new(format!("`{reference}` is not known here"))
                    .hint("outputs are known after the apply: in checks, tasks and the summary")
            }),
            Reference::Credential(name) => {
                Some(unknown("credential", "the credentials are", name, &names.credentials).unwrap_or_else(
                    || {
                        Fault::new(format!("the secret `{reference}` may not go here")).hint(
                            match phase {
                                Phase::Load => "what is written here is not kept secret",
                                Phase::Image | Phase::Apply => {
                                    "a secret is the whole value of a variable: `NAME = credential.X`, without quotes, operators or functions"
                                }
                                Phase::Deployed => {
                                    "it would be shown; a task gets secrets in its environment: credentials = [\"NAME\"]"
                                }
                            },
                        )
                    },
                ))
            }
        }
    }
}
