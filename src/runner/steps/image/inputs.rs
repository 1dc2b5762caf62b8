//! What decides an image's content, gathered before anything is built.

use std::sync::Arc;

use super::{lookup, reading::Reading, survey::Survey};
use crate::{
    config::ImageSpec,
    images::{
        fingerprint::{self, FingerprintManifest, Subject},
        finishing::{Finishing, finishing},
        source_ami::{AmiQuery, FoundAmi, SourceAmi, source_ami},
    },
    render::packer::provisioners::provisions,
    runner::{
        context::{Base, Context},
        failure::Failure,
    },
    tools::{aws::images as ami, packer::version::PackerVersion},
};

/// Whom Packer logs in to the sandbox's builder machine as, when the template does not say so plainly.
const DEFAULT_USER: &str = "admin";

/// A template, the values it gets, and what they amount to.
pub struct Inputs {
    pub reading: Arc<Reading>,
    pub packer: PackerVersion,
    /// Packer's name for the builder that makes the image.
    pub builder: String,
    /// Whom Packer logs in as.
    pub ssh_user: String,
    /// There is something to log in for.
    pub provisions: bool,
    /// What Packer does to the AMI after it is made.
    pub finishing: Finishing,
    /// The other regions that Packer copies the AMI to, as far as they can be told.
    pub regions: Vec<String>,
    pub manifest: FingerprintManifest,
    fingerprint: String,
}

impl Inputs {
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether an image that the run makes of them has everything it should have.
    pub fn provisioned(&self, base: &Base) -> bool {
        !base.request.no_provision || !self.provisions
    }
}

/// Takes the fingerprint of the image from its template and everything that names.
///
/// # Errors
///
/// When the template cannot be understood, a file that it names is missing, or AWS refuses to say which
/// AMI it builds on.
pub async fn gather(
    context: &Context,
    image: &ImageSpec,
    survey: &Survey,
) -> Result<Inputs, Failure> {
    let packer = PackerVersion::from(context.prepared.packer()?.version.clone());
    let reading = survey.reading(&image.name)?;
    let resolver = reading.resolver();
    let selected = reading.selected()?;
    let ssh_user = resolver
        .text(&selected, "ssh_username")
        .unwrap_or_else(|| DEFAULT_USER.to_owned());
    let source_ami = resolve(context, survey, source_ami(&selected, &resolver)).await?;
    let taken = fingerprint::take(Subject {
        project: reading.project(),
        selected: &selected,
        resolver: &resolver,
        inputs: &image.inputs,
        declared_at: Some(&image.place),
        variables: &reading.variables,
        rotate: image.rotate.as_deref(),
        source_ami: source_ami.as_deref(),
        packer: &packer,
        region: &context.base.stack.region,
    })?;
    let regions = reading.copy_regions(&context.base.stack.region);
    let provisions = provisions(&selected);
    let finishing = finishing(&selected, &resolver);
    let builder = selected.builder.clone();
    drop(selected);
    let fingerprint = taken.manifest.fingerprint().to_string();
    Ok(Inputs {
        reading,
        packer,
        builder,
        ssh_user,
        provisions,
        finishing,
        regions,
        manifest: taken.manifest,
        fingerprint,
    })
}

/// The id of the source AMI; `None` when only Packer can tell.
async fn resolve(
    context: &Context,
    survey: &Survey,
    source: SourceAmi,
) -> Result<Option<String>, Failure> {
    let query = match source {
        SourceAmi::Fixed(id) => return Ok(Some(id)),
        SourceAmi::Unknown(_) => return Ok(None),
        SourceAmi::Query(query) => query,
    };
    let found = match survey.source(&query) {
        Some(found) => found.to_vec(),
        None => ask(context, &query).await?,
    };
    match query.choose(&found) {
        Some(chosen) => Ok(Some(chosen.id.clone())),
        None => Err(no_source_ami(found.len(), &context.base.stack.region)),
    }
}

/// Asks AWS about one template's source alone.
async fn ask(context: &Context, query: &AmiQuery) -> Result<Vec<FoundAmi>, Failure> {
    let filters: Vec<ami::Filter> = query
        .filters
        .iter()
        .map(|(name, value)| (name.clone(), vec![value.clone()]))
        .collect();
    let command = ami::by_filters(&context.access.aws, &query.owners, &filters);
    let found = lookup::describe(context, command).await?;
    Ok(found.iter().map(FoundAmi::from).collect())
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
