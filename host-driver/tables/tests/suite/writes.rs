//! Writes: done, refused, broken off.

use sluice_entities::{Atomicity, Code, Entity, Query, RegisterEntry, TableQuery, Update, UpdateKind};
use sluice_fpga::FpgaError;

use crate::pretended::{direct, exact, layout, module, of, prefix, tables, ternary};

fn entries(tables: &mut sluice_fpga::Tables<crate::pretended::Pretended>) -> usize {
    let mut count = 0;
    let query = Query::Table(TableQuery::default());
    tables.read_each(&query, &mut |_| count += 1).expect("they can be read");
    count
}

/// What is written and deleted again leaves the hardware as it was.
#[test]
fn what_goes_is_gone() {
    let (mut tables, registers) = tables();
    let before = registers.rows();
    let updates: Vec<Update> =
        (1..40).map(|key| exact(key * 977, key)).chain([direct(7, 3), direct(9, 4)]).collect();
    tables.write(&updates).expect("there is room");
    assert!(registers.rows().len() >= before.len() + updates.len());
    let gone: Vec<Update> = updates.into_iter().map(|update| of(UpdateKind::Delete, update)).collect();
    tables.write(&gone).expect("they are there");
    assert_eq!(registers.rows(), before);
    tables.verify().expect("the hardware is there");
}

/// An insert that there is no room for leaves nothing behind: not in the hardware, not in what is read, and what made room for it comes back.
#[test]
fn a_refused_insert_leaves_nothing() {
    let (mut tables, registers) = tables();
    let mut key = 0;
    let refused = loop {
        key += 1;
        let before = (registers.rows(), entries(&mut tables));
        if let Err(error) = tables.write(&[exact(key, 1)]) {
            assert_eq!((registers.rows(), entries(&mut tables)), before);
            break error;
        }
    };
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    // A batch of which one has no room: with all or nothing, nothing; otherwise the others.
    let before = registers.rows();
    let batch = [direct(1, 1), exact(key, 1), direct(2, 2)];
    let refused = tables.write_batch(&batch, Atomicity::RollbackOnError).expect_err("it is full");
    assert_eq!(refused.0.len(), 1);
    assert_eq!(refused.0[0].0, 1);
    assert_eq!(registers.rows(), before);
    let refused = tables.write_batch(&batch, Atomicity::ContinueOnError).expect_err("it is full");
    assert_eq!(refused.0.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1]);
    assert_eq!(registers.rows().len(), before.len() + 2);
    // The table's place is free when an entry goes.
    tables.write(&[of(UpdateKind::Delete, exact(1, 1)), exact(1, 2)]).expect("it has its own place again");
}

/// The same for rows that are ordered.
#[test]
fn a_refused_pattern_leaves_nothing() {
    let (mut tables, registers) = tables();
    for at in 0..8_u32 {
        tables.write(&[ternary(at.into(), 0xFFFF, 10 + at)]).expect("there are eight rows");
    }
    let before = registers.rows();
    let error = tables.write(&[ternary(99, 0xFFFF, 1)]).expect_err("there are eight rows");
    assert_eq!(error.to_string(), "table `ingress.ternary_t` has no room: the hardware has 8 rows");
    assert_eq!(registers.rows(), before);
    assert_eq!(entries(&mut tables), 8);
}

/// Ten thousand prefixes in one batch are planned together.
#[test]
fn many_prefixes() {
    let (mut tables, registers) = tables();
    let start = std::time::Instant::now();
    let updates: Vec<Update> = (0..10_000_u64).map(|at| prefix(at << 12, 20, at % 500)).collect();
    tables.write(&updates).expect("there is room");
    println!("10,000 prefixes: {:?}, {} register writes", start.elapsed(), registers.state().writes);
    assert!(registers.rows().len() > 20_000);
    assert_eq!(entries(&mut tables), 10_000);
}

/// A card that goes in the middle of a write: whatever access it is, it is said, and nothing is written to it until it begins again.
#[test]
fn gone_in_the_middle() {
    for left in 0..24 {
        let (mut tables, registers) = tables();
        registers.state().left = Some(left);
        let done = tables.write(&[exact(1, 1), direct(2, 2), prefix(0, 4, 3)]);
        let done = done.and_then(|()| tables.verify());
        if registers.state().left != Some(0) {
            done.expect("it is still there");
            continue;
        }
        let error = done.expect_err("it is gone");
        assert_eq!(error.to_string(), "the device is gone: its registers read as all ones");
        assert_eq!(error.code(), Code::Unavailable);
        let again = tables.write(&[direct(3, 3)]).expect_err("half of it may be written");
        assert!(matches!(again, FpgaError::OutOfStep(_)), "{again}");
        // Somebody has put it in again.
        registers.state().left = None;
        let module = module();
        tables.renew(&module, layout(&module)).expect("it is there");
        tables.write(&[exact(1, 1)]).expect("it begins anew");
        tables.verify().expect("it is there");
    }
}

/// Cells are read from the hardware, not from what was written here.
#[test]
fn cells_are_the_hardwares() {
    let (mut tables, registers) = tables();
    let value = sluice_entities::Bits::new(16, 0x1234);
    let register = RegisterEntry { register: "ingress.memory".into(), index: Some(3), value };
    tables
        .write(&[Update { kind: UpdateKind::Modify, entity: Entity::Register(register) }])
        .expect("it is there");
    let block = tables.layout().registers[0].blocks[0];
    registers.state().rows.insert((block, 0, 4), vec![0x77, 0, 0, 0]);
    let mut read = Vec::new();
    let query = Query::Register { register: Some("ingress.memory".into()), index: None };
    tables
        .read_each(&query, &mut |entity| {
            if let Entity::Register(entry) = entity {
                read.push(entry.value.to_u64().unwrap_or(0));
            }
        })
        .expect("it can be read");
    assert_eq!(read, [0, 0, 0, 0x1234, 0x77, 0, 0, 0]);
}
