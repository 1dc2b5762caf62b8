//! Templates of every shape that Packer takes: each is rendered to one that the real Packer takes too, or
//! refused with the reason and the place.

mod real_tools;

use std::fs;

use amiable::{
    render::packer::{Edits, Emulator, Resolver, Template, render},
    tools::packer::version::Plugins,
};
use camino::{Utf8Path, Utf8PathBuf};
use real_tools::{packer, packer_values};
use serde_json::{Map, Value, json};

struct Folder {
    _guard: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Folder {
    /// With `files` and a script `install.sh`.
    fn new(files: &[(&str, &str)]) -> Folder {
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(guard.path().canonicalize().unwrap()).unwrap();
        for (name, text) in files.iter().chain([&("install.sh", "#!/bin/sh\n")]) {
            fs::write(path.join(name), text).unwrap();
        }
        Folder {
            _guard: guard,
            path,
        }
    }

    /// Renders the template called `name` in place and gives the value for `-only`.
    fn render(
        &self,
        name: &str,
        source: Option<&str>,
        emulated: bool,
    ) -> Result<Option<String>, String> {
        let template = Template::read(&self.path, Utf8Path::new(name), None);
        let template = template.map_err(|error| error.to_string())?;
        let selected = template.select(source).map_err(|error| error.to_string())?;
        let edits = Edits {
            ami_name: "web-20260101-000000-abcdef".to_owned(),
            tags: vec![(
                "amiable:run".to_owned(),
                "20260101-000000-abcdef".to_owned(),
            )],
            manifest: self.path.join("manifest.json"),
            emulator: emulated.then(|| Emulator {
                endpoint: "http://127.0.0.1:9".to_owned(),
                access_key: "test".to_owned(),
                secret_key: "test".to_owned(),
                machine: None,
            }),
            provision: true,
            plugins: Plugins::BuiltInOnly,
            secret_variables: Vec::new(),
        };
        let rendering = render(&selected, &edits).map_err(|error| error.to_string())?;
        for file in rendering.files {
            fs::write(self.path.join(file.path), file.text).unwrap();
        }
        Ok(rendering.only)
    }

    fn validate(&self, argument: &str, only: Option<&str>) {
        let only = only.map(|only| format!("-only={only}"));
        let args: Vec<&str> = ["validate"]
            .into_iter()
            .chain(only.as_deref())
            .chain([argument])
            .collect();
        packer(&self.path, &args).expect_success("packer validate");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap()
    }
}

const SOURCE: &str = r#"source "amazon-ebs" "a" {
  ami_name      = "app"
  instance_type = "t3.micro"
  region        = "us-east-1"
  source_ami    = "ami-1"
  ssh_username  = "admin"
}
"#;

/// A template of [`SOURCE`] and `rest`.
fn with_source(rest: &str) -> String {
    format!("{SOURCE}\n{}\n", rest.trim())
}

/// Renders `text`, which Packer takes and whose format it has nothing against, and has Packer look at what
/// comes of it: plain and for the emulator.
fn expect_works(what: &str, files: &[(&str, &str)], source: Option<&str>) {
    let untouched = Folder::new(files);
    let fmt = ["fmt", "-check", "-diff", "."];
    packer(&untouched.path, &fmt).expect_success(&format!("{what}: packer fmt of the source"));
    untouched.validate(".", None);
    for emulated in [false, true] {
        println!("{what}, emulated: {emulated}");
        let folder = Folder::new(files);
        let only = folder.render("", source, emulated).unwrap();
        packer(&folder.path, &fmt).expect_success("packer fmt");
        folder.validate(".", only.as_deref());
        for (name, before) in files {
            let after = folder.read(name);
            let comments = before
                .lines()
                .filter_map(|line| Some(&line[line.find("kept")?..]));
            for comment in comments {
                assert!(
                    after.contains(comment),
                    "{what}: {comment} is gone:\n{after}"
                );
            }
        }
    }
}

