//! Ports at the switch, and the threads that drive them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sluice_entities::Replica;
use sluice_switch::{DROP_PORT, Ingress, Output, Sink, Switch, Worker};

use super::outlet::Outlet;
use super::{Inner, Observe, Observers, SoftTarget};
use crate::port::{Device, Leaving, Loss, Port, PortSpec, Receive, Role};
use crate::target::{Event, LossCounters, PortStatus, QueueStatus};

/// How long a thread waits for a frame before it looks whether it is to end.
const WAIT: Duration = Duration::from_millis(20);

/// How long frames that came in before a port was taken away are taken through.
const LAST: Duration = Duration::from_secs(1);

/// The sending sides, by port number.
pub(super) struct Outputs([Option<Arc<Outlet>>; DROP_PORT as usize]);

impl Default for Outputs {
    fn default() -> Self {
        Self([const { None }; DROP_PORT as usize])
    }
}

/// A port at the switch.
pub(super) struct Attached {
    number: u16,
    name: String,
    device: Arc<dyn Device>,
    is_up: bool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Attached {
    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended, too.
            if thread.join().is_err() {
                tracing::error!(port = self.name, "the thread of a port had panicked");
            }
        }
    }
}

/// A worker of whatever program runs.
#[derive(Default)]
pub(super) struct Driver {
    generation: u64,
    worker: Option<Worker>,
}

impl Driver {
    /// Takes a frame through the program that runs, and sends its copies; `false` if there is none.
    pub(super) fn process(&mut self, inner: &Inner, ingress: &Ingress<'_>) -> bool {
        let generation = inner.generation.load(Ordering::Acquire);
        if self.generation != generation {
            self.worker = inner.loaded().map(|loaded| loaded.switch.worker());
            self.generation = generation;
        }
        let Some(worker) = &mut self.worker else { return false };
        worker.process(ingress, &mut Exit { inner });
        true
    }
}

/// Where copies go.
struct Exit<'i> {
    inner: &'i Inner,
}

impl Sink for Exit<'_> {
    fn send(&mut self, output: Output<'_>) {
        if output.port == self.inner.options.cpu_port {
            self.inner.events.push(Event::PacketIn(output.data.to_vec()));
            return;
        }
        let outputs = self.inner.outputs.load();
        let port = outputs.0.get(usize::from(output.port)).and_then(Option::as_ref);
        let copy = Leaving {
            data: output.data,
            wire_length: output.original_length,
            time_ns: output.time_ns,
            ingress: Some(output.ingress_port),
            instance: output.instance,
        };
        let sent = port.map_or(Err(Loss::Down), |port| port.send(&copy));
        if let Err(loss) = sent {
            self.inner.lose(Replica { port: output.port, instance: output.instance }, loss, 1);
        }
    }
}

impl Inner {
    fn lose(&self, replica: Replica, loss: Loss, copies: u64) {
        let mut lost = self.lost();
        let counters = lost.entry(replica).or_default();
        let counter = match loss {
            Loss::QueueFull => &mut counters.queue_full,
            Loss::Down => &mut counters.port_down,
            Loss::Refused => &mut counters.refused,
            Loss::NotWritten => &mut counters.not_written,
        };
        *counter += copies;
    }

    /// Counts the copies that a port had taken and then lost.
    pub(super) fn look_at_losses(&self, port: u16) {
        let outputs = self.outputs.load();
        let output = outputs.0.get(usize::from(port)).and_then(Option::as_ref);
        for (instance, copies) in output.map(|output| output.take_lost()).unwrap_or_default() {
            self.lose(Replica { port, instance }, Loss::NotWritten, copies);
        }
    }

    fn lost_at(&self, port: u16) -> LossCounters {
        self.look_at_losses(port);
        let mut sum = LossCounters::default();
        for (_, counters) in self.lost().iter().filter(|(replica, _)| replica.port == port) {
            sum.queue_full += counters.queue_full;
            sum.port_down += counters.port_down;
            sum.refused += counters.refused;
            sum.not_written += counters.not_written;
        }
        sum
    }

