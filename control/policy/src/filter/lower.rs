//! From expressions to terms: negations move to the leaves, where they complement sets; `or` collects terms, `and`
//! multiplies them, and after each step the list is simplified. So a set of any size stays one term, and only
//! alternatives over *different* fields make terms.

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};

use super::expr::{Expr, Formula, Node};
use crate::term::{Term, conjunction, simplify};

/// A filter may take this many terms: those of a whole default data path.
pub const MAX_TERMS: usize = 256;

/// An intermediate list may be this long before it is simplified.
const MAX_PRODUCT: usize = 4 * MAX_TERMS;

/// The expression in disjunctive normal form. No terms: no packet can match.
///
/// # Errors
/// More than [`MAX_TERMS`] terms; the error points to the alternatives that multiply.
pub fn terms(expr: &Expr) -> Result<Vec<Term>, Diagnostics> {
    of_expr(expr, false).map_err(Diagnostics::from)
}

fn of_expr(expr: &Expr, negated: bool) -> Result<Vec<Term>, Diagnostic> {
    match &expr.node {
        Node::Not(inner) => of_expr(inner, !negated),
        Node::Leaf(formula) => of_formula(formula, negated, expr.span),
        // De Morgan: a negated `or` is an `and` of negations.
        Node::And(parts) | Node::Or(parts) => {
            let conjunctive = matches!(expr.node, Node::And(_)) != negated;
            let lists = parts.iter().map(|part| Ok((of_expr(part, negated)?, part.span)));
            if conjunctive { all_of(lists, expr.span) } else { any_of(lists, expr.span) }
        }
    }
}

fn of_formula(formula: &Formula, negated: bool, span: Span) -> Result<Vec<Term>, Diagnostic> {
    match formula {
        Formula::All(parts) | Formula::Any(parts) => {
            let conjunctive = matches!(formula, Formula::All(_)) != negated;
            let lists = parts.iter().map(|part| Ok((of_formula(part, negated, span)?, span)));
            if conjunctive { all_of(lists, span) } else { any_of(lists, span) }
        }
        _ => Ok(simplify(formula.condition(negated).into_iter().collect())),
    }
}

/// The terms of one operand, and where it stands.
type Operand = Result<(Vec<Term>, Span), Diagnostic>;

fn any_of(lists: impl Iterator<Item = Operand>, span: Span) -> Result<Vec<Term>, Diagnostic> {
    let mut all = Vec::new();
    for list in lists {
        all.extend(list?.0);
    }
    let terms = simplify(all);
    if terms.len() > MAX_TERMS {
        return Err(Diagnostic::error(format!(
            "this `or` has {} alternatives over different fields; a filter may have {MAX_TERMS} terms",
            terms.len()
        ))
        .at(span, "each alternative is a term of its own")
        .help(ADVICE));
    }
    Ok(terms)
}

fn all_of(lists: impl Iterator<Item = Operand>, span: Span) -> Result<Vec<Term>, Diagnostic> {
    let mut product = vec![Term::everything()];
    let mut widest: Option<(usize, Span)> = None;
    for list in lists {
        let (factors, at) = list?;
        if widest.is_none_or(|(count, _)| factors.len() > count) {
            widest = Some((factors.len(), at));
        }
        let mut next = Vec::new();
        for term in &product {
            for factor in &factors {
                next.extend(conjunction(term, factor));
            }
            if next.len() > MAX_PRODUCT {
                next = simplify(next);
            }
            if next.len() > MAX_PRODUCT {
                return Err(too_many(span, widest));
            }
        }
        product = simplify(next);
        if product.len() > MAX_TERMS {
            return Err(too_many(span, widest));
        }
    }
    Ok(product)
}

const ADVICE: &str = "alternatives of one field belong in one set (`src in @servers`, `port in {80, 443}`), \
     others in a second filter";

fn too_many(span: Span, widest: Option<(usize, Span)>) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "the alternatives here multiply to more than {MAX_TERMS} terms, the bound of one filter"
    ));
    match widest {
        Some((count, at)) if at != span => error
            .at(at, format!("{count} alternatives, each multiplied with those of the rest"))
            .also(span, "in this condition")
            .help(ADVICE),
        _ => error.at(span, "").help(ADVICE),
    }
}
