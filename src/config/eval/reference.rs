//! References: what a scope knows.

use serde_json::Value;

use super::{Evaluator, Result, budget::size};
use crate::config::{
    fault::Fault,
    reference::{Found, Reference},
    suggest,
};

impl Evaluator<'_> {
    pub(super) fn reference(&self, found: Found) -> Result<Value> {
        let scope = self.scope;
        let optional = |text: &Option<String>| match text {
            Some(text) => Value::from(text.as_str()),
            None => Value::Null,
        };
        let unknown = |what: String| Fault::new(format!("{what} is not known yet"));
        let image = |name: &str, fact: Option<&String>, what: &str| {
            fact.map(|fact| Value::from(fact.as_str())).ok_or_else(|| {
                unknown(format!("`image.{name}.{what}`"))
                    .hint("it is known once the image is built or found")
            })
        };
        let value = match &found.reference {
            Reference::StackName => Ok(scope.stack.as_str().into()),
            Reference::EnvironmentName => Ok(scope.environment.as_str().into()),
            Reference::EnvironmentRegion => scope
                .region
                .as_deref()
                .map(Value::from)
                .ok_or_else(|| unknown("`environment.region`".to_owned())),
            Reference::RunId | Reference::RunGitCommit | Reference::RunGitBranch => {
                match &scope.run {
                    None => Err(unknown(format!("`{}`", found.reference))),
                    Some(run) => Ok(match found.reference {
                        Reference::RunId => run.id.as_str().into(),
                        Reference::RunGitCommit => optional(&run.git_commit),
                        _ => optional(&run.git_branch),
                    }),
                }
            }
            Reference::Env(name) => match scope.env.get(name) {
                Some(value) => Ok(value.as_str().into()),
                None => Err(
                    Fault::new(format!("`env.{name}` is not declared")).hint(format!(
                        "declare it at the top of the file: env \"{name}\" {{}}"
                    )),
                ),
            },
            Reference::ImageId(name) => image(
                name,
                scope.images.get(name).and_then(|image| image.id.as_ref()),
                "id",
            ),
            Reference::ImageFingerprint(name) => image(
                name,
                scope
                    .images
                    .get(name)
                    .and_then(|image| image.fingerprint.as_ref()),
                "fingerprint",
            ),
            Reference::Output(name) => self.output(name),
            Reference::Credential(name) => Err(Fault::new(format!(
                "`credential.{name}` is a secret and has no place in an expression"
            ))),
        };
        let value = value.map_err(|fault| fault.at(found.span))?;
        self.budget.spend(size(&value))?;
        Ok(value)
    }

    fn output(&self, name: &str) -> Result<Value> {
        let Some(outputs) = &self.scope.outputs else {
            return Err(Fault::new(format!("`output.{name}` is not known yet"))
                .hint("outputs are known after the apply"));
        };
        if self.scope.sensitive.contains(name) {
            return Err(Fault::new(format!("the output `{name}` is sensitive"))
                .hint("its value stays in Terraform's state; `sensitive = false` in Terraform shows it"));
        }
        outputs.get(name).cloned().ok_or_else(|| {
            let known = outputs.keys().map(String::as_str);
            Fault::new(format!("the deployment has no output `{name}`")).maybe_hint(suggest::hint(
                name,
                "its outputs are",
                known,
            ))
        })
    }
}
