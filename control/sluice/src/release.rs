//! `sluice release`: what a broker's XDP left in the kernel goes.

use crate::args;
use crate::failure::Failure;

pub(crate) fn run(pin: &args::Pin) -> Result<(), Failure> {
    let folder = pin.folder();
    let released = sluice_xdp::release(&folder).map_err(|error| Failure::Refused(error.to_string()))?;
    match released {
        0 => println!("{}: no device has a program of it", folder.display()),
        ports => println!("{}: the program left {ports} devices; they forward no more", folder.display()),
    }
    Ok(())
}
