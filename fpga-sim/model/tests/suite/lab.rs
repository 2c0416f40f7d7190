//! A card, and the two ways to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice_nic::bus::{Bus, InProcess, VfioUser};
use sluice_nic::{Card, Receiver, ReceiverOptions};
use sluice_nic_model::{Defect, NicModel, Options, Served, ToHost, serve};

/// The application that the models say that they run.
pub(crate) const APPLICATION: u32 = 0x0511_ce01;

pub(crate) type Device = Arc<InProcess<NicModel<ToHost>>>;

/// How a test reaches the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    InProcess,
    VfioUser,
}

/// Both; under Miri, which has no sockets, the one.
pub(crate) fn ways() -> Vec<Way> {
    if cfg!(miri) { vec![Way::InProcess] } else { vec![Way::InProcess, Way::VfioUser] }
}

/// A card and its bus.
pub(crate) struct Lab {
    pub(crate) device: Device,
    pub(crate) bus: Arc<dyn Bus>,
    served: Option<Served>,
    folder: Option<tempfile::TempDir>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The client has gone before the server waits for the next one.
        self.bus = self.device.clone();
        self.served.take();
        self.folder.take();
    }
}

/// No answer takes that long on the busiest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl Lab {
    pub(crate) fn new(way: Way, options: Options) -> Self {
        let device = Arc::new(InProcess::new(NicModel::new(options, ToHost { id: APPLICATION })));
        match way {
            Way::InProcess => Self { bus: device.clone(), device, served: None, folder: None },
            Way::VfioUser => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let path: PathBuf = folder.path().join("card.sock");
                let served = serve(device.clone(), &path).expect("nobody is there yet");
                let bus = Arc::new(VfioUser::connect(&path, PATIENCE).expect("it listens"));
                Self { device, bus, served: Some(served), folder: Some(folder) }
            }
        }
    }

    pub(crate) fn with(way: Way, defect: Option<Defect>) -> Self {
        Self::new(way, Options { defect, ..Options::default() })
    }

    pub(crate) fn card(&self) -> Card {
        Card::open(self.bus.clone()).expect("it is a card")
    }

    /// A receiver of the first queue, of a card whose ports are on.
    pub(crate) fn receiver(&self, options: ReceiverOptions) -> (Card, Receiver) {
        let card = self.card();
        for port in &card.interfaces()[0].ports {
            port.set_receive(true).expect("it is there");
        }
        let receiver = card.receiver(0, 0, options).expect("the queue starts");
        (card, receiver)
    }

    /// A frame comes in at port 0.
    pub(crate) fn frame(&self, frame: &[u8]) -> sluice_nic_model::Delivered {
        self.device.with(|model, machine| model.receive(machine, 0, frame))
    }
}

/// Frames of all kinds of lengths, each with its number in it.
pub(crate) fn frame(number: u32, longest: usize) -> Vec<u8> {
    let length = 60 + (number as usize * 37) % (longest - 59);
    let mut frame: Vec<u8> = (0..length).map(|at| (at as u32 ^ number) as u8).collect();
    frame[..4].copy_from_slice(&number.to_le_bytes());
    frame
}
