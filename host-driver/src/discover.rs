//! Which cards a machine has, and who drives them: `/sys/bus/pci` (Linux, `Documentation/ABI/testing/sysfs-bus-pci`).
//!
//! [`Sysfs`] is the seam: one request each, no decision.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::card::is_known;

/// Where a function is: domain, bus, device, function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    domain: u32,
    bus: u8,
    device: u8,
    function: u8,
}

impl Address {
    /// From how it is written: `0000:03:00.0`, or without the domain.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, function) = text.rsplit_once('.')?;
        let mut parts = rest.split(':');
        let (first, second) = (parts.next()?, parts.next()?);
        let (domain, bus, device) = match (parts.next(), parts.next()) {
            (Some(device), None) => (first, second, device),
            (None, _) => ("0", first, second),
            (Some(_), Some(_)) => return None,
        };
        let number = |text: &str| {
            u32::from_str_radix(text, 16).ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let address = Self {
            domain: number(domain)?,
            bus: number(bus)?.try_into().ok()?,
            device: number(device)?.try_into().ok().filter(|device| *device < 32)?,
            function: number(function)?.try_into().ok().filter(|function| *function < 8)?,
        };
        Some(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.device, self.function)
    }
}

/// What is asked of the system.
pub trait Sysfs {
    /// Names in a folder, sorted; none where there is no such folder.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// What stands in a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read(&self, file: &str) -> io::Result<String>;

    /// Writes to a file that is there.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn write(&self, file: &str, text: &str) -> io::Result<()>;

    /// The last name of what a link points at; `None` where there is no link.
    fn link(&self, file: &str) -> Option<String>;
}

/// The system.
#[derive(Clone, Debug)]
pub struct Linux {
    root: PathBuf,
}

impl Default for Linux {
    fn default() -> Self {
        Self { root: PathBuf::from("/sys") }
    }
}

impl Sysfs for Linux {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, file: &str) -> io::Result<String> {
        std::fs::read_to_string(self.root.join(file))
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().write(true).open(self.root.join(file))?;
        file.write_all(text.as_bytes())
    }

    fn link(&self, file: &str) -> Option<String> {
        let target = std::fs::read_link(self.root.join(file)).ok()?;
        target.file_name().map(|name| name.to_string_lossy().into_owned())
    }
}

/// A card, as the system sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub address: Address,
    /// PCI vendor and device.
    pub id: (u16, u16),
    /// The driver that has it, if one has.
    pub driver: Option<String>,
    /// The IOMMU group, if there is an IOMMU.
    pub group: Option<String>,
    /// Other functions of that group: they have to be given away together.
    pub neighbors: Vec<Address>,
    /// The NUMA node; `None` where the machine has one only.
    pub node: Option<u32>,
}

/// What is missing before a card can be driven from user space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// No IOMMU.
    #[error(
        "there is no IOMMU group: turn the IOMMU on (firmware: VT-d or AMD-Vi; kernel: intel_iommu=on or amd_iommu=on)"
    )]
    NoGroup,
    /// The module is not loaded.
    #[error("the kernel's vfio-pci is not there: load it (modprobe vfio-pci)")]
    NoVfio,
    /// Another driver has it.
    #[error("{0} has it: `sluice nic bind` hands it over")]
    Driver(String),
    /// Nobody has it.
    #[error("no driver has it: `sluice nic bind` hands it to vfio-pci")]
    NoDriver,
    /// A neighbor belongs to a driver of the kernel.
    #[error(
        "{address} is in the same IOMMU group and belongs to {driver}: bind it, too, or take it out of the group (another slot, ACS)"
    )]
    Neighbor {
        /// Which.
        address: Address,
        /// Its driver.
        driver: String,
    },
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// What the system says.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no such function.
    #[error("there is no PCI function {0}")]
    NoFunction(Address),
    /// It is something else.
    #[error(
        "{address} is {vendor:04x}:{device:04x}, which is not a card that is known here; `--force` binds it all the same"
    )]
    NotACard {
        /// Where.
        address: Address,
        /// PCI vendor.
        vendor: u16,
        /// PCI device.
        device: u16,
    },
    /// Something is missing.
    #[error(transparent)]
    Lack(#[from] Lack),
    /// The kernel took the request, and nothing came of it.
    #[error("{address} is with {} after it was given to {wanted}", found.as_deref().unwrap_or("no driver"))]
    NotBound {
        /// Where.
        address: Address,
        /// Whom it should be with.
        wanted: &'static str,
        /// Whom it is with.
        found: Option<String>,
    },
}

/// The driver that hands functions to processes.
const VFIO: &str = "vfio-pci";
const DEVICES: &str = "bus/pci/devices";

fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> DiscoverError {
    let what = what.into();
    |source| DiscoverError::System { what, source }
}

fn number(system: &dyn Sysfs, file: &str) -> Option<u16> {
    let text = system.read(file).ok()?;
    u16::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
}

