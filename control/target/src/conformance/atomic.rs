//! Batches: what one mistake means for the others, and what packets see of a write.

use sluice_entities::{Atomicity, Code, Update};

use super::{
    Bench, Check, LONG, PORTS, Verdict, ensure, entries, forward_entry, frame, insert, modify, same,
    stamp_entry, write,
};

pub(super) const CHECKS: &[Check] = &[
    Check::new("after a mistake all others are done, or none", mistakes),
    Check::new("updates see those before them", order),
    Check::new("a packet sees all of a batch or none", whole)
        .needing(|can| can.atomicities.contains(&Atomicity::DataplaneAtomic)),
    Check::new("draining comes back", drain),
];

/// The second and the fourth are wrong.
fn batch() -> Vec<Update> {
    vec![
        insert(forward_entry(1, 2, 0)),
        insert(forward_entry(1, 2, 0)),
        insert(forward_entry(2, 2, 0)),
        modify(forward_entry(9, 2, 0)),
    ]
}

fn mistakes(bench: &dyn Bench) -> Verdict {
    let (exists, missing, aborted) = (Some(Code::AlreadyExists), Some(Code::NotFound), Some(Code::Aborted));
    for (atomicity, codes, left) in [
        (Atomicity::RollbackOnError, vec![aborted, exists, aborted, aborted], 0),
        (Atomicity::DataplaneAtomic, vec![aborted, exists, aborted, missing], 0),
        (Atomicity::ContinueOnError, vec![None, exists, None, missing], 2),
    ] {
        if !bench.target().capabilities().atomicities.contains(&atomicity) {
            continue;
        }
        let Err(fault) = bench.target().write(&batch(), atomicity) else {
            return Err(format!("{atomicity:?} takes a batch with mistakes"));
        };
        let found: Vec<_> =
            fault.of_each(4, atomicity).into_iter().map(|fault| fault.map(|fault| fault.code)).collect();
        same(&format!("{atomicity:?}"), &found, &codes)?;
        same(&format!("entries after {atomicity:?}"), &entries(bench, "ingress.exact_t")?.len(), &left)?;
    }
    Ok(())
}

fn order(bench: &dyn Bench) -> Verdict {
    let updates = [
        insert(forward_entry(1, 2, 1)),
        modify(forward_entry(1, 2, 2)),
        super::delete(forward_entry(1, 2, 0)),
        insert(forward_entry(1, 2, 3)),
    ];
    write(bench, &updates)?;
    same("what is left", &entries(bench, "ingress.exact_t")?, &vec![forward_entry(1, 2, 3)])
}

/// Two tables mark a packet, the one its fifth byte, the other its eighth; each batch changes both.
fn whole(bench: &dyn Bench) -> Verdict {
    write(bench, &[insert(forward_entry(1, 2, 0)), insert(stamp_entry(1, 0))])?;
    let bytes = frame(1, 1, 0, 0);
    let mut seen = std::collections::BTreeSet::new();
    for round in 1..=40u64 {
        // Frames before, while and after it is written.
        for _ in 0..10 {
            bench.send(PORTS[0], &bytes);
        }
        write(bench, &[modify(forward_entry(1, 2, round)), modify(stamp_entry(1, round))])?;
        for _ in 0..10 {
            let left = bench.receive(2, LONG).ok_or("a frame is lost")?;
            same("both marks", &left[4], &left[7])?;
            seen.insert(left[4]);
        }
        bench.send(PORTS[0], &bytes);
        let after = bench.receive(2, LONG).ok_or("a frame is lost")?;
        same("a frame that came in afterwards", &u64::from(after[4]), &round)?;
    }
    ensure(seen.len() > 10, || format!("only {} of 40 states were seen", seen.len()))
}

fn drain(bench: &dyn Bench) -> Verdict {
    write(bench, &[insert(forward_entry(1, 2, 0))])?;
    for _ in 0..50 {
        bench.send(PORTS[0], &frame(1, 1, 0, 0));
        bench.target().drain();
    }
    for _ in 0..50 {
        bench.receive(2, LONG).ok_or("a frame is lost")?;
    }
    Ok(())
}
