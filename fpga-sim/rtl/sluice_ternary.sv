// SPDX-License-Identifier: Apache-2.0
// A ternary table: every row is compared at once, the lowest that matches wins.
module sluice_ternary #(
    parameter int KEY_WIDTH  = 16,
    parameter int DATA_WIDTH = 1,
    parameter int ENTRIES    = 16,
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
    localparam int INDEX = $clog2(ENTRIES);
    localparam int VALUE = 16 + 8 + DATA_WIDTH;
    localparam int ROW   = 1 + 2 * KEY_WIDTH + VALUE;
    if (ENTRIES < 2 || ENTRIES != 1 << INDEX) begin : check_1
        $error("sluice_ternary: ENTRIES is a power of two, at least 2");
    end
    if (ROW > CFG_WIDTH) begin : check_2
        $error("sluice_ternary: CFG_WIDTH is too small for a row");
    end

    reg [ENTRIES-1:0]   used;
    initial used = '0;
    reg [KEY_WIDTH-1:0] masks [ENTRIES];
    reg [KEY_WIDTH-1:0] keys [ENTRIES];
    reg [VALUE-1:0]     values [ENTRIES];
    reg [DATA_WIDTH+7:0] otherwise;
    initial otherwise = '0;
    wire here = cfg_write && cfg_block == BLOCK[7:0];
    always_ff @(posedge clk) begin
        if (here && cfg_kind == 2'd1) otherwise <= cfg_data[DATA_WIDTH+7:0];
        if (here && cfg_kind == 2'd0) begin
            used[cfg_row[INDEX-1:0]]   <= cfg_data[ROW-1];
            masks[cfg_row[INDEX-1:0]]  <= cfg_data[VALUE+KEY_WIDTH +: KEY_WIDTH];
            keys[cfg_row[INDEX-1:0]]   <= cfg_data[VALUE +: KEY_WIDTH];
            values[cfg_row[INDEX-1:0]] <= cfg_data[VALUE-1:0];
        end
    end

    reg [ENTRIES-1:0] same;
    always_ff @(posedge clk)
        for (int i = 0; i < ENTRIES; i++)
            same[i] <= used[i] && ((key ^ keys[i]) & masks[i]) == '0;

    logic [INDEX-1:0] first;
    always_comb begin
        first = '0;
        for (int i = ENTRIES - 1; i >= 0; i--) if (same[i]) first = INDEX'(i);
    end
    reg             any_2;
    reg [INDEX-1:0] first_2;
    always_ff @(posedge clk) begin
        any_2          <= |same;
        first_2        <= first;
        hit            <= any_2;
        {entry, action, data} <= any_2 ? values[first_2] : {16'(ENTRIES), otherwise};
    end
    wire unused = &{1'b0, cfg_row, cfg_data};
endmodule
