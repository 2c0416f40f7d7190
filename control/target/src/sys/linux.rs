//! Linux.
//!
//! The one module with `unsafe`: system calls whose arguments are structures. What every use relies on is said at it; in common, file descriptors
//! are owned by [`OwnedFd`]s that outlive the call, and structures are plain data of which all zeros is a value.
#![allow(unsafe_code, reason = "system calls that take structures; see each use")]

use std::ffi::c_int;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{
    ClockStatus, Facts, KernelClock, PtpReading, RawFrame, ReceiveFrames, Setting, System, TapEnds,
    TransmitFrames,
};

/// Bytes of frames that wait to be taken, if the system allows it.
const RECEIVE_BUFFER_BYTES: c_int = 32 << 20;

/// From `linux/if_packet.h`: the C library's headers have it in newer versions only.
const PACKET_IGNORE_OUTGOING: c_int = 23;
/// From `linux/ethtool.h`.
const ETHTOOL_GET_LINK: u32 = 0x0a;
const ETHTOOL_GET_FLAGS: u32 = 0x25;
const ETHTOOL_SET_FLAGS: u32 = 0x26;
const ETHTOOL_SET_GRO: u32 = 0x2c;
/// `ETH_FLAG_LRO`.
const FLAG_LRO: u32 = 1 << 15;
/// `ETH_FLAG_RXVLAN`.
const FLAG_RXVLAN: u32 = 1 << 8;
/// From `linux/sockios.h`.
const SIOCETHTOOL: libc::Ioctl = 0x8946;
/// From `linux/sockios.h`: bytes that a socket has given to the device's queue and that are not sent.
const SIOCOUTQ: libc::Ioctl = 0x5411;
/// `_IOW('T', 202, int)`.
const TUNSETIFF: libc::Ioctl = 0x4004_54ca;

/// `PTP_SYS_OFFSET` of `linux/ptp_clock.h`: `_IOW('=', 5, struct ptp_sys_offset)`.
const PTP_SYS_OFFSET: libc::Ioctl = 0x4340_3d05_u32 as libc::Ioctl;
/// Readings of a PTP hardware clock that are asked for, and the most that the structure holds.
const PTP_READINGS: usize = 9;
const PTP_MAX_READINGS: usize = 25;

/// `struct ptp_clock_time`.
#[repr(C)]
#[derive(Clone, Copy)]
struct PtpTime {
    seconds: i64,
    nanoseconds: u32,
    reserved: u32,
}

/// `struct ptp_sys_offset`: times of the system and the device in turn, one more of the system.
#[repr(C)]
struct PtpSysOffset {
    readings: u32,
    reserved: [u32; 3],
    times: [PtpTime; 2 * PTP_MAX_READINGS + 1],
}

/// The kernel that this runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linux;

