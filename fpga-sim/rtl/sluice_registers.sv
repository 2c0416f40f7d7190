// SPDX-License-Identifier: Apache-2.0
// The driver's way in, AXI-Lite with 32 bits: words of a row are shadowed, and one write strobes the whole row into its block.
//
//   0x000 identity  0x004 block  0x008 row  0x00C commit: writes the row, the value is its kind  0x010 read: asks a block for a row
//   0x020..0x02F what was asked for  0x1000.. words of the row, bit 0 in word 0
module sluice_registers #(
    parameter int WORDS = 4
) (
    input  wire                clk,
    input  wire                rst,
    input  wire [15:0]         awaddr,
    input  wire                awvalid,
    output wire                awready,
    input  wire [31:0]         wdata,
    input  wire                wvalid,
    output wire                wready,
    output wire [1:0]          bresp,
    output reg                 bvalid,
    input  wire                bready,
    input  wire [15:0]         araddr,
    input  wire                arvalid,
    output wire                arready,
    output reg  [31:0]         rdata,
    output wire [1:0]          rresp,
    output reg                 rvalid,
    input  wire                rready,
    output reg                 cfg_write,
    output reg                 cfg_read,
    output reg  [7:0]          cfg_block,
    output reg  [1:0]          cfg_kind,
    output reg  [15:0]         cfg_row,
    output reg  [WORDS*32-1:0] cfg_data,
    input  wire [127:0]        cfg_result
);
    if (WORDS < 1 || WORDS > 1024) begin : check_1
        $error("sluice_registers: WORDS is 1 to 1,024");
    end
    reg [WORDS*32-1:0] shadow;
    reg [7:0]          block;
    reg [15:0]         row;
    reg [127:0]        result;
    reg [3:0]          waiting;
    wire do_write = awvalid && wvalid && !bvalid;
    wire do_read  = arvalid && !rvalid && waiting == '0;
    assign awready = do_write;
    assign wready  = do_write;
    assign arready = do_read;
    assign bresp   = 2'b00;
    assign rresp   = 2'b00;
    always_ff @(posedge clk) begin
        cfg_write <= 1'b0;
        cfg_read  <= 1'b0;
        if (waiting != '0) waiting <= waiting - 4'd1;
        if (waiting == 4'd1) result <= cfg_result;
        if (bvalid && bready) bvalid <= 1'b0;
        if (rvalid && rready) rvalid <= 1'b0;
        if (do_write) begin
            bvalid <= 1'b1;
            if (awaddr[15:12] == 4'd1) begin
                for (int i = 0; i < WORDS; i++) if (awaddr[11:2] == 10'(i)) shadow[32*i +: 32] <= wdata;
            end else
                case (awaddr[11:0])
                    12'h004: block <= wdata[7:0];
                    12'h008: row   <= wdata[15:0];
                    12'h00C: begin
                        cfg_write <= 1'b1;
                        cfg_kind  <= wdata[1:0];
                        cfg_block <= block;
                        cfg_row   <= row;
                        cfg_data  <= shadow;
                    end
                    12'h010: begin
                        cfg_read  <= 1'b1;
                        cfg_block <= block;
                        cfg_row   <= row;
                        // Two clocks to the block and back, one to be asked.
                        waiting   <= 4'd3;
                    end
                    default: ;
                endcase
        end
        if (do_read) begin
            rvalid <= 1'b1;
            case (araddr[11:0])
                12'h000: rdata <= 32'h534C5543;
                12'h004: rdata <= {24'd0, block};
                12'h008: rdata <= {16'd0, row};
                12'h020: rdata <= result[31:0];
                12'h024: rdata <= result[63:32];
                12'h028: rdata <= result[95:64];
                12'h02C: rdata <= result[127:96];
                default: rdata <= '0;
            endcase
        end
        if (rst) begin
            bvalid    <= 1'b0;
            rvalid    <= 1'b0;
            cfg_write <= 1'b0;
            cfg_read  <= 1'b0;
            waiting   <= '0;
        end
    end
    wire unused = &{1'b0, araddr, awaddr};
endmodule
