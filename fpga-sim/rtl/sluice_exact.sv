// SPDX-License-Identifier: Apache-2.0
// An exact-match table: four ways, each hashed by its own polynomial, so that a key is in one of four rows. The driver places entries;
// an entry that has to make room is written to its new row before its old one is overwritten, so that no packet misses it.
module sluice_exact #(
    parameter int KEY_WIDTH  = 16,
    parameter int DATA_WIDTH = 1,
    parameter int DEPTH      = 256,
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
    localparam int WAYS  = 4;
    localparam int INDEX = $clog2(DEPTH);
    localparam int VALUE = 16 + 8 + DATA_WIDTH;
    localparam int ROW   = 1 + KEY_WIDTH + VALUE;
    if (DEPTH != 1 << INDEX || DEPTH < 2) begin : check_1
        $error("sluice_exact: DEPTH is a power of two, at least 2");
    end
    if (INDEX > 14) begin : check_2
        $error("sluice_exact: DEPTH is at most 16,384");
    end
    if (ROW > CFG_WIDTH) begin : check_3
        $error("sluice_exact: CFG_WIDTH is too small for a row");
    end

    function automatic logic [INDEX-1:0] hash(input logic [KEY_WIDTH-1:0] value, input logic [31:0] polynomial);
        logic [31:0] sum;
        sum = '0;
        for (int i = KEY_WIDTH - 1; i >= 0; i--)
            sum = {sum[30:0], 1'b0} ^ ((sum[31] ^ value[i]) ? polynomial : 32'd0);
        return sum[INDEX-1:0];
    endfunction
    localparam logic [31:0] POLYNOMIALS [WAYS] = '{32'h04C11DB7, 32'h1EDC6F41, 32'h741B8CD7, 32'h814141AB};

    reg [DATA_WIDTH+7:0] otherwise;
    initial otherwise = '0;
    wire here = cfg_write && cfg_block == BLOCK[7:0];
    always_ff @(posedge clk) if (here && cfg_kind == 2'd1) otherwise <= cfg_data[DATA_WIDTH+7:0];

    reg [KEY_WIDTH-1:0] key_1, key_2;
    always_ff @(posedge clk) begin
        key_1 <= key;
        key_2 <= key_1;
    end

    wire [WAYS-1:0]       same;
    wire [VALUE-1:0]      values [WAYS];
    for (genvar w = 0; w < WAYS; w++) begin : way
        reg [ROW-1:0]   rows [DEPTH];
        reg [ROW-1:0]   found;
        reg [INDEX-1:0] index_1;
        initial for (int i = 0; i < DEPTH; i++) rows[i] = '0;
        always_ff @(posedge clk) begin
            if (here && cfg_kind == 2'd0 && cfg_row[INDEX+1:INDEX] == 2'(w)) rows[cfg_row[INDEX-1:0]] <= cfg_data[ROW-1:0];
            index_1 <= hash(key, POLYNOMIALS[w]);
            found   <= rows[index_1];
        end
        assign same[w] = found[ROW-1] && found[ROW-2 -: KEY_WIDTH] == key_2;
        assign values[w]  = found[VALUE-1:0];
    end

    logic [VALUE-1:0] value;
    always_comb begin
        value = {16'(WAYS * DEPTH), otherwise};
        for (int w = 0; w < WAYS; w++) if (same[w]) value = values[w];
    end
    always_ff @(posedge clk) begin
        hit                   <= |same;
        {entry, action, data} <= value;
    end
    wire unused = &{1'b0, cfg_row, cfg_data};
endmodule
