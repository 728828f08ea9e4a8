//! A name server as containers have it: it knows one name, whose addresses are those of the replicas that run.
//!
//! One task answers; it ends with the server. Nothing is kept between two questions.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// The largest question that is read; longer ones than a name allows are nobody's.
const QUESTION_MAX: usize = 1024;
/// The length of a message's head.
const HEAD: usize = 12;
/// A type of records: addresses of IPv4.
const A: u16 = 1;
/// Response, authoritative, and what was wanted about recursion.
const FLAGS: u16 = 0x8580;
/// How long an answer may be kept, in seconds; balancers ask again all the same, as Docker says ten minutes.
const TIME_TO_LIVE: u32 = 600;

/// A DNS server over UDP. Whatever name is asked for, the answer is the same list of addresses.
#[derive(Debug)]
pub(crate) struct Names {
    server: SocketAddr,
    addresses: Arc<Mutex<Vec<Ipv4Addr>>>,
    _task: JoinSet<()>,
}

impl Names {
    /// Answers on a free port of this address, with an empty list at first.
    ///
    /// # Errors
    /// If the address is not this machine's.
    pub(crate) async fn on(address: IpAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind((address, 0)).await?;
        let server = socket.local_addr()?;
        let addresses = Arc::<Mutex<Vec<Ipv4Addr>>>::default();
        let mut task = JoinSet::new();
        task.spawn(serve(socket, Arc::clone(&addresses)));
        Ok(Self { server, addresses, _task: task })
    }

    /// Where it is asked.
    pub(crate) fn server(&self) -> SocketAddr {
        self.server
    }

    /// From now on the name has these addresses.
    pub(crate) fn are(&self, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses.into_iter().collect();
    }
}

async fn serve(socket: UdpSocket, addresses: Arc<Mutex<Vec<Ipv4Addr>>>) {
    let mut question = [0; QUESTION_MAX];
    while let Ok((length, from)) = socket.recv_from(&mut question).await {
        let known = addresses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(answer) = answer(&question[..length], &known) {
            // Who is gone by now asks again.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// The answer to a message with one question; `None` if it is none. Other types than `A` have no records.
fn answer(message: &[u8], addresses: &[Ipv4Addr]) -> Option<Vec<u8>> {
    let name = message.get(HEAD..)?.iter().position(|byte| *byte == 0)?;
    let kind_at = HEAD + name + 1;
    let kind = u16::from_be_bytes(message.get(kind_at..kind_at + 2)?.try_into().ok()?);
    let question = message.get(HEAD..kind_at + 4)?;
    let records = if kind == A { addresses } else { &[] };
    let mut answer = message[..2].to_vec();
    for number in [FLAGS, 1, u16::try_from(records.len()).ok()?, 0, 0] {
        answer.extend(number.to_be_bytes());
    }
    answer.extend(question);
    for address in records {
        // The name is that of the question, which begins behind the head; the class is the Internet.
        answer.extend([0xC0, 12, 0, 1, 0, 1]);
        answer.extend(TIME_TO_LIVE.to_be_bytes());
        answer.extend([0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question for `gateway` of this type, with an additional record behind it, as HAProxy asks.
    fn question(kind: u16) -> Vec<u8> {
        let mut question = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 7];
        question.extend(b"gateway\0");
        question.extend(kind.to_be_bytes());
        question.extend([0, 1, 0, 0, 41, 0x20, 0, 0, 0, 0, 0, 0, 0]);
        question
    }

    #[test]
    fn every_address_is_told_to_whom_asks_for_addresses() {
        let known = [Ipv4Addr::new(127, 1, 2, 3), Ipv4Addr::new(127, 1, 2, 4)];
        let told = answer(&question(A), &known).unwrap();
        assert_eq!(told[..12], [7, 7, 0x85, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]);
        assert!(told.ends_with(&[0, 1, 0, 1, 0, 0, 2, 88, 0, 4, 127, 1, 2, 4]));
        let told = answer(&question(28), &known).unwrap();
        assert_eq!(told[6..8], [0, 0], "no addresses of IPv6");
    }

    #[test]
    fn nonsense_is_not_answered() {
        for length in 0..question(A).len() - 14 {
            assert_eq!(answer(&question(A)[..length], &[]), None, "{length}");
        }
    }
}
