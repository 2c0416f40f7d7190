# SPDX-License-Identifier: Apache-2.0
"""The server, driven by the stubs of PyPI's `p4runtime`: arguments are address, device, P4Info and program."""

import os
import queue
import sys

import grpc
from google.protobuf import text_format
from google.rpc import status_pb2
from p4.config.v1 import p4info_pb2
from p4.v1 import p4runtime_pb2 as p4
from p4.v1 import p4runtime_pb2_grpc

ADDRESS, DEVICE, P4INFO, PROGRAM = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]

with open(P4INFO) as file:
    INFO = text_format.Parse(file.read(), p4info_pb2.P4Info())
with open(PROGRAM, "rb") as file:
    CONFIG = p4.ForwardingPipelineConfig(p4info=INFO, p4_device_config=file.read())
    CONFIG.cookie.cookie = 42


def named(objects, name):
    return next(one.preamble.id for one in objects if one.preamble.name.split(".")[-1] == name)


TABLE = named(INFO.tables, "exact_t")
FORWARD = named(INFO.actions, "forward")


class Controller:
    """A stream and the calls of one controller."""

    def __init__(self, election_id):
        self.stub = p4runtime_pb2_grpc.P4RuntimeStub(grpc.insecure_channel(ADDRESS))
        self.requests = queue.Queue()
        self.responses = self.stub.StreamChannel(iter(self.requests.get, None))
        self.election_id = election_id
        self.arbitrate(election_id)

    def arbitrate(self, election_id):
        self.election_id = election_id
        request = p4.StreamMessageRequest()
        request.arbitration.device_id = DEVICE
        request.arbitration.election_id.low = election_id
        self.requests.put(request)

    def hear(self, kind):
        message = next(self.responses)
        assert message.WhichOneof("update") == kind, message
        return getattr(message, kind)

    def status(self):
        return self.hear("arbitration").status.code

    def write(self, updates, atomicity=p4.WriteRequest.CONTINUE_ON_ERROR):
        request = p4.WriteRequest(device_id=DEVICE, updates=updates, atomicity=atomicity)
        request.election_id.low = self.election_id
        self.stub.Write(request)

    def read(self, *entities):
        request = p4.ReadRequest(device_id=DEVICE, entities=entities)
        return [entity for part in self.stub.Read(request) for entity in part.entities]

    def close(self):
        self.requests.put(None)


def refused(call, code):
    """The codes of a batch's updates, of a call that has to fail."""
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        found = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
        if not found:
            return []
        status = status_pb2.Status.FromString(found[0])
        codes = []
        for detail in status.details:
            one = p4.Error()
            assert detail.Unpack(one), detail
            codes.append(one.canonical_code)
        return codes
    raise AssertionError("it is taken")


def entry(key, port, mark):
    update = p4.Update(type=p4.Update.INSERT)
    table_entry = update.entity.table_entry
    table_entry.table_id = TABLE
    match = table_entry.match.add(field_id=1)
    match.exact.value = bytes([key])
    table_entry.action.action.action_id = FORWARD
    table_entry.action.action.params.add(param_id=1, value=bytes([port]))
    table_entry.action.action.params.add(param_id=2, value=bytes([mark]))
    return update


primary = Controller(10)
assert primary.status() == 0
assert primary.stub.Capabilities(p4.CapabilitiesRequest()).p4runtime_api_version == "1.5.0"

request = p4.SetForwardingPipelineConfigRequest(device_id=DEVICE, config=CONFIG)
request.action = p4.SetForwardingPipelineConfigRequest.VERIFY_AND_COMMIT
request.election_id.low = 9
refused(lambda: primary.stub.SetForwardingPipelineConfig(request), grpc.StatusCode.PERMISSION_DENIED)
request.election_id.low = 10
primary.stub.SetForwardingPipelineConfig(request)
told = primary.stub.GetForwardingPipelineConfig(p4.GetForwardingPipelineConfigRequest(device_id=DEVICE))
assert told.config == CONFIG

primary.write([entry(1, 2, 3), entry(2, 2, 3)])
wildcard = p4.Entity(table_entry=p4.TableEntry(table_id=TABLE))
assert primary.read(wildcard) == [entry(1, 2, 3).entity, entry(2, 2, 3).entity]
codes = refused(lambda: primary.write([entry(1, 2, 3), entry(3, 2, 3)]), grpc.StatusCode.UNKNOWN)
assert codes == [6, 0], codes
atomic = p4.WriteRequest.DATAPLANE_ATOMIC
codes = refused(lambda: primary.write([entry(4, 2, 3), entry(1, 2, 3)], atomic), grpc.StatusCode.UNKNOWN)
assert codes == [10, 6], codes
assert len(primary.read(wildcard)) == 3

# Another one takes over, and goes.
backup = Controller(11)
assert (backup.status(), primary.status()) == (0, 6)
refused(lambda: primary.write([entry(5, 2, 3)]), grpc.StatusCode.PERMISSION_DENIED)
backup.write([entry(5, 2, 3)])
backup.close()
assert primary.status() == 5
primary.arbitrate(11)
assert primary.status() == 0

# A packet that is wrong is told, the stream stays.
packet = p4.StreamMessageRequest()
packet.packet.payload = b"frame"
primary.requests.put(packet)
assert primary.hear("error").canonical_code == 3
primary.close()
print("content")
sys.stdout.flush()
# gRPC's own threads may hold a lock that the interpreter would wait for at its end.
os._exit(0)
