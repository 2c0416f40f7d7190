//! Correlation of two taps from memory, and its floor: the keys of the same packets alone.
//!
//! `cargo bench -p sluice-latency`. The last lines are rates and ratios of one run, by the time that the thread had a processor: who else uses the machine
//! costs caches, but no time.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Tcp, Udp};
use sluice_latency::{
    Analysis, Arrival, Bounds, Format, GroupBy, KeyOptions, Profile, Settings, StampReader, Stamped, keyed,
};

/// Packets at each tap.
const PACKETS: usize = 200_000;
/// From packet to packet, 5 million a second at each tap, and from tap to tap.
const SPACING_NS: u64 = 200;
const DELAY_NS: u64 = 100_000;
const FLOWS: usize = 1_000;

/// Frames one after the other, in the order of time: tap, time, place and length.
struct Packets {
    bytes: Vec<u8>,
    list: Vec<(usize, u64, usize, usize)>,
}

impl Packets {
    /// Stamped in 0xD28B headers.
    fn make() -> Self {
        let mut bytes = Vec::new();
        let mut list = Vec::new();
        for number in 0..PACKETS {
            let flow = number.wrapping_mul(7_919) % FLOWS;
            let (high, low) = ((flow >> 8) as u8, flow as u8);
            let ip = Ipv4::new([10, 1, high, low], [10, 2, 0, 1]).id((number / FLOWS) as u16);
            let frame = Frame::new().then(Ethernet::new([2; 6], [4; 6]));
            let payload = vec![number as u8; [6, 18, 200, 1_000][number % 4]];
            let frame = if number % 3 == 0 {
                frame.then(ip).then(Udp::new(5_000, 53))
            } else {
                frame.then(ip).then(Tcp::new(5_000, 443).numbers(number as u32 * 1_460, 1))
            };
            let frame = frame.payload(&payload);
            let sent_ns = 1_700_000_000_000_000_000 + number as u64 * SPACING_NS;
            let far = frame.clone().routed([6; 6], [8; 6]);
            for (tap, time_ns, frame) in [(0, sent_ns, frame), (1, sent_ns + DELAY_NS, far)] {
                let plain = frame.build_padded();
                let at = bytes.len();
                bytes.extend(&plain[..12]);
                bytes.extend([0xd2, 0x8b, 0, 1, 1, 0x10]);
                bytes.extend(((time_ns / 1_000_000_000) as u32).to_be_bytes());
                bytes.extend(((time_ns % 1_000_000_000) as u32).to_be_bytes());
                bytes.extend(&plain[12..]);
                list.push((tap, time_ns, at, bytes.len() - at));
            }
        }
        list.sort_by_key(|packet| packet.1);
        Self { bytes, list }
    }

    fn each(&self, mut f: impl FnMut(usize, &Stamped<'_>)) {
        let reader = StampReader::new(Format::D28b);
        for (tap, _, at, length) in &self.list {
            let frame = &self.bytes[*at..at + length];
            if let Some(stamped) = reader.read(frame, 0, *length as u32) {
                f(*tap, &stamped);
            }
        }
    }
}

fn settings(by: GroupBy, bursts: bool, profile: Profile) -> Settings {
    let mut settings = Settings::new(vec!["a".to_string(), "b".to_string()]);
    (settings.by, settings.bursts, settings.round_trips) = (by, bursts, bursts);
    settings.keys = KeyOptions { profile, ..KeyOptions::default() };
    // 25,000 packets are waited for.
    settings.bounds = Bounds { window_ns: 5_000_000, ..Bounds::default() };
    settings
}

fn parse(packets: &Packets) {
    let options = KeyOptions::default();
    packets.each(|_, stamped| {
        black_box(keyed(stamped.from_ether_type, &options));
    });
}

fn correlate(packets: &Packets, settings: Settings) {
    let mut analysis = Analysis::new(settings);
    let mut nothing = |_: &Arrival| {};
    packets.each(|tap, stamped| {
        analysis.push(tap, stamped, &mut nothing);
    });
    analysis.settle(&mut nothing);
    black_box(analysis.memory_bytes());
}

/// For how long this thread had a processor.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The least time of many runs: what others on the machine (and beside it, where it is a virtual one) take away differs from run to run.
fn time(mut run: impl FnMut()) -> Duration {
    let run = |_| {
        let start = processor_time();
        run();
        processor_time() - start
    };
    (0..40).map(run).min().unwrap_or_default()
}

fn main() {
    let packets = Packets::make();
    let cases = [
        ("delays", settings(GroupBy::NONE, false, Profile::Routed)),
        ("delays, nat", settings(GroupBy::NONE, false, Profile::Nat)),
        ("delays, by flow", settings(GroupBy { flows: true, ..GroupBy::NONE }, false, Profile::Routed)),
        ("all", settings(GroupBy::ALL, true, Profile::Routed)),
    ];
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("two taps");
    group.throughput(Throughput::Elements(packets.list.len() as u64));
    group.bench_function("floor: stamps and keys", |bencher| bencher.iter(|| parse(&packets)));
    for (name, settings) in &cases {
        group.bench_function(*name, |bencher| bencher.iter(|| correlate(&packets, settings.clone())));
    }
    group.finish();
    criterion.final_summary();

    let rate = |time: Duration| packets.list.len() as f64 / time.as_secs_f64() / 1e6;
    let floor = time(|| parse(&packets));
    println!("floor (stamps and keys): {:.2} million packets/s", rate(floor));
    for (name, settings) in &cases {
        let took = time(|| correlate(&packets, settings.clone()));
        let ratio = took.as_secs_f64() / floor.as_secs_f64();
        println!("{name}: {:.2} million packets/s, {ratio:.2} times the floor", rate(took));
    }
}
