//! Numbers: which ones survive, and arithmetic that does not lose digits.
//!
//! Terraform counts with 512 bits, this tool with 64. A number that 64 bits cannot hold is refused
//! instead of rounded; sums, differences and products are computed in decimal, so `0.1 + 0.2` is 0.3.

use serde_json::Number;

use super::fault::Fault;

/// The number that `text` writes, `None` when it writes none, or when no 64 bits hold it exactly.
pub(super) fn exact(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(number.into());
    }
    let plain = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_decimal = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && plain
            .bytes()
            .all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let written = canonical(text).filter(|_| is_decimal)?;
    // `4.8e16` is the integer it looks like, though the float next to it has other digits.
    if let Some(integer) = Decimal::of_parts(&written).and_then(Decimal::integer) {
        return Some(integer);
    }
    let number = from_f64(text.parse().ok()?)?;
    (canonical(&number.to_string())? == written).then_some(number)
}

/// The digits of a number as a stack file writes it, without what may stand between its sign and them.
pub(super) fn literal(written: &str) -> String {
    let digits = written
        .rsplit(|c: char| c.is_whitespace() || c == '/' || c == '-')
        .next()
        .unwrap_or_default();
    match written.rsplit_once(['e', 'E']) {
        // The sign of an exponent belongs to the digits.
        Some((_, exponent))
            if exponent.starts_with('-') && !exponent.contains(char::is_whitespace) =>
        {
            let mantissa = &written[..written.len() - exponent.len()];
            format!("{}{exponent}", literal(mantissa))
        }
        _ if written.starts_with('-') => format!("-{digits}"),
        _ => digits.to_owned(),
    }
}

/// What is said about a number that [`exact`] refuses.
pub(super) fn inexact(text: &str) -> Fault {
    let shown: String = text.chars().take(40).collect();
    let dots = if shown.len() < text.len() { "…" } else { "" };
    Fault::new(format!("the number {shown}{dots} cannot be kept exactly"))
        .hint("write it as a string, in double quotes: Terraform and Packer convert it")
}

/// A float as a number, as an integer where it is one; `None` for infinities and what is not a number.
pub(super) fn from_f64(float: f64) -> Option<Number> {
    // The bounds are exact powers of two; every integral float between them is an integer of 64 bits.
    if float.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(&float) {
        return Some((float as i64).into());
    }
    if float.fract() == 0.0 && (0.0..2f64.powi(64)).contains(&float) {
        return Some((float as u64).into());
    }
    Number::from_f64(float)
}

/// Sign, digits without outer zeros, and the power of ten of the last digit.
fn canonical(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        return Some((false, String::new(), 0));
    }
    let zeros = (significant.len() - trimmed.len()) as i64;
    let exponent = exponent
        .checked_sub(fraction.len() as i64)?
        .checked_add(zeros)?;
    Some((negative, trimmed.to_owned(), exponent))
}

/// The operators with two numbers that give a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Applies an operator.
pub(super) fn calculate(
    left: &Number,
    operator: Arithmetic,
    right: &Number,
) -> Result<Number, Fault> {
    let too_large = || Fault::new("the result is too large for a number");
    let zero = to_f64(right) == 0.0;
    if zero && matches!(operator, Arithmetic::Divide | Arithmetic::Remainder) {
        return Err(Fault::new("division by zero"));
    }
    let result = match (Decimal::of(left), Decimal::of(right)) {
        (Some(left), Some(right)) => left.apply(operator, right),
        _ => None,
    };
    match result {
        Some(number) => Ok(number),
        None => {
            let (l, r) = (to_f64(left), to_f64(right));
            let float = match operator {
                Arithmetic::Add => l + r,
                Arithmetic::Subtract => l - r,
                Arithmetic::Multiply => l * r,
                Arithmetic::Divide => l / r,
                Arithmetic::Remainder => l % r,
            };
            // An integer out of range would come back rounded.
            let integral = left
                .as_f64()
                .is_some_and(|_| !left.is_f64() && !right.is_f64());
            if integral && operator != Arithmetic::Divide {
                return Err(too_large());
            }
            from_f64(float).ok_or_else(too_large)
        }
    }
}

