//! `sluice nic`: the FPGA NIC.

mod args;
mod capture;
mod list;
mod show;
mod simulate;
mod simulated;
mod times;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sluice_nic::Card;
use sluice_nic::bus::{Bus, Vfio, VfioUser};
use sluice_nic::discover::{self, Address, Linux};

pub(crate) use args::Nic;
pub(crate) use times::tai_ahead_ns;

use crate::failure::Failure;

pub(crate) fn run(command: &Nic) -> Result<(), Failure> {
    match command {
        Nic::List => list::list(),
        Nic::Bind { address, force } => list::bind(address, *force),
        Nic::Unbind { address } => list::unbind(address),
        Nic::Show { card } => show::run(card),
        Nic::Capture(arguments) => capture::run(arguments),
        Nic::Simulate(arguments) => simulate::run(arguments),
    }
}

/// Opens a card.
fn open(argument: &args::CardArgument) -> Result<Card, Failure> {
    open_card(&argument.card, argument.patience())
}

/// Opens a card by what it was called; no answer of it takes longer than that.
pub(crate) fn open_card(text: &str, patience: Duration) -> Result<Card, Failure> {
    let bus: Arc<dyn Bus> = match text.strip_prefix("vfio-user:") {
        Some(path) => Arc::new(VfioUser::connect(Path::new(path), patience).map_err(failed(text))?),
        None => Arc::new(vfio(text)?),
    };
    Card::open(bus).map_err(failed(text))
}

/// A card on the PCI bus, once nothing is missing.
fn vfio(text: &str) -> Result<Vfio, Failure> {
    let help = "write `vfio-user:SOCKET` for a model, or a PCI address (`0000:03:00.0`) that `sluice nic list` shows";
    let address = Address::parse(text);
    let address = address.ok_or_else(|| Failure::argument(format!("`--card {text}` is no card"), help))?;
    let system = Linux::default();
    let found = discover::look(&system, address).map_err(failed(text))?;
    let lacks: Vec<String> = discover::lacks(&system, &found).iter().map(ToString::to_string).collect();
    if lacks.is_empty() {
        return Vfio::open(address).map_err(failed(text));
    }
    Err(Failure::Broker(format!("{text}: {}", lacks.join(&format!("\nerror: {text}: ")))))
}

/// What a card says, with which card it is.
fn failed<E: std::fmt::Display>(card: &str) -> impl Fn(E) -> Failure + '_ {
    move |error| Failure::Broker(format!("{card}: {error}"))
}
