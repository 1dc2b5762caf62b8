//! Images that are deployed together go back together.

use crate::project::{Project, run_of};

#[test]
fn a_rollback_takes_back_what_was_deployed_together_and_no_more() {
    let project = Project::new(&["web", "db"]);
    let both = |project: &Project| (project.deployed("web"), project.deployed("db"));
    let first = project.up(&[]);
    let (web_1, db_1) = both(&project);
    project.write("web.version", "2");
    project.up(&[]);
    let (web_2, db) = both(&project);
    assert_eq!(db, db_1);
    project.write("web.version", "3");
    project.write("db.version", "3");
    project.up(&[]);
    let (web_3, db_3) = both(&project);

    let history = project.history();
    let set = |index: usize| -> Vec<&str> {
        let images = history[index]["images"].as_array().unwrap();
        images
            .iter()
            .map(|image| image["ami"].as_str().unwrap())
            .collect()
    };
    assert_eq!(set(0), [&db_3, &web_3]);
    assert_eq!(set(1), [&db_1, &web_2]);
    assert_eq!(set(2), [&db_1, &web_1]);

    // One alone: the other stays.
    let back = project.report(&["image", "rollback", &web_2]);
    assert_eq!(both(&project), (web_2.clone(), db_3.clone()));
    let db = &back["images"].as_array().unwrap()[1];
    assert_eq!(db["outcome"]["origin"], "kept", "{back:#}");
    let kept = project.up(&[]);
    assert_eq!(both(&project), (web_2.clone(), db_3), "{kept:#}");

    // Both, to what a run deployed.
    project.report(&["image", "rollback", "--to", &run_of(&first)]);
    assert_eq!(both(&project), (web_1.clone(), db_1.clone()));
    // All that came before was rolled back from.
    project
        .run(&["image", "rollback", "--yes"])
        .expect(7)
        .says(&["was itself rolled back from", "--to RUN"]);
    project.up(&[]);
    assert_eq!(both(&project), (web_1, db_1));
}
