//! Link types: what a frame of a capture begins with.

/// The link type of Ethernet, the one that is read.
pub const LINK_TYPE_ETHERNET: u32 = 1;

/// Registered name of a link type that is met in practice.
pub fn link_type_name(link_type: u32) -> Option<&'static str> {
    let name = match link_type {
        0 => "NULL, BSD loopback",
        1 => "ETHERNET",
        6 => "IEEE802_5, token ring",
        7 => "ARCNET_BSD",
        8 => "SLIP",
        9 => "PPP",
        10 => "FDDI",
        50 => "PPP_HDLC",
        51 => "PPP_ETHER, PPPoE",
        100 => "ATM_RFC1483",
        101 | 12 | 14 => "RAW, IP without link layer",
        104 => "C_HDLC, Cisco HDLC",
        105 => "IEEE802_11, wireless LAN",
        107 => "FRELAY, frame relay",
        108 => "LOOP, OpenBSD loopback",
        113 => "LINUX_SLL, Linux cooked capture",
        117 => "PFLOG, OpenBSD packet filter log",
        119 => "IEEE802_11_PRISM, wireless LAN",
        122 => "IP_OVER_FC",
        127 => "IEEE802_11_RADIOTAP, wireless LAN",
        143 => "DOCSIS",
        147..=162 => "USER, private use",
        187 => "BLUETOOTH_HCI_H4",
        189 => "USB_LINUX",
        192 => "PPI, per-packet information",
        195 => "IEEE802_15_4_WITHFCS",
        197 => "ERF, Endace record",
        201 => "BLUETOOTH_HCI_H4_WITH_PHDR",
        220 => "USB_LINUX_MMAPPED",
        227 => "CAN_SOCKETCAN",
        228 => "IPV4, without link layer",
        229 => "IPV6, without link layer",
        239 => "NFLOG, Linux netfilter log",
        240 => "NETANALYZER",
        247 => "INFINIBAND",
        249 => "USBPCAP",
        252 => "WIRESHARK_UPPER_PDU",
        253 => "NETLINK",
        272 => "NORDIC_BLE",
        274 => "ETHERNET_MPACKET, with preamble",
        276 => "LINUX_SLL2, Linux cooked capture",
        _ => return None,
    };
    Some(name)
}
