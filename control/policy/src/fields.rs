//! The fields that a filter can test, one per narrow table (an address field covers its IPv4, IPv6 and "no address"
//! tables together), with their domains as `docs/PIPELINE.md` fixes them.
//!
//! Every field has a value for every packet: where the header is not there, the value is *absent*. So the
//! complement of a set is a set, and `not` needs no special case.

use std::fmt;

/// How the values of a field look, and so which kind of set holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldKind {
    /// Numbers `0..=max`, matched exactly; `absent` is one of them.
    Values {
        /// Largest value of the domain.
        max: u64,
        /// The value of a packet without this field.
        absent: u64,
    },
    /// 16-bit numbers, matched by ranges; `optional`: may be absent.
    Intervals {
        /// Whether a packet may be without it.
        optional: bool,
    },
    /// IPv4, IPv6 or no address.
    Addresses,
    /// A MAC address; absent reads as all zero.
    Macs,
    /// Family (2 bits), type (8), code (8); family 0 is absent.
    Icmp,
}

/// One field of a packet, in the order of `docs/PIPELINE.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Field {
    /// EtherType (or 0x10000 + DSAP) behind the outermost MAC addresses.
    EtherType,
    /// The same of the first header that is neither tag nor label nor PPPoE.
    L3,
    /// VLAN id of the outermost tag.
    VlanOuter,
    /// VLAN id of the second tag.
    VlanInner,
    /// Outermost source MAC address.
    MacSrc,
    /// Outermost destination MAC address.
    MacDst,
    /// IPv4, ARP/RARP sender, or IPv6 source address.
    AddressSrc,
    /// IPv4, ARP/RARP target, or IPv6 destination address.
    AddressDst,
    /// IPv4 protocol, or what is behind the IPv6 extension headers.
    IpProto,
    /// TCP, UDP or SCTP source port.
    L4Src,
    /// TCP, UDP or SCTP destination port.
    L4Dst,
    /// Byte 13 of the TCP header.
    TcpFlags,
    /// Differentiated services code point.
    Dscp,
    /// Explicit congestion notification bits.
    Ecn,
    /// TTL or hop limit.
    Ttl,
    /// Whole, first fragment, later fragment.
    Fragment,
    /// ICMP or ICMPv6 type and code.
    Icmp,
    /// Wire length in bytes without FCS.
    Length,
    /// Label of the top MPLS entry.
    Mpls,
    /// VXLAN, Geneve or NVGRE network id.
    Vni,
    /// GTP-U tunnel id.
    Teid,
    /// GRE key.
    GreKey,
    /// `L3` of the inner packet; absent: there is no inner packet.
    InnerL3,
    /// Outermost tag of the inner frame.
    InnerVlan,
    /// `MacSrc` of the inner frame.
    InnerMacSrc,
    /// `MacDst` of the inner frame.
    InnerMacDst,
    /// `AddressSrc` of the inner packet.
    InnerAddressSrc,
    /// `AddressDst` of the inner packet.
    InnerAddressDst,
    /// `IpProto` of the inner packet.
    InnerIpProto,
    /// `L4Src` of the inner packet.
    InnerL4Src,
    /// `L4Dst` of the inner packet.
    InnerL4Dst,
    /// `TcpFlags` of the inner packet.
    InnerTcpFlags,
    /// `Dscp` of the inner packet.
    InnerDscp,
    /// `Ttl` of the inner packet.
    InnerTtl,
    /// `Fragment` of the inner packet.
    InnerFragment,
    /// `Icmp` of the inner packet.
    InnerIcmp,
}

