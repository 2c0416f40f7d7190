// A program for the Portable Switch Architecture: every extern of it, with every form of their methods.
#include <core.p4>
#include <psa.p4>

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> type;
}

struct none_t {}

struct metadata_t {
    bit<8> class;
}

struct headers_t {
    ethernet_t ethernet;
}

parser IngressReader(packet_in buffer,
                     out headers_t hdr,
                     inout metadata_t meta,
                     in psa_ingress_parser_input_metadata_t istd,
                     in none_t resubmitted,
                     in none_t recirculated) {
    InternetChecksum() sum;
    state start {
        buffer.extract(hdr.ethernet);
        sum.clear();
        sum.add(hdr.ethernet);
        sum.subtract({ hdr.ethernet.dst });
        transition select(istd.packet_path) {
            PSA_PacketPath_t.RESUBMIT: accept;
            PSA_PacketPath_t.NORMAL: first;
        }
    }
    state first {
        verify(sum.get() != 0, error.NoMatch);
        transition accept;
    }
}

parser EgressReader(packet_in buffer,
                    out headers_t hdr,
                    inout metadata_t meta,
                    in psa_egress_parser_input_metadata_t istd,
                    in none_t normal,
                    in none_t cloned,
                    in none_t cloned_again) {
    state start {
        buffer.extract(hdr.ethernet);
        transition accept;
    }
}

control Forward(inout headers_t hdr,
                inout metadata_t meta,
                in psa_ingress_input_metadata_t istd,
                inout psa_ingress_output_metadata_t ostd) {
    Counter<bit<48>, PortId_t>(512, PSA_CounterType_t.BYTES) bytes_in;
    DirectCounter<bit<64>>(PSA_CounterType_t.PACKETS_AND_BYTES) hits;
    Register<bit<32>, PortId_t>(128) seen;
    Register<bit<32>, PortId_t>(128, 7) started;
    Hash<bit<16>>(PSA_HashAlgorithm_t.CRC16) hash;
    Meter<PortId_t>(100, PSA_MeterType_t.BYTES) rate;
    Random<bit<16>>(0, 127) dice;
    Digest<metadata_t>() learn;
    ActionSelector(PSA_HashAlgorithm_t.CRC32, 1024, 16) members;

    action next_hop(PortId_t port) {
        hits.count();
        send_to_port(ostd, port);
    }
    action drop() {
        hits.count();
        ingress_drop(ostd);
    }
    table route {
        key = {
            hdr.ethernet.dst: lpm;
            hdr.ethernet.src: selector;
        }
        actions = { next_hop; drop; }
        default_action = drop;
        psa_direct_counter = hits;
        psa_implementation = members;
        psa_idle_timeout = PSA_IdleTimeout_t.NOTIFY_CONTROL;
    }

    apply {
        bytes_in.count(istd.ingress_port);
        route.apply();
        bit<32> number = seen.read(istd.ingress_port) + started.read((PortId_t) 3);
        seen.write(istd.ingress_port, number + 1);
        bit<16> value = hash.get_hash(hdr.ethernet);
        value = hash.get_hash(16w0, { hdr.ethernet.dst, value }, 16w100);
        if (rate.execute(istd.ingress_port) == PSA_MeterColor_t.RED || istd.parser_error != error.NoError) {
            value = dice.read();
        }
        learn.pack(meta);
        learn.pack({ value[7:0] });
    }
}

control Send(inout headers_t hdr,
             inout metadata_t meta,
             in psa_egress_input_metadata_t istd,
             inout psa_egress_output_metadata_t ostd) {
    apply {
        if (istd.instance == (EgressInstance_t) 0) {
            egress_drop(ostd);
        }
    }
}

control Write(packet_out buffer, inout headers_t hdr) {
    apply {
        buffer.emit(hdr);
    }
}

control IngressWriter(packet_out buffer,
                      out none_t cloned,
                      out none_t resubmitted,
                      out none_t normal,
                      inout headers_t hdr,
                      in metadata_t meta,
                      in psa_ingress_output_metadata_t istd) {
    Write() write;
    apply {
        if (psa_resubmit(istd)) {
            resubmitted = {};
        }
        write.apply(buffer, hdr);
    }
}

control EgressWriter(packet_out buffer,
                     out none_t cloned,
                     out none_t recirculated,
                     inout headers_t hdr,
                     in metadata_t meta,
                     in psa_egress_output_metadata_t istd,
                     in psa_egress_deparser_input_metadata_t edstd) {
    Write() write;
    apply {
        write.apply(buffer, hdr);
    }
}

IngressPipeline(IngressReader(), Forward(), IngressWriter()) ip;
EgressPipeline(EgressReader(), Send(), EgressWriter()) ep;
PSA_Switch(ip, PacketReplicationEngine(), ep, BufferingQueueingEngine()) main;
