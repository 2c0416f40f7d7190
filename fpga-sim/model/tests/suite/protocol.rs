//! Device models that do not speak vfio-user as they should.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use sluice_nic::bus::{Bus as _, Interrupt, Space, VfioUser};
use sluice_nic_model::Options;

use crate::lab::{Lab, Way};

/// Somebody at a socket, who answers each message as told, by its number from 0; `None`: not at all.
fn answers(path: &Path, mut answer: impl FnMut(usize, &[u8]) -> Option<Vec<u8>> + Send + 'static) {
    let listener = UnixListener::bind(path).expect("nobody is there");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut number = 0;
        while let Some(message) = message(&mut stream) {
            // What answers a question of the device's is none.
            if message[8] & 0xf == 1 {
                assert_eq!(message[8..12], 0x21_u32.to_ne_bytes(), "it is refused");
                continue;
            }
            if let Some(answer) = answer(number, &message)
                && stream.write_all(&answer).is_err()
            {
                return;
            }
            number += 1;
        }
    });
}

fn message(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut message = vec![0; 16];
    stream.read_exact(&mut message).ok()?;
    let bytes = u32::from_ne_bytes(message[4..8].try_into().ok()?) as usize;
    message.resize(bytes, 0);
    stream.read_exact(&mut message[16..]).ok()?;
    Some(message)
}

/// The answer to a message, with that behind the header.
fn reply(message: &[u8], body: &[u8]) -> Vec<u8> {
    let mut answer = message[..4].to_vec();
    answer.extend((16 + body.len() as u32).to_ne_bytes());
    answer.extend(1u32.to_ne_bytes());
    answer.extend(0u32.to_ne_bytes());
    answer.extend(body);
    answer
}

fn greeting(major: u16, text: &str) -> Vec<u8> {
    let mut body = major.to_ne_bytes().to_vec();
    body.extend(1u16.to_ne_bytes());
    body.extend(text.as_bytes());
    body.push(0);
    body
}

fn refused(answer: impl FnMut(usize, &[u8]) -> Option<Vec<u8>> + Send + 'static) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("card.sock");
    answers(&path, answer);
    let patience = Duration::from_millis(200);
    VfioUser::connect(&path, patience).expect_err("it does not speak as it should").to_string()
}

#[test]
fn what_is_no_answer_is_said() {
    let silent = refused(|_, _| None);
    assert_eq!(
        silent,
        "no answer to the greeting within 200 ms: the device model hangs or is too slow; connect again"
    );
    let newer = refused(|_, message| Some(reply(message, &greeting(1, "{}"))));
    assert_eq!(newer, "the answer to the greeting is none: it speaks version 1, and this end version 0");
    let huge = refused(|_, message| {
        let mut answer = reply(message, &[]);
        answer[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        Some(answer)
    });
    assert_eq!(huge, "the answer to the greeting is none: its header says that it has 4294967295 bytes");
    let broken = refused(|_, message| Some(reply(message, &greeting(0, "{"))));
    assert!(broken.starts_with("the answer to the greeting is none: EOF while parsing"), "{broken}");
    let short = refused(|number, message| match number {
        0 => Some(reply(message, &greeting(0, "{}"))),
        _ => Some(reply(message, &[0; 4])),
    });
    assert_eq!(short, "the answer to the question what device it is is none: it is too short");
    let other = refused(|number, message| match number {
        0 => Some(reply(message, &greeting(0, "{}"))),
        _ => Some(reply(message, &[0; 16])),
    });
    assert_eq!(other, "the answer to the question what device it is is none: it is no PCI device");
}

#[test]
fn nobody_at_the_path_is_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("card.sock");
    let error = VfioUser::connect(&path, Duration::from_secs(1)).expect_err("nobody is there");
    let expected = "the connection to the device model: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn after_an_answer_that_does_not_come_the_bus_is_closed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("card.sock");
    answers(&path, move |number, message| {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>();
        match number {
            0 => {
                let text = "{\"capabilities\":{\"max_data_xfer_size\":64,\"other\":[1]}}";
                Some(reply(message, &greeting(0, text)))
            }
            1 => Some(reply(message, &words(&[16, 3, 8, 2]))),
            // The device asks something in between.
            2..=8 => {
                let mut both = vec![7, 0, 11, 0];
                both.extend(words(&[16, 0, 0]));
                both.extend(reply(message, &words(&[32, 3, 0, 0, 4096, 0, 0, 0])));
                Some(both)
            }
            _ => None,
        }
    });
    let bus = VfioUser::connect(&path, Duration::from_millis(200)).expect("it speaks as it should");
    assert_eq!((bus.size(Space::Bar(5)), bus.size(Space::Config), bus.vectors()), (4096, 4096, 0));
    let mut word = [0; 4];
    let error = bus.read(Space::Bar(0), 0, &mut word).expect_err("nobody answers");
    let expected = "no answer to a read of registers within 200 ms: the device model hangs or is too slow; connect again";
    assert_eq!(error.to_string(), expected);
    let closed = "the connection to the device is closed";
    assert_eq!(bus.read(Space::Bar(0), 0, &mut word).expect_err("it is closed").to_string(), closed);
    assert_eq!(bus.write(Space::Bar(0), 0, &word).expect_err("it is closed").to_string(), closed);
    assert_eq!(bus.reset().expect_err("it is closed").to_string(), closed);
}

#[test]
fn a_model_is_there_for_one_client_after_the_other() {
    let lab = Lab::new(Way::VfioUser, Options::default());
    lab.card().interfaces()[0].ports[0].set_receive(true).expect("it is there");
    let mut word = [0; 2];
    lab.bus.read(Space::Config, 0, &mut word).expect("it is there");
    assert_eq!(u16::from_le_bytes(word), 0x1234);
}

#[test]
fn too_many_interrupts_are_refused_and_many_are_connected() {
    let lab = Lab::new(Way::VfioUser, Options { events: 40, ..Options::default() });
    let interrupts: Vec<Interrupt> =
        (0..41).map(|_| Interrupt::new().expect("there are descriptors")).collect();
    let error = lab.bus.connect(&interrupts).expect_err("there are fewer");
    assert_eq!(error.to_string(), "41 interrupts were asked for, and the device has 40");
    // More than one message can carry.
    lab.bus.connect(&interrupts[..40]).expect("there are as many");
    lab.device.with(|_, machine| (0..40).for_each(|vector| machine.raise(vector)));
    for interrupt in &interrupts[..40] {
        assert_eq!(interrupt.wait(Duration::from_secs(10)).expect("it can be read"), 1);
    }
    lab.bus.connect(&[]).expect("they can be taken away");
    lab.device.with(|_, machine| machine.raise(3));
    assert_eq!(interrupts[3].wait(Duration::ZERO).expect("it can be read"), 0);
    assert_eq!(lab.device.with(|_, machine| machine.unheard), 1);
}