#[test]
fn shapes_of_hcl_templates_are_rendered_to_what_packer_takes() {
    let several_builds = format!(
        "{SOURCE}\n{}\n{}",
        SOURCE.replace("\"a\" {", "\"b\" {"),
        r#"build {
  name    = "first"
  sources = ["source.amazon-ebs.a", "source.amazon-ebs.b"]
}

build {
  name    = "second"
  sources = ["source.amazon-ebs.a"]
}
"#
    );
    let plain = "build {\n  sources = [\"source.amazon-ebs.a\"]\n}\n";
    for (what, text, source) in [
        ("a source used by two builds", several_builds.clone(), Some("second.amazon-ebs.a")),
        ("several sources", several_builds, Some("b")),
        (
            "sources inside builds",
            with_source(
                r#"
build {
  source "source.amazon-ebs.a" {
    name            = "one"
    ebs_optimized   = false # kept
    run_volume_tags = { a = "b" }
  }
  source "amazon-ebs.a" {
    name = "two"
  }

  provisioner "shell" {
    only   = ["amazon-ebs.one"]
    script = "${path.root}/install.sh"
  }
}
"#,
            ),
            Some("one"),
        ),
        (
            "dynamic provisioners",
            with_source(
                r#"
locals {
  scripts = ["install.sh"]
}

build {
  sources = ["source.amazon-ebs.a"]

  # kept: one for each script
  dynamic "provisioner" {
    for_each = local.scripts
    labels   = ["shell"]
    content {
      script = "${path.root}/${provisioner.value}"
    }
  }
}
"#,
            ),
            None,
        ),
        (
            "dynamic blocks in the source",
            format!(
                "{}\n{plain}",
                SOURCE.replace(
                    "  ssh_username  = \"admin\"\n",
                    r#"  ssh_username  = "admin"

  dynamic "tag" {
    for_each = { Kept = "x" }
    content {
      key   = tag.key
      value = tag.value
    }
  }

  launch_block_device_mappings {
    device_name = "/dev/sda1"
    volume_size = 10 # kept
  }
"#
                ),
            ),
            None,
        ),
        (
            "locals of both kinds",
            with_source(
                r#"
variables {
  team = "web" # kept
}

locals {
  owner = { Owner = var.team }
}

build {
  sources = ["source.amazon-ebs.a"]

  provisioner "shell" {
    inline = [
      "echo ${local.owner.Owner}", # kept
      "echo done",
    ]
    override = {
      a = {
        execute_command = "sudo {{ .Path }}"
      }
    }
  }

  post-processors {
    post-processor "shell-local" {
      inline = ["true"]
    }
    post-processor "manifest" {
      output = "own.json"
    }
  }
}
"#,
            ),
            None,
        ),
        (
            "heredocs",
            format!(
                "{}\n{}",
                SOURCE.replace(
                    "  ssh_username  = \"admin\"\n",
                    "  ssh_username  = \"admin\"\n  user_data     = <<-EOT\n    #!/bin/sh\n    # kept } { \"\n    \
                     echo $${HOME} %%{x}\n  EOT\n"
                ),
                r#"build {
  sources = ["source.amazon-ebs.a"]

  provisioner "shell" {
    inline = [<<EOT
cat <<'END' # kept
}
END
EOT
    ]
  }
}
"#
            ),
            None,
        ),
        (
            "comments everywhere",
            r#"# kept at the top
/* kept
   too, over lines */
source "amazon-ebs" "a" { # kept behind the brace
  # kept: } before
  ami_name = "app" # kept behind
  // kept in the other style
  instance_type = "t3.micro" /* kept in the third style */
  region        = "us-east-1"
  source_ami    = "ami-1"
  ssh_username  = "admin"
  tags = {
    # kept in a map
    A = "b" // kept behind a member
    # kept at the map's end
  }
  run_tags = {} # kept behind an empty map
  # kept at the end
}

build {
  # kept at the start
  sources = [
    # kept in a list
    "source.amazon-ebs.a", # kept behind an element
  ]
  # kept } at the end
}
# kept at the bottom
"#
            .to_owned(),
            None,
        ),
        (
            "maps of tags in every form",
            format!(
                "variable \"extra\" {{\n  type    = map(string)\n  default = {{}}\n}}\n\n{}\n{plain}",
                SOURCE.replace(
                    "  ssh_username  = \"admin\"\n",
                    "  ssh_username  = \"admin\"\n  tags          = { A = \"b\", \"c d\" = \"e\" }\n  run_tags      = var.extra\n  \
                     run_volume_tags = merge(var.extra, {\n    X = \"y\"\n  })\n  snapshot_tags = {\n    A = \"b\",\n    C = \"d\",\n  }\n"
                )
            ),
            None,
        ),
    ] {
        // The format is what Packer itself makes of the text.
        let folder = Folder::new(&[("t.pkr.hcl", &text)]);
        packer(&folder.path, &["fmt", "."]).expect_success(what);
        expect_works(what, &[("t.pkr.hcl", &folder.read("t.pkr.hcl"))], source);
    }
}

