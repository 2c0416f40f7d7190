//! A guest that runs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Qemu, Tree};

/// Longer than a busy machine takes to emulate another one, which took 53 s to boot, and an RTL simulation beside it.
const LONG: Duration = Duration::from_secs(900);
/// From one look at what the guest says to the next.
const LOOK: Duration = Duration::from_millis(50);

/// What the guest's machine has beside processor, memory and serial lines. All of it is behind the IOMMU.
#[derive(Clone, Copy, Debug, Default)]
pub struct Devices<'a> {
    /// Sockets of device models: each is shown as a PCI device behind a port of its own, the first one at `0000:01:00.0`.
    pub cards: &'a [&'a Path],
    /// QEMU's own devices: `edu`, and `igb` behind the last port.
    pub own: bool,
}

/// A guest; it ends with the test.
#[derive(Debug)]
pub struct Guest {
    child: Child,
    folder: TempDir,
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn qemu_command(qemu: &Qemu) -> Command {
    let root = qemu.folder.join("root/usr");
    let (libraries, share) = (root.join("lib/x86_64-linux-gnu"), root.join("share"));
    let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(&libraries).arg(root.join("bin/qemu-system-x86_64"));
    command.env("QEMU_MODULE_DIR", libraries.join("qemu"));
    command.arg("-L").arg(share.join("qemu")).arg("-L").arg(share.join("seabios"));
    command
}

impl Guest {
    /// Boots one whose script (of busybox's shell) has the tree's programs and files.
    pub fn boot(qemu: &Qemu, tree: &Tree, script: &str, devices: Devices<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let initrd = folder.path().join("initrd");
        tree.pack(script, &initrd);
        let mut command = qemu_command(qemu);
        command.args(["-machine", "q35,kernel-irqchip=split,memory-backend=mem", "-accel", "tcg"]);
        command.args(["-cpu", "max", "-m", "1024", "-nographic", "-no-reboot", "-nodefaults"]);
        // Device models are given the guest's memory by its descriptor.
        command.args(["-object", "memory-backend-memfd,id=mem,size=1024M,share=on"]);
        command.args(["-device", "intel-iommu,intremap=on,caching-mode=on"]);
        for (number, socket) in devices.cards.iter().enumerate() {
            let slot = number + 1;
            let port = format!("pcie-root-port,id=port{slot},chassis={slot},slot={slot}");
            let card = format!(
                r#"{{"driver":"vfio-user-pci","bus":"port{slot}","socket":{{"type":"unix","path":"{}"}},"x-msg-timeout":600000}}"#,
                socket.display()
            );
            command.arg("-device").arg(port).arg("-device").arg(card);
        }
        if devices.own {
            command.args(["-device", "edu", "-device", "pcie-root-port,id=last,chassis=99,slot=99"]);
            command.args(["-device", "igb,bus=last"]);
        }
        command.arg("-kernel").arg(qemu.guest("boot", "vmlinuz")).arg("-initrd").arg(initrd);
        command.args(["-append", "console=ttyS0 no_timer_check intel_iommu=on quiet panic=-1"]);
        let received = format!("file:{}", folder.path().join("received").display());
        command.args(["-serial", "stdio", "-serial", &received]);
        let output = fs::File::create(folder.path().join("log")).expect("it can be made");
        let errors = output.try_clone().expect("there are descriptors");
        let child = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn().expect("it runs");
        Self { child, folder }
    }

    /// What it has said.
    pub fn said(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).expect("it is there");
        String::from_utf8_lossy(&log).replace('\r', "")
    }

    /// Types a line at its console.
    pub fn tell(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("it was asked for");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("it listens");
    }

    /// Waits until it says a line that begins like that, and gives it.
    ///
    /// # Panics
    ///
    /// If it ends before, or takes longer than a busy machine would.
    pub fn hears(&mut self, start: &str) -> String {
        let begun = Instant::now();
        loop {
            let ended = self.child.try_wait().expect("it was begun here");
            let said = self.said();
            let whole = said.rfind('\n').map_or("", |end| &said[..end]);
            if let Some(line) = whole.lines().find(|line| line.starts_with(start)) {
                return line.to_string();
            }
            assert!(ended.is_none(), "it ended ({ended:?}) without `{start}`:\n{said}");
            assert!(begun.elapsed() < LONG, "it does not say `{start}`:\n{said}");
            std::thread::sleep(LOOK);
        }
    }

    /// Waits for its end; `None` if it takes longer than a busy machine would.
    pub fn ends(&mut self) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < LONG {
            if let Some(status) = self.child.try_wait().expect("it was begun here") {
                return Some(status);
            }
            std::thread::sleep(LOOK);
        }
        None
    }

    /// What it has sent by the second serial line.
    pub fn received(&self) -> Vec<u8> {
        fs::read(self.received_path()).expect("it is there")
    }

    fn received_path(&self) -> PathBuf {
        self.folder.path().join("received")
    }
}
