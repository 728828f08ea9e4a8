//! What must hold when a town is taken down.

use std::thread;

use super::Town;
use crate::audit::Audit;
use crate::server::Server;

impl Drop for Town {
    fn drop(&mut self) {
        if thread::panicking() {
            self.gateways.iter().chain(&self.writers).for_each(|server| eprintln!("{}", server.last_words()));
            self.gateways.iter_mut().chain(&mut self.writers).for_each(Server::abandon);
            return;
        }
        let undone = self.undone();
        assert!(undone.is_empty(), "left undone:\n{}", undone.join("\n"));
    }
}

impl Town {
    /// Everything that is not as it should be at the end.
    fn undone(&mut self) -> Vec<String> {
        let mut undone = Vec::new();
        for server in self.gateways.iter_mut().chain(&mut self.writers) {
            if server.has_died() {
                undone.push(format!("nobody asked this one to end:\n{}", server.last_words()));
            }
        }
        // First those who need the others.
        for servers in [&mut self.gateways, &mut self.writers] {
            servers.iter().for_each(Server::dismiss);
            undone.extend(servers.iter_mut().filter_map(Server::farewell));
        }
        for server in self.gateways.iter().chain(&self.writers) {
            undone.extend(server.complaints(&self.forgiven));
        }
        let seen = Audit::of(&self.diaries(), None);
        undone.extend(seen.findings.iter().map(ToString::to_string));
        undone
    }
}