/// What the system says of a function.
///
/// # Errors
///
/// [`DiscoverError::NoFunction`].
pub fn look(sysfs: &dyn Sysfs, address: Address) -> Result<Found, DiscoverError> {
    let folder = format!("{DEVICES}/{address}");
    let id = number(sysfs, &format!("{folder}/vendor")).zip(number(sysfs, &format!("{folder}/device")));
    let id = id.ok_or(DiscoverError::NoFunction(address))?;
    let group = sysfs.link(&format!("{folder}/iommu_group"));
    let mut neighbors = Vec::new();
    if let Some(group) = &group {
        let names = sysfs.list(&format!("kernel/iommu_groups/{group}/devices")).unwrap_or_default();
        neighbors
            .extend(names.iter().filter_map(|name| Address::parse(name)).filter(|other| *other != address));
    }
    let node = sysfs.read(&format!("{folder}/numa_node")).ok().and_then(|text| text.trim().parse().ok());
    Ok(Found { address, id, driver: sysfs.link(&format!("{folder}/driver")), group, neighbors, node })
}

/// All cards that are known here, by address.
///
/// # Errors
///
/// [`DiscoverError::System`].
pub fn list(sysfs: &dyn Sysfs) -> Result<Vec<Found>, DiscoverError> {
    let names = sysfs.list(DEVICES).map_err(system(format!("/sys/{DEVICES}")))?;
    let addresses = names.iter().filter_map(|name| Address::parse(name));
    let found = addresses.filter_map(|address| look(sysfs, address).ok());
    Ok(found.filter(|found| is_known(found.id.0, found.id.1)).collect())
}

/// What is missing before a card can be driven from user space; nothing: it can.
pub fn lacks(sysfs: &dyn Sysfs, found: &Found) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if found.group.is_none() {
        lacks.push(Lack::NoGroup);
    }
    let has_vfio = sysfs.list(&format!("bus/pci/drivers/{VFIO}")).is_ok_and(|names| !names.is_empty());
    if !has_vfio {
        lacks.push(Lack::NoVfio);
    }
    match found.driver.as_deref() {
        Some(VFIO) => {}
        Some(other) => lacks.push(Lack::Driver(other.into())),
        None => lacks.push(Lack::NoDriver),
    }
    for address in &found.neighbors {
        // Bridges belong to `pcieport` and can stay there (Linux, `Documentation/driver-api/vfio.rst`).
        if let Some(driver) = sysfs.link(&format!("{DEVICES}/{address}/driver"))
            && driver != VFIO
            && driver != "pcieport"
        {
            lacks.push(Lack::Neighbor { address: *address, driver });
        }
    }
    lacks
}

fn release(sysfs: &dyn Sysfs, found: &Found) -> Result<(), DiscoverError> {
    let Some(driver) = &found.driver else { return Ok(()) };
    let file = format!("bus/pci/drivers/{driver}/unbind");
    sysfs.write(&file, &found.address.to_string()).map_err(system(format!("/sys/{file}")))
}

fn probe(sysfs: &dyn Sysfs, address: Address, over: &str) -> Result<Option<String>, DiscoverError> {
    let file = format!("{DEVICES}/{address}/driver_override");
    sysfs.write(&file, over).map_err(system(format!("/sys/{file}")))?;
    let file = "bus/pci/drivers_probe";
    sysfs.write(file, &address.to_string()).map_err(system(format!("/sys/{file}")))?;
    Ok(sysfs.link(&format!("{DEVICES}/{address}/driver")))
}

/// Hands a card to `vfio-pci`. One that it has already stays as it is.
///
/// # Errors
///
/// [`DiscoverError`]; where the kernel refuses, the card may be with no driver.
pub fn bind(sysfs: &dyn Sysfs, address: Address, force: bool) -> Result<(), DiscoverError> {
    let found = look(sysfs, address)?;
    let (vendor, device) = found.id;
    if !is_known(vendor, device) && !force {
        return Err(DiscoverError::NotACard { address, vendor, device });
    }
    if found.driver.as_deref() == Some(VFIO) {
        return Ok(());
    }
    let is_in_the_way = |lack: &Lack| matches!(lack, Lack::NoGroup | Lack::NoVfio);
    if let Some(lack) = lacks(sysfs, &found).into_iter().find(is_in_the_way) {
        return Err(lack.into());
    }
    release(sysfs, &found)?;
    match probe(sysfs, address, VFIO)? {
        Some(driver) if driver == VFIO => Ok(()),
        found => Err(DiscoverError::NotBound { address, wanted: VFIO, found }),
    }
}

/// Gives a card back to the driver that the kernel chooses for it, if there is one: which it is.
///
/// # Errors
///
/// [`DiscoverError`].
pub fn unbind(sysfs: &dyn Sysfs, address: Address) -> Result<Option<String>, DiscoverError> {
    let found = look(sysfs, address)?;
    if found.driver.as_deref().is_some_and(|driver| driver != VFIO) {
        return Ok(found.driver);
    }
    release(sysfs, &found)?;
    // An empty line takes the choice away.
    probe(sysfs, address, "\n")
}

#[cfg(test)]
mod tests;
