//! The stack file, loaded, and whatever comes of it evaluated.

use std::fs;

use amiable::config::{Project, VariableValue, load};
use camino::Utf8Path;

/// `data` is `infra/dashboard/stack.hcl` of a project whose other files are there and empty.
pub fn run(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8Path::from_path(folder.path()).expect("a UTF-8 path");
    for (path, text) in [
        ("terraform/stacks/dashboard/main.tf", &b""[..]),
        ("packer/dashboard/dashboard.pkr.hcl", b""),
        ("infra/dashboard/stack.hcl", data),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    let project = Project::find(root).expect("a project");
    let name = project.stacks.keys().next().map(String::as_str);
    for environment in [None, Some("prod")] {
        match load(&project, name, environment, &|_| Some("x".to_owned())) {
            Ok(stack) => {
                let scope = stack.scope();
                let variables = stack
                    .variables
                    .0
                    .iter()
                    .filter_map(|(_, value)| match value {
                        VariableValue::Expr(expr) => Some(expr),
                        VariableValue::Credential { .. } => None,
                    });
                for expr in variables.chain(&stack.summary) {
                    let _ = expr.evaluate(&scope).map_err(|error| error.to_string());
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
