//! The broker's log: events of [`tracing`], a line each, on standard error.
//!
//! Whoever tells an event never waits for whoever reads it: lines go through a queue with a bound to a thread that writes them. What finds no room is lost, and how much that was is
//! written when there is room again.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::args::{self, LogFormat, LogLevel};
use crate::failure::Failure;

/// Most lines that wait to be written.
const WAITING: usize = 4096;

/// How often the thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// How long lines that wait are written when the process ends.
const LAST: Duration = Duration::from_secs(1);

/// The variable that says how much is written.
const VARIABLE: &str = "SLUICE_LOG";

/// The way of lines to their thread.
#[derive(Clone)]
struct Lines {
    sender: SyncSender<Vec<u8>>,
    lost: Arc<AtomicU64>,
}

impl Write for Lines {
    /// A whole line: the formatter hands over each event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(line.to_vec()).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Writes what waits as long as it is there.
pub(super) struct Log {
    stop: Arc<AtomicBool>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Log {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Nobody may read standard error: its thread is left alone then, and goes with the process.
        let is_done = !matches!(self.done.recv_timeout(LAST), Err(RecvTimeoutError::Timeout));
        if let Some(thread) = self.thread.take().filter(|_| is_done) {
            let _ = thread.join();
        }
    }
}

fn write(lines: &Receiver<Vec<u8>>, lost: &AtomicU64, stop: &AtomicBool, out: &mut dyn Write) {
    loop {
        match lines.recv_timeout(LOOK) {
            // Where nobody can read it there is nobody to tell.
            Ok(line) => drop(out.write_all(&line)),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Acquire) => return,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let gone = lost.swap(0, Ordering::Relaxed);
        if gone > 0 {
            tracing::warn!(lines = gone, "lines of the log were lost: nobody read them in time");
        }
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// What the arguments say, or the environment.
fn level(arguments: &args::Serve) -> Result<LogLevel, Failure> {
    if let Some(level) = arguments.log {
        return Ok(level);
    }
    let Some(word) = std::env::var_os(VARIABLE) else { return Ok(LogLevel::Info) };
    let word = word.to_string_lossy();
    LogLevel::from_str(&word, true).map_err(|_| {
        let help = "it is `off`, `error`, `warn`, `info`, `debug` or `trace`";
        Failure::argument(format!("{VARIABLE}: there is no level `{word}`"), help)
    })
}

/// What is told of libraries: what they do is the broker's to tell, but for the most curious.
fn filter(level: LogLevel) -> Targets {
    let of_libraries = match level {
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error | LogLevel::Warn | LogLevel::Info | LogLevel::Debug => LevelFilter::ERROR,
    };
    Targets::new().with_default(of_libraries).with_target("sluice", LevelFilter::from(level))
}

/// Begins to write, for the whole process.
///
/// # Errors
///
/// A level that there is not; no thread can be made.
pub(super) fn begin(arguments: &args::Serve) -> Result<Log, Failure> {
    let (sender, lines) = sync_channel(WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let writer = Lines { sender, lost: lost.clone() };
    let filter = filter(level(arguments)?);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let layer = match arguments.log_format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => {
            layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    let (tell, done) = sync_channel(1);
    let of_thread = stop.clone();
    let thread = std::thread::Builder::new().name("log".to_string()).spawn(move || {
        write(&lines, &lost, &of_thread, &mut io::stderr());
        let _ = tell.send(());
    });
    let thread = thread.map_err(Failure::system("begin to write the log"))?;
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter));
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|_| Failure::Broker("there is a log already".to_string()))?;
    Ok(Log { stop, done, thread: Some(thread) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_tells_does_not_wait_and_what_is_lost_is_counted() {
        let (sender, lines) = sync_channel(2);
        let lost = Arc::new(AtomicU64::new(0));
        let mut writer = Lines { sender, lost: lost.clone() };
        for line in ["a\n", "b\n", "c\n"] {
            writer.write_all(line.as_bytes()).expect("it takes everything");
        }
        assert_eq!(lost.load(Ordering::Relaxed), 1);
        let mut out = Vec::new();
        drop(writer);
        write(&lines, &lost, &AtomicBool::new(false), &mut out);
        assert_eq!(out, b"a\nb\n");
        assert_eq!(lost.load(Ordering::Relaxed), 0, "it was told");
    }
}
