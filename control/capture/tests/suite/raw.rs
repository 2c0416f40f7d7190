//! Capture files put together byte by byte, in either byte order: what this crate's writers never write.

/// Numbers in one byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) const BOTH: [Self; 2] = [Self::Little, Self::Big];

    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(crate) fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| self.u32(*word)).collect()
    }

    /// A pcap header; `network` is link type and check-sequence bits.
    pub(crate) fn pcap_header(self, magic: u32, network: u32) -> Vec<u8> {
        let version = [self.u16(2), self.u16(4)].concat();
        [self.words(&[magic]), version, self.words(&[0, 0, 65_535, network])].concat()
    }

    /// A pcap record.
    pub(crate) fn pcap_record(self, seconds: u32, fraction: u32, wire_length: u32, data: &[u8]) -> Vec<u8> {
        [self.words(&[seconds, fraction, data.len() as u32, wire_length]), data.to_vec()].concat()
    }

    /// A pcapng block of any type.
    pub(crate) fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let body = padded(body);
        let length = body.len() as u32 + 12;
        [self.words(&[kind, length]), body, self.words(&[length])].concat()
    }

    pub(crate) fn section(self) -> Vec<u8> {
        let version = [self.u16(1), self.u16(0)].concat();
        self.block(0x0a0d_0d0a, &[self.words(&[0x1a2b_3c4d]), version, self.u64(u64::MAX).to_vec()].concat())
    }

    pub(crate) fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        [self.u16(code).to_vec(), self.u16(value.len() as u16).to_vec(), padded(value)].concat()
    }

    pub(crate) fn interface(self, link_type: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
        let fixed = [&self.u16(link_type)[..], &[0, 0], &self.u32(snap_length)].concat();
        self.block(1, &[&fixed[..], options, &[0; 4]].concat())
    }

    /// An enhanced packet block.
    pub(crate) fn packet(
        self,
        interface: u32,
        ticks: u64,
        wire_length: u32,
        data: &[u8],
        options: &[u8],
    ) -> Vec<u8> {
        let fixed =
            self.words(&[interface, (ticks >> 32) as u32, ticks as u32, data.len() as u32, wire_length]);
        self.block(6, &[&fixed[..], &padded(data), options].concat())
    }

    pub(crate) fn obsolete_packet(
        self,
        interface: u16,
        drops: u16,
        ticks: u64,
        data: &[u8],
        options: &[u8],
    ) -> Vec<u8> {
        let ids = [self.u16(interface), self.u16(drops)].concat();
        let length = data.len() as u32;
        let fixed = self.words(&[(ticks >> 32) as u32, ticks as u32, length, length]);
        self.block(2, &[&ids[..], &fixed, &padded(data), options].concat())
    }

    pub(crate) fn simple_packet(self, wire_length: u32, data: &[u8]) -> Vec<u8> {
        self.block(3, &[&self.u32(wire_length)[..], data].concat())
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A frame that tshark shows as data.
pub(crate) fn frame(length: usize) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    frame.resize(length, length as u8);
    frame
}
