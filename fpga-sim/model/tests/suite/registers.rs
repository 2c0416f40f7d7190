//! What a driver finds.

use sluice_nic::bus::Space;
use sluice_nic::{CardError, pci};
use sluice_nic_model::Options;

use crate::lab::{APPLICATION, Lab, ways};

#[test]
fn a_card_says_what_it_is() {
    for way in ways() {
        let lab = Lab::new(way, Options { ports: 3, queues: 300, ..Options::default() });
        let card = lab.card();
        assert_eq!(card.firmware().board, 0x10ee_9032, "{way:?}");
        let application = card.application().expect("it has one");
        assert_eq!((application.id, application.bytes), (APPLICATION, 1 << 24));
        let [interface] = card.interfaces() else { panic!("{:?}", card.interfaces()) };
        assert_eq!(
            (interface.ports.len(), interface.receive_queues(), interface.max_receive_bytes),
            (3, 300, 9214)
        );
        let state = interface.ports[2].receive_state().expect("it is there");
        assert!(state.is_up && !state.is_on && !state.is_in_reset);
        card.expect_application(APPLICATION).expect("it is that one");
    }
}

#[test]
fn frames_are_as_long_as_the_interface_is_told() {
    let lab = Lab::with(ways()[0], None);
    let card = lab.card();
    let interface = &card.interfaces()[0];
    interface.set_receive_bytes(1500).expect("it can");
    assert_eq!(interface.receive_bytes().expect("it is there"), 1500);
    let error = interface.set_receive_bytes(9215).expect_err("it cannot");
    assert_eq!(error.to_string(), "frames of 9215 bytes cannot be received: the card takes 9214 at most");
}

#[test]
fn both_ways_reset_it() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let card = lab.card();
        card.interfaces()[0].ports[0].set_receive(true).expect("it is there");
        card.present().expect("it is there");
        assert!(lab.device.with(|model, _| model.receives(0)));
        card.reset().expect("it can be reset");
        assert!(!lab.device.with(|model, _| model.receives(0)), "{way:?}");
        let card = lab.card();
        card.interfaces()[0].ports[0].set_receive(true).expect("it is there");
        let express = pci::find_capability(&*lab.bus, pci::EXPRESS).expect("it is there").expect("it has it");
        let reset = pci::EXPRESS_CONTROL_FLR.to_le_bytes();
        lab.bus.write(Space::Config, express + pci::EXPRESS_CONTROL, &reset).expect("it can be written");
        card.present().expect("what was written has arrived");
        assert!(!lab.device.with(|model, _| model.receives(0)), "{way:?}");
    }
}

#[test]
fn the_size_of_a_bar_is_found_as_firmware_finds_it() {
    let lab = Lab::with(ways()[0], None);
    for (bar, low) in [(0, 0xff00_000c_u32), (2, 0xff00_000c)] {
        let at = pci::BAR0 + bar * 4;
        let mut word = [0; 4];
        lab.bus.write(Space::Config, at, &[0xff; 4]).expect("it can be written");
        lab.bus.read(Space::Config, at, &mut word).expect("it can be read");
        assert_eq!(u32::from_le_bytes(word), low, "BAR{bar}");
    }
    let at = pci::find_capability(&*lab.bus, pci::MSIX).expect("it is there").expect("it has it");
    let mut size = [0; 2];
    lab.bus.read(Space::Config, at + 2, &mut size).expect("it can be read");
    assert_eq!(u32::from(u16::from_le_bytes(size)) + 1, lab.bus.vectors());
    assert_eq!(pci::find_capability(&*lab.bus, 0x05).expect("it is there"), None, "no MSI");
}

#[test]
fn other_devices_and_other_applications_are_refused() {
    for way in ways() {
        let lab = Lab::new(way, Options { id: (0x8086, 0x1572), ..Options::default() });
        let error = sluice_nic::Card::open(lab.bus.clone()).expect_err("it is something else");
        let expected = "8086:1572 is not a card that is known here (1234:1001 and 5543:1001 are)";
        assert_eq!(error.to_string(), expected);
        let lab = Lab::with(way, None);
        let error = lab.card().expect_application(7).expect_err("it runs another one");
        let expected =
            "the card runs application 0x0511ce01, and 0x00000007 is wanted: load the right bitstream";
        assert!(
            matches!(error, CardError::WrongApplication { .. }) && error.to_string() == expected,
            "{error}"
        );
    }
}

#[test]
fn an_access_outside_of_a_space_is_an_error_and_none_of_the_device() {
    for way in ways() {
        let lab = Lab::with(way, None);
        let mut word = [0; 4];
        let error = lab.bus.read(Space::Bar(0), (1 << 24) - 2, &mut word).expect_err("two bytes are outside");
        let expected = "4 bytes at 0xfffffe do not lie in BAR0, which has 0x1000000 bytes";
        assert_eq!(error.to_string(), expected);
        let error = lab.bus.write(Space::Bar(1), 0, &word).expect_err("there is none");
        assert_eq!(error.to_string(), "4 bytes at 0x0 do not lie in BAR1, which has 0x0 bytes");
        // What the registers do not take reads as all ones.
        let mut half = [0; 2];
        lab.bus.read(Space::Bar(0), 2, &mut half).expect("the bus takes it");
        assert_eq!(half, [0xff; 2], "{way:?}");
    }
}
