//! From C to an object, by clang.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Result, XdpError};

/// Lines of clang's messages that are shown.
const SHOWN_LINES: usize = 8;

/// Names the compiler.
const VARIABLE: &str = "SLUICE_CLANG";

include!("options.rs");

/// The last text, and its object: a program that is verified is most often the next one that is put into place.
static LAST: Mutex<Option<(String, Arc<[u8]>)>> = Mutex::new(None);

/// Compiles a program's text; gives the object.
///
/// # Errors
/// There is no clang, it refuses the text, or the temporary folder cannot be used.
pub(crate) fn compile(text: &str) -> Result<Arc<[u8]>> {
    if let Some(object) = embedded(text) {
        return Ok(object.into());
    }
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, object)) = &*last
        && known == text
    {
        return Ok(object.clone());
    }
    let object: Arc<[u8]> = run(text)?.into();
    *last = Some((text.to_string(), object.clone()));
    Ok(object)
}

/// The broker's C and its object, as they were when this was built; no bytes where there was no clang.
static BROKER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/broker.o"));
const BROKER_TEXT: &str = include_str!("../../p4/ebpf/tests/broker.xdp.c");

/// The program of captures, and its object as it was when this was built.
static CAPTURE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/capture.o"));
const CAPTURE_TEXT: &str = include_str!("capture/capture.c");

/// The object of the program of captures.
///
/// # Errors
/// It was not compiled when this was built, and there is no clang.
pub(crate) fn capture() -> Result<Vec<u8>> {
    if CAPTURE.is_empty() {
        return run(&with_header(CAPTURE_TEXT));
    }
    Ok(CAPTURE.to_vec())
}

/// A text with what it includes in its place.
fn with_header(text: &str) -> String {
    text.replacen("#include \"sluice_bpf.h\"\n", sluice_ebpf::HEADER, 1)
}

/// Behind the lines that say where a text comes from.
fn body(text: &str) -> &str {
    text.find("*/\n\n").map_or(text, |at| &text[at..])
}

/// The object of a text that was compiled when this was built.
fn embedded(text: &str) -> Option<&'static [u8]> {
    let own = with_header(BROKER_TEXT);
    (!BROKER.is_empty() && body(text) == body(&own)).then_some(BROKER)
}

/// The same without keeping the object.
pub(crate) fn run(text: &str) -> Result<Vec<u8>> {
    let program = std::env::var(VARIABLE).unwrap_or_else(|_| "clang".to_string());
    let folder = tempfile::tempdir().map_err(XdpError::Folder)?;
    let (source, object) = (folder.path().join("program.c"), folder.path().join("program.o"));
    std::fs::write(&source, text).map_err(XdpError::Folder)?;
    let mut command = Command::new(&program);
    command.args(OPTIONS);
    // Where Debian and Ubuntu keep the kernel's headers that differ by processor.
    command.arg(format!("-I/usr/include/{}-linux-gnu", std::env::consts::ARCH));
    command.arg("-c").arg(&source).arg("-o").arg(&object);
    let done = command.output().map_err(|why| XdpError::NoClang { program: program.clone(), why })?;
    if !done.status.success() {
        let message = String::from_utf8_lossy(&done.stderr);
        let shown: Vec<&str> = message.lines().take(SHOWN_LINES).collect();
        return Err(XdpError::Clang { program, message: shown.join("\n") });
    }
    std::fs::read(&object).map_err(XdpError::Folder)
}

/// Whether there is a clang.
///
/// # Errors
/// It cannot be run.
pub(crate) fn check() -> Result<()> {
    let program = std::env::var(VARIABLE).unwrap_or_else(|_| "clang".to_string());
    let done = Command::new(&program).arg("--version").output();
    done.map(|_| ()).map_err(|why| XdpError::NoClang { program, why })
}
