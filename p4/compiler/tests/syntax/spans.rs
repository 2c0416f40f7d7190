//! Nodes know their places: the text that a span covers is the text that the node came from.

use sluice_diagnostics::{Sources, Span};
use sluice_p4::ast::*;
use sluice_p4::{MemoryFiles, parse_program};

const TEXT: &str = "\
header H { bit<8> f; }
extern E<T> { E(); }
#define SUM(a, b) a + b
@name(\"c\") const E<tuple<bit<8>, E<H>>> c = f<bit<8>>(x)[7:0] + - (y ? 1 : {a = 2, ...});
@hidden action act(inout bit<8> x, H y = 2) { x += y.f; if (x >> 1 == 2) { return; } }
const bit<8> s = SUM(other, 3) * 2;
";

/// The program above, and the text at a place.
fn parsed() -> (Program, impl Fn(Span) -> String) {
    let files = MemoryFiles::new().file("main.p4", TEXT);
    let mut sources = Sources::new();
    let (program, found) = parse_program(&mut sources, &files, "main.p4", &[]);
    assert!(found.is_empty(), "{}", found.render(&sources));
    (program, move |span| sources.text(span).to_string())
}

fn constant(declaration: &Declaration) -> &Constant {
    match &declaration.kind {
        DeclarationKind::Constant(constant) => constant,
        other => panic!("no constant: {other:?}"),
    }
}

#[test]
fn types_and_expressions() {
    let (program, text) = parsed();
    let declaration = &program.declarations[2];
    assert_eq!(text(declaration.annotations[0].span), "@name(\"c\")");
    assert_eq!(declaration.annotations[0].string(), Some("c"));
    assert!(text(declaration.span).starts_with("const E<") && text(declaration.span).ends_with("...});"));

    let constant = constant(declaration);
    assert_eq!(text(constant.ty.span), "E<tuple<bit<8>, E<H>>>");
    let TypeKind::Named { arguments, .. } = &constant.ty.kind else { panic!("not named") };
    assert_eq!(text(arguments[0].span), "tuple<bit<8>, E<H>>");
    let TypeKind::Tuple(elements) = &arguments[0].kind else { panic!("no tuple") };
    assert_eq!(text(elements[1].span), "E<H>");
    assert_eq!(text(constant.name.span), "c");

    let ExprKind::Binary { left, right, .. } = &constant.value.kind else { panic!("not binary") };
    assert_eq!(text(left.span), "f<bit<8>>(x)[7:0]");
    assert_eq!(text(right.span), "- (y ? 1 : {a = 2, ...})");
    let ExprKind::Unary { operand, .. } = &right.kind else { panic!("not unary") };
    assert_eq!(text(operand.span), "(y ? 1 : {a = 2, ...})", "parentheses are part of the place");
    let ExprKind::Ternary { no, .. } = &operand.kind else { panic!("not a choice") };
    let ExprKind::Record { rest, .. } = &no.kind else { panic!("no record") };
    assert_eq!(rest.map(&text).as_deref(), Some("..."));
}

#[test]
fn statements_and_parameters() {
    let (program, text) = parsed();
    let DeclarationKind::Action(action) = &program.declarations[3].kind else { panic!("no action") };
    assert_eq!(text(action.parameters[0].span), "inout bit<8> x");
    assert_eq!(text(action.parameters[1].span), "H y = 2");
    assert_eq!(text(action.body.statements[0].span), "x += y.f;");
    assert_eq!(text(action.body.statements[1].span), "if (x >> 1 == 2) { return; }");
}

#[test]
fn tokens_of_a_macro_are_where_it_is_used() {
    let (program, text) = parsed();
    let constant = constant(&program.declarations[4]);
    let ExprKind::Binary { operator: BinaryOperator::Add, left, right } = &constant.value.kind else {
        panic!("not a sum")
    };
    assert_eq!(text(left.span), "other", "an argument keeps its own place");
    let ExprKind::Binary { left: three, .. } = &right.kind else { panic!("not a product") };
    assert_eq!(text(three.span), "3");
}
