//! The user's wish to stop: signals to the driver, counted, and the question before anything is lost.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{
    at_work::AtWork, context::blocking, emitter::Emitter, frontend::Questions, steps::approve,
};
use crate::{
    events::{Happening, Signal},
    process::{Unwanted, stream::AT_ONCE},
};

/// How often the driver was asked to stop, and with which signal last.
#[derive(Debug, Clone)]
pub struct Stop {
    pub requests: watch::Receiver<u8>,
    count: watch::Sender<u8>,
    last: watch::Receiver<Signal>,
}

impl Stop {
    /// Listens for INT, TERM and HUP for as long as the runtime lives.
    ///
    /// # Errors
    ///
    /// When the handlers cannot be installed.
    pub fn listen() -> std::io::Result<Self> {
        let (count, requests) = watch::channel(0_u8);
        let (name, last) = watch::channel(Signal::Interrupt);
        for (kind, signal_name) in [
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::hangup(), Signal::HangUp),
        ] {
            let mut signals = signal(kind)?;
            let (count, name) = (count.clone(), name.clone());
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    name.send_replace(signal_name);
                    count.send_modify(|requests| *requests = requests.saturating_add(1));
                }
            });
        }
        Ok(Self {
            requests,
            count,
            last,
        })
    }

    /// Whether the user, knowing what may be lost, wants everything to stop at once.
    pub fn at_once(&self) -> bool {
        *self.requests.borrow() >= AT_ONCE
    }

    /// For what changes nothing, or can be taken back at any time: the first request ends it.
    pub fn at_first(&self) -> Unwanted {
        let stop = self.clone();
        Unwanted::when(move || stop.signal().is_some())
    }

    /// For what is rather waited for: it ends when everything stops at once.
    pub fn at_last(&self) -> Unwanted {
        let stop = self.clone();
        Unwanted::when(move || stop.at_once())
    }

    /// The last signal, when there was one.
    pub fn signal(&self) -> Option<Signal> {
        (*self.requests.borrow() > 0).then(|| *self.last.borrow())
    }

    /// Waits until the first request; for ever when none comes.
    pub async fn requested(&self) {
        let mut requests = self.requests.clone();
        if requests.wait_for(|&count| count > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Tells of every request what is waited for, and at the second one what stopping at once may lose: on a
/// terminal it asks whether to. Goes on for as long as it is polled.
pub async fn attend(stop: &Stop, at_work: &AtWork, events: &Emitter, questions: &Questions) {
    let mut requests = stop.requests.clone();
    let mut told = 0;
    loop {
        // The sender is in `stop`, so there is always one.
        let count = match requests.wait_for(|&count| count > told).await {
            Ok(count) => *count,
            Err(_) => return std::future::pending().await,
        };
        while told < count {
            told += 1;
            let signal = stop.signal().unwrap_or(Signal::Interrupt);
            let waiting_for = at_work.phrases();
            // A terminal that is gone gives no answer.
            let can_ask = signal != Signal::HangUp && !waiting_for.is_empty();
            let read_line = match questions {
                Questions::Terminal(read_line) if told == AT_ONCE - 1 && can_ask => Some(read_line),
                _ => None,
            };
            events.send(Happening::Interrupting {
                signal,
                request: told,
                waiting_for,
                asked: read_line.is_some(),
            });
            let Some(read_line) = read_line.cloned() else {
                continue;
            };
            let answer = tokio::select! {
                answer = blocking(move || read_line()) => answer.ok().flatten(),
                // Whoever asks again does not type an answer.
                _ = requests.wait_for(|&count| count > told) => None,
            };
            let at_once = answer.as_deref().is_some_and(approve::is_yes);
            let typed = answer.is_some();
            events.send(Happening::StopAnswered { at_once, typed });
            if at_once {
                stop.count
                    .send_modify(|requests| *requests = requests.saturating_add(1));
            }
        }
    }
}
