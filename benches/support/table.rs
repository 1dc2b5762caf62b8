//! Results as a Markdown table, on standard output and in `docs/benchmarks.md`.

use std::{env, fmt::Write, fs, path::Path, thread, time::Duration};

use super::timing::Samples;

/// Set to write the results into the page.
const UPDATE: &str = "AMIABLE_UPDATE_BENCHMARKS";

const PAGE: &str = "docs/benchmarks.md";

/// The results of one benchmark.
pub struct Results {
    /// Names its place in the page: between `<!-- NAME -->` and `<!-- /NAME -->`.
    name: &'static str,
    text: String,
}

/// How many processes wanted to run in the last minute, on average (proc_loadavg(5)), where the system
/// says so: more than there are cores, and the times are those of a busy machine.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().filter(|first| !first.is_empty());
    first.map_or_else(String::new, |first| format!(", a load of {first}"))
}

impl Results {
    pub fn new(name: &'static str) -> Self {
        let text = String::new();
        Self { name, text }
    }

    /// A row for each of `samples`.
    pub fn durations(&mut self, samples: &[&Samples]) {
        self.line("| | median | fastest | slowest |");
        self.line("|---|---:|---:|---:|");
        for samples in samples {
            let [median, fastest, slowest] =
                [samples.median(), samples.fastest(), samples.slowest()].map(milliseconds);
            self.line(&format!(
                "| {} | {median} | {fastest} | {slowest} |",
                samples.name
            ));
        }
        self.line("");
    }

    /// What was aimed at, as a ratio that is to be at most `most`.
    pub fn ratio(&mut self, what: &str, ratio: f64, most: f64) {
        let verdict = if ratio <= most { "met" } else { "missed" };
        self.line(&format!(
            "- {what}: **{ratio:.2}**, at most {most:.2} is the aim: {verdict}"
        ));
    }

    /// Something to know besides.
    pub fn note(&mut self, text: &str) {
        self.line(&format!("- {text}"));
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// Prints the results, and writes them into the page when that is asked for.
    pub fn publish(mut self) {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        self.note(&format!(
            "measured with {cores} cores{}, amiable {}",
            load(),
            env!("CARGO_PKG_VERSION")
        ));
        println!("{}:\n\n{}", self.name, self.text);
        if env::var_os(UPDATE).is_some() {
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
            let old = fs::read_to_string(&page).expect(PAGE);
            fs::write(&page, self.put_into(&old)).expect(PAGE);
        }
    }

    fn put_into(&self, page: &str) -> String {
        let (begin, end) = (
            format!("<!-- {} -->\n", self.name),
            format!("<!-- /{} -->", self.name),
        );
        let place = page
            .split_once(&begin)
            .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let Some((before, after)) = place else {
            panic!("{PAGE} has no place for {}", self.name);
        };
        format!("{before}{begin}\n{}\n{end}{after}", self.text)
    }
}

/// `1234 ms`.
pub fn milliseconds(duration: Duration) -> String {
    match duration.as_millis() {
        0..10 => format!("{:.1} ms", duration.as_secs_f64() * 1000.0),
        whole => format!("{whole} ms"),
    }
}
