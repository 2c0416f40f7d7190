//! The process that simulates, by the protocol of `main.cpp`: commands go in, and what came out is told when it is asked to run.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sluice_fpga::{AccessError, Registers};

use crate::error::{Result, SimError};

/// A frame that came out, with the clocks of its first and last beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Clock of its first beat.
    pub first: u64,
    /// Clock of its last beat.
    pub last: u64,
    /// The stream that it left by.
    pub queue: u16,
    /// The port that it is for.
    pub port: u16,
    /// Instance of the copy.
    pub instance: u16,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What happened since the last run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Clocks since the reset.
    pub clock: u64,
    /// The clock of each frame's first beat in, in order.
    pub begun: Vec<u64>,
    /// What came out, in the order in which it ended.
    pub sent: Vec<Sent>,
}

/// A simulation that runs.
#[derive(Debug)]
pub struct Machine {
    child: Child,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
    written: u64,
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It ends with its input; to wait for it leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Machine {
    /// Starts what [`crate::build`] made.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(SimError::io(format!("starting {}", program.display())))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SimError::Tool {
                tool: "the simulation".to_string(),
                why: "it has no pipes".to_string(),
            });
        };
        Ok(Self { child, to: BufWriter::new(to), from: BufReader::new(from), written: 0 })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.to.write_all(bytes).map_err(SimError::io("writing to the simulation"))
    }

    fn get<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(SimError::io("reading from the simulation"))?;
        Ok(bytes)
    }

    fn get_u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.get()?))
    }

    fn get_u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.get()?))
    }

    fn get_u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.get()?))
    }

    /// Writes to registers so far; each takes two clocks.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// A frame, which comes in at the next run, `gap` clocks after the last beat of the one before it.
    ///
    /// # Errors
    /// The process has ended.
    pub fn frame(&mut self, port: u16, is_bad: bool, time_ns: u64, gap: u32, bytes: &[u8]) -> Result<()> {
        let mut command = vec![b'F'];
        command.extend(port.to_le_bytes());
        command.push(u8::from(is_bad));
        command.extend(time_ns.to_le_bytes());
        command.extend(gap.to_le_bytes());
        command.extend((bytes.len() as u32).to_le_bytes());
        self.send(&command)?;
        self.send(bytes)
    }

    /// At which of 32 clocks the outputs take a beat, one bit each; all are set at the start.
    ///
    /// # Errors
    /// The process has ended.
    pub fn ready(&mut self, pattern: u32) -> Result<()> {
        let mut command = vec![b'Y'];
        command.extend(pattern.to_le_bytes());
        self.send(&command)
    }

    /// Runs until all is in and nothing has come out for so many clocks.
    ///
    /// # Errors
    /// The process has ended.
    pub fn run(&mut self, quiet: u32) -> Result<Run> {
        let mut command = vec![b'D'];
        command.extend(quiet.to_le_bytes());
        self.send(&command)?;
        self.to.flush().map_err(SimError::io("writing to the simulation"))?;
        let mut run = Run { clock: self.get_u64()?, ..Run::default() };
        for _ in 0..self.get_u32()? {
            run.begun.push(self.get_u64()?);
        }
        for _ in 0..self.get_u32()? {
            let (first, last) = (self.get_u64()?, self.get_u64()?);
            let (queue, port, instance) = (self.get_u16()?, self.get_u16()?, self.get_u16()?);
            let mut bytes = vec![0; self.get_u32()? as usize];
            self.from.read_exact(&mut bytes).map_err(SimError::io("reading from the simulation"))?;
            run.sent.push(Sent { first, last, queue, port, instance, bytes });
        }
        Ok(run)
    }
}

fn ended(error: SimError) -> AccessError {
    AccessError::Failed(error.to_string())
}

impl Registers for Machine {
    /// A register's value, once all that waits has been done.
    fn read(&mut self, address: u32) -> std::result::Result<u32, AccessError> {
        let mut command = vec![b'R'];
        command.extend(address.to_le_bytes());
        self.send(&command).map_err(ended)?;
        self.to.flush().map_err(SimError::io("writing to the simulation")).map_err(ended)?;
        self.get_u32().map_err(ended)
    }

    /// A write, which waits for the next run, in order.
    fn write(&mut self, address: u32, word: u32) -> std::result::Result<(), AccessError> {
        let mut command = vec![b'W'];
        command.extend(address.to_le_bytes());
        command.extend(word.to_le_bytes());
        self.written += 1;
        self.send(&command).map_err(ended)
    }
}
