//! What the host sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_nic::bus::{Bus, InProcess, VfioUser};
use sluice_nic::{Card, CardError, CardTime, Sender};
use sluice_nic_model::{Counter, Defect, NicModel, Options, Out, Pipeline, serve};

use crate::lab::{PATIENCE, Way, frame, ways};

/// An application block that has what the host sends leave by port 1.
struct Out1;

impl Pipeline for Out1 {
    fn id(&self) -> u32 {
        1
    }

    fn frame(&mut self, _port: u8, _frame: &[u8], _time: CardTime) -> Vec<Out> {
        Vec::new()
    }

    fn sent_by_host(&mut self, queue: u16, frame: &[u8], _time: CardTime) -> Vec<Out> {
        assert_eq!(queue, 3);
        vec![Out::Port { port: 1, frame: frame.to_vec() }]
    }

    fn read(&mut self, _offset: u64) -> u32 {
        0
    }

    fn write(&mut self, _offset: u64, _word: u32) {}

    fn reset(&mut self) {}
}

type Device = Arc<InProcess<NicModel<Out1>>>;

fn with(way: Way, test: impl FnOnce(&Device, &Card, &mut Sender)) {
    let device = Arc::new(InProcess::new(NicModel::new(Options::default(), Out1)));
    let (bus, served): (Arc<dyn Bus>, _) = match way {
        Way::InProcess => (device.clone(), None),
        Way::VfioUser => {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("card.sock");
            let served = serve(device.clone(), &path).expect("nobody is there yet");
            let bus = VfioUser::connect(&path, PATIENCE).expect("it listens");
            (Arc::new(bus), Some((served, folder)))
        }
    };
    let card = Card::open(bus).expect("it is a card");
    card.interfaces()[0].ports[1].set_send(true).expect("it is there");
    let mut sender = card.sender(0, 3).expect("the queue starts");
    test(&device, &card, &mut sender);
    drop((sender, card));
    drop(served);
}

/// Sends, and waits for room where there is none.
fn send(sender: &mut Sender, frame: &[u8]) {
    let end = Instant::now() + PATIENCE;
    while !sender.send(frame).expect("nothing is wrong") {
        assert!(Instant::now() < end, "the card reads nothing");
        std::thread::yield_now();
    }
}

#[test]
fn frames_leave_as_they_were_and_in_order() {
    for way in ways() {
        with(way, |device, _, sender| {
            let (count, longest) = if cfg!(miri) { (300, 100) } else { (2_000u32, 9000) };
            (0..count).for_each(|number| send(sender, &frame(number, longest)));
            assert!(sender.flush(PATIENCE).expect("nothing is wrong"), "{way:?}");
            for number in 0..count {
                let (port, _, left) = device.with(|model, _| model.take_sent()).expect("it has left");
                assert!(port == 1 && left == frame(number, longest), "{way:?}: frame {number}");
            }
            assert!(device.with(|model, _| model.take_sent()).is_none());
            let counted = device.with(|model, _| model.counter(Counter::HostSent));
            assert_eq!(counted, u64::from(count));
        });
    }
}

#[test]
fn what_cannot_be_sent_or_is_said_wrongly_is_an_error() {
    with(Way::InProcess, |device, card, sender| {
        let long = sender.send(&vec![0; 20_000]).expect_err("no card sends that");
        assert_eq!(long.to_string(), "a frame of 20000 bytes cannot be sent: 16384 at most");
        let none = card.sender(0, 9999).expect_err("there are fewer");
        assert!(matches!(none, CardError::NoQueue { .. }), "{none}");
        device.with(|model, _| model.set_defect(Some(Defect::OtherQueue)));
        assert!(sender.send(&[1; 60]).expect("nobody has said anything yet"));
        let wrong = sender.flush(PATIENCE).expect_err("it is of another queue");
        let said =
            "transmit queue 3 was stopped: what the card says of what it read cannot be: it is of queue 4";
        assert_eq!(wrong.to_string(), said);
        let stopped = sender.send(&[1; 60]).expect_err("it was stopped");
        assert_eq!(stopped.to_string(), "transmit queue 3 is stopped");
    });
}

#[test]
fn a_card_that_was_reset_is_found() {
    with(Way::InProcess, |device, _, sender| {
        device.with(|model, _| sluice_nic::function::Function::reset(model));
        assert!(sender.send(&[1; 60]).expect("writes are posted"));
        let found = sender.flush(Duration::from_millis(5)).expect_err("its queues are off");
        assert!(found.to_string().contains("the card was reset by somebody else"), "{found}");
    });
}
