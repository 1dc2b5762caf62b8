//! `image` blocks.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    ImageDraft,
    environment::EnvironmentPart,
    reader::{Phase, Reader},
    section::Section,
    terraform::overlaid,
};
use crate::config::{
    CredentialSpec, ImageSpec, Naming, ReplaceOrder, Scope, VariableValue, Variables, fault::Fault,
    names, paths,
};

/// Images of the file, without what environments change.
pub(super) fn all(reader: &Reader, file: &Section, scope: &Scope) -> Vec<ImageDraft> {
    let drafts: Vec<ImageDraft> = file
        .blocks("image")
        .map(|section| read(reader, section, scope))
        .collect();
    check_shared_names(reader, file, &drafts);
    drafts
}

fn read(reader: &Reader, section: &Section, scope: &Scope) -> ImageDraft {
    let name = section.name().to_owned();
    let ami_name = reader.parsed(section.field("name"), scope, |name| {
        names::image(name).map(|()| name.to_owned())
    });
    let variables = reader.variables(section.field("variables"), Phase::Image, scope);
    let spec = ImageSpec {
        template: reader
            .parsed(section.field("template"), scope, |path| {
                template(reader.root, path)
            })
            .unwrap_or_default(),
        ami_name: ami_name.unwrap_or_else(|| format!("{}-{name}", scope.stack)),
        naming: reader
            .choice(
                section.field("naming"),
                scope,
                &[("unique", Naming::Unique), ("exact", Naming::Exact)],
            )
            .unwrap_or(Naming::Unique),
        replace: reader
            .choice(
                section.field("replace"),
                scope,
                &[
                    ("after-apply", ReplaceOrder::AfterApply),
                    ("before-build", ReplaceOrder::BeforeBuild),
                ],
            )
            .unwrap_or(ReplaceOrder::AfterApply),
        keep: keep(reader, section, scope).unwrap_or(1),
        inputs: inputs(reader, section, scope),
        variables: as_spec(&variables),
        credentials: reader
            .credentials(section.field("credentials"))
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        rotate: reader.parsed(section.field("rotate"), scope, |marker| match marker {
            "" => Err(Fault::new("`rotate` is empty").hint("any text will do, for example a date")),
            marker => Ok(marker.to_owned()),
        }),
        source: reader.parsed(section.field("source"), scope, |source| match source {
            "" => Err(Fault::new("`source` is empty")
                .hint("name a source of the template, for example `amazon-ebs.web`")),
            source => Ok(source.to_owned()),
        }),
        place: reader.place(section.label_span()),
        name,
    };
    ImageDraft {
        spec,
        span: section.title_span(),
        variables,
    }
}

/// More images than any account may have; a number beyond is a mistake.
const MOST_KEPT: u64 = 1000;

pub(super) fn keep(reader: &Reader, section: &Section, scope: &Scope) -> Option<usize> {
    let keep = reader.whole(section.field("keep"), scope, 0..=MOST_KEPT)?;
    usize::try_from(keep).ok()
}

fn as_spec(variables: &[super::Variable]) -> Variables {
    Variables(
        variables
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.clone()))
            .collect(),
    )
}

fn template(root: &Utf8Path, path: &str) -> Result<Utf8PathBuf, Fault> {
    let template = paths::inside(root, path)?;
    let whole = root.join(&template);
    let ends = |name: &str, ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if whole.is_dir() {
        let found = whole
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| ends(entry.file_name(), &[".pkr.hcl", ".pkr.json"]));
        return if found {
            Ok(template)
        } else {
            Err(
                Fault::new(format!("`{template}` has no `*.pkr.hcl` file in it"))
                    .hint("name a legacy template by its file: template = \"FOLDER/NAME.json\""),
            )
        };
    }
    if !whole.is_file() {
        return Err(
            Fault::new(format!("there is no file or folder `{template}`"))
                .hint("paths are relative to the project's root"),
        );
    }
    if ends(template.as_str(), &[".pkr.hcl", ".json"]) {
        Ok(template)
    } else {
        Err(Fault::new(format!("`{template}` is not a Packer template"))
            .hint("templates end with `.pkr.hcl` or, legacy ones, with `.json`"))
    }
}

