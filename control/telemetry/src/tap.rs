//! What sees the frames of one port.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use crate::flows::{End, Flow, Flows};
use crate::frame::dissect;
use crate::ipfix::{FlowRecord, Record};
use crate::latency::Copies;
use crate::sflow::{MAX_HEADER, Sample, SampleCounts};

/// Counters of one port: written by one thread at a time, read by any.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) multicast: AtomicU64,
    pub(crate) broadcast: AtomicU64,
    pub(crate) samples: AtomicU64,
    pub(crate) lost_samples: AtomicU64,
    pub(crate) flows: AtomicU64,
    pub(crate) lost_flows: AtomicU64,
    pub(crate) evicted_flows: AtomicU64,
    pub(crate) not_ip: AtomicU64,
}

/// Adds where nobody else writes: cheaper than an addition that others could get between.
fn add(counter: &AtomicU64, number: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
}

/// What a tap handed over, and what it could not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Frames that were picked and handed over.
    pub samples: u64,
    /// Frames that were picked and found no room.
    pub lost_samples: u64,
    /// Flows that were handed over.
    pub flows: u64,
    /// Flows that found no room.
    pub lost_flows: u64,
    /// Of the flows, those that gave way to another one.
    pub evicted_flows: u64,
    /// Frames that are in no flow, since they are not IP.
    pub not_ip: u64,
}

impl Counts {
    /// Multicast and broadcast frames.
    pub(crate) fn groups(&self) -> (u64, u64) {
        (self.multicast.load(Ordering::Relaxed), self.broadcast.load(Ordering::Relaxed))
    }

    pub(crate) fn lost(&self) -> Lost {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Lost {
            samples: read(&self.samples),
            lost_samples: read(&self.lost_samples),
            flows: read(&self.flows),
            lost_flows: read(&self.lost_flows),
            evicted_flows: read(&self.evicted_flows),
            not_ip: read(&self.not_ip),
        }
    }
}

/// Picks one of so many frames, at random (sFlow version 5, section 3.1).
#[derive(Debug)]
pub(crate) struct Sampler {
    rate: u32,
    header: usize,
    /// Frames until the next one is picked.
    skip: u64,
    random: u64,
    pool: u32,
    sequence: u32,
    drops: u32,
    out: SyncSender<Sample>,
}

impl Sampler {
    pub(crate) fn new(rate: u32, header: usize, out: SyncSender<Sample>) -> Self {
        let random = RandomState::new().hash_one(0u8) | 1;
        let mut sampler = Self {
            rate: rate.max(1),
            header: header.min(MAX_HEADER),
            skip: 0,
            random,
            pool: 0,
            sequence: 0,
            drops: 0,
            out,
        };
        sampler.pick();
        sampler
    }

    /// From 1 to twice the rate, the rate on average, so that nothing that comes in steps is seen always or never.
    fn pick(&mut self) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.skip = 1 + self.random % (2 * u64::from(self.rate) - 1);
    }

    fn frame(&mut self, port: u16, data: &[u8], wire_length: u32, counts: &Counts) {
        self.pool = self.pool.wrapping_add(1);
        self.skip -= 1;
        if self.skip > 0 {
            return;
        }
        self.take(port, false, data, wire_length, counts);
    }

    /// Takes this frame.
    fn take(&mut self, port: u16, is_sent: bool, data: &[u8], wire_length: u32, counts: &Counts) {
        self.pick();
        let header_length = data.len().min(self.header);
        let mut header = [0; MAX_HEADER];
        if let (Some(to), Some(from)) = (header.get_mut(..header_length), data.get(..header_length)) {
            to.copy_from_slice(from);
        }
        let of = SampleCounts { rate: self.rate, pool: self.pool, drops: self.drops };
        let sequence = self.sequence.wrapping_add(1);
        let sample = Sample { port, is_sent, sequence, counts: of, wire_length, header, header_length };
        if self.out.try_send(sample).is_ok() {
            self.sequence = sequence;
            add(&counts.samples, 1);
        } else {
            self.drops = self.drops.wrapping_add(1);
            add(&counts.lost_samples, 1);
        }
    }
}

/// Sees what leaves by a port. Any number of threads have it; all but the one that picks a frame only count.
#[derive(Debug)]
pub struct SentTap {
    picker: Option<Picker>,
    /// Ways whose copies leave by this port.
    ways: Vec<Copies>,
}

impl SentTap {
    pub(crate) fn new(picker: Option<Picker>, ways: Vec<Copies>) -> Self {
        Self { picker, ways }
    }

    /// A frame left, so long without FCS.
    pub fn frame(&self, data: &[u8]) {
        if let Some(picker) = &self.picker {
            picker.frame(data);
        }
        self.ways.iter().for_each(|way| way.frame(data));
    }
}

/// Picks samples of what leaves by a port.
#[derive(Debug)]
pub(crate) struct Picker {
    port: u16,
    counts: Arc<Counts>,
    /// Frames until the next one is picked; below it while that is being done.
    left: AtomicI64,
    sampler: Mutex<Sampler>,
}

impl Picker {
    pub(crate) fn new(port: u16, counts: Arc<Counts>, sampler: Sampler) -> Self {
        let left = AtomicI64::new(i64::try_from(sampler.skip).unwrap_or(i64::MAX));
        Self { port, counts, left, sampler: Mutex::new(sampler) }
    }

