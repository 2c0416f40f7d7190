//! Every stamp that a policy can ask for, on every target: the same bytes, which stock tshark decodes and our own reader takes off again.

use sluice_broker::Build;
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp};
use sluice_conformance::captures::Captured;
use sluice_conformance::harness::{self, Broker, HARDWARE};
use sluice_conformance::programs::{has_xdp, stay_on_processor};
use sluice_conformance::tools::{is_there, tshark_fields};
use sluice_entities::Update;
use sluice_latency::{ClockSource, Format, StampReader};
use sluice_switch::Engine;
use sluice_xdp::{Arrival, Device, Purpose};

/// The first tool's port; the others follow.
const FIRST_PORT: u16 = 10;

/// A stamp, how it is asked for, and what must be read of it.
struct Case {
    /// `stamp:` of a filter's edits; none: the tool has it.
    filter: &'static str,
    /// Keys of the tool.
    tool: &'static str,
    format: Format,
    clock: ClockSource,
    port: Option<u16>,
    /// Least unit of the time, nanoseconds.
    unit: u64,
    /// Options of tshark, and fields with what it must say; `{s}`, `{n}` and `{h}` are seconds, nanoseconds, and both with a point.
    tshark: &'static [&'static str],
    fields: &'static [(&'static str, &'static str)],
}

const AROUND: &str =
    "dst_mac: 02:00:00:00:00:09, src_mac: 02:00:00:00:00:08, src_ip: 192.0.2.1, dst_ip: 192.0.2.2";

const fn case(filter: &'static str, format: Format, clock: ClockSource, port: Option<u16>) -> Case {
    Case { filter, tool: "", format, clock, port, unit: 1, tshark: &[], fields: &[] }
}

fn cases() -> Vec<Case> {
    let metamako = &["--enable-heuristic", "metamako_eth"];
    let exablaze = &["--enable-heuristic", "exablaze_eth"];
    vec![
        Case {
            fields: &[("avsp.64sec", "{s}"), ("avsp.64ns", "{n}")],
            ..case("format: d28b, clock: utc", Format::D28b, ClockSource::Unstated, None)
        },
        Case {
            fields: &[("vssmonitoring.clksrc", "3"), ("vssmonitoring.time", "{h}")],
            ..case(
                "format: vss, source: ptp, port_bytes: 0",
                Format::Vss { port_bytes: 0 },
                ClockSource::Ptp,
                None,
            )
        },
        Case {
            fields: &[("vssmonitoring.clksrc", "1"), ("vssmonitoring.srcport", "200")],
            ..case(
                "format: vss, source: ntp, port: 200",
                Format::Vss { port_bytes: 1 },
                ClockSource::Ntp,
                Some(200),
            )
        },
        Case {
            tshark: &["-o", "vssmonitoring.two_byte_portstamps:TRUE"],
            fields: &[("vssmonitoring.clksrc", "2"), ("vssmonitoring.srcport", "258")],
            ..case(
                "format: vss, source: gps, port_bytes: 2, port: 258",
                Format::Vss { port_bytes: 2 },
                ClockSource::Gps,
                Some(258),
            )
        },
        Case {
            fields: &[("ixiatrailer.timestamp", "{h}")],
            ..case("format: ixia, source: holdover", Format::Ixia, ClockSource::Holdover, None)
        },
        Case {
            tool: "stamp: { format: metamako, device: 513, port: 33, degraded: true }",
            tshark: metamako,
            fields: &[("metamako.srcport", "33"), ("metamako.srcdevice", "513"), ("metamako.time", "{h}")],
            ..case("", Format::Metamako, ClockSource::Degraded, Some(33))
        },
        Case {
            tshark: exablaze,
            fields: &[("exablaze.port", "6"), ("exablaze.device", "5"), ("exablaze.timestamp", "{h}")],
            ..case("format: exablaze, device: 5, port: 6", Format::Exablaze, ClockSource::Unstated, Some(6))
        },
        Case {
            tool: "encapsulate: { erspan3: { AROUND, session: 8 } }",
            fields: &[("erspan.pid5.timestamp", "{s}"), ("erspan.timestamp", "{n}")],
            ..case("", Format::Erspan3, ClockSource::Unstated, Some(1))
        },
        Case {
            tool: "encapsulate: { erspan3: { AROUND, session: 9, granularity: 100ns } }",
            unit: 100,
            fields: &[("erspan.gra", "1")],
            ..case("", Format::Erspan3, ClockSource::Unstated, None)
        },
    ]
}

