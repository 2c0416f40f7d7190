//! A guest's only file system.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Qemu;

/// In the guest, before the test's script. `send` gives a file to the test: its length by the console, its bytes by the second serial line.
const BEFORE: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ip link set lo up
stty -F /dev/ttyS1 raw
for module in irqbypass vfio vfio_iommu_type1 vfio-pci-core vfio-pci; do insmod /mod/$module.ko; done
send() { cat $1 >/dev/ttyS1; echo \"sent $1: $(wc -c <$1) bytes\"; }
";

/// Behind it.
const AFTER: &str = "
poweroff -f
";

const MODULES: [&str; 5] = ["irqbypass", "vfio", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci"];

/// What will be the guest's file system.
#[derive(Debug)]
pub struct Tree {
    folder: TempDir,
    busybox: PathBuf,
}

/// The libraries that a program is linked with, and its loader.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().expect("the C library brings it");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("it has one")).expect("it can be made");
    fs::copy(from, to).expect("it can be copied");
}

impl Tree {
    /// One with a shell, its usual commands, and the kernel's modules for VFIO.
    pub fn new(qemu: &Qemu) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["bin", "mod", "proc", "sys", "dev", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("it can be made");
        }
        let busybox = qemu.guest("", "busybox");
        copy(&busybox, &folder.path().join("bin/busybox"));
        for module in MODULES {
            let packed = qemu.guest("usr/lib/modules", &format!("{module}.ko"));
            let bytes = match packed.extension().is_some_and(|end| end == "xz") {
                true => {
                    Command::new(&busybox).args(["xz", "-dc"]).arg(&packed).output().expect("it runs").stdout
                }
                false => fs::read(&packed).expect("it can be read"),
            };
            fs::write(folder.path().join(format!("mod/{module}.ko")), bytes).expect("it can be written");
        }
        Self { folder, busybox }
    }

    /// A program and its libraries. What debuggers alone read stays out: the guest has it all in memory.
    pub fn program(&self, name: &str, program: &Path) {
        let inside = self.folder.path().join("bin").join(name);
        let stripped = Command::new("strip").arg("-o").arg(&inside).arg(program).status();
        if !stripped.is_ok_and(|status| status.success()) {
            copy(program, &inside);
        }
        for library in libraries(program) {
            copy(&library, &self.folder.path().join(library.strip_prefix("/").expect("it is absolute")));
        }
    }

    /// A file at the root.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).expect("it can be written");
    }

    /// Packs it, with a script (of busybox's shell) that the guest runs; it is off when the script ends.
    pub(crate) fn pack(&self, script: &str, archive: &Path) {
        let tree = self.folder.path();
        let init = tree.join("init");
        fs::write(&init, [BEFORE, script, AFTER].concat()).expect("it can be written");
        fs::set_permissions(&init, fs::Permissions::from_mode(0o755)).expect("it can be changed");
        let names = Command::new(&self.busybox).arg("find").current_dir(tree).output().expect("it runs");
        let mut pack = Command::new(&self.busybox)
            .args(["cpio", "-o", "-H", "newc"])
            .current_dir(tree)
            .stdin(Stdio::piped())
            .stdout(fs::File::create(archive).expect("it can be made"))
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        pack.stdin.take().expect("it was asked for").write_all(&names.stdout).expect("it reads them");
        assert!(pack.wait().expect("it was begun here").success());
    }
}
