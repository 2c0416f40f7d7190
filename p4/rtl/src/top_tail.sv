    // ---- A queue and an editor a port ----
    localparam int QUEUE_BITS = QUEUES > 1 ? $clog2(QUEUES) : 1;
    localparam int COPY = 9 + 16 * 5 + @HEAD@ * 8 + @TRAILERS@ * 8 + @EDITS@ * 40;
    wire [COPY-1:0] g_copy = {g_port, g_instance, g_skip, g_head_length, g_end, g_trailer_length, g_head, g_trailer, g_edit_offset,
                              g_edit_length, g_edit_value};
    wire [QUEUES-1:0] q_dropped, q_old, q_empty, q_busy;
    wire [ADDRESS-1:0] q_oldest [QUEUES];
    for (genvar q = 0; q < QUEUES; q++) begin : port
        wire                    valid, pop, started;
        wire [COPY-1:0]         copy;
        wire [ADDRESS-1:0]      address;
        wire [8:0]              number;
        wire [15:0]             instance_id, skip, head_length, last, trailer_length, most;
        wire [@HEAD@*8-1:0]     head;
        wire [@TRAILERS@*8-1:0] trailer;
        wire [@EDITS@*16-1:0]   edit_offset, edit_length;
        wire [@EDITS@*8-1:0]    edit_value;
        assign {number, instance_id, skip, head_length, last, trailer_length, head, trailer, edit_offset, edit_length, edit_value} = copy;
        wire is_mine = QUEUES == 1 || g_port[QUEUE_BITS-1:0] == QUEUE_BITS'(q);
        sluice_queue #(.WIDTH(COPY), .ADDRESS(ADDRESS), .DEPTH(@WAITING@), .MOST(STORE / 2)) queue (
            .clk(clk), .rst(rst), .push(g_valid && g_send && is_mine), .push_address(g_address), .push_data(g_copy), .pop(pop),
            .started(started), .valid(valid), .data(copy), .address(address), .next(next), .dropped(q_dropped[q]),
            .dropped_old(q_old[q]), .most_waiting(most));
        sluice_editor #(.ADDRESS(ADDRESS), .BEATS(STORE), .HEAD(@HEAD@), .TRAILER(@TRAILER@), .OVERWRITES(@OVERWRITES@)) editor (
            .clk(clk), .rst(rst), .store_write(store_write), .store_address(store_address), .store_data(store_data), .valid(valid),
            .pop(pop), .started(started), .address(address), .port(number), .instance_id(instance_id), .skip(skip), .head(head),
            .head_length(head_length), .last(last), .trailer(trailer), .trailer_length(trailer_length), .edit_offset(edit_offset),
            .edit_length(edit_length), .edit_value(edit_value), .tdata(m_tdata[q]), .tkeep(m_tkeep[q]), .tvalid(m_tvalid[q]),
            .tlast(m_tlast[q]), .tport(m_port[q]), .tinstance(m_instance[q]), .tready(m_tready[q]), .dropped_empty(q_empty[q]));
        assign q_busy[q]   = valid;
        assign q_oldest[q] = address;
    end

    // The frame store is full when the oldest frame that somebody wants would be overwritten before a new one has ended.
    logic               is_full;
    logic [ADDRESS-1:0] age;
    always_comb begin
        age     = next - c_oldest;
        is_full = c_busy && age > ADDRESS'(STORE - RESERVE);
        for (int q = 0; q < QUEUES; q++) begin
            age = next - q_oldest[q];
            if (q_busy[q] && age > ADDRESS'(STORE - RESERVE)) is_full = 1'b1;
        end
    end
    always_ff @(posedge clk) store_full <= is_full && !rst;

    // ---- Counts: no packet and no copy is lost without one ----
    wire [7:0] happened = {w_valid, w_dropped, i_valid && !i_keep, c_dropped_group, c_dropped_full, g_valid && !g_send, |q_dropped || |q_old,
                           |q_empty};
    sluice_events #(.EVENTS(8), .BLOCK(EVENTS_BLOCK)) events (
        .clk(clk), .rst(rst), .happened(happened), .cfg_read(cfg_read), .cfg_block(cfg_block), .cfg_row(cfg_row),
        .cfg_result(events_result));
endmodule
