//! Random expressions and statements, in a program: every engine and every form of the program computes what the
//! specification says.
//!
//! What that is, [`sluice_conformance::oracle::arithmetic`] and [`sluice_conformance::oracle::execution`] say, which know nothing of the
//! compiler.

use num_bigint::BigInt;
use sluice_conformance::campaign::{Campaign, Statistics};
use sluice_conformance::generate::program::{ArithmeticProgram, BodyProgram, Shell, value};
use sluice_conformance::oracle::arithmetic::evaluate;
use sluice_conformance::oracle::execution::execute;
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

/// A packet, and the one that must come out.
type Case = (Vec<u8>, Vec<u8>);

/// Packets with random inputs, and what comes of them; `compute` gives the inputs and outputs in the end.
fn cases(
    dice: &mut Dice,
    shell: &Shell,
    compute: impl Fn(&[BigInt]) -> (Vec<BigInt>, Vec<BigInt>),
) -> Vec<Case> {
    (0..if shell.inputs.is_empty() { 1 } else { 6 })
        .map(|_| {
            let inputs: Vec<_> = shell.inputs.iter().map(|(_, ty)| value(dice, *ty)).collect();
            let (after, outputs) = compute(&inputs);
            (shell.packet(&inputs), shell.expected(&after, &outputs))
        })
        .collect()
}

fn expressions(dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    let program = ArithmeticProgram::random(dice);
    let shell = &program.shell;
    statistics.count(if shell.inputs.is_empty() { "programs of constants" } else { "programs with inputs" });
    statistics.add("expressions", program.expressions.len() as u64);
    let cases = cases(dice, shell, |inputs| {
        let mut leaf = |name: &str| {
            let index = shell.inputs.iter().position(|input| input.0 == name);
            index.map_or_else(|| BigInt::from(0), |index| inputs[index].clone())
        };
        let outputs = program.expressions.iter().map(|output| evaluate(output, &mut leaf)).collect();
        (inputs.to_vec(), outputs)
    });
    run_all(&program.text, &cases, statistics)
}

fn statements(dice: &mut Dice, statistics: &mut Statistics) -> Result<(), String> {
    let program = BodyProgram::random(dice);
    statistics.count("programs of statements");
    statistics.add("functions, actions and controls", program.callees.len() as u64);
    statistics.add("calls in expressions", program.calls.len() as u64);
    let cases = cases(dice, &program.shell, |inputs| execute(&program, inputs));
    let is_empty = cases.iter().all(|(packet, expected)| {
        // Nothing but the zeros that the outputs begin with.
        expected.iter().zip(packet).all(|(new, old)| new == old || *new == 0)
    });
    statistics.add("programs of statements that do nothing", u64::from(is_empty));
    run_all(&program.text, &cases, statistics)
}

fn run_all(text: &str, cases: &[Case], statistics: &mut Statistics) -> Result<(), String> {
    let wrong = |message: String| format!("{message}\n----\n{text}----");
    for form in compile_forms(text).map_err(wrong)? {
        for engine in engines() {
            run(&form, &engine, cases).map_err(wrong)?;
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
    let kinds = ["programs of constants", "programs with inputs", "programs of statements"];
    let few = kinds.into_iter().filter(|kind| statistics.percent(kind, "trials") < 10);
    let mut wrong: Vec<_> = few.map(|kind| format!("too few {kind}")).collect();
    if statistics.percent("programs of statements that do nothing", "programs of statements") > 20 {
        wrong.push("too many programs of statements do nothing".to_string());
    }
    wrong
}

#[test]
fn programs_compute_what_the_specification_says() {
    let campaign = Campaign {
        test: "programs_compute_what_the_specification_says",
        trials: 400,
        seconds: 20,
        mebibytes: 2048,
    };
    campaign.run(
        || (),
        |(), dice, statistics| {
            if dice.percent(50) { expressions(dice, statistics) } else { statements(dice, statistics) }
        },
        judge,
    );
}
