//! What every data path has to do, as tests that any adapter runs.
//!
//! An adapter gives a [`Bench`]: the data path with three ports in memory, or with wires to them, and one program ([`source`], compiled). [`all`] are the tests; each gets a bench of its own,
//! with the program in place. What they test is what [`crate::Target`] promises, as far as [`Capabilities`] says that the data path can do it.

mod atomic;
mod entities;
mod packets;
mod programs;

use std::sync::Arc;
use std::time::Duration;

use sluice_entities::{
    ActionCall, Atomicity, Bits, Entity, Match, Query, TableEntry, TableQuery, Update, UpdateKind,
};

use crate::target::{BatchFault, Capabilities, Event, Program, Target};

/// The program's source, without what a data path cannot do.
pub fn source(capabilities: &Capabilities) -> String {
    let without = [
        ("NO_CLONES", capabilities.clones),
        ("NO_DIGESTS", capabilities.digests),
        ("NO_IDLE_TIMEOUTS", capabilities.idle_timeouts),
        ("NO_SELECTORS", capabilities.selectors),
        ("NO_PROFILES", capabilities.profiles),
        ("NO_DIRECT_METERS", capabilities.direct_meters),
        ("NO_VALUE_SETS", capabilities.value_sets),
    ];
    let missing = without.into_iter().filter(|(_, can)| !can);
    let defines: String = missing.map(|(name, _)| format!("#define {name}\n")).collect();
    defines + include_str!("exercise.p4")
}

/// Ports that a bench has.
pub const PORTS: [u16; 3] = [1, 2, 3];

/// A data path with wires.
pub trait Bench {
    /// The data path.
    fn target(&self) -> &dyn Target;
    /// [`source`], compiled for it.
    fn program(&self) -> Program;
    /// A frame comes in.
    fn send(&self, port: u16, frame: &[u8]);
    /// The next frame that left by a port; `None` if there is none within that time.
    fn receive(&self, port: u16, timeout: Duration) -> Option<Vec<u8>>;
    /// Plugs a port's cable in or out; `false` if this bench cannot.
    fn set_up(&self, port: u16, is_up: bool) -> bool;
}

/// What a test says.
pub type Verdict = Result<(), String>;

/// One test.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What is so.
    pub name: &'static str,
    /// Whether a data path can do what the test is about.
    pub needs: fn(&Capabilities) -> bool,
    /// Finds out.
    pub run: fn(&dyn Bench) -> Verdict,
}

impl Check {
    /// A test of what every data path can do.
    const fn new(name: &'static str, run: fn(&dyn Bench) -> Verdict) -> Self {
        Self { name, needs: |_| true, run }
    }

    const fn needing(self, needs: fn(&Capabilities) -> bool) -> Self {
        Self { needs, ..self }
    }
}

/// All tests of what a data path can do.
pub fn all(capabilities: &Capabilities) -> Vec<Check> {
    let all = [programs::CHECKS, entities::CHECKS, atomic::CHECKS, packets::CHECKS].concat();
    all.into_iter().filter(|check| (check.needs)(capabilities)).collect()
}

/// How long a frame may take to come out before it counts as lost.
const LONG: Duration = Duration::from_secs(5);
/// How long is waited for a frame that should not come.
const SHORT: Duration = Duration::from_millis(50);

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    ensure(found == expected, || format!("{what}: {found:?}, should be {expected:?}"))
}

/// A frame of the program's.
fn frame(kind: u8, key: u8, value: u16, word: u32) -> Vec<u8> {
    let mut bytes = vec![kind, key];
    bytes.extend(value.to_be_bytes());
    bytes.extend(word.to_be_bytes());
    bytes.extend([0xaa; 56]);
    bytes
}

fn name(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn call(action: &str, params: &[(u32, u64)]) -> ActionCall {
    let params = params.iter().map(|(width, value)| Bits::new(*width, *value)).collect();
    ActionCall { action: name(action), params }
}

fn out(port: u64) -> ActionCall {
    call("ingress.to_port", &[(9, port)])
}

fn forward(port: u64, mark: u64) -> ActionCall {
    call("ingress.forward", &[(9, port), (8, mark)])
}

fn exact(key: u64) -> Vec<Match> {
    vec![Match::Exact(Bits::new(8, key))]
}

fn forward_entry(key: u64, port: u64, mark: u64) -> Entity {
    Entity::Table(TableEntry::new(name("ingress.exact_t"), exact(key), 0, forward(port, mark)))
}

fn stamp_entry(key: u64, mark: u64) -> Entity {
    Entity::Table(TableEntry::new(
        name("ingress.stamp_t"),
        exact(key),
        0,
        call("ingress.stamp", &[(8, mark)]),
    ))
}

fn update(kind: UpdateKind, entity: Entity) -> Update {
    Update { kind, entity }
}

fn insert(entity: Entity) -> Update {
    update(UpdateKind::Insert, entity)
}

fn modify(entity: Entity) -> Update {
    update(UpdateKind::Modify, entity)
}

fn delete(entity: Entity) -> Update {
    update(UpdateKind::Delete, entity)
}

fn told(fault: &BatchFault) -> String {
    fault.to_string()
}

/// All or nothing, and for packets at once where the data path can do that.
fn whole(capabilities: &Capabilities) -> Atomicity {
    let is_atomic = capabilities.atomicities.contains(&Atomicity::DataplaneAtomic);
    if is_atomic { Atomicity::DataplaneAtomic } else { Atomicity::RollbackOnError }
}

fn write(bench: &dyn Bench, updates: &[Update]) -> Verdict {
    let target = bench.target();
    target.write(updates, whole(&target.capabilities())).map_err(|fault| told(&fault))
}

fn read(bench: &dyn Bench, query: &Query) -> Result<Vec<Entity>, String> {
    let mut all = Vec::new();
    bench.target().read_each(query, &mut |entity| all.push(entity)).map_err(|fault| fault.to_string())?;
    Ok(all)
}

/// Entries of a table as they are now.
fn entries(bench: &dyn Bench, table: &str) -> Result<Vec<Entity>, String> {
    read(bench, &Query::Table(TableQuery { table: Some(name(table)), ..TableQuery::default() }))
}

/// Waits for an event.
fn event<T>(bench: &dyn Bench, wanted: impl Fn(Event) -> Option<T>) -> Result<T, String> {
    let end = std::time::Instant::now() + LONG;
    while std::time::Instant::now() < end {
        let events = bench.target().poll(Duration::from_millis(100));
        if let Some(found) = events.into_iter().find_map(&wanted) {
            return Ok(found);
        }
    }
    Err("the event does not come".to_string())
}

/// Sends a frame and gives what leaves by a port.
fn pass(bench: &dyn Bench, to: u16, bytes: &[u8]) -> Result<Vec<u8>, String> {
    bench.send(PORTS[0], bytes);
    bench.receive(to, LONG).ok_or_else(|| format!("nothing left by port {to}"))
}

/// Sends a frame that is to leave by no port.
fn vanishes(bench: &dyn Bench, bytes: &[u8]) -> Verdict {
    bench.send(PORTS[0], bytes);
    for port in PORTS {
        let left = bench.receive(port, SHORT);
        ensure(left.is_none(), || format!("{left:?} left by port {port}"))?;
    }
    Ok(())
}
