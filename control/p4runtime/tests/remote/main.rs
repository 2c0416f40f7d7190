//! The tests of `tests/suite/` again, with a second server as the data path: server, remote adapter, server, soft switch. And what every data path has to pass,
//! on the remote adapter.

#[path = "../suite/arbitration.rs"]
mod arbitration;
#[path = "../suite/bench.rs"]
mod bench;
mod conform;
mod device;
#[path = "../suite/entities.rs"]
mod entities;
mod links;
#[path = "../suite/pipeline.rs"]
mod pipeline;
#[path = "../suite/stream.rs"]
mod stream;
