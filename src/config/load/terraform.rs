//! What a stack says about Terraform: its folder and its variables.

use camino::Utf8PathBuf;

use super::{reader::Reader, section::Section, variables::Variable};
use crate::config::{CredentialSpec, VariableValue, fault::Fault, paths};

/// The folder of a root module.
pub(super) fn folder(reader: &Reader, path: &str) -> Result<Utf8PathBuf, Fault> {
    let folder = paths::inside(reader.root, path)?;
    let whole = reader.root.join(&folder);
    if !whole.exists() {
        return Err(Fault::new(format!("there is no folder `{folder}`"))
            .hint("paths are relative to the project's root"));
    }
    if !whole.is_dir() {
        return Err(Fault::new(format!("`{folder}` is not a folder"))
            .hint("name the folder of the root module, not a file in it"));
    }
    let has_module = whole
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| {
            [".tf", ".tf.json"]
                .iter()
                .any(|end| entry.file_name().ends_with(end))
        });
    if !has_module {
        return Err(Fault::new(format!("`{folder}` has no `*.tf` file in it")));
    }
    Ok(folder)
}

/// `under` with the variables of `over` in the place of those of the same name.
pub(super) fn overlaid(under: &[Variable], over: &[Variable]) -> Vec<Variable> {
    let mut all = under.to_vec();
    for variable in over {
        match all.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => *known = variable.clone(),
            None => all.push(variable.clone()),
        }
    }
    all
}

/// A Terraform variable gets its value from one place.
pub(super) fn check_names(reader: &Reader, variables: &[Variable], credentials: &[CredentialSpec]) {
    for variable in variables {
        let giver = credentials
            .iter()
            .find(|credential| credential.terraform.as_deref() == Some(variable.name.as_str()));
        let Some(giver) = giver else { continue };
        if matches!(&variable.value, VariableValue::Credential { name, .. } if *name == giver.name)
        {
            continue;
        }
        reader.report(
            Fault::new(format!(
                "the variable `{}` has two values: this one and the credential `{}`",
                variable.name, giver.name
            ))
            .at(variable.span.clone())
            .hint(format!(
                "remove it here, or `terraform = \"{}\"` from the credential (line {})",
                variable.name, giver.place.line
            )),
        );
    }
}

/// Without Terraform there is nothing that variables, outputs and backends could be of.
pub(super) fn check_without(reader: &Reader, file: &Section, head: &Section) {
    if file.blocks("image").next().is_none() {
        head.report_missing(
            reader,
            Fault::new("the stack has neither images nor a Terraform folder")
                .hint("add `terraform = \"PATH\"` to it, or an `image` block to the file"),
        );
        return;
    }
    if head.has_unknown {
        return;
    }
    let hint = "add `terraform = \"PATH\"` to the `stack` block";
    if let Some(variables) = file.field("variables") {
        reader.report(
            Fault::new("these are Terraform variables, and the stack has no Terraform folder")
                .at(variables.name_span())
                .hint(hint),
        );
    }
    for (reference, span) in reader.outputs() {
        reader.report(
            Fault::new(format!(
                "`{reference}` is an output of Terraform, and the stack has no Terraform folder"
            ))
            .at(span)
            .hint(hint),
        );
    }
}