fn policy(cases: &[Case]) -> String {
    let (mut ports, mut tools, mut filters) = (String::new(), String::new(), String::new());
    for (i, case) in cases.iter().enumerate() {
        ports += &format!("  p{i}: {{ role: tool, id: {} }}\n", usize::from(FIRST_PORT) + i);
        let keys = case.tool.replace("AROUND", AROUND);
        let keys = if keys.is_empty() { keys } else { format!(", {keys}") };
        tools += &format!("  t{i}: {{ port: p{i}{keys} }}\n");
        let edits = if case.filter.is_empty() {
            String::new()
        } else {
            format!(", edits: {{ stamp: {{ {} }} }}", case.filter)
        };
        filters += &format!("  - {{ name: f{i}, to: [t{i}]{edits} }}\n");
    }
    format!("ports:\n  tap: {{ role: network, id: 1 }}\n{ports}tools:\n{tools}filters:\n{filters}")
}

/// Times at the ends of seconds, where fractions are exact, and where carries are; frames of an even and an odd length.
fn frames() -> Vec<Captured> {
    let mut frames = Vec::new();
    for (number, part) in
        [0, 1, 999_999_999, 1_953_125, 500_000_000, 123_456_789, 65_535, 65_536].into_iter().enumerate()
    {
        let data = Frame::new()
            .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
            .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]))
            .then(Udp::new(50_000, 60_000))
            .payload(&vec![0x5a; 60 + number])
            .build();
        let wire_length = data.len() as u32;
        frames.push(Captured {
            time_ns: (1_700_000_000 + number as u64) * 1_000_000_000 + part,
            data,
            wire_length,
        });
    }
    frames
}

/// What each tool got of each frame, on the soft switch.
fn soft(yaml: &str, frames: &[Captured], build: Build, engine: Engine) -> Vec<Vec<Vec<u8>>> {
    let mut broker = Broker::on(build, engine);
    broker.apply(yaml).unwrap_or_else(|refused| panic!("{refused}"));
    frames
        .iter()
        .map(|frame| {
            let mut copies = broker.send(1, frame, false).copies;
            copies.sort_by_key(|copy| copy.port);
            copies.into_iter().map(|copy| copy.data).collect()
        })
        .collect()
}

/// Writes a policy to another data path.
fn write(yaml: &str, build: Build, mut to: impl FnMut(&[Update])) {
    let mut broker = Broker::on(build, Engine::Interpreter);
    let plan = broker.plan(yaml).unwrap_or_else(|refused| panic!("{refused}"));
    let both = |_, updates: Vec<Update>, _: &mut Broker| {
        to(&updates);
        vec![updates]
    };
    broker.carry_out(plan, both, |_, _| {});
}

/// What one data path sent is read by our own reader and shown by stock tshark, each stamp as it was asked for.
fn is_read_back(target: &str, cases: &[Case], frames: &[Captured], sent: &[Vec<Vec<u8>>]) {
    for (i, case) in cases.iter().enumerate() {
        let what = format!("{target}: {} {}", case.filter, case.tool);
        let stamped: Vec<Captured> = frames
            .iter()
            .zip(sent)
            .map(|(frame, copies)| {
                let data = copies[i].clone();
                Captured { time_ns: frame.time_ns, wire_length: data.len() as u32, data }
            })
            .collect();
        for (frame, stamped) in frames.iter().zip(&stamped) {
            let later = frame.time_ns + 40_000;
            let read = StampReader::new(case.format).read(&stamped.data, later, stamped.wire_length);
            let read = read.unwrap_or_else(|| panic!("{what}: no stamp in {:02x?}", stamped.data));
            assert_eq!(read.time_ns, frame.time_ns - frame.time_ns % case.unit, "{what}");
            assert_eq!((read.clock, read.port), (case.clock, case.port), "{what}");
            assert_eq!((read.macs, read.from_ether_type), frame.data.split_at(12), "{what}");
            assert_eq!(read.wire_length, frame.wire_length, "{what}");
        }
        if is_there("tshark") {
            is_shown(&what, case, frames, &stamped);
        }
    }
}

