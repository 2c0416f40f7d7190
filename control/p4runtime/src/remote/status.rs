//! What somebody else's device answers, as faults.

use prost::Message;
use sluice_entities::Code;
use sluice_target::{BatchFault, Fault};
use tonic::Status;

use crate::proto::google::rpc;
use crate::v1;

/// A code of gRPC; those that P4Runtime gives no meaning are [`Code::Internal`].
fn code(number: i32) -> Code {
    const KNOWN: [Code; 11] = [
        Code::InvalidArgument,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Unavailable,
        Code::Unauthenticated,
    ];
    // The device may still have done it: as after a broken connection.
    let number =
        if number == tonic::Code::DeadlineExceeded as i32 { Code::Unavailable.number() } else { number };
    KNOWN.into_iter().find(|known| known.number() == number).unwrap_or(Code::Internal)
}

/// One fault for a request as a whole.
pub(super) fn fault(status: &Status) -> Fault {
    let parts = parts(status);
    if let Some(first) = parts.iter().flatten().next() {
        return first.clone();
    }
    let text = if status.message().is_empty() { "the device gives no reason" } else { status.message() };
    Fault::new(code(status.code() as i32), text)
}

/// The errors of the parts of a request, in order (section 10.3); empty where the status has none.
fn parts(status: &Status) -> Vec<Option<Fault>> {
    let Ok(details) = rpc::Status::decode(status.details()) else { return Vec::new() };
    let part = |packed: &prost_types::Any| match v1::Error::decode(packed.value.as_slice()) {
        Ok(error) if error.canonical_code == 0 => None,
        Ok(error) => Some(Fault::new(code(error.canonical_code), error.message)),
        Err(_) => Some(Fault::new(Code::Internal, "the device's error cannot be read")),
    };
    details.details.iter().map(part).collect()
}

/// What is wrong with a batch of that many updates, the first of which has that index.
pub(super) fn batch(status: &Status, first: usize, updates: usize) -> BatchFault {
    let parts = parts(status);
    let errors: Vec<_> = parts
        .into_iter()
        .take(updates)
        .enumerate()
        .filter_map(|(index, part)| Some((first + index, part?)))
        .collect();
    if !errors.is_empty() {
        return BatchFault { errors };
    }
    let whole = fault(status);
    BatchFault { errors: (0..updates.max(1)).map(|index| (first + index, whole.clone())).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::{Refusal, batch_status};

    #[test]
    fn parts_are_read_as_they_were_sent() {
        let refusal = |code, text| Some(Refusal::new(code, text));
        let sent = [None, refusal(Code::NotFound, "no"), refusal(Code::ResourceExhausted, "full")];
        let errors = batch(&batch_status("write failure", &sent), 5, 3).errors;
        let expected =
            [(6, Fault::new(Code::NotFound, "no")), (7, Fault::new(Code::ResourceExhausted, "full"))];
        assert_eq!(errors, expected);
    }

    #[test]
    fn a_status_without_parts_is_of_all() {
        let status = Status::permission_denied("not primary");
        let expected = Fault::new(Code::PermissionDenied, "not primary");
        assert_eq!(batch(&status, 0, 2).errors, [(0, expected.clone()), (1, expected)]);
        assert_eq!(fault(&Status::deadline_exceeded("late")).code, Code::Unavailable);
        assert_eq!(fault(&Status::data_loss("")).code, Code::Internal);
    }
}
