//! The proxy itself: takes connections and leads each request through the other modules.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{
    call::Call,
    control,
    holds::{Holds, Release},
    http::{self, Request, Response},
    moto::Moto,
    rules::{Effect, Rules, Side},
    strict::{Settings, Strict},
    trace::Trace,
};

/// Everything the proxy knows.
#[derive(Debug)]
pub struct Proxy {
    pub moto: Moto,
    pub strict: Strict,
    pub trace: Trace,
    pub holds: Holds,
    rules: Mutex<Rules>,
}

impl Proxy {
    pub fn new(moto: Moto, settings: Settings) -> Self {
        Self {
            moto,
            strict: Strict::new(settings),
            trace: Trace::default(),
            holds: Holds::default(),
            rules: Mutex::default(),
        }
    }

    /// Serves `listener` for ever, a thread for each connection.
    pub fn serve(self: Arc<Self>, listener: &TcpListener) -> io::Result<()> {
        for stream in listener.incoming() {
            let stream = stream?;
            let proxy = self.clone();
            thread::spawn(move || {
                if let Err(error) = proxy.connection(&stream) {
                    eprintln!("strict-aws: {error}");
                }
            });
        }
        Ok(())
    }

    pub fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self, stream: &TcpStream) -> io::Result<()> {
        let Some(request) = http::read_request(stream)? else {
            return Ok(());
        };
        let response = if request.path().starts_with(control::PREFIX) {
            Some(control::answer(self, &request))
        } else if is_for_the_emulator(&request) {
            Some(self.moto.forward(&request)?)
        } else {
            self.aws(&request)?
        };
        match response {
            Some(response) => http::write_response(stream, &request.method, &response),
            // The connection closes with the stream.
            None => Ok(()),
        }
    }

    /// What AWS answers; `None` when the client is to get nothing.
    fn aws(&self, request: &Request) -> io::Result<Option<Response>> {
        let call = Call::of(request);
        let number = self.trace.begin(&call);
        let judgement = self.rules().judge(&call);
        thread::sleep(judgement.delay);
        let carry_out = || self.strict.carry_out(request, &call, self.moto);
        let (response, deliver) = match judgement.fault {
            None | Some((_, Effect::Delay { .. })) => (Some(carry_out()?), true),
            Some((_, Effect::Drop)) => (None, false),
            Some((_, Effect::LoseReply)) => (Some(carry_out()?), false),
            Some((
                _,
                Effect::Error {
                    status,
                    code,
                    message,
                },
            )) => (Some(call.error(status, &code, &message)), true),
            Some((
                _,
                Effect::Answer {
                    status,
                    content_type,
                    body,
                },
            )) => (Some(Response::new(status, &content_type, body)), true),
            Some((rule, Effect::Hold { at: Side::Before })) => {
                match self.holds.hold(number, rule, Side::Before) {
                    Release::Drop => (None, false),
                    Release::Forward => (Some(carry_out()?), false),
                    Release::Answer => (Some(carry_out()?), true),
                }
            }
            Some((rule, Effect::Hold { at: Side::After })) => {
                let response = carry_out()?;
                let release = self.holds.hold(number, rule, Side::After);
                (Some(response), release == Release::Answer)
            }
        };
        self.trace.end(number, response.as_ref(), deliver);
        Ok(response.filter(|_| deliver))
    }
}

/// Whether the request asks moto for something that AWS does not have: its dashboard and its reset, and the
/// marker that the driver keeps in an account of its own.
fn is_for_the_emulator(request: &Request) -> bool {
    request.path().starts_with("/moto-api/") || request.header("x-moto-account-id").is_some()
}
