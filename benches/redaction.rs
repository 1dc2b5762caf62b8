//! How fast secrets are taken out of text, on one core: `cargo bench --bench redaction`.
//!
//! Each text is redacted as a whole ([`Redactor::redact`]) and line by line, as the output of tools
//! is ([`RedactingLines`]). Times are those that the thread had a processor for, where the system tells
//! (Linux), and the best of several passes counts: everything else is other programs' noise.

use std::{
    fs,
    hint::black_box,
    sync::LazyLock,
    time::{Duration, Instant},
};

use amiable::{
    process::redaction::{RedactingLines, Redactor},
    secret::Secret,
};

const MEGABYTE: usize = 1_000_000;
const PASSES: usize = 3;

/// What tools print, with the letters and digits that change from line to line left to [`Random`]:
/// `#` is a digit, `~` a hexadecimal one.
const LINES: &[&str] = &[
    "==> amazon-ebs.dashboard: Waiting for instance (i-~~~~~~~~~~~~~~~~~) to become ready...",
    "    amazon-ebs.dashboard: Get:### http://archive.ubuntu.com/ubuntu jammy/main amd64 libssl-dev amd64 3.#.##-1 [#,### kB]",
    "    amazon-ebs.dashboard: Setting up docker-ce (5:2#.0.#-1~ubuntu.22.04~jammy) ...",
    "    amazon-ebs.dashboard: Created symlink /etc/systemd/system/multi-user.target.wants/docker.service.",
    "    amazon-ebs.dashboard:  ---> Running in ~~~~~~~~~~~~",
    "    amazon-ebs.dashboard: Collecting flask==2.#.# (from -r requirements.txt (line ##))",
    "    amazon-ebs.dashboard: Step #/## : RUN pip install --no-cache-dir -r requirements.txt",
    "aws_vpc.main: Creation complete after #s [id=vpc-~~~~~~~~~~~~~~~~~]",
    "module.database.aws_db_instance.main: Still creating... [0#m##s elapsed]",
    "  + vpc_security_group_ids  = [\"sg-~~~~~~~~~~~~~~~~~\"]",
    "  ~ tags = { \"amiable:run\" = \"202#0#01-##0000-~~~~~~\" -> (known after apply) }",
    "│ Error: creating EC2 Instance: InvalidAMIID.NotFound: The image id '[ami-~~~~~~~~~~~~~~~~~]' does not exist",
    "{\"level\":\"info\",\"ts\":\"2026-0#-##T1#:##:##Z\",\"msg\":\"request done\",\"path\":\"/api/v1/items/####\",\"status\":200,\"ms\":##}",
    "10.0.#.### - - [##/Mar/2026:1#:##:## +0000] \"GET /static/app.js?v=##%20b HTTP/1.1\" 200 ##### \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
    "",
    "2026-03-0# 1#:##:##.### UTC [####] LOG:  checkpoint complete: wrote ### buffers (0.#%); sync files=##, longest=0.0#s",
    "sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~: Pull complete",
];

/// Numbers that are the same in every run of the benchmark (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn of(&mut self, alphabet: &[u8]) -> char {
        char::from(alphabet[self.below(alphabet.len())])
    }

    fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| self.of(alphabet)).collect()
    }
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SIGNS: &[u8] =
    b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789!#$%&'()*+,-./:;<=>?@[]^_{|}~\"\\ ";

/// Passwords with all kinds of signs, access keys, a passphrase and a private key.
fn secrets(count: usize, random: &mut Random) -> Vec<String> {
    let mut all = Vec::new();
    for at in 0..count {
        all.push(match at % 10 {
            0 => format!("AKIA{}", random.text(16, &LETTERS[..26])),
            1 => random.text(40, LETTERS),
            2 => "correct horse battery staple "
                .chars()
                .chain(random.text(4, LETTERS).chars())
                .collect(),
            3 if at == 3 => {
                let lines: Vec<String> = (0..26).map(|_| random.text(64, LETTERS)).collect();
                format!(
                    "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                    lines.join("\n")
                )
            }
            _ => {
                let length = 12 + random.below(20);
                random.text(length, SIGNS)
            }
        });
    }
    all
}

/// About `size` bytes of log, with one of `secrets` at the end of one line in `every`.
fn log(size: usize, secrets: &[String], every: Option<usize>, random: &mut Random) -> String {
    let values: Vec<&String> = secrets.iter().filter(|it| !it.contains('\n')).collect();
    let mut text = String::with_capacity(size + 200);
    let mut number = 0;
    while text.len() < size {
        for character in LINES[random.below(LINES.len())].chars() {
            text.push(match character {
                '#' => random.of(b"0123456789"),
                '~' => random.of(b"0123456789abcdef"),
                other => other,
            });
        }
        number += 1;
        if every.is_some_and(|every| number % every == 0) {
            text.push_str(" password=");
            text.push_str(values[random.below(values.len())]);
        }
        text.push('\n');
    }
    text
}

/// The time this thread has run (proc(5), `schedstat`), or just the time.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").ok();
    schedstat
        .and_then(|numbers| numbers.split(' ').next()?.parse().ok())
        .map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn best(mut pass: impl FnMut()) -> Duration {
    let times = (0..PASSES).map(|_| {
        let start = now();
        pass();
        now() - start
    });
    times.min().expect("there are passes")
}

fn by_line(redactor: &Redactor, text: &str) -> usize {
    let mut lines = RedactingLines::new(redactor);
    let mut shown = 0;
    for line in text.lines() {
        lines.push((), line, |(), line| shown += line.len());
    }
    lines.finish(|(), line| shown += line.len());
    shown
}

fn redactor(secrets: &[String]) -> Redactor {
    let secrets: Vec<Secret> = secrets.iter().map(Secret::new).collect();
    Redactor::new(secrets.iter().map(|secret| ("name", secret)))
}

fn main() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let few = secrets(20, &mut random);
    let many = secrets(200, &mut random);
    let clean = log(20 * MEGABYTE, &few, None, &mut random);
    let leaking = log(20 * MEGABYTE, &few, Some(100), &mut random);
    let one_line = log(50 * MEGABYTE, &few, None, &mut random).replace('\n', " ");
    let one_leaking_line = log(50 * MEGABYTE, &few, Some(10_000), &mut random).replace('\n', " ");

    println!("{:<44} {:>12} {:>12}", "MB/s", "whole", "by line");
    for (name, secrets, text) in [
        ("20 secrets, clean log", &few, &clean),
        ("20 secrets, one in 1% of the lines", &few, &leaking),
        ("20 secrets, one clean line of 50 MB", &few, &one_line),
        (
            "20 secrets, one line of 50 MB with 40 of them",
            &few,
            &one_leaking_line,
        ),
        ("200 secrets, clean log", &many, &clean),
    ] {
        let redactor = redactor(secrets);
        let whole = best(|| drop(black_box(redactor.redact(black_box(text)))));
        let lines = best(|| {
            black_box(by_line(&redactor, black_box(text)));
        });
        let speed = |time: Duration| text.len() as f64 / MEGABYTE as f64 / time.as_secs_f64();
        println!("{name:<46} {:>10.0} {:>12.0}", speed(whole), speed(lines));
    }
    for (name, secrets) in [("20", &few), ("200", &many)] {
        let time = best(|| drop(black_box(redactor(secrets))));
        println!("making a redactor of {name} secrets: {time:.1?}");
    }
}
