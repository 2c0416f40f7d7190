//! What one packet met in a soft switch, as the policy explains it.

use std::sync::Arc;

use sluice_policy::{PacketTrace, TraceStep};
use sluice_switch::{TraceEvent, Tracer};

/// Records what [`sluice_policy::explain`] reads, and a line for what happened to the bytes.
#[derive(Debug, Default)]
pub struct Recorder {
    /// What the packet met.
    pub trace: PacketTrace,
    /// What happened to its bytes, a line each.
    pub notes: Vec<String>,
}

impl Tracer for Recorder {
    fn event(&mut self, event: &TraceEvent<'_>) {
        match event {
            TraceEvent::Table { table, keys, entry, action, params } => self.trace.steps.push(TraceStep {
                table: Arc::from(*table),
                keys: keys.to_vec(),
                hit: entry.is_some(),
                action: Arc::from(*action),
                params: params.to_vec(),
            }),
            TraceEvent::ParserError { error, offset_bytes } => {
                self.notes.push(format!("headers end at byte {offset_bytes}: {error}"));
            }
            TraceEvent::Sent { replica, length_bytes, original_length } => self.notes.push(format!(
                "instance {} left by port {}: {length_bytes} bytes of {original_length}",
                replica.instance, replica.port
            )),
            TraceEvent::Dropped { reason, replica: Some(replica) } => self.notes.push(format!(
                "instance {} did not leave by port {}: {}",
                replica.instance,
                replica.port,
                reason.name()
            )),
            _ => {}
        }
    }
}
