//! `sluice clock`: how each clock that times packets is kept.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use sluice_target::ptp::{self, PtpDaemon};
use sluice_target::sys::{KernelClock, Linux, PtpReading, System};

use crate::args::ClockArguments;
use crate::failure::Failure;

/// How long a daemon has for its answers.
const PATIENCE: Duration = Duration::from_secs(2);
/// Hardware clocks that are this near to a whole number of seconds beside the system's keep another time scale, nanoseconds.
const SCALE_NS: i64 = 500_000_000;

/// All that was found out.
#[derive(Debug, Serialize)]
struct Clocks {
    system: SystemClock,
    devices: Vec<Device>,
    daemons: Vec<Daemon>,
}

/// The system's clock: stamps of the soft switch and of XDP are its.
#[derive(Debug, Serialize)]
struct SystemClock {
    /// Nothing where the kernel does not tell.
    locked: Option<bool>,
    correction_ns: i64,
    estimated_error_ns: u64,
    most_error_ns: u64,
    frequency_ppb: i64,
    tai_offset_s: i32,
}

/// A PTP hardware clock.
#[derive(Debug, Serialize)]
struct Device {
    name: String,
    clock: String,
    interfaces: Vec<String>,
    /// Ahead of the system's clock by so much, nanoseconds; and how exact that is.
    ahead_ns: Option<i64>,
    ahead_bound_ns: Option<i64>,
    error: Option<String>,
}

/// A PTP daemon.
#[derive(Debug, Serialize)]
struct Daemon {
    socket: PathBuf,
    locked: Option<bool>,
    offset_ns: Option<i64>,
    path_delay_ns: Option<i64>,
    steps: Option<u16>,
    grandmaster: Option<String>,
    grandmaster_class: Option<u8>,
    utc_offset_s: Option<i16>,
    time_traceable: Option<bool>,
    frequency_traceable: Option<bool>,
    ports: Vec<(u16, &'static str)>,
    error: Option<String>,
}

pub(crate) fn run(arguments: &ClockArguments) -> Result<(), Failure> {
    let clocks = Clocks {
        system: system_clock(&Linux)?,
        devices: devices(&Linux, Path::new("/sys/class")),
        daemons: daemons(arguments),
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&clocks).unwrap_or_default());
    } else {
        print!("{clocks}");
    }
    Ok(())
}

fn system_clock(system: &dyn System) -> Result<SystemClock, Failure> {
    let KernelClock { is_locked, correction_ns, estimated_ns, most_ns, frequency_ppb, tai_offset_s } =
        system.kernel_clock().map_err(Failure::system("ask the kernel for its clock's state"))?;
    Ok(SystemClock {
        locked: Some(is_locked),
        correction_ns,
        estimated_error_ns: estimated_ns,
        most_error_ns: most_ns,
        frequency_ppb,
        tai_offset_s,
    })
}