fn is_shown(what: &str, case: &Case, frames: &[Captured], stamped: &[Captured]) {
    let names: Vec<&str> = case.fields.iter().map(|(name, _)| *name).collect();
    let rows = tshark_fields(stamped, &names, case.tshark).expect("tshark runs");
    assert_eq!(rows.len(), frames.len(), "{what}");
    for (frame, row) in frames.iter().zip(&rows) {
        let (seconds, part) = (frame.time_ns / 1_000_000_000, frame.time_ns % 1_000_000_000);
        for ((name, expected), shown) in case.fields.iter().zip(row) {
            let fits = match *expected {
                "{s}" => *shown == seconds.to_string(),
                "{n}" => *shown == part.to_string(),
                // A date, to the nanosecond.
                "{h}" => shown.contains(&format!(".{part:09}")),
                other => shown == other,
            };
            assert!(fits, "{what}: {name} is `{shown}`, not {expected} of {}", frame.time_ns);
        }
    }
}

/// On both engines.
#[test]
fn the_soft_switchs_stamps() {
    let (cases, frames) = (cases(), frames());
    let yaml = policy(&cases);
    let sent = soft(&yaml, &frames, Build::default(), Engine::Interpreter);
    is_read_back("soft switch", &cases, &frames, &sent);
    assert_eq!(soft(&yaml, &frames, Build::default(), Engine::Native), sent, "native code");
}

#[test]
fn the_kernels_stamps() {
    if !has_xdp() {
        return;
    }
    let (cases, frames) = (cases(), frames());
    let yaml = policy(&cases);
    stay_on_processor();
    let module = harness::module(Build::default());
    let mut xdp = Device::new(&module, "broker.p4", Purpose::Test).expect("the kernel takes the broker");
    write(&yaml, Build::default(), |updates| {
        xdp.write(updates).expect("it takes what the soft switch takes");
    });
    let pass = |frame: &Captured| {
        let Captured { time_ns, data, wire_length } = frame;
        let arrival =
            Arrival { port: 1, time_ns: *time_ns, frame: data, wire_length: *wire_length, is_bad: false };
        let mut copies = xdp.pass(&arrival).expect("the kernel runs it");
        copies.sort_by_key(|departure| departure.port);
        copies.into_iter().map(|departure| departure.frame).collect()
    };
    let sent: Vec<Vec<Vec<u8>>> = frames.iter().map(pass).collect();
    is_read_back("XDP", &cases, &frames, &sent);
    // Sequence numbers count here from the first frame on, as on the other.
    assert_eq!(sent, soft(&yaml, &frames, Build::default(), Engine::Interpreter));
}

#[test]
fn the_hardwares_stamps() {
    let Some(mut rtl) = harness::in_hardware(false) else { return };
    let (cases, frames) = (cases(), frames());
    let yaml = policy(&cases);
    write(&yaml, HARDWARE, |updates| {
        rtl.write(updates).expect("there is room");
    });
    rtl.machine().run(8).expect("it runs");
    let mut sent: Vec<Vec<Vec<u8>>> = vec![Vec::new(); frames.len()];
    for frame in &frames {
        rtl.machine().frame(1, false, frame.time_ns, 80, &frame.data).expect("it goes in");
    }
    let run = rtl.run().expect("it runs");
    for port in FIRST_PORT..FIRST_PORT + cases.len() as u16 {
        let mut copies = run.sent.iter().filter(|copy| copy.port == port);
        sent.iter_mut().for_each(|sent| sent.extend(copies.next().map(|copy| copy.bytes.clone())));
        assert_eq!(copies.next(), None, "port {port}");
    }
    is_read_back("RTL", &cases, &frames, &sent);
    assert_eq!(sent, soft(&yaml, &frames, HARDWARE, Engine::Interpreter));
}
