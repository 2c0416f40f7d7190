//! Counters, meters, registers, value sets and digests (P4Runtime specification, sections 9.3, 9.4, 9.6, 9.7 and 9.8).

use std::sync::Arc;

use crate::{Bits, EntryKey, Match};

/// What a counter has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CounterData {
    /// Packets.
    pub packets: u64,
    /// Bytes, by the packets' lengths on the wire as they came in (for transmitted packets: as they went out).
    pub bytes: u64,
}

impl std::ops::AddAssign for CounterData {
    fn add_assign(&mut self, other: Self) {
        self.packets = self.packets.wrapping_add(other.packets);
        self.bytes = self.bytes.wrapping_add(other.bytes);
    }
}

impl CounterData {
    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            packets: self.packets.wrapping_sub(earlier.packets),
            bytes: self.bytes.wrapping_sub(earlier.bytes),
        }
    }
}

/// One cell of an indirect counter, or all cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CounterEntry {
    /// Name of the counter.
    pub counter: Arc<str>,
    /// Cell; `None` writes all.
    pub index: Option<u64>,
    /// Its value; written as `None` it stays as it is.
    pub data: Option<CounterData>,
}

/// The direct counter of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DirectCounterEntry {
    /// Name of the table.
    pub table: Arc<str>,
    /// Which of its entries.
    pub key: EntryKey,
    /// Its value; written as `None` it stays as it is.
    pub data: Option<CounterData>,
}

/// Rates of a two-rate three-color meter (RFC 2698), in the meter's unit: bytes or packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MeterConfig {
    /// Committed rate, units per second.
    pub cir: u64,
    /// Committed burst, units.
    pub cburst: u64,
    /// Peak rate, units per second.
    pub pir: u64,
    /// Peak burst, units.
    pub pburst: u64,
}

/// What a meter's cell has colored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MeterCounters {
    /// Within the committed rate.
    pub green: CounterData,
    /// Above it and within the peak rate.
    pub yellow: CounterData,
    /// Above the peak rate.
    pub red: CounterData,
}

/// One cell of an indirect meter, or all cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeterEntry {
    /// Name of the meter.
    pub meter: Arc<str>,
    /// Cell; `None` writes all.
    pub index: Option<u64>,
    /// Rates; `None` marks everything green.
    pub config: Option<MeterConfig>,
    /// What it colored. Writing it sets all of it to 0; it may be nothing else. Read: only where asked for.
    pub counters: Option<MeterCounters>,
}

/// The direct meter of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DirectMeterEntry {
    /// Name of the table.
    pub table: Arc<str>,
    /// Which of its entries.
    pub key: EntryKey,
    /// Rates; `None` marks everything green.
    pub config: Option<MeterConfig>,
    /// What it colored. Writing it sets all of it to 0; it may be nothing else. Read: only where asked for.
    pub counters: Option<MeterCounters>,
}

/// One cell of a register array, or all cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegisterEntry {
    /// Name of the register array.
    pub register: Arc<str>,
    /// Cell; `None` writes all.
    pub index: Option<u64>,
    /// Its value.
    pub value: Bits,
}

/// All members of a parser value set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValueSetEntry {
    /// Name of the value set.
    pub set: Arc<str>,
    /// Its members, each once: fields in the order of [`crate::ValueSetInfo::fields`]. One that matches is enough.
    pub members: Vec<Vec<Match>>,
}

/// How a digest's messages reach the controller. Without one they do not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DigestEntry {
    /// Name of the digest.
    pub digest: Arc<str>,
    /// How.
    pub config: DigestConfig,
}

/// See [`DigestEntry`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DigestConfig {
    /// How long a message waits for others, nanoseconds.
    pub max_timeout_ns: u64,
    /// Most messages of a list; 0: as many as come in time.
    pub max_list_size: u32,
    /// How long the same message is not sent again unless the controller acknowledged its list, nanoseconds.
    pub ack_timeout_ns: u64,
}
