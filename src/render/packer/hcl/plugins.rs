//! `required_plugins`, which one Packer refuses and another needs.

use hcl_edit::{
    Span,
    structure::{Attribute, Block},
};

use crate::{
    config::ConfigError,
    render::{
        hcl_file::{HclFile, member},
        packer::{
            splice::{Splices, whole_lines},
            template::HclTemplate,
        },
        place::problem,
    },
    tools::packer::version::Plugins,
};

/// Where HashiCorp's own plugins are; up to 1.6 Packer has them all built in.
const BUILT_IN: &str = "github.com/hashicorp/";

/// The block for a template that names no plugin and a Packer that has none built in. Version 1.0
/// of the plugin is the first that Packer installs.
const AMAZON: &str = r#"packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.0.0"
    }
  }
}
"#;

/// Takes `required_plugins` out for a Packer that does not know it and has the plugins built in.
pub(super) fn edit(
    file: &HclFile,
    plugins: Plugins,
    splices: &mut Splices,
) -> Result<(), ConfigError> {
    if plugins != Plugins::BuiltInOnly {
        return Ok(());
    }
    for block in required_plugins(file) {
        for plugin in block.body.attributes() {
            if !source_of(plugin).is_some_and(|source| source.starts_with(BUILT_IN)) {
                return Err(problem(
                    format!(
                        "the plugin `{}` needs Packer 1.7 or later",
                        plugin.key.as_str()
                    ),
                    Some(file.place(plugin)),
                    Some("install a newer Packer, or name one with AMIABLE_PACKER".to_owned()),
                ));
            }
        }
        let span = block.span().expect("the block was parsed");
        splices.remove(whole_lines(&file.text, &span));
    }
    Ok(())
}

/// The block to add so that a Packer without plugins of its own installs the one for `amazon-ebs`.
pub(super) fn missing(template: &HclTemplate, plugins: Plugins) -> Option<&'static str> {
    let is_named = template
        .files
        .iter()
        .flat_map(required_plugins)
        .flat_map(|block| block.body.attributes())
        .any(|plugin| source_of(plugin).is_some_and(|source| source.ends_with("/amazon")));
    (plugins == Plugins::Installed && !is_named).then_some(AMAZON)
}

fn required_plugins(file: &HclFile) -> impl Iterator<Item = &Block> {
    file.body
        .get_blocks("packer")
        .flat_map(|block| block.body.get_blocks("required_plugins"))
}

fn source_of(plugin: &Attribute) -> Option<&str> {
    member(&plugin.value, "source")?.as_str()
}