pub(super) fn to_f64(number: &Number) -> f64 {
    // Without serde_json's arbitrary precision every number is one of i64, u64 and f64.
    number.as_f64().unwrap_or(0.0)
}

/// Smaller, equal or greater, by value.
pub(super) fn compare(left: &Number, right: &Number) -> std::cmp::Ordering {
    let integer = |number: &Number| {
        number
            .as_i64()
            .map(i128::from)
            .or(number.as_u64().map(i128::from))
    };
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => to_f64(left).total_cmp(&to_f64(right)),
    }
}

/// The text of a number as Terraform writes it into strings: never with an exponent.
pub(super) fn to_text(number: &Number) -> String {
    match number.as_f64() {
        // Rust writes the shortest digits that read back, and no exponent, as Terraform does.
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// `mantissa * 10^exponent`, exactly.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    fn of(number: &Number) -> Option<Self> {
        Self::of_parts(&canonical(&number.to_string())?)
    }

    fn of_parts((negative, digits, exponent): &(bool, String, i64)) -> Option<Self> {
        let mantissa: i128 = if digits.is_empty() {
            0
        } else {
            digits.parse().ok()?
        };
        Some(Self {
            mantissa: if *negative { -mantissa } else { mantissa },
            exponent: (*exponent).try_into().ok()?,
        })
    }

    /// The integer of 64 bits that this is.
    fn integer(self) -> Option<Number> {
        if self.mantissa == 0 {
            return Some(0.into());
        }
        let power = 10i128.checked_pow(self.exponent.try_into().ok()?)?;
        let integer = self.mantissa.checked_mul(power)?;
        let signed = i64::try_from(integer).map(Number::from);
        signed.or(u64::try_from(integer).map(Number::from)).ok()
    }

    /// The mantissas of both at their common, smaller exponent.
    fn align(self, other: Self) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let scale = |decimal: Self| {
            let power = u32::try_from(decimal.exponent.checked_sub(exponent)?).ok()?;
            10i128.checked_pow(power)?.checked_mul(decimal.mantissa)
        };
        Some((scale(self)?, scale(other)?, exponent))
    }

    /// `None` when the exact result does not fit; the caller then has floats to fall back on.
    fn apply(self, operator: Arithmetic, other: Self) -> Option<Number> {
        match operator {
            Arithmetic::Add | Arithmetic::Subtract | Arithmetic::Remainder => {
                let (left, right, exponent) = self.align(other)?;
                let mantissa = match operator {
                    Arithmetic::Add => left.checked_add(right)?,
                    Arithmetic::Subtract => left.checked_sub(right)?,
                    _ => left.checked_rem(right)?,
                };
                Self { mantissa, exponent }.number()
            }
            Arithmetic::Multiply => Self {
                mantissa: self.mantissa.checked_mul(other.mantissa)?,
                exponent: self.exponent.checked_add(other.exponent)?,
            }
            .number(),
            Arithmetic::Divide => {
                let (left, right, _) = self.align(other)?;
                if left.checked_rem(right)? == 0 {
                    let mantissa = left.checked_div(right)?;
                    return Self {
                        mantissa,
                        exponent: 0,
                    }
                    .number();
                }
                from_f64(left as f64 / right as f64)
            }
        }
    }

    /// The nearest number of 64 bits; integers are exact or `None`.
    fn number(self) -> Option<Number> {
        let mut decimal = self;
        while decimal.exponent < 0 && decimal.mantissa % 10 == 0 && decimal.mantissa != 0 {
            decimal.mantissa /= 10;
            decimal.exponent += 1;
        }
        let text = format!("{}e{}", decimal.mantissa, decimal.exponent);
        if decimal.mantissa == 0 || decimal.exponent >= 0 {
            return decimal.integer().or_else(|| exact(&text));
        }
        from_f64(text.parse().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Option<String> {
        exact(text).map(|number| to_text(&number))
    }

    #[test]
    fn numbers_that_64_bits_hold_are_kept() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("0.1", "0.1"),
            ("0.10", "0.1"),
            ("3.0", "3"),
            ("1e3", "1000"),
            ("1E-7", "0.0000001"),
            ("100000000000000000000", "100000000000000000000"),
            ("9007199254740993.0", "9007199254740993"),
            ("4.800390441433361e16", "48003904414333610"),
            ("-1.5e1", "-15"),
            ("1.5e300", &format!("15{}", "0".repeat(299))),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_that_would_be_rounded_are_refused() {
        for text in [
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "0.1000000000000000055",
            "1e400",
            "1e-400",
            "1e99999999999999999999",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
        for text in [
            "", "x", "nan", "inf", "-inf", "0x10", "1_000", "--1", "e5", " 1",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn literals_lose_what_stands_between_sign_and_digits() {
        for (written, expected) in [
            ("42", "42"),
            ("-42", "-42"),
            ("- 42", "-42"),
            ("- /* e-1 */ 4.2e-3", "-4.2e-3"),
            ("1E-7", "1E-7"),
            ("1e+7", "1e+7"),
        ] {
            assert_eq!(literal(written), expected);
        }
    }

    fn result(left: &str, operator: Arithmetic, right: &str) -> Result<String, String> {
        calculate(&exact(left).unwrap(), operator, &exact(right).unwrap())
            .map(|number| to_text(&number))
            .map_err(|fault| fault.message)
    }

    #[test]
    fn arithmetic_is_decimal() {
        use Arithmetic::*;
        for (left, operator, right, expected) in [
            ("0.1", Add, "0.2", "0.3"),
            ("0.3", Divide, "0.1", "3"),
            ("1", Divide, "4", "0.25"),
            ("7", Remainder, "-3", "1"),
            ("-7", Remainder, "3", "-1"),
            ("0.7", Remainder, "0.2", "0.1"),
            ("1.5", Multiply, "2", "3"),
            ("3", Subtract, "5", "-2"),
            ("9223372036854775807", Add, "1", "9223372036854775808"),
            ("1e300", Add, "1", &to_text(&exact("1e300").unwrap())),
        ] {
            assert_eq!(
                result(left, operator, right).as_deref(),
                Ok(expected),
                "{left} {operator:?} {right}"
            );
        }
        assert!(result("2", Divide, "3").unwrap().starts_with("0.66666666"));
    }

    #[test]
    fn arithmetic_that_cannot_be_done_is_refused() {
        use Arithmetic::*;
        for (left, operator, right) in [
            ("1", Divide, "0"),
            ("1", Remainder, "0"),
            ("18446744073709551615", Add, "1"),
            ("-9223372036854775808", Subtract, "1"),
            ("18446744073709551615", Multiply, "18446744073709551615"),
            ("1e300", Multiply, "1e300"),
        ] {
            assert!(
                result(left, operator, right).is_err(),
                "{left} {operator:?} {right}"
            );
        }
    }

    proptest! {
        #[test]
        fn integers_read_back(number: i64) {
            prop_assert_eq!(shown(&number.to_string()), Some(number.to_string()));
        }

        #[test]
        fn floats_read_back(float in proptest::num::f64::NORMAL) {
            // Halfway between two shortest forms the standard library takes the other one.
            let written = Number::from_f64(float).expect("it is finite").to_string();
            let number = exact(&written).expect("the form it is shown in is exact");
            prop_assert_eq!(to_f64(&number), float);
        }

        #[test]
        fn arithmetic_never_panics(left: f64, right: f64, which in 0usize..5) {
            use Arithmetic::*;
            let operator = [Add, Subtract, Multiply, Divide, Remainder][which];
            if let (Some(left), Some(right)) = (from_f64(left), from_f64(right)) {
                let _ = calculate(&left, operator, &right);
            }
        }
    }
}
