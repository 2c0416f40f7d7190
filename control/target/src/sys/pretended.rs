//! A system that does nothing but say what a test wants, and keeps a list of what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    ClockStatus, Facts, KernelClock, Linux, PtpReading, RawFrame, ReceiveFrames, Setting, System, TapEnds,
    TransmitFrames,
};

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`System::open_receive`].
    OpenReceive(String),
    /// [`System::open_transmit`].
    OpenTransmit(String),
    /// [`System::open_tap`].
    OpenTap(String),
    /// [`System::set`].
    Set(String, Setting),
    /// A frame left by an interface.
    Transmit(String, Vec<u8>),
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    waiting: BTreeMap<String, VecDeque<(RawFrame, Vec<u8>)>>,
    addressed: Vec<String>,
    down: Vec<String>,
    transmit_errors: VecDeque<i32>,
    /// Without one the clock is as good as can be.
    clock: Option<ClockStatus>,
    /// What reading a PTP hardware clock gives.
    readings: BTreeMap<String, Vec<PtpReading>>,
    /// The time, and what has passed, where a test says so.
    time_ns: Option<(u64, u64)>,
}

/// See the module. Clones are the same system.
#[derive(Clone, Debug, Default)]
pub struct Pretended {
    state: Arc<Mutex<State>>,
}

impl Pretended {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was asked so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// A frame comes in by an interface; `frame.captured` is that of `data`.
    pub fn arrive(&self, interface: &str, mut frame: RawFrame, data: &[u8]) {
        frame.captured = data.len();
        self.state().waiting.entry(interface.to_string()).or_default().push_back((frame, data.to_vec()));
    }

    /// An interface has an address.
    pub fn address(&self, interface: &str) {
        self.state().addressed.push(interface.to_string());
    }

    /// An interface loses its carrier.
    pub fn unplug(&self, interface: &str) {
        self.state().down.push(interface.to_string());
    }

    /// The clock is kept like that.
    pub fn keep_clock(&self, clock: ClockStatus) {
        self.state().clock = Some(clock);
    }

    /// There is a PTP hardware clock of that name, which reads so.
    pub fn add_ptp(&self, device: &str, readings: Vec<PtpReading>) {
        self.state().readings.insert(device.to_string(), readings);
    }

    /// It is that late, and so much has passed, nanoseconds each.
    pub fn set_time(&self, now_ns: u64, passed_ns: u64) {
        self.state().time_ns = Some((now_ns, passed_ns));
    }

    /// The next frame that is sent gets this error (`errno`).
    pub fn fail_transmit(&self, errno: i32) {
        self.state().transmit_errors.push_back(errno);
    }
}

struct End {
    system: Pretended,
    interface: String,
}

impl ReceiveFrames for End {
    fn receive(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<Option<RawFrame>> {
        let next = self.system.state().waiting.get_mut(&self.interface).and_then(VecDeque::pop_front);
        let Some((mut frame, data)) = next else {
            std::thread::sleep(timeout.min(Duration::from_millis(1)));
            return Ok(None);
        };
        frame.captured = data.len().min(buffer.len());
        buffer[..frame.captured].copy_from_slice(&data[..frame.captured]);
        Ok(Some(frame))
    }

    fn missed(&self) -> u64 {
        0
    }
}

impl TransmitFrames for End {
    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        let mut state = self.system.state();
        if let Some(errno) = state.transmit_errors.pop_front() {
            return Err(io::Error::from_raw_os_error(errno));
        }
        state.calls.push(Call::Transmit(self.interface.clone(), frame.to_vec()));
        Ok(())
    }
}

impl Pretended {
    fn end(&self, interface: &str, call: Call) -> End {
        self.state().calls.push(call);
        End { system: self.clone(), interface: interface.to_string() }
    }
}

impl System for Pretended {
    fn open_receive(&self, interface: &str) -> io::Result<Arc<dyn ReceiveFrames>> {
        Ok(Arc::new(self.end(interface, Call::OpenReceive(interface.to_string()))))
    }

    fn open_transmit(&self, interface: &str) -> io::Result<Box<dyn TransmitFrames>> {
        Ok(Box::new(self.end(interface, Call::OpenTransmit(interface.to_string()))))
    }

    fn open_tap(&self, interface: &str) -> io::Result<TapEnds> {
        let receive = self.end(interface, Call::OpenTap(interface.to_string()));
        let transmit = End { system: self.clone(), interface: interface.to_string() };
        Ok((Arc::new(receive), Box::new(transmit)))
    }

    fn set(&self, interface: &str, setting: Setting) -> io::Result<()> {
        self.state().calls.push(Call::Set(interface.to_string(), setting));
        Ok(())
    }

    fn has_address(&self, interface: &str) -> io::Result<bool> {
        Ok(self.state().addressed.iter().any(|known| known == interface))
    }

    fn facts(&self, _interface: &str) -> io::Result<Facts> {
        Ok(Facts { number: 1, mtu: 1500, queues: 1 })
    }

    fn dropped(&self, _interface: &str) -> (u64, u64) {
        (0, 0)
    }

    fn is_up(&self, interface: &str) -> bool {
        !self.state().down.iter().any(|known| known == interface)
    }

    fn clock(&self) -> io::Result<ClockStatus> {
        Ok(self.state().clock.unwrap_or(ClockStatus { is_locked: true, offset_ns: 0 }))
    }

    fn kernel_clock(&self) -> io::Result<KernelClock> {
        let ClockStatus { is_locked, offset_ns } = self.clock()?;
        Ok(KernelClock { is_locked, estimated_ns: offset_ns, most_ns: offset_ns, ..KernelClock::default() })
    }

    fn ptp_readings(&self, device: &str) -> io::Result<Vec<PtpReading>> {
        let found = self.state().readings.get(device).cloned();
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn passed_ns(&self) -> u64 {
        self.state().time_ns.map_or_else(|| Linux.passed_ns(), |(_, passed_ns)| passed_ns)
    }

    fn now_ns(&self) -> u64 {
        self.state().time_ns.map_or_else(|| Linux.now_ns(), |(now_ns, _)| now_ns)
    }
}
