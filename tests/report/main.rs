//! Reports of scripted runs: on a terminal, in a log, as JSON and Markdown.

mod document;
mod golden;
mod inertness;
mod live;
mod player;
mod rendering;
mod scripts;
mod writing;
