//! The simulated hardware, clock by clock: a beat every clock without a loss at every length, register cells that follow each other, rows that
//! change in one clock under traffic.

use std::fmt::Write;

use sluice_conformance::programs::{rtl_cache, verilator};
use sluice_conformance::trial;
use sluice_diagnostics::Sources;
use sluice_entities::{ActionCall, Bits, DefaultEntry, Entity, Match, TableEntry, Update, UpdateKind};
use sluice_ir::Module;
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_rtl::Options;
use sluice_rtl_sim::{Device, Run};

/// The MAC's clock, MHz.
const CLOCK_MHZ: f64 = 322.265_625;

/// Preamble, FCS and gap of a frame on the wire, bytes.
const OVERHEAD: usize = 24;

/// Counts packets in a cell, puts a row's two halves and the count into the frame, forwards by an exact table.
const PROGRAM: &str = "
#include <core.p4>
#include <v1model.p4>
header ethernet_t { bit<48> destination; bit<48> source; bit<16> kind; }
header mark_t { bit<32> count; bit<64> first; bit<64> second; }
struct headers_t { ethernet_t ethernet; mark_t mark; }
struct metadata_t { bit<256> first; bit<256> second; bit<9> to; bit<64> one; bit<64> other; }
parser p(packet_in pkt, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        pkt.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) { 0x88B5: mark; default: accept; }
    }
    state mark { pkt.extract(hdr.mark); transition accept; }
}
control v(inout headers_t hdr, inout metadata_t meta) { apply {} }
control i(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    register<bit<32>>(16) cells;
    bit<32> count;
    action activate(bit<256> first, bit<256> second) { meta.first = first; meta.second = second; }
    table policy { actions = { activate; } default_action = activate(0, 0); }
    action forward(bit<9> port, bit<64> one, bit<64> other) { standard.egress_spec = port; meta.one = one; meta.other = other; }
    action drop() { mark_to_drop(standard); }
    table hosts { key = { hdr.ethernet.destination: exact; } actions = { forward; drop; } default_action = drop(); size = 64; }
    apply {
        policy.apply();
        hosts.apply();
        if (hdr.mark.isValid()) {
            cells.read(count, hdr.mark.count);
            count = count + 1;
            cells.write(hdr.mark.count, count);
            hdr.mark.count = count;
            hdr.mark.first = meta.first[255:192] ^ meta.first[63:0] ^ meta.one;
            hdr.mark.second = meta.second[255:192] ^ meta.second[63:0] ^ meta.other;
        }
    }
}
control e(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) { apply {} }
control c(inout headers_t hdr, inout metadata_t meta) { apply {} }
control d(packet_out pkt, in headers_t hdr) { apply { pkt.emit(hdr.ethernet); pkt.emit(hdr.mark); } }
V1Switch(p(), v(), i(), e(), c(), d()) main;
";

fn module() -> Module {
    let files = MemoryFiles::new().file("cycles.p4", PROGRAM);
    let mut sources = Sources::new();
    match compile(&mut sources, &files, "cycles.p4", &CompileOptions::default()) {
        Ok((module, _)) => module,
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

/// The program on hardware with that many queues; none where there is no Verilator.
fn device() -> Option<Device> {
    let verilator = verilator()?;
    let options = Options { queues: 2, ..Options::default() };
    let device = Device::new(&module(), "cycles.p4", &options, verilator, true, &rtl_cache());
    Some(device.expect("the program is built"))
}

fn forward(kind: UpdateKind, to: u64, port: u64, number: u64) -> Update {
    let params = vec![Bits::new(9, port), Bits::new(64, number), Bits::new(64, number)];
    let call = ActionCall { action: "i.forward".into(), params };
    let key = vec![Match::Exact(Bits::new(48, to))];
    Update { kind, entity: Entity::Table(TableEntry::new("i.hosts".into(), key, 0, call)) }
}

/// A frame to that host, with a mark for that cell.
fn frame(to: u8, cell: u32, length: usize) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, 0, 0, to, 2, 2, 2, 2, 2, 2, 0x88, 0xB5];
    frame.extend(cell.to_be_bytes());
    frame.extend((frame.len()..length).map(|at| at as u8));
    frame
}

