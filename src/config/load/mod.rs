//! From a stack file to a validated [`Stack`].
//!
//! One reading finds all the mistakes it can: each part reports what is wrong with it and stands in
//! with a harmless value, and only at the end the reports decide whether there is a stack.

mod credential;
mod environment;
mod image;
mod judge;
mod reader;
mod section;
mod terraform;
mod variables;
mod work;

use std::collections::BTreeMap;

use super::{
    ConfigError, Environment, ImageSpec, Problem, Project, Prune, Scope, Stack, Variables,
    fault::Fault, names, parse, schema, source::Source, suggest,
};
use environment::EnvironmentPart;
use reader::{Phase, Reader};
use section::Section;
use variables::Variable;

/// Loads a stack for an environment.
///
/// `stack` and `environment` are what the user named; without them the project's default stack and the sandbox
/// are meant. `env_lookup` reads environment variables of the caller, and is asked for declared ones only.
///
/// # Errors
///
/// When the stack or the environment does not exist, and with everything that is wrong in the stack file.
pub fn load(
    project: &Project,
    stack: Option<&str>,
    environment: Option<&str>,
    env_lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Stack, ConfigError> {
    let (_, file) = project.stack(stack)?;
    let source = Source::read(&project.root, file)?;
    let body = parse::body(&source)?;
    let reader = Reader::new(&source, &project.root);
    let sections = Section::read(&reader, &schema::FILE, &body, None);
    let wanted = environment.unwrap_or(Environment::SANDBOX);

    let environments = environment_names(&sections);
    if !environments.iter().any(|name| name == wanted) {
        return Err(undeclared_environment(wanted, &environments));
    }
    let stack = read(&reader, &sections, wanted, &environments, env_lookup);
    let mut faults = reader.into_faults();
    match stack {
        Some(stack) if faults.is_empty() => Ok(stack),
        _ => {
            // In the order of the file; one mistake may have been met on two ways.
            faults.sort_by_key(|fault| {
                fault
                    .span
                    .clone()
                    .map_or((0, 0), |span| (span.start, span.end))
            });
            faults.dedup();
            let problems: Vec<Problem> = faults
                .into_iter()
                .map(|fault| source.problem(fault))
                .collect();
            Err(ConfigError { problems })
        }
    }
}

/// The declared environments, the sandbox first.
fn environment_names(file: &Section) -> Vec<String> {
    let mut names = vec![Environment::SANDBOX.to_owned()];
    for section in file.blocks("environment") {
        let name = section.name();
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn undeclared_environment(wanted: &str, declared: &[String]) -> ConfigError {
    let known = declared.iter().map(String::as_str);
    let hint = match suggest::closest(wanted, known.clone()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!(
            "the environments of this stack are: {}; another is declared by an `environment \"{wanted}\"` block",
            known.collect::<Vec<_>>().join(", ")
        ),
    };
    ConfigError::from(Problem {
        message: format!("there is no environment `{wanted}`"),
        place: None,
        hint: Some(hint),
    })
}

fn read(
    reader: &Reader,
    file: &Section,
    wanted: &str,
    environments: &[String],
    env_lookup: &dyn Fn(&str) -> Option<String>,
) -> Option<Stack> {
    reader.declare(file);
    let head = only_stack(reader, file)?;
    let env = env_values(reader, file, env_lookup);
    let scope_for = |environment: &str| Scope {
        stack: head.name().to_owned(),
        environment: environment.to_owned(),
        env: env.clone(),
        root: reader.root.to_owned(),
        ..Scope::default()
    };
    let scope = scope_for(wanted);

    let description = reader.string(head.field("description"), &scope);
    let region = reader.parsed(head.field("region"), &scope, |region| {
        names::region(region).map(|()| region.to_owned())
    });
    let folder = reader.parsed(head.field("terraform"), &scope, |path| {
        terraform::folder(reader, path)
    });
    let prune = reader.choice(
        head.field("prune"),
        &scope,
        &[
            ("after-apply", Prune::AfterApply),
            ("manual", Prune::Manual),
        ],
    );
    if let Some(default) = head.field("default")
        && default.expression.as_bool().is_none()
    {
        reader.report(
            Fault::new("`default` is written `true` or `false`, without an expression")
                .at(default.span()),
        );
    }

    let credentials = credential::all(reader, file, &scope);
    let mut images = image::all(reader, file, &scope);
    let mut variables = reader.variables(file.field("variables"), Phase::Apply, &scope);

    // Every environment is read, so that a mistake in `prod` is found before the day it is needed.
    let mut chosen: Option<EnvironmentPart> = None;
    for section in file.blocks("environment") {
        let is_chosen = section.name() == wanted;
        let own_scope = scope_for(section.name());
        let part = environment::read(reader, section, &own_scope, head.field("region").is_none());
        terraform::check_names(
            reader,
            &terraform::overlaid(&variables, &part.variables),
            &credentials,
        );
        let mut own_images = images.clone();
        image::overlay(&mut own_images, &part);
        image::check_secrets(reader, &own_images, &credentials);
        if is_chosen {
            chosen = Some(part);
        }
    }
    terraform::check_names(reader, &variables, &credentials);
    image::check_secrets(reader, &images, &credentials);

    let region_needed = head.field("region").is_none();
    let part = chosen.unwrap_or_else(|| {
        if region_needed {
            head.report_missing(reader, environment::no_region(wanted));
        }
        EnvironmentPart::undeclared(wanted)
    });
    variables = terraform::overlaid(&variables, &part.variables);
    image::overlay(&mut images, &part);

    let checks = work::checks(reader, file, &scope);
    let tasks = work::tasks(reader, file, &scope, &credentials);
    let summary = reader.expressions(file.field("summary"), Phase::Deployed, &scope);

    let has_terraform = head.field("terraform").is_some();
    if !has_terraform {
        terraform::check_without(reader, file, head);
    }
    Some(Stack {
        name: head.name().to_owned(),
        description,
        region: part.region.clone().or(region)?,
        root: reader.root.to_owned(),
        file: reader.source.file.clone(),
        terraform: folder,
        environment: part.environment,
        environments: environments.to_vec(),
        env,
        credentials,
        images: images.into_iter().map(|image| image.spec).collect(),
        prune: prune.unwrap_or(Prune::AfterApply),
        variables: Variables(
            variables
                .into_iter()
                .map(|variable| (variable.name, variable.value))
                .collect(),
        ),
        checks,
        tasks,
        summary,
    })
}

/// The one `stack` block.
fn only_stack<'s, 'a>(reader: &Reader, file: &'s Section<'a>) -> Option<&'s Section<'a>> {
    let mut stacks = file.blocks("stack");
    let Some(first) = stacks.next() else {
        reader.report(
            Fault::new("the file has no `stack` block")
                .at(0..0)
                .hint("it begins with: stack \"NAME\" { ... }"),
        );
        return None;
    };
    for more in stacks {
        reader.report(
            Fault::new("a file has one `stack` block")
                .at(more.title_span())
                .hint("each stack has a file of its own: infra/NAME/stack.hcl"),
        );
    }
    Some(first)
}

/// Values of the declared environment variables. What is missing is reported and stands as empty.
fn env_values(
    reader: &Reader,
    file: &Section,
    env_lookup: &dyn Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for section in file.blocks("env") {
        let name = section.name();
        let default = reader.string(section.field("default"), &Scope::default());
        if let Err(fault) = names::environment_variable(name) {
            reader.report(fault.at(section.label_span()));
            continue;
        }
        let value = match env_lookup(name) {
            Some(value) => value,
            None if section.field("default").is_some() => default.unwrap_or_default(),
            None => {
                reader.report(
                    Fault::new(format!("the environment variable `{name}` is not set"))
                        .at(section.label_span())
                        .hint("set it, or give it a default here: default = \"...\""),
                );
                String::new()
            }
        };
        values.insert(name.to_owned(), value);
    }
    values
}

/// An image, with what is needed to judge it together with others.
#[derive(Clone)]
struct ImageDraft {
    spec: ImageSpec,
    span: std::ops::Range<usize>,
    variables: Vec<Variable>,
}
