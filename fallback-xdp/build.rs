//! Compiles the broker's C, as it is committed beside the test that makes it, and the program of captures, so that clang is not needed where the broker runs.

use std::path::{Path, PathBuf};
use std::process::Command;

include!("src/options.rs");

fn main() {
    let ebpf = Path::new("../p4/ebpf");
    let (broker, include) = (ebpf.join("tests/broker.xdp.c"), ebpf.join("include"));
    let capture = Path::new("src/capture/capture.c");
    for path in [
        broker.as_path(),
        capture,
        &include.join("sluice_bpf.h"),
        Path::new("src/options.rs"),
        Path::new("build.rs"),
    ] {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!("cargo:rerun-if-env-changed=SLUICE_CLANG");
    compile(&broker, &include, "broker");
    compile(capture, &include, "capture");
}

/// Leaves an object of that name, which is empty where clang cannot make it.
fn compile(source: &Path, include: &Path, name: &str) {
    let clang = std::env::var("SLUICE_CLANG").unwrap_or_else(|_| "clang".to_string());
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let object = folder.join(format!("{name}.o"));
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let mut command = Command::new(&clang);
    command.args(OPTIONS).arg("-I").arg(include);
    command.arg(format!("-I/usr/include/{arch}-linux-gnu"));
    command.arg("-c").arg(source).arg("-o").arg(&object);
    let compiled = command.output();
    let why = match compiled {
        Ok(done) if done.status.success() => return,
        Ok(done) => String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default().to_string(),
        Err(error) => error.to_string(),
    };
    println!(
        "cargo:warning=`{clang}` did not compile the {name} for XDP ({why}): it is compiled when it is loaded, which needs clang there"
    );
    if let Err(error) = std::fs::write(&object, []) {
        println!("cargo:warning=nothing can be written to {}: {error}", object.display());
    }
}
