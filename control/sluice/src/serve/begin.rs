//! What a broker begins with: a store, a policy, a data path, ports.

use std::sync::Arc;
use std::time::Duration;

use sluice_daemon::{Broker, BrokerOptions, HealthOptions};
use sluice_store::{History, Store, StoreError, StoreOptions};
use sluice_target::{SoftOptions, SoftTarget, Target};

use super::ports::{self, Wanted};
use super::remote;
use crate::args;
use crate::broker;
use crate::failure::Failure;

/// A data path, and who owns its tables.
pub(super) struct Begun {
    pub(super) target: Arc<dyn Target>,
    /// The same, where it is the switch in this process: its ports are opened here.
    pub(super) soft: Option<Arc<SoftTarget>>,
    pub(super) ports: Vec<Wanted>,
    /// The policy's broker; without one the tables are the controllers'.
    pub(super) brokered: Option<Brokered>,
}

/// A broker, and its store.
pub(super) struct Brokered {
    pub(super) broker: Broker,
    pub(super) store: Arc<Store>,
}

fn failed(error: &StoreError) -> Failure {
    Failure::Broker(error.to_string())
}

fn store(arguments: &args::Serve) -> Result<Store, Failure> {
    let options = StoreOptions { max_bytes: arguments.store_max << 20 };
    let store = match &arguments.store {
        Some(folder) => Store::open(folder, options),
        None => Store::in_memory(),
    };
    store.map_err(|error| failed(&error))
}

/// The policy that will be in force, with what messages call it.
fn policy(arguments: &args::Serve, store: &Store) -> Result<(String, String), Failure> {
    let last = store.last().map_err(|error| failed(&error))?;
    let given = arguments.policy.as_deref().map(|path| {
        let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
        Ok::<_, Failure>((path.display().to_string(), text))
    });
    let given = given.transpose()?;
    match (last, given) {
        (Some(last), given) => {
            let version = last.summary.version;
            if let Some((name, _)) = given.filter(|(_, text)| *text != last.text) {
                let (version, file) = (version.0, name.as_str());
                tracing::warn!(
                    version,
                    file,
                    "the store's version is in force, not the file: that is for a store without a policy, or for `sluice apply`"
                );
            }
            Ok((format!("version {version} of the store"), last.text))
        }
        (None, Some(given)) => Ok(given),
        (None, None) => Err(Failure::argument(
            "the store has no policy yet",
            "give one to begin with: `--policy broker.yaml`",
        )),
    }
}

/// What is known of a data path before there is one: its program, for explanations and for devices that are given it.
struct Ground {
    target: Arc<dyn Target>,
    soft: Option<Arc<SoftTarget>>,
    options: BrokerOptions,
}

fn health(given: &args::Health) -> HealthOptions {
    HealthOptions {
        up_for: Duration::from_millis(given.port_up_for),
        downs: given.port_downs,
        within: Duration::from_secs(given.port_downs_within),
        held_for: Duration::from_secs(given.port_held_for),
    }
}

/// A data path for a policy: a switch in this process that runs the program, or a device that is to run it.
fn ground(arguments: &args::Serve) -> Result<Ground, Failure> {
    let health = health(&arguments.health);
    if arguments.far.remote.is_some() {
        let (module, program) = remote::program(arguments)?;
        let target = Arc::new(remote::connect(&arguments.far)?);
        let options =
            BrokerOptions { explainer: Some(module), program: Some(Arc::new(program)), ports: None, health };
        return Ok(Ground { target, soft: None, options });
    }
    let module = broker::program(arguments.program)?;
    // No policy has a port of that number: nothing goes to a controller.
    let options = SoftOptions { cpu_port: 0, wall_clock: true, ..SoftOptions::default() };
    let target = SoftTarget::with_module(module.clone(), options)
        .map_err(|fault| Failure::Refused(fault.to_string()))?;
    let soft = Arc::new(target);
    let options = BrokerOptions { explainer: Some(module), program: None, ports: Some(soft.clone()), health };
    Ok(Ground { target: soft.clone(), soft: Some(soft), options })
}

/// A broker with a policy in force, its ports not yet open.
fn brokered(arguments: &args::Serve) -> Result<Begun, Failure> {
    let store = Arc::new(store(arguments)?);
    let (name, text) = policy(arguments, &store)?;
    let loaded = broker::parse(&name, &text)?;
    let ports = ports::ports(&arguments.ports, Some(&loaded.policy))?;
    let Ground { target, soft, options } = ground(arguments)?;
    let broker = Broker::start(target.clone(), store.clone(), Some(&text), options)
        .map_err(|refusal| Failure::refusal(&refusal))?;
    broker.bind(ports::bindings(&ports));
    Ok(Begun { target, soft, ports, brokered: Some(Brokered { broker, store }) })
}

/// What the arguments ask for.
pub(super) fn begin(arguments: &args::Serve) -> Result<Begun, Failure> {
    if arguments.policy.is_some() || arguments.store.is_some() {
        return brokered(arguments);
    }
    if arguments.far.remote.is_some() {
        let target = Arc::new(remote::connect(&arguments.far)?);
        return Ok(Begun { target, soft: None, ports: Vec::new(), brokered: None });
    }
    let ports = ports::ports(&arguments.ports, None)?;
    let options = SoftOptions { wall_clock: true, ..SoftOptions::default() };
    let soft = Arc::new(SoftTarget::new(options));
    Ok(Begun { target: soft.clone(), soft: Some(soft), ports, brokered: None })
}
