//! What a broker begins with: a store, a policy, a data path, ports.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice_daemon::{Broker, BrokerOptions, HealthOptions};
use sluice_ir::Module;
use sluice_nic_target::NicTarget;
use sluice_store::{History, Store, StoreError, StoreOptions};
use sluice_target::{Fault, OpensPorts, SoftOptions, SoftTarget, Target};
use sluice_xdp::{XdpOptions, XdpTarget};

use super::choose::{self, Choice};
use super::fallback::Fallback;
use super::ports::{self, Wanted};
use super::remote;
use crate::args;
use crate::broker::{self, Loaded};
use crate::failure::Failure;
use crate::nic;

/// Which frames of a data path's ports somebody in this process can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Those of all ports.
    All,
    /// Copies that leave by captures and watched ports.
    Copies,
    /// None.
    None,
}

/// A data path, and who owns its tables.
pub(super) struct Begun {
    pub(super) target: Arc<dyn Target>,
    /// The same, where it is of this process: its ports are opened here.
    pub(super) own: Option<Arc<dyn OpensPorts>>,
    /// Which frames somebody here can see.
    pub(super) shown: Shown,
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

/// A data path of this process.
pub(super) struct Own {
    pub(super) target: Arc<dyn OpensPorts>,
    /// The program, where it is not a controller's.
    module: Option<Arc<Module>>,
    pub(super) why: String,
    shown: Shown,
    /// Whether another one may stand in for it.
    can_change: bool,
}

/// What a broker is given.
struct Ground {
    target: Arc<dyn Target>,
    own: Option<Own>,
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

/// A card as data path.
fn card(arguments: &args::Serve, module: Option<Arc<Module>>) -> Result<NicTarget, String> {
    let name = arguments.card.as_deref().unwrap_or_default();
    let card = nic::open_card(name, Duration::from_millis(arguments.card_patience))
        .map_err(|failure| failure.brief().to_string())?;
    let options = sluice_rtl::Options::default();
    let target = match module {
        Some(module) => NicTarget::with_module(card, module, options),
        None => NicTarget::new(card, options),
    };
    let target = target.map_err(|fault| format!("{name}: {}", fault.message))?;
    let ahead_s = u32::try_from(nic::tai_ahead_ns() / 1_000_000_000).unwrap_or(0);
    target.set_tai_offset(ahead_s).map_err(|fault| format!("{name}: {}", fault.message))?;
    Ok(target)
}

/// The card, or with `--data-path auto` why not, once the ports are those to fall back to.
fn own_card(
    arguments: &args::Serve,
    ports: &mut Vec<Wanted>,
    ground: (Option<&Loaded>, Option<&Arc<Store>>),
    why: &str,
) -> Result<Result<Own, String>, Failure> {
    let (loaded, store) = ground;
    let fallback = Fallback::new(arguments, ports, loaded, store)?;
    let module = loaded.map(|_| broker::for_hardware(arguments.program)).transpose()?;
    match (card(arguments, module.clone()), fallback) {
        (Ok(target), fallback) => {
            tracing::info!(why, "data path: FPGA NIC");
            let can_change = fallback.is_some();
            let target: Arc<dyn OpensPorts> = match fallback {
                Some(fallback) => Arc::new(fallback.behind(Arc::new(target))),
                None => Arc::new(target),
            };
            Ok(Ok(Own { target, module, why: why.to_string(), shown: Shown::None, can_change }))
        }
        (Err(why), Some(fallback)) => {
            tracing::warn!(why, "the card cannot be the data path: its ports are those to fall back to");
            *ports = fallback.into_ports();
            Ok(Err(format!("the card cannot be: {why}")))
        }
        (Err(why), None) => Err(choose::no_card(&why)),
    }
}

/// The data path of this process that was chosen.
fn own(
    arguments: &args::Serve,
    ports: &mut Vec<Wanted>,
    loaded: Option<&Loaded>,
    store: Option<&Arc<Store>>,
) -> Result<Own, Failure> {
    let policy = loaded.map(|loaded| &loaded.policy);
    let choice = choose::choose(arguments, ports, policy)?;
    let Choice::Nic { why } = &choice else { return without_card(arguments, ports, loaded, choice, None) };
    match own_card(arguments, ports, (loaded, store), why)? {
        Ok(own) => Ok(own),
        Err(why) => {
            let choice = choose::without_card(arguments, ports, policy)?;
            without_card(arguments, ports, loaded, choice, Some(why))
        }
    }
}

/// A data path that is no card. Where XDP was not asked for by name, and the kernel refuses what could not be foreseen, it is the soft switch after all.
pub(super) fn without_card(
    arguments: &args::Serve,
    ports: &mut [Wanted],
    loaded: Option<&Loaded>,
    mut choice: Choice,
    no_card: Option<String>,
) -> Result<Own, Failure> {
    let policy = loaded.map(|loaded| &loaded.policy);
    let module = loaded.map(|_| broker::program(arguments.program)).transpose()?;
    if let Choice::Xdp { why } = &choice {
        let fitting = |target: XdpTarget| match loaded {
            Some(loaded) => choose::fits(&target, policy, &loaded.sources).map(|()| target),
            None => Ok(target),
        };
        let target = xdp(module.clone(), arguments.kernel.pins()).map_err(|fault| fault.to_string());
        match target.and_then(fitting) {
            Ok(target) => {
                ports::by_xdp(ports);
                tracing::info!(why, "data path: XDP, in the devices' drivers");
                let why = [no_card, Some(why.clone())].into_iter().flatten().collect::<Vec<_>>().join("; ");
                let target = Arc::new(target);
                return Ok(Own { target, module, why, shown: Shown::Copies, can_change: false });
            }
            Err(why) if arguments.data_path == Some(args::DataPath::Auto) => {
                choice = Choice::Soft { why: format!("XDP cannot be: {why}") };
            }
            Err(why) => return Err(choose::refused(&why)),
        }
    }
    if arguments.kernel.keep_forwarding {
        return Err(Failure::argument(
            "`--keep-forwarding` is of XDP, and the data path is the soft switch, which ends with this process",
            "leave it out, or take XDP (`--data-path xdp`)",
        ));
    }
    let parts = [no_card.as_deref(), Some(choice.why()).filter(|why| !why.is_empty())];
    let why = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    tracing::info!(why, "data path: soft switch");
    let options = SoftOptions { wall_clock: true, ..SoftOptions::default() };
    let target = match module.clone() {
        // No policy has a port of that number: nothing goes to a controller.
        Some(module) => SoftTarget::with_module(module, SoftOptions { cpu_port: 0, ..options })
            .map_err(|fault| Failure::Refused(fault.to_string()))?,
        None => SoftTarget::new(options),
    };
    Ok(Own { target: Arc::new(target), module, why, shown: Shown::All, can_change: false })
}

fn xdp(module: Option<Arc<Module>>, pins: PathBuf) -> Result<XdpTarget, Fault> {
    match module {
        Some(module) => {
            let options = XdpOptions { pins: Some(pins), ..XdpOptions::default() };
            XdpTarget::with_module(module, options)
        }
        None => Ok(XdpTarget::new(XdpOptions::default())),
    }
}

/// A data path for a policy: one in this process that runs the program, or a device that is to run it.
fn ground(
    arguments: &args::Serve,
    ports: &mut Vec<Wanted>,
    loaded: &Loaded,
    store: &Arc<Store>,
) -> Result<Ground, Failure> {
    let health = health(&arguments.health);
    if arguments.far.remote.is_some() {
        let (module, program) = remote::program(arguments)?;
        let target = Arc::new(remote::connect(&arguments.far)?);
        let options = BrokerOptions {
            explainer: Some(module),
            program: Some(Arc::new(program)),
            health,
            ..BrokerOptions::default()
        };
        return Ok(Ground { target, own: None, options });
    }
    let own = own(arguments, ports, Some(loaded), Some(store))?;
    let options = BrokerOptions {
        explainer: own.module.clone(),
        program: None,
        can_change: own.can_change,
        ports: Some(own.target.clone()),
        health,
        why: own.why.clone(),
    };
    Ok(Ground { target: own.target.clone(), own: Some(own), options })
}

/// A broker with a policy in force, its ports not yet open.
fn brokered(arguments: &args::Serve) -> Result<Begun, Failure> {
    let store = Arc::new(store(arguments)?);
    let (name, text) = policy(arguments, &store)?;
    let loaded = broker::parse(&name, &text)?;
    let mut ports = ports::ports("--port", &arguments.ports, Some(&loaded.policy))?;
    let Ground { target, own, options } = ground(arguments, &mut ports, &loaded, &store)?;
    let broker = Broker::start(target.clone(), store.clone(), Some(&text), options)
        .map_err(|refusal| Failure::refusal(&refusal))?;
    broker.bind(ports::bindings(&ports));
    let shown = own.as_ref().map_or(Shown::None, |own| own.shown);
    let own = own.map(|own| own.target);
    Ok(Begun { target, own, shown, ports, brokered: Some(Brokered { broker, store }) })
}

/// What the arguments ask for.
pub(super) fn begin(arguments: &args::Serve) -> Result<Begun, Failure> {
    if arguments.policy.is_some() || arguments.store.is_some() {
        return brokered(arguments);
    }
    if arguments.far.remote.is_some() {
        let target = Arc::new(remote::connect(&arguments.far)?);
        return Ok(Begun { target, own: None, shown: Shown::None, ports: Vec::new(), brokered: None });
    }
    let mut ports = ports::ports("--port", &arguments.ports, None)?;
    let Own { target, shown, .. } = own(arguments, &mut ports, None, None)?;
    Ok(Begun { target: target.clone(), own: Some(target), shown, ports, brokered: None })
}
