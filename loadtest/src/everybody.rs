//! Everybody in a run: in this process, or in several others. Whoever conducts a run need not know which.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::time::sleep;

use crate::crowd::{Crowd, Gathering, Standing};
use crate::limits;
use crate::plan::Plan;
use crate::processes::{Processes, Share};
use crate::report::Outcome;
use crate::token::Tokens;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Everybody in a run. Dropping it ends them.
pub(crate) struct Everybody {
    place: Place,
    people: u32,
    join_within: Duration,
}

/// Where they are.
enum Place {
    Here { plan: Plan, crowd: Crowd, opened: Instant },
    Elsewhere(Processes),
}

impl Everybody {
    /// Makes ready, and starts to let people in.
    ///
    /// # Errors
    /// If the system does not allow so many connections, there are no tokens, or a process cannot be started.
    pub(crate) async fn gather(gathering: Gathering) -> Result<Self> {
        let people = gathering.plan.people;
        let processes = gathering.connect.processes.unwrap_or_else(|| limits::processes_for(people));
        gathering.check(processes)?;
        if gathering.connect.tokens.token_command.is_some() {
            eprintln!("{people} clients get their tokens …");
        }
        let join_within = gathering.join_within();
        let place = if processes > 1 {
            Place::Elsewhere(Processes::gather(&gathering, processes).await?)
        } else {
            limits::allow_connections(people)?;
            let tokens = Tokens::of_people(&gathering, Share::WHOLE).await?;
            let opened = Instant::now();
            let crowd = Crowd::gather(&gathering, tokens, Share::WHOLE, opened);
            Place::Here { plan: gathering.plan, crowd, opened }
        };
        Ok(Self { place, people, join_within })
    }

    /// When the first connection was planned for.
    pub(crate) fn opened(&self) -> Instant {
        match &self.place {
            Place::Here { opened, .. } => *opened,
            Place::Elsewhere(processes) => processes.opened(),
        }
    }

    /// How far they are.
    ///
    /// # Errors
    /// If the run has become impossible: why.
    pub(crate) async fn look(&mut self) -> Result<Standing> {
        let standing = match &mut self.place {
            Place::Here { crowd, .. } => crowd.look(),
            Place::Elsewhere(processes) => processes.look().await?,
        };
        if let Some(why) = &standing.fatal {
            bail!("{why}");
        }
        Ok(standing)
    }

    /// Waits until everybody has joined, and shows how far they are meanwhile.
    ///
    /// # Errors
    /// If somebody never will, or not in time.
    pub(crate) async fn joined(&mut self, mut show: impl FnMut(&Standing)) -> Result<()> {
        let until = self.opened() + self.join_within;
        loop {
            let standing = self.look().await?;
            show(&standing);
            if standing.arrived >= self.people {
                return Ok(());
            }
            if Instant::now() >= until {
                let (arrived, within) = (standing.arrived, self.join_within);
                let why = standing.trouble.unwrap_or_else(|| "no reason was given".to_owned());
                bail!("only {arrived} of {} have joined after {within:?}: {why}", self.people)
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Everybody has joined: messages are sent by plan from this moment on.
    ///
    /// # Errors
    /// If the run has become impossible.
    pub(crate) async fn begin(&mut self, at: Instant) -> Result<()> {
        match &mut self.place {
            Place::Here { crowd, .. } => crowd.begin(at),
            Place::Elsewhere(processes) => processes.begin(at).await?,
        }
        Ok(())
    }

    /// Cuts all connections that there are.
    ///
    /// # Errors
    /// If the run has become impossible.
    pub(crate) async fn cut(&mut self) -> Result<()> {
        match &mut self.place {
            Place::Here { crowd, .. } => crowd.cut(),
            Place::Elsewhere(processes) => processes.cut().await?,
        }
        Ok(())
    }

    /// Sends everybody home, and puts together what they have seen.
    ///
    /// # Errors
    /// If a worker or a process failed.
    pub(crate) async fn leave(self) -> Result<Outcome> {
        match self.place {
            Place::Here { plan, crowd, .. } => {
                let gone = crowd.leave()?;
                let not_owed: Vec<u32> = gone.ledger().not_owed().collect();
                Ok(Outcome::new(&plan, gone.ledger(), gone.harvest(&not_owed), 1))
            }
            Place::Elsewhere(processes) => processes.leave().await,
        }
    }
}
