//! Campaigns: random trials by the thousand, each within bounds of time and memory, none of which may panic.
//!
//! The trials run in a child process, which is the same test again, so that what no `catch_unwind` stops is a finding, too:
//! a stack overflow, an endless loop, memory without end. The parent watches the child through `/proc` and starts it again
//! behind the trial that ended it.
//!
//! | variable | what it does |
//! |---|---|
//! | `SLUICE_FUZZ_SECONDS=n` | runs for so long instead of the short count, from a seed that the clock gives, and goes on after findings |
//! | `SLUICE_FUZZ_FIRST=n` | the first seed |
//! | `SLUICE_SEED=n` | this trial alone, in this process |

mod child;
mod statistics;
mod supervisor;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use statistics::Statistics;

use crate::trial::Dice;

/// Findings after which a campaign ends.
const FINDINGS: usize = 30;

/// A test that is a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Name of the test's function, by which the child is started.
    pub test: &'static str,
    /// Trials of a short run.
    pub trials: u64,
    /// Bound of one trial: seconds of processor time.
    pub seconds: u64,
    /// Bound of the process: MiB of memory in use.
    pub mebibytes: u64,
}

/// When a run ends.
#[derive(Clone, Copy, Debug)]
enum Length {
    Trials(u64),
    Time(Duration),
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

impl Campaign {
    /// Runs the campaign. `prepare` makes what all trials share; a trial says what is wrong; `judge` says what is wrong with
    /// the statistics of the whole run.
    ///
    /// # Panics
    /// With all findings, each with its seed, and the commit.
    pub fn run<T>(
        &self,
        prepare: impl FnOnce() -> T,
        trial: impl Fn(&T, &mut Dice, &mut Statistics) -> Result<(), String>,
        judge: impl Fn(&Statistics) -> Vec<String>,
    ) {
        if let Some(order) = child::Order::from_environment() {
            return child::run(&order, &prepare(), trial);
        }
        if let Some(seed) = number("SLUICE_SEED") {
            let mut statistics = Statistics::default();
            let found = trial(&prepare(), &mut Dice::new(seed), &mut statistics);
            println!("{statistics}");
            if let Err(message) = found {
                panic!("seed {seed}: {message}");
            }
            return;
        }
        let length = number("SLUICE_FUZZ_SECONDS").map(Duration::from_secs);
        let first = number("SLUICE_FUZZ_FIRST").unwrap_or_else(|| length.map_or(1, |_| seed_of_the_clock()));
        let length = length.map_or(Length::Trials(self.trials), Length::Time);
        println!("{}: from seed {first}, commit {}", self.test, commit());
        let run = supervisor::run(self, first, length);
        println!("{}", run.statistics);
        let rate = run.statistics.of("trials") as f64 / run.time.as_secs_f64().max(0.001);
        println!("{}: {:.1} trials per second for {:.0} s", self.test, rate, run.time.as_secs_f64());
        let mut wrong = run.findings;
        wrong.extend(judge(&run.statistics));
        let count = wrong.len();
        assert!(wrong.is_empty(), "{count} findings at commit {}:\n\n{}", commit(), wrong.join("\n\n"));
    }
}

/// A seed that no earlier run has come to.
fn seed_of_the_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs()) << 24
}

/// The commit that is tested, for the record.
fn commit() -> String {
    let git = std::process::Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"])
        .output();
    let said = git.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string());
    said.ok().filter(|said| !said.is_empty()).unwrap_or_else(|| "unknown".to_string())
}
