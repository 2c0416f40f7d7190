//! What statements do, followed one by one as the specification says (sections 6.8, 11 and 12): copy-in and copy-out of
//! calls from left to right, `exit` through all calls with what they pass out, loops, `switch`.

use std::collections::BTreeMap;

use num_bigint::BigInt;

use super::arithmetic::{binary, evaluate, low_bits, wrap};
use crate::generate::program::{Argument, BodyProgram, Callee, Direction, Expr, Scalar, Statement, Target};

/// Variables of one call, by name.
type Variables = BTreeMap<String, (Scalar, BigInt)>;

/// How statements ended.
enum End {
    Through,
    Break,
    Continue,
    Return(Option<BigInt>),
    Exit,
}

/// Inputs and outputs after the program has run on these inputs.
pub fn execute(program: &BodyProgram, inputs: &[BigInt]) -> (Vec<BigInt>, Vec<BigInt>) {
    let mut variables = Variables::new();
    for ((name, ty), value) in program.shell.inputs.iter().zip(inputs) {
        variables.insert(name.clone(), (*ty, value.clone()));
    }
    for (name, ty) in &program.shell.outputs {
        variables.insert(name.clone(), (*ty, BigInt::from(0)));
    }
    run(program, &program.body, &mut variables);
    let values =
        |names: &[(String, Scalar)]| names.iter().map(|(name, _)| variables[name].1.clone()).collect();
    (values(&program.shell.inputs), values(&program.shell.outputs))
}

fn value(program: &BodyProgram, expr: &Expr, variables: &mut Variables) -> BigInt {
    evaluate(expr, &mut |name| match program.calls.get(name) {
        Some((index, arguments)) => {
            let (_, result) = call(program, &program.callees[*index], arguments, variables);
            result.expect("functions in expressions give something")
        }
        None => variables[name].1.clone(),
    })
}

fn holds(program: &BodyProgram, expr: &Expr, variables: &mut Variables) -> bool {
    value(program, expr, variables) == BigInt::from(1)
}

fn read(target: &Target, variables: &Variables) -> (Scalar, BigInt) {
    let (ty, value) = &variables[&target.name];
    match target.bits {
        Some((high, low)) => (Scalar::Bit(high - low + 1), low_bits(high + 1, value) >> low),
        None => (*ty, value.clone()),
    }
}

fn write(target: &Target, value: BigInt, variables: &mut Variables) {
    let (ty, old) = variables.get_mut(&target.name).expect("the generator's own names");
    *old = match target.bits {
        Some((high, low)) => {
            let ones = ((BigInt::from(1) << (high - low + 1)) - 1) << low;
            wrap(*ty, &((old.clone() - (&*old & ones)) + (value << low)))
        }
        None => value,
    };
}

fn run(program: &BodyProgram, block: &[Statement], variables: &mut Variables) -> End {
    for statement in block {
        let end = step(program, statement, variables);
        if !matches!(end, End::Through) {
            return end;
        }
    }
    End::Through
}

fn step(program: &BodyProgram, statement: &Statement, variables: &mut Variables) -> End {
    match statement {
        Statement::Declare(name, ty, initial) => {
            let initial = value(program, initial, variables);
            variables.insert(name.clone(), (*ty, initial));
        }
        Statement::Assign(target, op, operand) => {
            let (ty, old) = read(target, variables);
            let operand = value(program, operand, variables);
            let new = op.map_or_else(|| operand.clone(), |op| binary(op, ty, &old, &operand));
            write(target, new, variables);
        }
        Statement::If(condition, accept, reject) => {
            let taken = if holds(program, condition, variables) { accept } else { reject };
            return run(program, taken, variables);
        }
        Statement::Switch(selector, cases) => {
            let selector = value(program, selector, variables);
            let is_taken = |labels: &[BigInt]| labels.is_empty() || labels.contains(&selector);
            let case = cases.iter().find(|(labels, _)| is_taken(labels));
            return case.map_or(End::Through, |(_, block)| run(program, block, variables));
        }
        Statement::Count(name, first, end, step, body) => {
            return rounds(program, name, (*first..*end).step_by(*step as usize), body, variables);
        }
        Statement::Range(name, first, last, body) => {
            return rounds(program, name, *first..=*last, body, variables);
        }
        Statement::Break(condition) if holds(program, condition, variables) => return End::Break,
        Statement::Continue(condition) if holds(program, condition, variables) => return End::Continue,
        Statement::Exit(condition) if holds(program, condition, variables) => return End::Exit,
        Statement::Return(condition, result) if holds(program, condition, variables) => {
            return End::Return(result.as_ref().map(|result| value(program, result, variables)));
        }
        Statement::Break(_) | Statement::Continue(_) | Statement::Exit(_) | Statement::Return(..) => {}
        Statement::Call(index, arguments, to) => {
            let (end, result) = call(program, &program.callees[*index], arguments, variables);
            if matches!(end, End::Exit) {
                return End::Exit;
            }
            if let (Some(target), Some(result)) = (to, result) {
                write(target, result, variables);
            }
        }
    }
    End::Through
}

fn rounds(
    program: &BodyProgram,
    name: &str,
    values: impl Iterator<Item = u64>,
    body: &[Statement],
    variables: &mut Variables,
) -> End {
    for value in values {
        variables.insert(name.to_string(), (Scalar::Bit(8), BigInt::from(value)));
        match run(program, body, variables) {
            End::Through | End::Continue => {}
            End::Break => break,
            end @ (End::Return(_) | End::Exit) => return end,
        }
    }
    End::Through
}

/// Calls, and passes out what is passed out; gives how the body ended, and the result.
fn call(
    program: &BodyProgram,
    callee: &Callee,
    arguments: &[Argument],
    variables: &mut Variables,
) -> (End, Option<BigInt>) {
    let mut own = Variables::new();
    for ((name, direction, ty), argument) in callee.parameters.iter().zip(arguments) {
        let given = match argument {
            Argument::Value(expr) => value(program, expr, variables),
            Argument::Target(_) if *direction == Direction::Out => BigInt::from(0),
            Argument::Target(target) => read(target, variables).1,
        };
        own.insert(name.clone(), (*ty, given));
    }
    let end = run(program, &callee.body, &mut own);
    let result = match (&end, &callee.result) {
        (End::Return(result), _) => result.clone(),
        (End::Through, Some(result)) => Some(value(program, result, &mut own)),
        _ => None,
    };
    for ((name, _, _), argument) in callee.parameters.iter().zip(arguments) {
        if let Argument::Target(target) = argument {
            write(target, own[name].1.clone(), variables);
        }
    }
    (end, result)
}