/// "No Ethernet header" of `ether_type` and `l3`; "no inner packet" of `inner_l3`.
pub const NO_ETHER_TYPE: u64 = 0x1FFFF;
/// Added to the DSAP of an LLC frame to give its `ether_type`.
pub const LLC: u64 = 0x10000;
/// Values of [`Field::Fragment`]: not IP, whole, first fragment, later fragment.
pub const FRAGMENT_NOT_IP: u64 = 0;
/// See [`FRAGMENT_NOT_IP`].
pub const FRAGMENT_WHOLE: u64 = 1;
/// See [`FRAGMENT_NOT_IP`].
pub const FRAGMENT_FIRST: u64 = 2;
/// See [`FRAGMENT_NOT_IP`].
pub const FRAGMENT_LATER: u64 = 3;
/// Bits of the [`Field::Icmp`] key: family, type, code.
pub const ICMP_BITS: u8 = 18;

impl Field {
    /// All fields, in order.
    pub const ALL: [Self; 36] = [
        Self::EtherType,
        Self::L3,
        Self::VlanOuter,
        Self::VlanInner,
        Self::MacSrc,
        Self::MacDst,
        Self::AddressSrc,
        Self::AddressDst,
        Self::IpProto,
        Self::L4Src,
        Self::L4Dst,
        Self::TcpFlags,
        Self::Dscp,
        Self::Ecn,
        Self::Ttl,
        Self::Fragment,
        Self::Icmp,
        Self::Length,
        Self::Mpls,
        Self::Vni,
        Self::Teid,
        Self::GreKey,
        Self::InnerL3,
        Self::InnerVlan,
        Self::InnerMacSrc,
        Self::InnerMacDst,
        Self::InnerAddressSrc,
        Self::InnerAddressDst,
        Self::InnerIpProto,
        Self::InnerL4Src,
        Self::InnerL4Dst,
        Self::InnerTcpFlags,
        Self::InnerDscp,
        Self::InnerTtl,
        Self::InnerFragment,
        Self::InnerIcmp,
    ];

