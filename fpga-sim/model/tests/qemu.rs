//! The driver under a real kernel's VFIO, without a card: QEMU shows the model to a guest as a PCI device behind an emulated IOMMU, and the guest's `vfio-pci` hands it to the driver
//! (`src/bin/nic-guest.rs`). Beside it two devices of QEMU's own, which nobody here wrote.
//!
//! Software emulation only. Skipped where `scripts/qemu` has not put QEMU into `target/qemu`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluice_nic::bus::InProcess;
use sluice_nic_model::{NicModel, Options, Time, ToHost, serve};

/// Frames that come in; the guest takes some of them before its memory is taken away from the card.
const FRAMES: u32 = 700;
const TAKEN: u32 = 200;
/// A busy machine that emulates another one took 53 s to boot it.
const LONG: Duration = Duration::from_secs(300);

/// In the guest, before anything else.
const INIT: &str = "#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in irqbypass vfio vfio_iommu_type1 vfio-pci-core vfio-pci; do /bin/busybox insmod /mod/$module.ko; done
/bin/guest 200 2>&1
/bin/busybox poweroff -f
";

fn frame(number: u32) -> Vec<u8> {
    (0..60 + number % 1400).map(|at| (at ^ number) as u8).collect()
}

/// The guest's sum of the frames that it takes.
fn expected_sum() -> u64 {
    let bytes = (0..TAKEN).flat_map(frame);
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What `scripts/qemu` made.
fn qemu() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/qemu");
    folder.join("ready").exists().then_some(folder)
}

/// The first file of that name below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().find_map(|path| match path.is_dir() && !path.is_symlink() {
        true => find(&path, name),
        false => path.file_name()?.to_str()?.starts_with(name).then_some(path),
    })
}

/// The libraries that a program is linked with, and its loader.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().expect("the C library brings it");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

/// The guest's first and only file system.
fn initrd(qemu: &Path, folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    for name in ["bin", "mod", "proc", "sys", "dev"] {
        fs::create_dir_all(tree.join(name)).expect("it can be made");
    }
    let busybox = find(&qemu.join("guest"), "busybox").expect("it was unpacked");
    fs::copy(&busybox, tree.join("bin/busybox")).expect("it can be copied");
    let guest = Path::new(env!("CARGO_BIN_EXE_nic-guest"));
    fs::copy(guest, tree.join("bin/guest")).expect("it can be copied");
    for library in libraries(guest) {
        let to = tree.join(library.strip_prefix("/").expect("it is absolute"));
        fs::create_dir_all(to.parent().expect("it has one")).expect("it can be made");
        fs::copy(&library, to).expect("it can be copied");
    }
    for module in ["irqbypass", "vfio", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci"] {
        let packed =
            find(&qemu.join("guest/usr/lib/modules"), &format!("{module}.ko")).expect("the kernel has it");
        let bytes = match packed.extension().is_some_and(|end| end == "xz") {
            true => Command::new(&busybox).args(["xz", "-dc"]).arg(&packed).output().expect("it runs").stdout,
            false => fs::read(&packed).expect("it can be read"),
        };
        fs::write(tree.join(format!("mod/{module}.ko")), bytes).expect("it can be written");
    }
    let init = tree.join("init");
    fs::write(&init, INIT).expect("it can be written");
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755)).expect("it can be changed");
    let (archive, names) =
        (folder.join("initrd"), Command::new(&busybox).arg("find").current_dir(&tree).output());
    let mut pack = Command::new(&busybox)
        .args(["cpio", "-o", "-H", "newc"])
        .current_dir(&tree)
        .stdin(Stdio::piped())
        .stdout(fs::File::create(&archive).expect("it can be made"))
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let names = names.expect("it runs").stdout;
    pack.stdin.take().expect("it was asked for").write_all(&names).expect("it reads them");
    assert!(pack.wait().expect("it was begun here").success());
    archive
}