#[test]
fn variables_come_from_files_beside_the_template() {
    let template = with_source(
        r#"
variable "size" {
  type = string
}

variable "kind" {
  type = string
}

build {
  sources = ["source.amazon-ebs.a"]

  provisioner "shell" {
    inline = ["echo ${var.size} ${var.kind}"]
  }
}
"#,
    );
    let files = [
        ("t.pkr.hcl", template.as_str()),
        ("a.auto.pkrvars.hcl", "size = \"big\" # kept\n"),
        ("b.auto.pkrvars.json", "{\"kind\": \"round\"}\n"),
    ];
    expect_works("variable files", &files, None);

    // Packer does not read them with a file that is named alone.
    let folder = Folder::new(&files);
    folder.render("t.pkr.hcl", None, false).unwrap();
    let output = packer(&folder.path, &["validate", "t.pkr.hcl"]);
    assert!(!output.success, "{}", output.stdout);
    let given = ["-var", "size=s", "-var", "kind=k"];
    let args = [&["validate"], &given[..], &["t.pkr.hcl"]].concat();
    packer(&folder.path, &args).expect_success("packer validate");
}

#[test]
fn what_cannot_be_edited_is_refused_with_reason_and_place() {
    let json = "{\"source\": {\"amazon-ebs\": {\"a\": {}}}, \"build\": {\"sources\": []}}\n";
    for (file, text, parts) in [
        (
            "t.pkr.json",
            json.to_owned(),
            ["t.pkr.json", "JSON syntax of HCL2"],
        ),
        (
            "t.pkr.hcl",
            with_source("build {\n  sources = [for s in [\"a\"] : \"amazon-ebs.${s}\"]\n}"),
            ["t.pkr.hcl:10:3", "computed"],
        ),
        (
            "t.pkr.hcl",
            with_source(
                "build {\n  dynamic \"source\" {\n    for_each = [\"amazon-ebs.a\"]\n    labels = [source.value]\n    \
                 content {}\n  }\n}",
            ),
            ["t.pkr.hcl:10:3", "dynamic"],
        ),
        (
            "t.pkr.hcl",
            with_source("build {\n  name    = \"x-${var.y}\"\n  sources = [\"amazon-ebs.a\"]\n}"),
            ["t.pkr.hcl:10:3", "name of this build is computed"],
        ),
        (
            "t.pkr.hcl",
            with_source("build {\n  sources = [\"amazon-ebs.a\"]\n"),
            ["t.pkr.hcl:1", "failed to parse"],
        ),
    ] {
        let folder = Folder::new(&[(file, &text)]);
        for name in ["", file] {
            let error = folder.render(name, None, false).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{part} is not in:\n{error}");
            }
        }
    }
}

#[test]
fn legacy_templates_of_every_shape_are_rendered_to_what_packer_takes() {
    let builder = |name: Value| {
        let mut builder = json!({
            "type": "amazon-ebs",
            "ami_name": "app",
            "instance_type": "t3.micro",
            "region": "us-east-1",
            "source_ami": "ami-1",
            "ssh_username": "admin",
        });
        if name != json!(null) {
            builder["name"] = name;
        }
        builder
    };
    let docker = json!({"type": "null", "communicator": "none"});
    for (what, template, source) in [
        (
            "several builders, only, except and override",
            json!({
                "_comment": "kept",
                "description": "kept as well",
                "min_packer_version": "1.2.0",
                "variables": {"x": "1"},
                "builders": [builder(json!("a")), builder(json!("b")), docker],
                "provisioners": [
                    {"type": "shell", "script": "install.sh", "only": ["a"]},
                    {"type": "shell", "inline": ["true"], "except": ["b", "null"], "pause_before": "1s"},
                    {"type": "shell", "only": ["a", "b"], "inline": ["true"],
                     "override": {"a": {"inline": ["echo {{user `x`}}"]}}},
                ],
                "post-processors": [
                    {"type": "manifest", "only": ["a"]},
                    [{"type": "shell-local", "inline": ["true"], "except": ["b"]}],
                ],
            }),
            Some("a"),
        ),
        (
            "one builder without a name",
            json!({
                "builders": [builder(json!(null))],
                "provisioners": [{"type": "shell", "script": "{{template_dir}}/install.sh", "only": ["amazon-ebs"]}],
                "sensitive-variables": [],
                "error-cleanup-provisioner": {"type": "shell-local", "inline": ["true"]},
            }),
            None,
        ),
    ] {
        for emulated in [false, true] {
            println!("{what}, emulated: {emulated}");
            let folder = Folder::new(&[("t.json", &template.to_string())]);
            folder.validate("t.json", None);
            let only = folder.render("t.json", source, emulated).unwrap();
            folder.validate("t.json", only.as_deref());
            let rendered: Value = serde_json::from_str(&folder.read("t.json")).unwrap();
            for key in [
                "_comment",
                "description",
                "provisioners",
                "error-cleanup-provisioner",
            ] {
                assert_eq!(rendered.get(key), template.get(key), "{what}: {key}");
            }
        }
    }
}

