//! Write (section 12).

use sluice_entities::{Atomicity, Code, Update};
use tonic::Status;

use super::Inner;
use crate::convert::{self, Noted};
use crate::refusal::{Refusal, batch_status};
use crate::v1;

/// Writes a batch. Its status says what is wrong with the request as a whole, or has one error for each update.
pub(super) fn write(inner: &Inner, request: &v1::WriteRequest) -> Result<(), Status> {
    let mut pipelines = inner.changing();
    inner.may_change(request.device_id, &request.role, request.election_id.as_ref())?;
    let names = pipelines.names()?;
    let atomicity = match v1::write_request::Atomicity::try_from(request.atomicity) {
        Ok(v1::write_request::Atomicity::ContinueOnError) => Atomicity::ContinueOnError,
        Ok(v1::write_request::Atomicity::RollbackOnError) => Atomicity::RollbackOnError,
        Ok(v1::write_request::Atomicity::DataplaneAtomic) => Atomicity::DataplaneAtomic,
        Err(_) => return Err(Refusal::invalid("atomicity: there is no such way").into()),
    };
    let target = pipelines.target(inner);
    if !target.capabilities().atomicities.contains(&atomicity) {
        let text = format!("atomicity: the {} cannot do this", target.capabilities().name);
        return Err(Refusal::new(Code::Unimplemented, text).into());
    }
    let count = request.updates.len();
    if let Some(owned) = inner.is_owned().filter(|_| count > 0) {
        return Err(batch_status("write failure", &vec![Some(owned); count]));
    }
    if !pipelines.has_room(count) {
        let text = "too many updates since the program was saved: COMMIT it first";
        return Err(Refusal::new(Code::ResourceExhausted, text).into());
    }
    let converted: Vec<_> = request.updates.iter().map(|update| convert::update(&names, update)).collect();
    let mut faults: Vec<Option<Refusal>> = vec![None; count];
    if atomicity != Atomicity::ContinueOnError && converted.iter().any(Result::is_err) {
        return Err(batch_status("write failure", &unread(converted, atomicity)));
    }
    let mut updates: Vec<Update> = Vec::with_capacity(count);
    let mut places: Vec<(usize, Noted)> = Vec::with_capacity(count);
    for (place, converted) in converted.into_iter().enumerate() {
        match converted {
            Ok((update, noted)) => {
                updates.push(update);
                places.push((place, noted));
            }
            Err(refusal) => faults[place] = Some(refusal),
        }
    }
    if let Err(fault) = target.write(&updates, atomicity) {
        let of_each = fault.of_each(updates.len(), atomicity);
        for ((place, _), fault) in places.iter().zip(of_each) {
            faults[*place] = fault.map(Refusal::from);
        }
    }
    for (place, noted) in places {
        if faults[place].is_none() {
            pipelines.forms.adopt(noted);
        }
    }
    pipelines.keep(updates, atomicity);
    if faults.iter().all(Option::is_none) { Ok(()) } else { Err(batch_status("write failure", &faults)) }
}

/// Errors of a batch of which nothing is done, since messages in it are wrong: all of them, or the first.
fn unread(converted: Vec<Result<(Update, Noted), Refusal>>, atomicity: Atomicity) -> Vec<Option<Refusal>> {
    let mut is_first = true;
    let aborted = || Refusal::new(Code::Aborted, "not done, since another update of the batch is wrong");
    let one = |converted: Result<_, Refusal>| match converted {
        Err(refusal) if is_first || atomicity == Atomicity::DataplaneAtomic => {
            is_first = false;
            Some(refusal)
        }
        _ => Some(aborted()),
    };
    converted.into_iter().map(one).collect()
}
