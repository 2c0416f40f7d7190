//! The configuration space: an endpoint with PCI Express, MSI-X and function-level reset.

use sluice_nic::pci;

/// Bytes of the space.
pub(crate) const CONFIG_BYTES: usize = 4096;
/// Where the capabilities are.
const EXPRESS_AT: usize = 0x40;
const MSIX_AT: usize = 0x80;

/// The space, and which bits of it can be written.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    bytes: Vec<u8>,
    writable: Vec<u8>,
}

/// What a write meant beyond its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    Reset,
}

impl Config {
    /// Of a card with so many vectors, whose BAR0 and BAR2 have these sizes, powers of two.
    pub(crate) fn new(id: (u16, u16), vectors: u16, sizes: [u64; 2]) -> Self {
        let mut new = Self { bytes: vec![0; CONFIG_BYTES], writable: vec![0; CONFIG_BYTES] };
        new.put(pci::VENDOR, &id.0.to_le_bytes());
        new.put(pci::DEVICE, &id.1.to_le_bytes());
        new.allow(pci::COMMAND, &(0x0147 | pci::COMMAND_NO_INTX).to_le_bytes());
        new.put(pci::STATUS, &pci::STATUS_CAPABILITIES.to_le_bytes());
        // Revision 0, class 0x020000: Ethernet controller.
        new.put(pci::CLASS, &[0, 0, 0, 2]);
        for (number, size) in [0, 2].into_iter().zip(sizes) {
            // Memory of 64 bits, prefetchable.
            let at = pci::BAR0 + number * 4;
            new.put(at, &0xc_u32.to_le_bytes());
            new.allow(at, &(!(size - 1)).to_le_bytes());
        }
        new.put(pci::SUBSYSTEM, &[0xee, 0x10, 0x32, 0x90]);
        new.put(pci::CAPABILITIES, &[EXPRESS_AT as u8]);
        new.allow(0x3c, &[0xff]);
        new.express();
        new.msix(vectors);
        new
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        self.bytes[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    fn allow(&mut self, at: u64, bits: &[u8]) {
        self.writable[at as usize..at as usize + bits.len()].copy_from_slice(bits);
    }

    /// PCI Express capability, version 2, an endpoint (7.5.3).
    fn express(&mut self) {
        let at = EXPRESS_AT as u64;
        self.put(at, &[pci::EXPRESS, MSIX_AT as u8, 0x02, 0x00]);
        // 512 bytes at once, extended tags, function-level reset.
        self.put(at + pci::EXPRESS_DEVICE, &(pci::EXPRESS_HAS_FLR | 0x8022).to_le_bytes());
        self.allow(at + pci::EXPRESS_CONTROL, &0x7fff_u16.to_le_bytes());
        // 16 lanes of 8 GT/s.
        self.put(at + 0x0c, &0x0103_u32.to_le_bytes());
        self.put(at + 0x12, &0x1103_u16.to_le_bytes());
    }

    /// MSI-X: table and pending bits in BAR0 (7.7.2).
    fn msix(&mut self, vectors: u16) {
        let at = MSIX_AT as u64;
        self.put(at, &[pci::MSIX, 0]);
        self.put(at + 2, &(vectors - 1).to_le_bytes());
        self.allow(at + 2, &0xc000_u16.to_le_bytes());
        self.put(at + 4, &crate::layout::MSIX_TABLE.to_le_bytes()[..4]);
        self.put(at + 8, &crate::layout::MSIX_PENDING.to_le_bytes()[..4]);
    }

    pub(crate) fn read(&self, at: usize, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.bytes[at..at + bytes.len()]);
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) -> Effect {
        let mut effect = Effect::None;
        for (at, byte) in (at..).zip(bytes) {
            let writable = self.writable[at];
            self.bytes[at] = self.bytes[at] & !writable | byte & writable;
            let control = EXPRESS_AT + pci::EXPRESS_CONTROL as usize + 1;
            if at == control && byte & (pci::EXPRESS_CONTROL_FLR >> 8) as u8 != 0 {
                effect = Effect::Reset;
            }
        }
        effect
    }

    /// Whether the card may read and write memory.
    pub(crate) fn is_master(&self) -> bool {
        self.bytes[pci::COMMAND as usize] & pci::COMMAND_MASTER as u8 != 0
    }
}
