//! What stands in for a card: at the start, and once it is out of reach.

use std::sync::Arc;

use sluice_store::{History, Store};
use sluice_target::{Giver, OpensPorts, StandIn, Standby};

use super::begin::{self, Own};
use super::choose;
use super::ports::{self, Wanted};
use crate::args::{DataPath, Serve};
use crate::broker::{self, Loaded};
use crate::failure::Failure;

/// The ports to fall back to, and what is needed to make a data path of them.
pub(super) struct Fallback {
    arguments: Serve,
    ports: Vec<Wanted>,
    /// Where the policy in force is; without one the tables are the controllers'.
    store: Option<Arc<Store>>,
}

impl Fallback {
    /// What the arguments say, if they say to fall back; each of the card's ports has to have one.
    pub(super) fn new(
        arguments: &Serve,
        ports: &[Wanted],
        loaded: Option<&Loaded>,
        store: Option<&Arc<Store>>,
    ) -> Result<Option<Self>, Failure> {
        if arguments.data_path != Some(DataPath::Auto) || arguments.fallback.is_empty() {
            return Ok(None);
        }
        let list = ports::ports("--fallback", &arguments.fallback, loaded.map(|loaded| &loaded.policy))?;
        let has_one = |port: &&Wanted| list.iter().any(|other| other.number == port.number);
        if let Some(port) = ports.iter().find(|port| !has_one(port)) {
            return Err(Failure::argument(
                format!("`--port {}` has no `--fallback`", port.text),
                format!("say what it is made of without the card: `--fallback {}=KIND:DEVICE`", port.name),
            ));
        }
        Ok(Some(Self { arguments: arguments.clone(), ports: list, store: store.cloned() }))
    }

    /// Its ports.
    pub(super) fn into_ports(self) -> Vec<Wanted> {
        self.ports
    }

    /// Stands by while that data path is in reach.
    pub(super) fn behind(
        self,
        first: Arc<dyn OpensPorts>,
    ) -> Standby<impl Fn() -> Result<StandIn, String> + Send + Sync> {
        let giver = if self.store.is_some() { Giver::Owner } else { Giver::Itself };
        Standby::new(first, giver, move || self.begin().map_err(|failure| failure.brief().to_string()))
    }

    /// The policy in force by now.
    fn loaded(&self) -> Result<Option<Loaded>, Failure> {
        let Some(store) = &self.store else { return Ok(None) };
        let last = store.last().map_err(|error| Failure::Broker(error.to_string()))?;
        last.map(|last| broker::parse("the policy in force", &last.text)).transpose()
    }

    fn begin(&self) -> Result<StandIn, Failure> {
        let loaded = self.loaded()?;
        let policy = loaded.as_ref().map(|loaded| &loaded.policy);
        let mut ports = self.ports.clone();
        if let Some(policy) = policy {
            for port in &mut ports {
                port.spec = port.spec.clone().with_taps_of(policy);
            }
        }
        let choice = choose::without_card(&self.arguments, &ports, policy)?;
        let Own { target, why, .. } =
            begin::without_card(&self.arguments, &mut ports, loaded.as_ref(), choice, None)?;
        let opened = target.clone();
        let open = Box::new(move |numbers: &[u16]| ports::attach_each(&*opened, &ports, numbers));
        Ok(StandIn { target, why, open })
    }
}
