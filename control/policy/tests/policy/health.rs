//! Tool ports that go down and come back, between changes of the policy: probes are treated as policy and ports say after every update, and shares move from and to those ports alone.

use std::collections::BTreeSet;

use sluice_policy::{PhaseKind, Policy, State, plan, rebalance};

use crate::info::broker;
use crate::model::{Model, Packet};
use crate::oracle::{expected_with, owner};
use crate::policy;
use crate::random::{Draft, Random, packet};

type Down = BTreeSet<u16>;

fn probe(model: &mut Model, alive: &Policy, down: &Down, packets: &[Packet], what: &str) {
    for packet in packets {
        let (got, wanted) = (model.run(packet), expected_with(alive, down, packet));
        assert!(
            got == wanted,
            "{what}, down: {down:?}\n{packet:?}\ngot {got:?}\nwanted {wanted:?}\n{}",
            model.listing()
        );
    }
}

/// Some of the tools' ports.
fn some(policy: &Policy, r: &mut Random) -> Down {
    policy.tools.iter().map(|tool| tool.port).filter(|_| r.below(3) == 0).collect()
}

/// Moves shares, probing after every update; how many updates the one write has.
fn walk(model: &mut Model, state: &mut State, down: &Down, r: &mut Random) -> Option<usize> {
    let plan = rebalance(state, down).ok()?;
    let (alive, before) = (state.policy().clone(), state.down().clone());
    let packets: Vec<Packet> = (0..40).map(|_| packet(r)).collect();
    let mut written = 0;
    for phase in &plan.phases {
        let mut updates = phase.updates.clone();
        r.shuffle(&mut updates);
        if phase.kind == PhaseKind::Switch {
            written = updates.len();
            updates.iter().for_each(|update| model.apply(update));
            probe(model, &alive, down, &packets, "switched");
            continue;
        }
        let ports = if phase.kind > PhaseKind::Switch { down } else { &before };
        for update in &updates {
            model.apply(update);
            let from = r.below(38) as usize;
            probe(model, &alive, ports, &packets[from..from + 3], &format!("{:?} {update:?}", phase.kind));
        }
    }
    probe(model, &alive, down, &packets, "done");
    *state = plan.next;
    assert_eq!(state.down(), down);
    Some(written)
}

#[test]
fn ports_go_down_and_come_back_between_changes() {
    let rounds = if std::env::var_os("SLUICE_LONG").is_some() { 400 } else { 12 };
    let info = broker(256, 128);
    let (mut moved, mut refused) = (0, 0);
    for seed in 1..=rounds {
        println!("seed {seed}");
        let mut r = Random(seed);
        let filters = r.below(10) + 1;
        let mut draft = Draft::new(&mut r, filters);
        let mut model = Model::new(&info);
        let mut state = State::empty(&info).expect("the broker's tables");
        for _ in 0..4 {
            let next = policy(&draft.text());
            if let Ok(plan) = plan(&state, &next, &info) {
                plan.phases.iter().flat_map(|phase| &phase.updates).for_each(|update| model.apply(update));
                state = plan.next;
            }
            let packets: Vec<Packet> = (0..20).map(|_| packet(&mut r)).collect();
            let (alive, down) = (state.policy().clone(), state.down().clone());
            probe(&mut model, &alive, &down, &packets, "the new policy finds the ports as they are");
            for _ in 0..2 {
                let down = some(state.policy(), &mut r);
                match walk(&mut model, &mut state, &down, &mut r) {
                    Some(written) => moved += usize::from(written > 0),
                    None => refused += 1,
                }
            }
            draft.change(&mut r);
        }
    }
    assert!(moved >= 10 && refused * 10 <= moved, "{moved} moves, {refused} refused");
}

#[test]
fn only_the_buckets_of_the_port_that_is_down_move() {
    let text = "ports:\n  tap: { role: network, id: 1 }\n  a: { role: tool, id: 11 }\n  b: { role: tool, id: 12 }\n  c: { role: tool, id: 13 }\n\
                groups:\n  all: { members: [a, b, c] }\nfilters:\n  - { name: everything, to: [all] }\n";
    let (policy, info) = (policy(text), broker(256, 128));
    let state = State::empty(&info).expect("the broker's tables");
    let state = plan(&state, &policy, &info).expect("it fits").next;
    let group = &policy.groups[0];
    let owners =
        |down: &Down| -> Vec<usize> { (0..64).map(|bucket| owner(&policy, down, group, bucket)).collect() };
    let (none, one) = (Down::new(), Down::from([12]));
    let moved = owners(&none).iter().zip(owners(&one)).filter(|(before, after)| **before != *after).count();
    let lost = owners(&none).iter().filter(|owner| **owner == 1).count();
    assert_eq!(moved, lost);
    let plan = rebalance(&state, &one).expect("it fits");
    let written: Vec<usize> = plan.phases.iter().map(|phase| phase.updates.len()).collect();
    assert_eq!(written[1], lost, "one update a bucket that moves, and no other: {written:?}");
    let back = rebalance(&plan.next, &none).expect("it fits");
    assert_eq!(back.phases[1].updates.len(), lost);
    // With all down nothing is gained by moving.
    let all = rebalance(&state, &Down::from([11, 12, 13])).expect("it fits");
    assert!(all.is_empty(), "{:?}", all.phases);
}
