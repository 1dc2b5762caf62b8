//! As much XML as EC2's answers need: no attributes, lists of `<item>`, no comments.

use std::ops::Range;

/// Where the items of the first list called `set` are in `body`, from `<item>` to `</item>`.
pub fn items(body: &str, set: &str) -> Vec<Range<usize>> {
    let open = format!("<{set}>");
    let Some(start) = body.find(&open) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (mut at, mut depth, mut item_start) = (start + open.len(), 0, 0);
    while let Some(tag_start) = body[at..].find('<').map(|offset| at + offset) {
        let tag = &body[tag_start..];
        let Some(tag_end) = tag.find('>').map(|offset| tag_start + offset + 1) else {
            break;
        };
        if tag.starts_with("<item>") {
            if depth == 0 {
                item_start = tag_start;
            }
            depth += 1;
        } else if tag.starts_with("</item>") {
            depth -= 1;
            if depth == 0 {
                found.push(item_start..tag_end);
            }
        } else if depth == 0 && tag.starts_with("</") {
            break;
        }
        at = tag_end;
    }
    found
}

/// The items themselves.
pub fn items_of<'a>(body: &'a str, set: &str) -> Vec<&'a str> {
    items(body, set)
        .into_iter()
        .map(|range| &body[range])
        .collect()
}

/// The text of the first element called `name`.
pub fn text(fragment: &str, name: &str) -> Option<String> {
    let (_, after) = fragment.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    Some(unescape(text))
}

/// Key and value of every tag in the fragment's `tagSet`.
pub fn tags(fragment: &str) -> Vec<(String, String)> {
    items_of(fragment, "tagSet")
        .into_iter()
        .filter_map(|item| Some((text(item, "key")?, text(item, "value").unwrap_or_default())))
        .collect()
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[test]
fn items_are_those_of_the_named_list_and_not_of_lists_within() {
    let body = "<a><s><item><i>1</i><tagSet><item><key>k</key><value>v&amp;</value></item></tagSet></item>\
                <item><i>2</i><tagSet/></item></s><t><item><i>3</i></item></t></a>";
    let found = items_of(body, "s");
    let ids: Vec<_> = found.iter().map(|item| text(item, "i").unwrap()).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(tags(found[0]), [("k".to_owned(), "v&".to_owned())]);
    assert_eq!(tags(found[1]), []);
}
