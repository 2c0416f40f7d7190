//! Whatever the compiler and the readers of IR, scripts and BMv2 JSON are given, they end in short time and little memory,
//! without a panic: with success, or with an error at a place in the text. What they take can be used for everything.
//!
//! The texts are the repository's own with damage. See [`sluice_conformance::campaign`] for runs of an hour.

use std::collections::BTreeMap;

use sluice_conformance::campaign::{Campaign, Statistics};
use sluice_conformance::generate::damaged_text;
use sluice_conformance::programs::{Changed, Corpus, exercise, is_located};
use sluice_conformance::trial::Dice;
use sluice_diagnostics::Sources;
use sluice_ir::verify::verify;
use sluice_ir::{Module, text};
use sluice_p4::{CompileOptions, check, compile, passes};
use sluice_stf::{SwitchTarget, bind, parse, run};
use sluice_switch::{Switch, SwitchOptions};

/// What the trials share.
struct Food {
    corpus: Corpus,
    /// The programs that scripts are for, by the scripts' paths.
    modules: BTreeMap<String, Module>,
}

fn prepare() -> Food {
    let corpus = Corpus::of_the_repository();
    let mut modules = BTreeMap::new();
    for (path, _) in corpus.ending(".stf") {
        let program = format!("{}.p4", path.trim_end_matches(".stf"));
        let Some(text) = corpus.text(&program) else { continue };
        let files = Changed { corpus: &corpus, path: &program, text };
        if let Ok((module, _)) = compile(&mut Sources::new(), &files, &program, &CompileOptions::default()) {
            modules.insert(path.to_string(), module);
        }
    }
    assert!(modules.len() > 20, "{} programs with scripts", modules.len());
    Food { corpus, modules }
}

/// A file of the corpus, and the same with damage.
fn damaged<'c>(food: &'c Food, end: &str, dice: &mut Dice) -> (&'c str, String) {
    let files = food.corpus.ending(end);
    let (path, own) = *dice.pick(&files);
    let (_, other) = *dice.pick(&files);
    (path, damaged_text(dice, own, other))
}

/// The trial's text, at the end of a message about it.
fn with_text(message: &str, path: &str, text: &str) -> String {
    let shown: String = text.chars().take(4000).collect();
    format!("{path}: {message}\n----\n{shown}\n----")
}

fn p4(food: &Food, dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    // A program that was right is at times right again.
    let (path, text) = if dice.percent(60) {
        let scripts: Vec<_> = food.modules.keys().collect();
        let program = format!("{}.p4", dice.pick(&scripts).trim_end_matches(".stf"));
        let files = food.corpus.ending(".p4");
        let (path, own) = *files.iter().find(|(path, _)| *path == program).unwrap_or(&files[0]);
        let (_, other) = *dice.pick(&files);
        (path, damaged_text(dice, own, other))
    } else {
        damaged(food, ".p4", dice)
    };
    let files = Changed { corpus: &food.corpus, path, text: &text };
    let wrong = |message: String| with_text(&message, path, &text);
    let mut sources = Sources::new();
    if dice.percent(10) {
        // For any architecture: other programs are taken.
        return match check(&mut sources, &files, path, &CompileOptions::default()) {
            Ok(_) => {
                statistics.count("P4: passes the check");
                Ok(())
            }
            Err(found) => is_located(&found, &sources).map_err(wrong),
        };
    }
    let options = CompileOptions { optimize: dice.percent(80), ..CompileOptions::default() };
    match compile(&mut sources, &files, path, &options) {
        Ok((module, _)) => {
            statistics.count("P4: taken");
            let runs = exercise(&module, dice).map_err(wrong)?;
            statistics.add("P4: taken, and runs", u64::from(runs));
            Ok(())
        }
        Err(found) => {
            statistics.count("P4: refused");
            is_located(&found, &sources).map_err(wrong)
        }
    }
}

