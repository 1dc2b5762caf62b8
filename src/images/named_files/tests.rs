//! Templates and the files that they name.

use camino::Utf8Path;
use serde_json::json;

use serde_json::Map;

use super::*;
use crate::render::packer::Template;

/// A file for `templatefile`.
const MOTD: &str = r#"
%{ for n in names ~}
  ${n}: ${file("${n}.txt")}
%{ endfor ~}
%{ if names == [] }${file("never.txt")}%{ else }${file(unknown)}%{ endif }
"#;

/// Paths and unresolved names of a template in a folder with `scripts/a.sh` and `scripts/b.sh`.
fn found(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::create_dir(folder.join("scripts")).unwrap();
    for script in ["a.sh", "b.sh"] {
        std::fs::write(folder.join("scripts").join(script), "").unwrap();
    }
    std::fs::write(folder.join("motd.tpl"), MOTD).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
    let template = Template::read(folder, Utf8Path::new(name), None).unwrap();
    let resolver = Resolver::new(&template, folder, &Map::new(), &[]);
    let named = named_files(&template.select(None).unwrap(), &resolver);
    let paths = named.paths.iter().map(|named| {
        format!(
            "{}{}",
            named.path,
            if named.may_be_missing { " perhaps" } else { "" }
        )
    });
    let unresolved = named.unresolved.iter().map(|unresolved| {
        let line = unresolved.place.as_ref().map(|place| place.line);
        format!("{} line {}", unresolved.what, line.unwrap_or_default())
    });
    (paths.collect(), unresolved.collect())
}

#[test]
fn every_way_to_name_a_file_in_hcl_is_found() {
    let (paths, unresolved) = found(
        "t.pkr.hcl",
        r#"
variable "unset" {}
locals {
  motd   = file("${path.root}/motd")
  config = templatefile("config.tpl", { a = file(var.unset) })
}
source "amazon-ebs" "a" {
  user_data_file = "user-data"
}
source "amazon-ebs" "other" {
  user_data_file = "not-ours"
}
build {
  sources = ["amazon-ebs.a"]
  provisioner "shell" {
    script = "./one.sh"
  }
  provisioner "shell" {
    scripts = [for f in fileset(path.root, "scripts/*.sh") : "${path.root}/${f}"]
  }
  provisioner "file" {
    source      = "made/by/another"
    generated   = true
    destination = "/tmp/"
  }
  provisioner "file" {
    source    = "/var/log/remote"
    direction = "download"
  }
  provisioner "file" {
    sources     = ["app/", "../x"]
    destination = "/tmp/"
  }
  provisioner "ansible-local" {
    playbook_file = "play.yml"
  }
  provisioner "powershell" {
    script = var.unset
  }
  provisioner "shell" {
    inline = ["echo ${filebase64("bin")}", "script"]
  }
  post-processor "shell-local" {
    script = "after.sh"
  }
}
"#,
    );
    assert_eq!(
        paths,
        [
            "./motd",
            "config.tpl",
            "./scripts/a.sh",
            "./scripts/b.sh",
            "bin",
            "user-data",
            "./one.sh",
            "made/by/another perhaps",
            "app/",
            "../x",
            "play.yml",
        ]
    );
    assert_eq!(unresolved, ["file(...) line 5", "script line 38"]);
}

#[test]
fn every_way_to_name_a_file_in_a_legacy_template_is_found() {
    let text = json!({
        "variables": {"dir": "{{template_dir}}/scripts", "home": "{{env `HOME`}}"},
        "builders": [{"type": "amazon-ebs", "user_data_file": "user-data"}],
        "provisioners": [
            {"type": "shell", "script": "{{user `dir`}}/a.sh"},
            {"type": "shell", "scripts": ["/abs/b.sh", "c.sh"]},
            {"type": "file", "source": "{{user `home`}}/x", "destination": "/tmp"},
            {"type": "file", "source": "/remote", "direction": "download"},
            {"type": "mine", "playbook_file": "p.yml"},
        ],
    });
    let (paths, unresolved) = found("t.json", &text.to_string());
    assert_eq!(
        paths,
        ["user-data", "./scripts/a.sh", "/abs/b.sh", "c.sh", "p.yml"]
    );
    assert_eq!(unresolved, ["source line 1"]);
}

/// Those of a template with `build` in its build block and `locals` above, for the source `a`.
fn found_in_build(locals: &str, build: &str) -> (Vec<String>, Vec<String>) {
    let text = format!(
        "variable \"unset\" {{}}\n{locals}\nsource \"amazon-ebs\" \"a\" {{}}\nbuild {{\n  \
         sources = [\"amazon-ebs.a\"]\n{build}\n}}\n"
    );
    found("t.pkr.hcl", &text)
}

