//! Cases of editing that the templates in `tests/fixtures` do not have.

use super::super::{Edits, Emulator, Format, Template, render, template::HclTemplate};
use crate::{config::ConfigError, render::hcl_file::HclFile, tools::packer::version::Plugins};

fn template(text: &str) -> Template {
    Template {
        path: "packer/t.pkr.hcl".into(),
        folder: "packer".into(),
        format: Format::Hcl(HclTemplate {
            files: vec![HclFile::parse("packer/t.pkr.hcl".into(), text).unwrap()],
            variable_files: Vec::new(),
            json_variable_files: Vec::new(),
            argument: "t.pkr.hcl".to_owned(),
        }),
    }
}

fn edits() -> Edits {
    Edits {
        ami_name: "n".to_owned(),
        tags: vec![("k".to_owned(), "v".to_owned())],
        manifest: "/m.json".into(),
        emulator: None,
        provision: true,
        plugins: Plugins::BuiltInOnly,
        secret_variables: Vec::new(),
    }
}

fn emulated() -> Edits {
    Edits {
        emulator: Some(Emulator {
            endpoint: "http://127.0.0.1:1".to_owned(),
            access_key: "a".to_owned(),
            secret_key: "s".to_owned(),
            machine: None,
        }),
        ..edits()
    }
}

fn rendered(text: &str, source: Option<&str>, edits: &Edits) -> Result<String, ConfigError> {
    let template = template(text);
    let rendering = render(&template.select(source)?, edits)?;
    Ok(rendering.files.into_iter().next().unwrap().text)
}

const SOURCE: &str = "source \"amazon-ebs\" \"a\" {\n  ami_name = \"a\"\n}\n";

#[test]
fn blocks_on_one_line_are_opened() {
    let text = "source \"amazon-ebs\" \"a\" {}\nbuild { sources = [\"source.amazon-ebs.a\"] }\n";
    let no_tags = Edits {
        tags: Vec::new(),
        ..edits()
    };
    assert_eq!(
        rendered(text, None, &no_tags).unwrap(),
        "source \"amazon-ebs\" \"a\" {\n  # Set for this run.\n  ami_name = \"n\"\n}\n\
         build {\n  sources = [\"source.amazon-ebs.a\"]\n\n  post-processor \"manifest\" {\n    \
         output = \"/m.json\"\n  }\n}\n"
    );
}

#[test]
fn arguments_are_edited_where_they_stand() {
    let text = "source \"amazon-ebs\" \"a\" {\n}\nbuild {\n  source \"amazon-ebs.a\" {\n    \
                ami_name = \"x\"\n    tags     = local.t\n  }\n}\n";
    let result = rendered(text, None, &edits()).unwrap();
    assert!(
        result.contains(
            "  source \"amazon-ebs.a\" {\n    ami_name = \"n\"\n    \
             tags     = merge(local.t, { \"k\" = \"v\" })\n  }\n"
        ),
        "{result}"
    );
    assert_eq!(result.matches("ami_name").count(), 1, "{result}");
    assert_eq!(result.matches("run_tags").count(), 1, "{result}");
}

#[test]
fn line_ends_are_kept() {
    let text =
        format!("{SOURCE}build {{\n  sources = [\"amazon-ebs.a\"]\n}}\n").replace('\n', "\r\n");
    let result = rendered(&text, None, &edits()).unwrap();
    assert_eq!(
        result.matches('\n').count(),
        result.matches("\r\n").count(),
        "{result}"
    );
}

#[test]
fn a_maps_value_null_is_replaced() {
    let text = "source \"amazon-ebs\" \"a\" {\n  tags = null\n}\nbuild {\n  sources = [\"amazon-ebs.a\"]\n}\n";
    let result = rendered(text, None, &edits()).unwrap();
    assert!(
        result.contains("  tags = {\n    \"k\" = \"v\"\n  }\n"),
        "{result}"
    );
}

#[test]
fn data_sources_ask_the_emulator_too() {
    let text = format!(
        "data \"amazon-ami\" \"base\" {{\n  profile = \"me\"\n  owners  = [\"self\"]\n}}\n\
         data \"http\" \"x\" {{\n  url = \"u\"\n}}\n{SOURCE}build {{\n  sources = [\"amazon-ebs.a\"]\n}}\n"
    );
    let result = rendered(&text, None, &emulated()).unwrap();
    let data = result.split_once("data \"http\"").unwrap().0;
    assert!(
        data.contains("owners = [\"self\"]") && !data.contains("profile"),
        "{result}"
    );
    assert!(
        data.contains("custom_endpoint_ec2        = \"http://127.0.0.1:1\""),
        "{result}"
    );
    assert_eq!(result.matches("custom_endpoint_ec2").count(), 2, "{result}");
}