/// The entries of a folder of `sysfs`, sorted.
fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn devices(system: &dyn System, class: &Path) -> Vec<Device> {
    let mut devices = Vec::new();
    for name in entries(&class.join("ptp")) {
        let clock = std::fs::read_to_string(class.join("ptp").join(&name).join("clock_name"));
        let has =
            |interface: &String| class.join("net").join(interface).join("device/ptp").join(&name).exists();
        let interfaces = entries(&class.join("net")).into_iter().filter(has).collect();
        let clock = clock.map_or_else(|_| "unknown".to_string(), |text| text.trim().to_string());
        let (ahead, error) = match system.ptp_readings(&name) {
            Ok(readings) => (ahead(&readings), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (ahead_ns, ahead_bound_ns) = ahead.unzip();
        devices.push(Device { name, clock, interfaces, ahead_ns, ahead_bound_ns, error });
    }
    devices
}

/// How far a device is ahead of the system's clock, and within what: by the reading for which the system's clock took least.
fn ahead(readings: &[PtpReading]) -> Option<(i64, i64)> {
    let took = |reading: &&PtpReading| reading.after_ns - reading.before_ns;
    let best = readings.iter().filter(|reading| took(reading) >= 0).min_by_key(took)?;
    let half = took(&best) / 2;
    Some((best.device_ns - (best.before_ns + half), took(&best) - half))
}

fn daemons(arguments: &ClockArguments) -> Vec<Daemon> {
    let given = arguments.ptp_socket.is_some();
    let sockets: Vec<PathBuf> = match &arguments.ptp_socket {
        Some(socket) => vec![socket.clone()],
        None => ptp::SOCKETS.iter().map(PathBuf::from).filter(|socket| socket.exists()).take(1).collect(),
    };
    let ask = |socket: PathBuf| match ptp::ask(&socket, arguments.ptp_domain, PATIENCE) {
        Ok(state) => said(socket, &state),
        Err(error) => {
            let missing = error.kind() == std::io::ErrorKind::NotFound && given;
            let text = if missing { "there is no such socket".to_string() } else { error.to_string() };
            Daemon { error: Some(text), ..silent(socket) }
        }
    };
    sockets.into_iter().map(ask).collect()
}

fn silent(socket: PathBuf) -> Daemon {
    Daemon {
        socket,
        locked: None,
        offset_ns: None,
        path_delay_ns: None,
        steps: None,
        grandmaster: None,
        grandmaster_class: None,
        utc_offset_s: None,
        time_traceable: None,
        frequency_traceable: None,
        ports: Vec::new(),
        error: None,
    }
}

fn said(socket: PathBuf, state: &PtpDaemon) -> Daemon {
    let hex = |identity: &[u8]| identity.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Daemon {
        locked: Some(state.is_locked()),
        offset_ns: Some(state.offset_ns),
        path_delay_ns: Some(state.path_delay_ns),
        steps: Some(state.steps),
        grandmaster: state.grandmaster.map(|(identity, _)| hex(&identity)),
        grandmaster_class: state.grandmaster.map(|(_, class)| class),
        utc_offset_s: state.utc_offset_s,
        time_traceable: Some(state.traceable.0),
        frequency_traceable: Some(state.traceable.1),
        ports: state.ports.iter().map(|(number, state)| (*number, state.name())).collect(),
        ..silent(socket)
    }
}

/// Nanoseconds with the unit that reads best.
fn time(ns: i64) -> String {
    match ns.unsigned_abs() {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{:.3} us", ns as f64 / 1e3),
        10_000_000..1_000_000_000 => format!("{:.3} ms", ns as f64 / 1e6),
        _ => format!("{:.6} s", ns as f64 / 1e9),
    }
}

impl fmt::Display for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = &self.system;
        let kept =
            if system.locked == Some(true) { "kept right" } else { "running free: nothing keeps it right" };
        let tai = match system.tai_offset_s {
            0 => "the kernel was not told how far TAI is ahead".to_string(),
            seconds => format!("TAI is {seconds} s ahead"),
        };
        writeln!(f, "system clock: {kept}; {tai}")?;
        let [correction, estimated, most] = [
            time(system.correction_ns),
            time(i64::try_from(system.estimated_error_ns).unwrap_or(i64::MAX)),
            time(i64::try_from(system.most_error_ns).unwrap_or(i64::MAX)),
        ];
        writeln!(
            f,
            "  correction {correction}, estimated error {estimated}, at most {most} off, {} ppb faster than by itself",
            system.frequency_ppb
        )?;
        for device in &self.devices {
            device.show(f)?;
        }
        if self.devices.is_empty() {
            writeln!(f, "no PTP hardware clocks")?;
        }
        for daemon in &self.daemons {
            daemon.show(f)?;
        }
        if self.daemons.is_empty() {
            writeln!(f, "no PTP daemon at {}", ptp::SOCKETS.join(" or "))?;
        }
        Ok(())
    }
}

impl Device {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.interfaces.is_empty() {
            String::new()
        } else {
            format!(" of {}", self.interfaces.join(", "))
        };
        write!(f, "{} ({}){of}: ", self.name, self.clock)?;
        match (self.ahead_ns, self.ahead_bound_ns, &self.error) {
            (Some(ahead), Some(bound), _) => {
                let seconds = (ahead + SCALE_NS).div_euclid(1_000_000_000);
                let rest = ahead - seconds * 1_000_000_000;
                let scale = if seconds == 0 { String::new() } else { format!("{seconds} s and ") };
                writeln!(f, "ahead of the system clock by {scale}{}, within {}", time(rest), time(bound))
            }
            (.., Some(error)) => writeln!(f, "cannot be read: {error}"),
            _ => writeln!(f, "gives no readings"),
        }
    }
}

impl Daemon {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let socket = self.socket.display();
        if let Some(error) = &self.error {
            return writeln!(f, "PTP daemon at {socket}: {error}");
        }
        let locked = if self.locked == Some(true) { "follows a master" } else { "follows no master" };
        writeln!(f, "PTP daemon at {socket}: {locked}")?;
        let mut line = String::new();
        if let (Some(offset), Some(delay), Some(steps)) = (self.offset_ns, self.path_delay_ns, self.steps) {
            let _ = write!(line, "offset {}, path delay {}, {steps} steps from ", time(offset), time(delay));
        }
        if let (Some(grandmaster), Some(class)) = (&self.grandmaster, self.grandmaster_class) {
            let _ = write!(line, "grandmaster {grandmaster} of class {class} ({})", class_name(class));
        }
        let traceable = if self.time_traceable == Some(true) { "traceable" } else { "not traceable" };
        let utc = self.utc_offset_s.map_or("not stated".to_string(), |seconds| format!("{seconds} s"));
        writeln!(f, "  {line}; time {traceable}, TAI minus UTC {utc}")?;
        let ports: Vec<String> =
            self.ports.iter().map(|(number, state)| format!("{number} {state}")).collect();
        writeln!(f, "  ports: {}", ports.join(", "))
    }
}

/// What a clock's class means (IEEE 1588-2008, table 5).
fn class_name(class: u8) -> &'static str {
    match class {
        6 | 13 => "locked to a primary source",
        7 | 14 => "holdover, within its specification",
        52 | 58 => "holdover, out of its specification",
        187 | 193 => "holdover, may follow others",
        248 => "default",
        255 => "only follows",
        _ => "profile's own",
    }
}
