//! `sluice nic show`.

use sluice_nic::{Card, PortState};

use super::args::CardArgument;
use super::{failed, open, times};
use crate::failure::Failure;

pub(super) fn run(argument: &CardArgument) -> Result<(), Failure> {
    let card = open(argument)?;
    show(&card).map_err(failed(&argument.card))
}

fn show(card: &Card) -> Result<(), sluice_nic::CardError> {
    let firmware = card.firmware();
    let [a, b, c, d] = firmware.version.to_be_bytes();
    println!("board        {:08x}", firmware.board);
    println!("firmware     {a}.{b}.{c}.{d}, revision {:08x}", firmware.revision);
    match card.application() {
        Some(application) => {
            println!("application  {:08x}, {} MiB of registers", application.id, application.bytes >> 20);
        }
        None => println!("application  none"),
    }
    for (number, interface) in card.interfaces().iter().enumerate() {
        let (queues, bytes) = (interface.receive_queues(), interface.receive_bytes()?);
        println!(
            "interface {number}  {queues} receive queues, frames of {bytes} bytes (at most {})",
            interface.max_receive_bytes
        );
        for (port, one) in interface.ports.iter().enumerate() {
            let (receive, send) = (one.receive_state()?, one.send_state()?);
            println!("  port {port}     receive {}, send {}", state(receive), state(send));
        }
    }
    if let Ok(clock) = card.clock() {
        let reading = clock.look()?;
        let offset = clock.compare(8, times::tai_ns)?;
        let kept = if reading.is_locked { "follows a grandmaster" } else { "runs free" };
        println!(
            "clock        {kept}, {} ns ahead of this machine's TAI (within {} ns)",
            offset.ahead_ns, offset.bound_ns
        );
    }
    if let Ok(statistics) = card.statistics() {
        let counters = statistics.read_all()?;
        counters.iter().for_each(|(number, value)| println!("counter {number:<4} {value}"));
    }
    Ok(())
}

fn state(state: PortState) -> &'static str {
    match state {
        PortState { is_in_reset: true, .. } => "in reset",
        PortState { is_on: false, is_up: true, .. } => "off, link up",
        PortState { is_on: false, is_up: false, .. } => "off, link down",
        PortState { is_up: false, .. } => "on, link down",
        PortState { .. } => "on, link up",
    }
}
