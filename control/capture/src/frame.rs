//! Frames built layer by layer, with right lengths, protocol numbers and checksums.
//!
//! A [`Frame`] is a stack of layers, outermost first, and a payload. Each layer is a struct with public
//! fields; what follows from the layers around it (EtherType, next protocol, lengths, checksums, the MPLS
//! bottom bit) is worked out when the frame is built:
//!
//! ```
//! use sluice_capture::frame::{Ethernet, Frame, Ipv4, Tcp, Udp, Vxlan};
//!
//! let (a, b) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
//! let bytes = Frame::new()
//!     .then(Ethernet::new(a, b))
//!     .then(Ipv4::new([192, 0, 2, 1], [192, 0, 2, 2]).ttl(3))
//!     .then(Udp::new(50_000, Udp::VXLAN))
//!     .then(Vxlan::new(7))
//!     .then(Ethernet::new(b, a))
//!     .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]))
//!     .then(Tcp::new(50_001, 80).flags(Tcp::SYN))
//!     .payload(b"hello")
//!     .build();
//! assert_eq!(bytes.len(), 14 + 20 + 8 + 8 + 14 + 20 + 20 + 5);
//! ```
//!
//! Nothing forbids stacks that make no sense on a wire: tests need those too. A layer whose number has no
//! place in the one around it gets an experimental one.

mod checksum;
mod link;
mod network;
mod transport;
mod tunnel;

pub use link::{Arp, Ethernet, Header, Mpls, Vlan};
pub use network::{Ipv4, Ipv6, Ipv6Extension};
pub use transport::{Icmp, Icmpv6, Sctp, Tcp, Udp, sctp_data_chunk};
pub use tunnel::{Erspan2, Geneve, Gre, GtpU, Vxlan};

/// Shortest Ethernet frame without its check sequence.
pub const MINIMUM_FRAME_BYTES: usize = 60;

macro_rules! layers {
    ($($name:ident),*) => {
        /// One layer of a frame.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Layer {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name),
            )*
        }

        $(
            impl From<$name> for Layer {
                fn from(layer: $name) -> Self {
                    Self::$name(layer)
                }
            }
        )*

        impl Layer {
            fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
                match self {
                    $(Self::$name(layer) => layer.encode(body, around),)*
                }
            }
        }
    };
}

layers!(
    Ethernet,
    Vlan,
    Mpls,
    Arp,
    Header,
    Ipv4,
    Ipv6,
    Ipv6Extension,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    Icmpv6,
    Gre,
    Vxlan,
    Geneve,
    GtpU,
    Erspan2
);

/// What a layer sees of the frame around it.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The layers outside, outermost first.
    outer: &'a [Layer],
    /// The layer inside, none where the payload follows.
    next: Option<&'a Layer>,
}

/// EtherType and IP protocol of a payload without layer: the experimental ones of IEEE 802 and RFC 3692.
const EXPERIMENTAL_ETHER_TYPE: u16 = 0x88b5;
const EXPERIMENTAL_PROTOCOL: u8 = 253;

impl Around<'_> {
    /// EtherType of what is inside.
    fn ether_type(&self) -> u16 {
        match self.next {
            Some(Layer::Vlan(tag)) => tag.tpid,
            Some(Layer::Mpls(_)) => 0x8847,
            Some(Layer::Arp(_)) => 0x0806,
            Some(Layer::Ipv4(_)) => 0x0800,
            Some(Layer::Ipv6(_)) => 0x86dd,
            // Transparent Ethernet bridging, as in GRE and Geneve.
            Some(Layer::Ethernet(_)) => 0x6558,
            Some(Layer::Erspan2(_)) => 0x88be,
            Some(Layer::Header(header)) => header.number,
            _ => EXPERIMENTAL_ETHER_TYPE,
        }
    }

    /// IP protocol of what is inside.
    fn ip_protocol(&self) -> u8 {
        match self.next {
            Some(Layer::Icmp(_)) => 1,
            Some(Layer::Ipv4(_)) => 4,
            Some(Layer::Tcp(_)) => 6,
            Some(Layer::Udp(_)) => 17,
            Some(Layer::Ipv6(_)) => 41,
            Some(Layer::Gre(_)) => 47,
            Some(Layer::Icmpv6(_)) => 58,
            Some(Layer::Sctp(_)) => 132,
            Some(Layer::Mpls(_)) => 137,
            Some(Layer::Ethernet(_)) => 143,
            Some(Layer::Ipv6Extension(extension)) => extension.kind,
            Some(Layer::Header(header)) => header.number as u8,
            _ => EXPERIMENTAL_PROTOCOL,
        }
    }

    /// Sum over the pseudo-header of the IP layer around, for `length` bytes of `protocol`.
    fn pseudo_header(&self, protocol: u8, length: usize) -> checksum::Sum {
        let mut sum = checksum::Sum::default();
        for layer in self.outer.iter().rev() {
            match layer {
                Layer::Ipv6Extension(_) => continue,
                Layer::Ipv4(ip) => sum = sum.add(&ip.source).add(&ip.destination),
                Layer::Ipv6(ip) => sum = sum.add(&ip.source).add(&ip.destination),
                _ => {}
            }
            break;
        }
        sum.add(&(length as u32).to_be_bytes()).add(&[0, protocol])
    }
}

