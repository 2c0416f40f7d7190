//! `sluice nic list`, `bind` and `unbind`.

use sluice_nic::discover::{self, Address, DiscoverError, Found, Linux};

use crate::failure::Failure;
use crate::table::columns;

/// What the system refuses is the user's to mend.
fn refused(error: DiscoverError) -> Failure {
    Failure::Broker(error.to_string())
}

fn address(text: &str) -> Result<Address, Failure> {
    let help = "write it as `lspci -D` does: domain, bus, device and function in hexadecimal, `0000:03:00.0`";
    Address::parse(text).ok_or_else(|| Failure::argument(format!("`{text}` is no PCI address"), help))
}

pub(super) fn list() -> Result<(), Failure> {
    let system = Linux::default();
    let found = discover::list(&system).map_err(refused)?;
    if found.is_empty() {
        println!("there is no FPGA NIC in this machine");
        return Ok(());
    }
    let mut rows =
        vec![["address", "device", "driver", "IOMMU group", "NUMA node"].map(str::to_string).to_vec()];
    rows.extend(found.iter().map(row));
    print!("{}", columns(&rows));
    for card in &found {
        let lacks = discover::lacks(&system, card);
        match lacks.is_empty() {
            true => println!("{}: ready for user space", card.address),
            false => lacks.iter().for_each(|lack| println!("{}: {lack}", card.address)),
        }
    }
    Ok(())
}

fn row(card: &Found) -> Vec<String> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    vec![
        card.address.to_string(),
        format!("{:04x}:{:04x}", card.id.0, card.id.1),
        or_none(&card.driver),
        or_none(&card.group),
        card.node.map_or_else(|| "-".into(), |node| node.to_string()),
    ]
}

pub(super) fn bind(text: &str, force: bool) -> Result<(), Failure> {
    let address = address(text)?;
    discover::bind(&Linux::default(), address, force).map_err(refused)?;
    println!("{address} is with vfio-pci");
    Ok(())
}

pub(super) fn unbind(text: &str) -> Result<(), Failure> {
    let address = address(text)?;
    match discover::unbind(&Linux::default(), address).map_err(refused)? {
        Some(driver) => println!("{address} is with {driver}"),
        None => println!("{address} is with no driver: the kernel has none for it"),
    }
    Ok(())
}
