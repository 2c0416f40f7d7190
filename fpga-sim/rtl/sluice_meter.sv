// SPDX-License-Identifier: Apache-2.0
// Two-rate three-color meters (RFC 2698, color-blind), a packet a clock, at one cell too: 0 green, 1 yellow, 2 red. Buckets fill by the
// packets' own times and count billionths. Filling, comparing and taking is one clock's work, since the next packet may be the same
// cell's: this clock is longer than others.
module sluice_meter #(
    parameter int SIZE      = 16,
    parameter int PACKETS   = 0,
    parameter int BLOCK     = 0,
    parameter int CFG_WIDTH = 288,
    localparam int INDEX    = SIZE > 2 ? $clog2(SIZE) : 1
) (
    input  wire                 clk,
    input  wire                 valid,
    input  wire [INDEX-1:0]     index,
    input  wire [15:0]          bytes,
    input  wire [63:0]          now,
    output reg  [1:0]           color,
    // A cell's rates: {on, committed rate, committed burst, peak rate, peak burst}, 64 bits each. Buckets are full after it is written.
    input  wire                 cfg_write,
    input  wire [7:0]           cfg_block,
    input  wire [15:0]          cfg_row,
    input  wire [CFG_WIDTH-1:0] cfg_data
);
    if (SIZE < 1 || CFG_WIDTH < 257) begin : check_1
        $error("sluice_meter: CFG_WIDTH is at least 257");
    end
    localparam logic [31:0] SCALE = 32'd1000000000;
    reg [256:0] rates [1 << INDEX];
    // {filled, time, committed, peak}: what a write of rates empties is filled by the next packet.
    reg [256:0] cells [1 << INDEX];
    reg [1 << INDEX:0] fresh;
    initial begin
        fresh = '0;
        for (int i = 0; i < 1 << INDEX; i++) begin
            rates[i] = '0;
            cells[i] = '0;
        end
    end
    wire here = cfg_write && cfg_block == BLOCK[7:0];

    // One clock to the memories, one for the arithmetic.
    reg             valid_1;
    reg [INDEX-1:0] index_1;
    reg [15:0]      bytes_1;
    reg [63:0]      now_1;
    reg [256:0]     found, rate;
    reg             put_1;
    reg [INDEX-1:0] put_index_1;
    reg [256:0]     put_value_1;
    wire [256:0] cell_now = put_1 && put_index_1 == index_1 ? put_value_1 : found;
    wire         on                                          = rate[256];
    wire [63:0]  committed_rate                              = rate[255:192];
    wire [63:0]  committed_burst                             = rate[191:128];
    wire [63:0]  peak_rate                                   = rate[127:64];
    wire [63:0]  peak_burst                                  = rate[63:0];
    wire         is_filled = cell_now[256] && !fresh[{1'b0, index_1}];
    wire [63:0]  then_time = cell_now[255:192];
    wire [95:0]  most_committed = committed_burst * 96'(SCALE);
    wire [95:0]  most_peak      = peak_burst * 96'(SCALE);
    wire [63:0]  passed   = now_1 > then_time ? now_1 - then_time : 64'd0;
    wire [127:0] grown_committed = 128'(cell_now[191:96]) + 128'(passed) * 128'(committed_rate);
    wire [127:0] grown_peak      = 128'(cell_now[95:0]) + 128'(passed) * 128'(peak_rate);
    wire [95:0]  committed = !is_filled || grown_committed > 128'(most_committed) ? most_committed : grown_committed[95:0];
    wire [95:0]  peak      = !is_filled || grown_peak > 128'(most_peak) ? most_peak : grown_peak[95:0];
    wire [95:0]  needed    = (PACKETS != 0 ? 96'd1 : 96'(bytes_1)) * 96'(SCALE);
    wire         is_red    = peak < needed;
    wire         is_yellow = committed < needed;
    wire [63:0]  later     = is_filled && then_time > now_1 ? then_time : now_1;
    wire [256:0] after_packet = {1'b1, later, is_red || is_yellow ? committed : committed - needed, is_red ? peak : peak - needed};
    wire         put = valid_1 && on;
    always_ff @(posedge clk) begin
        valid_1     <= valid;
        index_1     <= index;
        bytes_1     <= bytes;
        now_1       <= now;
        found       <= cells[index];
        rate        <= rates[index];
        put_1       <= put;
        put_index_1 <= index_1;
        put_value_1 <= after_packet;
        color       <= !on ? 2'd0 : is_red ? 2'd2 : is_yellow ? 2'd1 : 2'd0;
        if (put) begin
            cells[index_1]         <= after_packet;
            fresh[{1'b0, index_1}] <= 1'b0;
        end
        if (here) begin
            rates[cfg_row[INDEX-1:0]]         <= cfg_data[256:0];
            fresh[{1'b0, cfg_row[INDEX-1:0]}] <= 1'b1;
        end
    end
    wire unused = &{1'b0, cfg_row, cfg_data};
endmodule
