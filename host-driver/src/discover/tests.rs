//! A pretended system, which does what the kernel does with what is written.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use super::*;

/// Files and links by path; drivers that take functions.
#[derive(Default)]
struct Pretended {
    files: RefCell<BTreeMap<String, String>>,
    links: RefCell<BTreeMap<String, String>>,
    written: RefCell<Vec<(String, String)>>,
    /// The kernel's driver for the card.
    own: Option<&'static str>,
    /// `vfio-pci` does not take it.
    refuses: bool,
}

const CARD: &str = "0000:03:00.0";

impl Pretended {
    fn new() -> Self {
        let new = Self { own: Some("mqnic"), ..Self::default() };
        new.function(CARD, "0x1234", "0x1001", Some("mqnic"));
        new.function("0000:00:1f.6", "0x8086", "0x15bb", Some("e1000e"));
        new.set(&format!("{DEVICES}/{CARD}/numa_node"), "1\n");
        new.set("bus/pci/drivers/vfio-pci/new_id", "");
        new.links.borrow_mut().insert(format!("{DEVICES}/{CARD}/iommu_group"), "17".into());
        new.set(&format!("kernel/iommu_groups/17/devices/{CARD}"), "");
        new
    }

    fn function(&self, address: &str, vendor: &str, device: &str, driver: Option<&str>) {
        self.set(&format!("{DEVICES}/{address}/vendor"), &format!("{vendor}\n"));
        self.set(&format!("{DEVICES}/{address}/device"), &format!("{device}\n"));
        self.set(&format!("{DEVICES}/{address}/driver_override"), "(null)\n");
        if let Some(driver) = driver {
            self.links.borrow_mut().insert(format!("{DEVICES}/{address}/driver"), driver.into());
        }
    }

    fn set(&self, file: &str, text: &str) {
        self.files.borrow_mut().insert(file.into(), text.into());
    }
}

impl Sysfs for Pretended {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let files = self.files.borrow();
        let below = files.keys().filter_map(|file| file.strip_prefix(folder)?.strip_prefix('/'));
        let mut names: Vec<String> =
            below.map(|rest| rest.split('/').next().unwrap_or(rest).to_string()).collect();
        names.dedup();
        Ok(names)
    }

    fn read(&self, file: &str) -> io::Result<String> {
        self.files.borrow().get(file).cloned().ok_or(io::ErrorKind::NotFound.into())
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        self.written.borrow_mut().push((file.into(), text.into()));
        let link = format!("{DEVICES}/{CARD}/driver");
        if file.ends_with("/unbind") {
            self.links.borrow_mut().remove(&link);
        } else if file.ends_with("/driver_override") {
            self.set(file, text);
        } else if file.ends_with("drivers_probe") {
            let over = self.read(&format!("{DEVICES}/{text}/driver_override"))?;
            let driver = match over.trim() {
                VFIO => Some(VFIO).filter(|_| !self.refuses),
                _ => self.own,
            };
            if let Some(driver) = driver {
                self.links.borrow_mut().insert(link, driver.into());
            }
        }
        Ok(())
    }

    fn link(&self, file: &str) -> Option<String> {
        self.links.borrow().get(file).cloned()
    }
}

fn card() -> Address {
    Address::parse(CARD).expect("it is one")
}

#[test]
fn addresses_are_read_with_and_without_a_domain() {
    assert_eq!(Address::parse("03:00.0"), Some(card()));
    for wrong in
        ["", "3", "03:00", "0000:03:00", "03:20.0", "03:00.8", "1:2:3:4.0", "zz:00.0", "+3:00.0", "003:100.0"]
    {
        assert_eq!(Address::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn cards_are_found_and_said_what_is_missing() {
    let system = Pretended::new();
    let found = list(&system).expect("it can be read");
    let [one] = found.as_slice() else { panic!("{found:?}") };
    let (driver, group) = (Some("mqnic".to_string()), Some("17".to_string()));
    let expected =
        Found { address: card(), id: (0x1234, 0x1001), driver, group, neighbors: Vec::new(), node: Some(1) };
    assert_eq!(*one, expected);
    assert_eq!(lacks(&system, one), [Lack::Driver("mqnic".into())]);
}

#[test]
fn a_neighbor_with_a_driver_is_named() {
    let system = Pretended::new();
    system.set("kernel/iommu_groups/17/devices/0000:00:1f.6", "");
    let found = look(&system, card()).expect("it is there");
    let messages: Vec<String> = lacks(&system, &found).iter().map(ToString::to_string).collect();
    let neighbor = "0000:00:1f.6 is in the same IOMMU group and belongs to e1000e: bind it, too, or take it out of the group (another slot, ACS)";
    assert_eq!(messages, ["mqnic has it: `sluice nic bind` hands it over", neighbor]);
}

#[test]
fn a_card_goes_to_vfio_and_back() {
    let system = Pretended::new();
    bind(&system, card(), false).expect("nothing is missing");
    assert_eq!(look(&system, card()).expect("it is there").driver.as_deref(), Some(VFIO));
    bind(&system, card(), false).expect("it stays as it is");
    assert_eq!(unbind(&system, card()).expect("it is with vfio-pci").as_deref(), Some("mqnic"));
    let written = system.written.borrow();
    let written: Vec<(&str, &str)> =
        written.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let over = format!("{DEVICES}/{CARD}/driver_override");
    let expected = [
        ("bus/pci/drivers/mqnic/unbind", CARD),
        (over.as_str(), VFIO),
        ("bus/pci/drivers_probe", CARD),
        ("bus/pci/drivers/vfio-pci/unbind", CARD),
        (over.as_str(), "\n"),
        ("bus/pci/drivers_probe", CARD),
    ];
    assert_eq!(written, expected);
}

#[test]
fn a_card_that_vfio_does_not_take_is_said() {
    let system = Pretended { refuses: true, ..Pretended::new() };
    let error = bind(&system, card(), false).expect_err("it is refused");
    assert_eq!(error.to_string(), "0000:03:00.0 is with no driver after it was given to vfio-pci");
}

#[test]
fn nothing_is_touched_where_something_is_missing() {
    let system = Pretended::new();
    system.links.borrow_mut().remove(&format!("{DEVICES}/{CARD}/iommu_group"));
    let error = bind(&system, card(), false).expect_err("there is no IOMMU");
    assert!(error.to_string().starts_with("there is no IOMMU group: turn the IOMMU on"), "{error}");
    let other = Address::parse("0000:00:1f.6").expect("it is one");
    let error = bind(&system, other, false).expect_err("it is something else");
    let expected =
        "0000:00:1f.6 is 8086:15bb, which is not a card that is known here; `--force` binds it all the same";
    assert_eq!(error.to_string(), expected);
    let nowhere = Address::parse("7f:00.0").expect("it is one");
    assert_eq!(
        look(&system, nowhere).expect_err("it is not there").to_string(),
        "there is no PCI function 0000:7f:00.0"
    );
    assert!(system.written.borrow().is_empty());
}
