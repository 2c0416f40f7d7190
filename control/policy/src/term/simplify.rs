//! Fewer terms with the same meaning: unite what differs in one dimension only, drop what another term covers.

use std::collections::HashMap;

use super::Term;
use super::algebra::{Dimension, Region, dimensions};

/// Terms above this number are not compared in pairs; lists that long are refused by the caller anyway.
const COMPARED: usize = 1024;

/// The packets that match both, as terms; none where no packet can.
pub(crate) fn conjunction(a: &Term, b: &Term) -> Vec<Term> {
    meet(a, b, false)
}

/// [`conjunction`]; `apart`: no packet matches two of the results.
pub(super) fn meet(a: &Term, b: &Term, apart: bool) -> Vec<Term> {
    let mut terms = vec![a.clone()];
    for dimension in dimensions([b]) {
        let regions = if a.constrains(dimension) {
            a.region(dimension).intersection(&b.region(dimension), apart)
        } else {
            vec![b.region(dimension)]
        };
        terms = product(terms, dimension, &regions);
    }
    terms
}

/// Each term with each region in the dimension.
pub(super) fn product(terms: Vec<Term>, dimension: Dimension, regions: &[Region]) -> Vec<Term> {
    let each = |term: Term| {
        regions
            .iter()
            .map(move |region| term.clone().with_region(dimension, region.clone()))
            .collect::<Vec<_>>()
    };
    terms.into_iter().flat_map(each).collect()
}

/// An equivalent list of terms, in the order of their first appearance: none empty, none within another, none that
/// differs from another in one dimension only (where the union of the two is a region).
pub(crate) fn simplify(mut terms: Vec<Term>) -> Vec<Term> {
    terms.retain(|term| dimensions([term]).into_iter().all(|dimension| !term.region(dimension).is_empty()));
    loop {
        let before = terms.len();
        for dimension in dimensions(&terms) {
            if terms.len() > 1 {
                terms = unite(terms, dimension);
            }
        }
        if terms.len() <= COMPARED {
            terms = drop_covered(terms);
        }
        if terms.len() == before {
            return terms;
        }
    }
}

/// Unites terms that are alike but for one dimension.
fn unite(terms: Vec<Term>, dimension: Dimension) -> Vec<Term> {
    // The map is for lookup alone; order is that of `groups`.
    let mut place: HashMap<Term, usize> = HashMap::with_capacity(terms.len());
    let mut groups: Vec<(Term, Vec<Region>)> = Vec::new();
    for term in terms {
        let region = term.region(dimension);
        let rest = term.without(dimension);
        let at = *place.entry(rest.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, regions)) => regions.push(region),
            None => groups.push((rest, vec![region])),
        }
    }
    let mut out = Vec::with_capacity(groups.len());
    for (rest, regions) in groups {
        for region in unite_regions(regions) {
            out.push(rest.clone().with_region(dimension, region));
        }
    }
    out
}

/// Halves the list by uniting neighbors until that gains nothing, so that long lists of small sets cost n log n; then
/// tries every pair.
fn unite_regions(mut regions: Vec<Region>) -> Vec<Region> {
    loop {
        let before = regions.len();
        let mut next: Vec<Region> = Vec::with_capacity(before);
        let mut pairs = regions.chunks_exact(2);
        for pair in &mut pairs {
            match pair[0].union(&pair[1]) {
                Some(both) => next.push(both),
                None => next.extend_from_slice(pair),
            }
        }
        next.extend_from_slice(pairs.remainder());
        regions = next;
        if regions.len() == before {
            break;
        }
    }
    let mut out: Vec<Region> = Vec::with_capacity(regions.len());
    for mut region in regions {
        let mut i = 0;
        while out.len() <= COMPARED && i < out.len() {
            match out[i].union(&region) {
                Some(both) => {
                    region = both;
                    out.remove(i);
                    i = 0;
                }
                None => i += 1,
            }
        }
        out.push(region);
    }
    out
}

/// Drops terms all of whose packets match another term; of equal ones the first stays.
fn drop_covered(terms: Vec<Term>) -> Vec<Term> {
    let mut dropped = vec![false; terms.len()];
    for i in 0..terms.len() {
        let covers = |j: usize| {
            j != i
                && !dropped[j]
                && terms[i].is_subset(&terms[j])
                && (j < i || !terms[j].is_subset(&terms[i]))
        };
        dropped[i] = (0..terms.len()).any(covers);
    }
    let mut keep = dropped.into_iter();
    terms.into_iter().filter(|_| !keep.next().unwrap_or(false)).collect()
}
