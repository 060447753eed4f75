//! The health listener and the two files that tell others about the process.
//!
//! Leaves to others: opening and writing them (`ops::admin`).

use std::net::SocketAddr;

use super::mistake::{Fault, Source};
use super::paths::{self, ConfiguredPath};
use super::reader::Reader;
use super::switch;
use super::table::{
    HEALTH_ALLOW_REMOTE, HEALTH_LISTEN_ADDR, HEALTH_UNIX_SOCKET, HEALTH_URL_FILE, PID_FILE,
};

/// The section.
#[derive(Clone, Debug)]
pub struct Health {
    /// Where it listens when there is no socket file.
    pub address: SocketAddr,
    /// Where the address was configured.
    pub address_source: Source,
    /// The socket file, which wins over the address.
    pub unix_socket: Option<ConfiguredPath>,
    /// The file for its URL.
    pub url_file: Option<ConfiguredPath>,
    /// The file for the process id.
    pub pid_file: Option<ConfiguredPath>,
}

/// Reads the section, recording every mistake.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Health> {
    let address = reader.parsed_at(&HEALTH_LISTEN_ADDR, parse_address);
    let allow_remote = reader.parsed(&HEALTH_ALLOW_REMOTE, switch::parse);
    let unix_socket = paths::read(reader, &HEALTH_UNIX_SOCKET);
    let url_file = paths::read(reader, &HEALTH_URL_FILE);
    let pid_file = paths::read(reader, &PID_FILE);
    let (address, source) = address?;
    if !address.ip().is_loopback() && !allow_remote? && unix_socket.is_none() {
        let remedy = format!("use 127.0.0.1, or allow it: {}", HEALTH_ALLOW_REMOTE.ways());
        reader.fault(
            &HEALTH_LISTEN_ADDR,
            &source,
            Fault::new("is an address that others can reach", remedy),
        );
        return None;
    }
    Some(Health {
        address,
        address_source: source,
        unix_socket,
        url_file,
        pid_file,
    })
}

/// An address and a port; as in the reference client, no address before the colon means all of them, and `localhost` is loopback.
fn parse_address(text: &str) -> Result<SocketAddr, Fault> {
    let spelled = match text.split_once(':') {
        Some(("", port)) => format!("0.0.0.0:{port}"),
        Some((name, port)) if name.eq_ignore_ascii_case("localhost") => format!("127.0.0.1:{port}"),
        Some(_) | None => text.to_owned(),
    };
    spelled.parse().map_err(|_| {
        Fault::new(
            "is not an address with a port",
            "write it like 127.0.0.1:8080 or [::1]:8080",
        )
    })
}
