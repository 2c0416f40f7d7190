//! The text's tokens.

/// Bytes of the bare name that `text` begins with: parts joined by dots, each with `[number]`s behind it; 0 if none.
pub(super) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let begins = |c: u8| c.is_ascii_alphabetic() || c == b'_' || c == b'$';
    let mut end = 0;
    loop {
        if !begins(at(end)) {
            // A dot that no part follows is not the name's.
            return end.saturating_sub(1);
        }
        while begins(at(end)) || at(end).is_ascii_digit() {
            end += 1;
        }
        while at(end) == b'[' {
            let digits = bytes[end + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
            if digits == 0 || at(end + 1 + digits) != b']' {
                break;
            }
            end += digits + 2;
        }
        if at(end) != b'.' {
            return end;
        }
        end += 1;
    }
}