/// A frame to be built: layers, outermost first, and a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The layers, outermost first.
    pub layers: Vec<Layer>,
    /// What the innermost layer carries.
    pub payload: Vec<u8>,
}

impl Frame {
    /// No layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer inside those there.
    pub fn then(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// Sets what the innermost layer carries.
    pub fn payload(mut self, bytes: &[u8]) -> Self {
        self.payload = bytes.to_vec();
        self
    }

    /// The bytes of the frame, without check sequence and without padding.
    pub fn build(&self) -> Vec<u8> {
        self.build_from(0)
    }

    /// The bytes of the frame, with zeros up to [`MINIMUM_FRAME_BYTES`].
    pub fn build_padded(&self) -> Vec<u8> {
        let mut bytes = self.build();
        bytes.resize(bytes.len().max(MINIMUM_FRAME_BYTES), 0);
        bytes
    }

    /// The bytes of the layers from `first` on.
    fn build_from(&self, first: usize) -> Vec<u8> {
        let mut bytes = self.payload.clone();
        for (index, layer) in self.layers.iter().enumerate().skip(first).rev() {
            bytes = layer
                .encode(bytes, Around { outer: &self.layers[..index], next: self.layers.get(index + 1) });
        }
        bytes
    }

    /// The frame as a router would send it on: new outer MACs, and time to live of the outermost MPLS or IP
    /// layer one lower.
    pub fn routed(mut self, source: [u8; 6], destination: [u8; 6]) -> Self {
        if let Some(Layer::Ethernet(ethernet)) = self.layers.first_mut() {
            (ethernet.source, ethernet.destination) = (source, destination);
        }
        for layer in &mut self.layers {
            let left = match layer {
                Layer::Mpls(label) => &mut label.ttl,
                Layer::Ipv4(ip) => &mut ip.ttl,
                Layer::Ipv6(ip) => &mut ip.hop_limit,
                _ => continue,
            };
            *left = left.saturating_sub(1);
            break;
        }
        self
    }

    /// The frame as fragments of its outermost IPv4 layer, each with at most `bytes` (rounded down to a
    /// multiple of 8, at least 8) of that layer's payload. Without an IPv4 layer, or where it fits, the frame
    /// alone.
    pub fn fragments(self, bytes: usize) -> Vec<Self> {
        let chunk = (bytes / 8).max(1) * 8;
        let found = self.layers.iter().enumerate().find_map(|(index, layer)| match layer {
            Layer::Ipv4(ip) => Some((index, ip.clone())),
            _ => None,
        });
        let Some((index, ip)) = found else { return vec![self] };
        let whole = self.build_from(index + 1);
        if whole.len() <= chunk {
            return vec![self];
        }
        let protocol = Around { outer: &[], next: self.layers.get(index + 1) }.ip_protocol();
        let pieces = whole.chunks(chunk).count();
        let piece = |(number, payload): (usize, &[u8])| {
            let mut layers = self.layers[..index].to_vec();
            let mut part = ip.clone().fragment(number * chunk, number + 1 < pieces);
            part.protocol = Some(protocol);
            layers.push(part.into());
            Self { layers, payload: payload.to_vec() }
        };
        whole.chunks(chunk).enumerate().map(piece).collect()
    }
}
