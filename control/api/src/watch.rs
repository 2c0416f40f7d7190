//! Streams: counters again and again, events as they happen.

use std::time::Duration;

use sluice_daemon::Happening;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::access::Caller;
use crate::content;
use crate::operations::Api;
use crate::problem::Problem;
use crate::{tenant, v1};

/// Messages that wait for a client; one that is slower gets fewer counters, or is told that it missed events.
const WAITING: usize = 64;

/// Longest time between two counters, seconds.
const MAX_INTERVAL: u32 = 60;

/// How often it is looked whether a client is still there, and may still look.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) type Stream<T> = ReceiverStream<Result<T, Problem>>;

/// A stream that is open: its place among those that may be, and what the log tells of it.
struct Session {
    _permit: OwnedSemaphorePermit,
    user: Caller,
    of: &'static str,
}

impl Session {
    fn begin(api: &Api, user: Caller, of: &'static str) -> Result<Self, Problem> {
        let permit = api.streams().try_acquire_owned();
        let permit = permit.map_err(|_| {
            Problem::too_many("too many streams are open: close some, or ask without a stream")
        })?;
        tracing::info!(user = &*user.name, of, "stream opened");
        Ok(Self { _permit: permit, user, of })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        tracing::info!(user = &*self.user.name, of = self.of, "stream ended");
    }
}

/// Counters, every so many seconds.
pub(crate) fn counters(
    api: &Api,
    caller: Caller,
    request: &v1::WatchCountersRequest,
) -> Result<Stream<v1::Counters>, Problem> {
    let seconds = match request.interval {
        0 => 1,
        seconds if seconds <= MAX_INTERVAL => seconds,
        _ => return Err(Problem::argument("interval: 1 to 60 seconds are wanted")),
    };
    let session = Session::begin(api, caller.clone(), "counters")?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let api = api.clone();
    tokio::spawn(async move {
        let _session = session;
        let mut ticks = tokio::time::interval(Duration::from_secs(u64::from(seconds)));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = sender.closed() => return,
            }
            if !api.access().is_known(&caller) {
                let _ = sender.try_send(Err(Problem::unauthenticated()));
                return;
            }
            let of_caller = caller.clone();
            let counters = api.run(move |api| api.counters(&of_caller)).await;
            let is_over = counters.is_err();
            // One who does not read gets fewer.
            let sent = sender.try_send(counters);
            if is_over || matches!(sent, Err(mpsc::error::TrySendError::Closed(_))) {
                return;
            }
        }
    });
    Ok(ReceiverStream::new(receiver))
}

/// What somebody is told of something that happened; nothing where it is others' business.
fn told(api: &Api, caller: &Caller, happening: &Happening) -> Option<Result<v1::Event, Problem>> {
    match api.view(caller) {
        Ok(Some(view)) if !tenant::sees(&view, &happening.what) => None,
        Ok(_) => Some(Ok(content::event(happening))),
        Err(problem) => Some(Err(problem)),
    }
}

/// What happens.
pub(crate) fn events(
    api: &Api,
    caller: Caller,
    request: &v1::WatchEventsRequest,
) -> Result<Stream<v1::Event>, Problem> {
    let session = Session::begin(api, caller.clone(), "events")?;
    let subscription = api.broker().subscribe((request.since > 0).then_some(request.since));
    let (sender, receiver) = mpsc::channel(WAITING);
    let api = api.clone();
    tokio::spawn(async move {
        let _session = session;
        for happening in subscription.missed {
            let Some(told) = told(&api, &caller, &happening) else { continue };
            let is_over = told.is_err();
            if sender.send(told).await.is_err() || is_over {
                return;
            }
        }
        let mut happenings = subscription.receiver;
        loop {
            let next = tokio::select! {
                next = happenings.recv() => Some(next),
                () = tokio::time::sleep(LOOK) => None,
                () = sender.closed() => return,
            };
            if !api.access().is_known(&caller) {
                let _ = sender.try_send(Err(Problem::unauthenticated()));
                return;
            }
            let told = match next {
                None => continue,
                Some(Ok(happening)) => match told(&api, &caller, &happening) {
                    Some(told) => told,
                    None => continue,
                },
                Some(Err(broadcast::error::RecvError::Closed)) => return,
                Some(Err(broadcast::error::RecvError::Lagged(missed))) => Err(Problem::too_many(format!(
                    "{missed} events were missed: read faster, and begin again with the last one that is known"
                ))),
            };
            let is_over = told.is_err();
            if sender.send(told).await.is_err() || is_over {
                return;
            }
        }
    });
    Ok(ReceiverStream::new(receiver))
}
