//! Damage to text of any language: bytes, words, pieces of other texts, deep nesting, large numbers.

use crate::trial::Dice;

/// Most bytes of a damaged text; what is longer is cut.
const LENGTH: usize = 1 << 20;

/// Words and symbols that P4, the IR's text, packet scripts and JSON have.
const PIECES: &str = "( ) [ ] { } < > << >> >>= ; : , . = == != <= >= + - * / % ! ~ & && &&& | || ^ ? @ # ## .. ... ++ |+| |-| |-|= \
     += ++= $ \\ _ -> 0 1 -1 8w5 4s7 0xFF 0b1** true false \"s\" \"\" /* */ // abstract action actions apply bit bool break \
     const continue control default else entries enum error exit extern exact for header header_union if in inout int key \
     lpm list match_kind out optional package parser priority range return select selector setValid isValid setInvalid \
     state string struct switch table ternary this transition tuple type typedef value_set varbit void extract emit \
     lookahead advance next last lastIndex push_front pop_front size hit miss action_run accept reject start main \
     standard_metadata egress_spec hash clone digest resubmit register counter meter read write #define #if #endif \
     #include #undef #else ingress egress deparser metadata local intrinsic stack union loop leave is valid packet expect \
     add setdefault wait check_counter null";

/// What nests: what opens it, and what closes it.
const NESTS: [(&str, &str); 26] = [
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("<", ">"),
    ("!", ""),
    ("-", ""),
    ("~ ", ""),
    ("1 + (", ")"),
    ("a ? b : ", ""),
    ("(bit<8>) ", ""),
    ("bit<(", ")>"),
    ("if (true) { ", " }"),
    ("if (true) ", ""),
    ("if (a) ; else ", ""),
    ("switch (x) { 0: ", "}"),
    ("for (;;) { ", "}"),
    ("tuple<", ">"),
    ("list<tuple<", ">>"),
    ("{ a = ", "}"),
    ("/* ", ""),
    ("@name[", "]"),
    ("@a(", ")"),
    ("\n#if 1\n", "\n#endif\n"),
    ("x = x + ", ""),
    ("a.", "b"),
    ("f(", ")"),
];

/// Numbers at the edges of what anything holds.
const NUMBERS: [&str; 24] = [
    "0",
    "1",
    "-1",
    "7",
    "8",
    "31",
    "32",
    "63",
    "64",
    "65",
    "127",
    "128",
    "255",
    "256",
    "1024",
    "4097",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775808",
    "18446744073709551616",
    "0xffffffffffffffffffffffffffffffffff",
    "65536w1",
];

/// Names, numbers, symbols and spaces of a text, each as a piece; together they are the text.
fn words(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_space = |c: char| c.is_whitespace();
        let end = if is_word(first) {
            rest.find(|c| !is_word(c))
        } else if is_space(first) {
            rest.find(|c| !is_space(c))
        } else {
            Some(first.len_utf8())
        };
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        all.push(word);
        rest = behind;
    }
    all
}

