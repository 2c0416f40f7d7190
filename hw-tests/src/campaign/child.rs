//! The process that runs the trials.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{FINDINGS, Length, Statistics, number};
use crate::trial::Dice;

/// The folder by which parent and child talk.
pub(super) const FOLDER: &str = "SLUICE_FUZZ_CHILD";
/// The first seed.
pub(super) const FIRST: &str = "SLUICE_FUZZ_CHILD_FIRST";
/// How many trials.
pub(super) const TRIALS: &str = "SLUICE_FUZZ_CHILD_TRIALS";
/// For how many milliseconds, where it is not a number of trials.
pub(super) const MILLISECONDS: &str = "SLUICE_FUZZ_CHILD_MILLISECONDS";

/// File with the seed of the trial that runs.
pub(super) const SEED_FILE: &str = "seed";
/// File with what was found: records that end with a zero byte.
pub(super) const FINDINGS_FILE: &str = "findings";
/// File with the statistics so far.
pub(super) const STATISTICS_FILE: &str = "statistics";

/// Between two writings of the statistics.
const STATISTICS_TIME: Duration = Duration::from_secs(2);

/// What the parent wants.
pub(super) struct Order {
    folder: PathBuf,
    first: u64,
    length: Length,
}

impl Order {
    /// The order, in a child.
    pub(super) fn from_environment() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        let length = number(TRIALS).map(Length::Trials);
        let length = length.or_else(|| number(MILLISECONDS).map(Duration::from_millis).map(Length::Time))?;
        Some(Self { folder, first: number(FIRST)?, length })
    }
}

/// Runs the trials and writes down what became of them.
///
/// # Panics
/// Where the files cannot be written.
pub(super) fn run<T>(
    order: &Order,
    shared: &T,
    trial: impl Fn(&T, &mut Dice, &mut Statistics) -> Result<(), String>,
) {
    let panic = Arc::new(Mutex::new(String::new()));
    let kept = panic.clone();
    std::panic::set_hook(Box::new(move |info| {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = format!("panic: {info}");
    }));
    let open = |name: &str| File::create(order.folder.join(name)).expect("the campaign's folder is there");
    let mut seed_file = open(SEED_FILE);
    let mut findings_file = open(FINDINGS_FILE);
    let (start, mut written, mut found) = (Instant::now(), Instant::now(), 0);
    let mut statistics = Statistics::default();
    for seed in order.first.. {
        let ended = match order.length {
            Length::Trials(count) => seed - order.first >= count,
            Length::Time(time) => start.elapsed() >= time,
        };
        if ended || found >= FINDINGS {
            break;
        }
        seed_file.rewind().expect("a file");
        seed_file.write_all(&seed.to_le_bytes()).expect("the seed is written");
        statistics.count("trials");
        // What a panic leaves half done is what the trial made, and counts.
        let outcome = catch_unwind(AssertUnwindSafe(|| trial(shared, &mut Dice::new(seed), &mut statistics)));
        let outcome = outcome.unwrap_or_else(|_| {
            Err(std::mem::take(&mut *panic.lock().unwrap_or_else(PoisonError::into_inner)))
        });
        if let Err(message) = outcome {
            found += 1;
            eprintln!("seed {seed}: {message}\n");
            write!(findings_file, "seed {seed}: {message}\0").expect("the finding is written");
        }
        if written.elapsed() > STATISTICS_TIME {
            written = Instant::now();
            write_statistics(order, &statistics);
        }
    }
    write_statistics(order, &statistics);
    // The default hook again, for whatever the test does afterwards.
    drop(std::panic::take_hook());
}

fn write_statistics(order: &Order, statistics: &Statistics) {
    let path = order.folder.join(STATISTICS_FILE);
    fs::write(path, statistics.to_string()).expect("the statistics are written");
}
