//! Changes, applied one update after the other in random order within each phase: after every one, probes are treated as the
//! policy says that is alive.

use sluice_entities::PipelineInfo;
use sluice_policy::{PhaseKind, Policy, State, plan};

use crate::info::broker;
use crate::model::{Model, Packet};
use crate::oracle::expected;
use crate::policy;
use crate::random::{Draft, Random, packet};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn probe(model: &mut Model, alive: &Policy, packets: &[Packet], what: &dyn Fn() -> String) {
    for packet in packets {
        let (got, wanted) = (model.run(packet), expected(alive, packet));
        // A port that comes or goes is admitted before and after its policy lives; no packet of it is ever copied then.
        let nothing = |reason| matches!(reason, "refused" | "matched_nothing");
        let same = got == wanted || (nothing(got.reason) && nothing(wanted.reason));
        assert!(same, "{}\n{packet:?}\ngot {got:?}\nwanted {wanted:?}\n{}", what(), model.listing());
    }
}

/// Moves the model from one state to the next, with `probes` probes after every update.
fn walk(
    model: &mut Model,
    state: State,
    next: &Policy,
    info: &PipelineInfo,
    r: &mut Random,
    probes: usize,
) -> Option<State> {
    let before = state.policy().clone();
    let Ok(plan) = plan(&state, next, info) else { return None };
    let packets: Vec<Packet> = (0..40).map(|_| packet(r)).collect();
    for phase in &plan.phases {
        let mut updates = phase.updates.clone();
        r.shuffle(&mut updates);
        assert!(phase.kind != PhaseKind::Switch || updates.len() <= 1, "the switch is one write");
        for update in &updates {
            model.apply(update);
            let alive = if phase.kind >= PhaseKind::Switch { next } else { &before };
            let from = r.below((packets.len() - probes) as u64 + 1) as usize;
            probe(model, alive, &packets[from..from + probes], &|| format!("{:?} {update:?}", phase.kind));
        }
    }
    probe(model, next, &packets, &|| "done".to_string());
    Some(plan.next)
}

#[test]
fn every_update_leaves_the_policy_that_is_alive() {
    let seed = number("SLUICE_SEED", 0);
    let rounds = if std::env::var_os("SLUICE_LONG").is_some() { 400 } else { 10 };
    let info = broker(256, 128);
    let seeds = if seed == 0 { 1..rounds + 1 } else { seed..seed + 1 };
    let (mut changes, mut refused) = (0, 0);
    for seed in seeds {
        println!("SLUICE_SEED={seed}");
        let mut r = Random(seed);
        let filters = r.below(10) + 1;
        let mut draft = Draft::new(&mut r, filters);
        let mut model = Model::new(&info);
        let mut state = State::empty(&info).expect("the broker's tables");
        for step in 0..6 {
            if step > 0 {
                draft.change(&mut r);
            }
            let next = policy(&draft.text());
            match walk(&mut model, state.clone(), &next, &info, &mut r, 3) {
                Some(next) => {
                    state = next;
                    changes += 1;
                }
                None => refused += 1,
            }
        }
        // Back to nothing: everything that was written is gone.
        let empty = policy("ports: {}\n");
        walk(&mut model, state, &empty, &info, &mut r, 3).expect("nothing always fits");
        assert!(model.is_clean(), "left behind:\n{}", model.listing());
    }
    assert!(refused * 4 < changes, "{refused} plans of {} refused", changes + refused);
}

#[test]
fn planning_the_same_policy_changes_nothing() {
    let info = broker(256, 128);
    for seed in 1..20 {
        let mut r = Random(seed);
        let draft = Draft::new(&mut r, 6);
        let state = State::empty(&info).expect("the broker's tables");
        let Ok(first) = plan(&state, &policy(&draft.text()), &info) else { continue };
        let again = plan(&first.next, &policy(&draft.text()), &info).expect("it fitted before");
        assert!(again.is_empty(), "{:?}", again.phases);
        assert!(again.report.filters.is_empty() && again.report.tools.is_empty());
    }
}

#[test]
fn a_narrower_build_takes_what_fits() {
    let info = broker(64, 64);
    let mut r = Random(7);
    let mut model = Model::new(&info);
    let state = State::empty(&info).expect("the broker's tables");
    let draft = Draft::new(&mut r, 3);
    walk(&mut model, state, &policy(&draft.text()), &info, &mut r, 3).expect("three filters fit 64 terms");
}
