//! The driver under a real kernel's VFIO, without a card: QEMU shows the model to a guest as a PCI device behind an emulated IOMMU, and the guest's `vfio-pci` hands it to the driver
//! (`src/bin/nic-guest.rs`). Beside it two devices of QEMU's own, which nobody here wrote.
//!
//! Software emulation only. Skipped where `scripts/qemu` has not put QEMU into `target/qemu`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sluice_guest::{Devices, Guest, Qemu, Tree};
use sluice_nic::bus::InProcess;
use sluice_nic_model::{NicModel, Options, Time, ToHost, serve};

/// Frames that come in; the guest takes some of them before its memory is taken away from the card.
const FRAMES: u32 = 700;
const TAKEN: u32 = 200;

fn frame(number: u32) -> Vec<u8> {
    (0..60 + number % 1400).map(|at| (at ^ number) as u8).collect()
}

/// The guest's sum of the frames that it takes.
fn expected_sum() -> u64 {
    let bytes = (0..TAKEN).flat_map(frame);
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn a_guest_drives_the_card_and_two_others_by_the_kernels_vfio() {
    let Some(qemu) = Qemu::find() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("card.sock");
    let tree = Tree::new(&qemu);
    tree.program("nic-guest", Path::new(env!("CARGO_BIN_EXE_nic-guest")));
    let options = Options { time: Time::real(), ..Options::default() };
    let device = Arc::new(InProcess::new(NicModel::new(options, ToHost { id: 0x0511_ce01 })));
    let _served = serve(device.clone(), &socket).expect("nobody is there yet");
    let stop = AtomicBool::new(false);
    let (ended, said) = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..FRAMES {
                let goes = || {
                    device.with(|model, machine| {
                        let may_go = model.receives(0) && model.has_room(0);
                        may_go.then(|| model.receive(machine, 0, &frame(number)))
                    })
                };
                while goes().is_none() {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let devices = Devices { cards: &[&socket], own: true };
        let mut guest = Guest::boot(&qemu, &tree, &format!("nic-guest {TAKEN} 2>&1"), devices);
        let ended = guest.ends();
        stop.store(true, Ordering::Release);
        (ended, guest.said())
    });
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}\n{said}");
    let frames = format!("card: {TAKEN} frames by DMA, sum {:016x}", expected_sum());
    let lines = [
        "card: lacks [\"no driver has it: `sluice nic bind` hands it to vfio-pci\"]",
        "card: an interrupt by MSI-X",
        &frames,
        "card: refused an address that is not mapped",
        "card: reset",
        "edu: registers, DMA both ways",
        "edu: refused an address that is not mapped",
        "igb: interrupts by MSI-X, 10 vectors",
        "igb: a frame by DMA out and in again, and its interrupt",
        "igb: reset",
        "guest: all of it",
    ];
    let found: Vec<&str> =
        said.lines().filter_map(|line| lines.iter().find(|one| line.contains(**one)).copied()).collect();
    assert_eq!(found, lines, "{said}");
}
