//! What can go wrong, and what is said of it: `expect/faults.txt`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sluice_nic::bus::{Bus as _, Fault, Faulty, InProcess, Iova};
use sluice_nic::memory::Memory;
use sluice_nic::{Card, CardError, Receiver, ReceiverOptions};
use sluice_nic_model::{Defect, NicModel, Options, ToHost};

use crate::lab::{APPLICATION, Lab, Way, frame, ways};

const SHORT: Duration = Duration::from_millis(20);

fn options() -> ReceiverOptions {
    ReceiverOptions { ring: 256, patience: SHORT, ..ReceiverOptions::default() }
}

/// Takes frames until something is wrong, or nothing comes.
fn take(receiver: &mut Receiver) -> Result<usize, CardError> {
    let mut taken = 0;
    loop {
        match receiver.receive(16, |_| ())? {
            0 if receiver.wait(SHORT)? => {}
            0 => return Ok(taken),
            some => taken += some,
        }
    }
}

/// A defect that shows when frames come: its error, and that the queue is stopped and nothing else is.
fn of_frames(way: Way, defect: Defect) -> String {
    let lab = Lab::with(way, None);
    let (card, mut receiver) = lab.receiver(options());
    lab.frame(&frame(0, 100));
    assert_eq!(take(&mut receiver).expect("nothing is wrong yet"), 1);
    lab.device.with(|model, _| model.set_defect(Some(defect)));
    for number in 1..4 {
        lab.frame(&frame(number, 100));
    }
    let error = take(&mut receiver).expect_err("something is wrong").to_string();
    let after = take(&mut receiver).expect_err("it is stopped").to_string();
    assert_eq!(after, "receive queue 0 is stopped");
    lab.device.with(|model, _| model.set_defect(None));
    assert_eq!(lab.frame(&frame(4, 100)).host, 0, "a stopped queue takes nothing");
    drop(receiver);
    let mut again = card.receiver(0, 0, options()).expect("the card goes on");
    lab.frame(&frame(5, 100));
    assert_eq!(take(&mut again).expect("nothing is wrong"), 1);
    error
}

/// A defect that shows when the card is opened.
fn of_registers(way: Way, defect: Defect) -> String {
    let lab = Lab::with(way, Some(defect));
    Card::open(lab.bus.clone()).expect_err("something is wrong").to_string()
}

/// A bus on which things go wrong, with a model behind it.
type FaultyBus = Arc<Faulty<InProcess<NicModel<ToHost>>>>;

fn faulty() -> (FaultyBus, Card, Receiver) {
    let model = NicModel::new(Options::default(), ToHost { id: APPLICATION });
    let bus = Arc::new(Faulty::new(InProcess::new(model)));
    let card = Card::open(bus.clone()).expect("it is a card");
    card.interfaces()[0].ports[0].set_receive(true).expect("it is there");
    let receiver = card.receiver(0, 0, options()).expect("it starts");
    (bus, card, receiver)
}

fn told() -> String {
    let mut text = String::new();
    let mut tell =
        |what: &str, said: String| writeln!(text, "{what}:\n  {said}").expect("memory takes everything");
    let defects = [
        ("completions of another queue", Defect::OtherQueue),
        ("completions of a descriptor that is not given", Defect::OtherDescriptor),
        ("completions that are too long", Defect::TooLong),
        ("completions that do not arrive", Defect::CompletionsNowhere),
    ];
    for (what, defect) in defects {
        let said = ways().into_iter().map(|way| of_frames(way, defect)).collect::<Vec<_>>();
        assert!(said.iter().all(|one| *one == said[0]), "{said:?}");
        tell(what, said[0].clone());
    }
    let defects = [
        ("a chain that runs in a circle", Defect::CircularChain),
        ("queues outside of the registers", Defect::QueuesOutside),
        ("queues of another version", Defect::NewerQueues),
    ];
    defects.iter().for_each(|(what, defect)| tell(what, of_registers(ways()[0], *defect)));

    let lab = Lab::with(ways()[0], Some(Defect::NoStart));
    tell(
        "a queue that does not start",
        lab.card().receiver(0, 0, options()).expect_err("it does not start").to_string(),
    );

    let (bus, card, mut receiver) = faulty();
    bus.inject(Fault::Removed, 0);
    tell("a card that is pulled out", take(&mut receiver).expect_err("it is gone").to_string());
    drop((receiver, card));
    tell("a card that is not there", Card::open(bus).expect_err("it is gone").to_string());

    let (bus, card, mut receiver) = faulty();
    bus.inject(Fault::Silent, 3);
    tell("a card that does not answer", take(&mut receiver).expect_err("it is silent").to_string());
    drop((receiver, card));

    let (bus, card, receiver) = faulty();
    drop(receiver);
    bus.inject(Fault::NoMapping, 0);
    tell(
        "memory that cannot be given",
        card.receiver(0, 0, options()).expect_err("there is none").to_string(),
    );
    bus.inject(Fault::NoReset, 0);
    tell("a reset that is refused", card.reset().expect_err("it is refused").to_string());

    let (bus, _card, mut receiver) = faulty();
    bus.bus().reset().expect("it can be reset");
    tell("a reset under way", take(&mut receiver).expect_err("it was reset").to_string());
    text
}

