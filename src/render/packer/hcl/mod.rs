//! HCL2 templates: choosing a builder, and editing the text around it.

mod block;
mod plugins;
mod select;
#[cfg(test)]
mod tests;

use camino::Utf8PathBuf;
use hcl_edit::structure::Block;
use serde_json::json;

use self::block::BlockEditor;
use super::{
    DEFAULT_MANIFEST, Edits, RenderedFile,
    align::align,
    changes::{Changes, TAGS, tags},
    emulator::Emulator,
    provisioners,
    splice::Splices,
    template::HclTemplate,
};
use crate::{
    config::ConfigError,
    render::{
        hcl_file::{HclFile, labels},
        hcl_literal::{expression, quote},
        place::problem,
    },
};

pub use select::select;

pub(super) const BUILDER: &str = "amazon-ebs";

/// The blocks that make the chosen builder.
#[derive(Debug, Clone)]
pub struct Parts<'t> {
    pub template: &'t HclTemplate,
    pub build: (&'t HclFile, &'t Block),
    pub source: (&'t HclFile, &'t Block),
    /// The name that the source has in the build.
    pub source_name: String,
    /// The `source` block inside the build, whose arguments add to those of [`Parts::source`].
    pub inline: Option<&'t Block>,
}

impl<'t> Parts<'t> {
    /// The expression of an argument of the source, with its file.
    pub fn argument(&self, name: &str) -> Option<(&'t HclFile, &'t hcl_edit::expr::Expression)> {
        let inline = self
            .inline
            .and_then(|block| block.body.get_attribute(name))
            .map(|attribute| (self.build.0, &attribute.value));
        inline.or_else(|| {
            let attribute = self.source.1.body.get_attribute(name)?;
            Some((self.source.0, &attribute.value))
        })
    }
}

/// The files of the template that `edits` changes.
pub(super) fn render(parts: &Parts, edits: &Edits) -> Result<Vec<RenderedFile>, ConfigError> {
    refuse_what_makes_no_image(parts, edits)?;
    let mut copy = Copy::default();

    edit_source(parts, edits, &mut copy)?;
    edit_build(parts, edits, &mut copy)?;
    for file in &parts.template.files {
        if let Some(emulator) = &edits.emulator {
            edit_data_blocks(file, emulator, &mut copy);
        }
        let splices = copy.splices(file);
        plugins::edit(file, edits.plugins, splices)?;
    }
    if let Some(block) = plugins::missing(parts.template, edits.plugins) {
        let file = parts.build.0;
        let newline = if file.text.ends_with('\n') { "" } else { "\n" };
        copy.splices(file)
            .insert(file.text.len(), format!("{newline}\n{block}"));
    }
    copy.finish(parts.template)
}

/// Where `manifest` post-processors of the build itself write, when that is written out.
pub(super) fn own_manifests(parts: &Parts) -> Vec<String> {
    let build = &parts.build.1.body;
    let chains = build.get_blocks("post-processors");
    let chained = chains.flat_map(|chain| chain.body.get_blocks("post-processor"));
    build
        .get_blocks("post-processor")
        .chain(chained)
        .filter(|block| labels(block) == Some(["manifest"]))
        .filter_map(|block| match block.body.get_attribute("output") {
            None => Some(DEFAULT_MANIFEST.to_owned()),
            Some(output) => output.value.as_str().map(str::to_owned),
        })
        .collect()
}

fn refuse_what_makes_no_image(parts: &Parts, edits: &Edits) -> Result<(), ConfigError> {
    let refuse = |name: &str, message: &str, hint: &str| match parts.argument(name) {
        Some((file, value)) => Err(problem(
            message,
            Some(file.place(value)),
            Some(hint.to_owned()),
        )),
        None => Ok(()),
    };
    let is = |name: &str, wanted: serde_json::Value| {
        parts.argument(name).is_some_and(|(_, value)| {
            value.as_bool().map(|flag| json!(flag)) == Some(wanted.clone())
                || value.as_str().map(|text| json!(text)) == Some(wanted)
        })
    };
    if is("skip_create_ami", json!(true)) {
        refuse(
            "skip_create_ami",
            "this source makes no AMI",
            "take the line out: `amiable` deploys what the template builds",
        )?;
    }
    if edits.emulator.is_some() && edits.provision && is("communicator", json!("winrm")) {
        refuse(
            "communicator",
            "the sandbox's builder machine runs Linux and cannot be provisioned over WinRM",
            "build it in another environment, or leave its provisioners out with --no-provision",
        )?;
    }
    Ok(())
}

