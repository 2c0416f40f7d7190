#include <core.p4>
parser P<H>(packet_in packet, out H hdr);
package Switch<H>(P<H> p);
struct headers { }
parser MyP(packet_in packet, out headers hdr) { state start { transition accept; } }
Switch(MyP()) main;
