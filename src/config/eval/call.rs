//! Calls of functions.

use std::ops::Range;

use hcl_edit::{Span, expr::FuncCall};
use serde_json::Value;

use super::{Evaluator, Locals, Result, budget::size};
use crate::config::{
    convert,
    fault::Fault,
    functions::{self, Arguments},
};

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &FuncCall, locals: &Locals) -> Result<Value> {
        let name = call.name.name.value().as_str();
        let function = functions::find(name)
            .filter(|_| !call.name.is_namespaced())
            .ok_or_else(|| {
                Fault::new(format!("unknown function `{name}`")).at(call.name.name.span())
            })?;
        // `try` and `can` are about arguments that cannot be evaluated.
        if let Some(lenient) = function.lenient() {
            return self.lenient(lenient, call, locals);
        }
        let mut values = Vec::new();
        let mut spans: Vec<Option<Range<usize>>> = Vec::new();
        for (index, argument) in call.args.iter().enumerate() {
            let value = self.at(argument, locals)?;
            if !(call.args.expand_final() && index + 1 == call.args.len()) {
                values.push(value);
                spans.push(argument.span());
                continue;
            }
            let Value::Array(elements) = value else {
                return Err(Fault::new(format!(
                    "a list is needed before `...`, not {}",
                    convert::kind(&value)
                ))
                .at(argument.span()));
            };
            spans.extend(elements.iter().map(|_| argument.span()));
            values.extend(elements);
        }
        if let Some(fault) = function.wrong_count(values.len()) {
            return Err(fault.at(call.span()));
        }
        let arguments = Arguments {
            values: &values,
            root: &self.scope.root,
            budget: &self.budget,
        };
        match (function.call)(&arguments) {
            Ok(value) => {
                self.budget.spend(size(&value))?;
                Ok(value)
            }
            Err(complaint) => {
                let span = complaint
                    .argument
                    .and_then(|index| spans.get(index).cloned().flatten());
                let mut fault = complaint.fault;
                fault.message = format!("{name}: {}", fault.message);
                Err(fault.at(span).at(call.span()))
            }
        }
    }

    fn lenient(
        &self,
        lenient: functions::Lenient,
        call: &FuncCall,
        locals: &Locals,
    ) -> Result<Value> {
        let mut last = Fault::new("no argument");
        for argument in call.args.iter() {
            match (self.at(argument, locals), lenient) {
                (Ok(value), functions::Lenient::Try) => return Ok(value),
                (Ok(_), functions::Lenient::Can) => return Ok(Value::Bool(true)),
                (Err(_), functions::Lenient::Can) => return Ok(Value::Bool(false)),
                (Err(fault), functions::Lenient::Try) => last = fault,
            }
        }
        last.message = format!(
            "try: none of the arguments has a value; the last one: {}",
            last.message
        );
        Err(last)
    }
}
