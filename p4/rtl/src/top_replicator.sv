        .copy_valid(c_valid), .copy_port(c_port), .copy_instance(c_instance), .copy_replicated(c_replicated), .copy_address(c_address),
        .copy_payload(c_payload), .busy(c_busy), .oldest(c_oldest), .dropped_full(c_dropped_full), .dropped_group(c_dropped_group),
        .cfg_write(cfg_write), .cfg_block(cfg_block), .cfg_kind(cfg_kind), .cfg_row(cfg_row), .cfg_data(cfg_data));

    // ---- Egress and deparser ----
