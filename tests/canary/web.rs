//! A server that says the canary in its answers.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::secret::{CANARY, encodings, hex};

/// Listens until the test ends.
pub struct Web {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let paths = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let path = answer(stream.unwrap());
                paths.lock().unwrap().push(path);
            }
        });
        Self { port, asked }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The paths that were asked for, in their order.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

/// Answers one request and gives its path.
fn answer(stream: TcpStream) -> String {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    while lines.next().unwrap().unwrap() != "" {}
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let status = match path.as_str() {
        // The one form that can be the name of a host, and curl shows it.
        "/moved" => format!(
            "302 Found\r\nLocation: http://{}.invalid/",
            hex(CANARY.as_bytes())
        ),
        _ => format!("500 {CANARY}\r\nX-Canary: {CANARY}"),
    };
    let body: Vec<String> = encodings().into_iter().map(|(_, text)| text).collect();
    let body = body.join("\n");
    let length = body.len();
    // Who asked may have heard enough.
    let _ = write!(
        &stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    path
}