const _: () = assert!(size_of::<PtpSysOffset>() == 0x340, "the size in the number of the request");

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn socket(domain: c_int, kind: c_int, protocol: c_int) -> io::Result<OwnedFd> {
    // SAFETY: `socket` takes numbers; what it gives is a new descriptor that nobody else has.
    unsafe {
        let fd = checked(libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

fn set_option<T>(fd: &OwnedFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    // SAFETY: the pointer and the length are those of `value`, which is read during the call alone.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    checked(result).map(|_| ())
}

/// A request of an interface by name.
fn request(interface: &str) -> io::Result<libc::ifreq> {
    // SAFETY: all zeros is an `ifreq`.
    let mut request: libc::ifreq = unsafe { zeroed() };
    // One byte stays zero: the end of the name.
    if interface.len() >= request.ifr_name.len() || interface.bytes().any(|byte| byte == 0) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{interface}` is no interface's name"),
        ));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(request)
}

fn interface_call(call: libc::Ioctl, request: &mut libc::ifreq) -> io::Result<()> {
    let fd = socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
    // SAFETY: the calls that come here take an `ifreq`; pointers within it are to structures that outlive this call (`ethtool`), or there are none.
    checked(unsafe { libc::ioctl(fd.as_raw_fd(), call, std::ptr::from_mut(request)) }).map(|_| ())
}

fn flags(interface: &str) -> io::Result<i16> {
    let mut request = request(interface)?;
    interface_call(libc::SIOCGIFFLAGS as libc::Ioctl, &mut request)?;
    // SAFETY: the call filled in this member of the union.
    Ok(unsafe { request.ifr_ifru.ifru_flags })
}

fn set_flag(interface: &str, flag: c_int) -> io::Result<()> {
    let before = flags(interface)?;
    let mut request = request(interface)?;
    request.ifr_ifru.ifru_flags = before | flag as i16;
    interface_call(libc::SIOCSIFFLAGS as libc::Ioctl, &mut request)
}

fn interface_index(interface: &str) -> io::Result<c_int> {
    let mut request = request(interface)?;
    interface_call(libc::SIOCGIFINDEX as libc::Ioctl, &mut request)?;
    // SAFETY: the call filled in this member of the union.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex })
}

fn mtu(interface: &str) -> io::Result<u32> {
    let mut request = request(interface)?;
    interface_call(libc::SIOCGIFMTU as libc::Ioctl, &mut request)?;
    // SAFETY: the call filled in this member of the union.
    Ok(u32::try_from(unsafe { request.ifr_ifru.ifru_mtu }).unwrap_or(0))
}

/// A number that `ethtool` takes or gives.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    value: u32,
}

fn ethtool(interface: &str, command: u32, value: u32) -> io::Result<u32> {
    let mut data = EthtoolValue { command, value };
    let mut request = request(interface)?;
    request.ifr_ifru.ifru_data = std::ptr::from_mut(&mut data).cast();
    interface_call(SIOCETHTOOL, &mut request)?;
    Ok(data.value)
}

/// What devices do not have need not be switched off.
fn unless_unknown(result: io::Result<u32>) -> io::Result<u32> {
    match result {
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(0),
        other => other,
    }
}

/// Switches one of `ethtool`'s flags off.
fn without_flag(interface: &str, flag: u32) -> io::Result<()> {
    let now = unless_unknown(ethtool(interface, ETHTOOL_GET_FLAGS, 0))?;
    if now & flag != 0 {
        unless_unknown(ethtool(interface, ETHTOOL_SET_FLAGS, now & !flag))?;
    }
    Ok(())
}

/// Binds a packet socket to an interface. With protocol 0 nothing comes in.
fn bind(fd: &OwnedFd, index: c_int, protocol: c_int) -> io::Result<()> {
    // SAFETY: all zeros is a `sockaddr_ll`.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (protocol as u16).to_be();
    address.sll_ifindex = index;
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: pointer and length are those of `address`, which is read during the call alone.
    let result = unsafe { libc::bind(fd.as_raw_fd(), std::ptr::from_ref(&address).cast(), length) };
    checked(result).map(|_| ())
}

/// Whether there is something to read within that time.
fn wait(fd: &OwnedFd, timeout: Duration) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: one `pollfd`, as said, which lives during the call.
    match checked(unsafe { libc::poll(&raw mut poll, 1, milliseconds) }) {
        Ok(ready) => Ok(ready > 0),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

struct PacketReceiver {
    fd: OwnedFd,
    /// The kernel forgets the number when it tells it.
    missed: AtomicU64,
}

/// Room for the two control messages that are asked for, aligned as they are to be.
#[repr(C, align(8))]
struct Control([u8; 256]);

impl PacketReceiver {
    fn take(&self, buffer: &mut [u8]) -> io::Result<Option<RawFrame>> {
        let mut control = Control([0; 256]);
        let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        // SAFETY: all zeros is a `msghdr`.
        let mut message: libc::msghdr = unsafe { zeroed() };
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = control.0.len() as _;
        let options = libc::MSG_TRUNC | libc::MSG_DONTWAIT;
        // SAFETY: `message` points to `part`, `buffer` and `control` with their lengths, and all of them live during the call.
        let length = unsafe { libc::recvmsg(self.fd.as_raw_fd(), &raw mut message, options) };
        if length < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                // A socket tells once that its interface is down, also if that was before it was bound; frames come when it is up.
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::NetworkDown => {
                    Ok(None)
                }
                _ => Err(error),
            };
        }
        let length = length as usize;
        let mut frame = RawFrame {
            captured: length.min(buffer.len()),
            wire_length: u32::try_from(length).unwrap_or(u32::MAX),
            time_ns: 0,
            tag: None,
        };
        // SAFETY: the kernel filled `control` with whole messages and set `msg_controllen` to what it used, so that the macros of the C library stay within it;
        // each kind of message has the structure that is read of it, without regard to alignment.
        unsafe {
            let mut header = libc::CMSG_FIRSTHDR(&raw const message);
            while !header.is_null() {
                let data = libc::CMSG_DATA(header);
                match ((*header).cmsg_level, (*header).cmsg_type) {
                    (libc::SOL_PACKET, libc::PACKET_AUXDATA) => {
                        let auxiliary = data.cast::<libc::tpacket_auxdata>().read_unaligned();
                        frame.tag = tag(&auxiliary);
                    }
                    (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                        let time = data.cast::<libc::timespec>().read_unaligned();
                        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
                        let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
                        frame.time_ns = seconds.saturating_mul(1_000_000_000).saturating_add(rest);
                    }
                    _ => {}
                }
                header = libc::CMSG_NXTHDR(&raw const message, header);
            }
        }
        if frame.time_ns == 0 {
            frame.time_ns = Linux.now_ns();
        }
        Ok(Some(frame))
    }
}

fn tag(auxiliary: &libc::tpacket_auxdata) -> Option<[u8; 4]> {
    if auxiliary.tp_status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let has_tpid = auxiliary.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let tpid = if has_tpid { auxiliary.tp_vlan_tpid } else { 0x8100 };
    let ([a, b], [c, d]) = (tpid.to_be_bytes(), auxiliary.tp_vlan_tci.to_be_bytes());
    Some([a, b, c, d])
}

impl ReceiveFrames for PacketReceiver {
    fn receive(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<Option<RawFrame>> {
        // Under load there is a frame already, and no call is needed to wait for one.
        if let Some(frame) = self.take(buffer)? {
            return Ok(Some(frame));
        }
        if wait(&self.fd, timeout)? { self.take(buffer) } else { Ok(None) }
    }

    fn missed(&self) -> u64 {
        // SAFETY: all zeros is a `tpacket_stats`.
        let mut statistics: libc::tpacket_stats = unsafe { zeroed() };
        let mut length = size_of::<libc::tpacket_stats>() as libc::socklen_t;
        // SAFETY: pointer and length are those of `statistics`, which lives during the call.
        let result = unsafe {
            libc::getsockopt(
                self.fd.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                std::ptr::from_mut(&mut statistics).cast(),
                &raw mut length,
            )
        };
        let new = if result == 0 { u64::from(statistics.tp_drops) } else { 0 };
        self.missed.fetch_add(new, Ordering::Relaxed) + new
    }
}

struct PacketSender {
    fd: OwnedFd,
}

impl PacketSender {
    fn room(&self) -> Option<u64> {
        let mut room: c_int = 0;
        let mut length = size_of::<c_int>() as libc::socklen_t;
        // SAFETY: pointer and length are those of `room`, which lives during the call.
        let result = unsafe {
            libc::getsockopt(
                self.fd.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_SNDBUF,
                std::ptr::from_mut(&mut room).cast(),
                &raw mut length,
            )
        };
        u64::try_from(room).ok().filter(|_| result == 0)
    }
}

impl TransmitFrames for PacketSender {
    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        let options = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        // SAFETY: pointer and length are those of `frame`, which is read during the call alone.
        let sent = unsafe { libc::send(self.fd.as_raw_fd(), frame.as_ptr().cast(), frame.len(), options) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn queue(&self) -> Option<(u64, u64)> {
        let mut used: c_int = 0;
        // SAFETY: the call takes a pointer to an `int`, which lives during it.
        let result = unsafe { libc::ioctl(self.fd.as_raw_fd(), SIOCOUTQ, std::ptr::from_mut(&mut used)) };
        Some((u64::try_from(used).ok().filter(|_| result == 0)?, self.room()?))
    }
}

/// Either end of a TAP interface's file.
struct TapFile {
    fd: OwnedFd,
}

impl ReceiveFrames for TapFile {
    fn receive(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<Option<RawFrame>> {
        if !wait(&self.fd, timeout)? {
            return Ok(None);
        }
        // SAFETY: pointer and length are those of `buffer`, which lives during the call.
        let length = unsafe { libc::read(self.fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
        if length < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
        }
        let (captured, time_ns) = (length as usize, Linux.now_ns());
        Ok(Some(RawFrame { captured, wire_length: captured as u32, time_ns, tag: None }))
    }

    fn missed(&self) -> u64 {
        0
    }
}

impl TransmitFrames for TapFile {
    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        // SAFETY: pointer and length are those of `frame`, which is read during the call alone.
        let sent = unsafe { libc::write(self.fd.as_raw_fd(), frame.as_ptr().cast(), frame.len()) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl System for Linux {
    fn open_receive(&self, interface: &str) -> io::Result<Arc<dyn ReceiveFrames>> {
        let index = interface_index(interface)?;
        // Protocol 0: nothing comes in before all is set.
        let fd = socket(libc::AF_PACKET, libc::SOCK_RAW, 0)?;
        set_option(&fd, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1_i32)?;
        set_option(&fd, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, &1_i32)?;
        set_option(&fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1_i32)?;
        set_option(&fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &RECEIVE_BUFFER_BYTES)
            .or_else(|_| set_option(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, &RECEIVE_BUFFER_BYTES))?;
        // SAFETY: all zeros is a `packet_mreq`.
        let mut membership: libc::packet_mreq = unsafe { zeroed() };
        membership.mr_ifindex = index;
        membership.mr_type = libc::PACKET_MR_PROMISC as u16;
        set_option(&fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)?;
        bind(&fd, index, libc::ETH_P_ALL)?;
        Ok(Arc::new(PacketReceiver { fd, missed: AtomicU64::new(0) }))
    }

    fn open_transmit(&self, interface: &str) -> io::Result<Box<dyn TransmitFrames>> {
        let index = interface_index(interface)?;
        let fd = socket(libc::AF_PACKET, libc::SOCK_RAW, 0)?;
        // Past the queueing discipline: a full device says so at once.
        set_option(&fd, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, &1_i32)?;
        bind(&fd, index, 0)?;
        Ok(Box::new(PacketSender { fd }))
    }

    fn open_tap(&self, interface: &str) -> io::Result<TapEnds> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::OpenOptions::new();
        let file = options.read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
        let fd = OwnedFd::from(file);
        let mut request = request(interface)?;
        request.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as i16;
        // SAFETY: the call takes an `ifreq`, which lives during the call and points nowhere.
        checked(unsafe { libc::ioctl(fd.as_raw_fd(), TUNSETIFF, std::ptr::from_mut(&mut request)) })?;
        let other = fd.try_clone()?;
        Ok((Arc::new(TapFile { fd }), Box::new(TapFile { fd: other })))
    }

    fn set(&self, interface: &str, setting: Setting) -> io::Result<()> {
        match setting {
            Setting::Up => set_flag(interface, libc::IFF_UP),
            Setting::NoArp => set_flag(interface, libc::IFF_NOARP),
            Setting::NoIpv6 => {
                flags(interface)?;
                let path = format!("/proc/sys/net/ipv6/conf/{interface}/disable_ipv6");
                match std::fs::write(path, "1") {
                    // A kernel without IPv6.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    result => result,
                }
            }
            Setting::NoReceiveOffload => {
                unless_unknown(ethtool(interface, ETHTOOL_SET_GRO, 0))?;
                without_flag(interface, FLAG_LRO)
            }
            Setting::Promiscuous => set_flag(interface, libc::IFF_PROMISC),
            Setting::TagsInFrames => without_flag(interface, FLAG_RXVLAN),
        }
    }

    fn has_address(&self, interface: &str) -> io::Result<bool> {
        let mut request = request(interface)?;
        match interface_call(libc::SIOCGIFADDR as libc::Ioctl, &mut request) {
            Ok(()) => return Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) => {}
            Err(error) => return Err(error),
        }
        // Address, index, length, scope (0: beyond the link and the site), flags, name.
        let addresses = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
        let of_it = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.get(3) == Some(&"00") && words.get(5) == Some(&interface)
        };
        Ok(addresses.lines().any(of_it))
    }

    fn facts(&self, interface: &str) -> io::Result<Facts> {
        let number = interface_index(interface)? as u32;
        let entries = std::fs::read_dir(format!("/sys/class/net/{interface}/queues")).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let queues = names.filter(|name| name.starts_with("rx-")).count();
        Ok(Facts { number, mtu: mtu(interface)?, queues })
    }

    fn dropped(&self, interface: &str) -> (u64, u64) {
        // Of this thread: another one may be in another namespace.
        let all = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap_or_default();
        let of_it = all.lines().find_map(|line| line.trim_start().strip_prefix(interface)?.strip_prefix(':'));
        // Bytes, packets, errors, drops, and four more of receiving; then the same of sending.
        let words: Vec<u64> =
            of_it.unwrap_or_default().split_whitespace().map(|word| word.parse().unwrap_or(0)).collect();
        let word = |index: usize| words.get(index).copied().unwrap_or(0);
        (word(3), word(11))
    }

    fn is_up(&self, interface: &str) -> bool {
        let Ok(flags) = flags(interface) else { return false };
        let has = |flag: c_int| flags & flag as i16 != 0;
        // The driver knows at once; the flag follows within a second.
        let carrier =
            || ethtool(interface, ETHTOOL_GET_LINK, 0).map_or(has(libc::IFF_RUNNING), |link| link != 0);
        has(libc::IFF_UP) && carrier()
    }

    fn clock(&self) -> io::Result<ClockStatus> {
        let clock = self.kernel_clock()?;
        let offset_ns = clock.correction_ns.unsigned_abs().max(clock.estimated_ns);
        Ok(ClockStatus { is_locked: clock.is_locked, offset_ns })
    }

    fn kernel_clock(&self) -> io::Result<KernelClock> {
        // SAFETY: all zeros is a `timex`, and asks for nothing to be changed.
        let mut clock: libc::timex = unsafe { zeroed() };
        // SAFETY: the pointer is that of `clock`, which is written during the call alone.
        let state = checked(unsafe { libc::adjtimex(&raw mut clock) })?;
        let unit = if clock.status & libc::STA_NANO == 0 { 1_000 } else { 1 };
        // Always microseconds.
        let error = |us: i64| us.unsigned_abs().saturating_mul(1_000);
        Ok(KernelClock {
            is_locked: state != libc::TIME_ERROR && clock.status & libc::STA_UNSYNC == 0,
            correction_ns: (clock.offset as i64).saturating_mul(unit),
            estimated_ns: error(clock.esterror as i64),
            most_ns: error(clock.maxerror as i64),
            // In parts of 2^-16 of a millionth.
            frequency_ppb: (clock.freq as i64).saturating_mul(1_000) >> 16,
            tai_offset_s: clock.tai,
        })
    }

    fn ptp_readings(&self, device: &str) -> io::Result<Vec<PtpReading>> {
        let file = std::fs::File::open(format!("/dev/{device}"))?;
        // SAFETY: all zeros is a `PtpSysOffset`.
        let mut offset: PtpSysOffset = unsafe { zeroed() };
        offset.readings = PTP_READINGS as u32;
        // SAFETY: the pointer is that of `offset`, which has the layout and the size that the request's number says, and is read and written during the call alone.
        checked(unsafe { libc::ioctl(file.as_raw_fd(), PTP_SYS_OFFSET, &raw mut offset) })?;
        let ns = |time: &PtpTime| {
            time.seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(time.nanoseconds))
        };
        let reading = |at: usize| PtpReading {
            before_ns: ns(&offset.times[2 * at]),
            device_ns: ns(&offset.times[2 * at + 1]),
            after_ns: ns(&offset.times[2 * at + 2]),
        };
        Ok((0..PTP_READINGS).map(reading).collect())
    }

    fn passed_ns(&self) -> u64 {
        // SAFETY: all zeros is a `timespec`.
        let mut time: libc::timespec = unsafe { zeroed() };
        // SAFETY: the pointer is that of `time`, which is written during the call alone. This clock is always there.
        unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
    }
}
