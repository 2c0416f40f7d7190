//! A network namespace with cables, for programs in the kernel.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What the far end of a cable does with what comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarEnd {
    /// Hands it to whoever listens.
    Pass,
    /// Drops it as early as can be.
    Drop,
}

/// Runs a line of shell; says whether it succeeded.
pub fn run(line: &str) -> bool {
    let output = Command::new("sh").args(["-c", line]).output();
    output.is_ok_and(|output| output.status.success())
}

/// Runs a line of shell that must succeed.
///
/// # Panics
/// It does not.
pub fn must(line: &str) {
    assert!(run(line), "{line}");
}

/// A namespace with cables, both ends in it; the thread that made it is in it, too. The other end of `x` is `x-end`.
#[derive(Debug)]
pub struct Lab(String);

impl Lab {
    /// A namespace with a cable for each name; `None`, and why, where that cannot be.
    ///
    /// # Panics
    /// Where there are namespaces, and what is done in it fails.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>, far: FarEnd) -> Option<Self> {
        let missing = ["ip -V", "ethtool --version", "tcpdump --version"].into_iter().find(|line| !run(line));
        if let Some(missing) = missing {
            println!("skipped: `{missing}` does not run");
            return None;
        }
        // Tests of one process run beside each other.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let lab = Self(format!("sluice-x{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        if !run(&format!("ip netns add {}", lab.0)) {
            println!("skipped: no network namespaces can be made here (needs root and `ip`)");
            return None;
        }
        let space = File::open(format!("/var/run/netns/{}", lab.0)).expect("it was made");
        move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("root may go there");
        must("for s in all default; do echo 1 > /proc/sys/net/ipv6/conf/$s/disable_ipv6; done");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let object = far_end(folder.path(), far);
        for name in names {
            must(&format!("ip link add {name} mtu 3000 type veth peer name {name}-end mtu 3000"));
            must(&format!("ip link set {name} up arp off && ip link set {name}-end up arp off"));
            // What leaves by a device map is only taken by a device whose other end has a program.
            must(&format!("ip link set dev {name}-end xdp obj {object} sec xdp"));
            // Frames are to come as they left.
            must(&format!("ethtool -K {name}-end gro off"));
        }
        Some(lab)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        run(&format!("ip netns del {}", self.0));
    }
}

/// The program of far ends; the path of its object.
fn far_end(folder: &Path, far: FarEnd) -> String {
    let code = match far {
        FarEnd::Pass => 2,
        FarEnd::Drop => 1,
    };
    let (source, object) = (folder.join("far.c"), folder.join("far.o"));
    let text = format!(
        "struct xdp_md;\n__attribute__((section(\"xdp\"), used)) int far(struct xdp_md *ctx) {{ return {code}; }}\n"
    );
    std::fs::write(&source, text).expect("it can be written");
    must(&format!("clang -O2 -target bpf -c {} -o {}", source.display(), object.display()));
    object.display().to_string()
}

/// The number of a device in this thread's namespace.
///
/// # Panics
/// There is none of that name.
pub fn device_number(name: &str) -> u32 {
    let line = format!("ip -o link show dev {name} | cut -d: -f1");
    let output = Command::new("sh").args(["-c", &line]).output().expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    text.parse().unwrap_or_else(|_| panic!("there is no device {name}"))
}
