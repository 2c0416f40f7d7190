//! `sluice nic`: the FPGA NIC.

mod args;
mod capture;
mod list;
mod show;
mod simulate;
mod times;

use std::path::Path;
use std::sync::Arc;

use sluice_nic::Card;
use sluice_nic::bus::{Bus, VfioUser};

pub(crate) use args::Nic;

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
    let text = &argument.card;
    let Some(path) = text.strip_prefix("vfio-user:") else {
        let help = "write `vfio-user:SOCKET`; cards on the PCI bus are listed and bound by `sluice nic`, and cannot be driven by it yet";
        return Err(Failure::argument(format!("`--card {text}` is no card"), help));
    };
    let bus: Arc<dyn Bus> =
        Arc::new(VfioUser::connect(Path::new(path), argument.patience()).map_err(failed(text))?);
    Card::open(bus).map_err(failed(text))
}

/// What a card says, with which card it is.
fn failed<E: std::fmt::Display>(card: &str) -> impl Fn(E) -> Failure + '_ {
    move |error| Failure::Broker(format!("{card}: {error}"))
}
