//! Conducts the processes of a run.
//!
//! Owns the processes, and what all of them together have seen: a ledger as large as that of a run in one process.
//! Dropping it ends them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Share;
use super::member::Member;
use super::words::{Answer, Order};
use crate::audit::{Head, Ledger};
use crate::clock::Moment;
use crate::crowd::{Gathering, Standing};
use crate::plan::Plan;
use crate::report::{Harvest, Outcome};

/// A process that has not answered by then is stuck, or the machine is.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// Tokens may be printed by a command, one after the other.
const READY_WITHIN: Duration = Duration::from_secs(3600);
/// From the moment at which all processes are ready to the first connection: until then they have heard of it.
const BREATH: Duration = Duration::from_millis(500);

/// The processes of a run.
pub(crate) struct Processes {
    plan: Plan,
    members: Vec<Member>,
    /// What all of them have seen.
    ledger: Ledger,
    /// How far rooms have come, as not all processes know yet.
    news: Vec<Head>,
    opened: Instant,
}

impl Processes {
    /// Starts so many processes, lets them make ready, and then the people in.
    ///
    /// # Errors
    /// If a process cannot be started, or cannot make ready.
    pub(crate) async fn gather(gathering: &Gathering, of: u32) -> Result<Self> {
        let plan = gathering.plan.clone();
        let members = Share::all(of).map(Member::start).collect::<Result<_>>()?;
        let mut processes =
            Self { ledger: Ledger::new(&plan), plan, members, news: Vec::new(), opened: Instant::now() };
        for (member, share) in processes.members.iter_mut().zip(Share::all(of)) {
            member.tell(&Order::Prepare { gathering: Box::new(gathering.clone()), share }).await?;
        }
        processes.all_done(READY_WITHIN).await?;
        processes.opened = Instant::now() + BREATH;
        processes.order(&Order::Open { at: Moment(processes.opened) }).await?;
        Ok(processes)
    }

    /// When the first connection was planned for.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// How far all people are, and tells everybody how far rooms have come. All are settled if everybody has everything
    /// that anybody knows of.
    ///
    /// # Errors
    /// If a process has ended.
    pub(crate) async fn look(&mut self) -> Result<Standing> {
        let heads = std::mem::take(&mut self.news);
        self.tell_all(&Order::Look { heads }).await?;
        let mut together: Option<Standing> = None;
        for member in &mut self.members {
            let Answer::Seen { standing, heads } = member.answer(ANSWERS_WITHIN).await? else { bail!(OTHER) };
            self.news.extend(heads.into_iter().filter(|(room, seq)| self.ledger.advance(*room, *seq)));
            together = Some(match together.take() {
                Some(others) => others.with(standing),
                None => standing,
            });
        }
        let mut standing = together.unwrap_or_default();
        standing.settled &= self.news.is_empty();
        Ok(standing)
    }

    /// Everybody has joined: messages are sent by plan from this moment on.
    ///
    /// # Errors
    /// If a process has ended.
    pub(crate) async fn begin(&mut self, at: Instant) -> Result<()> {
        self.order(&Order::Begin { at: Moment(at) }).await
    }

    /// Cuts all connections that there are.
    ///
    /// # Errors
    /// If a process has ended.
    pub(crate) async fn cut(&mut self) -> Result<()> {
        self.order(&Order::Cut).await
    }

    /// Sends everybody home, and judges what all of them have seen.
    ///
    /// # Errors
    /// If a process has ended.
    pub(crate) async fn leave(mut self) -> Result<Outcome> {
        self.tell_all(&Order::Stop).await?;
        for member in &mut self.members {
            let Answer::Stopped(testimony) = member.answer(ANSWERS_WITHIN).await? else { bail!(OTHER) };
            self.ledger.hear(&testimony);
        }
        let heads = self.ledger.heads().collect();
        // Where a dialect has positions, they tell what is owed.
        let positions = self.plan.speech.terms().positions;
        let not_owed = if positions { Vec::new() } else { self.ledger.not_owed().collect() };
        self.tell_all(&Order::Judge { heads, not_owed }).await?;
        let (mut harvest, mut processes) = (Harvest::none(), 0);
        for mut member in self.members {
            let Answer::Harvest(share) = member.answer(ANSWERS_WITHIN).await? else { bail!(OTHER) };
            harvest.add(*share);
            processes += 1;
            member.end().await;
        }
        Ok(Outcome::new(&self.plan, &self.ledger, harvest, processes))
    }

    /// Has all do something, and waits until they have.
    async fn order(&mut self, order: &Order) -> Result<()> {
        self.tell_all(order).await?;
        self.all_done(ANSWERS_WITHIN).await
    }

    async fn tell_all(&mut self, order: &Order) -> Result<()> {
        for member in &mut self.members {
            member.tell(order).await?;
        }
        Ok(())
    }

    async fn all_done(&mut self, within: Duration) -> Result<()> {
        for member in &mut self.members {
            let Answer::Done = member.answer(within).await? else { bail!(OTHER) };
        }
        Ok(())
    }
}

/// A defect of the load tester itself.
const OTHER: &str = "a process of the load tester answers something else than it was asked";
