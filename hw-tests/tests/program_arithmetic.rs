//! Random expressions, in a program: every engine and every form of the program computes what the specification says.
//!
//! What that is, [`sluice_conformance::oracle::arithmetic`] says, which knows nothing of the compiler.

use num_bigint::BigInt;
use sluice_conformance::campaign::{Campaign, Statistics};
use sluice_conformance::generate::program::{ArithmeticProgram, value};
use sluice_conformance::oracle::arithmetic::evaluate;
use sluice_conformance::programs::{Engine, Form, compile_forms, engines};
use sluice_conformance::trial::Dice;
use sluice_switch::{Ingress, Output, Sink, Switch};

/// The packets that came out.
#[derive(Default)]
struct Kept(Vec<Vec<u8>>);

impl Sink for Kept {
    fn send(&mut self, output: Output<'_>) {
        self.0.push(output.data.to_vec());
    }
}

/// Inputs, and the packet that must come out.
type Case = (Vec<u8>, Vec<u8>);

fn trial((): &(), dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    let program = ArithmeticProgram::random(dice);
    statistics.count(if program.inputs.is_empty() {
        "programs of constants"
    } else {
        "programs with inputs"
    });
    statistics.add("expressions", program.outputs.len() as u64);
    let cases: Vec<_> = (0..if program.inputs.is_empty() { 1 } else { 6 })
        .map(|_| {
            let inputs: Vec<_> = program.inputs.iter().map(|(_, ty)| value(dice, *ty)).collect();
            let leaf = |name: &str| {
                let index = program.inputs.iter().position(|input| input.0 == name);
                index.map_or_else(|| BigInt::from(0), |index| inputs[index].clone())
            };
            let outputs: Vec<_> = program.outputs.iter().map(|output| evaluate(output, &leaf)).collect();
            (program.packet(&inputs), program.expected(&inputs, &outputs))
        })
        .collect();
    let wrong = |message: String| format!("{message}\n----\n{}----", program.text);
    for form in compile_forms(&program.text).map_err(wrong)? {
        for engine in engines() {
            run(&form, &engine, &cases).map_err(wrong)?;
        }
    }
    statistics.add("packets", cases.len() as u64);
    Ok(())
}

fn run(form: &Form, engine: &Engine, cases: &[Case]) -> Result<(), String> {
    let who = format!("{}, {}", form.name, engine.name);
    let switch = Switch::new(&form.module, engine.options.clone()).map_err(|why| format!("{who}: {why}"))?;
    let mut worker = switch.worker();
    for (packet, expected) in cases {
        let mut kept = Kept::default();
        worker.process(&Ingress::new(0, 0, packet), &mut kept);
        if kept.0 != [expected.as_slice()] {
            return Err(format!("{who}: {packet:02x?}\ngives    {:02x?}\nand not  {expected:02x?}", kept.0));
        }
    }
    Ok(())
}

fn judge(statistics: &Statistics) -> Vec<String> {
    let few = ["programs of constants", "programs with inputs"]
        .into_iter()
        .filter(|kind| statistics.percent(kind, "trials") < 20);
    few.map(|kind| format!("too few {kind}")).collect()
}

#[test]
fn expressions_are_worth_what_the_specification_says() {
    let campaign = Campaign {
        test: "expressions_are_worth_what_the_specification_says",
        trials: 400,
        seconds: 20,
        mebibytes: 2048,
    };
    campaign.run(|| (), trial, judge);
}
