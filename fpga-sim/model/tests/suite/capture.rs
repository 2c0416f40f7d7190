//! Frames through rings in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluice_nic::{CardError, CardTime, ReceiverOptions};
use sluice_nic_model::{Counter, Delivered};

use crate::lab::{Lab, Way, frame, ways};

/// More than any wait here takes.
const LONG: Duration = Duration::from_secs(20);

#[test]
fn frames_come_as_they_were_with_their_time() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let (card, mut receiver) = lab.receiver(ReceiverOptions { ring: 256, ..ReceiverOptions::default() });
        // The upper bits of the seconds are not in a completion.
        let clock = card.clock().expect("it has one");
        clock.set(CardTime { seconds: 0x1_0002_fff0, ns: 5 }).expect("it can");
        clock.read().expect("what was written has arrived");
        let count = if cfg!(miri) { 600 } else { 3_000u32 };
        let (mut sent, mut got) = (0, 0);
        while got < count {
            while sent < count && lab.device.with(|model, _| model.has_room(0)) {
                // Some 30 ms from one to the next: seconds run over 16 bits.
                lab.device.with(|model, _| model.pass(30_000_000));
                assert_eq!(lab.frame(&frame(sent, 1514)), Delivered { host: 1, ..Delivered::default() });
                sent += 1;
            }
            let mut wrong = Vec::new();
            receiver
                .receive(100, |captured| {
                    let time = captured.time.expect("it stamps");
                    let passed = u64::from(got + 1) * 30_000_000 + 5;
                    let expected = (0x1_0002_fff0 + passed / 1_000_000_000, (passed % 1_000_000_000) as u32);
                    if captured.data != frame(got, 1514)
                        || (time.seconds, time.ns) != expected
                        || captured.port != 0
                    {
                        wrong.push((got, time, captured.data.len()));
                    }
                    got += 1;
                })
                .expect("nothing is wrong");
            assert_eq!(wrong, [], "{way:?}");
        }
        let status = receiver.status();
        let bytes: usize = (0..count).map(|number| frame(number, 1514).len()).sum();
        assert_eq!((status.frames, status.bytes), (u64::from(count), bytes as u64));
        assert_eq!(receiver.receive(1, |_| ()).expect("nothing is wrong"), 0, "there is no more");
        let statistics = card.statistics().expect("it has some");
        let expected = [(0, u64::from(count)), (1, bytes as u64), (2, u64::from(count)), (3, bytes as u64)];
        assert_eq!(statistics.read_all().expect("it is there"), expected, "{way:?}");
    }
}

/// One million frames of all lengths, through rings in memory that both processes' sides have mapped; the sender waits for room, as a wire does not.
#[cfg(not(miri))]
#[test]
fn a_million_frames_are_captured_byte_for_byte_over_vfio_user() {
    let lab = Lab::with(Way::VfioUser, None);
    let options = ReceiverOptions { ring: 4096, ..ReceiverOptions::default() };
    let (_card, mut receiver) = lab.receiver(options);
    let count = 1_000_000u32;
    let device = lab.device.clone();
    let stop = AtomicBool::new(false);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut sent = 0;
            while sent < count && !stop.load(Ordering::Acquire) {
                let before = sent;
                device.with(|model, machine| {
                    while sent < count && sent - before < 256 && model.has_room(0) {
                        model.receive(machine, 0, &frame(sent, 200));
                        sent += 1;
                    }
                });
                if sent == before {
                    std::thread::yield_now();
                }
            }
        });
        let mut got = 0;
        let outcome = loop {
            let taken = receiver.receive(512, |captured| {
                assert!(captured.data == frame(got, 200), "frame {got}");
                got += 1;
            });
            match taken {
                Ok(_) if got == count => break Ok(()),
                Ok(0) => match receiver.wait(LONG) {
                    Ok(true) => {}
                    Ok(false) => break Err(format!("nothing comes after {got}")),
                    Err(error) => break Err(error.to_string()),
                },
                Ok(_) => {}
                Err(error) => break Err(error.to_string()),
            }
        };
        stop.store(true, Ordering::Release);
        sender.join().expect("it does not panic");
        outcome.expect("all of them come");
    });
    let taken = begun.elapsed();
    println!(
        "{count} frames in {taken:?}, {} ns each; {:?}",
        taken.as_nanos() / u128::from(count),
        receiver.status()
    );
    assert_eq!(lab.device.with(|model, _| model.counter(Counter::NoDescriptor)), 0);
}

