//! What applications say: HTTP, TLS and DNS messages that decoders accept, with made-up content.

use super::dice::Dice;

/// A request for a page.
pub(super) fn http_request(number: u64) -> Vec<u8> {
    format!(
        "GET /page/{number} HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: sample\r\nAccept: */*\r\n\r\n"
    )
    .into_bytes()
}

/// The page, with `bytes` of text.
pub(super) fn http_response(bytes: usize) -> Vec<u8> {
    let mut message =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {bytes}\r\n\r\n")
            .into_bytes();
    message.extend(b"All work and no play makes a dull packet. ".iter().cycle().take(bytes));
    message
}

/// A ClientHello (RFC 8446, section 4.1.2) that names a server.
pub(super) fn tls_client_hello(dice: &mut Dice) -> Vec<u8> {
    let name = b"www.example.com";
    let mut server_name = vec![0, 0];
    push_counted(&mut server_name, &{
        let mut entry = vec![0];
        push_counted(&mut entry, name);
        let mut list = Vec::new();
        push_counted(&mut list, &entry);
        list
    });
    let versions = [0, 43, 0, 3, 2, 3, 4];
    let mut body = vec![3, 3];
    body.extend(dice.bytes(32));
    // No session, two cipher suites, no compression.
    body.extend([0, 0, 4, 0x13, 0x01, 0x13, 0x02, 1, 0]);
    push_counted(&mut body, &[&server_name[..], &versions].concat());
    tls_handshake(1, &body)
}

/// A ServerHello (RFC 8446, section 4.1.3).
pub(super) fn tls_server_hello(dice: &mut Dice) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend(dice.bytes(32));
    body.extend([0, 0x13, 0x01, 0]);
    push_counted(&mut body, &[0, 43, 0, 2, 3, 4]);
    tls_handshake(2, &body)
}

/// Records of encrypted data.
pub(super) fn tls_data(dice: &mut Dice, bytes: usize) -> Vec<u8> {
    const RECORD_BYTES: usize = 4_096;
    let content = dice.bytes(bytes.max(32));
    let mut message = Vec::new();
    for part in content.chunks(RECORD_BYTES) {
        message.extend([23, 3, 3]);
        push_counted(&mut message, part);
    }
    message
}

fn tls_handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut handshake = vec![kind, 0];
    push_counted(&mut handshake, body);
    let mut record = vec![22, 3, 1];
    push_counted(&mut record, &handshake);
    record
}

/// Appends a length of 16 bits and the bytes.
fn push_counted(message: &mut Vec<u8>, bytes: &[u8]) {
    message.extend((bytes.len() as u16).to_be_bytes());
    message.extend(bytes);
}

/// A DNS question for the IPv4 address of a host (RFC 1035).
pub(super) fn dns_query(id: u16, host: u64) -> Vec<u8> {
    dns_message(id, 0x0100, 0, host)
}

/// The answer to it.
pub(super) fn dns_response(id: u16, host: u64) -> Vec<u8> {
    let mut message = dns_message(id, 0x8180, 1, host);
    // The name is that at offset 12: type A, class IN, 300 seconds, 4 bytes.
    message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
    message.extend([203, 0, 113, host as u8]);
    message
}

fn dns_message(id: u16, flags: u16, answers: u16, host: u64) -> Vec<u8> {
    let mut message = Vec::new();
    for field in [id, flags, 1, answers, 0, 0] {
        message.extend(field.to_be_bytes());
    }
    for label in [format!("host{host}").as_str(), "example", "com"] {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    message
}
