//! Controllers in Python, from PyPI: the stubs of `p4runtime`, and `p4runtime-shell`.
//!
//! `SLUICE_PYTHON` names an interpreter that has them. Without it they are installed into a folder of the build, once; where that cannot be done, the
//! tests are skipped, and say so. `scripts/setup python` does the same beforehand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::bench::{DEVICE, PROGRAM, start};

/// What is installed: the versions that these tests are written for.
const PACKAGES: [&str; 2] = ["p4runtime==1.5.0", "p4runtime-shell==0.0.6"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python")
}

fn install() -> Option<PathBuf> {
    if let Some(python) = std::env::var_os("SLUICE_PYTHON") {
        return Some(PathBuf::from(python));
    }
    let python = folder().join("bin/python");
    let done = folder().join("installed");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|had| had == wanted) {
        return Some(python);
    }
    let runs = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let folder = folder();
    if !runs(Path::new("python3"), &["-m", "venv", folder.to_str()?]) {
        return None;
    }
    // The shell asks for an older package of messages; with --no-deps it takes the one that is here.
    let pip = |more: &[&str]| runs(&python, &[&["-m", "pip", "install", "--quiet"], more].concat());
    let all = pip(&["p4runtime-shell==0.0.6"]) && pip(&["--no-deps", PACKAGES[0]]);
    if !all {
        return None;
    }
    std::fs::write(done, wanted).ok()?;
    Some(python)
}

static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(install);

fn command(python: &Path) -> Command {
    let mut command = Command::new(python);
    // Generated code of older versions runs in the pure Python implementation only.
    command.env("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python");
    command
}

/// An interpreter that has a package; says what is skipped if there is none.
pub(crate) fn with(package: &str) -> Option<PathBuf> {
    let module = if package == "p4runtime" { "p4.v1.p4runtime_pb2_grpc" } else { "p4runtime_sh.shell" };
    let has = |python: &PathBuf| {
        let output = command(python).args(["-c", &format!("import {module}")]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let python = PYTHON.clone().filter(has);
    if python.is_none() {
        eprintln!("skipped: there is no Python with `{package}`, and pip cannot install it");
    }
    python
}

/// What a script prints.
pub(crate) fn output(python: &Path, arguments: &[&str]) -> String {
    let output = command(python).args(arguments).output().expect("it ran before");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

/// Runs a script of `tests/python/` against a server: its arguments are address, device, the folder with P4Info and program.
async fn drive(script: &'static str, package: &str) {
    let Some(python) = with(package) else { return };
    let bench = start().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(script);
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("the build's folder can be written");
        path.to_str().expect("the build's folder has a plain name").to_string()
    };
    let p4info = put("p4info.txtpb", sluice_p4info::to_text(&PROGRAM.p4info).as_bytes());
    let program = put("program.ir", &PROGRAM.device_config);
    let path = format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let (address, device) = (bench.address.to_string(), DEVICE.to_string());
    let printed =
        tokio::task::spawn_blocking(move || output(&python, &[&path, &address, &device, &p4info, &program]));
    let printed = printed.await.expect("the script is content");
    assert!(printed.contains("content"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stubs_drive_the_server() {
    drive("stubs.py", "p4runtime").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_drives_the_server() {
    drive("shell.py", "p4runtime-shell").await;
}
