//! Eight images built at the same time, against one after the other.
//!
//! A real build mostly waits: for an instance to start, for packages, for a snapshot. The emulator has
//! no machines to wait for, so each build ends with a pause of its own, in a post-processor.

mod support;

use support::{
    project::{Project, TEMPLATE},
    setting,
    table::Results,
    timing::time,
};

const IMAGES: usize = 8;

fn main() {
    if !support::is_asked_for() {
        return;
    }
    let pause = setting("AMIABLE_BENCH_BUILD_SECONDS", 30);
    let images: Vec<String> = (1..=IMAGES)
        .map(|number| format!("image{number}"))
        .collect();
    let project = Project::new(&stack(&images));
    for image in &images {
        let template = format!("packer/{image}/image.pkr.hcl");
        project.write(&template, &with_pause(image, pause));
    }
    project.emulator();

    let build = |parallel: usize| {
        let parallel = parallel.to_string();
        let took = time(&mut project.amiable(&[
            "image",
            "build",
            "--rebuild",
            "all",
            "--no-provision",
            "--parallel",
            &parallel,
        ]));
        (took.as_secs_f64(), project.step_seconds("image."))
    };
    // The emulator loads its records of AMIs on the first question, which is nobody's build.
    build(IMAGES);
    let (one_by_one, alone) = build(1);
    let (at_once, together) = build(IMAGES);
    assert_eq!((alone.len(), together.len()), (IMAGES, IMAGES));
    let slowest = alone.iter().copied().fold(0.0, f64::max);

    let mut results = Results::new("images");
    results.note(&format!("{IMAGES} images, each with {pause} s of waiting"));
    results.note(&format!(
        "one after the other (`--parallel 1`): {one_by_one:.1} s, the slowest image {slowest:.1} s"
    ));
    results.note(&format!(
        "at once (`--parallel {IMAGES}`): {at_once:.1} s, {:.1} times as fast",
        one_by_one / at_once
    ));
    results.ratio("all at once to the slowest alone", at_once / slowest, 1.3);
    results.note(&format!(
        "what is not waiting: {:.1} s for one image, {:.1} s for {IMAGES} at once",
        slowest - pause as f64,
        at_once - pause as f64
    ));
    results.publish();
}

fn stack(images: &[String]) -> String {
    let blocks = images.iter().map(|image| {
        format!("image \"{image}\" {{\n  template = \"packer/{image}\"\n  name = \"{image}\"\n}}\n")
    });
    let blocks: String = blocks.collect();
    format!("stack \"images\" {{\n  region = \"us-east-1\"\n}}\n{blocks}")
}

fn with_pause(image: &str, seconds: u64) -> String {
    let sources = format!("sources = [\"source.amazon-ebs.{image}\"]\n");
    let pause = format!(
        "{sources}\n  post-processor \"shell-local\" {{\n    inline = [\"sleep {seconds}\"]\n  }}\n"
    );
    TEMPLATE.replace("NAME", image).replace(&sources, &pause)
}
