//! What is replaced, how, and what has to be there afterwards: the parameters of the tests in this binary.

/// A stack and the command that replaces its image.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// `stack.hcl`, with `CONTENT` where the content of the image goes.
    pub stack: &'static str,
    /// The arguments that deploy the stack for the first time and repair it after a failure.
    pub deploy: &'static [&'static str],
    /// The arguments that replace the image once its content has changed.
    pub replace: &'static [&'static str],
    pub remaining: Remaining,
    pub leftovers: Leftovers,
}

/// Which AMIs of the image there are once a replacement is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// The new one, and every one that was there before.
    All,
    /// The new one, and so many of those that were there before.
    Newest(usize),
}

/// What is made of things that a killed run left behind and that the next run did not take away: AMIs without
/// tags or with the same content twice, instances, key pairs, security groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// They are counted and printed: this part is not carried out by the driver yet.
    Counted,
    /// They are failures.
    Refused,
}

/// A template without provisioners needs no machine to run them on. Until the driver knows that, it is told.
const UP: &[&str] = &["up", "--yes", "--no-provision"];

/// Every AMI has a name of its own, and Terraform gets its id.
pub const UNIQUE: Scenario = Scenario {
    name: "unique names, up",
    stack: r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
}

image "web" {
  template  = "packer"
  name      = "web-image"
  variables = { content = "CONTENT" }
}

variables = { ami_id = image.web.id }
"#,
    deploy: UP,
    replace: UP,
    remaining: Remaining::All,
    leftovers: Leftovers::Counted,
};
