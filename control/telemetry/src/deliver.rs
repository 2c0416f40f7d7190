//! Alerts on their way: every receiver has a queue with a bound and a thread, so that none waits for another one, and the broker for none.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::alerts::Alert;
use crate::config::{AlertsConfig, WebhookConfig};
use crate::syslog;
use crate::webhook::Webhook;

/// How long one try may take to connect, to send, to be answered.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// Most alerts that wait for a receiver.
const WAITING: usize = 256;

/// How often an alert is tried to be delivered, and how long it waits after the first time; then twice as long each time.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How often a thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// How long those that are being delivered are waited for at the end.
const LAST: Duration = Duration::from_secs(1);

/// Why an alert did not arrive.
#[derive(Debug)]
pub(crate) struct Failed {
    why: String,
    /// Whether it may do so later.
    is_for_now: bool,
}

impl Failed {
    pub(crate) fn for_now(why: String) -> Self {
        Self { why, is_for_now: true }
    }

    pub(crate) fn for_good(why: String) -> Self {
        Self { why, is_for_now: false }
    }
}

/// A way to a receiver.
pub(crate) trait Deliver: Send {
    /// Delivers an alert; takes a bounded time.
    fn deliver(&mut self, alert: &Alert) -> Result<(), Failed>;
}

/// What became of alerts for one receiver.
#[derive(Debug, Default)]
struct Counts {
    delivered: AtomicU64,
    lost: AtomicU64,
}

struct Queue {
    /// What messages call the receiver: nothing secret.
    name: String,
    sender: SyncSender<Arc<Alert>>,
    counts: Arc<Counts>,
    thread: JoinHandle<()>,
}

/// Receivers of alerts.
#[derive(Default)]
pub struct Receivers {
    queues: Vec<Queue>,
    stop: Arc<AtomicBool>,
}

impl std::fmt::Debug for Receivers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.queues.iter().map(|queue| &queue.name)).finish()
    }
}

/// What became of alerts for a receiver: its name, how many were delivered, how many lost.
pub type Delivered = (String, u64, u64);

/// Waits, or until it is to end.
fn wait(time: Duration, stop: &AtomicBool) {
    let end = Instant::now() + time;
    while Instant::now() < end && !stop.load(Ordering::Acquire) {
        std::thread::sleep(LOOK.min(time));
    }
}

/// Tries, again and again; says whether it arrived.
fn deliver(name: &str, way: &mut dyn Deliver, alert: &Alert, stop: &AtomicBool) -> bool {
    let mut pause = FIRST_WAIT;
    for number in 1..=TRIES {
        let Err(Failed { why, is_for_now }) = way.deliver(alert) else { return true };
        let is_last = !is_for_now || number == TRIES || stop.load(Ordering::Acquire);
        if is_last {
            tracing::error!(receiver = name, why, tries = number, "an alert was not delivered");
            return false;
        }
        tracing::warn!(receiver = name, why, "an alert is not delivered yet");
        wait(pause, stop);
        pause *= 2;
    }
    false
}

