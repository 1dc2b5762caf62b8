//! Every function and operator, with values that the real Terraform has to agree with.

use std::{env, fs, process::Command};

use amiable::config::{Expr, Scope, documentation};
use serde_json::{Value, json};

/// Expressions, and what they give here and in Terraform. Each function is here at least once.
const SAME: &[&str] = &[
    // Text
    r#"chomp("a\nb\r\n\n")"#,
    r#"chomp("a ")"#,
    r#"endswith("hello", "lo")"#,
    r#"startswith("hello", "lo")"#,
    r#"startswith("hello", "")"#,
    r#"indent(2, "a\nb\n\nc\n")"#,
    r#"indent(2, "")"#,
    r#"join(", ", ["a", "b"], ["c"])"#,
    r#"join("-", [])"#,
    r#"join("-", [1, true, "x"])"#,
    r#"lower("ÄB ǅ İ")"#,
    r#"upper("äß ŉ ﬁ")"#,
    r#"title("hello wORLD it's a-b_c ünï éa")"#,
    r#"replace("a.b.c", ".", "-")"#,
    r#"replace("a/b", "/", "-")"#,
    r#"replace("abc", "", "-")"#,
    r#"replace("aaa", "aa", "b")"#,
    r#"split(",", "a,b,,c")"#,
    r#"split("", "aéb")"#,
    r#"split(",", "")"#,
    r#"split("", "")"#,
    r#"strrev("abé")"#,
    r#"substr("hello", 1, 3)"#,
    r#"substr("hello", -3, -1)"#,
    r#"substr("hello", -9, 2)"#,
    r#"substr("hello", 3, 99)"#,
    r#"substr("hello", 9, 1)"#,
    r#"substr("日本語", 1, 1)"#,
    r#"trim("?!hello?!", "!?")"#,
    r#"trim("  a ", "")"#,
    r#"trimprefix("hello", "he")"#,
    r#"trimprefix("hello", "lo")"#,
    r#"trimsuffix("hello", "lo")"#,
    r#"trimspace(" \t a b \n")"#,
    r#"format("%s is %d, %q, %v", "a", 3, "b\"c", [1, "x"])"#,
    r#"format("%5s|%-5s|%05d|%+d|%x|%X|%b|%o", "a", "b", 42, 7, 255, 255, 5, 8)"#,
    r#"format("%.2f %f %e %t %% %v %v", 1.005, 2, 12345.678, true, 1.5, {a = 1})"#,
    r#"format("%[2]s %[1]s", "a", "b")"#,
    r#"format("%s", 1.50)"#,
    r#"format("%.2s|%#v", "hello", "x")"#,
    r#"format("plain")"#,
    // Lists and objects
    r#"alltrue([true, "true"])"#,
    r#"alltrue([])"#,
    r#"alltrue([true, null])"#,
    r#"anytrue([false, true])"#,
    r#"anytrue([])"#,
    r#"coalesce(null, "", "a", "b")"#,
    r#"coalesce(1, "b")"#,
    r#"coalesce(null, 0)"#,
    r#"compact(["a", "", null, "b"])"#,
    r#"compact([1, ""])"#,
    r#"concat(["a"], [], [1, true])"#,
    r#"contains(["a", "b"], "a")"#,
    r#"contains([1, 2], 3)"#,
    r#"contains([{a = 1}], {a = 1})"#,
    r#"distinct(["b", "a", "b"])"#,
    r#"element(["a", "b", "c"], 4)"#,
    r#"element(["a", "b", "c"], 0)"#,
    r#"flatten([["a"], [], [["b"], "c"]])"#,
    r#"index(["a", "b"], "b")"#,
    r#"keys({b = 1, a = 2})"#,
    r#"values({b = 1, a = 2})"#,
    r#"length("héllo")"#,
    r#"length("👨‍👩‍👧 e\u0301")"#,
    r#"length([1, 2])"#,
    r#"length({a = 1})"#,
    r#"lookup({a = "x"}, "a", "y")"#,
    r#"lookup({a = "x"}, "b", "y")"#,
    r#"lookup({a = "x"}, "a")"#,
    r#"merge({a = 1, b = 2}, {b = 3}, null)"#,
    r#"merge()"#,
    r#"one(["a"])"#,
    r#"one([])"#,
    r#"range(3)"#,
    r#"range(1, 4)"#,
    r#"range(4, 1)"#,
    r#"range(1, 8, 3)"#,
    r#"range(0, 1, 0.25)"#,
    r#"range(2, 2)"#,
    r#"range(3, 0, -2)"#,
    r#"range(-2)"#,
    r#"reverse(["a", "b", "c"])"#,
    r#"slice(["a", "b", "c", "d"], 1, 3)"#,
    r#"slice(["a"], 1, 1)"#,
    r#"sort(["b", "a", "ä", "B"])"#,
    r#"zipmap(["a", "b"], [1, "x"])"#,
    // Numbers
    r#"abs(-1.5)"#,
    r#"abs("2")"#,
    r#"ceil(1.1)"#,
    r#"ceil(-1.1)"#,
    r#"floor(1.9)"#,
    r#"floor(-1.1)"#,
    r#"max(1, 3, 2)"#,
    r#"max([1, 5, 2]...)"#,
    r#"min(1.5, "1")"#,
    r#"sum([1, 2.5, 3])"#,
    // Types
    r#"can(tonumber("a"))"#,
    r#"can(1)"#,
    r#"tobool("true")"#,
    r#"tobool(null)"#,
    r#"tolist(["a", 1])"#,
    r#"tonumber("1.50")"#,
    r#"tonumber("1e3")"#,
    r#"tonumber(".5")"#,
    r#"toset(["b", "a", "b"])"#,
    r#"toset([2, 10, 1])"#,
    r#"tostring(1e21)"#,
    r#"tostring(true)"#,
    r#"tostring(0.000001)"#,
    r#"try(tonumber("a"), 2)"#,
    r#"try({a = 1}.b, "none")"#,
    // Encoding
    r#"base64decode("w6TDtg==")"#,
    r#"base64encode("äö")"#,
    r#"jsondecode("{\"a\": [1, 2.5, true, null], \"b\": {\"c\": \"x\"}}")"#,
    r#"jsondecode("1.0")"#,
    r#"jsonencode({b = [1, true, null], a = "<x> & \"y\" \u2028"})"#,
    r#"jsonencode("ä\n\t\u0001")"#,
    r#"jsonencode([1.5, 1e30, 0.00000001])"#,
    r#"sha256("hello")"#,
    r#"urlencode("a b&c=d/é~*'()")"#,
    // Operators
    r#"1 + 2 * 3 - 4 / 2"#,
    r#"0.1 + 0.2"#,
    r#"0.3 / 0.1"#,
    r#"7 % 3"#,
    r#"-7 % 3"#,
    r#"7 % -3"#,
    r#"9007199254740993 + 0"#,
    r#""5" + 1"#,
    r#"-"5""#,
    r#"- 5"#,
    r#"1 == 1.0"#,
    r#"1 == "1""#,
    r#"[1, {a = "x"}] == [1, {a = "x"}]"#,
    r#"null == null"#,
    r#"null == "a""#,
    r#"!true || false && true"#,
    r#"!"false""#,
    r#"1 < 2 && 2 >= 2 && "10" > 9"#,
    r#"true ? "a" : "b""#,
    r#""true" ? 1 : 2"#,
    // Collections
    r#"[for x in ["a", "b"] : upper(x)]"#,
    r#"[for i, x in ["a", "b"] : "${i}=${x}"]"#,
    r#"[for k, v in {b = 1, a = 2} : "${k}=${v}" if v > 0]"#,
    r#"{for x in ["a", "b"] : x => upper(x)}"#,
    r#"{for x in ["a", "b", "ab"] : substr(x, 0, 1) => x...}"#,
    r#"{for k, v in {a = 1, b = 2} : v => k if v != 1}"#,
    r#"[{a = 1}, {a = 2}][*].a"#,
    r#"[{a = [1]}, {a = [2]}].*.a"#,
    r#"[{a = [1, 3]}, {a = [2, 4]}][*].a[1]"#,
    r#"[{a = [1, 3]}, {a = [2, 4]}].*.a[1]"#,
    r#"{a = {b = 1}}.a.b"#,
    r#"{a = 1}["a"]"#,
    r#"["a", "b"]["1"]"#,
    r#"["a", "b"].1"#,
    r#"{"a b" = 1, (upper("c")) = 2, true = 3, 4 = 5}"#,
    r#"{ a : 1, b : 2 }"#,
    r#"[for xs in [[1, 2], [3]] : [for x in xs : x * 2]]"#,
    // Templates
    r#""${1 + 1} and ${true} and ${"nested ${upper("x")}"}""#,
    r#""${[1, 2]}""#,
    r#""$${a} %%{b} $$ %% $ {c} $$$${d}""#,
    r#""%{if true}yes%{else}no%{endif}""#,
    r#""%{ for x in ["a", "b"] }<${x}>%{ endfor }""#,
    r#""%{ if true }tab\tquote\" \u00e9%{ endif }""#,
    r#""a   ${~ "b" ~}   c""#,
    r#""a %{~ if true ~} b %{~ endif ~} c""#,
    r#""tab\t\\ \"q\" \u00e9 \U0001F600""#,
    "<<EOT\nplain $${a} %%{b} \\n \"q\"\n  more\nEOT\n",
    "<<-EOT\n    four\n      six\n\n    four ${1 + 1}\n  EOT\n",
    "<<-EOT\n    four\n  \n   ${1} three\n    EOT\n",
    "<<-EOT\n    ${1} x\n      y\n    EOT\n",
    "<<-EOT\n    %{ for x in [\"a\", \"b\"] }\n      item ${x}\n    %{ endfor }\n    end\n    EOT\n",
    "<<-EOT\n    %{~ for x in [\"a\", \"b\"] ~}\n    item ${x}\n    %{~ endfor ~}\n    end\n    EOT\n",
    "<<-EOT\n  %{ if true }\n    yes\n  %{ else }\n    no\n  %{ endif ~}\n  end\n  EOT\n",
    "<<EOT\n  ${~ \"x\" ~}  \n  y\nEOT\n",
    "<<EOT\nEOT\n",
    "<<-EOT\n\ttab\n\t\ttwo\n\tEOT\n",
    "[<<EOT\none\nEOT\n, \"two\"]",
];

