//! The thread of a way.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use serde_json::json;
use sluice_latency::Sighting;

use super::{Interval, LatencyConfig, Measure, Shared};
use crate::ipfix::{PathDelay, Record};

/// A way that runs.
struct Way {
    config: LatencyConfig,
    measure: Measure,
    shared: Arc<Shared>,
    json: Option<File>,
    ipfix: Option<SyncSender<Record>>,
    number: u16,
}

/// Begins to measure a way; `number` tells it from others in IPFIX.
pub(crate) fn spawn(
    config: LatencyConfig,
    number: u16,
    sightings: Receiver<Sighting>,
    shared: Arc<Shared>,
    ipfix: Option<SyncSender<Record>>,
) -> io::Result<JoinHandle<()>> {
    let open = |path| OpenOptions::new().create(true).append(true).open(path);
    let json = config.json.as_ref().map(open).transpose()?;
    let measure = Measure::new(&config);
    let mut way = Way { config, measure, shared, json, ipfix, number };
    std::thread::Builder::new().name("latency".to_string()).spawn(move || way.run(&sightings))
}

impl Way {
    fn run(&mut self, sightings: &Receiver<Sighting>) {
        let mut next = Instant::now() + self.config.every;
        loop {
            match sightings.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(sighting) => self.measure.push(sighting),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.measure.finish();
                    self.report();
                    return;
                }
            }
            if Instant::now() >= next {
                self.report();
                next = Instant::now() + self.config.every;
            }
        }
    }

    fn report(&mut self) {
        let closed = self.measure.close();
        if let Some(interval) = &closed {
            self.tell(interval);
        }
        let memory_bytes = self.measure.memory_bytes();
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (self.measure.totals().clone(), closed, memory_bytes);
    }

    fn tell(&mut self, interval: &Interval) {
        if let Some(file) = &mut self.json {
            let line = line(&self.config.name, interval);
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(way = self.config.name, %error, "the file of latencies cannot be written any more");
                self.json = None;
            }
        }
        // The elements have no sign: an interval with a delay below zero is in all other ways of telling.
        if let (Some(out), Some(delays)) = (&self.ipfix, &interval.delays)
            && delays.min_ns >= 0
        {
            let us = |ns: i64| u32::try_from(ns / 1_000).unwrap_or(u32::MAX);
            let delay = PathDelay {
                way: self.number,
                from_label: self.config.from,
                packets: interval.matched,
                start_ms: interval.first_ns / 1_000_000,
                end_ms: interval.last_ns / 1_000_000,
                mean_us: us(delays.mean_ns as i64),
                min_us: us(delays.min_ns),
                max_us: us(delays.max_ns),
                sum_us: u64::try_from(interval.sum_ns / 1_000).unwrap_or(u64::MAX),
            };
            if out.try_send(Record::Path(delay)).is_err() {
                tracing::debug!(way = self.config.name, "no room for a record of delays");
            }
        }
    }
}

/// An interval as JSON, one line.
fn line(name: &str, interval: &Interval) -> String {
    let Interval { first_ns, last_ns, matched, lost, gained, delays, sum_ns: _ } = interval;
    json!({
        "way": name,
        "first_ns": first_ns,
        "last_ns": last_ns,
        "matched": matched,
        "lost": lost,
        "gained": gained,
        "delays": delays,
    })
    .to_string()
}
