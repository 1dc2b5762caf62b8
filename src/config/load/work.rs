//! `check` and `task` blocks: what is done with a deployment.

use std::time::Duration;

use serde_json::Value;

use super::{
    credential, image,
    reader::{Phase, Reader},
    section::Section,
};
use crate::config::{
    CheckSpec, CredentialSpec, Expr, Scope, TaskSpec, TaskTime, convert, duration, fault::Fault,
};

/// How long a check tries when it does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

pub(super) fn checks(reader: &Reader, file: &Section, scope: &Scope) -> Vec<CheckSpec> {
    file.blocks("check")
        .filter_map(|section| check(reader, section, scope))
        .collect()
}

fn check(reader: &Reader, section: &Section, scope: &Scope) -> Option<CheckSpec> {
    let contains = reader.string(section.field("contains"), scope);
    let status = reader
        .whole(section.field("status"), scope, 100..=599)
        .and_then(|status| u16::try_from(status).ok());
    let timeout = timeout(reader, section, scope);
    let url = section.field("url")?;
    let url = reader.later(url.expression, Phase::Deployed, scope, |value| {
        let url = convert::text(value)?;
        if url.starts_with("http://") || url.starts_with("https://") {
            return Ok(());
        }
        Err(
            Fault::new(format!("`{url}` is not a URL that can be requested"))
                .hint("it begins with `http://` or `https://`"),
        )
    })?;
    Some(CheckSpec {
        name: section.name().to_owned(),
        url,
        contains,
        status,
        timeout,
    })
}

fn timeout(reader: &Reader, section: &Section, scope: &Scope) -> Duration {
    let field = section.field("timeout");
    if let Some(field) = field
        && field.expression.is_number()
    {
        let written = &reader.source.text[field.span()];
        reader.report(
            Fault::new("`timeout` is a duration, with a unit")
                .at(field.span())
                .hint(format!(
                    "write `\"{written}s\"` for seconds or `\"{written}m\"` for minutes"
                )),
        );
        return DEFAULT_TIMEOUT;
    }
    reader
        .parsed(field, scope, duration::parse)
        .unwrap_or(DEFAULT_TIMEOUT)
}

pub(super) fn tasks(
    reader: &Reader,
    file: &Section,
    scope: &Scope,
    credentials: &[CredentialSpec],
) -> Vec<TaskSpec> {
    file.blocks("task")
        .map(|section| task(reader, section, scope, credentials))
        .collect()
}

fn task(
    reader: &Reader,
    section: &Section,
    scope: &Scope,
    credentials: &[CredentialSpec],
) -> TaskSpec {
    let wanted: Vec<String> = reader
        .credentials(section.field("credentials"))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let span = section
        .field("credentials")
        .map_or_else(|| section.title_span(), |field| field.span());
    image::require_env(reader, &wanted, credentials, span);
    TaskSpec {
        name: section.name().to_owned(),
        description: reader.string(section.field("description"), scope),
        when: reader
            .choice(
                section.field("when"),
                scope,
                &[
                    ("manual", TaskTime::Manual),
                    ("after-apply", TaskTime::AfterApply),
                    ("before-destroy", TaskTime::BeforeDestroy),
                ],
            )
            .unwrap_or(TaskTime::Manual),
        command: command(reader, section, scope),
        credentials: wanted,
        place: reader.place(section.label_span()),
    }
}

fn command(reader: &Reader, section: &Section, scope: &Scope) -> Vec<Expr> {
    let Some(field) = section.field("command") else {
        return Vec::new();
    };
    let words = reader.expressions(Some(field), Phase::Deployed, scope);
    if let Some(array) = field.expression.as_array() {
        let first = array.get(0);
        let program = first.map(|word| match word.as_str() {
            Some(word) => Value::from(word),
            // What is computed is checked when it is run.
            None => Value::Null,
        });
        if program != Some(Value::Null) {
            let word = program.as_ref().and_then(Value::as_str);
            if let Err(fault) = credential::program(reader.root, word) {
                let span = first.and_then(hcl_edit::Span::span);
                reader.report(fault.at(span).at(field.span()));
            }
        }
    }
    words
}
