//! A pair of devices, made and taken away by rtnetlink: what is sent by the one comes in by the other.

use std::io;
use std::path::Path;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with,
};

/// From `linux/rtnetlink.h`, `linux/netlink.h`, `linux/if_link.h` and `linux/veth.h`.
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;

/// Bytes of `struct nlmsghdr` and of `struct ifinfomsg`.
const HEADER_BYTES: usize = 16;
const LINK_BYTES: usize = 16;

/// What the names of all pairs begin with.
const PREFIX: &str = "slc";

/// A pair; it goes with this.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The end that is a port.
    pub(crate) near: String,
    /// The end that is received from.
    pub(crate) far: String,
}

/// What the names of a broker's pairs begin with, by the folder of its pins.
fn prefix(pins: Option<&Path>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let own = format!("process {}", std::process::id());
    let text = pins.map_or(own.as_bytes(), |folder| folder.as_os_str().as_encoded_bytes());
    for byte in text {
        // FNV-1a.
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    format!("{PREFIX}{:06x}.", (hash ^ (hash >> 24)) & 0xff_ffff)
}

impl Pair {
    /// Makes the pair of a port, with so many queues in each direction; one that an earlier process has left goes first.
    pub(crate) fn make(pins: Option<&Path>, port: u16, mtu: u32, queues: u32) -> io::Result<Self> {
        let near = format!("{}{port}", prefix(pins));
        let far = format!("{near}e");
        match delete(&near) {
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => {}
            deleted => deleted?,
        }
        let common = |name: &str| {
            let mut all = attribute(IFLA_IFNAME, &[name.as_bytes(), &[0]].concat());
            for (kind, value) in [(IFLA_MTU, mtu), (IFLA_NUM_TX_QUEUES, queues), (IFLA_NUM_RX_QUEUES, queues)]
            {
                all.extend(attribute(kind, &value.to_ne_bytes()));
            }
            all
        };
        let peer = [vec![0; LINK_BYTES], common(&far)].concat();
        let data = attribute(IFLA_INFO_DATA, &attribute(VETH_INFO_PEER, &peer));
        let info = attribute(IFLA_LINKINFO, &[attribute(IFLA_INFO_KIND, b"veth\0"), data].concat());
        let flags = NLM_F_CREATE | NLM_F_EXCL;
        ask(RTM_NEWLINK, flags, &[vec![0; LINK_BYTES], common(&near), info].concat())?;
        Ok(Self { near, far })
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if let Err(error) = delete(&self.near) {
            tracing::warn!(device = self.near, %error, "a capture's pair of devices stays");
        }
    }
}

/// Takes away the pairs that a broker with that folder of pins has left.
///
/// # Errors
/// What the system says.
pub(crate) fn delete_left(pins: &Path) -> io::Result<()> {
    let prefix = prefix(Some(pins));
    for entry in std::fs::read_dir("/sys/class/net")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // The other end goes with it.
        if name.starts_with(&prefix) && !name.ends_with('e') {
            delete(&name)?;
        }
    }
    Ok(())
}

fn delete(name: &str) -> io::Result<()> {
    let name = attribute(IFLA_IFNAME, &[name.as_bytes(), &[0]].concat());
    ask(RTM_DELLINK, 0, &[vec![0; LINK_BYTES], name].concat())
}

/// An attribute, with what fills it up to four bytes.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    // Ours are some hundred bytes.
    let length = (4 + value.len()) as u16;
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Asks the kernel for something, and waits for what it says.
fn ask(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    // Without a protocol it is rtnetlink, whose number is 0.
    let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    bind(&fd, &SocketAddrNetlink::new(0, 0))?;
    let length = (HEADER_BYTES + body.len()) as u32;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((flags | NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
    // Sequence and sender: there is one question.
    message.extend([0; 8]);
    message.extend(body);
    send(&fd, &message, SendFlags::empty())?;
    let mut answer = [0u8; 4096];
    let (length, _) = recv(&fd, &mut answer[..], RecvFlags::empty())?;
    let answer = &answer[..length.min(4096)];
    let part = |at: usize| answer.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    let is_answer = answer.get(4..6) == Some(&NLMSG_ERROR.to_ne_bytes()[..]);
    match part(HEADER_BYTES).map(i32::from_ne_bytes) {
        Some(0) if is_answer => Ok(()),
        Some(code) if is_answer => Err(io::Error::from_raw_os_error(code.wrapping_neg())),
        _ => Err(io::Error::other("rtnetlink gives no answer")),
    }
}