/// Expressions that have no value, here and in Terraform.
const FAILING: &[&str] = &[
    r#""a" + 1"#,
    r#"!"yes""#,
    r#""x${null}""#,
    r#""x${[1]}""#,
    r#"["a"][1]"#,
    r#"["a"][-1]"#,
    r#"["a"][0.5]"#,
    r#"{a = 1}.b"#,
    r#"[{a = 1}].a"#,
    r#""a".b"#,
    r#"{for x in ["a", "a"] : x => x}"#,
    r#"[for x in "abc" : x]"#,
    r#"base64decode("%")"#,
    r#"base64decode("/w==")"#,
    r#"chomp(null)"#,
    r#"coalesce(null, "")"#,
    r#"concat("a")"#,
    r#"contains("abc", "a")"#,
    r#"element([], 0)"#,
    r#"format("%d", "x")"#,
    r#"format("%d", 1.5)"#,
    r#"format("%s")"#,
    r#"format("%s", "a", "b")"#,
    r#"format("%y", 1)"#,
    r#"index(["a"], "b")"#,
    r#"join("-", [null])"#,
    r#"join("-", [["a"]])"#,
    r#"jsondecode("{")"#,
    r#"jsondecode("1 2")"#,
    r#"keys("a")"#,
    r#"length(1)"#,
    r#"lookup({a = 1}, "b")"#,
    r#"merge({a = 1}, "b")"#,
    r#"one(["a", "b"])"#,
    r#"range(1, 5, 0)"#,
    r#"range(1, 5, -1)"#,
    r#"range(2000)"#,
    r#"slice(["a"], 0, 2)"#,
    r#"slice(["a", "b"], 2, 1)"#,
    r#"sum([])"#,
    r#"sum(["a"])"#,
    r#"tobool("yes")"#,
    r#"tobool(1)"#,
    r#"tonumber("x")"#,
    r#"tonumber(true)"#,
    r#"tostring([])"#,
    r#"zipmap(["a"], [])"#,
];

