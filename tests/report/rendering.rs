//! Every script in every rendering that is text.

use amiable::{
    events::Happening,
    report::{approval_text, json, markdown, terminal},
};

use crate::{golden::assert_golden, player, scripts};

#[test]
fn plain_logs_are_as_expected() {
    for (name, script) in scripts::ALL {
        let log = player::plain(&script(), terminal::Detail::Steps);
        assert_golden(&format!("{name}/plain.txt"), &log);
    }
}

#[test]
fn pages_are_as_expected() {
    for (name, script) in scripts::ALL {
        assert_golden(&format!("{name}/report.md"), &player::files(&script()).1);
    }
}

#[test]
fn documents_are_as_expected() {
    for (name, script) in scripts::ALL {
        let generator = concat!("amiable ", env!("CARGO_PKG_VERSION"));
        let document = player::files(&script())
            .0
            .replace(generator, "amiable VERSION");
        assert_golden(&format!("{name}/report.json"), &document);
    }
}

#[test]
fn plans_are_shown_for_approval() {
    for (name, script) in scripts::ALL {
        for event in script() {
            if let Happening::Planned(changes) = event.what {
                assert_golden(&format!("{name}/approval.txt"), &approval_text(&changes));
            }
        }
    }
}

#[test]
fn verbosity_decides_what_is_in_the_log() {
    use terminal::Detail;

    let log = |detail| player::plain(&scripts::failed_build_events(), detail);
    assert_golden("detail/failures.txt", &log(Detail::Failures));
    assert_golden("detail/summary.txt", &log(Detail::Summary));
    assert_golden("detail/logs.txt", &log(Detail::Logs));
    assert!(!log(Detail::Logs).contains(",,ui,say,"));
    assert!(log(Detail::Trace).contains("image.dashboard | 1772366420,,ui,say,..."));
}

#[test]
fn a_success_says_nothing_when_only_failures_are_wanted() {
    let (_, script) = scripts::ALL[0];
    assert_eq!(player::plain(&script(), terminal::Detail::Failures), "");
}

#[test]
fn a_report_that_was_read_back_looks_the_same() {
    for (name, script) in scripts::ALL {
        let summary = player::summary(&script());
        let text = json::to_text(&json::to_value(&summary));
        let again = json::from_text(&text, &summary.folder).unwrap();
        assert_eq!(again, summary, "{name}");
        assert_eq!(
            markdown::render(&again),
            markdown::render(&summary),
            "{name}"
        );
    }
}

#[test]
fn a_log_is_named_relative_to_the_report_and_found_from_elsewhere() {
    let summary = player::summary(&scripts::failed_build_events());
    let value = json::to_value(&summary);
    let log = value.pointer("/steps/2/failure/log").unwrap();
    assert_eq!(log, "logs/image.dashboard.log");
    let moved = json::from_text(&value.to_string(), "elsewhere".into()).unwrap();
    let (_, failure) = moved.failures().next().unwrap();
    assert_eq!(
        failure.log.as_deref(),
        Some("elsewhere/logs/image.dashboard.log".into())
    );
}