#[test]
fn every_provisioner_names_files_in_its_own_way() {
    for (kind, body, expected) in [
        ("shell", "script = \"x\"\nscripts = [\"y\"]", vec!["x", "y"]),
        ("shell-local", "script = \"x\"", vec!["x"]),
        ("powershell", "scripts = [\"x\"]", vec!["x"]),
        ("windows-shell", "script = \"x\"", vec!["x"]),
        ("file", "content = \"x\"", vec![]),
        ("file", "source = \"x/\"", vec!["x/"]),
        (
            "ansible",
            "inventory_file = \"hosts\"\ngalaxy_file = \"g.yml\"\nroles_path = \"roles\"",
            vec!["g.yml", "hosts"],
        ),
        ("ansible", "roles_path = \"r\"", vec!["r perhaps"]),
        (
            "ansible",
            "inventory_directory = \"inv\"",
            vec!["inv/group_vars perhaps", "inv/host_vars perhaps"],
        ),
        (
            "ansible",
            "extra_arguments = [\"--extra-vars\", \"@v.yml\", \"-e@w.yml\", \"x=${var.unset}\", \"-v\"]",
            vec!["v.yml", "w.yml"],
        ),
        (
            "ansible",
            "ansible_env_vars = [\"ANSIBLE_CONFIG=a.cfg\", \"ANSIBLE_ROLES_PATH=r1:r2\", \"X=1\"]",
            vec!["a.cfg perhaps", "r1 perhaps", "r2 perhaps"],
        ),
        (
            "ansible-local",
            "playbook_dir = \"d\"\nplaybook_paths = [\"p\"]\nrole_paths = [\"r\"]\n\
             group_vars = \"g\"\nhost_vars = \"h\"\ninventory_file = \"i\"\nextra_arguments = [\"@x\"]",
            vec!["d", "p", "r", "g", "h", "i"],
        ),
        (
            "chef-client",
            "config_template = \"t\"\nvalidation_key_path = \"key\"",
            vec!["t"],
        ),
        (
            "chef-solo",
            "cookbook_paths = [\"c\"]\nroles_path = \"r\"\ndata_bags_path = \"b\"\n\
             environments_path = \"e\"\nencrypted_data_bag_secret_path = \"s\"",
            vec!["c", "b", "e", "r"],
        ),
        (
            "converge",
            "module = \"m\"\nmodule_dirs {\n  source = \"d\"\n}",
            vec!["d"],
        ),
        (
            "inspec",
            "profile = \"p\"\nattributes = [\"a\"]",
            vec!["p perhaps", "a"],
        ),
        (
            "puppet-masterless",
            "manifest_file = \"f\"\nmanifest_dir = \"d\"\nmodule_paths = [\"m\"]\nhiera_config_path = \"h\"",
            vec!["f", "d", "m", "h"],
        ),
        ("puppet-server", "client_private_key_path = \"k\"", vec![]),
        (
            "salt-masterless",
            "local_state_tree = \"s\"\nlocal_pillar_roots = \"p\"\nminion_config = \"m\"\n\
             grains_file = \"g\"\nremote_state_tree = \"r\"",
            vec!["s", "p", "m", "g"],
        ),
        ("hcp-sbom", "source = \"/remote\"", vec![]),
        (
            "of-a-plugin",
            "script = \"s\"\nsource = \"x\"",
            vec!["s", "x perhaps"],
        ),
    ] {
        let (paths, unresolved) =
            found_in_build("", &format!("  provisioner \"{kind}\" {{\n{body}\n  }}"));
        assert_eq!(
            (paths, unresolved.len()),
            (expected_of(&expected), 0),
            "{kind}: {body}"
        );
    }
}

fn expected_of(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|&path| path.to_owned()).collect()
}

#[test]
fn what_ansible_reads_beside_a_playbook_counts_when_it_is_there() {
    for (playbook, beside) in [
        ("play.yml", "roles perhaps"),
        ("./play.yml", "./roles perhaps"),
        ("../ansible/play.yml", "../ansible/roles perhaps"),
        ("/play.yml", "//roles perhaps"),
    ] {
        let build =
            format!("  provisioner \"ansible\" {{\n    playbook_file = \"{playbook}\"\n  }}");
        let (paths, _) = found_in_build("", &build);
        assert_eq!(paths[0], playbook);
        let beside = beside.replace("//", "/");
        assert!(paths.contains(&beside), "{playbook}: {paths:?}");
        assert!(paths.contains(&"ansible.cfg perhaps".to_owned()));
    }
}

