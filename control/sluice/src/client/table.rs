//! Columns and times, as people read them.

/// Rows in columns, the first row the heads; numbers to the right.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut lines = vec![String::new(); rows.len()];
    for column in 0..count {
        let width = rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        let numbers = rows.iter().skip(1).all(|row| is_number(&cell(row, column)));
        for (line, row) in lines.iter_mut().zip(rows) {
            let text = cell(row, column);
            let padded = if numbers { format!("{text:>width$}") } else { format!("{text:width$}") };
            line.push_str(if column > 0 { "  " } else { "" });
            line.push_str(&padded);
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A time in UTC, to the second: `2026-11-27 21:00:00`.
pub(super) fn time(time_ns: u64) -> String {
    let seconds = time_ns / 1_000_000_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The date of a day since 1970-01-01 (proleptic Gregorian calendar). Years begin in March here, so that the day that leap years have is their last.
fn date(days: u64) -> (u64, u64, u64) {
    // 719,468 days from 0000-03-01 to 1970-01-01; 146,097 days in 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_709_251_199, "2024-02-29 23:59:59"),
            (1_795_813_261, "2026-11-27 21:01:01"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(time(seconds * 1_000_000_000 + 5), expected);
        }
    }

    #[test]
    fn numbers_stand_on_the_right() {
        let rows = [["name", "hits"], ["a", "10"], ["longer", "5"]];
        let rows = rows.map(|row| row.map(str::to_string).to_vec());
        assert_eq!(columns(&rows), "name    hits\na         10\nlonger     5\n");
    }
}
