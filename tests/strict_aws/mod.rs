//! An AWS that is as strict as the real one and that fails when it is told to: an HTTP proxy in front of moto's
//! server, for tests.
//!
//! A request goes through: [`http`] -> [`call`] (which AWS call it is) -> [`trace`] -> [`rules`] (faults that a
//! test asked for, [`holds`] among them) -> [`strict`] (what AWS refuses and moto does not) -> [`moto`]. Requests
//! to `/_proxy/` are the tests' own ([`control`]); those that are meant for the emulator and not for AWS
//! (`/moto-api/`, the driver's marker) pass untouched.
//!
//! The driver starts it in place of moto's server, through a script that [`process`] writes. A test talks to it
//! with [`client`].

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod call;
pub mod client;
pub mod control;
pub mod holds;
pub mod http;
pub mod moto;
pub mod process;
pub mod proxy;
pub mod rules;
pub mod strict;
pub mod trace;
pub mod xml;
