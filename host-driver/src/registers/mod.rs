//! The register map of the card, as data.
//!
//! One place: the driver and the device model use its constants, and `docs/NIC.md` is written from it ([`markdown`]). Numbers are Corundum's (`modules/mqnic/mqnic_hw.h`, revision of
//! December 2023); BAR0 is the NIC. All registers have 4 bytes and are little endian.
//!
//! Registers stand in *blocks*, which are chained: each begins with its type, its version, and where the next one is (0: none). A driver looks for types and never for places.

mod bar2;
mod blocks;
mod queues;

pub use bar2::*;
pub use blocks::*;
pub use queues::*;

/// Where each block says what it is.
pub const BLOCK_TYPE: u64 = 0x00;
/// Where each block says in which version: the higher byte has to be the one that is known here.
pub const BLOCK_VERSION: u64 = 0x04;
/// Where each block says where the next one is, from the start of the space it is in; 0: none.
pub const BLOCK_NEXT: u64 = 0x08;

/// What a driver may do with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Both.
    Both,
}

/// A register of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// From the start of its block.
    pub offset: u64,
    /// Its name here.
    pub name: &'static str,
    /// What may be done.
    pub access: Access,
    /// What it means.
    pub what: &'static str,
}

/// A kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name here.
    pub name: &'static str,
    /// What stands in [`BLOCK_TYPE`].
    pub kind: u32,
    /// What stands in [`BLOCK_VERSION`].
    pub version: u32,
    /// What it is for.
    pub what: &'static str,
    /// Its registers, by offset.
    pub registers: &'static [Register],
}

/// Writes a kind of block down once: its constants, and the data of it.
macro_rules! block {
    ($(#[doc = $what:literal])* $module:ident: $kind:literal, $version:literal { $(#[doc = $text:literal] $name:ident = $offset:literal, $access:ident;)* }) => {
        $(#[doc = $what])*
        pub mod $module {
            use super::super::{Access, Block, Register};

            /// Its type.
            pub const KIND: u32 = $kind;
            /// The version that is known here.
            pub const VERSION: u32 = $version;
            $(#[doc = $text] pub const $name: u64 = $offset;)*

            /// All of it.
            pub const BLOCK: Block = Block {
                name: stringify!($module),
                kind: KIND,
                version: VERSION,
                what: concat!($($what),*),
                registers: &[$(Register { offset: $name, name: stringify!($name), access: Access::$access, what: $text }),*],
            };
        }
    };
}
pub(crate) use block;

/// The map as a page for people.
pub fn markdown() -> String {
    let mut page = String::from(
        "| block | type | version | register | offset | access | |\n|---|---|---|---|---|---|---|\n",
    );
    for block in BLOCKS {
        let head = format!("| `{}` | `{:#010x}` | `{:#06x}` |", block.name, block.kind, block.version);
        page.push_str(&format!("{head} | | |{} |\n", block.what));
        for register in block.registers {
            let access = match register.access {
                Access::Read => "read",
                Access::Write => "write",
                Access::Both => "read, write",
            };
            let Register { offset, name, what, .. } = register;
            page.push_str(&format!("| | | | `{name}` | `{offset:#04x}` | {access} |{what} |\n"));
        }
    }
    page.push_str("\n| queue word | value |\n|---|---|\n");
    for (name, value) in QUEUE_WORDS {
        page.push_str(&format!("| `{name}` | `{value:#010x}` |\n"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_types_of_their_own_and_registers_places_of_their_own() {
        for (index, block) in BLOCKS.iter().enumerate() {
            assert!(BLOCKS[..index].iter().all(|other| other.kind != block.kind), "{}", block.name);
            let mut offsets: Vec<u64> = block.registers.iter().map(|register| register.offset).collect();
            assert!(
                offsets.is_sorted() && offsets.iter().all(|offset| *offset >= 0x0c && offset % 4 == 0),
                "{}",
                block.name
            );
            offsets.dedup();
            assert_eq!(offsets.len(), block.registers.len(), "{}", block.name);
        }
    }

    #[cfg(not(miri))]
    #[test]
    fn the_page_for_people_is_as_the_map_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/NIC.md");
        let page = std::fs::read_to_string(path).expect("it is there");
        let (begin, end) = (
            "<!-- registers: written by `SLUICE_BLESS=1 cargo test -p sluice-nic` -->\n",
            "<!-- end of registers -->",
        );
        let (before, rest) = page.split_once(begin).expect("it says where the map is");
        let (found, after) = rest.split_once(end).expect("it says where the map ends");
        let expected = format!("\n{}\n", markdown());
        if std::env::var_os("SLUICE_BLESS").is_some() {
            std::fs::write(path, format!("{before}{begin}{expected}{end}{after}"))
                .expect("it can be written");
            return;
        }
        assert_eq!(found, expected, "docs/NIC.md is not as the map says: SLUICE_BLESS=1 writes it anew");
    }
}
