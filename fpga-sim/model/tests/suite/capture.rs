//! Frames through rings in memory.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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

/// One million frames of all lengths, through rings in memory that both processes' sides have mapped; the sender waits for room, as a wire does not. Nine times it waits until all have
/// been taken, and a little longer: the receiver sleeps then, and hears of the next one by MSI-X.
#[cfg(not(miri))]
#[test]
fn a_million_frames_are_captured_byte_for_byte_over_vfio_user() {
    let lab = Lab::with(Way::VfioUser, None);
    let options = ReceiverOptions { ring: 4096, ..ReceiverOptions::default() };
    let (_card, mut receiver) = lab.receiver(options);
    let count = 1_000_000u32;
    let device = lab.device.clone();
    let (stop, taken) = (AtomicBool::new(false), AtomicU32::new(0));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut sent = 0;
            let mut pause = count / 10;
            while sent < count && !stop.load(Ordering::Acquire) {
                let before = sent;
                if sent >= pause {
                    if taken.load(Ordering::Acquire) < sent {
                        std::thread::yield_now();
                        continue;
                    }
                    std::thread::sleep(Duration::from_millis(2));
                    pause += count / 10;
                }
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
            let outcome = receiver.receive(512, |captured| {
                assert!(captured.data == frame(got, 200), "frame {got}");
                got += 1;
            });
            taken.store(got, Ordering::Release);
            match outcome {
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
    let (elapsed, status) = (begun.elapsed(), receiver.status());
    println!("{count} frames in {elapsed:?}, {} ns each; {status:?}", elapsed.as_nanos() / u128::from(count));
    assert!(status.interrupts > 0, "{status:?}");
    assert_eq!(lab.device.with(|model, _| model.counter(Counter::NoDescriptor)), 0);
}

/// Driver and model are threads of one process, without a word between them but by memory and registers: Miri sees each access of both.
#[test]
fn driver_and_model_run_at_the_same_time() {
    let lab = Lab::with(Way::InProcess, None);
    let (_card, mut receiver) = lab.receiver(ReceiverOptions { ring: 256, ..ReceiverOptions::default() });
    let count = if cfg!(miri) { 30 } else { 20_000u32 };
    let device = lab.device.clone();
    let (end, stop) = (Instant::now() + LONG, AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sent = 0;
            while sent < count && !stop.load(Ordering::Acquire) {
                let is_sent = device.with(|model, machine| {
                    model.has_room(0) && model.receive(machine, 0, &frame(sent, 100)).host == 1
                });
                sent += u32::from(is_sent);
            }
        });
        let (mut got, mut wrong) = (0, None);
        while got < count && wrong.is_none() && Instant::now() < end {
            let outcome = receiver.receive(16, |captured| {
                if captured.data != frame(got, 100) {
                    wrong = Some(got);
                }
                got += 1;
            });
            wrong = outcome.map_or(Some(got), |_| wrong);
            std::thread::yield_now();
        }
        stop.store(true, Ordering::Release);
        assert_eq!((got, wrong), (count, None));
    });
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
