//! An image's template as it is in the source tree, and the values it gets.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use crate::{
    config::{ConfigError, ImageSpec, Stack},
    images::{
        copy_regions::copy_regions,
        source_ami::{SourceAmi, source_ami},
    },
    render::packer::{Selected, Template, resolve::Resolver, variables as declared},
    runner::steps::variables,
};

/// A template and its values.
#[derive(Debug)]
pub struct Reading {
    project: Utf8PathBuf,
    pub template: Template,
    /// The builder to take, where the template has several.
    source: Option<String>,
    pub variables: Map<String, Value>,
    /// Template variables whose values come from credentials.
    pub secret_variables: Vec<String>,
}

impl Reading {
    /// Reads the template of `image`.
    ///
    /// # Errors
    ///
    /// When it cannot be understood, or is not given the variables that it needs.
    pub fn of(stack: &Stack, image: &ImageSpec) -> Result<Self, ConfigError> {
        let template = Template::read(&stack.root, &image.template, Some(&image.place))?;
        let scope = stack.scope();
        let mut values = Map::new();
        for (name, expression) in image.variables.expressions() {
            values.insert(name.to_owned(), expression.evaluate(&scope)?);
        }
        // Packer fails late on a variable that nobody sets, and only warns about a misspelt one.
        variables::check(
            template.path.as_str(),
            &declared::declared(&template),
            &image.variables,
            &[],
            &declared::set_by_files(&template),
        )?;
        let secret_variables = image.variables.credentials();
        Ok(Self {
            project: stack.root.clone(),
            template,
            source: image.source.clone(),
            variables: values,
            secret_variables: secret_variables
                .map(|(variable, _)| variable.to_owned())
                .collect(),
        })
    }

    pub fn project(&self) -> &Utf8Path {
        &self.project
    }

    /// The builder that makes the image.
    ///
    /// # Errors
    ///
    /// When the template has none, or several and none is chosen.
    pub fn selected(&self) -> Result<Selected<'_>, ConfigError> {
        self.template.select(self.source.as_deref())
    }

    /// The regions other than `home` that Packer copies the AMI to, as far as they can be told.
    pub fn copy_regions(&self, home: &str) -> Vec<String> {
        let Ok(selected) = self.selected() else {
            return Vec::new();
        };
        let regions = copy_regions(&selected, &self.resolver()).unwrap_or_default();
        regions
            .into_iter()
            .filter(|region| *region != home)
            .collect()
    }

    /// What evaluates the template's expressions.
    pub fn resolver(&self) -> Resolver {
        Resolver::new(
            &self.template,
            &self.project,
            &self.variables,
            &self.secret_variables,
        )
    }

    /// The AMI that it builds on.
    ///
    /// # Errors
    ///
    /// As [`Reading::selected`].
    pub fn source_ami(&self) -> Result<SourceAmi, ConfigError> {
        Ok(source_ami(&self.selected()?, &self.resolver()))
    }
}
