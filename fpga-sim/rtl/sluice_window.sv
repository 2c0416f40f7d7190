// SPDX-License-Identifier: Apache-2.0
// Takes frames in, a beat of 512 bits a clock without a pause, writes them to the frame store, and hands over the first bytes and all that
// is known of a frame once its last beat is there: length and FCS are known only then. A frame that the store has no room for is not
// begun.
module sluice_window #(
    parameter int BYTES   = 64,
    parameter int ADDRESS = 16
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [511:0]         tdata,
    input  wire [63:0]          tkeep,
    input  wire                 tvalid,
    input  wire                 tlast,
    input  wire [8:0]           tport,
    input  wire                 tbad,
    input  wire [63:0]          ttime,
    input  wire                 full,
    output reg                  valid,
    output reg  [BYTES*8-1:0]   window,
    output reg  [15:0]          length,
    output reg  [8:0]           port,
    output reg  [63:0]          arrival,
    output reg                  bad,
    output reg  [ADDRESS-1:0]   address,
    output reg                  store_write,
    output reg  [ADDRESS-1:0]   store_address,
    output reg  [511:0]         store_data,
    output wire [ADDRESS-1:0]   next,
    output reg                  dropped
);
    localparam int BEATS = BYTES / 64;
    if (BYTES < 64 || BYTES % 64 != 0) begin : check_1
        $error("sluice_window: BYTES is a multiple of 64");
    end

    reg                mid_frame;
    reg                taken;
    reg [7:0]          beat;
    reg [15:0]         bytes;
    reg [ADDRESS-1:0]  at;
    reg [ADDRESS-1:0]  start;
    reg [511:0]        kept [BEATS];
    reg [63:0]         first_time;
    wire first  = !mid_frame;
    wire accept = first ? !full : taken;
    assign next = at;

    // The bytes that are there, the first one on top.
    logic [511:0] masked;
    logic [6:0]   count;
    always_comb begin
        count = '0;
        for (int i = 0; i < 64; i++) begin
            masked[511-8*i -: 8] = tkeep[i] ? tdata[8*i +: 8] : 8'd0;
            count += 7'(tkeep[i]);
        end
    end
    wire [7:0]  here        = first ? 8'd0 : beat;
    wire [15:0] bytes_after = (first ? 16'd0 : bytes) + 16'(count);

    always_ff @(posedge clk) begin
        valid       <= 1'b0;
        store_write <= 1'b0;
        dropped     <= 1'b0;
        if (tvalid) begin
            mid_frame <= !tlast;
            taken  <= accept;
            beat   <= here == 8'hFF ? here : here + 8'd1;
            bytes  <= bytes_after;
            if (first) begin
                start      <= at;
                first_time <= ttime;
            end
            for (int i = 0; i < BEATS; i++)
                if (here == 8'(i)) kept[i] <= masked;
                else if (first) kept[i] <= '0;
            if (accept) begin
                at            <= at + 1'b1;
                store_write   <= 1'b1;
                store_address <= at;
                store_data    <= tdata;
            end
            if (tlast) begin
                valid   <= accept;
                dropped <= !accept;
                for (int i = 0; i < BEATS; i++)
                    window[(BEATS-1-i)*512 +: 512] <= here == 8'(i) ? masked : first ? 512'd0 : kept[i];
                length  <= bytes_after;
                port    <= tport;
                bad     <= tbad;
                arrival <= first ? ttime : first_time;
                address <= first ? at : start;
            end
        end
        if (rst) begin
            mid_frame  <= 1'b0;
            valid   <= 1'b0;
            dropped <= 1'b0;
            at      <= '0;
        end
    end
endmodule
