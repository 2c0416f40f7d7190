//! The filter language: pcap-filter(7)'s syntax, and a few words besides.
//!
//! [`parse`] reads an expression into an [`Expr`]; [`terms`] turns that into terms, which the tables hold. On packets
//! without tags and tunnels an expression selects what tcpdump selects; elsewhere tags and labels are looked through,
//! `ether` and `vlan` read the outermost frame, and `inner (...)` reads the packet in the first tunnel.
//!
//! | ours | means |
//! |---|---|
//! | `inner (E)` | there is a tunneled packet, and E holds of it; `inner ()`: there is one |
//! | `vlan [id]` | the outermost tag; behind another `vlan ... and`, the second tag |
//! | `mpls [label]`, `vni [n]`, `teid [n]`, `gre key [n]` | the top label; tunnel ids; without a number: any |
//! | `dscp ef`, `ecn ce`, `ttl < 5` | fields of both IP versions; `=`, `!=`, and where it makes sense `<` and its kin |
//! | `tcpflags & tcp-syn != 0` | as `tcp[tcpflags]`, of both IP versions |
//! | `frag`, `frag first`, `frag later` | fragments of both IP versions |
//! | `src in @servers`, `port in {80, 443}`, `vlan in {10-20}` | sets, one condition however long |
//!
//! | differs from tcpdump | how |
//! |---|---|
//! | tags, labels, PPPoE | looked through: `tcp port 80` finds tagged packets too; only `ether` and `vlan` see them |
//! | IPv6 extension headers | walked: `tcp` finds TCP behind them (tcpdump reads the first next header) |
//! | packets captured short, wrong header lengths | classed by what is there (a BPF load past the end rejects the packet, whatever `or` follows) |
//! | `tcpflags` outside `tcp[...]` | the flags, not the number 13 |
//!
//! Names of protocols and services are built in; hosts have no names. A protocol's name behind `proto` needs no
//! backslash, a bare prefix (`src 10.0.0.0/8`) is a network.

mod accessor;
mod address;
mod expr;
mod id;
mod lexer;
mod lower;
mod named;
mod names;
mod own;
mod parser;
mod primitive;
mod relation;
mod report;
mod unsupported;

pub use crate::term::disjoint;
pub use expr::Expr;
pub use lower::{MAX_TERMS, terms};
pub use named::{NamedSet, NamedSets};
pub use parser::{MAX_NESTING, MAX_TEXT, parse};
pub use report::Origin;
