//! Hostile values do nothing, wherever they are shown.

use amiable::events::Happening;
use amiable::report::{approval_text, inert, terminal::Detail};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use crate::{player, scripts};

fn hostile() -> Vec<amiable::events::Event> {
    let (_, script) = scripts::ALL
        .into_iter()
        .find(|(name, _)| *name == "hostile")
        .expect("there is a hostile script");
    script()
}

#[track_caller]
fn assert_inert(text: &str) {
    for (number, line) in text.split('\n').enumerate() {
        let active = line.chars().find(|c| inert::is_active(*c));
        assert_eq!(active, None, "in line {}: {line:?}", number + 1);
    }
}

#[test]
fn no_text_holds_an_active_character() {
    let events = hostile();
    assert_inert(&player::plain(&events, Detail::Trace));
    let (document, page) = player::files(&events);
    assert_inert(&document);
    assert_inert(&page);
    for event in &events {
        if let Happening::Planned(changes) = &event.what {
            assert_inert(&approval_text(changes));
        }
    }
}

#[test]
fn every_line_of_a_log_is_from_a_known_place() {
    let log = player::plain(&hostile(), Detail::Steps);
    assert!(!log.lines().any(|line| line.starts_with("# @all")), "{log}");
}

#[test]
fn a_page_has_no_html_and_no_links_but_our_own() {
    let (_, page) = player::files(&hostile());
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let mut headings = 0;
    for event in Parser::new_ext(&page, options) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                assert_eq!(html.as_ref(), "<br>", "HTML of our own only");
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => {
                // Its text is its address, and that stands alone at the end of a summary line.
                assert_eq!(link_type, LinkType::Autolink);
                assert_eq!(dest_url.as_ref(), "http://evil.example");
            }
            Event::Start(Tag::Image { .. }) => panic!("an image"),
            Event::Start(Tag::Heading { .. }) => headings += 1,
            _ => {}
        }
    }
    let ours = page.lines().filter(|line| line.starts_with("## "));
    assert_eq!(headings, 1 + ours.count(), "the title and our sections");
}

#[test]
fn a_web_address_is_a_link() {
    let (_, page) = player::files(&scripts::ALL[0].1());
    let address = "http://dashboard-1234.us-east-1.elb.amazonaws.com";
    let links: Vec<_> = Parser::new_ext(&page, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        })
        .collect();
    assert_eq!(
        links,
        [address, address],
        "in the summary and among the outputs"
    );
}
