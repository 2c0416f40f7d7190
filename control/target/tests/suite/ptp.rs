//! A PTP daemon's answers: of a daemon made here, byte by byte as the standard has them, and of linuxptp's own.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sluice_target::ptp::{PortState, ask};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the daemon answers to a question about a data set: TLV type and bodies, one a datagram.
type Script = fn(u16) -> Vec<(u16, Vec<u8>)>;

fn well(set: u16) -> Vec<(u16, Vec<u8>)> {
    let identity = [0xaa, 1, 2, 0xff, 0xfe, 3, 4, 5];
    let bodies = match set {
        // 2 steps; -12.5 ns and 345 ns in parts of 2^-16.
        0x2001 => vec![
            [&2_u16.to_be_bytes()[..], &(-819_200_i64).to_be_bytes(), &22_609_920_i64.to_be_bytes()].concat(),
        ],
        0x2002 => vec![[&[0; 10][..], &[0; 8], &[128, 7, 0x21, 0, 9, 127], &identity].concat()],
        0x2003 => vec![vec![0, 37, 0b11_1100, 0x20]],
        _ => (1..=2_u8)
            .rev()
            .map(|port| [&[0; 8][..], &[0, port, if port == 1 { 9 } else { 6 }], &[0; 15]].concat())
            .collect(),
    };
    bodies.into_iter().map(|body| (1, body)).collect()
}

/// A daemon for as many questions as there are data sets.
fn daemon(path: &Path, script: Script) -> thread::JoinHandle<()> {
    let socket = UnixDatagram::bind(path).expect("a socket in a new folder");
    socket.set_read_timeout(Some(PATIENCE)).expect("it takes a time");
    thread::spawn(move || {
        let mut buffer = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let question = &buffer[..length];
            assert_eq!((length, question[0], question[1], question[4], question[32]), (54, 0x0d, 2, 5, 4));
            assert_eq!(question[34..44], [0xff; 10], "all ports are asked");
            assert_eq!(question[46..52], [0, 0, 0, 1, 0, 2], "it is a question for an id alone");
            let set = u16::from_be_bytes([question[52], question[53]]);
            for (kind, body) in script(set) {
                let mut answer = question.to_vec();
                answer[46] = 2;
                answer[48..50].copy_from_slice(&kind.to_be_bytes());
                answer[50..52].copy_from_slice(&(body.len() as u16 + 2).to_be_bytes());
                answer.extend(&body);
                // An answer to somebody else's question, which is not taken.
                let mut stray = answer.clone();
                stray[31] ^= 0x55;
                socket.send_to_addr(&stray, &from).expect("who asks listens");
                if socket.send_to_addr(&answer, &from).is_err() {
                    return;
                }
            }
            if set == 0x2004 || script(set).iter().any(|(kind, _)| *kind != 1) {
                return;
            }
        }
    })
}

#[test]
fn a_daemon_says_what_it_follows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ptp");
    let daemon = daemon(&path, well);
    let state = ask(&path, 5, PATIENCE).expect("it answers");
    daemon.join().expect("it was asked well");
    assert_eq!((state.steps, state.offset_ns, state.path_delay_ns), (2, -12, 345));
    assert_eq!(state.grandmaster, Some(([0xaa, 1, 2, 0xff, 0xfe, 3, 4, 5], 7)));
    assert_eq!((state.utc_offset_s, state.traceable), (Some(37), (true, true)));
    assert_eq!(state.ports, [(1, PortState::Slave), (2, PortState::Master)]);
    assert!(state.is_locked());
}

#[test]
fn what_is_refused_cut_or_silent_is_an_error() {
    let scripts: [(Script, &str); 3] = [
        (|_| vec![(2, vec![0, 2, 0x20, 1])], "refuses"),
        (|_| vec![(1, vec![0])], "no PTP daemon"),
        (|_| Vec::new(), "no answer"),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, (script, expected)) in scripts.into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        let _daemon = daemon(&path, script);
        let patience = if expected == "no answer" { Duration::from_millis(200) } else { PATIENCE };
        let error = ask(&path, 5, patience).expect_err("it does not answer well");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(ask(&folder.path().join("none"), 0, PATIENCE).is_err());
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// linuxptp's daemon, alone on the loopback with a clock that it does not touch, becomes a master.
#[test]
fn ptp4l_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (socket, config) = (folder.path().join("ptp4l"), folder.path().join("ptp4l.conf"));
    let text = format!(
        "[global]\nfree_running 1\ntime_stamping software\nnetwork_transport L2\nuds_address {}\nuds_ro_address {}.ro\nlogAnnounceInterval -3\nlogSyncInterval -3\nclockClass 6\n[lo]\n",
        socket.display(),
        socket.display()
    );
    // Version 3.1 has no second socket.
    for text in [
        text.clone(),
        text.lines().filter(|line| !line.contains("_ro_")).map(|line| format!("{line}\n")).collect(),
    ] {
        std::fs::write(&config, text).expect("a file in a new folder");
        let started =
            Command::new("ptp4l").arg("-f").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = started else {
            println!("skipped: ptp4l is not installed");
            return;
        };
        let mut running = Running(child);
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if running.0.try_wait().expect("it is ours").is_some() {
                break;
            }
            if let Ok(state) = ask(&socket, 0, Duration::from_secs(2))
                && state.ports == [(1, PortState::Master)]
            {
                assert_eq!((state.steps, state.grandmaster.map(|(_, class)| class)), (0, Some(6)));
                assert!(!state.is_locked());
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
    println!("skipped: ptp4l does not run here (it needs packet sockets)");
}
