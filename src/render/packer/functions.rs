//! Functions that the paths of a template are put together with. Each does what Packer's of that name does;
//! a call that is not understood has no value.

use hcl::{
    Map, Value,
    eval::{Context, FuncArgs, FuncDef, ParamType},
};

type Result = std::result::Result<Value, String>;
type Function = fn(FuncArgs) -> Result;

/// Makes the functions known to `context`.
pub(super) fn declare(context: &mut Context) {
    use ParamType::{Any, String as Text};
    let texts = || ParamType::array_of(Text);
    let list = || ParamType::array_of(Any);
    let object = || ParamType::object_of(Any);

    let fixed: [(&str, Function, Vec<ParamType>); 32] = [
        // Paths are relative to the template's folder, and stay so.
        ("abspath", same, vec![Text]),
        ("basename", |a| text_of(&a, basename), vec![Text]),
        (
            "chomp",
            |a| text_of(&a, |t| t.trim_end_matches(['\n', '\r']).into()),
            vec![Text],
        ),
        ("compact", compact, vec![texts()]),
        ("contains", contains, vec![list(), Any]),
        ("dirname", |a| text_of(&a, dirname), vec![Text]),
        ("distinct", distinct, vec![list()]),
        ("element", element, vec![list(), ParamType::Number]),
        ("flatten", flatten, vec![list()]),
        ("join", join, vec![Text, texts()]),
        ("keys", keys, vec![object()]),
        ("length", length, vec![Any]),
        ("lower", |a| text_of(&a, |t| t.to_lowercase()), vec![Text]),
        ("replace", replace, vec![Text, Text, Text]),
        ("reverse", reverse, vec![list()]),
        ("sort", sorted_texts, vec![texts()]),
        ("split", split, vec![Text, Text]),
        ("tolist", same, vec![Any]),
        ("tomap", same, vec![object()]),
        ("toset", sorted_set, vec![texts()]),
        ("tostring", to_string, vec![Any]),
        ("trimprefix", trim_prefix, vec![Text, Text]),
        (
            "trimspace",
            |a| text_of(&a, |t| t.trim().into()),
            vec![Text],
        ),
        ("trimsuffix", trim_suffix, vec![Text, Text]),
        ("upper", |a| text_of(&a, |t| t.to_uppercase()), vec![Text]),
        ("values", values, vec![object()]),
        (
            "jsondecode",
            |a| serde_json::from_str(text(&a, 0)?).map_err(|error| error.to_string()),
            vec![Text],
        ),
        (
            "trim",
            |a| {
                Ok(text(&a, 0)?
                    .trim_matches(|c| text(&a, 1).is_ok_and(|set| set.contains(c)))
                    .into())
            },
            vec![Text, Text],
        ),
        (
            "strrev",
            |a| text_of(&a, |t| t.chars().rev().collect()),
            vec![Text],
        ),
        ("lookup", lookup, vec![object(), Text, Any]),
        ("zipmap", zipmap, vec![texts(), list()]),
        (
            "slice",
            slice,
            vec![list(), ParamType::Number, ParamType::Number],
        ),
    ];
    for (name, function, parameters) in fixed {
        context.declare_func(name, FuncDef::new(function, parameters));
    }
    let variadic: [(&str, Function, ParamType); 5] = [
        ("coalesce", coalesce, Any),
        ("concat", concat, list()),
        ("format", format, Any),
        ("merge", merge, ParamType::nullable(object())),
        ("setunion", |a| sorted(concat(a)?), texts()),
    ];
    for (name, function, parameter) in variadic {
        let definition = FuncDef::builder().variadic_param(parameter);
        context.declare_func(name, definition.build(function));
    }
}

fn same(arguments: FuncArgs) -> Result {
    Ok(arguments[0].clone())
}

fn text(arguments: &FuncArgs, index: usize) -> std::result::Result<&str, String> {
    arguments[index]
        .as_str()
        .ok_or_else(|| "not a string".to_owned())
}

