//! Terms that no two of which match one packet, so that hits of terms add up to hits of filters.

use super::Term;
use super::algebra::dimensions;
use super::simplify::{meet, product};

/// Terms with the same packets as `terms`, of which every packet matches at most one; `None` if that would take more than
/// `limit` terms.
pub fn disjoint(terms: &[Term], limit: usize) -> Option<Vec<Term>> {
    let mut out: Vec<Term> = Vec::new();
    for (i, term) in terms.iter().enumerate() {
        let mut pieces = vec![term.clone()];
        for earlier in &terms[..i] {
            let mut left = Vec::new();
            for piece in &pieces {
                left.extend(difference(piece, earlier));
                if out.len() + left.len() > limit {
                    return None;
                }
            }
            pieces = left;
        }
        out.extend(pieces);
    }
    (out.len() <= limit).then_some(out)
}

/// What of `term` is not in `other`, as terms that do not meet: for each dimension of `other`, the part that is within
/// it in all dimensions before and outside it in this one.
fn difference(term: &Term, other: &Term) -> Vec<Term> {
    if meet(term, other, false).is_empty() {
        return vec![term.clone()];
    }
    let mut out = Vec::new();
    let mut within = vec![term.clone()];
    for dimension in dimensions([other]) {
        let (own, theirs) = (term.region(dimension), other.region(dimension));
        if own.is_subset(&theirs) {
            continue;
        }
        out.extend(product(within.clone(), dimension, &own.intersection(&theirs.complement(), true)));
        within = product(within, dimension, &own.intersection(&theirs, true));
    }
    out
}
