//! HTTP/1.1 as far as the AWS clients of these tests speak it: one request on each connection.
//!
//! The proxy closes every connection after its answer. A client then never has a kept connection that it
//! silently sends a request again on, so what a lost answer leads to is decided by its own retries.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
};

/// A request whose body has been read whole.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer whose body has been read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

impl Response {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Reads the request on `stream`; `None` when the client closes it without one.
pub fn read_request(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let Some((first, headers)) = read_head(&mut reader)? else {
        return Ok(None);
    };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(invalid("the request line is not HTTP"));
    };
    if find(&headers, "Expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = if find(&headers, "Transfer-Encoding").is_some() {
        read_chunks(&mut reader)?
    } else {
        let length = find(&headers, "Content-Length").unwrap_or("0");
        let length = length.parse().map_err(|_| invalid("a strange length"))?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        body
    };
    Ok(Some(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body,
    }))
}

/// Writes `response` to the answer of a request that was made with `method`, as the last thing on `stream`.
pub fn write_response(mut stream: &TcpStream, method: &str, response: &Response) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} -\r\n", response.status);
    // The answer to HEAD tells the length of a body that it does not have.
    let length_is_ours = method != "HEAD";
    for (name, value) in &response.headers {
        let is_length = name.eq_ignore_ascii_case("Content-Length");
        if !(is_of_the_connection(name) || length_is_ours && is_length) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    if length_is_ours {
        head.push_str(&format!("Content-Length: {}\r\n", response.body.len()));
    }
    head.push_str("Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&response.body)?;
    stream.flush()
}

/// Sends `request` to `port` of this machine and reads the whole answer.
///
/// As HTTP/1.0, whose answers end where the connection does. Host stays what the client sent, because moto
/// makes URLs of it.
pub fn send(port: u16, request: &Request) -> io::Result<Response> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let mut head = format!("{} {} HTTP/1.0\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        let own = ["Content-Length", "Expect"];
        if !is_of_the_connection(name) && !own.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", request.body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(&request.body)?;
    let mut reader = BufReader::new(stream);
    let (first, headers) =
        read_head(&mut reader)?.ok_or_else(|| invalid("the server closed without an answer"))?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(Response {
        status: status.ok_or_else(|| invalid("the answer is not HTTP"))?,
        headers,
        body,
    })
}

type Head = (String, Vec<(String, String)>);

fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return match lines.is_empty() {
                true => Ok(None),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let mut lines = lines.into_iter();
    let first = lines.next().ok_or_else(|| invalid("an empty head"))?;
    let headers = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        })
        .collect();
    Ok(Some((first, headers)))
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = line.trim().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| invalid("a strange chunk"))?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// Headers that say something about one connection, and not about the message.
fn is_of_the_connection(name: &str) -> bool {
    [
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Proxy-Connection",
    ]
    .iter()
    .any(|header| header.eq_ignore_ascii_case(name))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(&found.1)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
