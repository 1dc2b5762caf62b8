//! The user's wish to stop: signals to the driver, counted.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::events::Signal;

/// How often the driver was asked to stop, and with which signal last.
#[derive(Debug, Clone)]
pub struct Stop {
    pub requests: watch::Receiver<u8>,
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
        Ok(Self { requests, last })
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
