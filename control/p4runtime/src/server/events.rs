//! What the data path tells, handed on to the primaries.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sluice_target::Event;

use super::Inner;
use super::stream::response;
use crate::convert;
use crate::names::Names;
use crate::{packets, v1};
use v1::stream_message_response::Update as Told;

/// How long the data path is waited for before it is looked whether to end.
const WAIT: Duration = Duration::from_millis(100);

/// Hands on until the server ends.
pub(super) fn forward(inner: &Inner) {
    while !inner.stop.load(Ordering::Acquire) {
        let events = inner.target.poll(WAIT);
        if events.is_empty() {
            continue;
        }
        let Ok(names) = inner.reading().names() else { continue };
        let primaries = inner.arbitration().primaries();
        for told in events.iter().filter_map(|event| message(&names, event)) {
            for way in &primaries {
                // A client that does not read loses these messages, as it may (sections 9.8, 16.1 and 16.4).
                let _ = way.try_send(Ok(response(told.clone())));
            }
        }
    }
}

fn message(names: &Names, event: &Event) -> Option<Told> {
    match event {
        Event::PacketIn(frame) => packets::parts(names.packet_in.as_deref(), frame)
            .map(|(metadata, payload)| Told::Packet(v1::PacketIn { payload, metadata })),
        Event::Digest(list) => convert::digest_list(names, list).map(Told::Digest),
        Event::Idle { entries, time_ns } => {
            let table_entry: Vec<_> =
                entries.iter().filter_map(|entry| convert::idle_entry(names, entry)).collect();
            let timestamp = i64::try_from(*time_ns).unwrap_or(i64::MAX);
            let notification = v1::IdleTimeoutNotification { table_entry, timestamp };
            (!notification.table_entry.is_empty()).then_some(Told::IdleTimeoutNotification(notification))
        }
        // P4Runtime has no message for it.
        Event::Port { .. } => None,
    }
}
