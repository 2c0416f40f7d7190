//! What runs in the guest of the QEMU test: the kernel's VFIO under three devices, two of which nobody here wrote.
//!
//! Prints a line for each thing that was shown, and ends with 1 and what is wrong otherwise.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_nic::bus::{Bus, Interrupt, Iova, Space, Vfio};
use sluice_nic::discover::{self, Address, Linux};
use sluice_nic::memory::Memory;
use sluice_nic::{Card, CardTime, ReceiverOptions};

type Outcome = Result<(), Box<dyn Error>>;

/// Longer than anything takes on a machine that emulates another one.
const LONG: Duration = Duration::from_secs(60);

/// FNV-1a over the frames' bytes, in order.
fn sum(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn need(is_so: bool, what: &str) -> Outcome {
    if is_so { Ok(()) } else { Err(format!("not so: {what}").into()) }
}

fn get(bus: &dyn Bus, offset: u64) -> Result<u32, Box<dyn Error>> {
    let mut word = [0; 4];
    bus.read(Space::Bar(0), offset, &mut word)?;
    Ok(u32::from_le_bytes(word))
}

fn put(bus: &dyn Bus, offset: u64, word: u32) -> Outcome {
    Ok(bus.write(Space::Bar(0), offset, &word.to_le_bytes())?)
}

/// Hands a function over, and opens it.
fn take(id: (u16, u16)) -> Result<Arc<dyn Bus>, Box<dyn Error>> {
    let system = Linux::default();
    let names = std::fs::read_dir("/sys/bus/pci/devices")?;
    let addresses = names.flatten().filter_map(|name| Address::parse(&name.file_name().to_string_lossy()));
    let found =
        addresses.filter_map(|address| discover::look(&system, address).ok()).find(|found| found.id == id);
    let found = found.ok_or(format!("there is no {id:x?}"))?;
    discover::bind(&system, found.address, true)?;
    Ok(Arc::new(Vfio::open(found.address)?))
}

/// The card: discovery, an interrupt, frames by DMA, a clock, counters, memory that it may not reach, a reset.
fn card(wanted: u64) -> Outcome {
    let system = Linux::default();
    let [found] = discover::list(&system)?.try_into().map_err(|all| format!("not one card: {all:?}"))?;
    let lacks: Vec<String> = discover::lacks(&system, &found).iter().map(ToString::to_string).collect();
    println!("card: lacks {lacks:?}");
    discover::bind(&system, found.address, false)?;
    let bus: Arc<dyn Bus> = Arc::new(Vfio::open(found.address)?);
    let card = Card::open(bus.clone())?;
    card.expect_application(0x0511_ce01)?;
    card.clock()?.set(CardTime { seconds: 1_000, ns: 0 })?;
    need(card.clock()?.read()?.seconds >= 1_000, "the clock goes on from where it was set")?;
    // Fewer descriptors than there are frames: some are left for later.
    let options = ReceiverOptions { ring: 256, ..ReceiverOptions::default() };
    let mut receiver = card.receiver(0, 0, options)?;
    let ports = card.interfaces()[0].ports.clone();
    let opener = std::thread::spawn(move || {
        // When the receiver sleeps.
        std::thread::sleep(Duration::from_millis(500));
        ports.iter().try_for_each(|port| port.set_receive(true)).map_err(|error| error.to_string())
    });
    need(receiver.wait(LONG)?, "something comes in")?;
    opener.join().map_err(|_| "the thread is gone")??;
    need(receiver.status().interrupts > 0, "an interrupt came by MSI-X")?;
    println!("card: an interrupt by MSI-X");
    let (mut hash, begun) = (0xcbf2_9ce4_8422_2325, Instant::now());
    while receiver.status().frames < wanted {
        need(begun.elapsed() < LONG, "all frames come")?;
        let left = wanted - receiver.status().frames;
        if receiver.receive(left as usize, |captured| hash = sum(hash, captured.data))? == 0 {
            receiver.wait(LONG)?;
        }
    }
    println!("card: {wanted} frames by DMA, sum {hash:016x}");
    let faults = |card: &Card| card.statistics().and_then(|statistics| statistics.read(8));
    need(faults(&card)? == 0, "all memory was reached")?;
    // As the receiver's memory: the first addresses there are. What it was given is taken away behind its back.
    let bytes = options.ring * (16 + 32 + options.buffer_bytes) + 8192;
    bus.unmap(Iova(1 << 32), &Memory::private(bytes))?;
    let begun = Instant::now();
    while faults(&card)? == 0 {
        need(begun.elapsed() < LONG, "the card is refused memory that was taken away")?;
        // This process has the memory still, and gives the card descriptors in it.
        receiver.receive(64, |_| ())?;
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("card: refused an address that is not mapped");
    drop(receiver);
    card.reset()?;
    need(get(&*bus, 0)? == u32::MAX || Card::open(bus.clone()).is_ok(), "it is a card after a reset")?;
    println!("card: reset");
    Ok(())
}

/// QEMU's `edu` (its `docs/specs/edu.rst`): registers, DMA both ways, and DMA to nowhere.
fn edu() -> Outcome {
    let bus = take((0x1234, 0x11e8))?;
    need(get(&*bus, 0)? & 0xffff == 0x00ed, "it says that it is edu")?;
    put(&*bus, 4, 0x1234_5678)?;
    need(get(&*bus, 4)? == !0x1234_5678, "it inverts what is written")?;
    turn_on(&*bus)?;
    let memory = Arc::new(Memory::shared(8192)?);
    // It reaches 28 bits.
    let at = Iova(0x10_0000);
    bus.map(at, &memory)?;
    let pattern: Vec<u8> = (0..4000u32).map(|number| (number * 7) as u8).collect();
    memory.write(0, &pattern);
    let copy = |from: u64, to: u64, direction: u32| -> Outcome {
        for (register, value) in [(0x80, from), (0x88, to), (0x90, pattern.len() as u64)] {
            bus.write(Space::Bar(0), register, &value.to_le_bytes())?;
        }
        bus.write(Space::Bar(0), 0x98, &u64::from(1 | direction).to_le_bytes())?;
        let begun = Instant::now();
        while get(&*bus, 0x98)? & 1 != 0 {
            need(begun.elapsed() < LONG, "the transfer ends")?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    };
    copy(at.0, 0x4_0000, 0)?;
    copy(0x4_0000, at.0 + 4096, 2)?;
    let mut back = vec![0; pattern.len()];
    memory.read(4096, &mut back);
    need(back == pattern, "what it was given comes back")?;
    println!("edu: registers, DMA both ways");
    memory.write(4096, &vec![0xaa; pattern.len()]);
    bus.unmap(at, &memory)?;
    copy(0x4_0000, at.0 + 4096, 2)?;
    memory.read(4096, &mut back);
    need(back.iter().all(|byte| *byte == 0xaa), "memory that was taken away stays as it was")?;
    println!("edu: refused an address that is not mapped");
    Ok(())
}

/// Turns on that a function decodes its registers in memory, and does DMA.
fn turn_on(bus: &dyn Bus) -> Outcome {
    let mut command = [0; 2];
    bus.read(Space::Config, 4, &mut command)?;
    Ok(bus.write(Space::Config, 4, &[command[0] | 6, command[1]])?)
}

/// QEMU's `igb` (Intel 82576 datasheet, 8.8): registers in memory, interrupts by MSI-X, DMA, a reset.
fn igb() -> Outcome {
    let (general, set_cause, enable, cause) = (0x1514, 0x1520, 0x1524, 0x1580);
    let bus = take((0x8086, 0x10c9))?;
    turn_on(&*bus)?;
    let lines = (0..bus.vectors()).map(|_| Interrupt::new()).collect::<Result<Vec<_>, _>>()?;
    bus.connect(&lines)?;
    // A vector for each cause.
    put(&*bus, general, 0x10)?;
    put(&*bus, enable, 0b101)?;
    for vector in [0, 2, 0] {
        put(&*bus, set_cause, 1 << vector)?;
        let heard = lines[vector].wait(LONG)?;
        need(heard == 1, "the interrupt of that vector came once")?;
        put(&*bus, cause, 1 << vector)?;
    }
    println!("igb: interrupts by MSI-X, {} vectors", lines.len());
    igb_loop(&bus, &lines[2])?;
    println!("igb: a frame by DMA out and in again, and its interrupt");
    need(get(&*bus, enable)? & 0b101 == 0b101, "causes are on")?;
    bus.reset()?;
    need(get(&*bus, enable)? & 0b101 == 0, "registers are as after power on")?;
    println!("igb: reset");
    Ok(())
}

/// A frame that `igb` reads from memory, loops back, and writes to memory (7.1, 7.2, 8.10, 8.12): rings of eight descriptors, the interrupt of the receive queue by vector 2.
fn igb_loop(bus: &Arc<dyn Bus>, line: &Interrupt) -> Outcome {
    let memory = Arc::new(Memory::shared(4 * 4096)?);
    let at = Iova(1 << 32);
    bus.map(at, &memory)?;
    let (receive, send, into, from) = (0u64, 1024u64, 4096usize, 8192usize);
    let frame: Vec<u8> = (0..300u32).map(|number| (number * 11 + 2) as u8 & 0xfe).collect();
    memory.write(from, &frame);
    // Receive descriptor: where to. Transmit descriptor: from where, a whole frame with CRC, told when it is done.
    memory.write_u64(receive as usize, at.0 + into as u64);
    memory.write_u64(send as usize, at.0 + from as u64);
    memory.write_u32(send as usize + 8, 0x2b30_0000 | frame.len() as u32);
    memory.write_u32(send as usize + 12, (frame.len() as u32) << 14);
    Memory::write_barrier();
    // The link: the PHY (number 1) negotiates anew.
    put(&**bus, 0x0000, 1 << 6)?;
    put(&**bus, 0x0020, 1 << 26 | 1 << 21 | 0x1200)?;
    let begun = Instant::now();
    while get(&**bus, 0x0008)? & 2 == 0 {
        need(begun.elapsed() < LONG, "the link comes up")?;
        std::thread::sleep(Duration::from_millis(10));
    }
    // The receive queue's vector; all addresses, loopback, no CRC in memory.
    put(&**bus, 0x1700, 0x82)?;
    put(&**bus, 0x0100, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 15 | 1 << 26)?;
    for (base, ring, control) in [(0xc000, receive, 0xc028), (0xe000, send, 0xe028)] {
        for (register, word) in [(0, (at.0 + ring) as u32), (4, ((at.0 + ring) >> 32) as u32), (8, 128)] {
            put(&**bus, base + register, word)?;
        }
        put(&**bus, control, 1 << 25)?;
    }
    // Buffers of 2 KiB, one a frame.
    put(&**bus, 0xc00c, 2 | 1 << 25)?;
    put(&**bus, 0xc018, 1)?;
    put(&**bus, 0x0400, 1 << 1)?;
    put(&**bus, 0xe018, 1)?;
    need(line.wait(LONG)? > 0, "the receive queue's interrupt comes")?;
    let status = memory.read_u32_acquire(receive as usize + 8);
    let bytes = memory.read_u32(receive as usize + 12) as u16;
    need(status & 3 == 3, "the descriptor is done, and a whole frame")?;
    need(usize::from(bytes) == frame.len(), "it is as long as it was")?;
    let mut back = vec![0; frame.len()];
    memory.read(into, &mut back);
    need(back == frame, "it is what it was")?;
    bus.unmap(at, &memory)?;
    Ok(())
}

fn main() -> Outcome {
    let wanted: u64 = std::env::args().nth(1).ok_or("say how many frames")?.parse()?;
    card(wanted)?;
    edu()?;
    igb()?;
    println!("guest: all of it");
    Ok(())
}