    /// The name shown to people; that of the P4 table without `narrow_` where there is one table.
    pub fn name(self) -> &'static str {
        match self {
            Self::EtherType => "ether_type",
            Self::L3 => "l3",
            Self::VlanOuter => "vlan_outer",
            Self::VlanInner => "vlan_inner",
            Self::MacSrc => "mac_src",
            Self::MacDst => "mac_dst",
            Self::AddressSrc => "src",
            Self::AddressDst => "dst",
            Self::IpProto => "ip_proto",
            Self::L4Src => "l4_src",
            Self::L4Dst => "l4_dst",
            Self::TcpFlags => "tcp_flags",
            Self::Dscp => "dscp",
            Self::Ecn => "ecn",
            Self::Ttl => "ttl",
            Self::Fragment => "fragment",
            Self::Icmp => "icmp",
            Self::Length => "length",
            Self::Mpls => "mpls",
            Self::Vni => "vni",
            Self::Teid => "teid",
            Self::GreKey => "gre_key",
            Self::InnerL3 => "inner_l3",
            Self::InnerVlan => "inner_vlan",
            Self::InnerMacSrc => "inner_mac_src",
            Self::InnerMacDst => "inner_mac_dst",
            Self::InnerAddressSrc => "inner_src",
            Self::InnerAddressDst => "inner_dst",
            Self::InnerIpProto => "inner_ip_proto",
            Self::InnerL4Src => "inner_l4_src",
            Self::InnerL4Dst => "inner_l4_dst",
            Self::InnerTcpFlags => "inner_tcp_flags",
            Self::InnerDscp => "inner_dscp",
            Self::InnerTtl => "inner_ttl",
            Self::InnerFragment => "inner_fragment",
            Self::InnerIcmp => "inner_icmp",
        }
    }

    /// How its values look.
    pub fn kind(self) -> FieldKind {
        let last = |absent: u64| FieldKind::Values { max: absent, absent };
        match self {
            Self::EtherType | Self::L3 | Self::InnerL3 => last(NO_ETHER_TYPE),
            Self::VlanOuter | Self::VlanInner | Self::InnerVlan => last(0x1000),
            Self::MacSrc | Self::MacDst | Self::InnerMacSrc | Self::InnerMacDst => FieldKind::Macs,
            Self::AddressSrc | Self::AddressDst | Self::InnerAddressSrc | Self::InnerAddressDst => {
                FieldKind::Addresses
            }
            Self::IpProto
            | Self::TcpFlags
            | Self::Ttl
            | Self::InnerIpProto
            | Self::InnerTcpFlags
            | Self::InnerTtl => last(256),
            Self::L4Src | Self::L4Dst | Self::InnerL4Src | Self::InnerL4Dst => {
                FieldKind::Intervals { optional: true }
            }
            Self::Length => FieldKind::Intervals { optional: false },
            Self::Dscp | Self::InnerDscp => last(64),
            Self::Ecn => last(4),
            Self::Fragment | Self::InnerFragment => {
                FieldKind::Values { max: FRAGMENT_LATER, absent: FRAGMENT_NOT_IP }
            }
            Self::Icmp | Self::InnerIcmp => FieldKind::Icmp,
            Self::Mpls => last(0x10_0000),
            Self::Vni => last(0x100_0000),
            Self::Teid | Self::GreKey => last(0x1_0000_0000),
        }
    }

    /// The field of the inner packet that answers to this one of the outer, where there is one.
    pub fn inner(self) -> Option<Self> {
        Some(match self {
            Self::L3 => Self::InnerL3,
            Self::VlanOuter => Self::InnerVlan,
            Self::MacSrc => Self::InnerMacSrc,
            Self::MacDst => Self::InnerMacDst,
            Self::AddressSrc => Self::InnerAddressSrc,
            Self::AddressDst => Self::InnerAddressDst,
            Self::IpProto => Self::InnerIpProto,
            Self::L4Src => Self::InnerL4Src,
            Self::L4Dst => Self::InnerL4Dst,
            Self::TcpFlags => Self::InnerTcpFlags,
            Self::Dscp => Self::InnerDscp,
            Self::Ttl => Self::InnerTtl,
            Self::Fragment => Self::InnerFragment,
            Self::Icmp => Self::InnerIcmp,
            _ => return None,
        })
    }

    /// The value of a packet without this field.
    pub fn absent(self) -> FieldValue {
        match self.kind() {
            FieldKind::Values { absent, .. } => FieldValue::Number(absent),
            FieldKind::Intervals { optional: true } => FieldValue::Port(None),
            FieldKind::Intervals { optional: false } => FieldValue::Port(Some(0)),
            FieldKind::Addresses => FieldValue::Address(Address::None),
            FieldKind::Macs | FieldKind::Icmp => FieldValue::Number(0),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The network address of a packet on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// Neither IPv4 (ARP, RARP) nor IPv6.
    None,
    /// Of IPv4, ARP or RARP.
    V4(u32),
    /// Of IPv6.
    V6(u128),
}

/// The value of one field of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldValue {
    /// Of exact fields, MAC addresses and ICMP keys; absent as the field says.
    Number(u64),
    /// Of range fields: ports and length.
    Port(Option<u16>),
    /// Of address fields.
    Address(Address),
}

/// The values of all fields of one packet: what a term is evaluated on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldValues([FieldValue; Field::ALL.len()]);

impl Default for FieldValues {
    /// A packet with nothing in it: every field absent, length 0.
    fn default() -> Self {
        Self(Field::ALL.map(Field::absent))
    }
}

impl FieldValues {
    /// The value of `field`.
    pub fn value(&self, field: Field) -> FieldValue {
        self.0[field as usize]
    }

    /// Sets `field`; the kind of the value must be that of the field, or no set will contain it.
    pub fn set(&mut self, field: Field, value: FieldValue) {
        self.0[field as usize] = value;
    }

    /// [`FieldValues::set`], in a chain.
    pub fn with(mut self, field: Field, value: FieldValue) -> Self {
        self.set(field, value);
        self
    }
}