#[cfg(not(miri))]
#[test]
fn a_receiver_sleeps_until_something_comes() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let (_card, mut receiver) = lab.receiver(ReceiverOptions::default());
        assert!(!receiver.wait(Duration::from_millis(20)).expect("nothing is wrong"), "nothing came");
        let device = lab.device.clone();
        let sender = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            device.with(|model, machine| model.receive(machine, 0, &frame(1, 100)))
        });
        assert!(receiver.wait(LONG).expect("nothing is wrong"), "{way:?}");
        assert_eq!(sender.join().expect("it does not panic").host, 1);
        assert_eq!(
            receiver.receive(8, |captured| assert_eq!(captured.data, frame(1, 100))).expect("it is there"),
            1
        );
        assert_eq!((receiver.status().interrupts, receiver.status().spurious), (1, 0), "{way:?}");
    }
}

#[test]
fn what_comes_without_a_descriptor_is_dropped_and_counted() {
    let lab = Lab::with(ways()[0], None);
    let (card, mut receiver) = lab.receiver(ReceiverOptions { ring: 256, ..ReceiverOptions::default() });
    let delivered: Vec<Delivered> = (0..300).map(|number| lab.frame(&frame(number, 100))).collect();
    assert_eq!(delivered.iter().map(|one| one.host).sum::<u32>(), 256);
    assert_eq!(delivered[256..], [Delivered { dropped: 1, ..Delivered::default() }; 44]);
    assert_eq!(receiver.receive(1000, |_| ()).expect("they are there"), 256);
    let dropped = card.statistics().expect("it has some").read(Counter::NoDescriptor as u32);
    assert_eq!(dropped.expect("it is there"), 44);
    assert_eq!(lab.frame(&frame(0, 100)).host, 1, "there is room again");
}

#[test]
fn long_frames_are_cut_at_the_buffer() {
    let lab = Lab::with(ways()[0], None);
    let options = ReceiverOptions { ring: 256, buffer_bytes: 128, ..ReceiverOptions::default() };
    let (_card, mut receiver) = lab.receiver(options);
    let long: Vec<u8> = (0..1000).map(|at| at as u8).collect();
    lab.frame(&long);
    assert_eq!(
        receiver.receive(1, |captured| assert_eq!(captured.data, &long[..128])).expect("it is there"),
        1
    );
}

#[test]
fn a_queue_that_has_gone_is_not_written_to() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let (card, receiver) = lab.receiver(ReceiverOptions::default());
        drop(receiver);
        assert_eq!(lab.frame(&frame(0, 100)), Delivered { dropped: 1, ..Delivered::default() });
        assert_eq!(lab.device.with(|_, machine| machine.faults), 0, "{way:?}");
        let mut again = card.receiver(0, 0, ReceiverOptions::default()).expect("it starts again");
        assert_eq!(lab.frame(&frame(1, 100)).host, 1);
        assert_eq!(
            again.receive(9, |captured| assert_eq!(captured.data, frame(1, 100))).expect("it is there"),
            1
        );
    }
}

#[test]
fn options_out_of_bounds_are_said() {
    let lab = Lab::with(ways()[0], None);
    let card = lab.card();
    let refused = |queue, options| card.receiver(0, queue, options).expect_err("it cannot be").to_string();
    let options = ReceiverOptions::default();
    let small = ReceiverOptions { ring: 100, ..options };
    assert_eq!(refused(0, small), "a ring of 100 is not possible: 256 to 32768, and a power of two");
    let odd = ReceiverOptions { buffer_bytes: 3000, ..options };
    assert_eq!(refused(0, odd), "a buffer of 3000 is not possible: 64 to 16384, and a power of two");
    assert_eq!(refused(64, options), "there is no receive queue 64: the card has 64, from 0");
    let error = card.receiver(1, 0, options).expect_err("there is one");
    assert!(matches!(error, CardError::NoQueue { .. }), "{error}");
}

#[test]
fn the_largest_ring_goes_round() {
    let lab = Lab::with(ways()[0], None);
    let ring = if cfg!(miri) { 256 } else { 32_768 };
    let options = ReceiverOptions { ring, buffer_bytes: 64, ..ReceiverOptions::default() };
    let (_card, mut receiver) = lab.receiver(options);
    let mut got = 0;
    for round in 0..5u32 {
        let count = (ring as u32 * 3 / 4) * (round % 2) + 7;
        (0..count).for_each(|number| assert_eq!(lab.frame(&(got + number).to_le_bytes()).host, 1));
        let before = got;
        let taken = receiver.receive(usize::MAX, |captured| {
            assert_eq!(captured.data, got.to_le_bytes());
            got += 1;
        });
        assert_eq!(taken.expect("they are there"), count as usize);
        assert_eq!(got - before, count);
    }
}
