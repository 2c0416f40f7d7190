//! Streams: counters again and again, events as they happen.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::access::Caller;
use crate::content;
use crate::operations::Api;
use crate::problem::Problem;
use crate::v1;

/// Messages that wait for a client; one that is slower gets fewer counters, or is told that it missed events.
const WAITING: usize = 64;

/// Longest time between two counters, seconds.
const MAX_INTERVAL: u32 = 60;

/// How often it is looked whether a client is still there, and may still look.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) type Stream<T> = ReceiverStream<Result<T, Problem>>;

fn permit(api: &Api) -> Result<OwnedSemaphorePermit, Problem> {
    let permit = api.streams().try_acquire_owned();
    permit.map_err(|_| Problem::too_many("too many streams are open: close some, or ask without a stream"))
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
    let permit = permit(api)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let api = api.clone();
    tokio::spawn(async move {
        let _permit = permit;
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

/// What happens.
pub(crate) fn events(
    api: &Api,
    caller: Caller,
    request: &v1::WatchEventsRequest,
) -> Result<Stream<v1::Event>, Problem> {
    let permit = permit(api)?;
    let subscription = api.broker().subscribe((request.since > 0).then_some(request.since));
    let (sender, receiver) = mpsc::channel(WAITING);
    let api = api.clone();
    tokio::spawn(async move {
        let _permit = permit;
        for happening in subscription.missed {
            if sender.send(Ok(content::event(&happening))).await.is_err() {
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
                Some(Ok(happening)) => Ok(content::event(&happening)),
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