fn run(
    name: &str,
    mut way: Box<dyn Deliver>,
    alerts: &Receiver<Arc<Alert>>,
    counts: &Counts,
    stop: &AtomicBool,
) {
    loop {
        match alerts.recv_timeout(LOOK) {
            Ok(alert) => {
                let is_there = deliver(name, &mut *way, &alert, stop);
                let counter = if is_there { &counts.delivered } else { &counts.lost };
                counter.fetch_add(1, Ordering::Relaxed);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The name of this machine, as a word.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".to_string() } else { name }
}

impl Receivers {
    /// Those of a configuration.
    ///
    /// # Errors
    ///
    /// Files of webhooks that cannot be read, or have nothing of what they should have; no thread can be made.
    pub fn start(config: &AlertsConfig) -> io::Result<Self> {
        let mut receivers = Self::default();
        let host = host();
        let of_file = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        for to in &config.syslog {
            receivers.add(&to.to_string(), Box::new(syslog::Receiver::new(to.clone(), &host)))?;
        }
        for WebhookConfig { url, token_file, ca } in &config.webhooks {
            let read = |path: &Path| std::fs::read(path).map_err(|error| of_file(path, error));
            let token = token_file.as_deref().map(read).transpose()?;
            let token = token.map(|token| String::from_utf8_lossy(&token).trim().to_string());
            let authorities = if url.is_tls() { Some(read(ca)?) } else { None };
            let webhook = Webhook::new(url.clone(), token, authorities.as_deref(), &host);
            receivers.add(&url.place(), Box::new(webhook.map_err(|error| of_file(ca, error))?))?;
        }
        Ok(receivers)
    }

    /// One more.
    pub(crate) fn add(&mut self, name: &str, way: Box<dyn Deliver>) -> io::Result<()> {
        let (sender, alerts) = sync_channel(WAITING);
        let counts = Arc::<Counts>::default();
        let (of_thread, stop, name) = (counts.clone(), self.stop.clone(), name.to_string());
        let named = name.clone();
        let builder = std::thread::Builder::new().name("alerts-out".to_string());
        let thread = builder.spawn(move || run(&named, way, &alerts, &of_thread, &stop))?;
        self.queues.push(Queue { name, sender, counts, thread });
        Ok(())
    }

    /// Hands an alert to all of them; waits for none.
    pub fn tell(&self, alert: &Alert) {
        let alert = Arc::new(alert.clone());
        for queue in &self.queues {
            if queue.sender.try_send(alert.clone()).is_err() {
                queue.counts.lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!(receiver = queue.name, "an alert is lost: as many as may be wait already");
            }
        }
    }

    /// What became of alerts, by receiver.
    pub fn delivered(&self) -> Vec<Delivered> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let of =
            |queue: &Queue| (queue.name.clone(), read(&queue.counts.delivered), read(&queue.counts.lost));
        self.queues.iter().map(of).collect()
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Without senders the threads end when they are through.
        let threads: Vec<JoinHandle<()>> = self.queues.drain(..).map(|queue| queue.thread).collect();
        let end = Instant::now() + LAST;
        // One that hangs goes with the process.
        while threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < end {
            std::thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Kind;
    use std::sync::Mutex;

    struct Fails(u32, Arc<Mutex<Vec<String>>>);

    impl Deliver for Fails {
        fn deliver(&mut self, alert: &Alert) -> Result<(), Failed> {
            if self.0 > 0 {
                self.0 -= 1;
                return Err(Failed::for_now("not yet".to_string()));
            }
            self.1.lock().expect("nobody panics").push(alert.subject.clone());
            Ok(())
        }
    }

    struct Hangs;

    impl Deliver for Hangs {
        fn deliver(&mut self, _: &Alert) -> Result<(), Failed> {
            std::thread::sleep(Duration::from_secs(600));
            Ok(())
        }
    }

    #[test]
    fn one_that_fails_is_tried_again_and_one_that_hangs_holds_nobody_up() {
        let got = Arc::<Mutex<Vec<String>>>::default();
        let mut receivers = Receivers::default();
        receivers.add("fails", Box::new(Fails(2, got.clone()))).expect("there are threads");
        receivers.add("hangs", Box::new(Hangs)).expect("there are threads");
        let begun = Instant::now();
        for number in 0..300 {
            let subject = number.to_string();
            receivers.tell(&Alert {
                kind: Kind::Drops,
                subject,
                is_raised: true,
                time_ns: 0,
                text: String::new(),
            });
        }
        assert!(begun.elapsed() < Duration::from_secs(1));
        let lost = |name: &str| {
            receivers.delivered().into_iter().find(|(of, ..)| of == name).map(|(_, _, lost)| lost)
        };
        // One is being delivered, the others wait.
        let of_hanging = lost("hangs").expect("it is there");
        assert!((43..=44).contains(&of_hanging), "{of_hanging}");
        let end = Instant::now() + Duration::from_secs(20);
        while got.lock().expect("nobody panics").len() < 256 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(
            got.lock().expect("nobody panics")[..3],
            ["0", "1", "2"],
            "in order, though the first failed twice"
        );
        let begun = Instant::now();
        drop(receivers);
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}
