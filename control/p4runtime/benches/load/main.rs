//! What a controller can write and read in a second through the server, beside the floor measured in the same run: the same batches written straight to the data path.
//!
//! `cargo bench -p sluice-p4runtime --bench load` prints the figures, and fails where 50,000 writes a second, or reads in bounded memory, are missed ([`FLOOR`], [`READ_BYTES`]). Writes
//! are counted a second, and a second of the processor's that the server took: the latter does not depend on what else the machine does, and is what has to be met.
//! The server is a process of its own (this program again), so that its memory can be told from the controller's.

mod controller;
mod device;
mod entries;

use std::time::{Duration, Instant};

use controller::Controller;
use device::Device;
use entries::Kind;
use sluice_entities::{Atomicity, UpdateKind};
use sluice_target::{Install, SoftOptions, SoftTarget, Target};

/// Entries that are written and read.
const ENTRIES: u32 = 100_000;
/// Tables, entries that are written to them, and updates of a batch. Keys other than exact ones are the data path's to make fast: what it takes for them is shown, and is no measure of the server.
const ROWS: [(Kind, u32, usize); 5] = [
    (Kind::Exact, ENTRIES, 10),
    (Kind::Exact, ENTRIES, 100),
    (Kind::Exact, ENTRIES, 1_000),
    (Kind::Lpm, 10_000, 1_000),
    (Kind::Ternary, 10_000, 1_000),
];
/// Batches under way at a time.
const UNDER_WAY: [usize; 2] = [1, 4];
/// Least writes of exact entries a second of the server's processor time, in batches of a hundred or more.
const FLOOR: f64 = 50_000.0;
/// Most bytes that a read of all entries may take at its peak, beyond what the server had before.
const READ_BYTES: u64 = 16 << 20;

const KINDS: [UpdateKind; 3] = [UpdateKind::Insert, UpdateKind::Modify, UpdateKind::Delete];

fn rate(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

/// What is measured, and the floor.
struct Bench<'b> {
    controller: &'b Controller,
    device: &'b Device,
    /// A data path in this process.
    target: &'b dyn Target,
}

/// Inserts, modifies and deletes all entries of a table straight at a data path; how long each took.
fn direct(target: &dyn Target, (table, entries, batch): (Kind, u32, usize)) -> [Duration; 3] {
    KINDS.map(|kind| {
        let updates: Vec<_> = (0..entries).map(|key| table.update(kind, key)).collect();
        let begun = Instant::now();
        for updates in updates.chunks(batch) {
            target.write(updates, Atomicity::ContinueOnError).expect("the entries are right");
        }
        begun.elapsed()
    })
}

/// The same through the server: how long each took, and how much of the processor's time the server took for all.
async fn served(
    bench: &Bench<'_>,
    (table, entries, batch): (Kind, u32, usize),
    under_way: usize,
) -> ([Duration; 3], Duration) {
    let Bench { controller, device, .. } = bench;
    let mut all = [Duration::ZERO; 3];
    let before = device.processor_time();
    for (kind, took) in KINDS.into_iter().zip(&mut all) {
        let updates: Vec<_> = (0..entries).map(|key| controller.update(table, kind, key)).collect();
        let batches: Vec<_> = updates.chunks(batch).map(|updates| controller.request(updates)).collect();
        let begun = Instant::now();
        controller.write(batches, under_way).await;
        *took = begun.elapsed();
    }
    (all, device.processor_time().saturating_sub(before))
}

/// Writes: a line for each table, batch and number of batches under way. Whether the floor is met.
async fn writes(bench: &Bench<'_>) -> bool {
    println!(
        "writes a second (insert, modify, delete) | of the data path alone | the share of it | a second of the server's processor time"
    );
    let mut is_met = true;
    for row in ROWS {
        let (table, entries, batch) = row;
        let floor = direct(bench.target, row).map(|took| rate(entries, took));
        for under_way in UNDER_WAY {
            let (took, processor) = served(bench, row, under_way).await;
            let rates = took.map(|took| rate(entries, took));
            let line = |rates: [f64; 3]| rates.map(|rate| format!("{rate:>9.0}")).join(" ");
            let share = [0, 1, 2].map(|kind| format!("{:.2}", rates[kind] / floor[kind])).join(" ");
            let a_second = rate(3 * entries, processor);
            println!(
                "{:<10} {entries:>6} in batches of {batch:>4}, {under_way} under way: {} | {} | {share} | {a_second:>9.0}",
                table.name(),
                line(rates),
                line(floor)
            );
            is_met &= batch < 100 || !matches!(table, Kind::Exact) || a_second >= FLOOR;
        }
    }
    is_met
}

/// Reads of a full table, by a client that takes all at once and by one that takes its time. Whether the bound is kept.
async fn reads(bench: &Bench<'_>) -> bool {
    let Bench { controller, device, target } = bench;
    let table = Kind::Exact;
    let updates: Vec<_> = (0..ENTRIES).map(|key| controller.update(table, UpdateKind::Insert, key)).collect();
    controller.write(updates.chunks(1_000).map(|updates| controller.request(updates)).collect(), 1).await;
    let updates: Vec<_> = (0..ENTRIES).map(|key| table.update(UpdateKind::Insert, key)).collect();
    target.write(&updates, Atomicity::ContinueOnError).expect("the entries are right");
    drop(updates);
    let begun = Instant::now();
    let mut count = 0_u32;
    target.read_each(&table.query(), &mut |_| count += 1).expect("the table is there");
    let floor = rate(count, begun.elapsed());
    let mut is_met = true;
    for pause in [Duration::ZERO, Duration::from_millis(5)] {
        device.forget_peak();
        let before = device.resident();
        let begun = Instant::now();
        let read = controller.read(table, pause).await;
        let took = begun.elapsed();
        let grown = device.peak().saturating_sub(before);
        assert_eq!((read, count), (ENTRIES, ENTRIES), "all entries are read");
        let speed = rate(read, took);
        println!(
            "read {read} entries, {} ms a response: {speed:>9.0} a second | {floor:>9.0} | {:.2}; memory grew by {:.1} MiB at its peak, from {:.1}",
            pause.as_millis(),
            speed / floor,
            grown as f64 / f64::from(1 << 20),
            before as f64 / f64::from(1 << 20),
        );
        is_met &= grown <= READ_BYTES;
    }
    is_met
}

fn main() {
    if device::is_device() {
        device::serve();
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("threads can be made");
    let program = entries::program();
    let target = SoftTarget::new(SoftOptions::default());
    target.install(&program, Install::Anew).expect("the program is right");
    let is_met = runtime.block_on(async {
        // A server each: what one has freed, the other would take without a trace.
        let device = Device::start();
        let controller = Controller::ready(&device.address, &program).await;
        let writes = writes(&Bench { controller: &controller, device: &device, target: &target }).await;
        drop((controller, device));
        let device = Device::start();
        let controller = Controller::ready(&device.address, &program).await;
        let reads = reads(&Bench { controller: &controller, device: &device, target: &target }).await;
        println!("writes: {}, reads: {}", verdict(writes), verdict(reads));
        writes && reads
    });
    if !is_met {
        std::process::exit(1);
    }
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
