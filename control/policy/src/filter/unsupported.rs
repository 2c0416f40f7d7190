//! Keywords of pcap-filter(7) that this language does not have, each with what to write instead.

/// What to write instead of an unsupported keyword.
pub(super) fn help(word: &str) -> Option<&'static str> {
    Some(match word {
        "gateway" => {
            "it needs name and MAC look-ups; write `ether host 00:11:22:33:44:55 and not host 192.0.2.1`"
        }
        "protochain" => {
            "IPv6 extension headers are always walked here: write `ip6 proto 6`, or `frag` for fragments"
        }
        "inbound" | "outbound" => {
            "a broker's ports have no sides; list the network ports in the filter's `from:`"
        }
        "ifname" | "on" | "ifindex" => "list the network ports in the filter's `from:`",
        "geneve" | "vxlan" => "write `vni 11` for the tunnel and `inner (...)` for what is in it",
        "pppoes" => {
            "tags and PPPoE are looked through: `ip` also finds PPPoE sessions; \
              for the header itself write `ether proto 0x8864`"
        }
        "llc" => "write `ether proto 0x42` for the DSAP of an LLC frame, `stp` for spanning tree",
        "iso" | "clnp" | "esis" | "isis" | "l1" | "l2" | "iih" | "lsp" | "snp" | "csnp" | "psnp" => {
            "OSI headers are not in the tables; select by MAC address: `ether dst 01:80:c2:00:00:14`"
        }
        "ipx" | "netbeui" | "atalk" | "aarp" => {
            "it has several encapsulations, not all of which are in the tables; \
             write `ether proto 0x8137` (IPX), `0x809b` (AppleTalk) or `0x80f3` (AARP)"
        }
        "fddi" | "tr" | "wlan" | "ra" | "ta" | "addr1" | "addr2" | "addr3" | "addr4" | "type" | "subtype"
        | "dir" | "ppp" | "slip" | "radio" => {
            "captures and taps are Ethernet here; write `ether host ...`, `ether proto ...`"
        }
        "rnr" | "rulenum" | "reason" | "rset" | "ruleset" | "srnr" | "subrulenum" | "action" => {
            "that is of pf(4)'s log, which is no tap traffic; leave it out"
        }
        "vpi" | "vci" | "lane" | "oamf4s" | "oamf4e" | "oamf4" | "oam" | "metac" | "bcc" | "sc" | "ilmic"
        | "connectmsg" | "metaconnect" => "that is of ATM; captures and taps are Ethernet here",
        _ => return None,
    })
}
