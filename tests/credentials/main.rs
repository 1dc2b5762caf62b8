//! Credentials with the real programs: `pass` and gpg with throw-away keys, a real Secret Service.

mod aws;
mod creds;
mod keyring;
mod pass;
mod pass_store;
mod setting;
mod sources;
