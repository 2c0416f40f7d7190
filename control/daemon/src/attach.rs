//! Ports that come and go while the broker runs.

use std::sync::PoisonError;
use std::time::Instant;

use sluice_store::Audit;
use sluice_target::port::{PortSpec, Role};

use crate::bindings::Binding;
use crate::broker::{Broker, now_ns};
use crate::events::What;
use crate::ports::PortView;
use crate::refusal::Refusal;

impl Broker {
    /// Gives a port of the policy a device (`packet:eth1`, as [`PortSpec`] has it): it begins to receive or to send. Frames of other ports are not held up. It lasts as long as the process.
    ///
    /// # Errors
    ///
    /// The policy has no such port; it has a device already, or the device cannot be opened; the data path has ports of its own; the store could not record it.
    pub fn attach_port(&self, name: &str, device: &str, user: &str) -> Result<PortView, Refusal> {
        let ports = self.inner.options.ports.clone().ok_or_else(own_ports)?;
        let spec = device.parse::<PortSpec>().map_err(Refusal::Argument)?;
        // No policy changes what the port is meanwhile.
        let one = self.inner.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (spec, binding) = {
            let current = self.current();
            let port = current.state.policy().ports.iter().find(|port| *port.name == *name);
            let port = port.ok_or_else(|| Refusal::NotFound(format!("the policy has no port `{name}`")))?;
            (spec.with_taps_of(current.state.policy()), Binding::of(port))
        };
        let bindings = self.bindings();
        if let Some(taken) =
            bindings.iter().find(|other| other.number == binding.number || other.name == name)
        {
            let text =
                format!("port `{}` (number {}) has a device: detach it first", taken.name, taken.number);
            return Err(Refusal::Argument(text));
        }
        let failed =
            |error: std::io::Error| Refusal::Argument(format!("`{device}` cannot be opened: {error}"));
        let attach = ports.open_port(name, binding.role, &spec).map_err(failed)?;
        let time_ns = now_ns();
        let subject = format!("{name}={device}");
        self.inner.history.audit(&Audit {
            time_ns,
            user,
            tenant: "",
            action: "attach",
            subject: &subject,
            outcome: "done",
        })?;
        attach(binding.number).map_err(failed)?;
        // What was seen of an earlier device is not this one's; and one that is down at once is seen to be.
        self.inner.health().forget(binding.number);
        self.baselines().remove(&binding.number);
        self.bind([bindings, vec![binding]].concat());
        drop(one);
        tracing::info!(port = name, device, user, "port attached");
        let (port, device, user) = (name.to_string(), device.to_string(), user.to_string());
        self.inner.events.push(time_ns, What::Attached { port, device, user });
        self.inner.move_shares();
        self.port(name)
    }

    /// Takes a port's device away. Of a network port, what came in is taken through first; a tool's shares of groups go to the other members first. Frames of other ports are not held up.
    ///
    /// # Errors
    ///
    /// There is no device of that name; the data path has ports of its own; the store could not record it.
    pub fn detach_port(&self, name: &str, user: &str) -> Result<PortView, Refusal> {
        let ports = self.inner.options.ports.clone().ok_or_else(own_ports)?;
        let bindings = self.bindings();
        let binding = bindings.iter().find(|binding| binding.name == name).cloned();
        let binding = binding.ok_or_else(|| Refusal::NotFound(format!("no port `{name}` is attached")))?;
        let time_ns = now_ns();
        self.inner.history.audit(&Audit {
            time_ns,
            user,
            tenant: "",
            action: "detach",
            subject: name,
            outcome: "done",
        })?;
        if binding.role == Role::Tool {
            self.inner.health().hear(binding.number, false, Instant::now(), &self.inner.options.health);
            self.inner.move_shares();
        }
        ports.detach_port(binding.number);
        {
            let _one = self.inner.changing.lock().unwrap_or_else(PoisonError::into_inner);
            self.bind(self.bindings().into_iter().filter(|other| *other != binding).collect());
        }
        self.baselines().remove(&binding.number);
        tracing::info!(port = name, user, "port detached");
        let (port, user) = (name.to_string(), user.to_string());
        self.inner.events.push(time_ns, What::Detached { port, user });
        self.inner.move_shares();
        self.port(name)
    }

    fn port(&self, name: &str) -> Result<PortView, Refusal> {
        let view = self.ports().into_iter().find(|port| port.name == name);
        view.ok_or_else(|| Refusal::NotFound(format!("port `{name}` was taken away")))
    }
}

fn own_ports() -> Refusal {
    Refusal::Argument("the data path has ports of its own, which are not attached here".to_string())
}
