//! A guest Linux under QEMU, in which tests drive PCI devices by the kernel's VFIO.
//!
//! The machine is emulated in software, with an IOMMU in front of its devices; nothing of it needs root. QEMU, kernel and shell are what `scripts/qemu` puts into `target/qemu`.
//! A guest's only file system is in memory: a script, the programs that it runs, and files that it reads. Its first serial line is a console: what the guest says there is kept, and
//! [`Guest::tell`] types a line. What it writes to the second one (`send FILE` in its script) arrives as it was.
//!
//! For tests alone: what goes wrong here panics.

mod guest;
mod tree;

pub use guest::{Devices, Guest};
pub use tree::Tree;

use std::fs;
use std::path::{Path, PathBuf};

/// What `scripts/qemu` made.
#[derive(Clone, Debug)]
pub struct Qemu {
    folder: PathBuf,
}

impl Qemu {
    /// The one in the build's folder; says that the test is skipped where there is none.
    pub fn find() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/qemu");
        if folder.join("ready").exists() {
            return Some(Self { folder });
        }
        println!("skipped: there is no QEMU in target/qemu (`scripts/qemu target/qemu` gets it, on Debian)");
        None
    }

    /// A file of the guest's packages, by how its name begins.
    fn guest(&self, below: &str, name: &str) -> PathBuf {
        let folder = self.folder.join("guest").join(below);
        find(&folder, name).unwrap_or_else(|| panic!("no `{name}` was unpacked into {}", folder.display()))
    }
}

/// The first file below a folder whose name begins like that.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().find_map(|path| match path.is_dir() && !path.is_symlink() {
        true => find(&path, name),
        false => path.file_name()?.to_str()?.starts_with(name).then_some(path),
    })
}
