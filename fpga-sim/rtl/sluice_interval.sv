// SPDX-License-Identifier: Apache-2.0
// A table of disjoint ranges: the keys at which ranges begin stand in a binary tree, one memory a level, and a packet goes down one level
// in two clocks. The driver writes the bank that is not in use; a flip makes all of it valid at once. A packet stays in the bank that it
// began in.
module sluice_interval #(
    parameter int KEY_WIDTH  = 32,
    parameter int DATA_WIDTH = 1,
    parameter int INTERVALS  = 64,
    parameter int BLOCK      = 0,
    parameter int CFG_WIDTH  = 64
) (
    input  wire                  clk,
    input  wire [KEY_WIDTH-1:0]  key,
    output reg                   hit,
    output reg  [7:0]            action,
    output reg  [DATA_WIDTH-1:0] data,
    output reg  [15:0]           entry,
    input  wire                  cfg_write,
    input  wire [7:0]            cfg_block,
    input  wire [1:0]            cfg_kind,
    input  wire [15:0]           cfg_row,
    input  wire [CFG_WIDTH-1:0]  cfg_data
);
    localparam int LEVELS = $clog2(INTERVALS);
    localparam int VALUE  = DATA_WIDTH + 8;
    localparam int ROW    = 1 + 16 + VALUE;
    if (INTERVALS < 2 || INTERVALS != 1 << LEVELS) begin : check_1
        $error("sluice_interval: INTERVALS is a power of two, at least 2");
    end
    if (LEVELS > 15) begin : check_2
        $error("sluice_interval: INTERVALS is at most 32,768");
    end
    if (ROW > CFG_WIDTH || KEY_WIDTH + 1 > CFG_WIDTH) begin : check_3
        $error("sluice_interval: CFG_WIDTH is too small for a row");
    end

    wire here = cfg_write && cfg_block == BLOCK[7:0];
    reg             bank;
    initial bank = 1'b0;
    reg [VALUE-1:0] otherwise;
    initial otherwise = '0;
    always_ff @(posedge clk) begin
        if (here && cfg_kind == 2'd2) bank <= !bank;
        if (here && cfg_kind == 2'd1) otherwise <= cfg_data[VALUE-1:0];
    end

    // Between levels: the key, the bank, and the number of the range as far as it is known.
    wire [KEY_WIDTH-1:0] keys [LEVELS+1];
    wire                 banks [LEVELS+1];
    wire [LEVELS-1:0]    ranges [LEVELS+1];
    assign keys[0]   = key;
    assign banks[0]  = bank;
    assign ranges[0] = '0;
    for (genvar l = 0; l < LEVELS; l++) begin : level
        localparam int SHIFT = LEVELS - 1 - l;
        reg [KEY_WIDTH:0]   nodes [2 << l];
        reg [KEY_WIDTH:0]   node;
        reg [KEY_WIDTH-1:0] key_1, key_2;
        reg                 bank_1, bank_2;
        reg [LEVELS-1:0]    range_1, range_2;
        initial for (int i = 0; i < 2 << l; i++) nodes[i] = '0;
        // The range's number is odd once the levels below are taken away.
        wire is_mine = (cfg_row[LEVELS-1:0] & LEVELS'((2 << SHIFT) - 1)) == LEVELS'(1 << SHIFT);
        wire [LEVELS-1:0] number = cfg_row[LEVELS-1:0] >> (SHIFT + 1);
        wire unused_number = &{1'b0, number};
        wire [l:0] write_at = (l+1)'(number) | ((l+1)'(!bank) << l);
        wire [l:0] read_at  = (l+1)'(ranges[l]) | ((l+1)'(banks[l]) << l);
        always_ff @(posedge clk) begin
            if (here && cfg_kind == 2'd3 && is_mine) nodes[write_at] <= cfg_data[KEY_WIDTH:0];
            node    <= nodes[read_at];
            key_1   <= keys[l];
            bank_1  <= banks[l];
            range_1 <= ranges[l];
            key_2   <= key_1;
            bank_2  <= bank_1;
            range_2 <= LEVELS'({range_1, node[KEY_WIDTH] && key_1 >= node[KEY_WIDTH-1:0]});
        end
        assign keys[l+1]   = key_2;
        assign banks[l+1]  = bank_2;
        assign ranges[l+1] = range_2;
    end

    reg [ROW-1:0] rows [2 * INTERVALS];
    reg [ROW-1:0] found;
    initial for (int i = 0; i < 2 * INTERVALS; i++) rows[i] = '0;
    always_ff @(posedge clk) begin
        if (here && cfg_kind == 2'd0) rows[{!bank, cfg_row[LEVELS-1:0]}] <= cfg_data[ROW-1:0];
        found          <= rows[{banks[LEVELS], ranges[LEVELS]}];
        hit            <= found[ROW-1];
        {action, data} <= found[ROW-1] ? found[VALUE-1:0] : otherwise;
        entry          <= found[ROW-1] ? found[VALUE +: 16] : 16'(INTERVALS);
    end
    wire unused = &{1'b0, cfg_row, cfg_data, keys[LEVELS]};
endmodule