    fn queue_at(&self, port: u16) -> QueueStatus {
        let outputs = self.outputs.load();
        let output = outputs.0.get(usize::from(port)).and_then(Option::as_ref);
        output.map_or_else(QueueStatus::default, |output| output.status())
    }

    pub(super) fn status(&self) -> Vec<PortStatus> {
        let loaded = self.loaded();
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        let status = |port: &Attached| PortStatus {
            port: port.number,
            name: port.name.clone(),
            is_up: port.device.is_up(),
            counters: loaded.as_ref().map_or_else(
                // No port counts at that number.
                || sluice_switch::PortCounters {
                    received: Default::default(),
                    sent: Default::default(),
                    drops: Vec::new(),
                },
                |loaded| loaded.switch.port_counters(port.number),
            ),
            missed: port.device.missed(),
            lost: self.lost_at(port.number),
            queue: self.queue_at(port.number),
        };
        attached.iter().map(status).collect()
    }

    /// Tells the switch, and whoever listens, of ports that came up or went down.
    pub(super) fn look_at_ports(&self) {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        for port in attached.iter_mut() {
            let is_up = port.device.is_up();
            if is_up != port.is_up {
                port.is_up = is_up;
                if let Some(loaded) = self.loaded() {
                    // The number was checked when the port was attached.
                    let _ = loaded.switch.set_port_up(port.number, is_up);
                }
                self.events.push(Event::Port { port: port.number, is_up });
            }
        }
    }

    /// Tells a new program's switch which ports are down.
    pub(super) fn tell_ports(&self, switch: &Switch) {
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        for port in attached.iter().filter(|port| !port.is_up) {
            // The number was checked when the port was attached.
            let _ = switch.set_port_up(port.number, false);
        }
    }
}

/// Takes frames through until it is to stop, and then those that have come in by then.
fn drive(
    inner: &Inner,
    number: u16,
    receive: &mut dyn Receive,
    mut observer: Option<Box<dyn Observe>>,
    stop: &AtomicBool,
) {
    let mut driver = Driver::default();
    let mut is_failing = false;
    while !stop.load(Ordering::Acquire) {
        let taken = one(inner, number, receive, WAIT, observer.as_deref_mut(), &mut driver);
        match &taken {
            // Told once: it comes again every few milliseconds.
            Err(error) if !is_failing => tracing::warn!(number, %error, "no frames can be received"),
            Ok(_) if is_failing => tracing::info!(number, "frames can be received again"),
            Ok(_) | Err(_) => {}
        }
        is_failing = taken.is_err();
        if let (Ok(false) | Err(_), Some(observer)) = (&taken, &mut observer) {
            observer.idle(inner.options.system.now_ns());
        }
        // The interface is down, or gone: it may come back.
        if is_failing {
            std::thread::sleep(WAIT);
        }
    }
    let end = Instant::now() + LAST;
    while Instant::now() < end
        && one(inner, number, receive, Duration::ZERO, observer.as_deref_mut(), &mut driver)
            .is_ok_and(|was| was)
    {}
}

