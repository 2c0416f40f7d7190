//! A model shown to another process over vfio-user.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use sluice_nic::bus::{Bus, InProcess, Interrupt, Iova, Space};
use sluice_nic::function::{Function, Line, Machine};
use sluice_nic::memory::Memory;
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_REGION_INFO_FLAG_READ,
    VFIO_REGION_INFO_FLAG_WRITE, vfio_region_info,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, IrqInfo, Server, ServerBackend, ServerRegion};

/// Regions and interrupts of a PCI device (Linux, `vfio.h`).
const REGIONS: u32 = 9;
const CONFIG: u32 = 7;
const INTERRUPTS: u32 = 5;
const MSIX: u32 = 2;

/// Why a model cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket cannot be made.
    #[error("{path}: a socket cannot be made there: {source}")]
    Socket {
        /// Where.
        path: String,
        /// Why not.
        #[source]
        source: vfio_user::Error,
    },
    /// No thread can be made.
    #[error("no thread can be made: {0}")]
    Thread(#[source] io::Error),
}

/// A model that is shown. It is no longer when this goes.
#[derive(Debug)]
pub struct Served {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    departed: Arc<AtomicU64>,
    accesses: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// How many clients have come and gone.
    pub fn departed(&self) -> u64 {
        self.departed.load(Ordering::Acquire)
    }

    /// Registers that clients have read and written.
    pub fn accesses(&self) -> u64 {
        self.accesses.load(Ordering::Acquire)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // The server waits for somebody to come: this is who comes.
        drop(UnixStream::connect(&self.path));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Shows a model at a socket, to one client after the other; each finds it as after power on.
///
/// # Errors
///
/// [`ServeError`]: there is something at that path already, for one.
pub fn serve<F: Function + 'static>(device: Arc<InProcess<F>>, path: &Path) -> Result<Served, ServeError> {
    let regions = (0..REGIONS).map(|index| region(&device, index)).collect();
    let vectors = device.vectors();
    let interrupts = (0..INTERRUPTS).map(|index| IrqInfo {
        index,
        flags: VFIO_IRQ_INFO_EVENTFD,
        count: if index == MSIX { vectors } else { 0 },
    });
    let server = Server::new(path, true, interrupts.collect(), regions);
    let server = server.map_err(|source| ServeError::Socket { path: path.display().to_string(), source })?;
    let stop = Arc::new(AtomicBool::new(false));
    let departed = Arc::<AtomicU64>::default();
    let accesses = Arc::<AtomicU64>::default();
    let (stopped, gone, counted) = (stop.clone(), departed.clone(), accesses.clone());
    let run = move || {
        let mut backend = Backend { device, accesses: counted };
        while !stopped.load(Ordering::Acquire) {
            if let Err(error) = server.run(&mut backend) {
                tracing::debug!(%error, "a client of the device model");
            }
            backend.device.with(|function, machine| {
                function.reset();
                *machine = Machine::new();
            });
            gone.fetch_add(1, Ordering::Release);
        }
    };
    let thread =
        std::thread::Builder::new().name("vfio-user".into()).spawn(run).map_err(ServeError::Thread)?;
    Ok(Served { path: path.to_path_buf(), stop, departed, accesses, thread: Some(thread) })
}

fn space(region: u32) -> Option<Space> {
    match region {
        0..=5 => Some(Space::Bar(region as u8)),
        CONFIG => Some(Space::Config),
        _ => None,
    }
}

fn region<F: Function>(device: &InProcess<F>, index: u32) -> ServerRegion {
    let size = space(index).map_or(0, |space| device.size(space));
    let flags = if size > 0 { VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE } else { 0 };
    let argsz = size_of::<vfio_region_info>() as u32;
    let region_info = vfio_region_info { argsz, flags, index, cap_offset: 0, size, offset: 0 };
    ServerRegion { region_info, sparse_areas: Vec::new(), mmap_fd: None }
}

/// What the protocol asks, of the model.
struct Backend<F> {
    device: Arc<InProcess<F>>,
    accesses: Arc<AtomicU64>,
}

fn no_such_region() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no such region")
}

impl<F: Function> ServerBackend for Backend<F> {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let space = space(region).ok_or_else(no_such_region)?;
        self.accesses.fetch_add(1, Ordering::Release);
        self.device.read(space, offset, data).map_err(io::Error::other)
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        let space = space(region).ok_or_else(no_such_region)?;
        self.accesses.fetch_add(1, Ordering::Release);
        self.device.write(space, offset, data).map_err(io::Error::other)
    }

    fn dma_map(
        &mut self,
        _: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        file: Option<File>,
    ) -> io::Result<()> {
        // Memory without a file (a ROM, its own BARs as a machine shows them) is none that frames go to.
        let Some(file) = file else { return Ok(()) };
        let bytes = usize::try_from(size).map_err(io::Error::other)?;
        let memory = Arc::new(Memory::of_file(file, offset, bytes)?);
        self.device.map(Iova(address), &memory).map_err(io::Error::other)
    }

    fn dma_unmap(&mut self, _: DmaUnmapFlags, address: u64, size: u64) -> io::Result<()> {
        self.device.with(|_, machine| machine.unmap(Iova(address), size));
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        self.device.with(|function, _| function.reset());
        Ok(())
    }

    fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        files: Vec<File>,
    ) -> io::Result<()> {
        if index != MSIX {
            return Ok(());
        }
        let line = |file: File| Some(Box::new(Interrupt::from_fd(OwnedFd::from(file))) as Box<dyn Line>);
        let lines: Vec<_> = files.into_iter().map(line).collect();
        self.device.with(|function, machine| match flags & VFIO_IRQ_SET_DATA_EVENTFD {
            0 if count == 0 => machine.connect(Vec::new()),
            0 => {}
            _ if start as usize + lines.len() <= usize::from(function.vectors()) => {
                machine.connect_from(start as usize, lines);
            }
            _ => {}
        });
        Ok(())
    }
}
