//! A folder of the BPF file system, by which programs and what they counted outlive this process.
//!
//! ```text
//! /sys/fs/bpf/sluice-NAME/
//!     port_NUMBER         the link of a port that receives: as long as it is there, its program runs
//!     ports_CELLS/        what ports counted, in that many cells each
//!     state_HASH/         what packets left in the program of that C: counters, registers, meters
//!     state_HASH/journal  what was written since the program was loaded, as one number; 0 while something is
//! ```
//!
//! Who has the folder holds a lock on it, which the kernel takes back when the process ends, however it does.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use libbpf_rs::query::LinkTypeInfo;
use libbpf_rs::{Link, MapCore, MapFlags, MapHandle, MapType};
use rustix::fs::{FlockOperation, Mode, OFlags};

use crate::counted::CELLS;
use crate::error::{Result, XdpError};

/// `BPF_FS_MAGIC` of `linux/magic.h`.
const BPF_FS: u64 = 0xcafe_4a11;

/// The map of ports' counters.
const PORT_CELLS: &str = "port_cells";

/// What links' names begin with, and folders of state.
const LINK: &str = "port_";
const STATE: &str = "state_";

const JOURNAL: &str = "journal";

/// See the module.
#[derive(Debug)]
pub(crate) struct Pins {
    folder: PathBuf,
    _lock: OwnedFd,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> XdpError {
    let path = path.display().to_string();
    move |why| XdpError::Pins { path, why: why.to_string() }
}

fn refused(path: &Path) -> impl FnOnce(libbpf_rs::Error) -> XdpError {
    let path = path.display().to_string();
    move |why| XdpError::Pins { path, why: format!("{why:#}") }
}

/// What is in a folder; nothing where it is not there.
fn names(folder: &Path) -> Vec<OsString> {
    let read = fs::read_dir(folder).into_iter().flatten();
    read.filter_map(|entry| Some(entry.ok()?.file_name())).collect()
}

fn remove_folder(folder: &Path) -> Result<()> {
    for name in names(folder) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(failed(&path))?;
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(folder)(error)),
        _ => Ok(()),
    }
}

/// Whether a folder, or the one that it is to be in, is of the BPF file system.
pub(crate) fn can_pin(folder: &Path) -> bool {
    let parent = folder.parent().unwrap_or(folder);
    rustix::fs::statfs(parent).is_ok_and(|found| found.f_type as u64 == BPF_FS)
}

fn is_of(link: &Link, device: u32) -> bool {
    let info = link.info().map(|info| info.info);
    matches!(info, Ok(LinkTypeInfo::Xdp(xdp)) if xdp.ifindex == device)
}

/// Whether the program of a device is one that an earlier process left there.
pub(crate) fn has_left(folder: &Path, device: u32) -> bool {
    let links = names(folder).into_iter().filter(|name| name.to_string_lossy().starts_with(LINK));
    { links }.any(|name| Link::open(folder.join(name)).is_ok_and(|link| is_of(&link, device)))
}

