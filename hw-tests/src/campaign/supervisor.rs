//! The process that watches the trials.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::child::{FINDINGS_FILE, FIRST, FOLDER, MILLISECONDS, SEED_FILE, STATISTICS_FILE, TRIALS};
use super::{Campaign, FINDINGS, Length, Statistics};

/// Between two looks at the child.
const LOOK: Duration = Duration::from_millis(50);

/// `/proc` counts processor time in these, on Linux.
const TICKS_PER_SECOND: u64 = 100;

/// What became of a campaign.
pub(super) struct Run {
    pub(super) statistics: Statistics,
    pub(super) findings: Vec<String>,
    pub(super) time: Duration,
}

/// Runs children until the campaign is over.
///
/// # Panics
/// Where no child can be started.
pub(super) fn run(campaign: &Campaign, first: u64, length: Length) -> Run {
    let folder = std::env::temp_dir().join(format!("sluice-{}-{}", campaign.test, std::process::id()));
    let start = Instant::now();
    let mut run = Run { statistics: Statistics::default(), findings: Vec::new(), time: Duration::ZERO };
    let mut next = first;
    while run.findings.len() < FINDINGS {
        let left = match length {
            Length::Trials(count) => Length::Trials((first + count).saturating_sub(next)),
            Length::Time(time) => Length::Time(time.saturating_sub(start.elapsed())),
        };
        if matches!(left, Length::Trials(0) | Length::Time(Duration::ZERO)) {
            break;
        }
        fs::create_dir_all(&folder).expect("a folder for the campaign");
        let child = spawn(campaign, &folder, next, left);
        let ended = watch(campaign, &folder, child);
        run.statistics.merge(&Statistics::parse(&read(&folder, STATISTICS_FILE)));
        let told = read(&folder, FINDINGS_FILE);
        run.findings.extend(told.split_terminator('\0').map(str::to_string));
        let seed = seed(&folder).unwrap_or(next);
        fs::remove_dir_all(&folder).expect("the campaign's own folder");
        let Some(why) = ended else { break };
        let message = format!("seed {seed}: {why}");
        eprintln!("{message}\n");
        run.findings.push(message);
        next = seed + 1;
    }
    run.time = start.elapsed();
    run
}

fn spawn(campaign: &Campaign, folder: &Path, first: u64, length: Length) -> Child {
    let test = std::env::current_exe().expect("the test's own path");
    let mut command = Command::new(test);
    command.args([campaign.test, "--exact", "--nocapture", "--quiet"]);
    command.env(FOLDER, folder).env(FIRST, first.to_string());
    match length {
        Length::Trials(count) => command.env(TRIALS, count.to_string()),
        Length::Time(time) => command.env(MILLISECONDS, time.as_millis().to_string()),
    };
    command.spawn().expect("the test starts again")
}

/// Waits for the child's end; says why it did not end by itself, or not well.
fn watch(campaign: &Campaign, folder: &Path, mut child: Child) -> Option<String> {
    let mut trial = (None, 0);
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return None,
            Ok(Some(status)) => return Some(format!("the process ended with {status}")),
            Ok(None) => {}
            Err(why) => return Some(format!("the process is lost: {why}")),
        }
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        let ticks = processor_ticks(&process).unwrap_or(0);
        let seed = seed(folder);
        if trial.0 != seed {
            trial = (seed, ticks);
        }
        let over = if ticks.saturating_sub(trial.1) > campaign.seconds * TICKS_PER_SECOND {
            Some(format!("takes more than {} seconds of processor time", campaign.seconds))
        } else if resident_mebibytes(&process).unwrap_or(0) > campaign.mebibytes {
            Some(format!("takes more than {} MiB of memory", campaign.mebibytes))
        } else {
            None
        };
        if let Some(why) = over {
            // It may have ended just now: then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
            return Some(why);
        }
        std::thread::sleep(LOOK);
    }
}

fn read(folder: &Path, name: &str) -> String {
    fs::read(folder.join(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn seed(folder: &Path) -> Option<u64> {
    let bytes = fs::read(folder.join(SEED_FILE)).ok()?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// User and system time: fields 14 and 15 of `/proc/PID/stat`, counted behind the name in parentheses.
fn processor_ticks(process: &Path) -> Option<u64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn resident_mebibytes(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}
