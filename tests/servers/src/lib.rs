//! Starts Postgres and NATS for tests: own processes, free ports, temporary directories, ended whatever happens.
//!
//! Nothing here outlives the test process, however that ends: a server is killed by the kernel when its parent
//! dies (`spawner`), and a guardian outside the process removes what is left on disk (`home`). The servers
//! belong to no runtime: one that is started in a `#[tokio::test]` may be used from another.

mod cpu;
mod disk;
mod here;
mod home;
mod nats;
mod port;
mod postgres;
mod process;
mod program;
mod spawner;
mod wall_clock;

pub use cpu::cpu_time;
pub use disk::Disk;
pub use here::{NotHere, if_possible};
pub use nats::{Nats, NatsCluster};
pub use postgres::{Backup, Postgres, PostgresPlan};
pub use wall_clock::WallClock;
