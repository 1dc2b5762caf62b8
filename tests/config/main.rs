//! The stack file as its users meet it: what a file gives, what mistakes say, and what Terraform thinks.

mod support;

mod docs;
mod functions;
mod fuzz;
mod loading;
mod mistakes;
mod scaffold;
mod values;