#[test]
fn names_are_told_where_they_are_put_together() {
    for (locals, build, expected) in [
        (
            "locals { all = { b = \"two\", a = \"one\" } }",
            "  dynamic \"provisioner\" {\n    for_each = local.all\n    labels   = [\"shell\"]\n    \
             content {\n      script = \"${provisioner.key}/${provisioner.value}.sh\"\n    }\n  }",
            vec!["b/two.sh", "a/one.sh"],
        ),
        (
            "",
            "  dynamic \"provisioner\" {\n    for_each = [\"file\", \"shell\"]\n    iterator = kind\n    \
             labels   = [kind.value]\n    content {\n      source = \"${kind.value}.txt\"\n    }\n  }",
            vec!["file.txt"],
        ),
        (
            "",
            "  provisioner \"shell\" {\n    script = \"${source.type}/${source.name}.sh\"\n  }",
            vec!["amazon-ebs/a.sh"],
        ),
        (
            "locals { texts = [for n in [\"x\", \"y\"] : file(\"${n}.txt\") if n != \"y\"] }",
            "",
            vec!["x.txt"],
        ),
        (
            "locals { texts = { for k, n in { a = \"x\" } : k => templatefile(\"${k}-${n}\", {}) } }",
            "",
            vec!["a-x"],
        ),
        (
            "locals { text = fileexists(\"scripts/a.sh\") ? file(\"scripts/a.sh\") : file(\"no\") }",
            "",
            vec!["scripts/a.sh"],
        ),
        (
            "locals { text = var.unset ? file(\"x\") : try(file(\"y\"), \"\") }",
            "",
            vec!["x perhaps", "y perhaps"],
        ),
        (
            "locals {\n  text = <<-E\n      ${file(\"in-heredoc\")}\n    E\n}",
            "",
            vec!["in-heredoc"],
        ),
        (
            "",
            "  provisioner \"shell\" {\n    scripts = split(\",\", replace(\"a-b,c\", \"-\", \"/\"))\n  }",
            vec!["a/b", "c"],
        ),
    ] {
        let (paths, unresolved) = found_in_build(locals, build);
        assert_eq!(
            (paths, unresolved.len()),
            (expected_of(&expected), 0),
            "{locals}\n{build}"
        );
    }
}

#[test]
fn files_that_template_files_read_are_found() {
    let (paths, unresolved) = found_in_build(
        "locals { motd = templatefile(\"${path.root}/motd.tpl\", { names = [\"x\", \"y\"] }) }",
        "",
    );
    assert_eq!(paths, ["./motd.tpl", "x.txt", "y.txt"]);
    assert_eq!(unresolved, ["file(...) line 2"]);
}

#[test]
fn what_only_packer_can_tell_has_its_place() {
    for (locals, build, expected) in [
        (
            "",
            "  provisioner \"shell\" {\n    script = var.unset\n  }",
            "script line 7",
        ),
        (
            "locals { text = [for n in var.unset : file(n)] }",
            "",
            "file(...) line 2",
        ),
        (
            "",
            "  dynamic \"provisioner\" {\n    for_each = var.unset\n    labels   = [\"shell\"]\n    \
             content {\n      script = provisioner.value\n    }\n  }",
            "script line 10",
        ),
        (
            "locals { text = fileset(var.unset, \"*\") }",
            "",
            "fileset(...) line 2",
        ),
    ] {
        let (paths, unresolved) = found_in_build(locals, build);
        assert_eq!(
            (paths, unresolved),
            (vec![], expected_of(&[expected])),
            "{locals}\n{build}"
        );
    }
}

#[test]
fn provisioners_of_other_builders_take_no_part() {
    let (paths, unresolved) = found_in_build(
        "",
        r#"
  provisioner "shell" {
    only   = ["amazon-ebs.b"]
    script = "other.sh"
    inline = [file("other.txt"), file(var.unset)]
  }
  provisioner "shell" {
    except = ["amazon-ebs.a"]
    script = "other.sh"
  }
  provisioner "shell" {
    only     = ["amazon-ebs.a"]
    script   = "common.sh"
    override = { a = { script = "own.sh" }, b = { script = "other.sh" } }
  }
"#,
    );
    assert_eq!((paths, unresolved.len()), (expected_of(&["own.sh"]), 0));

    let text = json!({
        "builders": [{"type": "amazon-ebs", "name": "a"}],
        "provisioners": [
            {"type": "shell", "only": ["b"], "script": "other.sh"},
            {"type": "shell", "script": "common.sh", "override": {"a": {"script": "own.sh"}}},
            {"type": "file", "source": "{{build_name}}-{{build_type}}.txt"},
            {"type": "ansible", "extra_arguments": ["-e", "@v.yml", "{{build `ID`}}"]},
            {"type": "converge", "module_dirs": [{"source": "d", "destination": "/d"}]},
        ],
    });
    let (paths, unresolved) = found("t.json", &text.to_string());
    let expected = ["own.sh", "a-amazon-ebs.txt", "v.yml", "d"];
    assert_eq!((paths, unresolved.len()), (expected_of(&expected), 0));
}
