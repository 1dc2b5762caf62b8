//! What is replaced, how, and what has to be there afterwards: the parameters of the tests in this binary.

/// A stack and the command that replaces its image.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// `stack.hcl`, with `CONTENT` where the content of the image goes.
    pub stack: &'static str,
    /// The arguments that deploy the stack for the first time and repair it after a failure.
    pub deploy: &'static [&'static str],
    /// The root module, with a launch template that uses the image.
    pub root: &'static str,
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
    /// Every build, and one copy of the newest under the exact name.
    ByName,
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

const UP: &[&str] = &["up", "--yes"];

/// Every AMI has a name of its own, and Terraform gets its id. Old ones stay.
pub const UNIQUE: Scenario = Scenario {
    name: "unique names, up",
    root: BY_ID,
    stack: r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
  prune     = "manual"
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

/// As [`UNIQUE`], and images beyond the one before go after the apply.
pub const PRUNING: Scenario = Scenario {
    name: "unique names, up that prunes",
    stack: r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
}

image "web" {
  template  = "packer"
  name      = "web-image"
  keep      = 1
  variables = { content = "CONTENT" }
}

variables = { ami_id = image.web.id }
"#,
    remaining: Remaining::Newest(1),
    ..UNIQUE
};

/// One AMI has the name that Terraform looks up.
pub const EXACT: Scenario = Scenario {
    name: "exact name, up",
    root: BY_NAME,
    stack: r#"
stack "web" {
  region    = "us-east-1"
  terraform = "terraform"
  prune     = "manual"
}

image "web" {
  template  = "packer"
  name      = "web-image"
  naming    = "exact"
  variables = { content = "CONTENT" }
}
"#,
    remaining: Remaining::ByName,
    ..UNIQUE
};

/// As [`EXACT`], by the command that replaces one image.
pub const REPLACE: Scenario = Scenario {
    name: "exact name, image replace",
    replace: &["image", "replace", "web", "--yes"],
    ..EXACT
};

const BY_ID: &str = r#"
variable "ami_id" {
  type = string
}

provider "aws" {}

resource "aws_launch_template" "web" {
  name                   = "web"
  image_id               = var.ami_id
  instance_type          = "t3.micro"
  update_default_version = true
}

output "image" {
  value = aws_launch_template.web.image_id
}
"#;

const BY_NAME: &str = r#"
provider "aws" {}

data "aws_ami" "web" {
  owners = ["self"]

  filter {
    name   = "name"
    values = ["web-image"]
  }
}

resource "aws_launch_template" "web" {
  name                   = "web"
  image_id               = data.aws_ami.web.id
  instance_type          = "t3.micro"
  update_default_version = true
}

output "image" {
  value = aws_launch_template.web.image_id
}
"#;
