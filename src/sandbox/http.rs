//! As much HTTP as it takes to talk to a server on the loopback interface of this machine.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// Nothing the sandbox asks for is near this size; more is not an answer to our question.
const MOST: u64 = 1 << 20;

/// A request to a server on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a str,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Sends `request` to `port` and reads the whole answer. `patience` bounds each wait for the server.
///
/// HTTP/1.0 ([RFC 1945](https://www.rfc-editor.org/rfc/rfc1945)): the answer ends where the connection
/// does, so neither chunks nor kept-alive connections have to be understood.
///
/// # Errors
///
/// When nobody listens, the server stays silent for `patience`, or the answer is not HTTP.
pub(super) fn send(port: u16, request: Request<'_>, patience: Duration) -> io::Result<Response> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(text_of(request, port).as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn text_of(request: Request<'_>, port: u16) -> String {
    let Request {
        method,
        path,
        headers,
        body,
    } = request;
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn parse(answer: &str) -> Option<Response> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    if !words.next()?.starts_with("HTTP/") {
        return None;
    }
    Some(Response {
        status: words.next()?.parse().ok()?,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);
    const GET: Request<'static> = Request {
        method: "GET",
        path: "/x",
        headers: &[("X-Marker", "1")],
        body: "",
    };

    /// Answers one connection with `answer` and hands back what was asked.
    fn serve_once(answer: &'static [u8]) -> (u16, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut byte = [0];
            while !asked.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                asked.push(byte[0]);
            }
            stream.write_all(answer).unwrap();
            String::from_utf8(asked).unwrap()
        });
        (port, server)
    }

    #[test]
    fn status_and_body_come_back() {
        let (port, server) =
            serve_once(b"HTTP/1.1 404 NOT FOUND\r\nServer: x\r\n\r\nline\r\n\r\nmore");
        let response = send(port, GET, PATIENCE).unwrap();
        assert_eq!(response.status, 404);
        assert_eq!(response.body, "line\r\n\r\nmore");
        let asked = server.join().unwrap();
        assert!(asked.starts_with("GET /x HTTP/1.0\r\n"), "{asked}");
        assert!(asked.contains("\r\nX-Marker: 1\r\n"), "{asked}");
    }

    #[test]
    fn another_protocol_is_an_error() {
        let (port, server) = serve_once(b"SSH-2.0-OpenSSH\r\n\r\n");
        let error = send(port, GET, PATIENCE).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        server.join().unwrap();
    }
}
