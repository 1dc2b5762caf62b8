//! Which version of a provider `terraform init` chose.

use semver::Version;

/// The version of the provider called `name` (`hashicorp/aws`, from any registry) in the text of a
/// `.terraform.lock.hcl`.
pub fn locked_version(text: &str, name: &str) -> Option<Version> {
    let body: hcl::Body = hcl::from_str(text).ok()?;
    let provider = body.blocks().find(|block| {
        let label = block.labels().first().map(|label| label.as_str());
        let own = label.and_then(|label| label.strip_suffix(name));
        block.identifier() == "provider" && own.is_some_and(|registry| registry.ends_with('/'))
    })?;
    let version = provider.body().attributes().find(|attribute| attribute.key() == "version")?;
    match version.expr() {
        hcl::Expression::String(text) => Version::parse(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_whatever_the_registry() {
        for registry in ["registry.terraform.io", "registry.opentofu.org"] {
            let text = format!(
                "# by init\nprovider \"{registry}/hashicorp/random\" {{\n  version = \"3.0.0\"\n}}\n\
                 provider \"{registry}/hashicorp/aws\" {{\n  version = \"3.39.0\"\n  hashes = [\"h1:x\"]\n}}\n"
            );
            assert_eq!(locked_version(&text, "hashicorp/aws"), Some(Version::new(3, 39, 0)));
        }
        assert_eq!(locked_version("", "hashicorp/aws"), None);
    }
}
