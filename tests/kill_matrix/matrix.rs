//! Trials at the records of `up`, of an `up` that replaces an image, and of `destroy`.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    thread,
    time::Instant,
};

use super::{
    at_record::AtRecord,
    lane::{Lane, Verdict},
    trials::{self, PHASES, Phase, Share, Trial},
};

#[test]
fn a_sample_of_the_records() {
    // The ten or so are too few for a third: with nothing to try it would deploy all the same.
    matrix(Share::SAMPLE, 2);
}

#[test]
#[ignore = "an hour: `just kill-matrix`"]
fn every_record() {
    matrix(Share::asked_for(), 3);
}

/// Tries `share` on as many projects at the same time as there are `lanes`. Much of a trial is waiting.
fn matrix(share: Share, lanes: usize) {
    let started = Instant::now();
    let at_record = AtRecord::compile();
    let mut first = Lane::new(0);
    let mut all = 0;
    let trials: BTreeMap<Phase, VecDeque<Trial>> = PHASES
        .into_iter()
        .map(|phase| {
            let records = first.undisturbed(phase);
            let of_phase = trials::all(phase, records);
            println!("{phase:?}: {records} records");
            all += of_phase.len();
            (phase, share.of(of_phase).into())
        })
        .collect();
    let count: usize = trials.values().map(VecDeque::len).sum();
    let trials = Mutex::new(trials);
    let judged = Mutex::new(Vec::new());
    let lanes = [Some(first)].into_iter().chain((1..lanes).map(|_| None));
    thread::scope(|scope| {
        for (number, lane) in lanes.enumerate() {
            let (trials, judged, at_record) = (&trials, &judged, &at_record);
            scope.spawn(move || {
                let mut lane = lane.unwrap_or_else(|| Lane::new(number));
                while trials.lock().unwrap().values().any(|left| !left.is_empty()) {
                    for phase in PHASES {
                        let trial = trials
                            .lock()
                            .unwrap()
                            .get_mut(&phase)
                            .and_then(VecDeque::pop_front);
                        match trial {
                            Some(trial) => {
                                let verdict = lane.attempt(&trial, at_record);
                                for problem in &verdict.problems {
                                    println!("{trial}: {problem}");
                                }
                                let mut judged = judged.lock().unwrap();
                                judged.push((trial, verdict));
                                if judged.len() % 20 == 0 {
                                    println!("{} of {count} trials so far", judged.len());
                                }
                            }
                            // Needed by the phase before or after it.
                            None => {
                                lane.undisturbed(phase);
                            }
                        }
                    }
                }
            });
        }
    });
    tell(&judged.into_inner().unwrap(), count, all, started);
}

fn tell(judged: &[(Trial, Verdict)], count: usize, all: usize, started: Instant) {
    let number = |wanted: &dyn Fn(&Verdict) -> bool| {
        let matching = judged.iter().filter(|(_, verdict)| wanted(verdict));
        matching.count()
    };
    let failed: Vec<String> = judged
        .iter()
        .filter(|(_, verdict)| !verdict.problems.is_empty())
        .map(|(trial, verdict)| format!("{trial}: {}", verdict.problems.join("; ")))
        .collect();
    for (trial, _) in judged.iter().filter(|(_, verdict)| !verdict.happened) {
        println!("{trial}: it made no difference");
    }
    println!(
        "{count} of {all} trials in {} s: {} came to their record, {} children adopted, {} states lost, \
         {} with leftovers that were reported, {} with ones that were not, {} failed",
        started.elapsed().as_secs(),
        number(&|verdict| verdict.happened),
        number(&|verdict| verdict.adopted),
        number(&|verdict| verdict.state_lost),
        number(&|verdict| !verdict.reported.is_empty()),
        number(&|verdict| !verdict.unreported.is_empty()),
        failed.len(),
    );
    assert_eq!(judged.len(), count, "every trial was made");
    // Of those at a command's last records some do not come: a run is not the same twice.
    let happened = number(&|verdict| verdict.happened);
    assert!(
        happened * 10 >= count * 8,
        "{happened} of {count} came to their record"
    );
    assert!(failed.is_empty(), "{failed:#?}");
}
