//! What decides an image's content, gathered before anything is built.

use serde_json::{Map, Value};

use super::lookup;
use crate::{
    config::ImageSpec,
    images::{
        fingerprint::{self, FingerprintManifest, Subject},
        source_ami::{FoundAmi, SourceAmi, source_ami},
    },
    render::packer::{Template, resolve::Resolver, variables as declared},
    runner::{context::Context, failure::Failure, steps::variables},
    tools::{aws::images as ami, packer::version::PackerVersion},
};

/// Whom Packer logs in to the sandbox's builder machine as, when the template does not say so plainly.
const DEFAULT_USER: &str = "admin";

/// A template, the values it gets, and what they amount to.
pub struct Inputs {
    pub template: Template,
    pub variables: Map<String, Value>,
    /// Template variables whose values come from credentials.
    pub secret_variables: Vec<String>,
    pub packer: PackerVersion,
    /// Packer's name for the builder that makes the image.
    pub builder: String,
    /// Whom Packer logs in as.
    pub ssh_user: String,
    pub manifest: FingerprintManifest,
    fingerprint: String,
}

impl Inputs {
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Reads the template and everything it names, and asks AWS which AMI it builds on.
///
/// # Errors
///
/// When the template cannot be understood, a file that it names is missing, or AWS refuses.
pub async fn gather(context: &Context, image: &ImageSpec) -> Result<Inputs, Failure> {
    let project = &context.base.stack.root;
    let packer = PackerVersion::from(context.prepared.packer()?.version.clone());
    let template = Template::read(project, &image.template, Some(&image.place))?;
    let scope = context.base.stack.scope();
    let mut values = Map::new();
    for (name, expression) in image.variables.expressions() {
        values.insert(name.to_owned(), expression.evaluate(&scope)?);
    }
    let secret_variables: Vec<String> = image
        .variables
        .credentials()
        .map(|(variable, _)| variable.to_owned())
        .collect();
    // Packer fails late on a variable that nobody sets, and only warns about a misspelt one.
    variables::check(
        template.path.as_str(),
        &declared::declared(&template),
        &image.variables,
        &[],
        &declared::set_by_files(&template),
    )?;

    let resolver = Resolver::new(&template, project, &values, &secret_variables);
    let selected = template.select(image.source.as_deref())?;
    let ssh_user = resolver
        .text(&selected, "ssh_username")
        .unwrap_or_else(|| DEFAULT_USER.to_owned());
    let source_ami = resolve(context, source_ami(&selected, &resolver)).await?;
    let taken = fingerprint::take(Subject {
        project,
        selected: &selected,
        resolver: &resolver,
        inputs: &image.inputs,
        declared_at: Some(&image.place),
        variables: &values,
        rotate: image.rotate.as_deref(),
        source_ami: source_ami.as_deref(),
        packer: &packer,
        region: &context.base.stack.region,
    })?;
    let builder = selected.builder.clone();
    drop(selected);
    let fingerprint = taken.manifest.fingerprint().to_string();
    Ok(Inputs {
        template,
        variables: values,
        secret_variables,
        packer,
        builder,
        ssh_user,
        manifest: taken.manifest,
        fingerprint,
    })
}

/// The id of the source AMI; `None` when only Packer can tell.
async fn resolve(context: &Context, source: SourceAmi) -> Result<Option<String>, Failure> {
    match source {
        SourceAmi::Fixed(id) => Ok(Some(id)),
        SourceAmi::Unknown(_) => Ok(None),
        SourceAmi::Query(query) => {
            let filters: Vec<ami::Filter> = query
                .filters
                .iter()
                .map(|(name, value)| (name.clone(), vec![value.clone()]))
                .collect();
            let command = ami::by_filters(&context.access.aws, &query.owners, &filters);
            let found: Vec<FoundAmi> = lookup::describe(context, command)
                .await?
                .into_iter()
                .map(|ami| FoundAmi {
                    id: ami.id,
                    created: ami.created,
                })
                .collect();
            match query.choose(&found) {
                Some(chosen) => Ok(Some(chosen.id.clone())),
                None => Err(no_source_ami(found.len(), &context.base.stack.region)),
            }
        }
    }
}

fn no_source_ami(found: usize, region: &str) -> Failure {
    match found {
        0 => Failure::new("no AMI matches the template's source_ami_filter").hint(format!(
            "check its name and owners, and that there is one in {region}"
        )),
        several => Failure::new(format!(
            "{several} AMIs match the template's source_ami_filter"
        ))
        .hint("set most_recent = true there to take the newest"),
    }
}
