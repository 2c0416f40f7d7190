//! Columns and times, as people read them.

/// Rows in columns, the first row the heads; numbers to the right.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
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
pub(crate) fn time(time_ns: u64) -> String {
    sluice_telemetry::rfc3339(time_ns)
        .chars()
        .take("2026-11-27 21:00:00".len())
        .collect::<String>()
        .replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_to_the_second() {
        assert_eq!(time(951_782_400_000_000_005), "2000-02-29 00:00:00");
    }

    #[test]
    fn numbers_stand_on_the_right() {
        let rows = [["name", "hits"], ["a", "10"], ["longer", "5"]];
        let rows = rows.map(|row| row.map(str::to_string).to_vec());
        assert_eq!(columns(&rows), "name    hits\na         10\nlonger     5\n");
    }
}
