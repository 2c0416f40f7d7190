//! Where things are in BAR0: the register blocks and their chain.

use sluice_nic::registers::{
    BLOCK_NEXT, BLOCK_TYPE, BLOCK_VERSION, Block, HAS_TIMESTAMPS, application, clock, completion_queues,
    event_queues, firmware, interface, interfaces, interrupts, port, port_control, receive_map,
    receive_queues, statistics, transmit_queues,
};

use crate::counters::COUNTERS;
use crate::defect::Defect;

/// Bytes of BAR0 and of BAR2.
pub(crate) const BAR_BYTES: u64 = 1 << 24;
/// Where MSI-X has its table, which the bus keeps.
pub(crate) const MSIX_TABLE: u64 = 0x1_0000;
pub(crate) const MSIX_PENDING: u64 = 0x1_8000;
pub(crate) const STATISTICS: u64 = 0x2_0000;
pub(crate) const STATISTICS_STRIDE: u64 = 8;
pub(crate) const CLOCK: u64 = 0x100;
/// Where the interface's blocks begin.
const CSR: u64 = 0x8_0000;
pub(crate) const INTERFACE: u64 = CSR;
pub(crate) const EVENTS: u64 = 0x10_0000;
pub(crate) const EVENT_STRIDE: u64 = 16;
pub(crate) const COMPLETIONS: u64 = 0x14_0000;
pub(crate) const COMPLETION_STRIDE: u64 = 16;
pub(crate) const TRANSMITTERS: u64 = 0x20_0000;
pub(crate) const RECEIVERS: u64 = 0x30_0000;
pub(crate) const RING_STRIDE: u64 = 32;
/// The registers of a port, from one to the next.
pub(crate) const PORTS: u64 = 0x9_0000;
pub(crate) const PORT_STRIDE: u64 = 0x1000;
const MAP_TABLE: u64 = 0xa_0000;
/// Where the blocks of an interface that follow its own stand, one behind the other.
const STEP: u64 = 0x40;

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) ports: u8,
    pub(crate) events: u32,
    pub(crate) queues: u32,
}

/// Words that only say what there is: place and value.
pub(crate) fn words(sizes: Sizes, application_id: u32, defect: Option<Defect>) -> Vec<(u64, u32)> {
    let mut words = Vec::new();
    let mut block = |at: u64, block: &Block, next: u64, registers: &[(u64, u32)]| {
        words.extend([
            (at + BLOCK_TYPE, block.kind),
            (at + BLOCK_VERSION, block.version),
            (at + BLOCK_NEXT, next as u32),
        ]);
        words.extend(registers.iter().map(|(register, word)| (at + register, *word)));
    };
    let after_clock = if defect == Some(Defect::CircularChain) { 0x40 } else { 0 };
    block(0, &firmware::BLOCK, 0x40, &FIRMWARE);
    block(0x40, &interrupts::BLOCK, 0x50, &[(interrupts::MIN_INTERVAL, 10)]);
    let places = [
        (interfaces::OFFSET, 0),
        (interfaces::COUNT, 1),
        (interfaces::STRIDE, BAR_BYTES as u32),
        (interfaces::CSR_OFFSET, CSR as u32),
    ];
    block(0x50, &interfaces::BLOCK, 0x70, &places);
    block(0x70, &application::BLOCK, 0x80, &[(application::ID, application_id)]);
    let counters = [
        (statistics::OFFSET, STATISTICS as u32),
        (statistics::COUNT, COUNTERS as u32),
        (statistics::STRIDE, STATISTICS_STRIDE as u32),
    ];
    block(0x80, &statistics::BLOCK, CLOCK, &counters);
    block(CLOCK, &clock::BLOCK, after_clock, &[]);
    interface_blocks(sizes, defect, &mut block);
    words
}

/// What the card says that it is: an Alveo U50 with a build of 2 December 2023.
const FIRMWARE: [(u64, u32); 7] = [
    (firmware::FPGA, 0x14b7_7093),
    (firmware::FIRMWARE, 0x0001_0001),
    (firmware::FIRMWARE_VERSION, 0x0001_0000),
    (firmware::BOARD, 0x10ee_9032),
    (firmware::BOARD_VERSION, 0x0100_0000),
    (firmware::BUILT, 1_701_475_200),
    (firmware::REVISION, 0x5105_10ce),
];

/// Puts a block at a place: its kind, where the next one is, and what its registers say.
type Put<'a> = &'a mut dyn FnMut(u64, &Block, u64, &[(u64, u32)]);

fn interface_blocks(sizes: Sizes, defect: Option<Defect>, block: Put<'_>) {
    let ports = u32::from(sizes.ports);
    let features = [
        (interface::FEATURES, HAS_TIMESTAMPS),
        (interface::PORTS, ports),
        (interface::SCHEDULERS, 0),
        (interface::MAX_SEND_BYTES, 9214),
        (interface::MAX_RECEIVE_BYTES, 9214),
        (interface::SEND_FIFO, 32 << 10),
        (interface::RECEIVE_FIFO, 128 << 10),
    ];
    block(INTERFACE, &interface::BLOCK, INTERFACE + STEP, &features);
    let receivers = if defect == Some(Defect::QueuesOutside) { BAR_BYTES } else { RECEIVERS };
    let newer = Block { version: 0x0500, ..event_queues::BLOCK };
    let events = if defect == Some(Defect::NewerQueues) { newer } else { event_queues::BLOCK };
    let queues = [
        (events, EVENTS, sizes.events, EVENT_STRIDE),
        (completion_queues::BLOCK, COMPLETIONS, sizes.queues, COMPLETION_STRIDE),
        (transmit_queues::BLOCK, TRANSMITTERS, sizes.queues, RING_STRIDE),
        (receive_queues::BLOCK, receivers, sizes.queues, RING_STRIDE),
    ];
    let mut at = INTERFACE + STEP;
    for (kind, offset, count, stride) in queues {
        let registers = [
            (receive_queues::OFFSET, offset as u32),
            (receive_queues::COUNT, count),
            (receive_queues::STRIDE, stride as u32),
        ];
        block(at, &kind, at + STEP, &registers);
        at += STEP;
    }
    let map = [(receive_map::CONFIG, ports), (receive_map::TABLE, MAP_TABLE as u32)];
    block(at, &receive_map::BLOCK, at + STEP, &map);
    for number in 0..u64::from(sizes.ports) {
        at += STEP;
        let next = if number + 1 < u64::from(sizes.ports) { at + STEP } else { 0 };
        let place = PORTS + number * PORT_STRIDE;
        block(at, &port::BLOCK, next, &[(port::OFFSET, place as u32)]);
        block(place, &port_control::BLOCK, 0, &[(port_control::FEATURES, 0)]);
    }
}