fn items(arguments: &FuncArgs, index: usize) -> std::result::Result<&Vec<Value>, String> {
    arguments[index]
        .as_array()
        .ok_or_else(|| "not a list".to_owned())
}

fn members(arguments: &FuncArgs, index: usize) -> std::result::Result<&Map<String, Value>, String> {
    arguments[index]
        .as_object()
        .ok_or_else(|| "not an object".to_owned())
}

fn text_of(arguments: &FuncArgs, function: impl Fn(&str) -> String) -> Result {
    Ok(function(text(arguments, 0)?).into())
}

fn basename(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn dirname(path: &str) -> String {
    path.rsplit_once('/')
        .map_or_else(|| ".".to_owned(), |(parent, _)| parent.to_owned())
}

fn compact(arguments: FuncArgs) -> Result {
    let full = items(&arguments, 0)?
        .iter()
        .filter(|item| item.as_str() != Some(""));
    Ok(full.cloned().collect())
}

fn contains(arguments: FuncArgs) -> Result {
    Ok(items(&arguments, 0)?.contains(&arguments[1]).into())
}

fn distinct(arguments: FuncArgs) -> Result {
    let mut found: Vec<Value> = Vec::new();
    for item in items(&arguments, 0)? {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    Ok(Value::Array(found))
}

fn element(arguments: FuncArgs) -> Result {
    let list = items(&arguments, 0)?;
    let index = index(&arguments, 1)?;
    // It begins again at the start.
    index
        .checked_rem(list.len())
        .map(|index| list[index].clone())
        .ok_or_else(|| "an empty list has no element".to_owned())
}

fn index(arguments: &FuncArgs, index: usize) -> std::result::Result<usize, String> {
    arguments[index]
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| "not an index".to_owned())
}

fn slice(arguments: FuncArgs) -> Result {
    let (from, to) = (index(&arguments, 1)?, index(&arguments, 2)?);
    let part = items(&arguments, 0)?.get(from..to);
    part.map(|part| Value::Array(part.to_vec()))
        .ok_or_else(|| "the list has no such elements".to_owned())
}

fn flatten(arguments: FuncArgs) -> Result {
    fn add(item: &Value, all: &mut Vec<Value>) {
        match item {
            Value::Array(items) => items.iter().for_each(|item| add(item, all)),
            other => all.push(other.clone()),
        }
    }
    let mut all = Vec::new();
    add(&arguments[0], &mut all);
    Ok(Value::Array(all))
}

fn join(arguments: FuncArgs) -> Result {
    let parts: Vec<&str> = items(&arguments, 1)?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    Ok(parts.join(text(&arguments, 0)?).into())
}

/// Packer goes through a map in the order of its keys.
fn sorted_members(arguments: &FuncArgs) -> std::result::Result<Vec<(&String, &Value)>, String> {
    let mut sorted: Vec<_> = members(arguments, 0)?.iter().collect();
    sorted.sort_by_key(|(key, _)| key.as_str());
    Ok(sorted)
}

fn keys(arguments: FuncArgs) -> Result {
    let sorted = sorted_members(&arguments)?.into_iter();
    Ok(sorted.map(|(key, _)| Value::from(key.as_str())).collect())
}

fn values(arguments: FuncArgs) -> Result {
    let sorted = sorted_members(&arguments)?.into_iter();
    Ok(sorted.map(|(_, value)| value.clone()).collect())
}

fn length(arguments: FuncArgs) -> Result {
    match &arguments[0] {
        Value::Array(items) => Ok(items.len().into()),
        Value::Object(members) => Ok(members.len().into()),
        // Characters as people see them, which this does not count.
        Value::String(text) if text.is_ascii() => Ok(text.len().into()),
        _ => Err("it has no length".to_owned()),
    }
}

fn lookup(arguments: FuncArgs) -> Result {
    let found = members(&arguments, 0)?.get(text(&arguments, 1)?);
    Ok(found.unwrap_or(&arguments[2]).clone())
}

fn merge(arguments: FuncArgs) -> Result {
    let mut merged = Map::new();
    for object in arguments.iter().filter_map(Value::as_object) {
        merged.extend(object.clone());
    }
    Ok(Value::Object(merged))
}

fn zipmap(arguments: FuncArgs) -> Result {
    let (names, values) = (items(&arguments, 0)?, items(&arguments, 1)?);
    let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
    Ok(Value::Object(names.zip(values.iter().cloned()).collect()))
}

fn concat(arguments: FuncArgs) -> Result {
    let lists = arguments.iter().filter_map(Value::as_array);
    Ok(lists.flatten().cloned().collect())
}

fn coalesce(arguments: FuncArgs) -> Result {
    let filled = arguments
        .iter()
        .find(|value| !value.is_null() && value.as_str() != Some(""));
    filled.cloned().ok_or_else(|| "all are empty".to_owned())
}

/// Only the verbs that take text as it is and whole numbers.
fn format(arguments: FuncArgs) -> Result {
    let mut given = arguments.iter();
    let pattern = given.next().and_then(Value::as_str).ok_or("no format")?;
    let mut result = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('%') {
        result.push_str(before);
        let verb = after.chars().next().ok_or("an open verb")?;
        rest = &after[verb.len_utf8()..];
        let mut next = || given.next().ok_or("a value is missing");
        match verb {
            '%' => result.push('%'),
            's' | 'v' => result.push_str(&plain(next()?)?),
            'd' => match next()? {
                number @ Value::Number(_) => result.push_str(&plain(number)?),
                _ => return Err("not a number".to_owned()),
            },
            _ => return Err("a verb that is not known here".to_owned()),
        }
    }
    result.push_str(rest);
    match given.next() {
        None => Ok(result.into()),
        Some(_) => Err("too many values".to_owned()),
    }
}

fn to_string(arguments: FuncArgs) -> Result {
    plain(&arguments[0]).map(Value::from)
}

fn plain(value: &Value) -> std::result::Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) if number.as_i64().is_some() => Ok(number.to_string()),
        _ => Err("no plain text".to_owned()),
    }
}