fn here(expression: &str) -> Result<Value, String> {
    Expr::parse(expression)
        .and_then(|parsed| parsed.evaluate(&Scope::default()))
        .map_err(|error| error.to_string())
}

/// What Terraform makes of expressions, each as JSON text in an output of its own.
fn terraform(expressions: &[String]) -> Vec<Value> {
    let program = env::var_os("AMIABLE_TERRAFORM").unwrap_or_else(|| "terraform".into());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outputs: String = expressions
        .iter()
        .enumerate()
        .map(|(index, expression)| {
            // Lines of heredocs must stay as they are.
            format!("output \"e{index}\" {{\n  value = jsonencode([{expression}])\n}}\n")
        })
        .collect();
    fs::write(folder.path().join("main.tf"), outputs).expect("a file");
    let run = |args: &[&str]| {
        let output = Command::new(&program)
            .args(args)
            .current_dir(folder.path())
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", folder.path())
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap_or_else(|error| {
                panic!(
                    "this test needs Terraform ({program:?}), which scripts/test installs: {error}"
                )
            });
        assert!(
            output.status.success(),
            "terraform {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    run(&["init", "-input=false", "-no-color"]);
    run(&["apply", "-auto-approve", "-input=false", "-no-color"]);
    let outputs: Value = serde_json::from_slice(&run(&["output", "-json"])).expect("JSON");
    (0..expressions.len())
        .map(|index| {
            let output = &outputs[format!("e{index}")];
            let text = output["value"].as_str();
            let text = text.unwrap_or_else(|| panic!("{}: {output}", expressions[index]));
            let list: Value = serde_json::from_str(text).expect("JSON");
            list[0].clone()
        })
        .collect()
}

/// Numbers by value, whatever their notation.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().map(|float| format!("{float}"))),
        Value::Array(elements) => elements.iter().map(plain).collect(),
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            entries
                .into_iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect()
        }
        other => other.clone(),
    }
}

