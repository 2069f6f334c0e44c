//! Where a service is, as DNS says (SRV): one question to the operator's resolver or the system's, over UDP, and over TCP when the
//! answer is too long for that.
//!
//! The answer chooses only among what the inventory binds, and what it chooses proves itself at every connection: whoever forges
//! one can make a backend unavailable, and cannot move it.
#![expect(clippy::disallowed_types, reason = "this module owns the sockets towards name servers")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use aws_lc_rs::rand;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::limits;
use crate::wire::dns::{self, Fault, Service};

/// Why a service was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotFound {
    /// The configured name is none.
    #[error("its name is none")]
    Name,
    /// No name server is known, or none answered in time.
    #[error("no name server answered")]
    Silent,
    /// What was answered.
    #[error("the name server's answer: {0}")]
    Answer(Fault),
}

/// Asks which servers a service has.
pub(super) async fn servers(name: &str, resolver: Option<SocketAddr>) -> Result<Vec<Service>, NotFound> {
    let asked = match resolver {
        Some(resolver) => vec![resolver],
        None => tokio::task::spawn_blocking(system).await.unwrap_or_default(),
    };
    let mut fault = NotFound::Silent;
    for server in asked {
        match timeout(limits::DNS_DEADLINE, ask(name, server)).await {
            Ok(Ok(found)) => return Ok(found),
            // There is one truth about a name: others are not asked until one likes it.
            Ok(Err(NotFound::Answer(Fault::NoName))) => return Err(NotFound::Answer(Fault::NoName)),
            Ok(Err(found)) => fault = found,
            Err(_) => {}
        }
    }
    Err(fault)
}

async fn ask(name: &str, server: SocketAddr) -> Result<Vec<Service>, NotFound> {
    let mut id = [0; 2];
    rand::fill(&mut id).map_err(|_| NotFound::Silent)?;
    let id = u16::from_be_bytes(id);
    let question = dns::question(id, name).ok_or(NotFound::Name)?;
    match over_udp(id, name, server, &question).await {
        Err(NotFound::Answer(Fault::Truncated)) => over_tcp(id, name, server, &question).await,
        answer => answer,
    }
}

async fn over_udp(id: u16, name: &str, server: SocketAddr, question: &[u8]) -> Result<Vec<Service>, NotFound> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let silent = |_| NotFound::Silent;
    let socket = UdpSocket::bind((any, 0)).await.map_err(silent)?;
    socket.connect(server).await.map_err(silent)?;
    socket.send(question).await.map_err(silent)?;
    let mut buffer = vec![0; limits::DNS_BYTES_MAX];
    loop {
        let count = socket.recv(&mut buffer).await.map_err(silent)?;
        match dns::answer(id, name, buffer.get(..count).unwrap_or_default()) {
            // Anybody may send to an open port: what answers another question is not what is waited for.
            Err(Fault::Stranger | Fault::Malformed) => {}
            answer => return answer.map_err(NotFound::Answer),
        }
    }
}

async fn over_tcp(id: u16, name: &str, server: SocketAddr, question: &[u8]) -> Result<Vec<Service>, NotFound> {
    let silent = |_| NotFound::Silent;
    let mut stream = TcpStream::connect(server).await.map_err(silent)?;
    let length = u16::try_from(question.len()).map_err(|_| NotFound::Name)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await.map_err(silent)?;
    let mut buffer = vec![0; usize::from(stream.read_u16().await.map_err(silent)?)];
    stream.read_exact(&mut buffer).await.map_err(silent)?;
    dns::answer(id, name, &buffer).map_err(NotFound::Answer)
}

/// The name servers of the system.
#[expect(clippy::disallowed_methods, reason = "the name servers stand in a file of the system")]
fn system() -> Vec<SocketAddr> {
    name_servers(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
}

/// The first of a `resolv.conf`, as the system's own resolver takes them.
fn name_servers(text: &str) -> Vec<SocketAddr> {
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok());
    named.take(SERVERS_MAX).map(|address| SocketAddr::new(address, 53)).collect()
}

/// Name servers that are asked.
const SERVERS_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_those_of_the_file() {
        let text =
            "# by hand\nsearch example\nnameserver 10.0.0.2\n nameserver\tfd00::2\nnameserver x\noptions edns0\n";
        let expected: Vec<SocketAddr> = vec!["10.0.0.2:53".parse().unwrap(), "[fd00::2]:53".parse().unwrap()];
        assert_eq!(name_servers(text), expected);
        assert!(name_servers("").is_empty());
    }

    fn answered(question: &[u8], flags: [u8; 2], port: u16) -> Vec<u8> {
        let mut message = question.to_vec();
        message[2..4].copy_from_slice(&flags);
        message[7] = 1;
        message.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 11, 0, 1, 0, 2]);
        message.extend(port.to_be_bytes());
        message.extend(b"\x03gpu\x00");
        message
    }

    #[tokio::test]
    async fn a_forged_answer_is_passed_over_and_a_long_one_fetched_over_tcp() {
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let udp = UdpSocket::bind(address).await.unwrap();
        let server = tokio::spawn(async move {
            let mut buffer = [0; 512];
            let (count, from) = udp.recv_from(&mut buffer).await.unwrap();
            let mut forged = answered(&buffer[..count], [0x81, 0x80], 1);
            forged[0] ^= 1;
            udp.send_to(&forged, from).await.unwrap();
            let short = answered(&buffer[..count], [0x83, 0x80], 2);
            udp.send_to(&short, from).await.unwrap();
            let (mut stream, _) = tcp.accept().await.unwrap();
            let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut question).await.unwrap();
            let whole = answered(&question, [0x81, 0x80], 3);
            stream.write_u16(u16::try_from(whole.len()).unwrap()).await.unwrap();
            stream.write_all(&whole).await.unwrap();
        });
        let found = servers("_vllm._tcp.gpu.example", Some(address)).await;
        assert_eq!(found, Ok(vec![Service { priority: 1, weight: 2, port: 3, host: "gpu".to_owned() }]));
        server.await.unwrap();
    }
}
