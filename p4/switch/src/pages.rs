//! A long list of values, most of them blank, of which copies share what they have in common.
//!
//! Configurations hold what is written by number (cells, members, groups) in such lists: copying one is copying one pointer for every
//! 256 values, changing a value copies its page and nothing else.

use std::sync::Arc;

/// Values of a page.
const PAGE: usize = 256;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Pages<T> {
    blank: T,
    /// `None` where all values are blank.
    pages: Vec<Option<Arc<[T]>>>,
}

impl<T: Clone> Pages<T> {
    /// Blank everywhere.
    pub(crate) fn new(blank: T) -> Self {
        Self { blank, pages: Vec::new() }
    }

    /// The value at a place; blank beyond the last one that was set.
    #[inline]
    pub(crate) fn get(&self, index: u64) -> &T {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        match self.pages.get(at / PAGE) {
            Some(Some(page)) => &page[at % PAGE],
            _ => &self.blank,
        }
    }

    /// Sets the value at a place, which the caller has bounded.
    pub(crate) fn set(&mut self, index: u64, value: T) {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        if self.pages.len() <= at / PAGE {
            self.pages.resize(at / PAGE + 1, None);
        }
        let blank = &self.blank;
        let page =
            self.pages[at / PAGE].get_or_insert_with(|| std::iter::repeat_n(blank.clone(), PAGE).collect());
        Arc::make_mut(page)[at % PAGE] = value;
    }

    /// Sets all places, those that nobody has named yet included.
    pub(crate) fn fill(&mut self, value: T) {
        *self = Self::new(value);
    }

    /// Places and values of all pages that were ever written, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let pages = self.pages.iter().enumerate();
        pages.filter_map(|(i, page)| Some((i, page.as_ref()?))).flat_map(|(i, page)| {
            page.iter().enumerate().map(move |(j, value)| ((i * PAGE + j) as u64, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_what_they_did_not_change() {
        let mut first = Pages::new(0);
        first.set(3, 30);
        first.set(1000, 7);
        let mut second = first.clone();
        second.set(3, 31);
        assert_eq!((*first.get(3), *second.get(3), *second.get(1000)), (30, 31, 7));
        assert_eq!((*first.get(4), *first.get(u64::MAX)), (0, 0));
        let (Some(Some(one)), Some(Some(other))) = (first.pages.get(3), second.pages.get(3)) else {
            panic!("both have the page of 1000");
        };
        assert!(Arc::ptr_eq(one, other));
        let set: Vec<_> = second.iter().filter(|(_, value)| **value != 0).collect();
        assert_eq!(set, [(3, &31), (1000, &7)]);
        second.fill(5);
        assert_eq!((*second.get(3), *second.get(9999), second.iter().count()), (5, 5, 0));
    }
}
