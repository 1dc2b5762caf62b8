//! What decides an image's content, gathered before anything is built.

use serde_json::{Map, Value};

use super::lookup;
use crate::{
    config::ImageSpec,
    errors::Exit,
    images::{
        fingerprint::{self, Fingerprint, FingerprintManifest, manifest::Settings},
        source_ami::{SourceAmi, source_ami},
    },
    render::packer::{Template, resolve::Resolver, variables as declared},
    runner::{
        context::{Context, blocking},
        failure::Failure,
        steps::variables,
    },
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
    /// Whom Packer logs in as.
    pub ssh_user: String,
    pub manifest: FingerprintManifest,
    fingerprint: Fingerprint,
}

impl Inputs {
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.as_str()
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
    let lenient = !image.inputs.is_empty();
    let named = fingerprint::named_files(&template, &resolver, lenient)?;
    let builder = selected.builder.clone();
    let ssh_user = resolver
        .text(&selected, "ssh_username")
        .unwrap_or_else(|| DEFAULT_USER.to_owned());
    let source = source_ami(&selected, &resolver);
    drop(selected);

    let hashing = blocking({
        let (project, inputs) = (project.clone(), image.inputs.clone());
        move || {
            let files = fingerprint::collect(&project, &template, &named, &inputs);
            (template, files)
        }
    });
    let (hashed, source_ami) = tokio::join!(hashing, resolve(context, source));
    let (template, files) = hashed?;
    let files = files.map_err(|error| Failure::of(Exit::InvalidConfig, error.to_string()))?;
    let source_ami = source_ami?;
    let manifest = FingerprintManifest::new(
        files,
        Settings {
            variables: &values,
            rotate: image.rotate.as_deref(),
            source_ami: source_ami.as_deref(),
            packer: &packer.series(),
            region: &context.base.stack.region,
            builder: &builder,
        },
    );
    let fingerprint = manifest.fingerprint();
    Ok(Inputs {
        template,
        variables: values,
        secret_variables,
        packer,
        ssh_user,
        manifest,
        fingerprint,
    })
}

/// The id of the source AMI; `None` when only Packer can tell.
async fn resolve(context: &Context, source: SourceAmi) -> Result<Option<String>, Failure> {
    match source {
        SourceAmi::Id(id) => Ok(Some(id)),
        SourceAmi::Unknown => Ok(None),
        SourceAmi::Filter { owners, filters } => {
            let command = ami::by_filters(&context.access.aws, &owners, &filters);
            let found = lookup::describe(context, command).await?;
            match found.first() {
                Some(newest) => Ok(Some(newest.id.clone())),
                None => Err(
                    Failure::new("no AMI matches the template's source_ami_filter").hint(format!(
                        "check its name and owners, and the region {}",
                        context.base.stack.region
                    )),
                ),
            }
        }
    }
}