#[test]
fn expressions_have_the_values_that_packer_gives_them() {
    let text = with_source(
        r#"
variable "name" {
  default = "web"
}

locals {
  list = ["b", "a", "", "b"]
  map  = { z = "1", a = "2" }
}

build {
  sources = ["source.amazon-ebs.a"]
}
"#,
    );
    let folder = Folder::new(&[("t.pkr.hcl", &text), ("c.txt", "one\n\ntwo\n\n")]);
    let template = Template::read(&folder.path, Utf8Path::new(""), None).unwrap();
    let resolver = Resolver::new(&template, &folder.path, &Map::new(), &[]);
    let expressions = [
        r#"basename("/a/b.sh")"#,
        r#"basename("b.sh")"#,
        r#"dirname("a/b/c.sh")"#,
        r#"dirname("c.sh")"#,
        r#"chomp("a\n\n")"#,
        "compact(local.list)",
        r#"contains(local.list, "a")"#,
        r#"contains(local.list, "x")"#,
        "distinct(local.list)",
        "element(local.list, 5)",
        r#"flatten([["a", ["b"]], [], ["c"]])"#,
        r#"join("-", local.list)"#,
        "keys(local.map)",
        "values(local.map)",
        "length(local.list)",
        "length(local.map)",
        r#"length("abc")"#,
        r#"lower("ÄB")"#,
        r#"upper("äb")"#,
        r#"replace("a.b.c", ".", "/")"#,
        "reverse(local.list)",
        "sort(local.list)",
        r#"split(",", "a,,b")"#,
        r#"split(",", "")"#,
        r#"trimprefix("aab", "a")"#,
        r#"trimsuffix("a.sh.sh", ".sh")"#,
        r#"trimspace(" a b\t\n")"#,
        r#"trim("xaxbx", "x")"#,
        r#"strrev("abc")"#,
        r#"lookup(local.map, "z", "d")"#,
        r#"lookup(local.map, "y", "d")"#,
        r#"merge(local.map, { z = "9" }, { y = "8" })"#,
        r#"zipmap(["a", "b"], ["1", "2"])"#,
        "slice(local.list, 1, 3)",
        r#"coalesce("", "x")"#,
        r#"concat(local.list, ["z"])"#,
        r#"format("%s-%s-%d%%", "a", "b", 7)"#,
        r#"format("%v", true)"#,
        r#"setunion(["b", "a"], ["b", "c"])"#,
        r#"jsondecode("{\"a\": [1, null]}")"#,
        r#"file("c.txt")"#,
        r#"split("\n", chomp(file("${path.root}/c.txt")))"#,
        r#"fileexists("c.txt")"#,
        r#"fileexists("nowhere")"#,
        r#"fileset(path.root, "*.{sh,txt}")"#,
        r#"fileset(".", "**")"#,
        r#"[for f in fileset(".", "*.txt") : "${path.root}/${f}"]"#,
        r#"{ for k, v in local.map : v => upper(k) if k != "a" }"#,
        r#"var.name == "web" ? local.list[1] : "none""#,
        "local.map[\"z\"]",
    ];
    let known: Vec<Value> = expressions
        .iter()
        .map(|text| {
            let value = resolver.evaluate(&text.parse().unwrap());
            value.unwrap_or_else(|| panic!("{text} has no value"))
        })
        .collect();
    let expressions = expressions.map(str::to_owned);
    let packers = packer_values(&folder.path, &[], &expressions);
    let different: Vec<_> = expressions
        .iter()
        .zip(known.iter().zip(&packers))
        .filter(|(_, (known, packers))| known != packers)
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}
