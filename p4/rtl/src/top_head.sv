module sluice_top (
    input  wire         clk,
    input  wire         rst,
    // Frames in, without a pause: there is no ready. Port, bad mark and time are those of the beat: time is taken from the first one, the
    // mark from the last one.
    input  wire [511:0] s_tdata,
    input  wire [63:0]  s_tkeep,
    input  wire         s_tvalid,
    input  wire         s_tlast,
    input  wire [8:0]   s_port,
    input  wire         s_bad,
    input  wire [63:0]  s_time,
    // Frames out, a stream a queue.
    output wire [511:0] m_tdata [@QUEUES@],
    output wire [63:0]  m_tkeep [@QUEUES@],
    output wire         m_tvalid [@QUEUES@],
    output wire         m_tlast [@QUEUES@],
    output wire [8:0]   m_port [@QUEUES@],
    output wire [15:0]  m_instance [@QUEUES@],
    input  wire         m_tready [@QUEUES@],
    // AXI-Lite.
    input  wire [15:0]  awaddr,
    input  wire         awvalid,
    output wire         awready,
    input  wire [31:0]  wdata,
    input  wire         wvalid,
    output wire         wready,
    output wire [1:0]   bresp,
    output wire         bvalid,
    input  wire         bready,
    input  wire [15:0]  araddr,
    input  wire         arvalid,
    output wire         arready,
    output wire [31:0]  rdata,
    output wire [1:0]   rresp,
    output wire         rvalid,
    input  wire         rready
);
    localparam int QUEUES  = @QUEUES@;
    localparam int ADDRESS = @ADDRESS@;
    localparam int STORE   = @STORE@;
    // Beats that may come in while a frame is on its way between places that know how old it is.
    localparam int RESERVE = @RESERVE@;
    if (STORE < 4 * RESERVE) begin : check_1
        $error("sluice_top: the frame store is too small for pipelines of this length");
    end
    if (QUEUES != 1 << $clog2(QUEUES)) begin : check_2
        $error("sluice_top: QUEUES is a power of two");
    end

    wire                cfg_write, cfg_read;
    wire [7:0]          cfg_block;
    wire [1:0]          cfg_kind;
    wire [15:0]         cfg_row;
    wire [@ROW@-1:0]    cfg_data;
    wire [127:0]        ingress_result, egress_result, events_result;
    sluice_registers #(.WORDS(@WORDS@)) driver (
        .clk(clk), .rst(rst), .awaddr(awaddr), .awvalid(awvalid), .awready(awready), .wdata(wdata), .wvalid(wvalid), .wready(wready),
        .bresp(bresp), .bvalid(bvalid), .bready(bready), .araddr(araddr), .arvalid(arvalid), .arready(arready), .rdata(rdata),
        .rresp(rresp), .rvalid(rvalid), .rready(rready), .cfg_write(cfg_write), .cfg_read(cfg_read), .cfg_block(cfg_block),
        .cfg_kind(cfg_kind), .cfg_row(cfg_row), .cfg_data(cfg_data), .cfg_result(ingress_result | egress_result | events_result));

    // ---- Frames in ----
    wire                w_valid, w_bad, store_write, w_dropped;
    wire [@TOP@:0]      w_window;
    wire [15:0]         w_length;
    wire [8:0]          w_port;
    wire [63:0]         w_time;
    wire [ADDRESS-1:0]  w_address, store_address, next;
    wire [511:0]        store_data;
    reg                 store_full;
    sluice_window #(.BYTES(@WINDOW@), .ADDRESS(ADDRESS)) frames_in (
        .clk(clk), .rst(rst), .tdata(s_tdata), .tkeep(s_tkeep), .tvalid(s_tvalid), .tlast(s_tlast), .tport(s_port), .tbad(s_bad),
        .ttime(s_time), .full(store_full), .valid(w_valid), .window(w_window), .length(w_length), .port(w_port), .arrival(w_time),
        .bad(w_bad), .address(w_address), .store_write(store_write), .store_address(store_address), .store_data(store_data),
        .next(next), .dropped(w_dropped));

    // ---- Parser and ingress ----
    wire                i_valid, i_keep, i_bad;
    wire [15:0]         i_group, i_skip, i_length;
    wire [8:0]          i_port, i_from;
    wire [63:0]         i_time;
    wire [ADDRESS-1:0]  i_address;
    localparam int EVENTS_BLOCK = @EVENTS@;

    // What replication hands on: a copy.
    wire                c_valid, c_replicated, c_busy, c_dropped_full, c_dropped_group, c_bad;
    wire [8:0]          c_port, c_from;
    wire [15:0]         c_instance, c_length, c_skip;
    wire [63:0]         c_time;
    wire [ADDRESS-1:0]  c_address, c_oldest;

    // What egress hands on: a copy with what is made of its frame.
    wire                     g_valid, g_send;
    wire [8:0]               g_port;
    wire [15:0]              g_instance, g_skip, g_head_length, g_end, g_trailer_length;
    wire [ADDRESS-1:0]       g_address;
    wire [@HEAD@*8-1:0]      g_head;
    wire [@TRAILERS@*8-1:0]  g_trailer;
    wire [@EDITS@*16-1:0]    g_edit_offset, g_edit_length;
    wire [@EDITS@*8-1:0]     g_edit_value;