/// The guest; it ends with the test.
struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn boot(qemu: &Path, folder: &Path, initrd: &Path, log: &Path) -> Guest {
    let root = qemu.join("root/usr");
    let (libraries, share) = (root.join("lib/x86_64-linux-gnu"), root.join("share"));
    let card = format!(
        r#"{{"driver":"vfio-user-pci","bus":"first","socket":{{"type":"unix","path":"{}"}},"x-msg-timeout":60000}}"#,
        folder.join("card.sock").display()
    );
    let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(&libraries).arg(root.join("bin/qemu-system-x86_64"));
    command.env("QEMU_MODULE_DIR", libraries.join("qemu"));
    command.arg("-L").arg(share.join("qemu")).arg("-L").arg(share.join("seabios"));
    command.args([
        "-machine",
        "q35,kernel-irqchip=split,memory-backend=mem",
        "-accel",
        "tcg",
        "-cpu",
        "max",
        "-m",
        "512",
    ]);
    command.args(["-object", "memory-backend-memfd,id=mem,size=512M,share=on"]);
    command.args(["-device", "intel-iommu,intremap=on,caching-mode=on"]);
    command.args(["-device", "pcie-root-port,id=first,chassis=1,slot=1", "-device", &card, "-device", "edu"]);
    command.args(["-device", "pcie-root-port,id=second,chassis=2,slot=2", "-device", "igb,bus=second"]);
    command.arg("-kernel").arg(find(&qemu.join("guest/boot"), "vmlinuz").expect("it was unpacked"));
    command.arg("-initrd").arg(initrd);
    command.args(["-append", "console=ttyS0 no_timer_check intel_iommu=on quiet panic=-1"]);
    command.args(["-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"]);
    let output = fs::File::create(log).expect("it can be made");
    let errors = output.try_clone().expect("there are descriptors");
    Guest(command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().expect("it runs"))
}

#[test]
fn a_guest_drives_the_card_and_two_others_by_the_kernels_vfio() {
    let Some(qemu) = qemu() else {
        eprintln!("skipped: there is no QEMU in target/qemu (`scripts/qemu target/qemu` gets it, on Debian)");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let initrd = initrd(&qemu, folder);
    let options = Options { time: Time::real(), ..Options::default() };
    let device = Arc::new(InProcess::new(NicModel::new(options, ToHost { id: 0x0511_ce01 })));
    let _served = serve(device.clone(), &folder.join("card.sock")).expect("nobody is there yet");
    let (stop, log) = (AtomicBool::new(false), folder.join("guest.log"));
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..FRAMES {
                let goes = || {
                    device.with(|model, machine| {
                        let may_go = model.receives(0) && model.has_room(0);
                        may_go.then(|| model.receive(machine, 0, &frame(number)))
                    })
                };
                while goes().is_none() {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let (mut guest, begun) = (boot(&qemu, folder, &initrd, &log), Instant::now());
        let ended = loop {
            match guest.0.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if begun.elapsed() < LONG => std::thread::sleep(Duration::from_millis(100)),
                Ok(None) | Err(_) => break None,
            }
        };
        stop.store(true, Ordering::Release);
        ended
    });
    let said = String::from_utf8_lossy(&fs::read(&log).expect("it is there")).into_owned();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}\n{said}");
    let frames = format!("card: {TAKEN} frames by DMA, sum {:016x}", expected_sum());
    let lines = [
        "card: lacks [\"no driver has it: `sluice nic bind` hands it to vfio-pci\"]",
        "card: an interrupt by MSI-X",
        &frames,
        "card: refused an address that is not mapped",
        "card: reset",
        "edu: registers, DMA both ways",
        "edu: refused an address that is not mapped",
        "igb: interrupts by MSI-X, 10 vectors",
        "igb: reset",
        "guest: all of it",
    ];
    let found: Vec<&str> =
        said.lines().filter_map(|line| lines.iter().find(|one| line.contains(**one)).copied()).collect();
    assert_eq!(found, lines, "{said}");
}
