//! Programs that compute: expressions of constants and of what a packet brings, and statements with calls.

use std::fmt::Write;

use super::body::{Bodies, Callee, Calls, Kind, Printer, Statement};
use super::expression::{Expr, expression, leaf};
use super::scalar::{Scalar, literal};
use super::shell::Shell;
use crate::trial::Dice;

/// Operators inside one another.
const DEPTH: u32 = 5;

/// A program that puts the values of expressions into the packet.
#[derive(Clone, Debug)]
pub struct ArithmeticProgram {
    /// The program.
    pub text: String,
    /// Its inputs and outputs.
    pub shell: Shell,
    /// What is computed for each output.
    pub expressions: Vec<Expr>,
}

/// A program that runs statements, which read and write inputs and outputs.
#[derive(Clone, Debug)]
pub struct BodyProgram {
    /// The program.
    pub text: String,
    /// Its inputs and outputs; the outputs are 0 at first.
    pub shell: Shell,
    /// What is called.
    pub callees: Vec<Callee>,
    /// Calls in expressions, by their texts, which are leaves there.
    pub calls: Calls,
    /// What is run.
    pub body: Vec<Statement>,
}

impl ArithmeticProgram {
    /// A program with some outputs.
    pub fn random(dice: &mut Dice) -> Self {
        let is_constant = dice.percent(30);
        let count = if is_constant { 0 } else { 1 + dice.below(8) };
        let inputs: Vec<_> = (0..count).map(|_| Scalar::random(dice)).collect();
        let mut shell = Shell::new(&inputs, &[]);
        let mut leaves = |dice: &mut Dice, ty: Scalar| leaf(dice, &shell.inputs, ty);
        let expressions: Vec<_> = (0..1 + dice.below(10))
            .map(|_| {
                let ty = Scalar::random(dice);
                let depth = 1 + dice.below(DEPTH as usize) as u32;
                expression(dice, &mut leaves, ty, depth)
            })
            .collect();
        let outputs: Vec<_> = expressions.iter().map(Expr::ty).collect();
        shell = Shell::new(&inputs, &outputs);
        let text = arithmetic(dice, &shell, &expressions);
        Self { text, shell, expressions }
    }
}

fn arithmetic(dice: &mut Dice, shell: &Shell, expressions: &[Expr]) -> String {
    let mut declarations = String::new();
    let mut body = String::new();
    for (index, (expression, (to, ty))) in expressions.iter().zip(&shell.outputs).enumerate() {
        // Written where it is used, in a constant's declaration, or given through a function or a local.
        let value = match dice.below(4) {
            0 if shell.inputs.is_empty() => {
                let _ = writeln!(declarations, "const {ty} c{index} = {expression};");
                format!("c{index}")
            }
            1 => {
                let _ = writeln!(declarations, "{ty} same{index}(in {ty} x) {{ return x; }}");
                format!("same{index}({expression})")
            }
            2 => {
                let _ = writeln!(body, "        {ty} x{index} = {expression};");
                format!("x{index}")
            }
            _ => expression.to_string(),
        };
        let _ = writeln!(body, "        {to} = {value};");
    }
    shell.program(&declarations, "", &body)
}

impl BodyProgram {
    /// A program with some statements.
    pub fn random(dice: &mut Dice) -> Self {
        let mut bodies = Bodies::new(dice);
        let types = |bodies: &mut Bodies<'_>| {
            (0..1 + bodies.dice.below(5)).map(|_| bodies.some_type()).collect::<Vec<_>>()
        };
        let shell = Shell::new(&types(&mut bodies), &types(&mut bodies));
        for kind in [Kind::Function, Kind::Action, Kind::Control] {
            for _ in 0..bodies.dice.below(3) {
                bodies.callee(kind);
            }
        }
        let fields = shell.inputs.iter().chain(&shell.outputs);
        bodies.known = fields.map(|(name, ty)| (name.clone(), *ty, true)).collect();
        let body = bodies.main();
        let (callees, calls) = (bodies.callees, bodies.calls);
        let mut declarations = Printer { callees: &callees, text: String::new() };
        callees.iter().for_each(|callee| declarations.callee(0, callee));
        let mut locals = Printer { callees: &callees, text: String::new() };
        locals.instances(1, &body);
        let mut statements = Printer { callees: &callees, text: String::new() };
        for (name, ty) in &shell.outputs {
            statements.line(2, &format!("{name} = {};", literal(*ty, &0.into(), 4)));
        }
        statements.block(2, &body);
        let text = shell.program(&declarations.text, &locals.text, &statements.text);
        Self { text, shell, callees, calls, body }
    }
}
