//! Rows of text with their columns below each other.

use console::measure_text_width;

/// Lines for a terminal: every cell as wide as the widest of its column, two spaces between, none at the end.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| measure_text_width(&row[column]));
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - measure_text_width(cell) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_shown() {
        let rows = [["a", "b", "c"], ["\u{1b}[1mlong\u{1b}[0m", "é", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let expected = "a     b  c\n\u{1b}[1mlong\u{1b}[0m  é\n";
        assert_eq!(columns(&rows), expected);
    }
}