impl Pins {
    /// Takes a folder, which is made if it is not there.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(folder)(error)),
            _ => {}
        }
        let opened = rustix::fs::open(folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let lock = opened.map_err(|error| failed(folder)(error.into()))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| XdpError::InUse { path: folder.display().to_string() })?;
        Ok(Self { folder: folder.to_path_buf(), _lock: lock })
    }

    fn ports(&self) -> PathBuf {
        self.folder.join(format!("ports_{}", CELLS.len()))
    }

    fn state(&self, hash: u64) -> PathBuf {
        self.folder.join(format!("{STATE}{hash:016x}"))
    }

    fn link_path(&self, port: u16) -> PathBuf {
        self.folder.join(format!("{LINK}{port}"))
    }

    /// What was written to the program of that C, if it is there and its writing came to an end.
    pub(crate) fn journal(&self, hash: u64) -> Option<u64> {
        let map = MapHandle::from_pinned_path(self.state(hash).join(JOURNAL)).ok()?;
        let value = map.lookup(&0u32.to_ne_bytes(), MapFlags::ANY).ok()??;
        let value = u64::from_ne_bytes(*value.first_chunk()?);
        (value != 0).then_some(value)
    }

    /// The pinned maps of a program: those of ports, and with `hash` those of its state.
    pub(crate) fn maps(&self, hash: Option<u64>) -> BTreeMap<String, PathBuf> {
        let mut maps = BTreeMap::new();
        let folders = std::iter::once(self.ports()).chain(hash.map(|hash| self.state(hash)));
        for folder in folders {
            for name in names(&folder).into_iter().filter_map(|name| name.into_string().ok()) {
                if name != JOURNAL {
                    maps.insert(name.clone(), folder.join(name));
                }
            }
        }
        maps
    }

    /// Pins a program's maps in the place of whatever state there was; the journal, which says nothing yet.
    pub(crate) fn pin(&self, hash: u64, maps: &mut BTreeMap<String, MapHandle>) -> Result<MapHandle> {
        for name in names(&self.folder) {
            if name.to_string_lossy().starts_with(STATE) {
                remove_folder(&self.folder.join(name))?;
            }
        }
        let (ports, state) = (self.ports(), self.state(hash));
        for folder in [&ports, &state] {
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed(folder)(error));
                }
                _ => {}
            }
        }
        for (name, map) in maps {
            let path = if name == PORT_CELLS { ports.join(name) } else { state.join(name) };
            if !path.exists() {
                map.pin(&path).map_err(refused(&path))?;
            }
        }
        let path = state.join(JOURNAL);
        let options = libbpf_rs::libbpf_sys::bpf_map_create_opts {
            sz: size_of::<libbpf_rs::libbpf_sys::bpf_map_create_opts>() as libbpf_rs::libbpf_sys::size_t,
            ..Default::default()
        };
        let mut journal =
            MapHandle::create(MapType::Array, Some(JOURNAL), 4, 8, 1, &options).map_err(refused(&path))?;
        journal.pin(&path).map_err(refused(&path))?;
        Ok(journal)
    }

    /// The journal of a state that goes on.
    pub(crate) fn opened_journal(&self, hash: u64) -> Result<MapHandle> {
        let path = self.state(hash).join(JOURNAL);
        MapHandle::from_pinned_path(&path).map_err(refused(&path))
    }

    /// The link of a port, if there is one and it is of that device; one of another device is taken away.
    pub(crate) fn link(&self, port: u16, device: u32) -> Option<Link> {
        let path = self.link_path(port);
        if !path.exists() {
            return None;
        }
        let found = Link::open(&path).ok().filter(|link| is_of(link, device));
        if found.is_none() {
            self.unpin(port);
        }
        found
    }

    /// Pins the link of a port.
    pub(crate) fn pin_link(&self, port: u16, link: &mut Link) -> Result<()> {
        let path = self.link_path(port);
        link.pin(&path).map_err(refused(&path))
    }

    /// Takes a port's link away; the program is there as long as somebody has it open.
    pub(crate) fn unpin(&self, port: u16) {
        // One that is not there need not be taken away.
        let _ = fs::remove_file(self.link_path(port));
    }

    /// Takes the links of all ports but these away, and says how many they were.
    pub(crate) fn retain(&self, ports: &[u16]) -> usize {
        let wanted = |name: &OsString| {
            let number = name.to_str().and_then(|name| name.strip_prefix(LINK)?.parse::<u16>().ok());
            number.filter(|number| !ports.contains(number))
        };
        let gone: Vec<u16> = names(&self.folder).iter().filter_map(wanted).collect();
        gone.iter().for_each(|port| self.unpin(*port));
        gone.len()
    }

    /// Takes everything away, the folder too; says how many ports received.
    pub(crate) fn release(self) -> Result<usize> {
        let links = self.retain(&[]);
        for name in names(&self.folder) {
            remove_folder(&self.folder.join(name))?;
        }
        fs::remove_dir(&self.folder).map_err(failed(&self.folder))?;
        Ok(links)
    }
}
