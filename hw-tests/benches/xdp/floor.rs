//! The floor: a redirection by a group to its members with an empty program; and the generator, which is the kernel's own
//! (`BPF_F_TEST_XDP_LIVE_FRAMES`): it puts frames into the tap's cable from the other end.

use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;
use std::time::{Duration, Instant};

use libbpf_rs::{
    Link, MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder, ProgramInput, ProgramMut,
};
use sluice_conformance::harness::lab::{device_number, must};

pub(crate) const TOOLS: [(&str, u16); 3] = [("one", 11), ("two", 12), ("three", 13)];

/// Frames of one measurement: some 100 ms, beside which what is taken off for the kernel's waiting, which differs by a few, is little.
pub(crate) const SHORT: u32 = 500_000;

/// Frames for who forwards in a process of its own, beside which what its sockets hold is little.
pub(crate) const LONG: u32 = 1_500_000;

/// What the generator sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Traffic {
    /// One flow.
    One,
    /// 10,000 flows; no two frames are equal.
    Flows,
}

/// The programs, loaded; the namespace of the bench must be this thread's.
pub(crate) struct Floor(Object);

impl Floor {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (source, object) = (folder.path().join("floor.c"), folder.path().join("floor.o"));
        std::fs::write(&source, include_str!("floor.c")).expect("it can be written");
        must(&format!(
            "clang -O2 -g -target bpf -mcpu=v3 -DTAP_END={} -DONE={} -I/usr/include/{}-linux-gnu -c {} -o {}",
            device_number("tap-end"),
            device_number("one"),
            std::env::consts::ARCH,
            source.display(),
            object.display()
        ));
        let bytes = std::fs::read(&object).expect("clang wrote it");
        let open = ObjectBuilder::default().open_memory(&bytes).and_then(|open| open.load());
        Self(open.expect("the kernel takes it"))
    }

    fn program(&self, name: &str) -> ProgramMut<'_> {
        self.0.progs_mut().find(|program| program.name() == name).expect("it is in the object")
    }

    /// Puts a program on the tap, as long as the link is there.
    pub(crate) fn on_tap(&self, name: &str) -> Link {
        self.program(name).attach_xdp(device_number("tap") as i32).expect("the tap takes it")
    }

    /// Makes the floor's group have these tools, as long as the map is there.
    pub(crate) fn members(&self, tools: &[(&str, u16)]) -> MapHandle {
        let options = libbpf_rs::libbpf_sys::bpf_map_create_opts {
            sz: size_of::<libbpf_rs::libbpf_sys::bpf_map_create_opts>() as libbpf_rs::libbpf_sys::size_t,
            ..Default::default()
        };
        let map = MapHandle::create(MapType::Devmap, Some("members"), 4, 8, tools.len() as u32, &options)
            .expect("a map");
        let leave = self.program("leave");
        let program = leave.as_fd().as_raw_fd();
        for (slot, (name, _)) in tools.iter().enumerate() {
            let target: Vec<u8> =
                device_number(name).to_ne_bytes().into_iter().chain(program.to_ne_bytes()).collect();
            map.update(&(slot as u32).to_ne_bytes(), &target, MapFlags::ANY).expect("a member");
        }
        let groups = self.0.maps().find(|map| map.name() == "groups").expect("it is in the object");
        let descriptor = map.as_fd().as_raw_fd();
        groups.update(&1u32.to_ne_bytes(), &descriptor.to_ne_bytes(), MapFlags::ANY).expect("a group");
        map
    }

    /// How long a program that does nothing takes for a frame, on average over so many test runs.
    pub(crate) fn time_empty(&self, runs: u32) -> Duration {
        let data = frame();
        let input = ProgramInput { data_in: Some(&data), repeat: runs, ..Default::default() };
        self.program("pass").test_run(input).expect("it runs").duration
    }

    /// Sends; gives millions of frames a second that came out of the far ends. What is still on its way in a process of its own is waited for.
    pub(crate) fn rate(&self, traffic: Traffic, frames: u32) -> f64 {
        let generate = self.program(match traffic {
            Traffic::One => "generate",
            Traffic::Flows => "generate_flows",
        });
        let data = frame();
        let time = |repeat: u32| {
            let input = ProgramInput { data_in: Some(&data), repeat, flags: 2, ..Default::default() };
            let begin = Instant::now();
            generate.test_run(input).expect("the kernel generates frames");
            begin.elapsed()
        };
        // What the kernel does before and after a run, whose waiting for all processors takes as long as 100,000 frames.
        let around = (0..4).map(|_| time(1)).min().unwrap_or_default();
        let before = arrived();
        let took = time(frames).saturating_sub(around).as_secs_f64();
        let seen = if frames == LONG { settled() } else { arrived() };
        (seen - before) as f64 / took / 1e6
    }
}

/// A TCP segment of 64 bytes to port 80.
pub(crate) fn frame() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 50, 0xff, 0xff, 0x40, 0, 64, 6, 0, 0, 172, 16, 0, 0, 10, 0, 0, 2]);
    let sum: u32 =
        frame[14..].as_chunks::<2>().0.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    frame[24..26].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    frame.extend([0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    frame.resize(64, 0x55);
    frame
}

/// What [`arrived`] gives once it does not rise any more.
fn settled() -> u64 {
    let mut seen = arrived();
    loop {
        std::thread::sleep(Duration::from_millis(20));
        match arrived() {
            now if now == seen => return seen,
            now => seen = now,
        }
    }
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
