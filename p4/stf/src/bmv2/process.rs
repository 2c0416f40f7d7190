//! The processes: the switch, and its command line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sluice_capture::{ReadOptions, Reader};
use tempfile::TempDir;

use super::ports::output;
use super::{NAME, Result, TargetError, commands, failed};

/// The command line of the switch.
const COMMAND_LINE: &str = "simple_switch_CLI";

/// How long the switch may take to come up.
const START_TIME: Duration = Duration::from_secs(60);

/// How long the switch must write nothing until all that was sent is taken to have passed.
const QUIET_TIME: Duration = Duration::from_millis(400);

/// Between two looks.
const LOOK_TIME: Duration = Duration::from_millis(50);

/// A program on PATH.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A running switch.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    thrift_port: u16,
    ports: Vec<u16>,
    folder: TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub(super) fn start(folder: TempDir, json: &Path, ports: &[u16]) -> Result<Self> {
        let program = find_program(NAME).ok_or_else(|| failed("it is not on PATH"))?;
        let json = fs::canonicalize(json).map_err(|why| failed(format!("{}: {why}", json.display())))?;
        let log = File::create(folder.path().join("switch.log")).map_err(io_failed)?;
        let errors = log.try_clone().map_err(io_failed)?;
        let thrift_port = free_port()?;
        let mut command = Command::new(program);
        command.args(["--use-files", "0", "--thrift-port", &thrift_port.to_string()]);
        command.args(["--device-id", &thrift_port.to_string()]);
        for port in ports {
            command.args(["-i", &format!("{port}@pcap{port}")]);
        }
        command.arg(json).current_dir(folder.path()).stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command.spawn().map_err(|why| failed(format!("it does not start: {why}")))?;
        let mut process = Self { child, thrift_port, ports: ports.to_vec(), folder };
        process.come_up()?;
        Ok(process)
    }

    /// Waits until it takes commands.
    fn come_up(&mut self) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.thrift_port));
        let start = Instant::now();
        while TcpStream::connect_timeout(&address, LOOK_TIME).is_err() {
            self.is_alive()?;
            if start.elapsed() > START_TIME {
                return Err(failed("it takes no commands"));
            }
            std::thread::sleep(LOOK_TIME);
        }
        Ok(())
    }

    fn is_alive(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let log = fs::read_to_string(self.folder.path().join("switch.log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                Err(failed(format!("it ended ({status}): {}", last.join(" | "))))
            }
            Err(why) => Err(failed(why.to_string())),
        }
    }

    /// Gives commands, and waits until they are carried out; gives what was printed.
    pub(super) fn commands(&mut self, lines: &[String]) -> Result<String> {
        self.is_alive()?;
        let program =
            find_program(COMMAND_LINE).ok_or_else(|| failed(format!("{COMMAND_LINE} is not on PATH")))?;
        let mut child = Command::new(program)
            .args(["--thrift-port", &self.thrift_port.to_string()])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| failed(format!("{COMMAND_LINE}: {why}")))?;
        if let Some(mut input) = child.stdin.take() {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            // From a thread of its own: what it prints must be read meanwhile.
            let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
            let printed = child.wait_with_output().map_err(io_failed)?;
            // If it ended without reading everything, its exit code or its output says so.
            let _ = writer.join();
            let text = String::from_utf8_lossy(&printed.stdout).into_owned();
            let complaints = commands::complaints(&text);
            if !complaints.is_empty() {
                return Err(TargetError::Refused(complaints.join("; ")));
            }
            if !printed.status.success() {
                let errors = String::from_utf8_lossy(&printed.stderr);
                return Err(failed(format!("{COMMAND_LINE} ({}): {}", printed.status, errors.trim())));
            }
            return Ok(text);
        }
        Err(failed(format!("{COMMAND_LINE} takes no input")))
    }

    /// Waits until nothing has been written for a while.
    pub(super) fn settle(&mut self) -> Result<()> {
        let size = |port: &u16| fs::metadata(output(self.folder.path(), *port)).map_or(0, |data| data.len());
        let written = || self.ports.iter().map(size).sum::<u64>();
        let (mut last, mut since) = (written(), Instant::now());
        while since.elapsed() < QUIET_TIME {
            std::thread::sleep(LOOK_TIME);
            let now = written();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        self.is_alive()
    }

    /// Ends the switch and reads what its ports sent.
    pub(super) fn stop(&mut self) -> Result<BTreeMap<u16, Vec<Vec<u8>>>> {
        self.is_alive()?;
        self.child.kill().map_err(io_failed)?;
        self.child.wait().map_err(io_failed)?;
        let mut all = BTreeMap::new();
        for port in &self.ports {
            all.insert(*port, packets(&output(self.folder.path(), *port))?);
        }
        Ok(all)
    }
}

/// The packets of a capture; none of a file that is not there or empty.
fn packets(path: &Path) -> Result<Vec<Vec<u8>>> {
    if fs::metadata(path).map_or(0, |data| data.len()) == 0 {
        return Ok(Vec::new());
    }
    let unreadable = |why: &dyn std::fmt::Display| failed(format!("what it sent cannot be read: {why}"));
    let file = File::open(path).map_err(|why| unreadable(&why))?;
    let options = ReadOptions { assume_ethernet: true, ..ReadOptions::default() };
    let mut reader = Reader::new(file, options).map_err(|why| unreadable(&why))?;
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet().map_err(|why| unreadable(&why))? {
        packets.push(packet.data.to_vec());
    }
    Ok(packets)
}

/// A port of this machine that nobody listens on now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io_failed)?;
    Ok(listener.local_addr().map_err(io_failed)?.port())
}

fn io_failed(why: std::io::Error) -> TargetError {
    failed(why.to_string())
}
