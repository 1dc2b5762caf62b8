//! Which builders an HCL2 template has, and which one is meant.

use hcl_edit::structure::Block;

use super::{BUILDER, Parts};
use crate::{
    config::ConfigError,
    render::{
        hcl_file::{HclFile, labels},
        packer::{Selected, Template, choose, template::HclTemplate},
        place::problem,
    },
};

/// One use of a source in a build: what Packer calls a builder.
struct Use<'t> {
    kind: String,
    source: String,
    /// What the source is called in the build.
    shown: String,
    /// Names it answers to, Packer's own first.
    names: Vec<String>,
    build: (&'t HclFile, &'t Block),
    inline: Option<&'t Block>,
}

pub fn select<'t>(
    template: &'t Template,
    hcl: &'t HclTemplate,
    source: Option<&str>,
) -> Result<Selected<'t>, ConfigError> {
    let mut uses = Vec::new();
    for file in &hcl.files {
        for build in file.body.get_blocks("build") {
            uses.extend(uses_of_build(file, build)?);
        }
    }
    let one_of_several = uses.len() > 1;
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for used in uses {
        if used.kind == BUILDER {
            ours.push((used.names.clone(), used));
        } else {
            others.push(used.names[0].clone());
        }
    }
    if ours.is_empty() {
        return Err(problem(
            format!("{} builds nothing with {BUILDER}", template.path),
            None,
            Some(match others.as_slice() {
                [] => "add a build block whose sources name a source \"amazon-ebs\"".to_owned(),
                some => format!(
                    "AMIs come from amazon-ebs sources; this template has only {}",
                    some.join(", ")
                ),
            }),
        ));
    }
    let (names, chosen) = choose(template, &ours, source)?;
    Ok(Selected {
        template,
        builder: names[0].clone(),
        one_of_several,
        parts: crate::render::packer::Parts::Hcl(Parts {
            template: hcl,
            build: chosen.build,
            source: source_block(hcl, chosen)?,
            source_name: chosen.shown.clone(),
            inline: chosen.inline,
        }),
    })
}

fn uses_of_build<'t>(file: &'t HclFile, build: &'t Block) -> Result<Vec<Use<'t>>, ConfigError> {
    let not_literal = |node: &dyn hcl_edit::Span, what: &str| {
        let span = node
            .span()
            .expect("every node of a parsed file has its span");
        problem(
            format!("{what}, so its builders are known to Packer alone"),
            Some(crate::render::place::place(&file.path, &file.text, span)),
            Some("write the names of the sources as plain strings".to_owned()),
        )
    };
    let prefix = match build.body.get_attribute("name") {
        None => String::new(),
        Some(name) => match name.value.as_str() {
            Some("") => String::new(),
            Some(name) => format!("{name}."),
            None => return Err(not_literal(name, "the name of this build is computed")),
        },
    };
    let mut uses = Vec::new();
    let mut add = |reference: &str, inline: Option<&'t Block>| {
        let reference = reference.strip_prefix("source.").unwrap_or(reference);
        let Some((kind, source)) = reference.split_once('.') else {
            return;
        };
        let given = inline
            .and_then(|block| block.body.get_attribute("name"))
            .and_then(|name| name.value.as_str());
        let shown = given.unwrap_or(source);
        let mut names = vec![format!("{prefix}{kind}.{shown}")];
        for other in [
            format!("{kind}.{shown}"),
            format!("source.{kind}.{source}"),
            format!("{prefix}{shown}"),
            shown.to_owned(),
            source.to_owned(),
        ] {
            if !names.contains(&other) {
                names.push(other);
            }
        }
        uses.push(Use {
            kind: kind.to_owned(),
            source: source.to_owned(),
            shown: shown.to_owned(),
            names,
            build: (file, build),
            inline,
        });
    };
    if let Some(sources) = build.body.get_attribute("sources") {
        let computed = || not_literal(sources, "the sources of this build are computed");
        for reference in sources.value.as_array().ok_or_else(computed)?.iter() {
            add(reference.as_str().ok_or_else(computed)?, None);
        }
    }
    for nested in build.body.blocks() {
        match (nested.ident.as_str(), labels(nested)) {
            ("source", Some([reference])) => add(reference, Some(nested)),
            ("dynamic", Some(["source"])) => {
                return Err(not_literal(nested, "the sources of this build are dynamic"));
            }
            _ => {}
        }
    }
    Ok(uses)
}

fn source_block<'t>(
    hcl: &'t HclTemplate,
    used: &Use,
) -> Result<(&'t HclFile, &'t Block), ConfigError> {
    let wanted = Some([BUILDER, used.source.as_str()]);
    hcl.files
        .iter()
        .flat_map(|file| {
            file.body
                .get_blocks("source")
                .map(move |block| (file, block))
        })
        .find(|(_, block)| labels(block) == wanted)
        .ok_or_else(|| {
            let (file, build) = used.build;
            problem(
                format!("no source \"{BUILDER}\" \"{}\" is declared", used.source),
                Some(file.place(build)),
                None,
            )
        })
}
