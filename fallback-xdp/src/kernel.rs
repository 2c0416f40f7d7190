//! The seam to the kernel: an object's programs and maps, by libbpf.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;

use libbpf_rs::query::ProgInfoIter;
use libbpf_rs::{
    Link, MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder, OpenMapMut, PrintLevel, ProgramInput,
    Xdp, XdpFlags,
};
use sluice_ebpf::{INTERVALS_BYTES, Shape, list_bytes};

use crate::error::{Result, XdpError};

/// Bytes that a frame of a test run may have beside what is in front of it: a page, without room in front and behind.
pub const MAX_TEST_FRAME: usize = 3_400;

/// A map that stands in an array of maps.
#[derive(Debug)]
pub(crate) struct Inner(MapHandle);

impl Inner {
    /// The first bytes of the map's memory, in this process's.
    pub(crate) fn mapped(&self, bytes: usize) -> Result<memmap2::MmapRaw> {
        let mapped = memmap2::MmapOptions::new().len(bytes).map_raw(&self.0.as_fd());
        mapped.map_err(|why| XdpError::Kernel { what: "a map in memory".to_string(), why: why.to_string() })
    }
}

/// A program on a device; it goes with it.
#[derive(Debug)]
pub(crate) struct Attached(pub(crate) Link);

/// From `linux/if_link.h`: the kernel's general XDP, not the driver's.
const XDP_ATTACHED_SKB: u8 = 2;

/// From `linux/netdev.h`: the driver runs programs, frames can be redirected from it, redirected ones can be sent.
const NETDEV_XDP_ACT_BASIC: u64 = 1;
const NETDEV_XDP_ACT_REDIRECT: u64 = 2;
const NETDEV_XDP_ACT_NDO_XMIT: u64 = 4;

/// The first kernel that tells what devices can do with XDP.
const TELLS_FEATURES: (u32, u32) = (6, 3);

/// A loaded object.
#[derive(Debug)]
pub(crate) struct Kernel {
    object: Object,
    maps: BTreeMap<String, MapHandle>,
    /// Whether frames leave without a program of their own.
    sends_as_is: bool,
}

/// What a test run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// What the program returned.
    pub(crate) code: u32,
    /// What stands in front of the frame.
    pub(crate) meta: Vec<u8>,
    /// The frame.
    pub(crate) frame: Vec<u8>,
    /// How long a run took.
    pub(crate) each: std::time::Duration,
}

fn refused(what: impl Into<String>) -> impl FnOnce(libbpf_rs::Error) -> XdpError {
    let what = what.into();
    move |why| XdpError::Kernel { what, why: format!("{why:#}") }
}

fn number(device: u32) -> Result<i32> {
    i32::try_from(device).map_err(|_| XdpError::Cannot("devices of such a number"))
}

