//! The account of random traffic under changing policies: every equation holds, and filters' hits are exact.

use std::collections::BTreeMap;

use sluice_entities::Match;
use sluice_policy::{CounterSource, State, plan};

use crate::info::broker;
use crate::model::{Model, key_text};
use crate::policy;
use crate::random::{Draft, Random, packet};

struct Counters<'a>(&'a Model);

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl CounterSource for Counters<'_> {
    fn entry(&self, table: &str, matches: &[Match], priority: u32) -> u64 {
        self.0.counted.get(&key_text(short(table), matches, priority)).copied().unwrap_or(0)
    }

    fn default_entry(&self, _: &str) -> u64 {
        0
    }

    fn cell(&self, counter: &str, index: u64) -> u64 {
        self.0.cells.get(&(short(counter).to_string(), index)).copied().unwrap_or(0)
    }
}

#[test]
fn everything_is_accounted_for_across_changes() {
    let info = broker(256, 128);
    for seed in 100..110 {
        let mut r = Random(seed);
        let mut draft = Draft::new(&mut r, 6);
        let mut model = Model::new(&info);
        let mut state = State::empty(&info).expect("the broker's tables");
        let mut hits: BTreeMap<String, u64> = BTreeMap::new();
        for _ in 0..4 {
            let next = policy(&draft.text());
            draft.change(&mut r);
            let Ok(mut plan) = plan(&state, &next, &info) else { continue };
            plan.phases[..2].iter().flat_map(|phase| &phase.updates).for_each(|update| model.apply(update));
            plan.harvest(&Counters(&model));
            plan.phases[4].updates.iter().for_each(|update| model.apply(update));
            state = plan.next;
            for _ in 0..200 {
                let packet = packet(&mut r);
                model.run(&packet);
                let network = (1..=3).contains(&packet.port) && next.port(packet.port).is_some();
                let mut wanted = false;
                for filter in &next.filters {
                    let sees = filter.from.contains(&packet.port)
                        && filter.terms.iter().any(|term| term.matches(&packet.values));
                    wanted |= sees;
                    *hits.entry(filter.name.to_string()).or_default() += u64::from(sees);
                }
                if next.otherwise.is_some() && network && !wanted {
                    *hits.entry("otherwise".to_string()).or_default() += 1;
                }
            }
            let account = state.account(&Counters(&model));
            assert!(account.violations.is_empty(), "SLUICE_SEED={seed}\n{account}");
            for filter in &account.filters {
                assert_eq!(
                    filter.hits,
                    hits.get(&filter.name).copied().unwrap_or(0),
                    "{} of seed {seed}\n{account}",
                    filter.name
                );
            }
            assert!(account.to_string().contains("accounted for"));
        }
    }
}
