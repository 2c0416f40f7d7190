//! What the broker in the kernel forwards from one tap to one tool or three, beside the floor of the same: a redirection by a group to members with an empty
//! program. One processor sends and forwards; the far ends drop everything as early as can be. Ratios are of one run.
//!
//! The generator is the kernel's own (`BPF_F_TEST_XDP_LIVE_FRAMES`): it puts frames into the tap's cable from the other end.

use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;
use std::time::{Duration, Instant};

use libbpf_rs::{MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder, ProgramInput};
use sluice_broker::Build;
use sluice_conformance::harness::lab::{FarEnd, Lab, device_number, must};
use sluice_conformance::harness::{self, Broker};
use sluice_conformance::programs::{has_xdp, stay_on_processor};
use sluice_entities::Update;
use sluice_switch::Engine;
use sluice_target::port::Role;
use sluice_xdp::{Device, Purpose};

const TOOLS: [(&str, u16); 3] = [("one", 11), ("two", 12), ("three", 13)];

/// Frames of one measurement.
const FRAMES: u32 = 400_000;

/// Measurements of each contender, in turn; the quickest counts.
const ROUNDS: usize = 5;

const FLOOR: &str = r#"
#include <linux/bpf.h>
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *) 1;
static long (*bpf_redirect)(unsigned device, unsigned long long flags) = (void *) 23;
static long (*bpf_redirect_map)(void *map, unsigned long long key, unsigned long long flags) = (void *) 51;
struct members {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 8);
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, unsigned);
	__array(values, struct members);
} groups SEC(".maps");
SEC("xdp") int generate(struct xdp_md *ctx) { return bpf_redirect(DEVICE, 0); }
SEC("xdp") int forward(struct xdp_md *ctx)
{
	unsigned group = 1;
	void *members = bpf_map_lookup_elem(&groups, &group);
	return members ? bpf_redirect_map(members, 0, BPF_F_BROADCAST) : XDP_DROP;
}
SEC("xdp/devmap") int leave(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "Dual MIT/GPL";
"#;

/// Compiles and loads the floor and the generator.
fn floor() -> Object {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, object) = (folder.path().join("floor.c"), folder.path().join("floor.o"));
    let text = FLOOR.replace("DEVICE", &device_number("tap-end").to_string());
    std::fs::write(&source, text).expect("it can be written");
    must(&format!(
        "clang -O2 -g -target bpf -mcpu=v3 -I/usr/include/{}-linux-gnu -c {} -o {}",
        std::env::consts::ARCH,
        source.display(),
        object.display()
    ));
    let bytes = std::fs::read(&object).expect("clang wrote it");
    ObjectBuilder::default().open_memory(&bytes).and_then(|open| open.load()).expect("the kernel takes it")
}

/// Makes the floor's group have these tools.
fn members(floor: &Object, tools: &[(&str, u16)]) -> MapHandle {
    let options = libbpf_rs::libbpf_sys::bpf_map_create_opts {
        sz: size_of::<libbpf_rs::libbpf_sys::bpf_map_create_opts>() as libbpf_rs::libbpf_sys::size_t,
        ..Default::default()
    };
    let map = MapHandle::create(MapType::Devmap, Some("members"), 4, 8, tools.len() as u32, &options)
        .expect("a map");
    let leave = floor.progs().find(|program| program.name() == "leave").expect("it is in the object");
    let program = leave.as_fd().as_raw_fd();
    for (slot, (name, _)) in tools.iter().enumerate() {
        let target: Vec<u8> =
            device_number(name).to_ne_bytes().into_iter().chain(program.to_ne_bytes()).collect();
        map.update(&(slot as u32).to_ne_bytes(), &target, MapFlags::ANY).expect("a member");
    }
    let groups = floor.maps().find(|map| map.name() == "groups").expect("it is in the object");
    let descriptor = map.as_fd().as_raw_fd();
    groups.update(&1u32.to_ne_bytes(), &descriptor.to_ne_bytes(), MapFlags::ANY).expect("a group");
    map
}

/// A TCP segment of 64 bytes to port 80.
fn frame() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 50, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    frame.resize(64, 0x55);
    frame
}

/// Frames that far ends have dropped.
fn arrived() -> u64 {
    let count = |name: &str| -> u64 {
        let line = format!("ethtool -S {name}-end | awk '/xdp_packets/ {{ s += $2 }} END {{ print s }}'");
        let output = Command::new("sh").args(["-c", &line]).output().expect("there is a shell");
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
    };
    TOOLS.iter().map(|(name, _)| count(name)).sum()
}

/// Sends; gives millions of frames a second that came out.
fn rate(floor: &Object) -> f64 {
    let generate =
        floor.progs_mut().find(|program| program.name() == "generate").expect("it is in the object");
    let before = arrived();
    let begin = Instant::now();
    let data = frame();
    let input = ProgramInput { data_in: Some(&data), repeat: FRAMES, flags: 2, ..Default::default() };
    generate.test_run(input).expect("the kernel generates frames");
    let took = begin.elapsed().as_secs_f64();
    (arrived() - before) as f64 / took / 1e6
}

