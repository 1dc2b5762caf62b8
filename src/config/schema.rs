//! What a stack file may hold: one table for the reader, for its hints, and for the documentation.

/// A kind of block.
pub(super) struct Block {
    /// The block's type; empty for the file itself.
    pub(super) name: &'static str,
    /// What the label says, `None` for blocks without one.
    pub(super) label: Option<&'static str>,
    pub(super) summary: &'static str,
    pub(super) attributes: &'static [Attribute],
    pub(super) blocks: &'static [&'static Block],
    /// Any attribute is taken, as Terraform defines them.
    pub(super) open: bool,
}

/// An attribute of a block.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    /// Type of the value, for people.
    pub(super) kind: &'static str,
    pub(super) need: Need,
    pub(super) summary: &'static str,
}

/// What happens without an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
    /// It has this value.
    Default(&'static str),
}

impl Block {
    pub(super) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    pub(super) fn block(&self, name: &str) -> Option<&'static Block> {
        self.blocks.iter().copied().find(|block| block.name == name)
    }

    /// How the block is written: `image "NAME"`.
    pub(super) fn title(&self) -> String {
        match self.label {
            Some(label) => format!("{} \"{label}\"", self.name),
            None => self.name.to_owned(),
        }
    }
}

const fn attribute(
    name: &'static str,
    kind: &'static str,
    need: Need,
    summary: &'static str,
) -> Attribute {
    Attribute {
        name,
        kind,
        need,
        summary,
    }
}

use Need::{Default, Optional, Required};

pub(super) static FILE: Block = Block {
    name: "",
    label: None,
    summary: "The file itself.",
    attributes: &[
        attribute(
            "variables",
            "object",
            Optional,
            "Terraform variables. A value may be an expression or `credential.NAME` alone.",
        ),
        attribute(
            "summary",
            "list of strings",
            Optional,
            "Last lines of the terminal summary and of the report.",
        ),
    ],
    blocks: &[
        &STACK,
        &ENV,
        &CREDENTIAL,
        &IMAGE,
        &CHECK,
        &TASK,
        &ENVIRONMENT,
    ],
    open: false,
};

static STACK: Block = Block {
    name: "stack",
    label: Some("NAME"),
    summary: "The stack. There is exactly one in a file.",
    attributes: &[
        attribute(
            "description",
            "string",
            Optional,
            "One line for `stack list` and the report.",
        ),
        attribute(
            "region",
            "string",
            Optional,
            "AWS region, for environments that do not set their own.",
        ),
        attribute(
            "terraform",
            "path",
            Optional,
            "Folder of the Terraform root module. A stack without one has images only.",
        ),
        attribute(
            "default",
            "boolean",
            Default("false"),
            "Whether commands without a stack's name are about this one, where a project has several.",
        ),
        attribute(
            "prune",
            "`\"after-apply\"` or `\"manual\"`",
            Default("\"after-apply\""),
            "When images beyond those that `keep` says are removed: at the end of an `up` that succeeded, or only by `amiable image prune`.",
        ),
    ],
    blocks: &[],
    open: false,
};

static ENV: Block = Block {
    name: "env",
    label: Some("NAME"),
    summary: "An environment variable of the caller that expressions read as `env.NAME`.",
    attributes: &[attribute(
        "default",
        "string",
        Optional,
        "Value where the variable is not set. Without one it has to be set.",
    )],
    blocks: &[],
    open: false,
};

static CREDENTIAL: Block = Block {
    name: "credential",
    label: Some("NAME"),
    summary: "A secret, and where it is found: the sources are tried in the order in which they are written.",
    attributes: &[
        attribute(
            "env",
            "string",
            Optional,
            "Source: an environment variable of the caller. Also the variable in which Packer and tasks get the secret.",
        ),
        attribute(
            "pass",
            "string",
            Optional,
            "Source: an entry of the password store `pass`; its first line.",
        ),
        attribute(
            "keyring",
            "string",
            Optional,
            "Source: an account in the keyring of the operating system, service `amiable/STACK/ENVIRONMENT`.",
        ),
        attribute(
            "command",
            "list of strings",
            Optional,
            "Source: the first line that a command prints.",
        ),
        attribute(
            "terraform",
            "string",
            Optional,
            "Terraform variable that the secret is handed over as, through the environment.",
        ),
        attribute(
            "optional",
            "boolean",
            Default("false"),
            "Whether a run goes on without the secret when no source has it.",
        ),
    ],
    blocks: &[],
    open: false,
};