fn ir(food: &Food, dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    // Modules that each break one rule of the verifier are read more often than others that are damaged.
    let (path, text) = if dice.percent(40) {
        let files = food.corpus.ending(".ir");
        let broken: Vec<_> =
            files.into_iter().filter(|(path, _)| path.starts_with("p4/ir/tests/verify/")).collect();
        let ((path, own), (_, other)) = (*dice.pick(&broken), *dice.pick(&broken));
        (path, damaged_text(dice, own, other))
    } else {
        damaged(food, ".ir", dice)
    };
    let wrong = |message: String| with_text(&message, path, &text);
    let mut sources = Sources::new();
    let source = sources.add("damaged.ir", text.as_str());
    let mut module = match text::read(&sources, source) {
        Ok(module) => module,
        Err(found) => {
            statistics.count("IR: not read");
            return is_located(&found, &sources).map_err(wrong);
        }
    };
    if let Err(found) = verify(&module) {
        statistics.count("IR: not verified");
        return if found.has_errors() { Ok(()) } else { Err(wrong("refused without an error".to_string())) };
    }
    statistics.count("IR: taken");
    if dice.percent(30) {
        passes::optimize(&mut module);
    }
    exercise(&module, dice).map_err(wrong)?;
    Ok(())
}

fn script(food: &Food, dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    let (path, text) = damaged(food, ".stf", dice);
    let wrong = |message: String| with_text(&message, path, &text);
    let mut sources = Sources::new();
    let source = sources.add("damaged.stf", text.as_str());
    let script = match parse(&sources, source) {
        Ok(script) => script,
        Err(found) => {
            statistics.count("scripts: not read");
            return is_located(&found, &sources).map_err(wrong);
        }
    };
    let Some(module) = food.modules.get(path) else { return Ok(()) };
    let switch = Switch::new(module, SwitchOptions::default()).map_err(|why| wrong(why.to_string()))?;
    match bind(&script, switch.info()) {
        Ok(test) => {
            let report = run(&test, &mut SwitchTarget::new(switch));
            statistics.count(if report.is_passed() { "scripts: passed" } else { "scripts: failed" });
            report.found.render(&sources);
            Ok(())
        }
        Err(found) => {
            statistics.count("scripts: names and values refused");
            is_located(&found, &sources).map_err(wrong)
        }
    }
}

fn json(food: &Food, dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    let (path, text) = damaged(food, ".json", dice);
    let wrong = |message: String| with_text(&message, path, &text);
    let mut sources = Sources::new();
    let source = sources.add("damaged.json", text.as_str());
    match sluice_bmv2::read(&sources, source) {
        Ok((module, _)) => {
            statistics.count("BMv2 JSON: taken");
            exercise(&module, dice).map_err(wrong)?;
            Ok(())
        }
        Err(found) => {
            statistics.count("BMv2 JSON: refused");
            is_located(&found, &sources).map_err(wrong)
        }
    }
}

fn judge(statistics: &Statistics) -> Vec<String> {
    // Of each kind of text, some must come through each stage, or the later stages are not tried.
    let stages = [
        "P4: passes the check",
        "P4: refused",
        "P4: taken, and runs",
        "IR: not read",
        "IR: not verified",
        "IR: taken",
        "BMv2 JSON: refused",
        "BMv2 JSON: taken",
        "scripts: not read",
        "scripts: names and values refused",
        "scripts: failed",
        "scripts: passed",
    ];
    let few = stages.iter().filter(|stage| statistics.of(stage) * 2000 < statistics.of("trials"));
    few.map(|stage| format!("fewer than one of 2,000 trials: {stage}")).collect()
}

#[test]
fn damaged_texts_do_not_panic() {
    let campaign =
        Campaign { test: "damaged_texts_do_not_panic", trials: 2000, seconds: 20, mebibytes: 2048 };
    campaign.run(
        prepare,
        |food, dice, statistics| match dice.below(11) {
            0..=5 => p4(food, dice, statistics),
            6..=7 => ir(food, dice, statistics),
            8..=9 => script(food, dice, statistics),
            _ => json(food, dice, statistics),
        },
        judge,
    );
}