fn policy(filters: usize, tools: &str) -> String {
    let mut text = String::from("ports:\n  tap: { role: network, id: 1 }\n");
    for (name, port) in TOOLS {
        text.push_str(&format!("  {name}: {{ role: tool, id: {port} }}\n"));
    }
    text.push_str("filters:\n");
    for i in 0..filters.saturating_sub(1) {
        let (a, b) = (i / 200, i % 200);
        text.push_str(&format!(
            "  - {{ name: f{i}, match: src net 172.{}.{b}.0/24 and tcp dst port {} or vlan {}, to: [one] }}\n",
            16 + a,
            1_000 + i,
            100 + i
        ));
    }
    text.push_str(&format!("  - {{ name: web, match: tcp port 80, to: [{tools}] }}\n"));
    text
}

/// The broker on the devices, with that policy.
fn broker(yaml: &str) -> Device {
    let module = harness::module(Build::default());
    let mut soft = Broker::on(Build::default(), Engine::Interpreter);
    let mut xdp = Device::new(&module, "broker.p4", Purpose::Live).expect("the kernel takes the broker");
    xdp.attach(1, device_number("tap"), Role::Network).expect("the tap takes the program");
    for (name, port) in TOOLS {
        xdp.attach(port, device_number(name), Role::Tool).expect("a tool");
    }
    let plan = soft.plan(yaml).unwrap_or_else(|why| panic!("{why}"));
    let both = |_, updates: Vec<Update>, _: &mut Broker| {
        xdp.write(&updates).expect("the kernel takes it");
        vec![updates]
    };
    soft.carry_out(plan, both, |_, _| {});
    let times = specialize(&mut xdp);
    eprintln!(
        "what is left of the program: made in {:?}, compiled in {:?}, loaded in {:?}",
        times[0], times[1], times[2]
    );
    xdp
}

/// Sends through one contender for long: `SLUICE_PROFILE=TOOLSxFILTERS`, with `perf record -a` beside it; 0 filters are the floor.
fn profile(floor: &Object, asked: &str) {
    let numbers: Vec<usize> = asked.split('x').filter_map(|number| number.parse().ok()).collect();
    let [tools @ (1 | 3), filters] = numbers[..] else { panic!("SLUICE_PROFILE is 1x10, 3x0, or the like") };
    let _members = members(floor, &TOOLS[..tools]);
    let list = if tools == 1 { "one" } else { "one, two, three" };
    let forward = floor.progs_mut().find(|program| program.name() == "forward").expect("it is there");
    let _link =
        (filters == 0).then(|| forward.attach_xdp(device_number("tap") as i32).expect("the tap takes it"));
    let _broker = (filters > 0).then(|| broker(&policy(filters, list)));
    println!("ready");
    let rates: Vec<f64> = (0..20).map(|_| rate(floor)).collect();
    println!("{asked}: {:.2} millions a second", rates.iter().copied().fold(0.0, f64::max));
}

/// Lets the program run that the policy needs; how long text, object and loading took.
fn specialize(xdp: &mut Device) -> [Duration; 3] {
    let begin = Instant::now();
    let source = xdp.lean_source().expect("XDP has it").expect("some tables are empty");
    let made = begin.elapsed();
    let object = source.compile().expect("clang takes it");
    let compiled = begin.elapsed();
    assert!(xdp.run_lean(&object).expect("the kernel takes it"));
    [made, compiled - made, begin.elapsed() - compiled]
}

fn main() {
    if !has_xdp() {
        return;
    }
    stay_on_processor();
    let names = ["tap"].into_iter().chain(TOOLS.iter().map(|(name, _)| *name));
    let Some(_lab) = Lab::new(names, FarEnd::Drop) else { return };
    let floor = floor();
    println!(
        "millions of frames of 64 bytes a second out of the far ends, one processor, the quickest of {ROUNDS} rounds"
    );
    if let Ok(asked) = std::env::var("SLUICE_PROFILE") {
        return profile(&floor, &asked);
    }
    for (tools, list) in [(&TOOLS[..1], "one"), (&TOOLS[..], "one, two, three")] {
        let _members = members(&floor, tools);
        let mut best = [0f64; 4];
        for _ in 0..ROUNDS {
            let forward = floor.progs_mut().find(|program| program.name() == "forward").expect("it is there");
            let link = forward.attach_xdp(device_number("tap") as i32).expect("the tap takes it");
            best[0] = best[0].max(rate(&floor));
            drop(link);
            for (index, filters) in [(1, 1), (2, 10), (3, 100)] {
                let xdp = broker(&policy(filters, list));
                best[index] = best[index].max(rate(&floor));
                drop(xdp);
            }
        }
        println!(
            "{} tools: floor {:.2}; broker with 1 filter {:.2} ({:.2} of it), 10 filters {:.2} ({:.2}), 100 filters {:.2} ({:.2})",
            tools.len(),
            best[0],
            best[1],
            best[1] / best[0],
            best[2],
            best[2] / best[0],
            best[3],
            best[3] / best[0]
        );
    }
}
