//! The stateless gateway: sockets in, sessions, rooms, fan-out, catch-up.
