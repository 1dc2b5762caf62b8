//! Templates: strings with interpolations and directives, and heredocs.

use hcl_edit::{
    Span,
    expr::Expression,
    template::{Directive, Element, ForDirective, Template},
};
use serde_json::Value;

use super::{Evaluator, Locals, Result, literals::Literals};

impl Evaluator<'_> {
    pub(super) fn template(
        &self,
        expression: &Expression,
        template: &Template,
        locals: &Locals,
    ) -> Result<Value> {
        // A template that is nothing but one interpolation is the value itself, of any type.
        if let Some(Element::Interpolation(only)) = template.as_single_element() {
            return self.at(&only.expr, locals);
        }
        let literals = Literals::of(expression, self.text);
        let mut result = String::new();
        self.elements(template, literals.as_ref(), locals, &mut result)?;
        Ok(Value::String(result))
    }

    fn elements(
        &self,
        template: &Template,
        literals: Option<&Literals>,
        locals: &Locals,
        result: &mut String,
    ) -> Result<()> {
        for element in template {
            match element {
                Element::Literal(literal) => {
                    let adjusted = literals
                        .and_then(|literals| literals.get(literal.span().map(|span| span.start)));
                    let text = adjusted.unwrap_or(literal.value());
                    self.budget.spend(text.len())?;
                    result.push_str(text);
                }
                Element::Interpolation(interpolation) => {
                    let text = self.string(&interpolation.expr, locals)?;
                    self.budget.spend(text.len())?;
                    result.push_str(&text);
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(directive) => {
                        if self.truth(&directive.if_expr.cond_expr, locals)? {
                            let chosen = &directive.if_expr.template;
                            self.elements(chosen, literals, locals, result)?;
                        } else if let Some(otherwise) = &directive.else_expr {
                            self.elements(&otherwise.template, literals, locals, result)?;
                        }
                    }
                    Directive::For(directive) => {
                        self.repeat(directive, literals, locals, result)?;
                    }
                },
            }
        }
        Ok(())
    }

    fn repeat(
        &self,
        directive: &ForDirective,
        literals: Option<&Literals>,
        locals: &Locals,
        result: &mut String,
    ) -> Result<()> {
        let each = &directive.for_expr;
        let key = each.key_var.as_ref().map(|name| name.value().as_str());
        let value = each.value_var.value().as_str();
        self.for_each(&each.collection_expr, key, value, locals, &mut |locals| {
            self.elements(&each.template, literals, locals, result)
        })
    }
}
