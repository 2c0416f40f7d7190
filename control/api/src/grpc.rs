//! gRPC: `sluice.v1`.

use std::pin::Pin;

use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::access::Caller;
use crate::operations::Api;
use crate::problem::Problem;
use crate::v1::broker_server::{Broker, BrokerServer};
use crate::{v1, watch};

/// Largest message that is taken, bytes: a policy, and a little.
const MAX_MESSAGE_BYTES: usize = sluice_daemon::MAX_POLICY_BYTES + (64 << 10);

/// Where the service is.
pub(crate) const PATH: &str = "/sluice.v1.Broker/{method}";

impl Api {
    pub(crate) fn grpc(&self) -> BrokerServer<Self> {
        BrokerServer::new(self.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        problem.status()
    }
}

/// Takes a request apart: the caller was put there by whoever checked the token.
fn open<T>(request: Request<T>) -> Result<(Caller, T), Status> {
    let caller = request.extensions().get::<Caller>().cloned().ok_or_else(Problem::unauthenticated)?;
    Ok((caller, request.into_inner()))
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Calls with one answer: name, request, answer, and the operation on (api, caller, request).
macro_rules! service {
    ($($name:ident($request:ident) -> $answer:ident = $operation:expr;)*) => {
        #[tonic::async_trait]
        impl Broker for Api {
            $(async fn $name(&self, request: Request<v1::$request>) -> Result<Response<v1::$answer>, Status> {
                let (caller, request) = open(request)?;
                let operation: fn(&Api, &Caller, &v1::$request) -> Result<v1::$answer, Problem> = $operation;
                Ok(Response::new(self.run(move |api| operation(api, &caller, &request)).await?))
            })*

            type WatchCountersStream = Answers<v1::Counters>;

            async fn watch_counters(
                &self,
                request: Request<v1::WatchCountersRequest>,
            ) -> Result<Response<Self::WatchCountersStream>, Status> {
                let (caller, request) = open(request)?;
                let stream = watch::counters(self, caller, &request)?;
                Ok(Response::new(Box::pin(stream.map(|one| one.map_err(Status::from)))))
            }

            type WatchEventsStream = Answers<v1::Event>;

            async fn watch_events(
                &self,
                request: Request<v1::WatchEventsRequest>,
            ) -> Result<Response<Self::WatchEventsStream>, Status> {
                let (caller, request) = open(request)?;
                let stream = watch::events(self, caller, &request)?;
                Ok(Response::new(Box::pin(stream.map(|one| one.map_err(Status::from)))))
            }
        }
    };
}

service! {
    get_status(GetStatusRequest) -> Status = |api, caller, _| api.status(caller);
    get_policy(GetPolicyRequest) -> Policy = |api, caller, _| api.policy(caller);
    plan(PlanRequest) -> Plan = Api::plan;
    apply(ApplyRequest) -> Applied = Api::apply;
    rollback(RollbackRequest) -> Applied = Api::rollback;
    list_versions(ListVersionsRequest) -> Versions = Api::versions;
    get_version(GetVersionRequest) -> VersionDetail = Api::version;
    explain(ExplainRequest) -> Explanation = Api::explain;
    list_filters(ListFiltersRequest) -> Filters = |api, caller, _| api.filters(caller);
    list_groups(ListGroupsRequest) -> Groups = |api, caller, _| api.groups(caller);
    list_ports(ListPortsRequest) -> Ports = |api, caller, _| api.ports(caller);
    clear_port(ClearPortRequest) -> Port = Api::clear_port;
    list_alerts(ListAlertsRequest) -> Alerts = |api, caller, _| api.alerts(caller);
    attach_port(AttachPortRequest) -> Port = Api::attach_port;
    detach_port(DetachPortRequest) -> Port = Api::detach_port;
    get_counters(GetCountersRequest) -> Counters = |api, caller, _| api.counters(caller);
    list_audit(ListAuditRequest) -> Audits = Api::audits;
    list_users(ListUsersRequest) -> Users = |api, caller, _| api.users(caller);
    add_user(AddUserRequest) -> NewUser = Api::add_user;
    remove_user(RemoveUserRequest) -> RemovedUser = Api::remove_user;
}
