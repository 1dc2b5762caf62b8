//! Functions on lists and objects.

use serde_json::{Map, Value};

use super::{Arguments, Function, Outcome, complain, complain_of, graphemes};
use crate::config::{convert, fault::Fault, number, suggest};

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "alltrue",
        parameters: "list",
        summary: "whether all elements are true; true for an empty list",
        call: |arguments| {
            let mut all = true;
            for element in arguments.list(0)? {
                all &= !element.is_null() && arguments.check(0, convert::to_bool(element))?;
            }
            Ok(all.into())
        },
    },
    Function {
        name: "anytrue",
        parameters: "list",
        summary: "whether one element is true; false for an empty list",
        call: |arguments| {
            let mut any = false;
            for element in arguments.list(0)? {
                any |= !element.is_null() && arguments.check(0, convert::to_bool(element))?;
            }
            Ok(any.into())
        },
    },
    Function {
        name: "coalesce",
        parameters: "values...",
        summary: "the first value that is neither null nor an empty string",
        call: coalesce,
    },
    Function {
        name: "compact",
        parameters: "list",
        summary: "the list without null and empty strings",
        call: |arguments| {
            let mut kept: Vec<Value> = Vec::new();
            for element in arguments.list(0)? {
                if element.is_null() {
                    continue;
                }
                let text = arguments.check(0, convert::text(element))?;
                if !text.is_empty() {
                    kept.push(text.into());
                }
            }
            Ok(kept.into())
        },
    },
    Function {
        name: "concat",
        parameters: "lists...",
        summary: "the elements of all lists as one list",
        call: |arguments| {
            let mut all = Vec::new();
            for index in 0..arguments.len() {
                all.extend_from_slice(arguments.list(index)?);
            }
            Ok(all.into())
        },
    },
    Function {
        name: "contains",
        parameters: "list, value",
        summary: "whether the list has an element that is equal to the value",
        call: |arguments| {
            let wanted = arguments.any(1);
            let mut elements = arguments.list(0)?.iter();
            Ok(elements
                .any(|element| convert::equal(element, wanted))
                .into())
        },
    },
    Function {
        name: "distinct",
        parameters: "list",
        summary: "the list with each value once, in the order of their first occurrence",
        call: |arguments| {
            let mut kept: Vec<Value> = Vec::new();
            for element in arguments.list(0)? {
                arguments.budget.spend(kept.len())?;
                if !kept.iter().any(|known| convert::equal(known, element)) {
                    kept.push(element.clone());
                }
            }
            Ok(kept.into())
        },
    },
    Function {
        name: "element",
        parameters: "list, index",
        summary: "the element at the index, counted round and round; below zero from the end",
        call: |arguments| {
            let list = arguments.list(0)?;
            let index = arguments.integer(1)?;
            match usize::try_from(index.rem_euclid(list.len().max(1) as i64)) {
                Ok(index) if index < list.len() => Ok(list[index].clone()),
                _ => complain_of(0, "the list is empty"),
            }
        },
    },
    Function {
        name: "flatten",
        parameters: "list",
        summary: "the list with the elements of its lists, however deep, in their place",
        call: |arguments| {
            let mut flat = Vec::new();
            flatten(arguments.list(0)?, &mut flat);
            Ok(flat.into())
        },
    },
    Function {
        name: "index",
        parameters: "list, value",
        summary: "the index of the first element that is equal to the value",
        call: |arguments| {
            let wanted = arguments.any(1);
            let found = arguments
                .list(0)?
                .iter()
                .position(|element| convert::equal(element, wanted));
            match found {
                Some(index) => Ok(index.into()),
                None => complain_of(1, "no element is equal to this"),
            }
        },
    },
    Function {
        name: "keys",
        parameters: "object",
        summary: "the names in the object, sorted",
        call: |arguments| {
            let sorted = convert::sorted(arguments.object(0)?);
            let names: Vec<Value> = sorted
                .into_iter()
                .map(|(name, _)| name.as_str().into())
                .collect();
            Ok(names.into())
        },
    },
    Function {
        name: "length",
        parameters: "value",
        summary: "the number of elements, entries or, of a string, characters",
        call: |arguments| match arguments.any(0) {
            Value::Array(elements) => Ok(elements.len().into()),
            Value::Object(object) => Ok(object.len().into()),
            Value::String(text) => Ok(graphemes::of(text).len().into()),
            other => complain_of(
                0,
                format!(
                    "a string, a list or an object is needed here, not {}",
                    convert::kind(other)
                ),
            ),
        },
    },
    Function {
        name: "lookup",
        parameters: "object, name, [default]",
        summary: "the value of the name, or the default when there is none",
        call: |arguments| {
            let (object, name) = (arguments.object(0)?, arguments.text(1)?);
            match (object.get(&name), arguments.values.get(2)) {
                (Some(value), _) => Ok(value.clone()),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => Err(super::Complaint {
                    fault: Fault::new(format!("the object has no `{name}`")).maybe_hint(
                        suggest::hint(&name, "it has", object.keys().map(String::as_str)),
                    ),
                    argument: Some(1),
                }),
            }
        },
    },
    Function {
        name: "merge",
        parameters: "[objects...]",
        summary: "one object with the entries of all; later ones win",
        call: |arguments| {
            let mut merged = Map::new();
            for index in 0..arguments.len() {
                if arguments.any(index).is_null() {
                    continue;
                }
                for (name, value) in arguments.object(index)? {
                    merged.insert(name.clone(), value.clone());
                }
            }
            Ok(merged.into())
        },
    },
    Function {
        name: "one",
        parameters: "list",
        summary: "the only element of the list; null for an empty one",
        call: |arguments| match arguments.list(0)? {
            [] => Ok(Value::Null),
            [only] => Ok(only.clone()),
            more => complain_of(
                0,
                format!(
                    "a list of one element is needed here, not of {}",
                    more.len()
                ),
            ),
        },
    },
    Function {
        name: "range",
        parameters: "[start], limit, [step]",
        summary: "the numbers from start (0) to before the limit, by step (1)",
        call: range,
    },
    Function {
        name: "reverse",
        parameters: "list",
        summary: "the list backwards",
        call: |arguments| {
            let mut list = arguments.list(0)?.to_vec();
            list.reverse();
            Ok(list.into())
        },
    },
    Function {
        name: "slice",
        parameters: "list, start, end",
        summary: "the elements from start to before end",
        call: |arguments| {
            let list = arguments.list(0)?;
            let bound = |index| -> Result<usize, super::Complaint> {
                match usize::try_from(arguments.integer(index)?) {
                    Ok(bound) if bound <= list.len() => Ok(bound),
                    _ => complain_of(index, format!("this is not between 0 and {}", list.len())),
                }
            };
            let (start, end) = (bound(1)?, bound(2)?);
            match list.get(start..end) {
                Some(part) => Ok(part.to_vec().into()),
                None => complain_of(1, "the start is behind the end"),
            }
        },
    },
    Function {
        name: "sort",
        parameters: "list",
        summary: "the strings of the list, sorted",
        call: |arguments| {
            let mut texts = arguments.texts(0)?;
            texts.sort_unstable();
            Ok(texts.into())
        },
    },
    Function {
        name: "values",
        parameters: "object",
        summary: "the values in the object, in the order of their sorted names",
        call: |arguments| {
            let sorted = convert::sorted(arguments.object(0)?);
            let values: Vec<Value> = sorted.into_iter().map(|(_, value)| value.clone()).collect();
            Ok(values.into())
        },
    },
    Function {
        name: "zipmap",
        parameters: "names, values",
        summary: "the object with these names and values",
        call: |arguments| {
            let (names, values) = (arguments.texts(0)?, arguments.list(1)?);
            if names.len() != values.len() {
                return complain(format!(
                    "there are {} names and {} values",
                    names.len(),
                    values.len()
                ));
            }
            let entries = names.into_iter().zip(values.iter().cloned());
            Ok(entries.collect::<Map<_, _>>().into())
        },
    },
];

