// Everything that P4Info can say of a v1model program.
#define V1MODEL_VERSION 20200408
#include <core.p4>
#include <v1model.p4>

@p4runtime_translation("example.org/port", string)
type bit<9> Port_t;

@p4runtime_translation("example.org/vrf", bit<32>)
@note("a translated type")
type bit<16> Vrf_t;

type bit<12> VlanId_t;

enum bit<8> Reason_t {
    UNKNOWN = 0,
    TTL = 7,
    POLICY = 0x2a
}

enum Color_t { GREEN, YELLOW, RED }

@controller_header("packet_in")
header packet_in_t {
    @id(5) Port_t ingress_port;
    Reason_t reason;
    @brief("not looked at")
    bit<7> unused;
}

@controller_header("packet_out")
header packet_out_t {
    Port_t egress_port;
    bit<7> unused;
}

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> type;
}

header vlan_t {
    bit<3> pcp;
    bit<1> dei;
    VlanId_t vid;
    bit<16> type;
}

struct headers_t {
    packet_in_t packet_in;
    packet_out_t packet_out;
    ethernet_t ethernet;
    vlan_t[2] vlan;
}

struct metadata_t {
    Vrf_t vrf;
    Port_t port;
    Color_t color;
    bool tagged;
    error parsed;
    int<8> weight;
    bit<14> hash;
}

struct learned_t {
    bit<48> src;
    Port_t port;
    VlanId_t vid;
    Color_t color;
    Reason_t reason;
    error parsed;
    bool tagged;
}

struct tunnel_t {
    @id(7) @match(ternary) bit<16> port;
    @brief("the protocol") bit<8> protocol;
}

parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    @id(3) value_set<bit<16>>(4) tpids;
    value_set<tunnel_t>(8) tunnels;

    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.type) {
            tpids: vlan;
            default: check;
        }
    }
    state vlan {
        packet.extract(hdr.vlan.next);
        transition accept;
    }
    state check {
        transition select(hdr.ethernet.type, hdr.ethernet.src[7:0]) {
            tunnels: accept;
            default: reject;
        }
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

@brief("An action that all controls know")
action nothing() {}

control Acl(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    direct_meter<bit<2>>(MeterType.bytes) rate;
    bit<2> shade;

    action mark() {
        rate.read(shade);
    }

    table rules {
        key = {
            hdr.ethernet.src: optional @name("source");
            std.ingress_port: range @brief("where it came in");
        }
        actions = { mark; nothing; }
        meters = rate;
        const default_action = mark();
        const entries = {
            (0x0000_0a0b_0c0d, 1..7): nothing();
            (_, _): mark();
        }
    }

    apply {
        rules.apply();
    }
}

control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    @max_group_size(16) @selector_size_semantics("sum_of_members") @max_member_weight(8)
    action_selector(HashAlgorithm.crc16, 128, 14) members;
    @id(0x12000007) counter(512, CounterType.packets_and_bytes) packets;
    @unit_of("bytes", 8) counter<VlanId_t>(4096, CounterType.bytes) per_vlan;
    meter<bit<32>>(16, MeterType.packets) rates;
    register<bit<32>, VlanId_t>(4096) seen;
    register<Reason_t, bit<1>>(1) last_reason;
    direct_counter(CounterType.packets) hits;
    Acl() acl;
    Acl() second_acl;
    bit<2> color;

    @brief("Sends it")
    @description("Sends the packet to a port,\nwith a \"quoted\" word.")
    action forward(@id(4) @brief("where to") Port_t port, bit<48> dst, @name("tag") VlanId_t vid) {
        meta.port = port;
        std.egress_spec = (bit<9>)port;
        hdr.ethernet.dst = dst;
        hdr.vlan[0].vid = vid;
    }

    @my_label[1, "two", true]
    @other[name = "x", count = -3, on = false]
    @empty[]
    @bare
    action learn(bool tagged, int<8> weight, Reason_t reason) {
        meta.tagged = tagged;
        meta.weight = weight;
        hdr.packet_in.reason = reason;
        digest<learned_t>(1, { hdr.ethernet.src, meta.port, hdr.vlan[0].vid, meta.color, reason, meta.parsed, tagged });
        digest(2, { hdr.ethernet.src, meta.port });
    }

    @hidden
    action secret() {
        mark_to_drop(std);
    }

    action called_only() {
        rates.execute_meter(3, color);
        packets.count((bit<32>)std.ingress_port);
        per_vlan.count(hdr.vlan[0].vid);
        seen.write(hdr.vlan[0].vid, 1);
        last_reason.write(0, hdr.packet_in.reason);
    }

    @id(9)
    @p4runtime_role("sdn_controller")
    @refers_to(MyIngress.routes, dst)
    table routes {
        key = {
            meta.vrf: exact @id(3);
            hdr.ethernet.dst: lpm @name("dst") @format(MAC_ADDRESS);
            meta.port: exact;
            hdr.vlan[0].vid: exact;
            hdr.ethernet.isValid(): exact;
            hdr.packet_in.reason: exact;
            meta.parsed: exact;
            hdr.ethernet.src: selector;
        }
        actions = {
            @proto_id(1) forward;
            @tableonly learn;
            secret;
            @defaultonly nothing;
        }
        default_action = nothing();
        implementation = members;
        counters = hits;
        size = 2048;
        support_timeout = true;
    }

    table initial {
        key = { hdr.ethernet.type: ternary; }
        actions = { forward; NoAction; }
        default_action = forward((Port_t)3, 0x1020_3040_5060, (VlanId_t)0xabc);
        entries = {
            0x800 &&& 0xff00: NoAction();
        }
    }

    table in_place {
        key = { hdr.ethernet.type: exact; }
        actions = { nothing; }
        @name("profile") implementation = action_profile(32);
    }

    table never_applied {
        actions = { nothing; }
    }

    @hidden
    table unseen {
        actions = { nothing; }
    }

    apply {
        called_only();
        if (routes.apply().hit) {
            initial.apply();
        }
        in_place.apply();
        unseen.apply();
        acl.apply(hdr, meta, std);
        second_acl.apply(hdr, meta, std);
    }
}

control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    action forward(bit<9> port) {
        std.egress_spec = port;
    }
    table routes {
        key = { std.egress_port: exact; }
        actions = { forward; }
    }
    apply {
        routes.apply();
    }
}

control Compute(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control Deparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr);
    }
}

@pkginfo[name="everything.p4", version="1.2", organization="Example", contact="someone@example.org", url="https://example.org"]
@brief("A program that has everything")
@extra("for the package")
V1Switch(Parse(), Verify(), MyIngress(), MyEgress(), Compute(), Deparse()) main;
