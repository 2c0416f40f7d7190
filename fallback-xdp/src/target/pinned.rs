//! What outlives the process: forwarding, and counters where the next process writes what this one has written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use libbpf_rs::{MapCore, MapFlags, MapHandle};
use sluice_entities::{Atomicity, Update};
use sluice_target::Fault;
use sluice_target::port::Role;

use super::load::Loaded;
use super::{XdpTarget, fault};
use crate::capture::delete_left;
use crate::error::{Result, XdpError};
use crate::kernel::Attached;
use crate::pins::{Pins, can_pin};

/// What was found of an earlier process, and what was written since the program was loaded.
struct Earlier {
    journal: u64,
    batches: Vec<(Vec<Update>, Atomicity)>,
}

/// The pins of a program.
pub(super) struct Pinned {
    pins: Pins,
    hash: u64,
    /// Until the first port comes.
    earlier: Option<Earlier>,
    /// From the first port on.
    journal: Option<MapHandle>,
}

impl Pinned {
    /// Takes the folder; what is there of an earlier process that ran the same program is in the maps that are given.
    pub(super) fn take(folder: &Path, hash: u64) -> Result<(Self, BTreeMap<String, PathBuf>)> {
        let pins = Pins::take(folder)?;
        let earlier = pins.journal(hash).map(|journal| Earlier { journal, batches: Vec::new() });
        let maps = pins.maps(earlier.as_ref().map(|_| hash));
        Ok((Self { pins, hash, earlier, journal: None }, maps))
    }

    /// Something is being written.
    pub(super) fn begin(&mut self, updates: &[Update], atomicity: Atomicity) {
        if let Some(earlier) = &mut self.earlier {
            earlier.batches.push((updates.to_vec(), atomicity));
        }
        self.note(0);
    }

    /// All that was written, as one number.
    pub(super) fn note(&self, number: u64) {
        let Some(journal) = &self.journal else { return };
        if let Err(error) = journal.update(&0u32.to_ne_bytes(), &number.to_ne_bytes(), MapFlags::ANY) {
            tracing::error!(%error, "what is written is not noted: counters begin anew with the next broker");
        }
    }

    /// Before the first port: goes on with the counters of an earlier process, where they mean the same; else the program is loaded anew, with counters of its own.
    fn settle(&mut self, loaded: &mut Loaded) -> std::result::Result<(), Fault> {
        if self.journal.is_some() {
            return Ok(());
        }
        let failed = |error: XdpError| fault(&error);
        if let Some(earlier) = self.earlier.take() {
            if earlier.journal == loaded.device.journal {
                tracing::info!("counters of the broker before go on");
                self.journal = Some(self.pins.opened_journal(self.hash).map_err(failed)?);
                return Ok(());
            }
            tracing::info!(
                "something else was written to the program of the broker before: counters begin anew"
            );
            loaded.reload(&self.pins.maps(None))?;
            for (updates, atomicity) in earlier.batches {
                // What was refused is refused again.
                let _ = loaded.device.write_batch(&updates, atomicity);
            }
        }
        let mut maps = loaded.device.kernel.handles(&loaded.device.state_maps()).map_err(failed)?;
        self.journal = Some(self.pins.pin(self.hash, &mut maps).map_err(failed)?);
        self.note(loaded.device.journal);
        Ok(())
    }

    /// The link of a port, if an earlier process left it.
    fn link(&self, port: u16, device: u32) -> Option<Attached> {
        self.pins.link(port, device).map(Attached)
    }

    pub(super) fn unpin(&self, port: u16) {
        self.pins.unpin(port);
    }

    /// Makes a device a port, in the place of the program that an earlier process left there.
    pub(super) fn attach(
        &mut self,
        loaded: &mut Loaded,
        port: u16,
        device: u32,
        role: Role,
        is_up: bool,
        is_told: bool,
    ) -> std::result::Result<(), Fault> {
        self.settle(loaded)?;
        let earlier = if role.receives() { self.link(port, device) } else { None };
        let is_new = earlier.is_none();
        let all: Result<()> = (|| {
            loaded.device.attach_as(port, device, role, is_up, is_told, earlier)?;
            match loaded.device.live.ports.get_mut(&port).and_then(|live| live.attached.as_mut()) {
                Some(attached) if is_new => self.pins.pin_link(port, &mut attached.0),
                _ => Ok(()),
            }
        })();
        all.map_err(|error| {
            loaded.device.detach(port);
            fault(&error)
        })
    }
}

/// Why nothing outlives this process, if that is so.
fn unpinned(folder: &Path) -> Option<String> {
    (!can_pin(folder))
        .then(|| format!("{} is not in a BPF file system (`mount -t bpf bpf /sys/fs/bpf`)", folder.display()))
}

impl XdpTarget {
    /// Whether forwarding goes on when this process ends in the middle, and why not.
    ///
    /// # Errors
    /// Why not.
    pub fn outlives(&self) -> std::result::Result<(), String> {
        match &self.options.pins {
            None => Err("nothing is pinned".to_string()),
            Some(folder) => unpinned(folder).map_or(Ok(()), Err),
        }
    }

    /// All ports that were wanted are there: programs that an earlier process left on other devices go.
    pub(super) fn forget_others(&self) {
        let core = self.core();
        let Some(pinned) = &core.pinned else { return };
        let ports: Vec<u16> = core.ports.keys().copied().collect();
        let gone = pinned.pins.retain(&ports);
        if gone > 0 {
            tracing::info!(gone, "ports of the broker before are not wanted any more");
        }
    }

    /// Ends forwarding, for good: programs leave the devices, and nothing stays pinned.
    pub(super) fn release(&self) {
        let pinned = self.core().pinned.take();
        if let Some(pinned) = pinned
            && let Err(error) = pinned.pins.release()
        {
            tracing::warn!(%error, "not all of what was pinned is gone");
        }
    }
}

/// Takes away what brokers left behind in a folder: programs leave the devices. Says how many ports received.
///
/// # Errors
/// A broker has the folder, or something cannot be removed.
pub fn release(folder: &Path) -> Result<usize> {
    if !folder.exists() {
        return Ok(0);
    }
    let released = Pins::take(folder)?.release()?;
    delete_left(folder).map_err(|error| XdpError::Kernel {
        what: "the removal of captures' devices".to_string(),
        why: error.to_string(),
    })?;
    Ok(released)
}

/// The device's own maps in a folder, taken before the program is loaded.
pub(super) fn taken(folder: Option<&Path>, hash: u64) -> Result<Option<(Pinned, BTreeMap<String, PathBuf>)>> {
    let Some(folder) = folder else { return Ok(None) };
    if let Some(why) = unpinned(folder) {
        tracing::warn!(why, "forwarding ends with this process");
        return Ok(None);
    }
    Pinned::take(folder, hash).map(Some)
}