/// Takes the next frame through, if there is one within that time.
fn one(
    inner: &Inner,
    number: u16,
    receive: &mut dyn Receive,
    timeout: Duration,
    observer: Option<&mut (dyn Observe + 'static)>,
    driver: &mut Driver,
) -> io::Result<bool> {
    let Some(frame) = receive.receive(timeout)? else { return Ok(false) };
    if let Some(observer) = observer {
        observer.frame(&frame);
    }
    let ingress = Ingress {
        port: number,
        time_ns: frame.time_ns,
        data: frame.data,
        wire_length: frame.wire_length,
        bad_frame: false,
    };
    driver.process(inner, &ingress);
    Ok(true)
}

impl SoftTarget {
    /// From now on, those who are asked for see the frames of ports that are attached.
    pub(crate) fn set_observers(&self, observers: Arc<dyn Observers>) {
        *self.inner.observers.lock().unwrap_or_else(PoisonError::into_inner) = Some(observers);
    }

    /// Puts a port at the switch, and begins to take frames from it.
    ///
    /// # Errors
    ///
    /// A number that cannot be, is taken, or is the controller's; no thread can be made.
    pub fn attach(&self, number: u16, port: Port) -> io::Result<()> {
        let refused = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        if number >= DROP_PORT || number == self.inner.options.cpu_port {
            return refused(format!(
                "port {number} cannot be attached: ports are 0 to 510 without the controller's"
            ));
        }
        let mut attached = self.inner.attached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = attached.iter().find(|port| port.number == number) {
            return refused(format!("port {number} is `{}` already", taken.name));
        }
        let observers = self.inner.observers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stop = Arc::new(AtomicBool::new(false));
        let mut thread = None;
        if let Some(mut receive) = port.receive {
            let (inner, stop) = (self.inner.clone(), stop.clone());
            let observer = observers.as_ref().and_then(|all| all.receiving(number, &port.name));
            let builder = std::thread::Builder::new().name(format!("port-{}", port.name));
            thread = Some(builder.spawn(move || drive(&inner, number, &mut *receive, observer, &stop))?);
        }
        if let Some(transmit) = port.transmit {
            let observer = observers.as_ref().and_then(|all| all.sending(number, &port.name));
            self.set_output(number, Some(Arc::new(Outlet::new(transmit, observer))));
        }
        // Up until something else is seen, as the switch thinks of all ports.
        attached.push(Attached { number, name: port.name, device: port.device, is_up: true, stop, thread });
        attached.sort_by_key(|port| port.number);
        drop(attached);
        self.inner.look_at_ports();
        Ok(())
    }

    fn set_output(&self, number: u16, output: Option<Arc<Outlet>>) {
        // Others may change other ports at the same time.
        self.inner.outputs.rcu(|current| {
            let mut next = Outputs(current.0.clone());
            if let Some(slot) = next.0.get_mut(usize::from(number)) {
                slot.clone_from(&output);
            }
            next
        });
    }

    /// Takes a sending side away when what it took has left.
    fn end_output(&self, number: u16) {
        let output = self.inner.outputs.load().0.get(usize::from(number)).cloned().flatten();
        if let Some(output) = output {
            output.end();
            self.inner.look_at_losses(number);
        }
        self.set_output(number, None);
    }

    /// Opens a port by this data path's system, not yet at the switch.
    ///
    /// # Errors
    ///
    /// As [`PortSpec::open`].
    pub fn open(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Port> {
        spec.open(name, role, &self.inner.options.system)
    }

    /// Takes a port away: frames that came in are taken through, and no further ones. Says whether there was one.
    pub fn detach(&self, number: u16) -> bool {
        let mut attached = self.inner.attached.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = attached.iter().position(|port| port.number == number) else { return false };
        let mut port = attached.remove(at);
        drop(attached);
        port.end();
        self.end_output(number);
        if !port.is_up
            && let Some(loaded) = self.inner.loaded()
        {
            // As the switch thinks of all ports; the next one at this number begins so, too.
            let _ = loaded.switch.set_port_up(number, true);
        }
        true
    }

    /// Takes all ports away.
    pub fn detach_all(&self) {
        let mut ended =
            std::mem::take(&mut *self.inner.attached.lock().unwrap_or_else(PoisonError::into_inner));
        // Receiving ends first, and everywhere at once, so that no copy of a frame under way is lost.
        ended.iter().for_each(|port| port.stop.store(true, Ordering::Release));
        ended.iter_mut().for_each(Attached::end);
        ended.iter().for_each(|port| self.end_output(port.number));
    }
}
