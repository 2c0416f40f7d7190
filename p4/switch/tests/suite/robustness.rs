//! Any bytes through a program that uses everything: no panic, and every packet accounted for.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sluice_switch::{Ingress, Switch, SwitchOptions};

use crate::common::{Kept, module};

fn everything() -> Switch {
    // The IR's own example that has every construct; a part of its loops never ends, which is a point of this test.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ir/tests/verify-good/broker.ir");
    let text = std::fs::read_to_string(path).expect("the IR's example");
    Switch::new(&module(&text), SwitchOptions::default()).expect("within bounds")
}

#[test]
fn any_bytes_pass_without_a_panic() {
    let switch = everything();
    let mut worker = switch.worker();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for round in 0..5000u32 {
        let mut data = vec![0; rng.random_range(0..200)];
        rng.fill_bytes(&mut data);
        if round % 2 == 0 && data.len() > 60 {
            data[12..14].copy_from_slice(&[0x81, 0x00]);
            data[14 + 4 + 12..14 + 4 + 14].copy_from_slice(&[0x81, 0x00]);
        }
        let mut kept = Kept::default();
        let ingress = Ingress {
            port: rng.random_range(0..600),
            time_ns: rng.next_u64(),
            data: &data,
            wire_length: rng.random_range(0..4000),
            bad_frame: rng.random_bool(0.1),
        };
        let verdict = worker.process(&ingress, &mut kept);
        assert_eq!(kept.sent.len(), verdict.sent as usize);
    }
}