fn coalesce(arguments: &Arguments) -> Outcome {
    let first = arguments
        .values
        .iter()
        .position(|value| !value.is_null() && value.as_str() != Some(""));
    let Some(first) = first else {
        return complain("all values are null or empty");
    };
    // The value has the type that all of them have in common.
    let mut unified = convert::unify(arguments.values.to_vec())?;
    Ok(unified.swap_remove(first))
}

fn flatten(list: &[Value], flat: &mut Vec<Value>) {
    for element in list {
        match element {
            Value::Array(inner) => flatten(inner, flat),
            other => flat.push(other.clone()),
        }
    }
}

/// Terraform's limit; it keeps a mistyped bound from filling the memory.
const LONGEST_RANGE: usize = 1024;

fn range(arguments: &Arguments) -> Outcome {
    let number = |index: usize| arguments.number(index);
    let zero = serde_json::Number::from(0);
    let (start, limit, step) = match arguments.len() {
        1 => (zero.clone(), number(0)?, None),
        2 => (number(0)?, number(1)?, None),
        _ => (number(0)?, number(1)?, Some(number(2)?)),
    };
    let falls = number::compare(&limit, &start).is_lt();
    let step = step.unwrap_or_else(|| if falls { (-1).into() } else { 1.into() });
    let direction = number::compare(&step, &zero);
    if direction.is_eq() {
        return complain_of(2, "the step cannot be zero");
    }
    if falls != direction.is_lt() && !number::compare(&limit, &start).is_eq() {
        return complain_of(2, "the step leads away from the limit");
    }
    let mut numbers: Vec<Value> = Vec::new();
    let mut current = start;
    while number::compare(&current, &limit)
        == if falls {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Less
        }
    {
        if numbers.len() == LONGEST_RANGE {
            return complain(format!("more than {LONGEST_RANGE} numbers"));
        }
        numbers.push(current.clone().into());
        current = number::calculate(&current, number::Arithmetic::Add, &step)?;
    }
    Ok(numbers.into())
}