fn number(bytes: &[u8], from: usize, count: usize) -> u64 {
    bytes[from..from + count].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn lengths() -> Vec<usize> {
    if trial::is_long() {
        return (60..=1518).chain((1519..=9214).step_by(97)).chain([9214]).collect();
    }
    (60..=140).chain([191, 192, 193, 256, 257, 511, 512, 513, 1024, 1500, 1514, 1518, 9214]).collect()
}

/// What a run took, for frames of one length that came without a pause.
fn measured(run: &Run, frames: usize) -> (u64, u64) {
    let first = run.sent.first().map_or(0, |sent| sent.first);
    let last = run.sent.last().map_or(0, |sent| sent.last);
    let slowest = run.sent.iter().zip(&run.begun).map(|(sent, begun)| sent.last - begun).max();
    assert_eq!(run.sent.len(), frames, "a frame is lost");
    (last + 1 - first, slowest.unwrap_or(0))
}

/// Frames of each length come a beat every clock, which is more than 100 Gb/s at every length, and leave so: no clock is lost between
/// frames, and no frame.
#[test]
fn a_beat_every_clock() {
    let Some(mut device) = device() else { return };
    device.write(&[forward(UpdateKind::Insert, 1, 2, 0)]).expect("there is room");
    device.run().expect("it runs");
    let mut table = String::from("bytes  Mpps    limit   clocks  ns\n");
    for length in lengths() {
        let beats = length.div_ceil(64);
        let frames = (400 / beats).max(4);
        let sent = frame(1, 99, length);
        for _ in 0..frames {
            device.machine().frame(1, false, 0, 0, &sent).expect("it goes in");
        }
        let run = device.run().expect("it runs");
        let (clocks, slowest) = measured(&run, frames);
        assert_eq!(clocks, (beats * frames) as u64, "{length} bytes: a clock is lost");
        assert!(run.sent.iter().all(|out| out.bytes.len() == length && out.bytes[38..] == sent[38..]));
        let (rate, limit) = (CLOCK_MHZ / beats as f64, 100_000.0 / (8 * (length + OVERHEAD)) as f64);
        assert!(rate >= limit, "{length} bytes: {rate:.2} Mpps are less than the wire's {limit:.2}");
        let ns = slowest as f64 * 1000.0 / CLOCK_MHZ;
        let _ = writeln!(table, "{length:5}  {rate:6.2}  {limit:6.2}  {slowest:6}  {ns:6.1}");
    }
    println!("{table}");
    let lost = device.events().expect("it runs");
    assert!(lost.iter().all(|(name, count)| *name == "received" || *count == 0), "{lost:?}");
}

/// Lengths mixed, and outputs that take a beat only now and then: nothing is lost or changed while the queue has room.
#[test]
fn mixed_lengths_and_slow_outputs() {
    let Some(mut device) = device() else { return };
    device
        .write(&[forward(UpdateKind::Insert, 1, 2, 0), forward(UpdateKind::Insert, 2, 3, 0)])
        .expect("room");
    device.run().expect("it runs");
    trial::each(4, trial::count(6, 60), |dice| {
        let pattern = dice.word() as u32 | 1;
        device.machine().ready(pattern).expect("it runs");
        let mut wanted: [Vec<Vec<u8>>; 2] = Default::default();
        for _ in 0..40 {
            let to = dice.below(2);
            let room = if dice.percent(20) { 1459 } else { 100 };
            let length = 60 + dice.below(room);
            let bytes = frame(to as u8 + 1, 99, length);
            let gap = dice.below(4) as u32;
            device.machine().frame(1, false, 0, gap, &bytes).expect("it goes in");
            wanted[to].push(bytes);
        }
        let run = device.run().expect("it runs");
        device.machine().ready(u32::MAX).expect("it runs");
        for (to, wanted) in wanted.iter().enumerate() {
            let got: Vec<&Vec<u8>> = run
                .sent
                .iter()
                .filter(|sent| usize::from(sent.port) == to + 2)
                .map(|sent| &sent.bytes)
                .collect();
            assert_eq!(got.len(), wanted.len(), "with outputs that take beats by {pattern:08x}");
            // The mark was written anew, the rest was not.
            assert!(
                got.iter().zip(wanted).all(|(got, sent)| got.len() == sent.len() && got[38..] == sent[38..])
            );
        }
    });
}

/// A packet a clock at one cell, then at cells in turn: each finds what the one before it wrote.
#[test]
fn a_cell_every_clock() {
    let Some(mut device) = device() else { return };
    device.write(&[forward(UpdateKind::Insert, 1, 2, 0)]).expect("there is room");
    device.run().expect("it runs");
    for cells in [1_u32, 2, 3, 4, 5] {
        let before: Vec<u64> = (0..cells).map(|_| 0).collect();
        let mut count = before;
        let mut base: Option<Vec<u64>> = None;
        for round in 0..2 {
            for at in 0..60 {
                device.machine().frame(1, false, 0, 0, &frame(1, at % cells, 64)).expect("it goes in");
            }
            let run = device.run().expect("it runs");
            let seen: Vec<u64> = run.sent.iter().map(|sent| number(&sent.bytes, 14, 4)).collect();
            assert_eq!(seen.len(), 60);
            let base = base.get_or_insert_with(|| (0..cells).map(|cell| seen[cell as usize] - 1).collect());
            for (at, seen) in seen.iter().enumerate() {
                let cell = at % cells as usize;
                count[cell] += 1;
                assert_eq!(*seen, base[cell] + count[cell], "packet {at} of round {round} at {cells} cells");
            }
        }
    }
}

/// Rows that change while a packet comes every clock: each packet sees one whole row, the old one first and the new one from some packet on.
#[test]
fn a_row_changes_in_one_clock() {
    let Some(mut device) = device() else { return };
    let policy = |number: u64| {
        let half = Bits::new(192, 0).concat(&Bits::new(64, number));
        let call = ActionCall { action: "i.activate".into(), params: vec![half.clone(), half] };
        Update {
            kind: UpdateKind::Modify,
            entity: Entity::Default(DefaultEntry::new("i.policy".into(), Some(call))),
        }
    };
    device.write(&[forward(UpdateKind::Insert, 1, 2, 0), policy(0)]).expect("there is room");
    device.run().expect("it runs");
    let changes = trial::count(40, 1000);
    for change in 1..=changes {
        // Halves of one row differ between changes in all words; the entry's and the policy's change in turn.
        let number = change * 0x0001_0001_0001_0001;
        let is_policy = change % 2 == 0;
        let update = if is_policy { policy(number) } else { forward(UpdateKind::Modify, 1, 2, number) };
        device.write(&[update]).expect("it is changed");
        for _ in 0..200 {
            device.machine().frame(1, false, 0, 0, &frame(1, 99, 64)).expect("it goes in");
        }
        let run = device.run().expect("it runs");
        assert_eq!(run.sent.len(), 200, "no packet is lost");
        let halves: Vec<(u64, u64)> =
            run.sent.iter().map(|sent| (number_of(sent, 18), number_of(sent, 26))).collect();
        assert!(halves.iter().all(|(first, second)| first == second), "a packet saw two rows");
        let mut distinct: Vec<u64> = halves.iter().map(|(first, _)| *first).collect();
        distinct.dedup();
        assert_eq!(distinct.len(), 2, "the old row, then the new one: {distinct:x?}");
    }
}

fn number_of(sent: &sluice_rtl_sim::Sent, at: usize) -> u64 {
    number(&sent.bytes, at, 8)
}