#[test]
fn terraform_gives_the_same_values() {
    let expressions: Vec<String> = SAME.iter().map(|text| (*text).to_owned()).collect();
    let theirs = terraform(&expressions);
    let differences: Vec<String> = SAME
        .iter()
        .zip(theirs)
        .filter_map(|(expression, theirs)| match here(expression) {
            Ok(ours) if plain(&ours) == plain(&theirs) => None,
            ours => Some(format!(
                "{expression}\n  here:      {ours:?}\n  Terraform: {theirs}"
            )),
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn what_fails_in_terraform_fails_here() {
    let expressions: Vec<String> = FAILING.iter().map(|text| format!("can({text})")).collect();
    let theirs = terraform(&expressions);
    let differences: Vec<String> = FAILING
        .iter()
        .zip(theirs)
        .filter_map(|(expression, theirs)| {
            let ours = here(expression);
            (ours.is_ok() || theirs != json!(false))
                .then(|| format!("{expression}: here {ours:?}, Terraform can: {theirs}"))
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_function_is_compared_with_terraform() {
    for (name, table) in documentation::tables() {
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        for function in rows.filter(|_| name.starts_with("functions ")) {
            let call = format!("{}(", function.split('(').next().expect("a name"));
            // What it reads is in a project; its own test has one.
            if call == "file(" {
                continue;
            }
            assert!(SAME.iter().any(|text| text.contains(&call)), "{call}");
        }
    }
}
