//! What clients know of a town: the address of its balancer, or those of its gateways.

use std::net::SocketAddr;

use super::Town;
use crate::balancer::Balancer;
use crate::patience::until;
use crate::server::Server;

impl Town {
    /// The balancer.
    ///
    /// # Panics
    /// If the town has none, or has not started.
    #[must_use]
    pub fn balancer(&self) -> &Balancer {
        self.balancer.as_ref().unwrap_or_else(|| panic!("no balancer stands here: plan it with balanced()"))
    }

    /// Puts a balancer before the gateways, and waits until it knows all of them.
    pub(super) async fn balance(&mut self) {
        let ends = self.gateways.iter().map(|gateway| (gateway.listen(), gateway.admin()));
        let balancer = Balancer::before(ends).await;
        let balancer = balancer.unwrap_or_else(|e| panic!("the balancer has no port: {e:#}"));
        until("the balancer knows all gateways", async || {
            (0..self.gateways.len()).all(|gateway| balancer.is_ready(gateway)).then_some(())
        })
        .await;
        self.balancer = Some(balancer);
    }

    /// The addresses that clients know.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        match &self.balancer {
            Some(balancer) => vec![balancer.address()],
            None => self.gateways.iter().map(Server::listen).collect(),
        }
    }
}
