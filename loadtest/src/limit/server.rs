//! The bare server: one thread, one epoll, and one non-blocking write for each frame to each listener.
//!
//! It decides nothing: no token is checked, nothing is stored, no frame is put together with another unless the
//! socket is full. What it costs is what the system asks for the same deliveries. It ends when its standard input
//! does, so that it cannot outlive a load tester that has started it.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use chat::{Body, Change, Epoch, RequestId, RoomId, Seq};
use dialect::{Command, Mark};
use mio::event::Event;
use mio::net::TcpListener;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use super::connection::{Connection, Ended};
use crate::broadcaster::words;
use crate::limits;

const LISTENER: Token = Token(usize::MAX - 1);
const STDIN: Token = Token(usize::MAX - 2);
/// How many sockets one wait tells of.
const EVENTS: usize = 1024;
const SCRATCH_BYTES: usize = 65_536;

/// Serves until standard input ends, if that is a pipe; else until it is killed. Prints its address as its first line.
///
/// # Errors
/// If it cannot listen or wait.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    limits::raise();
    let mut listener = TcpListener::bind(address).with_context(|| format!("cannot listen at {address}"))?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    match poll.registry().register(&mut SourceFd(&0), STDIN, Interest::READABLE) {
        // A file cannot be waited for, nor can /dev/null: nobody holds the other end.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
        result => result?,
    }
    println!("ws://{}", listener.local_addr()?);
    io::stdout().flush()?;
    let mut server = Server::new(listener);
    let mut events = Events::with_capacity(EVENTS);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            match event.token() {
                STDIN => {
                    if io::stdin().read(&mut [0])? == 0 {
                        return Ok(());
                    }
                }
                LISTENER => server.accept(&poll)?,
                Token(key) => server.turn_to(key, event),
            }
        }
    }
}

/// The connections and the rooms that they listen to.
struct Server {
    listener: TcpListener,
    connections: Slab<Connection>,
    rooms: Vec<Room>,
    by_name: HashMap<RoomId, usize>,
    epoch: Epoch,
    scratch: Vec<u8>,
    /// Those that failed while others were served.
    ended: Vec<usize>,
}

struct Room {
    name: RoomId,
    head: Seq,
    listeners: Vec<usize>,
}

impl Server {
    fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            connections: Slab::new(),
            rooms: Vec::new(),
            by_name: HashMap::new(),
            epoch: words::epoch("e"),
            scratch: vec![0; SCRATCH_BYTES],
            ended: Vec::new(),
        }
    }

    /// Takes everybody who waits at the door.
    fn accept(&mut self, poll: &Poll) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nodelay(true)?;
                    let entry = self.connections.vacant_entry();
                    let token = Token(entry.key());
                    let stream = entry.insert(Connection::new(stream)).stream();
                    poll.registry().register(stream, token, Interest::READABLE | Interest::WRITABLE)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // Whoever has hung up already.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error).context("cannot accept"),
            }
        }
    }

    /// Something can be read from or written to this connection, or it is over.
    fn turn_to(&mut self, key: usize, event: &Event) {
        let mut commands = Vec::new();
        let served = self.connections.get_mut(key).map_or(Ok(()), |connection| {
            if event.is_writable() {
                connection.flush()?;
            }
            if event.is_readable() && connection.read(&mut self.scratch, &mut commands)? {
                connection.send(&words::welcome())?;
            }
            Ok(())
        });
        // What it said before it ended counts.
        for command in commands {
            self.act(key, command);
        }
        if let Err(Ended) = served {
            self.ended.push(key);
        }
        while let Some(key) = self.ended.pop() {
            self.forget(key);
        }
    }

    fn act(&mut self, key: usize, command: Command) {
        match command {
            Command::Join { mark, alias, room, .. } => {
                let number = self.join(key, room);
                let room = &self.rooms[number];
                self.send(key, &words::joined(&mark, &alias, &room.name, &self.epoch, room.head));
            }
            Command::Send { mark, room, id: Some(id), change: Change::Message { body, .. }, .. } => {
                self.publish(key, &mark, &room, &id, body);
            }
            Command::Ping { mark } => self.send(key, &words::pong(&mark)),
            _ => {}
        }
    }

    fn join(&mut self, key: usize, name: RoomId) -> usize {
        let number = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.rooms.push(Room { name, head: Seq::ZERO, listeners: Vec::new() });
            self.rooms.len() - 1
        });
        if let Some(connection) = self.connections.get_mut(key)
            && !connection.rooms.contains(&number)
        {
            connection.rooms.push(number);
            self.rooms[number].listeners.push(key);
        }
        number
    }

    /// Encodes the message once, and writes it to every listener, one after the other.
    fn publish(&mut self, key: usize, mark: &Mark, name: &RoomId, id: &RequestId, body: Body) {
        let Some(room) = self.by_name.get(name).map(|number| &mut self.rooms[*number]) else { return };
        room.head = room.head.next();
        let frame = words::message(&words::event(name, room.head, id, body));
        for listener in &room.listeners {
            if let Some(connection) = self.connections.get_mut(*listener)
                && let Err(Ended) = connection.send(&frame)
            {
                self.ended.push(*listener);
            }
        }
        let sent = words::sent(mark, name, id, room.head, false);
        self.send(key, &sent);
    }

    fn send(&mut self, key: usize, frame: &[u8]) {
        if let Some(connection) = self.connections.get_mut(key)
            && let Err(Ended) = connection.send(frame)
        {
            self.ended.push(key);
        }
    }

    fn forget(&mut self, key: usize) {
        let Some(connection) = self.connections.try_remove(key) else { return };
        for number in connection.rooms {
            self.rooms[number].listeners.retain(|listener| *listener != key);
        }
    }
}