/// A number without an end in sight.
fn number(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => "9".repeat(1 + dice.below(6000)),
        1 => format!("{}w{}", dice.below(1 << 17), dice.word()),
        2 => format!("{}s{}", dice.below(200), dice.word()),
        3 => format!("(1 << {})", dice.below(70_000)),
        4 => dice.word().to_string(),
        _ => (*dice.pick(&NUMBERS)).to_string(),
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// One of the pieces that is of this kind, searched from a random one on.
fn find(dice: &mut Dice, words: &[String], kind: impl Fn(&str) -> bool) -> Option<usize> {
    let start = dice.below(words.len());
    (start..words.len()).chain(0..start).find(|index| kind(&words[*index]))
}

/// Changes one place of the text that the words make.
fn change_words(dice: &mut Dice, words: &mut Vec<String>) {
    let at = dice.below(words.len());
    match dice.below(9) {
        // A name in another's place: what is well formed and means something else.
        0..=2 => {
            if let (Some(to), Some(from)) = (find(dice, words, is_name), find(dice, words, is_name)) {
                words[to] = words[from].clone();
            }
        }
        3 => {
            if let Some(at) = find(dice, words, is_number) {
                words[at] = number(dice);
            }
        }
        4 => {
            words.remove(at);
        }
        5 => {
            let other = words[dice.below(words.len())].clone();
            words.insert(at, other);
        }
        6 => {
            let other = dice.below(words.len());
            words.swap(at, other);
        }
        7 => {
            let pieces: Vec<&str> = PIECES.split_whitespace().collect();
            words[at] = format!("{} ", dice.pick(&pieces));
        }
        _ => {
            let pieces: Vec<&str> = PIECES.split_whitespace().collect();
            words.insert(at, format!(" {} ", dice.pick(&pieces)));
        }
    }
}

/// Takes lines or words away, doubles or moves them.
fn change_pieces(dice: &mut Dice, text: &str) -> String {
    let mut pieces: Vec<&str> =
        if dice.percent(70) { text.split_inclusive('\n').collect() } else { words(text) };
    if pieces.is_empty() {
        return String::new();
    }
    let start = dice.below(pieces.len());
    let end = (start + 1 + dice.below(6)).min(pieces.len());
    match dice.below(3) {
        0 => {
            pieces.drain(start..end);
        }
        1 => {
            let copied = pieces[start..end].to_vec();
            let to = dice.below(pieces.len());
            pieces.splice(to..to, copied);
        }
        _ => {
            let moved: Vec<_> = pieces.drain(start..end).collect();
            let to = dice.below(pieces.len() + 1);
            pieces.splice(to..to, moved);
        }
    }
    pieces.concat()
}

/// A part of another text in a place of this one, or this one's start with the other's end.
fn splice(dice: &mut Dice, text: &str, other: &str) -> String {
    let (own, theirs) = (words(text), words(other));
    let at = dice.below(own.len() + 1);
    let from = dice.below(theirs.len() + 1);
    if dice.percent(30) {
        return [own[..at].concat(), theirs[from..].concat()].concat();
    }
    let until = (from + dice.below(80)).min(theirs.len());
    [own[..at].concat(), theirs[from..until].concat(), own[at..].concat()].concat()
}

fn nest(dice: &mut Dice, text: &str) -> String {
    let own = words(text);
    let at = dice.below(own.len() + 1);
    let (open, close) = *dice.pick(&NESTS);
    let depth = if dice.percent(50) { 1 + dice.below(300) } else { 1 + dice.below(20_000) };
    let inner_end = (at + dice.below(4)).min(own.len());
    let closing = if dice.percent(80) { close.repeat(depth) } else { String::new() };
    [own[..at].concat(), open.repeat(depth), own[at..inner_end].concat(), closing, own[inner_end..].concat()]
        .concat()
}

/// Changes bytes, without regard to what they mean.
fn change_bytes(dice: &mut Dice, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = dice.word() as u8,
            2 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            3 => bytes.truncate(at),
            _ => {
                let random = dice.below(8);
                let random = dice.bytes(random);
                bytes.splice(at..at, random);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text with one or several kinds of damage; `other` is a text of the same language.
pub fn damaged_text(dice: &mut Dice, text: &str, other: &str) -> String {
    let mut text = text.to_string();
    let rounds = if dice.percent(60) { 1 } else { 1 + dice.below(5) };
    for _ in 0..rounds {
        text = match dice.below(20) {
            0..=10 => {
                let mut words: Vec<String> = words(&text).into_iter().map(str::to_string).collect();
                if !words.is_empty() {
                    change_words(dice, &mut words);
                }
                words.concat()
            }
            11..=13 => change_pieces(dice, &text),
            14..=15 => splice(dice, &text, other),
            16..=17 => change_bytes(dice, &text),
            18 => nest(dice, &text),
            _ => {
                let own = words(&text);
                own[..dice.below(own.len() + 1)].concat()
            }
        };
    }
    let end = (0..=LENGTH.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_text() {
        let text = "table t_1 {\n  key = { hdr.h.f: lpm; } // ö §\n}";
        assert_eq!(words(text).concat(), text);
        assert_eq!(words("a_1  <<= 0x2;"), ["a_1", "  ", "<", "<", "=", " ", "0x2", ";"]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn every_kind_of_damage_takes_any_text() {
        for seed in 0..2000 {
            let mut dice = Dice::new(seed);
            for text in ["", "x", "ö", "a 1 {\n}\n"] {
                assert!(damaged_text(&mut dice, text, "b 2;\n").len() <= LENGTH);
            }
        }
    }
}
