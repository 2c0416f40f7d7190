//! The filter language from the outside: what expressions mean, what is said about wrong ones, and that terms and
//! expressions select the same packets.

mod agreement;
mod algebra;
mod golden;
mod random;
mod speed;
mod tcpdump;

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_policy::filter::{Expr, NamedSet, NamedSets, Origin, parse, terms};
use sluice_policy::term::Term;

/// The sets that the expressions of these tests name.
fn sets() -> NamedSets {
    let mut sources = Sources::new();
    let span = Origin { source: sources.add("sets", ""), offset: 0 }.span(0, 0);
    let mut sets = NamedSets::new();
    let mut add = |name: &str, items: &[&str]| {
        let items: Vec<(&str, _)> = items.iter().map(|item| (*item, span)).collect();
        sets.insert(name, NamedSet::parse(&items).expect("members of the test's own sets"));
    };
    add("servers", &["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
    add("webports", &["80", "https", "8000-8010"]);
    add("cards", &["00:11:22:33:44:55", "0011.2233.4466"]);
    add("customers", &["100", "200-203"]);
    sets
}

/// Parses with a source of its own; the sources render what is wrong.
fn parsed(text: &str) -> (Result<Expr, Diagnostics>, Sources) {
    let mut sources = Sources::new();
    let source = sources.add("filter", text);
    (parse(text, Origin { source, offset: 0 }, &sets()), sources)
}

fn terms_of(text: &str) -> Result<(Expr, Vec<Term>), String> {
    let (expr, sources) = parsed(text);
    let expr = expr.map_err(|found| found.render(&sources))?;
    let terms = terms(&expr).map_err(|found| found.render(&sources))?;
    Ok((expr, terms))
}
