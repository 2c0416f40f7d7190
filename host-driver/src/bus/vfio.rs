//! A function that the kernel's `vfio-pci` has handed out (Linux, `Documentation/driver-api/vfio.rst`), by the container and group interface.
//!
//! `vfio-ioctls` opens container, group and device; what it does not say the outcome of (accesses to registers, a reset), and BARs in memory, are done here.
#![allow(unsafe_code, reason = "registers in memory are no Rust memory, and the kernel is told addresses")]

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::{MmapOptions, MmapRaw};
use vfio_bindings::bindings::vfio::{
    VFIO_BASE, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSIX_IRQ_INDEX, VFIO_REGION_INFO_FLAG_MMAP, VFIO_TYPE,
};
use vfio_ioctls::{VfioContainer, VfioDevice, VfioRegionInfoCap};
use vmm_sys_util::eventfd::EventFd;

use super::{Bus, BusError, Interrupt, Iova, Space, check};
use crate::discover::Address;
use crate::memory::Memory;

/// BARs of a function.
const BARS: u8 = 6;
/// `VFIO_DEVICE_RESET`.
const DEVICE_RESET: rustix::ioctl::Opcode = rustix::ioctl::opcode::none(VFIO_TYPE, VFIO_BASE as u8 + 11);
/// What devices can be given: beyond 4 GiB there are no windows of interrupt controllers, and 39 bits is what the smallest IOMMU in use has.
const ADDRESSES: RangeInclusive<u64> = 1 << 32..=(1 << 39) - 1;

/// A function in the hands of this process.
pub struct Vfio {
    // In this order: the device goes before the container does, and memory that the kernel was told of after it.
    device: VfioDevice,
    container: Arc<VfioContainer>,
    /// What the device reaches.
    reached: Mutex<BTreeMap<Iova, Arc<Memory>>>,
    bars: Vec<Option<MmapRaw>>,
    vectors: u32,
    /// The kernel takes one change of interrupts after the other.
    connecting: Mutex<bool>,
    address: Address,
}

impl fmt::Debug for Vfio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by VFIO", self.address)
    }
}

fn refused(request: &'static str) -> impl Fn(vfio_ioctls::VfioError) -> BusError {
    move |error| BusError::Refused { request, why: error.to_string() }
}

fn system(request: &'static str) -> impl Fn(io::Error) -> BusError {
    move |source| BusError::System { request, source }
}

impl Vfio {
    /// Takes a function that `vfio-pci` has.
    ///
    /// # Errors
    ///
    /// [`BusError::Refused`]: it is not with `vfio-pci`, somebody else has it, or this process may not.
    pub fn open(address: Address) -> Result<Self, BusError> {
        let opening = "the device from vfio-pci";
        let container = Arc::new(VfioContainer::new(None).map_err(refused("a VFIO container"))?);
        let path = format!("/sys/bus/pci/devices/{address}");
        let device = VfioDevice::new(Path::new(&path), container.clone(), true).map_err(refused(opening))?;
        let bars = (0..BARS).map(|number| map_bar(&device, number)).collect();
        let vectors = device.get_irq_info(VFIO_PCI_MSIX_IRQ_INDEX).map_or(0, |irq| irq.count);
        let (reached, connecting) = (Mutex::default(), Mutex::new(false));
        Ok(Self { device, container, reached, bars, vectors, connecting, address })
    }

    fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: The descriptor is the device's, which `self` owns and outlives the borrow.
        unsafe { BorrowedFd::borrow_raw(self.device.as_raw_fd()) }
    }

    /// The register in memory, if there is a whole one there.
    fn in_memory(&self, space: Space, offset: u64, bytes: usize) -> Option<*mut u32> {
        let Space::Bar(number) = space else { return None };
        let bar = self.bars.get(usize::from(number))?.as_ref()?;
        let at = usize::try_from(offset).ok()?;
        let is_whole = bytes == 4 && at.is_multiple_of(4) && at.checked_add(4)? <= bar.len();
        // SAFETY: `at` lies in the mapping, as the line above says.
        is_whole.then(|| unsafe { bar.as_mut_ptr().add(at) }.cast())
    }

    fn place(&self, space: Space, offset: u64) -> u64 {
        self.device.get_region_offset(region(space)) + offset
    }
}

/// A BAR in memory; `None` where the kernel wants each access for itself, as for parts of one that it keeps.
fn map_bar(device: &VfioDevice, number: u8) -> Option<MmapRaw> {
    let index = u32::from(number);
    let (flags, size) = (device.get_region_flags(index), device.get_region_size(index));
    let is_in_parts =
        device.get_region_caps(index).iter().any(|cap| matches!(cap, VfioRegionInfoCap::SparseMmap(_)));
    if size == 0 || flags & VFIO_REGION_INFO_FLAG_MMAP == 0 || is_in_parts {
        return None;
    }
    let options = MmapOptions::new()
        .offset(device.get_region_offset(index))
        .len(usize::try_from(size).ok()?)
        .to_owned();
    options.map_raw(device.as_raw_fd()).ok()
}

