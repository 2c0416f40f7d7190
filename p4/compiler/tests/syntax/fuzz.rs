//! Whatever the text is, the parser ends, in short time, without a panic.

use proptest::prelude::*;

use super::bounds::diagnostics;

/// Words, symbols and directives that programs are made of, each with what keeps it apart from the next.
const PIECES: [&str; 104] = [
    "a ",
    "b ",
    "T ",
    "apply ",
    "key ",
    "actions ",
    "state ",
    "entries ",
    "type ",
    "priority ",
    "list ",
    "_ ",
    "const ",
    "control ",
    "parser ",
    "header ",
    "struct ",
    "enum ",
    "error ",
    "match_kind ",
    "typedef ",
    "extern ",
    "package ",
    "action ",
    "table ",
    "transition ",
    "select ",
    "default ",
    "value_set ",
    "abstract ",
    "this ",
    "if ",
    "else ",
    "switch ",
    "for ",
    "in ",
    "out ",
    "inout ",
    "return ",
    "exit ",
    "break ",
    "continue ",
    "bit ",
    "int ",
    "varbit ",
    "bool ",
    "string ",
    "tuple ",
    "void ",
    "true ",
    "1 ",
    "8w5 ",
    "4s7 ",
    "0xFF ",
    "\"s\" ",
    "{ ",
    "} ",
    "( ",
    ") ",
    "[ ",
    "] ",
    "< ",
    "> ",
    "<< ",
    ">> ",
    ">>= ",
    "; ",
    ": ",
    ", ",
    ". ",
    "= ",
    "+ ",
    "- ",
    "* ",
    "/ ",
    "! ",
    "~ ",
    "& ",
    "&& ",
    "&&& ",
    "| ",
    "|+| ",
    "|-|= ",
    "^ ",
    "? ",
    "@ ",
    "# ",
    "## ",
    ".. ",
    "... ",
    "++ ",
    "$ ",
    "\n#define M(x) x # x ## x\n",
    "\n#define a b a\n",
    "\n#if a\n",
    "\n#else\n",
    "\n#elif 1 / 0\n",
    "\n#endif\n",
    "\n#include <core.p4>\n",
    "\n#undef a\n",
    "M(",
    "/* */",
    "// \n",
    "struct T { } ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_ends(text in "\\PC{0,200}") {
        diagnostics(text);
    }

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        diagnostics(String::from_utf8_lossy(&bytes).into_owned());
    }

    #[test]
    fn any_tokens_end(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..300)) {
        diagnostics(pieces.concat());
    }

    /// A program with a piece cut out, and another put in, is wrong in the ways that people's programs are.
    #[test]
    fn any_damaged_program_ends(
        cut in (0usize..6000, 0usize..40),
        put in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..4),
    ) {
        let text = include_str!("ok/program.p4");
        let (start, length) = cut;
        let start = (start % text.len()..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + length..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let head = text.get(..start).unwrap_or("");
        let tail = text.get(end..).unwrap_or("");
        diagnostics(format!("{head}{}{tail}", put.concat()));
    }
}

/// Readings that are tried and given up must not double the time with each level.
#[test]
fn trying_does_not_multiply() {
    for piece in ["(T[", "a<T[", "a<b<", "f<T<", "(T<", "{(T[", "a<(T[a<"] {
        let text = format!("struct T {{}} void f() {{ x = {}", piece.repeat(90));
        assert_ne!(diagnostics(text), "");
    }
}
