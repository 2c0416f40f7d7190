//! What a misspelled word was probably meant to be.

/// Longer words are nobody's typing mistake, and the distance takes quadratic time.
const LONGEST: usize = 64;

/// The candidate that `word` most likely means: at most a third of its characters differ (one, in short words), a swap of two
/// neighbors counts once, letter case not at all. Of several equally near ones the first; never `word` itself.
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let most = (length / 3).max(1);
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (candidate.chars().count(), candidate))
        .filter(|(count, _)| count.abs_diff(length) <= most)
        .map(|(count, candidate)| (strsim::osa_distance(&lower, &candidate.to_lowercase()), count, candidate))
        .filter(|(distance, count, _)| *distance <= most && distance < count)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_words_are_found() {
        let names = ["tap-a", "tap-b", "recorder", "ethernet", "ipv4", "tcp"];
        assert_eq!(closest("recoder", names), Some("recorder"));
        assert_eq!(closest("tap_a", names), Some("tap-a"));
        assert_eq!(closest("ehternet", names), Some("ethernet"));
        assert_eq!(closest("ipv6", names), Some("ipv4"));
        assert_eq!(closest("firewall", names), None);
        assert_eq!(closest("x", ["y"]), None);
        assert_eq!(closest("TCP", names), Some("tcp"));
    }
}