/// Number and name of a program.
fn described(id: u32) -> String {
    let found = ProgInfoIter::default().find(|program| program.id == id);
    let name = found.map(|program| program.name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{id} (`{name}`)")
}

/// The kernel's release: its first two numbers.
fn release() -> (u32, u32) {
    let name = rustix::system::uname();
    let text = name.release().to_string_lossy();
    let mut words = text.split(|letter: char| !letter.is_ascii_digit()).map(|word| word.parse().unwrap_or(0));
    (words.next().unwrap_or(0), words.next().unwrap_or(0))
}

/// What the kernel says of a device.
fn told(device: u32) -> Result<libbpf_rs::libbpf_sys::bpf_xdp_query_opts> {
    // The question is of a device; a descriptor has to be there, and is not looked at.
    let any = std::io::stderr();
    let told = Xdp::new(any.as_fd()).query(number(device)?, XdpFlags::NONE);
    told.map_err(refused(format!("device {device}")))
}

/// Whether a device has what XDP needs; older kernels do not tell, and are believed.
fn can(features: u64, wanted: u64) -> bool {
    release() < TELLS_FEATURES || features & wanted == wanted
}

/// Whether a device has no program yet.
pub(crate) fn check_free(device: u32) -> Result<()> {
    match told(device)?.prog_id {
        0 => Ok(()),
        id => Err(XdpError::Taken { device, program: described(id) }),
    }
}

/// Whether a device's driver runs programs.
pub(crate) fn check_source(device: u32) -> Result<()> {
    if can(told(device)?.feature_flags, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT) {
        Ok(())
    } else {
        Err(XdpError::NotNative { device })
    }
}

/// Whether frames can be redirected to a device.
pub(crate) fn check_target(device: u32) -> Result<()> {
    if can(told(device)?.feature_flags, NETDEV_XDP_ACT_NDO_XMIT) {
        Ok(())
    } else {
        Err(XdpError::NoTransmit { device })
    }
}

impl Kernel {
    /// Loads the programs of an object that have these names; maps that are pinned at a path are those, not new ones.
    pub(crate) fn load(
        object: &[u8],
        programs: &[&str],
        sends_as_is: bool,
        pinned: &BTreeMap<String, PathBuf>,
    ) -> Result<Self> {
        Self::load_with(object, programs, sends_as_is, |name, map| match pinned.get(name) {
            Some(path) => {
                let what = format!("the map at {}", path.display());
                map.reuse_pinned_map(path).map_err(refused(what))
            }
            None => Ok(()),
        })
    }

    /// The same of an object that uses the maps of one that is loaded, but for those of these names.
    pub(crate) fn load_beside(
        object: &[u8],
        programs: &[&str],
        sends_as_is: bool,
        other: &Self,
        own: &[&str],
    ) -> Result<Self> {
        Self::load_with(object, programs, sends_as_is, |name, map| {
            match other.maps.get(name).filter(|_| !own.contains(&name)) {
                Some(known) => map.reuse_fd(known.as_fd()).map_err(refused(format!("the map {name}"))),
                None => Ok(()),
            }
        })
    }

    fn load_with(
        object: &[u8],
        programs: &[&str],
        sends_as_is: bool,
        reuse: impl Fn(&str, &mut OpenMapMut<'_>) -> Result<()>,
    ) -> Result<Self> {
        // What libbpf has to say comes back as errors.
        libbpf_rs::set_print(Some((PrintLevel::Warn, |_, _| {})));
        let mut builder = ObjectBuilder::default();
        let mut open = builder.open_memory(object).map_err(refused("the program's object"))?;
        for mut program in open.progs_mut() {
            let is_wanted = program.name().to_str().is_some_and(|name| programs.contains(&name));
            program.set_autoload(is_wanted);
        }
        for mut map in open.maps_mut() {
            let name = map.name().to_string_lossy().into_owned();
            reuse(&name, &mut map)?;
        }
        let object = open.load().map_err(refused("the program"))?;
        let mut maps = BTreeMap::new();
        for map in object.maps() {
            let name = map.name().to_string_lossy().into_owned();
            let handle = MapHandle::try_from(&map).map_err(refused(format!("the map {name}")))?;
            maps.insert(name, handle);
        }
        Ok(Self { object, maps, sends_as_is })
    }

    /// Whether the kernel lets this process make maps.
    pub(crate) fn check() -> Result<()> {
        Self::create_map(MapType::Array, "check", 4, 8, 1, 0).map(|_| ())
    }

    /// More handles of maps, by name.
    pub(crate) fn handles(&self, names: &[String]) -> Result<BTreeMap<String, MapHandle>> {
        let handle = |name: &String| {
            let handle = MapHandle::try_from(self.map(name)?).map_err(refused(format!("the map {name}")))?;
            Ok((name.clone(), handle))
        };
        names.iter().map(handle).collect()
    }

    fn map(&self, name: &str) -> Result<&MapHandle> {
        self.maps.get(name).ok_or_else(|| XdpError::Missing(format!("map {name}")))
    }

    /// Puts an element into a map.
    pub(crate) fn update(&self, map: &str, key: &[u8], value: &[u8]) -> Result<()> {
        let found = self.map(map)?;
        found.update(key, value, MapFlags::ANY).map_err(refused(format!("an element of {map}")))
    }

    /// Makes a socket that of a queue.
    pub(crate) fn put_socket(&self, map: &str, queue: u32, socket: &impl AsFd) -> Result<()> {
        self.update(map, &queue.to_ne_bytes(), &socket.as_fd().as_raw_fd().to_ne_bytes())
    }

    /// An element of a map.
    pub(crate) fn lookup(&self, map: &str, key: &[u8]) -> Result<Vec<u8>> {
        let found = self.map(map)?.lookup(key, MapFlags::ANY);
        let found = found.map_err(refused(format!("a look-up in {map}")))?;
        found.ok_or_else(|| XdpError::Missing(format!("element of {map}")))
    }

    /// An element of a map that has one for each processor; nothing where there is none.
    pub(crate) fn lookup_all(&self, map: &str, key: &[u8]) -> Result<Vec<Vec<u8>>> {
        let found = self.map(map)?.lookup_percpu(key, MapFlags::ANY);
        Ok(found.map_err(refused(format!("a look-up in {map}")))?.unwrap_or_default())
    }

    /// Gives every processor a value of its own.
    pub(crate) fn update_all(&self, map: &str, key: &[u8], values: &[Vec<u8>]) -> Result<()> {
        let found = self.map(map)?;
        found.update_percpu(key, values, MapFlags::ANY).map_err(refused(format!("an element of {map}")))
    }

    /// A new map of a shape, for `capacity` entries.
    pub(crate) fn create(&self, shape: Shape, capacity: u64) -> Result<Inner> {
        let (kind, key, value, flags) = match shape {
            Shape::Direct(_) => (MapType::Array, 4, 8, libbpf_rs::libbpf_sys::BPF_F_MMAPABLE),
            Shape::Hash(words) => (MapType::Hash, words * 8, 8, libbpf_rs::libbpf_sys::BPF_F_NO_PREALLOC),
            Shape::Trie(bytes) => (MapType::LpmTrie, 4 + bytes, 8, libbpf_rs::libbpf_sys::BPF_F_NO_PREALLOC),
            Shape::Intervals => (MapType::Array, 4, INTERVALS_BYTES, 0),
            Shape::List(words) => (MapType::Array, 4, list_bytes(words.max(1)), 0),
        };
        let entries = match shape {
            Shape::Direct(bits) => 1 << bits,
            Shape::Intervals | Shape::List(_) => 1,
            Shape::Hash(_) | Shape::Trie(_) => capacity.clamp(1, u64::from(u32::MAX)) as u32,
        };
        Self::create_map(kind, &shape.map(), key, value, entries, flags)
    }

    /// A new map of one element of so many bytes.
    pub(crate) fn create_single(&self, name: &str, bytes: usize) -> Result<Inner> {
        Self::create_map(MapType::Array, name, 4, bytes, 1, 0)
    }

    fn create_map(
        kind: MapType,
        name: &str,
        key: usize,
        value: usize,
        entries: u32,
        flags: u32,
    ) -> Result<Inner> {
        let options = libbpf_rs::libbpf_sys::bpf_map_create_opts {
            sz: size_of::<libbpf_rs::libbpf_sys::bpf_map_create_opts>() as libbpf_rs::libbpf_sys::size_t,
            map_flags: flags,
            ..Default::default()
        };
        let map = MapHandle::create(kind, Some(name), key as u32, value as u32, entries, &options);
        Ok(Inner(map.map_err(refused(format!("a map for {name}")))?))
    }

    /// Takes an element out of a map.
    pub(crate) fn delete(&self, map: &str, key: &[u8]) -> Result<()> {
        self.map(map)?.delete(key).map_err(refused(format!("the removal of an element of {map}")))
    }

    /// Whether copies leave as packets came, without a program of their own.
    pub(crate) fn sends_as_is(&self) -> bool {
        self.sends_as_is
    }

    /// A new map of a group's members.
    pub(crate) fn create_members(&self, members: u32) -> Result<Inner> {
        Self::create_map(MapType::Devmap, "members", 4, 8, members, 0)
    }

    /// A device with the program that runs for what leaves by it (`struct bpf_devmap_val`).
    pub(crate) fn target(&self, device: u32, program: &str) -> Result<Vec<u8>> {
        let found = self.object.progs().find(|found| found.name() == program);
        let found = found.ok_or_else(|| XdpError::Missing(format!("program {program}")))?;
        // None: the frame leaves as it is.
        let descriptor = if self.sends_as_is { -1 } else { found.as_fd().as_raw_fd() };
        Ok(device.to_ne_bytes().into_iter().chain(descriptor.to_ne_bytes()).collect())
    }

    /// Makes a program the one that a device's frames go to.
    pub(crate) fn attach(&self, program: &str, device: u32) -> Result<Attached> {
        let found = self.object.progs_mut().find(|found| found.name() == program);
        let found = found.ok_or_else(|| XdpError::Missing(format!("program {program}")))?;
        let index = number(device)?;
        let what = || format!("{program} on device {device}");
        let link = found.attach_xdp(index).map(Attached).map_err(refused(what()))?;
        let told = Xdp::new(found.as_fd()).query(index, XdpFlags::NONE).map_err(refused(what()))?;
        if told.attach_mode == XDP_ATTACHED_SKB {
            return Err(XdpError::NotNative { device });
        }
        Ok(link)
    }

    /// Makes a program the one of a device that has another one: every frame meets the one or the other.
    pub(crate) fn switch(&self, attached: &mut Attached, program: &str) -> Result<()> {
        let found = self.object.progs().find(|found| found.name() == program);
        let found = found.ok_or_else(|| XdpError::Missing(format!("program {program}")))?;
        attached.0.update_prog(&found).map_err(refused(format!("{program} in the place of another program")))
    }

    /// Puts an element into a map that stands in an array of maps.
    pub(crate) fn update_inner(&self, map: &Inner, key: &[u8], value: &[u8]) -> Result<()> {
        map.0.update(key, value, MapFlags::ANY).map_err(refused("an entry"))
    }

    /// Takes an element out of such a map.
    pub(crate) fn delete_inner(&self, map: &Inner, key: &[u8]) -> Result<()> {
        map.0.delete(key).map_err(refused("the removal of an entry"))
    }

    /// Makes a map that of a slot. When this returns, no packet is under way that uses the one before (`maybe_wait_bpf_programs`,
    /// kernel/bpf/syscall.c).
    pub(crate) fn place(&self, array: &str, slot: u32, map: &Inner) -> Result<()> {
        let descriptor = map.0.as_fd().as_raw_fd();
        self.update(array, &slot.to_ne_bytes(), &descriptor.to_ne_bytes())
    }

    /// Runs a program, with `meta` in front of the frame; each run but the first finds what the one before left.
    pub(crate) fn run(&self, program: &str, meta: &[u8], frame: &[u8], runs: u32) -> Result<Ran> {
        let found = self.object.progs_mut().find(|found| found.name() == program);
        let found = found.ok_or_else(|| XdpError::Missing(format!("program {program}")))?;
        let data: Vec<u8> = meta.iter().chain(frame).copied().collect();
        // struct xdp_md: data, data_end, data_meta, and three numbers of devices.
        let words = [meta.len() as u32, data.len() as u32, 0, 0, 0, 0];
        let mut context: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let mut context_out = vec![0; context.len()];
        let mut data_out = vec![0; data.len() + 1024];
        let input = ProgramInput {
            context_in: Some(&mut context),
            context_out: Some(&mut context_out),
            data_in: Some(&data),
            data_out: Some(&mut data_out),
            repeat: runs,
            ..Default::default()
        };
        let output = found.test_run(input).map_err(refused(format!("a run of {program}")))?;
        let (code, each) = (output.return_value, output.duration);
        let length = output.data.map_or(0, |data| data.len());
        let word = |index: usize| -> usize {
            let bytes = context_out.get(index * 4..index * 4 + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, |bytes| u32::from_ne_bytes(bytes) as usize)
        };
        let start = word(0).min(length);
        let end = word(1).min(length).max(start);
        Ok(Ran { code, meta: data_out[..start].to_vec(), frame: data_out[start..end].to_vec(), each })
    }
}