fn edit_source(parts: &Parts, edits: &Edits, copy: &mut Copy) -> Result<(), ConfigError> {
    let changes = Changes::of_source(edits, provisioners::in_hcl(parts));
    let tags = tags(edits);
    let in_inline = |name: &str| {
        parts
            .inline
            .is_some_and(|block| block.body.has_attribute(name))
    };
    if let Some(inline) = parts.inline {
        let mut editor = BlockEditor::new(parts.build.0, inline);
        for (name, value) in &changes.set {
            if in_inline(name) {
                editor.set(name, expression(value));
            }
        }
        for name in &changes.remove {
            editor.remove(name);
        }
        for name in TAGS.into_iter().filter(|name| in_inline(name)) {
            editor.merge(name, &tags);
        }
        editor.finish(copy.touch(parts.build));
    }

    let mut editor = BlockEditor::new(parts.source.0, parts.source.1);
    for (name, value) in &changes.set {
        if !in_inline(name) {
            editor.set(name, expression(value));
        }
    }
    for (name, value) in &changes.set_if_absent {
        if parts.argument(name).is_none() {
            editor.set(name, expression(value));
        }
    }
    for name in &changes.remove {
        editor.remove(name);
    }
    for name in TAGS.into_iter().filter(|name| !in_inline(name)) {
        editor.merge(name, &tags);
    }
    editor.finish(copy.touch(parts.source));
    Ok(())
}

fn edit_build(parts: &Parts, edits: &Edits, copy: &mut Copy) -> Result<(), ConfigError> {
    let (file, block) = parts.build;
    let mut editor = BlockEditor::new(file, block);
    if !edits.provision {
        editor.remove("provisioner");
        editor.remove("error-cleanup-provisioner");
        editor.remove_blocks(provisioners::is_dynamic);
    }
    editor.append(format!(
        "post-processor \"manifest\" {{\n  output = {}\n}}\n",
        quote(edits.manifest.as_str())
    ));
    editor.finish(copy.touch(parts.build));
    Ok(())
}

/// `data "amazon-ami"` and its kin ask AWS too.
fn edit_data_blocks(file: &HclFile, emulator: &Emulator, copy: &mut Copy) {
    for block in file.body.get_blocks("data") {
        let Some([kind, _]) = labels(block) else {
            continue;
        };
        if !kind.starts_with("amazon-") {
            continue;
        }
        let changes = emulator.access();
        let mut editor = BlockEditor::new(file, block);
        for (name, value) in &changes.set {
            editor.set(name, expression(value));
        }
        for name in &changes.remove {
            editor.remove(name);
        }
        editor.finish(copy.touch((file, block)));
    }
}

/// The edits of all files, and which blocks they are in.
#[derive(Default)]
struct Copy {
    files: Vec<(Utf8PathBuf, Splices)>,
    /// File, and number of the block in it.
    touched: Vec<(Utf8PathBuf, usize)>,
}

impl Copy {
    fn splices(&mut self, file: &HclFile) -> &mut Splices {
        let index = match self.files.iter().position(|(path, _)| *path == file.path) {
            Some(index) => index,
            None => {
                self.files.push((file.path.clone(), Splices::default()));
                self.files.len() - 1
            }
        };
        &mut self.files[index].1
    }

    /// The edits of the file, whose top-level block `block` will be aligned afterwards.
    fn touch(&mut self, (file, block): (&HclFile, &Block)) -> &mut Splices {
        let number = file
            .body
            .blocks()
            .position(|known| std::ptr::eq(known, block))
            .expect("the block is one of this file's");
        self.touched.push((file.path.clone(), number));
        self.splices(file)
    }

    fn finish(self, template: &HclTemplate) -> Result<Vec<RenderedFile>, ConfigError> {
        let mut rendered = Vec::new();
        for (path, splices) in self.files {
            if splices.is_empty() {
                continue;
            }
            let source = template
                .files
                .iter()
                .find(|file| file.path == path)
                .expect("edits are made to files of the template");
            let edited = HclFile::parse(&path, &splices.apply(&source.text))?;
            let mut alignment = Splices::default();
            for (number, block) in edited.body.blocks().enumerate() {
                if self.touched.contains(&(path.clone(), number)) {
                    align(&edited.text, block, &mut alignment);
                    for nested in block.body.get_blocks("source") {
                        align(&edited.text, nested, &mut alignment);
                    }
                }
            }
            let text = alignment.apply(&edited.text);
            rendered.push(RenderedFile { path, text });
        }
        Ok(rendered)
    }
}
