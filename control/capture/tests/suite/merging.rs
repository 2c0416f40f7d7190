//! Order of merged captures.

use proptest::prelude::*;
use sluice_capture::{Merge, PcapWriter, ReadOptions, Reader};

use crate::raw::frame;

fn capture(times: &[u64]) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new()).expect("memory");
    for time in times {
        writer.write_packet(*time, &frame(60), 60).expect("memory");
    }
    writer.finish().expect("memory")
}

fn merged(captures: &[Vec<u64>]) -> Vec<(usize, u64)> {
    let files: Vec<Vec<u8>> = captures.iter().map(|times| capture(times)).collect();
    let mut merge = Merge::new();
    for (tag, file) in files.iter().enumerate() {
        let total_bytes = Some(file.len() as u64);
        let options = ReadOptions { total_bytes, ..ReadOptions::default() };
        merge.push(tag, Reader::new(file.as_slice(), options).expect("a header"));
    }
    let mut order = Vec::new();
    while let Some((tag, packet)) = merge.next_packet().expect("whole") {
        order.push((tag, packet.time_ns));
    }
    assert_eq!(Some(merge.consumed_bytes()), merge.total_bytes());
    order
}

#[test]
fn time_decides_then_the_order_given() {
    let order = merged(&[vec![1, 5, 5, 9], vec![5, 6], vec![]]);
    assert_eq!(order, [(0, 1), (0, 5), (0, 5), (1, 5), (1, 6), (0, 9)]);
}

#[test]
fn time_that_goes_backwards_keeps_the_order_of_its_file() {
    let order = merged(&[vec![10, 3, 20], vec![5, 15]]);
    assert_eq!(order, [(1, 5), (0, 10), (0, 3), (1, 15), (0, 20)]);
}

#[test]
fn an_error_names_its_capture_and_the_others_go_on() {
    let (whole, mut cut) = (capture(&[1, 3]), capture(&[2, 4]));
    cut.truncate(cut.len() - 1);
    let mut merge: Merge<char, Box<dyn std::io::Read>> = Merge::new();
    for (tag, bytes) in [('a', whole), ('b', cut)] {
        let input: Box<dyn std::io::Read> = Box::new(std::io::Cursor::new(bytes));
        merge.push(tag, Reader::new(input, ReadOptions::default()).expect("a header"));
    }
    let mut seen = String::new();
    let mut errors = 0;
    loop {
        match merge.next_packet() {
            Ok(Some((tag, _))) => seen.push(tag),
            Ok(None) => break,
            Err(error) => {
                assert_eq!(error.input, 1);
                assert!(
                    error.to_string().contains("after 1 whole packets: the file ends within a packet"),
                    "{error}"
                );
                errors += 1;
            }
        }
    }
    assert_eq!((seen.as_str(), errors), ("aba", 1));
    assert_eq!(merge.total_bytes(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Merging sorted captures is a stable sort of all packets.
    #[test]
    fn merging_is_a_stable_sort(mut captures in prop::collection::vec(prop::collection::vec(0_u64..50, 0..30), 0..5)) {
        for times in &mut captures {
            times.sort_unstable();
        }
        let mut expected: Vec<(usize, u64)> =
            captures.iter().enumerate().flat_map(|(tag, times)| times.iter().map(move |time| (tag, *time))).collect();
        expected.sort_by_key(|(_, time)| *time);
        prop_assert_eq!(merged(&captures), expected);
    }
}
