//! Programs with words left out, doubled or exchanged: whatever comes out, nothing panics, and what is refused says why.
//! `SLUICE_MUTATIONS` sets how many there are of each program.

use std::fs;
use std::path::Path;

use sluice_diagnostics::Sources;
use sluice_p4::{CompileOptions, MemoryFiles, compile};

/// A small generator with a fixed seed (an LCG, as Knuth's MMIX has it).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Words, symbols and line ends of a program.
fn words(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut joins = false;
    for c in text.chars() {
        let is_word = c.is_ascii_alphanumeric() || c == '_';
        match all.last_mut() {
            Some(last) if is_word && joins => last.push(c),
            _ => all.push(c.to_string()),
        }
        joins = is_word;
    }
    all
}

fn mutate(words: &[String], random: &mut Random) -> String {
    let mut mutant = words.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(mutant.len());
        let other = words[random.below(words.len())].clone();
        match random.below(4) {
            0 => {
                mutant.remove(at);
            }
            1 => mutant.insert(at, other),
            2 => mutant[at] = other,
            _ => {
                let second = random.below(mutant.len());
                mutant.swap(at, second);
            }
        }
    }
    mutant.concat()
}

#[test]
fn mutated_programs_never_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lower");
    let read = |path: &Path| fs::read_to_string(path).expect("a test program");
    let rounds = std::env::var("SLUICE_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let mut programs: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of programs")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "p4"))
        .collect();
    programs.sort();
    let mut random = Random(1);
    let (mut taken, mut refused) = (0, 0);
    for path in programs {
        let words = words(&read(&path));
        for _ in 0..rounds {
            let text = mutate(&words, &mut random);
            let files = MemoryFiles::new()
                .file("main.p4", text)
                .file("parts/before.p4", read(&folder.join("parts/before.p4")))
                .file("parts/after.p4", read(&folder.join("parts/after.p4")));
            let mut sources = Sources::new();
            match compile(&mut sources, &files, "main.p4", &CompileOptions::default()) {
                Ok(_) => taken += 1,
                Err(errors) => {
                    refused += 1;
                    assert!(errors.has_errors() && !errors.render(&sources).is_empty());
                }
            }
        }
    }
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
}
