//! Random programs: each compiles, twice to the same, and does the same with random entries and packets in every form and on
//! every engine.
//!
//! What the programs are made of is in [`sluice_conformance::generate::program`], what must be the same of them in
//! [`sluice_conformance::programs::Witness`]. See [`sluice_conformance::campaign`] for runs of an hour.

use sluice_conformance::campaign::{Campaign, Statistics};
use sluice_conformance::generate::program::WholeProgram;
use sluice_conformance::programs::{Form, Scene, Witness, bmv2, compile_forms, engines};
use sluice_conformance::trial::Dice;
use sluice_diagnostics::Sources;

/// Sizes of programs.
const SIZES: usize = 4;

/// What the programs have to have of the language: each in at least one of 50.
const FEATURES: [&str; 95] = [
    "#define",
    "action called directly",
    "action data",
    "action profile",
    "action selector",
    "action with directions",
    "action with directions in a table",
    "advance",
    "annotation",
    "apply().hit or miss",
    "assert or assume",
    "assignment of a tuple",
    "assignment to a slice",
    "assignment with an operator",
    "break or continue",
    "checksum",
    "clone",
    "clone with fields",
    "comparison of enumerations or errors",
    "comparison of structs, headers, stacks or tuples",
    "conditional compilation",
    "const entries",
    "constant",
    "copy of a header, stack or union",
    "counter",
    "default action",
    "defaults with dots",
    "digest",
    "direct counter",
    "direct meter",
    "early return",
    "emit of everything",
    "exit or return",
    "for over a list",
    "for over a range",
    "for over a stack",
    "for with three parts",
    "function",
    "function call as a statement",
    "function call in an expression",
    "generic function",
    "hash",
    "if",
    "index of a stack that is no constant",
    "initial entries",
    "invalid header literal",
    "isValid",
    "key: exact",
    "key: expression",
    "key: isValid",
    "key: lpm",
    "key: optional",
    "key: range",
    "key: selector",
    "key: ternary",
    "last of a stack",
    "list expression",
    "local header or stack",
    "log_msg",
    "lookahead of a header",
    "lookahead of a number",
    "loop in the parser",
    "macro with arguments",
    "mark_to_drop",
    "meter",
    "multicast",
    "named arguments",
    "push_front or pop_front",
    "random",
    "recirculate",
    "register",
    "resubmit",
    "select",
    "select without a default",
    "select: mask",
    "select: range",
    "setInvalid",
    "setValid",
    "stack in the parser",
    "stack of unions",
    "structure-valued expression",
    "sub-control",
    "sub-control applied",
    "sub-parser",
    "switch label that falls through",
    "switch on a number",
    "switch on action_run",
    "switch on an enumeration",
    "table applied",
    "table without a key",
    "truncate",
    "union",
    "value set",
    "varbit",
    "verify",
];

fn trial((): &(), dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    let size = dice.below(SIZES);
    let program = WholeProgram::random(dice, size);
    let wrong = |message: String| format!("{message}\n----\n{}----", program.text);
    let forms = compile_forms(&program.text).map_err(wrong)?;
    for feature in &program.features {
        statistics.count(&format!("with {feature}"));
    }
    let is_said = bmv2(&forms[0].module).map_err(wrong)?;
    statistics.count(if is_said { "programs as BMv2 JSON" } else { "programs that BMv2 JSON cannot say" });
    let scene = Scene::random(dice, &forms[0].module.info());
    let mut first: Option<(String, Witness)> = None;
    for form in &forms {
        for engine in engines() {
            let who = format!("{}, {}", form.name, engine.name);
            let witness = scene.run(form, &engine).map_err(|why| wrong(format!("{who}: {why}")))?;
            match &first {
                None => first = Some((who, witness)),
                Some((_, expected)) if *expected == witness => {}
                Some((other, expected)) => {
                    let difference = expected.difference(&witness);
                    return Err(wrong(format!("`{other}` and `{who}` differ: {difference}")));
                }
            }
        }
    }
    let Some((who, witness)) = first else { return Ok(()) };
    if is_said {
        by_bmv2(&forms[0], &scene, (&who, &witness)).map_err(wrong)?;
    }
    witness.count(statistics);
    Ok(())
}

/// The program as it comes back from BMv2 JSON does what the program does.
fn by_bmv2(form: &Form, scene: &Scene, (who, expected): (&str, &Witness)) -> Result<(), String> {
    let mut wrong = Vec::new();
    let name = "by way of BMv2 JSON";
    let Some(form) = Form::by_bmv2(name, &form.module, &Sources::new(), &mut wrong) else {
        return Err(wrong.join("\n"));
    };
    let witness = scene.run(&form, &engines()[0]).map_err(|why| format!("{name}: {why}"))?;
    let (expected, witness) =
        (expected.as_bmv2_can_say_with(&witness), witness.as_bmv2_can_say_with(expected));
    if expected == witness {
        return Ok(());
    }
    Err(format!("`{who}` and `{name}` differ: {}", expected.difference(&witness)))
}

fn judge(statistics: &Statistics) -> Vec<String> {
    let rare = FEATURES
        .iter()
        .filter(|feature| statistics.of(&format!("with {feature}")) * 50 < statistics.of("trials"));
    let mut wrong: Vec<_> = rare.map(|feature| format!("too few programs have this: {feature}")).collect();
    if statistics.percent("programs that drop all packets", "trials") > 10 {
        wrong.push("too many programs drop all packets".to_string());
    }
    if statistics.percent("packets sent as they came", "packets sent") > 60 {
        wrong.push("too many packets leave as they came".to_string());
    }
    wrong
}

#[test]
fn random_programs_do_the_same_everywhere() {
    let campaign = Campaign {
        test: "random_programs_do_the_same_everywhere",
        trials: 200,
        seconds: 30,
        mebibytes: 2048,
    };
    campaign.run(|| (), trial, judge);
}
