// SPDX-License-Identifier: Apache-2.0
// Makes copies: of a packet with a group one for each member, a copy a clock; of one without, one to its port. Packets wait in a queue; a
// packet that finds it full is dropped and counted. A group is one row {count, start}, so that it changes in one clock.
module sluice_replicator #(
    parameter int WIDTH     = 32,
    parameter int ADDRESS   = 16,
    parameter int GROUPS    = 256,
    parameter int MEMBERS   = 1024,
    parameter int DEPTH     = 64,
    parameter int BLOCK     = 254,
    parameter int CFG_WIDTH = 32
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 valid,
    input  wire [15:0]          group,
    input  wire [8:0]           port,
    input  wire [ADDRESS-1:0]   address,
    input  wire [WIDTH-1:0]     payload,
    output reg                  copy_valid,
    output wire [8:0]           copy_port,
    output wire [15:0]          copy_instance,
    output wire                 copy_replicated,
    output reg  [ADDRESS-1:0]   copy_address,
    output reg  [WIDTH-1:0]     copy_payload,
    // The oldest frame that waits here.
    output wire                 busy,
    output wire [ADDRESS-1:0]   oldest,
    output reg                  dropped_full,
    output reg                  dropped_group,
    input  wire                 cfg_write,
    input  wire [7:0]           cfg_block,
    input  wire [1:0]           cfg_kind,
    input  wire [15:0]          cfg_row,
    input  wire [CFG_WIDTH-1:0] cfg_data
);
    localparam int GROUP  = $clog2(GROUPS);
    localparam int MEMBER = $clog2(MEMBERS);
    localparam int QUEUE  = $clog2(DEPTH);
    if (GROUPS != 1 << GROUP || MEMBERS != 1 << MEMBER || DEPTH != 1 << QUEUE) begin : check_1
        $error("sluice_replicator: sizes are powers of two");
    end
    if (CFG_WIDTH < 32) begin : check_2
        $error("sluice_replicator: CFG_WIDTH is at least 32");
    end

    reg [31:0] groups [GROUPS];
    reg [24:0] members [MEMBERS];
    initial begin
        for (int i = 0; i < GROUPS; i++) groups[i] = '0;
        for (int i = 0; i < MEMBERS; i++) members[i] = '0;
    end
    wire here = cfg_write && cfg_block == BLOCK[7:0];
    always_ff @(posedge clk) begin
        if (here && cfg_kind == 2'd3) groups[cfg_row[GROUP-1:0]] <= cfg_data[31:0];
        if (here && cfg_kind == 2'd0) members[cfg_row[MEMBER-1:0]] <= cfg_data[24:0];
    end

    // The group is looked up before a packet waits.
    reg               valid_1, many_1, known_1;
    reg [31:0]        found;
    reg [8:0]         port_1;
    reg [ADDRESS-1:0] address_1;
    reg [WIDTH-1:0]   payload_1;
    always_ff @(posedge clk) begin
        valid_1   <= valid && !rst;
        many_1    <= group != '0;
        known_1   <= 32'(group) < GROUPS;
        found     <= groups[group[GROUP-1:0]];
        port_1    <= port;
        address_1 <= address;
        payload_1 <= payload;
    end
    wire [15:0] count_1 = !many_1 ? 16'd1 : known_1 ? found[31:16] : 16'd0;

    localparam int ENTRY = 1 + 9 + 16 + 16 + ADDRESS + WIDTH;
    reg [ENTRY-1:0] queue [DEPTH];
    reg [QUEUE:0]   head, tail;
    wire is_full = tail - head == (QUEUE+1)'(DEPTH);
    wire is_any  = tail != head;
    wire push    = valid_1 && count_1 != '0 && !is_full;
    wire             many_q;
    wire [8:0]       port_q;
    wire [15:0]      count_q, start_q;
    wire [ADDRESS-1:0] address_q;
    wire [WIDTH-1:0] payload_q;
    assign {many_q, port_q, count_q, start_q, address_q, payload_q} = queue[head[QUEUE-1:0]];
    reg [15:0] member;
    wire       is_last = member + 16'd1 == count_q;
    assign busy   = is_any || valid_1;
    assign oldest = is_any ? address_q : address_1;

    reg        many_2;
    reg [8:0]  port_2;
    reg [24:0] member_2;
    always_ff @(posedge clk) begin
        if (push) begin
            queue[tail[QUEUE-1:0]] <= {many_1, port_1, count_1, found[15:0], address_1, payload_1};
            tail <= tail + 1'b1;
        end
        dropped_full  <= valid_1 && count_1 != '0 && is_full;
        dropped_group <= valid_1 && count_1 == '0;
        copy_valid    <= is_any;
        copy_address  <= address_q;
        copy_payload  <= payload_q;
        many_2        <= many_q;
        port_2        <= port_q;
        member_2      <= members[MEMBER'(start_q + member)];
        if (is_any) begin
            member <= is_last ? 16'd0 : member + 16'd1;
            if (is_last) head <= head + 1'b1;
        end
        if (rst) begin
            head       <= '0;
            tail       <= '0;
            member     <= '0;
            copy_valid <= 1'b0;
        end
    end
    assign copy_replicated = many_2;
    assign copy_port       = many_2 ? member_2[8:0] : port_2;
    assign copy_instance   = many_2 ? member_2[24:9] : 16'd0;
    wire unused = &{1'b0, cfg_row, cfg_data, group};
endmodule
