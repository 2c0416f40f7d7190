//! The application block with a pipeline in it: ports of the card, numbers of the program.

use sluice_nic::CardTime;
use sluice_nic::registers::{
    BLOCK_TYPE, BLOCK_VERSION, NO_NUMBER, PIPELINE_APPLICATION, SHELL, SHELL_HOST_STRIDE, SHELL_HOSTS,
    SHELL_PORT_STRIDE, SHELL_PORTS, shell, shell_host, shell_port,
};

use crate::pipeline::{Out, Pipeline};

/// A frame that a data path made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The number that it is for.
    pub number: u16,
    /// The frame.
    pub frame: Vec<u8>,
}

/// A program's data path, with its registers.
pub trait DataPath: Send {
    /// Which program it is of: what a bitstream says.
    fn program(&self) -> u64;

    /// Reads a register; none from a data path that is broken.
    fn read(&mut self, address: u32) -> Option<u32>;

    /// Writes one.
    fn write(&mut self, address: u32, word: u32);

    /// A frame comes in, at a port of that number and that time, nanoseconds since the UNIX epoch (UTC).
    fn frame(&mut self, number: u16, time_ns: u64, frame: &[u8]) -> Vec<Leaving>;

    /// As after power on.
    fn reset(&mut self);
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Received, their bytes, sent, their bytes, down: in the order of the registers.
    words: [u64; 5],
}

#[derive(Clone, Copy, Debug)]
struct Port {
    number: u32,
    is_up: bool,
    now: Counts,
    taken: Counts,
}

impl Default for Port {
    fn default() -> Self {
        Self { number: NO_NUMBER, is_up: false, now: Counts::default(), taken: Counts::default() }
    }
}

/// A queue of the host.
#[derive(Clone, Copy, Debug)]
struct Host {
    number: u32,
    /// Copies for it, those without room, frames that it sent: in the order of the registers, now and as taken.
    now: [u64; 3],
    taken: [u64; 3],
}

impl Default for Host {
    fn default() -> Self {
        Self { number: NO_NUMBER, now: [0; 3], taken: [0; 3] }
    }
}

/// Queues of the host that have a number.
const HOSTS: usize = 8;

/// A data path between ports.
#[derive(Debug)]
pub struct Shell<D> {
    data_path: D,
    ports: Vec<Port>,
    hosts: [Host; HOSTS],
    tai_offset: u32,
    /// Copies to numbers that no port has: now and as taken.
    nowhere: [u64; 2],
    is_fresh: bool,
}

impl<D: DataPath> Shell<D> {
    /// One with so many ports.
    pub fn new(data_path: D, ports: u8) -> Self {
        let ports = vec![Port::default(); usize::from(ports)];
        Self {
            data_path,
            ports,
            hosts: [Host::default(); HOSTS],
            tai_offset: 0,
            nowhere: [0; 2],
            is_fresh: true,
        }
    }

    /// The data path, to break it.
    pub fn data_path(&mut self) -> &mut D {
        &mut self.data_path
    }

    fn time_ns(&self, time: CardTime) -> u64 {
        let seconds = time.seconds.saturating_sub(u64::from(self.tai_offset));
        seconds.saturating_mul(1_000_000_000).saturating_add(u64::from(time.ns))
    }

    /// Where a copy goes.
    fn out(&mut self, copy: Leaving) -> Option<Out> {
        let number = u32::from(copy.number);
        if let Some(queue) = self.hosts.iter().position(|host| host.number == number && number != NO_NUMBER) {
            self.hosts[queue].now[0] += 1;
            return Some(Out::Host { queue: queue as u16, frame: copy.frame });
        }
        let Some(at) = self.ports.iter().position(|port| port.number == number) else {
            self.nowhere[0] += 1;
            return None;
        };
        let port = &mut self.ports[at];
        if !port.is_up {
            port.now.words[4] += 1;
            return None;
        }
        port.now.words[2] += 1;
        port.now.words[3] += copy.frame.len() as u64;
        Some(Out::Port { port: at as u8, frame: copy.frame })
    }

    fn host_register(offset: u64) -> Option<(usize, u64)> {
        let at = offset.checked_sub(SHELL_HOSTS)?;
        let queue = (at / SHELL_HOST_STRIDE) as usize;
        (queue < HOSTS).then_some((queue, at % SHELL_HOST_STRIDE))
    }

    fn read_host(host: &Host, register: u64) -> u32 {
        match register {
            BLOCK_TYPE => shell_host::KIND,
            BLOCK_VERSION => shell_host::VERSION,
            shell_host::NUMBER => host.number,
            shell_host::COPIES..0x28 => {
                half(host.taken[((register - shell_host::COPIES) / 8) as usize], register)
            }
            _ => 0,
        }
    }

