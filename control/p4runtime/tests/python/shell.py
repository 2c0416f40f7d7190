# SPDX-License-Identifier: Apache-2.0
"""The server, driven by PyPI's `p4runtime-shell`: arguments are address, device, P4Info and program."""

import os
import sys

import p4runtime_sh.shell as sh
from p4runtime_sh.p4runtime import P4RuntimeWriteException

ADDRESS, DEVICE, P4INFO, PROGRAM = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]

sh.setup(
    device_id=DEVICE,
    grpc_addr=ADDRESS,
    election_id=(0, 1),
    config=sh.FwdPipeConfig(P4INFO, PROGRAM),
)

# Entries of every kind of key.
entry = sh.TableEntry("ingress.exact_t")(action="ingress.forward")
entry.match["hdr.frame.key"] = "1"
entry.action["port"] = "2"
entry.action["mark"] = "3"
entry.insert()
try:
    entry.insert()
    raise AssertionError("it is there")
except P4RuntimeWriteException as error:
    assert "ALREADY_EXISTS" in str(error), error
entry.action["mark"] = "4"
entry.modify()
read = list(sh.TableEntry("ingress.exact_t").read())
assert len(read) == 1 and read[0].action["mark"] == entry.action["mark"], read

entry = sh.TableEntry("ingress.ternary_t")(action="ingress.paced_out")
entry.match["hdr.frame.value"] = "0x1200&&&0xff00"
entry.match["hdr.frame.key"] = "9"
entry.priority = 7
entry.action["port"] = "2"
entry.insert()
entry = sh.TableEntry("ingress.lpm_t")(action="ingress.to_port")
entry.match["hdr.frame.word"] = "10.0.0.0/8"
entry.action["port"] = "2"
entry.insert()
entry = sh.TableEntry("ingress.range_t")(action="ingress.to_port")
entry.match["hdr.frame.value"] = "5..9"
entry.priority = 1
entry.action["port"] = "2"
entry.insert()
for table in ("ternary_t", "lpm_t", "range_t"):
    assert len(list(sh.TableEntry("ingress." + table).read())) == 1, table

# Members, groups, and entries that refer to them.
for number, port in ((1, "2"), (2, "3")):
    member = sh.ActionProfileMember("ingress.selector")(member_id=number, action="ingress.to_port")
    member.action["port"] = port
    member.insert()
group = sh.ActionProfileGroup("ingress.selector")(group_id=1)
group.add(1, 1)
group.add(2, 2)
group.max_size = 4
group.insert()
entry = sh.TableEntry("ingress.selector_t")(group_id=1)
entry.match["hdr.frame.key"] = "1"
entry.insert()
assert [one.group_id for one in sh.ActionProfileGroup("ingress.selector").read()] == [1]

# Counters, meters, copies, digests.
counter = sh.CounterEntry("ingress.seen")(index=3)
counter.packet_count = 7
counter.byte_count = 70
counter.modify()
assert [one.packet_count for one in sh.CounterEntry("ingress.seen").read()][3] == 7
meter = sh.MeterEntry("ingress.rates")(index=2, cir=1, cburst=2, pir=3, pburst=4)
meter.modify()
multicast = sh.MulticastGroupEntry(1)
multicast.add(2, 1).add(3, 1)
multicast.insert()
assert [len(one.replicas) for one in sh.MulticastGroupEntry().read()] == [2]
session = sh.CloneSessionEntry(5)
session.add(3, 1)
session.insert()
digest = sh.DigestEntry("note_t")
digest.max_list_size = 2
digest.insert()

# A packet out by port 3.
packet = sh.PacketOut()
packet.payload = b"of the shell"
packet.metadata["egress_port"] = "3"
packet.metadata["spare"] = "0"
packet.send()

sh.teardown()
print("content")
sys.stdout.flush()
# gRPC's own threads may hold a lock that the interpreter would wait for at its end.
os._exit(0)