fn replace(arguments: FuncArgs) -> Result {
    let (whole, from, to) = (
        text(&arguments, 0)?,
        text(&arguments, 1)?,
        text(&arguments, 2)?,
    );
    Ok(whole.replace(from, to).into())
}

fn reverse(arguments: FuncArgs) -> Result {
    Ok(items(&arguments, 0)?.iter().rev().cloned().collect())
}

fn split(arguments: FuncArgs) -> Result {
    let (separator, whole) = (text(&arguments, 0)?, text(&arguments, 1)?);
    if separator.is_empty() {
        return Ok(whole.chars().map(|c| Value::from(c.to_string())).collect());
    }
    let parts = whole.split(separator);
    Ok(parts.map(Value::from).collect())
}

fn trim_prefix(arguments: FuncArgs) -> Result {
    let (whole, prefix) = (text(&arguments, 0)?, text(&arguments, 1)?);
    Ok(whole.strip_prefix(prefix).unwrap_or(whole).into())
}

fn trim_suffix(arguments: FuncArgs) -> Result {
    let (whole, suffix) = (text(&arguments, 0)?, text(&arguments, 1)?);
    Ok(whole.strip_suffix(suffix).unwrap_or(whole).into())
}

fn sorted_texts(arguments: FuncArgs) -> Result {
    let mut items = items(&arguments, 0)?.clone();
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::Array(items))
}

/// Packer goes through a set of strings in their order.
fn sorted_set(arguments: FuncArgs) -> Result {
    sorted(arguments[0].clone())
}

fn sorted(list: Value) -> Result {
    let mut items = list.as_array().ok_or("not a list")?.clone();
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    items.dedup();
    Ok(Value::Array(items))
}