fn region(space: Space) -> u32 {
    match space {
        Space::Config => VFIO_PCI_CONFIG_REGION_INDEX,
        Space::Bar(number) => u32::from(number),
    }
}

impl Bus for Vfio {
    fn size(&self, space: Space) -> u64 {
        match space {
            Space::Bar(number) if number >= BARS => 0,
            Space::Bar(_) | Space::Config => self.device.get_region_size(region(space)),
        }
    }

    fn read(&self, space: Space, offset: u64, bytes: &mut [u8]) -> Result<(), BusError> {
        check(space, offset, bytes.len(), self.size(space))?;
        if let Some(register) = self.in_memory(space, offset, bytes.len()) {
            // SAFETY: The register is inside of the mapping, which lives as long as `self`, and aligned; a volatile read is one access, and takes any bits.
            bytes.copy_from_slice(&unsafe { register.read_volatile() }.to_ne_bytes());
            return Ok(());
        }
        match rustix::io::pread(self.fd(), &mut *bytes, self.place(space, offset)) {
            Ok(read) if read == bytes.len() => Ok(()),
            // As on a real bus: what is not answered reads as all ones.
            Ok(_) | Err(_) => {
                bytes.fill(0xff);
                Ok(())
            }
        }
    }

    fn write(&self, space: Space, offset: u64, bytes: &[u8]) -> Result<(), BusError> {
        check(space, offset, bytes.len(), self.size(space))?;
        if let Some(register) = self.in_memory(space, offset, bytes.len())
            && let Ok(word) = bytes.try_into()
        {
            // SAFETY: As in `read`.
            unsafe { register.write_volatile(u32::from_ne_bytes(word)) };
            return Ok(());
        }
        // Posted: what a function does not take has no answer.
        let _ = rustix::io::pwrite(self.fd(), bytes, self.place(space, offset));
        Ok(())
    }

    fn map(&self, iova: Iova, memory: &Arc<Memory>) -> Result<(), BusError> {
        let start = memory.address() as *mut u8;
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: The memory is whole pages of this process, `len` bytes from `start` on, and is kept in `reached` from here until the kernel has unmapped it, or has closed the
        // container. What the device does to it is what `Memory` is made for.
        unsafe { self.container.vfio_dma_map(iova.0, memory.len(), start) }
            .map_err(refused("a mapping of memory"))?;
        // The kernel takes no mapping where there is one, so that none is lost here.
        reached.insert(iova, memory.clone());
        Ok(())
    }

    fn unmap(&self, iova: Iova, memory: &Memory) -> Result<(), BusError> {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        self.container.vfio_dma_unmap(iova.0, memory.len()).map_err(refused("the end of a mapping"))?;
        reached.remove(&iova);
        Ok(())
    }

    fn addresses(&self) -> Vec<RangeInclusive<u64>> {
        std::iter::once(ADDRESSES).collect()
    }

    fn vectors(&self) -> u32 {
        self.vectors
    }

    fn connect(&self, interrupts: &[Interrupt]) -> Result<(), BusError> {
        let request = "the connection of interrupts";
        if interrupts.len() > self.vectors as usize {
            return Err(BusError::TooManyInterrupts { asked: interrupts.len(), vectors: self.vectors });
        }
        let mut connected = self.connecting.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *connected) {
            self.device.disable_msix().map_err(refused(request))?;
        }
        if interrupts.is_empty() {
            return Ok(());
        }
        let duplicate = |interrupt: &Interrupt| {
            let fd = std::os::fd::AsFd::as_fd(interrupt).try_clone_to_owned()?;
            // SAFETY: The descriptor was made in the line above, is an eventfd as its original is, and nobody else has it.
            Ok(unsafe { EventFd::from_raw_fd(fd.into_raw_fd()) })
        };
        let events =
            interrupts.iter().map(duplicate).collect::<io::Result<Vec<_>>>().map_err(system(request))?;
        self.device.enable_msix(events.iter().collect()).map_err(refused(request))?;
        *connected = true;
        Ok(())
    }

    fn reset(&self) -> Result<(), BusError> {
        // SAFETY: `VFIO_DEVICE_RESET` takes no argument and touches no memory of this process.
        let outcome = unsafe { rustix::ioctl::ioctl(self.fd(), rustix::ioctl::NoArg::<DEVICE_RESET>::new()) };
        outcome.map_err(|error| system("a reset")(error.into()))
    }

    fn wants_shared_memory(&self) -> bool {
        // Any memory will do; this kind has huge pages, with which there are fewer mappings.
        true
    }
}