#[test]
fn required_plugins_follow_the_version() {
    let named = format!(
        "packer {{\n  required_version = \">= 1.6\"\n  required_plugins {{\n    amazon = {{\n      \
         source  = \"github.com/hashicorp/amazon\"\n      version = \">= 1.2\"\n    }}\n  }}\n}}\n\
         {SOURCE}build {{\n  sources = [\"amazon-ebs.a\"]\n}}\n"
    );
    let with = |text: &str, plugins| rendered(text, None, &Edits { plugins, ..edits() });
    let old = with(&named, Plugins::BuiltInOnly).unwrap();
    assert!(
        old.starts_with("packer {\n  required_version = \">= 1.6\"\n}\n"),
        "{old}"
    );
    let new = with(&named, Plugins::Installed).unwrap();
    assert_eq!(new.matches("required_plugins").count(), 1, "{new}");
    let unnamed = named.split_once("source \"amazon-ebs\"").unwrap().1;
    let unnamed = format!("source \"amazon-ebs\"{unnamed}");
    assert!(
        !with(&unnamed, Plugins::BuiltIn)
            .unwrap()
            .contains("required_plugins")
    );
    let new = with(&unnamed, Plugins::Installed).unwrap();
    assert!(new.ends_with("\n\npacker {\n  required_plugins {\n    amazon = {\n      source  = \"github.com/hashicorp/amazon\"\n      version = \">= 1.0.0\"\n    }\n  }\n}\n"), "{new}");
    let other = named.replace("hashicorp/amazon", "someone/amazon");
    let error = with(&other, Plugins::BuiltInOnly).unwrap_err().to_string();
    assert!(
        error.contains("packer/t.pkr.hcl:4:5") && error.contains("1.7"),
        "{error}"
    );
}

#[test]
fn builders_are_found_under_all_their_names() {
    let text = format!(
        "{SOURCE}source \"amazon-ebs\" \"b\" {{\n}}\nbuild {{\n  name    = \"w\"\n  \
         sources = [\"source.amazon-ebs.a\", \"docker.d\"]\n  source \"amazon-ebs.b\" {{\n    name = \"bee\"\n  }}\n}}\n"
    );
    let template = template(&text);
    for (name, builder) in [
        ("a", "w.amazon-ebs.a"),
        ("amazon-ebs.a", "w.amazon-ebs.a"),
        ("source.amazon-ebs.a", "w.amazon-ebs.a"),
        ("w.amazon-ebs.a", "w.amazon-ebs.a"),
        ("bee", "w.amazon-ebs.bee"),
        ("b", "w.amazon-ebs.bee"),
    ] {
        let selected = template.select(Some(name)).unwrap();
        assert_eq!(selected.builder, builder, "{name}");
        assert!(selected.one_of_several);
    }
}

#[test]
fn what_cannot_be_edited_is_refused_with_the_reason() {
    for (build, source, reason) in [
        (
            "sources = [\"amazon-ebs.a\", \"amazon-ebs.b\"]",
            None,
            "w.amazon-ebs.a, w.amazon-ebs.b",
        ),
        (
            "sources = [\"amazon-ebs.a\", \"amazon-ebs.b\"]",
            Some("c"),
            "no amazon-ebs builder `c`",
        ),
        (
            "sources = [\"amazon-ebs.a\", \"amazon-ebs.a\"]",
            Some("a"),
            "stands for several",
        ),
        ("sources = [\"docker.d\"]", None, "only w.docker.d"),
        (
            "sources = var.all",
            None,
            "sources of this build are computed",
        ),
        (
            "sources = [\"amazon-ebs.${var.x}\"]",
            None,
            "sources of this build are computed",
        ),
        (
            "dynamic \"source\" {\n    for_each = var.all\n  }",
            None,
            "dynamic",
        ),
        (
            "sources = [\"amazon-ebs.missing\"]",
            None,
            "no source \"amazon-ebs\" \"missing\"",
        ),
        ("sources = [\"amazon-ebs.none\"]", None, "makes no AMI"),
        ("sources = [\"amazon-ebs.windows\"]", None, "WinRM"),
    ] {
        let text = format!(
            "{SOURCE}source \"amazon-ebs\" \"b\" {{\n}}\n\
             source \"amazon-ebs\" \"none\" {{\n  skip_create_ami = true\n}}\n\
             source \"amazon-ebs\" \"windows\" {{\n  communicator = \"winrm\"\n}}\n\
             build {{\n  name = \"w\"\n  {build}\n}}\n"
        );
        let error = rendered(&text, source, &emulated())
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{build}: {error}");
    }
}

#[test]
fn manifests_of_the_templates_own_are_known() {
    let text = format!(
        "{SOURCE}build {{\n  sources = [\"amazon-ebs.a\"]\n  post-processor \"manifest\" {{}}\n  \
         post-processors {{\n    post-processor \"manifest\" {{\n      output = \"out/m.json\"\n    }}\n  }}\n}}\n"
    );
    let template = template(&text);
    let rendering = render(&template.select(None).unwrap(), &edits()).unwrap();
    assert_eq!(
        rendering.writes,
        ["packer/packer-manifest.json", "packer/out/m.json"]
    );
}