    /// Takes a frame through.
    fn pass(&mut self, number: u32, frame: &[u8], time: CardTime) -> Vec<Out> {
        self.is_fresh = false;
        let time_ns = self.time_ns(time);
        let copies = self.data_path.frame(number as u16, time_ns, frame);
        copies.into_iter().filter_map(|copy| self.out(copy)).collect()
    }

    fn port_register(&self, offset: u64) -> Option<(usize, u64)> {
        let at = offset.checked_sub(SHELL_PORTS)?;
        let port = (at / SHELL_PORT_STRIDE) as usize;
        (port < self.ports.len()).then_some((port, at % SHELL_PORT_STRIDE))
    }

    fn read_port(port: &Port, register: u64) -> u32 {
        match register {
            BLOCK_TYPE => shell_port::KIND,
            BLOCK_VERSION => shell_port::VERSION,
            shell_port::NUMBER => port.number,
            shell_port::RECEIVED..0x38 => {
                let value = port.taken.words[((register - shell_port::RECEIVED) / 8) as usize];
                half(value, register)
            }
            _ => 0,
        }
    }
}

fn half(value: u64, register: u64) -> u32 {
    if register.is_multiple_of(8) { value as u32 } else { (value >> 32) as u32 }
}

impl<D: DataPath> Pipeline for Shell<D> {
    fn id(&self) -> u32 {
        PIPELINE_APPLICATION
    }

    fn frame(&mut self, port: u8, frame: &[u8], time: CardTime) -> Vec<Out> {
        let Some(from) = self.ports.get_mut(usize::from(port)).filter(|from| from.number != NO_NUMBER) else {
            return Vec::new();
        };
        from.now.words[0] += 1;
        from.now.words[1] += frame.len() as u64;
        let number = from.number;
        self.pass(number, frame, time)
    }

    fn sent_by_host(&mut self, queue: u16, frame: &[u8], time: CardTime) -> Vec<Out> {
        let from = self.hosts.get_mut(usize::from(queue)).filter(|from| from.number != NO_NUMBER);
        let Some(from) = from else { return Vec::new() };
        from.now[2] += 1;
        let number = from.number;
        self.pass(number, frame, time)
    }

    fn found_no_room(&mut self, queue: u16) {
        if let Some(host) = self.hosts.get_mut(usize::from(queue)) {
            host.now[1] += 1;
        }
    }

    fn read(&mut self, offset: u64) -> u32 {
        if let Some((port, register)) = self.port_register(offset) {
            return Self::read_port(&self.ports[port], register);
        }
        if let Some((queue, register)) = Self::host_register(offset) {
            return Self::read_host(&self.hosts[queue], register);
        }
        let Some(register) = offset.checked_sub(SHELL) else {
            return self.data_path.read(offset as u32).unwrap_or(u32::MAX);
        };
        let program = self.data_path.program();
        match register {
            BLOCK_TYPE => shell::KIND,
            BLOCK_VERSION => shell::VERSION,
            shell::PROGRAM_LOW => program as u32,
            shell::PROGRAM_HIGH => (program >> 32) as u32,
            shell::PORTS => self.ports.len() as u32,
            shell::HOSTS => HOSTS as u32,
            shell::TAI_OFFSET => self.tai_offset,
            shell::NOWHERE => self.nowhere[1] as u32,
            shell::NOWHERE_HIGH => (self.nowhere[1] >> 32) as u32,
            shell::FRESH => u32::from(self.is_fresh),
            _ => 0,
        }
    }

    fn write(&mut self, offset: u64, word: u32) {
        if let Some((port, register)) = self.port_register(offset) {
            if register == shell_port::NUMBER {
                self.ports[port].number = word & NO_NUMBER;
            }
            return;
        }
        if let Some((queue, register)) = Self::host_register(offset) {
            if register == shell_host::NUMBER {
                self.hosts[queue].number = word & NO_NUMBER;
            }
            return;
        }
        match offset.checked_sub(SHELL) {
            None => {
                self.is_fresh = false;
                self.data_path.write(offset as u32, word);
            }
            Some(shell::TAI_OFFSET) => self.tai_offset = word,
            Some(shell::SNAPSHOT) => {
                self.ports.iter_mut().for_each(|port| port.taken = port.now);
                self.hosts.iter_mut().for_each(|host| host.taken = host.now);
                self.nowhere[1] = self.nowhere[0];
            }
            Some(_) => {}
        }
    }

    fn set_sends(&mut self, port: u8, sends: bool) {
        if let Some(port) = self.ports.get_mut(usize::from(port)) {
            port.is_up = sends;
        }
    }

    fn reset(&mut self) {
        self.data_path.reset();
        self.ports.fill(Port::default());
        self.hosts.fill(Host::default());
        (self.tai_offset, self.nowhere) = (0, [0; 2]);
        self.is_fresh = true;
    }
}
