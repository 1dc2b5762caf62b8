//! What Packer is doing, in a few words, from what it says for people.

/// The phrase for the progress line, without the arrow and the builder's name; `None` for lines
/// that tell nothing on their own.
pub fn phrase(text: &str) -> Option<&str> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = line.strip_prefix("==>").map_or(line, str::trim_start);
    let phrase = match line.split_once(": ") {
        Some((builder, rest)) if is_builder(builder) => rest.trim_start(),
        _ => line,
    };
    let telling = phrase.chars().any(char::is_alphanumeric);
    telling.then_some(phrase)
}

/// `amazon-ebs`, `amazon-ebs.web`, or a legacy builder's own name: one word.
fn is_builder(word: &str) -> bool {
    !word.is_empty() && !word.contains(char::is_whitespace) && !word.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrow_and_the_builder_are_left_out() {
        assert_eq!(
            phrase("==> amazon-ebs.web: Waiting for SSH to become available..."),
            Some("Waiting for SSH to become available...")
        );
        assert_eq!(
            phrase("    amazon-ebs.web: Setting up docker.io (20.10)"),
            Some("Setting up docker.io (20.10)")
        );
        assert_eq!(phrase("\n"), None);
        assert_eq!(phrase("==> amazon-ebs: ----"), None);
    }
}
