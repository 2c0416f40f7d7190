#define OWN_INGRESS
#include "parts/before.p4"
#include <sluice.p4>
// Every extern function, v1model's and sluice.p4's.
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    register<bit<16>>(8) r;
    meter(4, MeterType.packets) m;
    @name(".outside") counter(4, CounterType.bytes) c;
    apply {
        bit<64> time = ingress_time_ns();
        bit<32> length = wire_length();
        if (frame_is_bad()) { mark_to_drop(); }
        meta.z = (bit<16>) digest64(7, { hdr.h.a, hdr.g })[15:0];
        overwrite(14, 4, 0);
        trim(length);
        fix_checksums(14);
        append_trailer({ time, hdr.h.c });
        hash(meta.z, HashAlgorithm.crc16, 16w0, { hdr.h.a, meta.x }, 16w100);
        hash(meta.z, HashAlgorithm.csum16, 0, hdr.h, 32w0x10000);
        random(meta.x, 0, 10);
        digest<metadata>(1, meta);
        clone(CloneType.I2E, 5);
        clone_preserving_field_list(CloneType.I2E, 5, 1);
        resubmit_preserving_field_list(2);
        truncate(64);
        assert(meta.x < 11);
        assume(meta.x != 3);
        log_msg("plain");
        log_msg("x = {}, z = {}", { meta.x, meta.z });
        r.read(meta.z, 3);
        r.write((bit<32>) meta.x, meta.z + 1);
        m.execute_meter(1, meta.y);
        c.count(2);
        static_assert(true, "holds");
    }
}
#include "parts/after.p4"
