//! REST, as little of it as tests need.

use std::io::{Read, Write};
use std::net::TcpStream;

/// GET by HTTP/1.1: the body of what is answered.
pub(crate) fn get(address: &str, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers in text");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string()).expect("it has a head")
}