    fn frame(&self, data: &[u8]) {
        if self.left.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        // Whoever has it picks; this frame is counted as one that passed.
        let Ok(mut sampler) = self.sampler.try_lock() else { return };
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 {
            return;
        }
        // The pool has all that passed until now.
        let passed = sampler.skip.wrapping_add(left.unsigned_abs());
        sampler.pool = sampler.pool.wrapping_add(passed as u32);
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        sampler.take(self.port, true, data, length, &self.counts);
        let skip = i64::try_from(sampler.skip).unwrap_or(i64::MAX);
        self.left.fetch_add(skip.saturating_sub(left), Ordering::Relaxed);
    }
}

/// See the crate. One thread has it; when it goes, its flows are told.
#[derive(Debug)]
pub struct Tap {
    pub(crate) port: u16,
    pub(crate) counts: Arc<Counts>,
    pub(crate) sampler: Option<Sampler>,
    pub(crate) flows: Option<(Flows, SyncSender<Record>)>,
}

/// Hands a flow over, or counts that it could not be.
fn tell<'t>(port: u16, counts: &'t Counts, out: &'t SyncSender<Record>) -> impl FnMut(&Flow, End) + 't {
    move |flow, end| {
        add(&counts.evicted_flows, u64::from(end == End::LackOfResources));
        let is_taken = out.try_send(Record::Flow(FlowRecord { port, flow: *flow, end })).is_ok();
        add(if is_taken { &counts.flows } else { &counts.lost_flows }, 1);
    }
}

impl Tap {
    /// A frame came in, with so many bytes on the wire (both without FCS), at that time in nanoseconds since the UNIX epoch.
    pub fn frame(&mut self, data: &[u8], wire_length: u32, time_ns: u64) {
        match data.first_chunk::<6>() {
            Some([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) => add(&self.counts.broadcast, 1),
            Some([first, ..]) if first & 1 == 1 => add(&self.counts.multicast, 1),
            Some(_) | None => {}
        }
        if let Some(sampler) = &mut self.sampler {
            sampler.frame(self.port, data, wire_length, &self.counts);
        }
        if let Some((flows, out)) = &mut self.flows {
            match dissect(data) {
                Some(packet) => flows.packet(&packet, time_ns, &mut tell(self.port, &self.counts, out)),
                None => add(&self.counts.not_ip, 1),
            }
        }
    }

    /// No frame came in for a while: it is that late.
    pub fn idle(&mut self, now_ns: u64) {
        if let Some((flows, out)) = &mut self.flows {
            flows.look(now_ns, &mut tell(self.port, &self.counts, out));
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let Some((flows, out)) = &mut self.flows else { return };
        let (port, counts) = (self.port, &self.counts);
        // No frame waits for it any more: room is waited for.
        flows.end(&mut |flow, end| {
            let is_taken = out.send(Record::Flow(FlowRecord { port, flow: *flow, end })).is_ok();
            add(if is_taken { &counts.flows } else { &counts.lost_flows }, 1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn one_of_so_many_is_picked_and_pools_sequences_and_drops_add_up() {
        let (out, samples) = sync_channel(1000);
        let mut sampler = Sampler::new(100, 64, out);
        let counts = Counts::default();
        let frames = 200_000;
        for _ in 0..frames {
            sampler.frame(3, &[1; 90], 90, &counts);
        }
        drop(sampler);
        let lost = counts.lost();
        let picked = lost.samples + lost.lost_samples;
        // Of 2,000 expected, with a standard deviation of about 26.
        assert!((1_800..2_200).contains(&picked), "{picked}");
        assert_eq!(lost.samples, 1000, "the queue has no room for more");
        let all: Vec<Sample> = samples.iter().collect();
        assert!(
            all.iter()
                .zip(1..)
                .all(|(sample, number)| sample.sequence == number && sample.header_length == 64)
        );
        let pools: Vec<u32> = all.iter().map(|sample| sample.counts.pool).collect();
        assert!(pools.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] < 200));
    }

    #[test]
    fn what_many_threads_send_is_counted_whole() {
        let (out, samples) = sync_channel(100_000);
        let counts = Arc::<Counts>::default();
        let picker = Picker::new(9, counts.clone(), Sampler::new(50, 64, out));
        let tap = SentTap::new(Some(picker), Vec::new());
        let (threads, each, round) = (4u32, 50_000u32, 50);
        // They wait for each other after each round: one that is taken off its processor while it picks holds up no more than that round.
        let together = std::sync::Barrier::new(threads as usize);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..each / round {
                        (0..round).for_each(|_| tap.frame(&[3; 70]));
                        together.wait();
                    }
                });
            }
        });
        drop(tap);
        let all: Vec<Sample> = samples.iter().collect();
        assert_eq!(counts.lost().samples, all.len() as u64);
        // One of fifty of 200,000; a pause while one picks makes it a few less at most.
        assert!((3_000..4_400).contains(&all.len()), "{}", all.len());
        assert!(all.iter().zip(1..).all(|(sample, number)| sample.sequence == number && sample.is_sent));
        let last = all.last().expect("there are some").counts.pool;
        assert!(last <= threads * each && last > threads * each - 200, "{last}");
    }

    #[test]
    fn one_of_one_is_every_frame() {
        let (out, samples) = sync_channel(10);
        let mut sampler = Sampler::new(1, 128, out);
        (0..5).for_each(|_| sampler.frame(1, &[2; 60], 60, &Counts::default()));
        drop(sampler);
        assert_eq!(samples.iter().map(|sample| sample.counts.pool).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
}
