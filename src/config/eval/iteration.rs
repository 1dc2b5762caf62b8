//! `for` expressions.

use hcl_edit::{
    Span,
    expr::{Expression, ForExpr},
};
use serde_json::{Map, Value};

use super::{Evaluator, Locals, Result, budget::STEP};
use crate::config::{convert, fault::Fault};

impl Evaluator<'_> {
    /// Runs `body` for each element of a collection, with its key and value bound to names.
    pub(super) fn for_each(
        &self,
        collection: &Expression,
        key_name: Option<&str>,
        value_name: &str,
        locals: &Locals,
        body: &mut dyn FnMut(&Locals) -> Result<()>,
    ) -> Result<()> {
        let mut visit = |key: Value, value: &Value| {
            self.budget.spend(STEP)?;
            let with_key = match key_name {
                Some(name) => Locals::Bound {
                    name,
                    value: &key,
                    outer: locals,
                },
                None => Locals::None,
            };
            let outer = if key_name.is_some() {
                &with_key
            } else {
                locals
            };
            body(&Locals::Bound {
                name: value_name,
                value,
                outer,
            })
        };
        match self.at(collection, locals)? {
            Value::Array(elements) => elements
                .iter()
                .enumerate()
                .try_for_each(|(index, value)| visit(index.into(), value)),
            Value::Object(object) => convert::sorted(&object)
                .into_iter()
                .try_for_each(|(key, value)| visit(key.as_str().into(), value)),
            other => Err(Fault::new(format!(
                "a list or an object is needed here, not {}",
                convert::kind(&other)
            ))
            .at(collection.span())),
        }
    }

    pub(super) fn each(&self, each: &ForExpr, locals: &Locals) -> Result<Value> {
        let key = each
            .intro
            .key_var
            .as_ref()
            .map(|name| name.value().as_str());
        let value = each.intro.value_var.value().as_str();
        let mut list = Vec::new();
        let mut object: Map<String, Value> = Map::new();
        self.for_each(
            &each.intro.collection_expr,
            key,
            value,
            locals,
            &mut |locals| {
                if let Some(condition) = &each.cond
                    && !self.truth(&condition.expr, locals)?
                {
                    return Ok(());
                }
                let Some(key) = &each.key_expr else {
                    list.push(self.at(&each.value_expr, locals)?);
                    return Ok(());
                };
                let name = self.string(key, locals)?;
                let value = self.at(&each.value_expr, locals)?;
                if each.grouping {
                    let group = object
                        .entry(name)
                        .or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(group) = group {
                        group.push(value);
                    }
                } else if object.contains_key(&name) {
                    return Err(Fault::new(format!("two elements have the key `{name}`"))
                        .at(key.span())
                        .hint("write `...` after the value to group elements with the same key"));
                } else {
                    object.insert(name, value);
                }
                Ok(())
            },
        )?;
        Ok(match each.key_expr {
            Some(_) => Value::Object(object),
            None => Value::Array(list),
        })
    }
}
