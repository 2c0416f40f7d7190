// SPDX-License-Identifier: Apache-2.0
// Makes the frame that leaves by one port, a beat a clock without a pause: headers, behind them the frame from byte `skip` on, cut at byte
// `last`, bytes overwritten, a trailer behind it. It has its own copy of the frame store, in two banks, so that a beat's bytes may stand
// across two words.
module sluice_editor #(
    parameter int ADDRESS    = 16,
    parameter int BEATS      = 2048,
    parameter int HEAD       = 64,
    parameter int TRAILER    = 0,
    parameter int OVERWRITES = 0,
    localparam int HEAD_BEATS = (HEAD + 63) / 64,
    localparam int TRAILERS   = TRAILER > 0 ? TRAILER : 1,
    localparam int EDITS      = OVERWRITES > 0 ? OVERWRITES : 1
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  store_write,
    input  wire [ADDRESS-1:0]    store_address,
    input  wire [511:0]          store_data,
    // The copy at the queue's head; it is popped with its last beat.
    input  wire                  valid,
    output wire                  pop,
    output wire                  started,
    input  wire [ADDRESS-1:0]    address,
    input  wire [8:0]            port,
    input  wire [15:0]           instance_id,
    input  wire [15:0]           skip,
    input  wire [HEAD*8-1:0]     head,
    input  wire [15:0]           head_length,
    input  wire [15:0]           last,
    input  wire [TRAILERS*8-1:0] trailer,
    input  wire [15:0]           trailer_length,
    input  wire [EDITS*16-1:0]   edit_offset,
    input  wire [EDITS*16-1:0]   edit_length,
    input  wire [EDITS*8-1:0]    edit_value,
    output reg  [511:0]          tdata,
    output reg  [63:0]           tkeep,
    output reg                   tvalid,
    output reg                   tlast,
    output reg  [8:0]            tport,
    output reg  [15:0]           tinstance,
    input  wire                  tready,
    output reg                   dropped_empty
);
    localparam int INDEX = $clog2(BEATS);
    if (BEATS != 1 << INDEX || INDEX >= ADDRESS) begin : check_1
        $error("sluice_editor: BEATS is a power of two below 2^ADDRESS");
    end
    if (HEAD < 1) begin : check_2
        $error("sluice_editor: HEAD is at least 1");
    end

    reg [511:0] even [BEATS / 2];
    reg [511:0] odd [BEATS / 2];
    always_ff @(posedge clk)
        if (store_write) begin
            if (store_address[0]) odd[store_address[INDEX-1:1]] <= store_data;
            else even[store_address[INDEX-1:1]] <= store_data;
        end

    wire go = tready || !tvalid;

    // Which beat of the copy.
    reg  [9:0]  beat;
    wire [15:0] whole    = last + trailer_length;
    wire [15:0] position = {beat, 6'd0};
    wire        is_empty = whole == '0;
    wire        is_end   = position + 16'd64 >= whole || is_empty;
    assign pop     = valid && go && is_end;
    assign started = beat != '0;

    // Where its first byte stands in the frame, which is before it while there are headers.
    wire signed [17:0] source = signed'({2'b0, position}) + signed'({2'b0, skip}) - signed'({2'b0, head_length});
    wire [ADDRESS-1:0] word   = address + ADDRESS'(source >>> 6);
    wire [ADDRESS-1:0] behind  = word + 1'b1;

    // Header bytes of this beat, the first one lowest.
    logic [HEAD_BEATS*512-1:0] head_bytes;
    always_comb begin
        head_bytes = '0;
        for (int i = 0; i < HEAD; i++) head_bytes[8*i +: 8] = head[HEAD*8-8-8*i +: 8];
    end
    logic [511:0] head_here;
    always_comb begin
        head_here = '0;
        for (int i = 0; i < HEAD_BEATS; i++) if (beat == 10'(i)) head_here = head_bytes[512*i +: 512];
    end

    reg                  valid_1, end_1, odd_1;
    reg [511:0]          even_1, odd_word_1, head_1;
    reg [5:0]            offset_1;
    reg [15:0]           position_1, head_length_1, last_1, whole_1;
    reg [8:0]            port_1;
    reg [15:0]           instance_1;
    reg [TRAILERS*8-1:0] trailer_1;
    reg [EDITS*16-1:0]   edit_offset_1, edit_length_1;
    reg [EDITS*8-1:0]    edit_value_1;
    always_ff @(posedge clk) begin
        if (go) begin
            valid_1       <= valid && !is_empty;
            end_1         <= is_end;
            odd_1         <= word[0];
            even_1        <= even[word[0] ? behind[INDEX-1:1] : word[INDEX-1:1]];
            odd_word_1    <= odd[word[INDEX-1:1]];
            head_1        <= head_here;
            offset_1      <= source[5:0];
            position_1    <= position;
            head_length_1 <= head_length;
            last_1        <= last;
            whole_1       <= whole;
            port_1        <= port;
            instance_1    <= instance_id;
            trailer_1     <= trailer;
            edit_offset_1 <= edit_offset;
            edit_length_1 <= edit_length;
            edit_value_1  <= edit_value;
        end
        if (rst) valid_1 <= 1'b0;
    end

    // The frame's bytes are moved to their place.
    wire [1023:0] two = odd_1 ? {even_1, odd_word_1} : {odd_word_1, even_1};
    reg                  valid_2, end_2;
    reg [511:0]          body_2, head_2;
    reg [15:0]           position_2, head_length_2, last_2, whole_2;
    reg [8:0]            port_2;
    reg [15:0]           instance_2;
    reg [TRAILERS*8-1:0] trailer_2;
    reg [EDITS*16-1:0]   edit_offset_2, edit_length_2;
    reg [EDITS*8-1:0]    edit_value_2;
    always_ff @(posedge clk) begin
        if (go) begin
            valid_2       <= valid_1;
            end_2         <= end_1;
            body_2        <= 512'(two >> {offset_1, 3'd0});
            head_2        <= head_1;
            position_2    <= position_1;
            head_length_2 <= head_length_1;
            last_2        <= last_1;
            whole_2       <= whole_1;
            port_2        <= port_1;
            instance_2    <= instance_1;
            trailer_2     <= trailer_1;
            edit_offset_2 <= edit_offset_1;
            edit_length_2 <= edit_length_1;
            edit_value_2  <= edit_value_1;
        end
        if (rst) valid_2 <= 1'b0;
    end

    // The trailer, moved to behind the last byte.
    logic [511:0] trailer_here;
    if (TRAILER > 0) begin : with_trailer
        logic [TRAILERS*8-1:0] in_order;
        always_comb
            for (int i = 0; i < TRAILER; i++) in_order[8*i +: 8] = trailer_2[TRAILER*8-8-8*i +: 8];
        wire [15:0] from_here = last_2 - position_2;
        wire [15:0] to_here   = position_2 - last_2;
        localparam int ROOM = TRAILERS * 8 > 512 ? TRAILERS * 8 : 512;
        assign trailer_here = last_2 >= position_2 ? 512'(ROOM'(in_order) << {from_here, 3'd0}) : 512'(ROOM'(in_order) >> {to_here, 3'd0});
    end else begin : without_trailer
        assign trailer_here = '0;
    end

    logic [511:0] bytes;
    logic [63:0]  keep;
    logic [15:0]  at;
    logic [15:0]  into;
    always_comb begin
        at     = '0;
        into = '0;
        for (int i = 0; i < 64; i++) begin
            at = position_2 + 16'(i);
            bytes[8*i +: 8] = at < head_length_2 ? head_2[8*i +: 8] : body_2[8*i +: 8];
            for (int e = 0; e < OVERWRITES; e++) begin
                into = at - edit_offset_2[16*e +: 16];
                if (at >= edit_offset_2[16*e +: 16] && into < edit_length_2[16*e +: 16])
                    bytes[8*i +: 8] = edit_value_2[8*e +: 8];
            end
            if (at >= last_2) bytes[8*i +: 8] = trailer_here[8*i +: 8];
            keep[i] = at < whole_2;
            if (!keep[i]) bytes[8*i +: 8] = 8'd0;
        end
    end
    always_ff @(posedge clk) begin
        dropped_empty <= valid && go && is_empty;
        if (go) begin
            tvalid    <= valid_2;
            tlast     <= end_2;
            tdata     <= bytes;
            tkeep     <= keep;
            tport     <= port_2;
            tinstance <= instance_2;
            if (valid) beat <= is_end ? 10'd0 : beat + 10'd1;
        end
        if (rst) begin
            tvalid        <= 1'b0;
            beat          <= '0;
            dropped_empty <= 1'b0;
        end
    end
    wire unused = &{1'b0, trailer_2, edit_offset_2, edit_length_2, edit_value_2, address, store_address, word, behind};
endmodule
