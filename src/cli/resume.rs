//! `--resume RUN`: what an earlier run was asked for.

use super::Global;
use crate::{
    errors::Error,
    events::Operation,
    journal::PastRun,
    plan::Request,
    report::history::{self, ChooseError},
};

/// An earlier run that is to be gone on with.
pub struct Resumed {
    /// With the run's own environment.
    pub global: Global,
    pub stack: String,
    pub request: Request,
}

impl Resumed {
    /// Finds the `up` that `wanted` means: `last`, an id, or the beginning of one.
    ///
    /// # Errors
    ///
    /// When there is none, or there is nothing to go on with.
    pub fn find(global: &Global, wanted: &str) -> Result<Self, Error> {
        let root = global.project()?.root;
        let read = |source| Error::Io {
            context: format!("failed to read {}", history::runs_folder(&root)),
            source,
        };
        let ids = history::ids(&root).map_err(read)?;
        let run = history::choose(&ids, wanted).map_err(|error| match error {
            ChooseError::None | ChooseError::Unknown(_) | ChooseError::Ambiguous { .. } => {
                Error::Usage(format!("{error}; `amiable report list` lists the runs"))
            }
        })?;
        let past = PastRun::read(&root, &run).map_err(read)?;
        let nothing_known = || Error::Failed {
            problem: format!("the journal of run {run} does not say what it was asked for"),
            hints: vec!["run the command anew: what is done is not done again".to_owned()],
        };
        let past = past.ok_or_else(nothing_known)?;
        if past.result.as_deref() == Some("succeeded") {
            return Err(Error::Usage(format!(
                "run {run} succeeded: there is nothing to go on with"
            )));
        }
        let request = past.request.ok_or_else(nothing_known)?;
        if request.operation != Operation::Up {
            return Err(Error::Usage(format!(
                "run {run} was `{0}`; rerun it with `amiable {0}`",
                request.operation.word()
            )));
        }
        Ok(Self {
            global: Global {
                env: Some(past.environment),
                stack: None,
                ..global.clone()
            },
            stack: past.stack,
            request: Request {
                resumed: Some(run),
                ..request
            },
        })
    }
}