static IMAGE: Block = Block {
    name: "image",
    label: Some("NAME"),
    summary: "An AMI that Packer builds.",
    attributes: &[
        attribute(
            "template",
            "path",
            Required,
            "A folder of `*.pkr.hcl` files, one such file, or a legacy JSON template.",
        ),
        attribute(
            "name",
            "string",
            Default("STACK-IMAGE"),
            "Name of the AMIs; the id of the run is added to it.",
        ),
        attribute(
            "naming",
            "`\"unique\"` or `\"exact\"`",
            Default("\"unique\""),
            "`exact` for Terraform code that looks the AMI up by its name: the verified image ends up under exactly this name.",
        ),
        attribute(
            "replace",
            "`\"after-apply\"` or `\"before-build\"`",
            Default("\"after-apply\""),
            "When the image before is retired. `before-build` leaves no image when the build fails.",
        ),
        attribute(
            "keep",
            "whole number",
            Default("1"),
            "How many images before the current one stay for a rollback. Those beyond are removed at the end of `up`, or by `amiable image prune`, unless something uses them.",
        ),
        attribute(
            "inputs",
            "list of strings",
            Optional,
            "Globs of files that decide the image's content beyond those that the template names: `*`, `?`, `[a-z]`, `{a,b}`, and `**` for folders.",
        ),
        attribute(
            "variables",
            "object",
            Optional,
            "Packer variables. A value may be an expression or `credential.NAME` alone.",
        ),
        attribute(
            "credentials",
            "list of credentials",
            Optional,
            "Credentials that Packer gets as environment variables, under their `env` names.",
        ),
        attribute(
            "rotate",
            "string",
            Optional,
            "Stands for the secrets in the image's fingerprint: a new value builds the image anew. Required where Packer gets a credential.",
        ),
        attribute(
            "source",
            "string",
            Optional,
            "The one source or builder to use, where the template has several.",
        ),
    ],
    blocks: &[],
    open: false,
};

static CHECK: Block = Block {
    name: "check",
    label: Some("NAME"),
    summary: "An HTTP request after the apply, repeated until it is answered as expected or the time is over.",
    attributes: &[
        attribute("url", "string", Required, "What to request."),
        attribute(
            "contains",
            "string",
            Optional,
            "Text that the body has to contain.",
        ),
        attribute(
            "status",
            "whole number",
            Optional,
            "Status that the answer has to have. Without it any from 200 to 299.",
        ),
        attribute(
            "timeout",
            "duration",
            Default("\"5m\""),
            "How long to try: `30s`, `5m`, `1h30m`.",
        ),
    ],
    blocks: &[],
    open: false,
};

static TASK: Block = Block {
    name: "task",
    label: Some("NAME"),
    summary: "A command of the stack's own, run under supervision in the project's root.",
    attributes: &[
        attribute(
            "command",
            "list of strings",
            Required,
            "The program, a path in the project or a name on `PATH`, and its arguments. No shell reads it. Its `PATH` ends with the tools that amiable has installed.",
        ),
        attribute(
            "when",
            "`\"manual\"`, `\"after-apply\"` or `\"before-destroy\"`",
            Default("\"manual\""),
            "When it runs. `manual` is for `amiable task NAME`.",
        ),
        attribute("description", "string", Optional, "One line for people."),
        attribute(
            "credentials",
            "list of credentials",
            Optional,
            "Credentials that the command gets as environment variables, under their `env` names.",
        ),
    ],
    blocks: &[],
    open: false,
};

static ENVIRONMENT: Block = Block {
    name: "environment",
    label: Some("NAME"),
    summary: "A place where the stack goes. `sandbox`, the emulator on this machine, is always there.",
    attributes: &[
        attribute("region", "string", Default("the stack's"), "AWS region."),
        attribute(
            "approve",
            "`\"prompt\"` or `\"auto\"`",
            Default("\"prompt\"; in the sandbox \"auto\""),
            "Whether a plan with changes is asked about before it is applied.",
        ),
        attribute(
            "variables",
            "object",
            Optional,
            "Terraform variables, over those of the stack, name by name.",
        ),
    ],
    blocks: &[&BACKEND, &ENVIRONMENT_IMAGE],
    open: false,
};

static BACKEND: Block = Block {
    name: "backend",
    label: Some("TYPE"),
    summary: "Terraform's backend for this environment, with the attributes that Terraform documents for its type.",
    attributes: &[],
    blocks: &[],
    open: true,
};

static ENVIRONMENT_IMAGE: Block = Block {
    name: "image",
    label: Some("NAME"),
    summary: "What differs for an image of the stack in this environment.",
    attributes: &[
        attribute(
            "keep",
            "whole number",
            Default("the image's"),
            "How many images before the current one stay for a rollback. Those beyond are removed at the end of `up`, or by `amiable image prune`, unless something uses them.",
        ),
        attribute(
            "variables",
            "object",
            Optional,
            "Packer variables, over those of the image, name by name.",
        ),
    ],
    blocks: &[],
    open: false,
};

/// All kinds of blocks, in the order of the documentation.
pub(super) fn all() -> [&'static Block; 10] {
    [
        &FILE,
        &STACK,
        &ENV,
        &CREDENTIAL,
        &IMAGE,
        &CHECK,
        &TASK,
        &ENVIRONMENT,
        &BACKEND,
        &ENVIRONMENT_IMAGE,
    ]
}