#[cfg_attr(miri, ignore = "Miri knows no ppoll(2)")]
#[test]
fn each_fault_is_said_word_for_word() {
    let told = told();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/expect/faults.txt");
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(path, &told).expect("it can be written");
        return;
    }
    let expected = std::fs::read_to_string(path).expect("it is there");
    assert_eq!(told, expected, "SLUICE_BLESS=1 writes it anew");
}

#[cfg(not(miri))]
#[test]
fn a_storm_of_interrupts_is_not_listened_to() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let (_card, mut receiver) = lab.receiver(options());
        lab.device.with(|model, _| model.set_defect(Some(Defect::Storm(16))));
        let mut waits = 0;
        while !receiver.status().is_polling {
            assert!(!receiver.wait(SHORT).expect("nothing is wrong"));
            waits += 1;
            assert!(waits < 1_000, "{:?}", receiver.status());
        }
        assert!(receiver.status().spurious >= 64, "{:?}", receiver.status());
        for number in 0..10 {
            lab.frame(&frame(number, 100));
        }
        assert_eq!(take(&mut receiver).expect("frames come all the same"), 10, "{way:?}");
    }
}

#[cfg_attr(miri, ignore = "Miri knows no ppoll(2)")]
#[test]
fn a_card_that_is_pulled_out_ends_at_every_access() {
    let last = {
        let (bus, card, mut receiver) = faulty();
        bus.bus().with(|model, machine| model.receive(machine, 0, &frame(0, 100)));
        take(&mut receiver).expect("nothing is wrong");
        drop((receiver, card));
        bus.accesses()
    };
    assert!(last > 50, "{last} accesses: the test tests nothing");
    for fault in [Fault::Removed, Fault::Silent] {
        for after in 0..last {
            let model = NicModel::new(Options::default(), ToHost { id: APPLICATION });
            let bus = Arc::new(Faulty::new(InProcess::new(model)));
            bus.inject(fault, after);
            let outcome = Card::open(bus.clone()).and_then(|card| {
                card.interfaces()[0].ports[0].set_receive(true)?;
                let mut receiver = card.receiver(0, 0, options())?;
                bus.bus().with(|model, machine| model.receive(machine, 0, &frame(0, 100)));
                take(&mut receiver)
            });
            let is_said = match &outcome {
                // After the last register that is read, only writes follow.
                Ok(taken) => *taken <= 1,
                Err(CardError::Gone) => fault == Fault::Removed,
                Err(CardError::Bus(_)) => fault == Fault::Silent,
                // Half of what says what the card is was read before it was pulled out.
                Err(CardError::NotACard { .. } | CardError::Chain { .. } | CardError::Version { .. }) => {
                    false
                }
                Err(_) => false,
            };
            assert!(is_said, "{fault:?} after {after} accesses: {outcome:?}");
        }
    }
}

#[test]
fn memory_that_was_not_given_is_not_reached() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let memory = match way {
            Way::InProcess => Arc::new(Memory::private(8192)),
            Way::VfioUser => Arc::new(Memory::shared(8192).expect("there is memory")),
        };
        let at = Iova(0x10_0000);
        lab.bus.map(at, &memory).expect("nobody is there");
        let reach = |iova: u64| lab.device.with(|_, machine| machine.write(Iova(iova), &[7; 16]));
        assert!(reach(at.0) && reach(at.0 + 8176));
        assert!(!reach(at.0 - 8) && !reach(at.0 + 8180) && !reach(0) && !reach(u64::MAX - 4), "{way:?}");
        let error = lab.bus.map(Iova(at.0 + 4096), &memory).expect_err("there is some already");
        let expected = match way {
            Way::InProcess => "the device reaches other memory at 0x101000 already",
            Way::VfioUser => "a mapping of memory was refused: the device model says no more",
        };
        assert_eq!(error.to_string(), expected);
        lab.bus.unmap(at, &memory).expect("it is there");
        assert!(!reach(at.0));
        assert_eq!(lab.device.with(|_, machine| machine.faults), 5);
    }
}

#[cfg(not(miri))]
#[test]
fn memory_of_this_process_is_not_given_to_another_one() {
    let lab = Lab::with(Way::VfioUser, None);
    let error = lab.bus.map(Iova(4096), &Arc::new(Memory::private(1))).expect_err("it cannot be given");
    let expected = "memory of this process alone cannot be given to another one: make it by `Memory::shared`";
    assert_eq!(error.to_string(), expected);
}