fn inputs(reader: &Reader, section: &Section, scope: &Scope) -> Vec<String> {
    let written = reader
        .strings(section.field("inputs"), scope)
        .unwrap_or_default();
    let mut inputs = Vec::new();
    for (glob, span) in written {
        match input(&glob) {
            Ok(input) => inputs.push(input),
            Err(fault) => reader.report(fault.at(span)),
        }
    }
    inputs
}

fn input(glob: &str) -> Result<String, Fault> {
    let glob = glob.strip_prefix("./").unwrap_or(glob);
    paths::lexically_inside(glob)?;
    globset::GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map_err(|error| {
            Fault::new(format!("`{glob}` is not a glob: {}", error.kind())).hint(
                "`*` and `?` stand for parts of a name, `**` for folders, `{a,b}` for a choice",
            )
        })?;
    Ok(glob.to_owned())
}

fn check_shared_names(reader: &Reader, file: &Section, drafts: &[ImageDraft]) {
    for (index, draft) in drafts.iter().enumerate() {
        let before = drafts[..index].iter().find(|other| {
            other.spec.ami_name == draft.spec.ami_name && other.spec.name != draft.spec.name
        });
        let Some(before) = before else { continue };
        let section = file.blocks("image").nth(index);
        let span = section
            .and_then(|section| section.field("name"))
            .map_or_else(|| draft.span.clone(), |field| field.span());
        reader.report(
            Fault::new(format!(
                "the image `{}` has this name already: {}",
                before.spec.name, draft.spec.ami_name
            ))
            .at(span)
            .hint("AMIs of two images cannot be told apart by one name"),
        );
    }
}

/// Applies what an environment says about images.
pub(super) fn overlay(drafts: &mut [ImageDraft], part: &EnvironmentPart) {
    for over in &part.images {
        if let Some(draft) = drafts.iter_mut().find(|draft| draft.spec.name == over.name) {
            draft.variables = overlaid(&draft.variables, &over.variables);
            draft.spec.variables = as_spec(&draft.variables);
            draft.spec.keep = over.keep.unwrap_or(draft.spec.keep);
        }
    }
}

/// A secret in an image cannot be part of its fingerprint: something else has to tell when it changed.
pub(super) fn check_secrets(
    reader: &Reader,
    drafts: &[ImageDraft],
    credentials: &[CredentialSpec],
) {
    for draft in drafts {
        let in_variables = draft
            .spec
            .variables
            .0
            .iter()
            .find_map(|(_, value)| match value {
                VariableValue::Credential { name, .. } => Some(name),
                VariableValue::Expr(_) => None,
            });
        let secret = in_variables.or(draft.spec.credentials.first());
        if let Some(secret) = secret
            && draft.spec.rotate.is_none()
        {
            reader.report(
                Fault::new(format!(
                    "the image `{}` gets the secret `credential.{secret}` and has no `rotate`",
                    draft.spec.name
                ))
                .at(draft.span.clone())
                .hint("secrets are not part of a fingerprint: add `rotate = \"1\"`, and change it when the secret changes"),
            );
        }
        require_env(
            reader,
            &draft.spec.credentials,
            credentials,
            draft.span.clone(),
        );
    }
}

/// A credential that goes to a child through its environment needs a name there.
pub(super) fn require_env(
    reader: &Reader,
    wanted: &[String],
    credentials: &[CredentialSpec],
    span: std::ops::Range<usize>,
) {
    for name in wanted {
        let credential = credentials
            .iter()
            .find(|credential| credential.name == *name);
        if credential.is_some_and(|credential| credential.env.is_none()) {
            reader.report(
                Fault::new(format!(
                    "the credential `{name}` has no `env`, so it has no name in the environment"
                ))
                .at(span.clone())
                .hint(format!(
                    "add `env = \"{}\"` to the credential",
                    name.to_uppercase().replace('-', "_")
                )),
            );
        }
    }
}
