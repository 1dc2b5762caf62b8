//! Files that an HCL2 template names.

use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
    visit::Visit,
};
use serde_json::json;

use super::{
    Argument, Found, arguments,
    file_calls::{FileCalls, Names, iterations},
    texts,
};
use crate::render::{
    hcl_file::{HclFile, labels, member},
    packer::{Resolver, hcl::Parts, provisioners},
};

pub(super) fn find(parts: &Parts, resolver: &Resolver, found: &mut Found) {
    let mut finder = Finder {
        parts,
        resolver,
        found,
    };
    for file in &parts.template.files {
        for block in file.body.blocks() {
            finder.calls_in(file, block);
        }
    }
    let of_sources = &arguments::OF_SOURCES;
    let (file, source) = parts.source;
    finder.arguments(file, "", &source.body, of_sources, &Names::new());
    let (file, build) = parts.build;
    if let Some(inline) = parts.inline {
        finder.arguments(file, "", &inline.body, of_sources, &Names::new());
    }
    for block in build.body.blocks() {
        let names = finder.names_of_build();
        match (block.ident.as_str(), labels(block)) {
            ("provisioner", Some([kind])) => {
                finder.provisioner(file, kind, &block.body, &names);
            }
            _ if provisioners::is_dynamic(block) => finder.dynamic_provisioner(file, block, &names),
            _ => {}
        }
    }
}

struct Finder<'a> {
    parts: &'a Parts<'a>,
    resolver: &'a Resolver,
    found: &'a mut Found,
}

impl Finder<'_> {
    /// What expressions in the build may use beyond the template's own names.
    fn names_of_build(&self) -> Names {
        let source = json!({"type": "amazon-ebs", "name": self.parts.source_name});
        vec![("source".to_owned(), source)]
    }

    /// Calls in a block at the top of a file. Other sources and builds take no part in this image, nor do
    /// provisioners that do not run for it.
    fn calls_in(&mut self, file: &HclFile, block: &Block) {
        let is_source = std::ptr::eq(block, self.parts.source.1);
        let is_build = std::ptr::eq(block, self.parts.build.1);
        if is_build {
            for attribute in block.body.attributes() {
                self.calls(file, Names::new()).visit_attr(attribute);
            }
            for nested in block.body.blocks() {
                let takes_part = match nested.ident.as_str() {
                    "provisioner" => self.applies(&nested.body, &Names::new()),
                    "source" => self
                        .parts
                        .inline
                        .is_some_and(|own| std::ptr::eq(own, nested)),
                    _ => true,
                };
                if takes_part {
                    let names = self.names_of_build();
                    self.calls(file, names).visit_block(nested);
                }
            }
        } else if is_source || !["source", "build"].contains(&block.ident.as_str()) {
            self.calls(file, Names::new()).visit_block(block);
        }
    }

    fn calls<'s>(&'s mut self, file: &'s HclFile, names: Names) -> FileCalls<'s> {
        FileCalls::new(file, self.resolver, self.found, names)
    }

    fn applies(&self, body: &Body, names: &Names) -> bool {
        provisioners::applies(self.parts, body, |list| {
            texts(&self.resolver.evaluate_with(list, names)?)
        })
    }

    fn provisioner(&mut self, file: &HclFile, kind: &str, body: &Body, names: &Names) {
        let direction = body.get_attribute("direction").map(|found| &found.value);
        let downloads = direction.and_then(Expression::as_str) == Some("download");
        if !downloads && self.applies(body, names) {
            let arguments = arguments::of_provisioner(kind);
            self.arguments(file, kind, body, arguments, names);
        }
    }

    fn dynamic_provisioner(&mut self, file: &HclFile, block: &Block, names: &Names) {
        let iterations = iterations(block, self.resolver, names);
        for names in iterations.unwrap_or_else(|| vec![names.clone()]) {
            let kind = block.body.get_attribute("labels").and_then(|labels| {
                let labels = texts(&self.resolver.evaluate_with(&labels.value, &names)?)?;
                labels.into_iter().next()
            });
            for content in block.body.get_blocks("content") {
                // When the kind is not known, all usual names are looked for.
                let kind = kind.as_deref().unwrap_or_default();
                self.provisioner(file, kind, &content.body, &names);
            }
        }
    }

    fn arguments(
        &mut self,
        file: &HclFile,
        kind: &str,
        body: &Body,
        names_of_files: &[&str],
        names: &Names,
    ) {
        let overriding = self.overriding(body);
        let value = |name: &str| {
            let own = || body.get_attribute(name).map(|found| &found.value);
            overriding
                .and_then(|object| member(object, name))
                .or_else(own)
        };
        let generated = value("generated").and_then(Expression::as_bool) == Some(true);
        for &name in names_of_files {
            if arguments::is_made_by_build(name, value("galaxy_file").is_some()) {
                continue;
            }
            let argument = Argument {
                kind,
                name,
                generated,
            };
            if let Some(written) = value(name) {
                self.argument(file, &argument, written, names);
            }
            // `module_dirs` and its like are blocks.
            for block in body.get_blocks(name) {
                if let Some(source) = block.body.get_attribute("source") {
                    self.argument(file, &argument, &source.value, names);
                }
            }
        }
    }

    /// What the provisioner has different for the chosen source, when that is written out. It is kept by
    /// the source's name without its type (Packer 1.6.6, `startProvisioner`).
    fn overriding<'t>(&self, body: &'t Body) -> Option<&'t Expression> {
        let all = &body.get_attribute("override")?.value;
        member(all, &self.parts.source_name)
    }

    fn argument(
        &mut self,
        file: &HclFile,
        argument: &Argument,
        written: &Expression,
        names: &Names,
    ) {
        let place = file.place(written);
        let parts: Vec<&Expression> = match written.as_array() {
            Some(items) if arguments::names_files_now_and_then(argument.name) => {
                items.iter().collect()
            }
            _ => vec![written],
        };
        for part in parts {
            let value = self.resolver.evaluate_with(part, names);
            match value.as_ref().and_then(texts) {
                Some(texts) => self.found.add_argument(argument, &texts, Some(&place)),
                None if arguments::names_files_now_and_then(argument.name) => {}
                None => self
                    .found
                    .add_unresolved(argument.name, Some(place.clone())),
            }
        }
    }
}
