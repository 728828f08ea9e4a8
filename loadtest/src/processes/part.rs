//! A process that has a share of the people, and does what it is told.
//!
//! Owns a crowd, and knows what it has told of it. It ends after its last answer, or with its standard input.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::thread;

use anyhow::{Context as _, Result, bail};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Share;
use super::words::{Answer, Order};
use crate::audit::Head;
use crate::crowd::{Crowd, Gathering, Gone, Standing};
use crate::limits;
use crate::token::Tokens;

/// Does what it is told over standard input, until there is nothing more to be done or nobody who says it.
///
/// # Errors
/// If nobody hears the answers.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let alone = CancellationToken::new();
    let mut orders = listen(alone.clone());
    runtime.block_on(async {
        let mut part = Part::Idle;
        while let Some(order) = orders.recv().await {
            let is_last = matches!(order, Order::Judge { .. });
            let answer = tokio::select! {
                answer = part.obey(order) => answer,
                () = alone.cancelled() => break,
            };
            let answer = answer.unwrap_or_else(|why| Answer::Failed(format!("{why:#}")));
            let mut line = serde_json::to_vec(&answer)?;
            line.push(b'\n');
            let mut out = stdout().lock();
            out.write_all(&line).and_then(|()| out.flush()).context("nobody hears the answers")?;
            if is_last {
                break;
            }
        }
        Ok(())
    })
}

/// The orders as they come. A thread of its own reads them, so that the end of whoever gives them is known at once,
/// whatever is being done: then the process is `alone`.
fn listen(alone: CancellationToken) -> mpsc::Receiver<Order> {
    let (sender, orders) = mpsc::channel(1);
    thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(order) => drop(sender.blocking_send(order)),
                Err(error) => {
                    eprintln!("parlor-loadtest: an order that makes no sense: {error}");
                    break;
                }
            }
        }
        alone.cancel();
    });
    orders
}

/// How far the process is.
enum Part {
    Idle,
    /// Everything is there that people need.
    Ready {
        gathering: Box<Gathering>,
        tokens: Tokens,
        share: Share,
    },
    /// They are on their way, or there. By room, what was told of how far it has come.
    Gathered {
        crowd: Crowd,
        told: Vec<u64>,
    },
    Gone(Gone),
}

impl Part {
    /// Does what it is told.
    ///
    /// # Errors
    /// If that cannot be done, or not now.
    async fn obey(&mut self, order: Order) -> Result<Answer> {
        match (order, std::mem::replace(self, Self::Idle)) {
            (Order::Prepare { mut gathering, share }, Self::Idle) => {
                gathering.plan.speech = gathering.connect.dialect.speech()?;
                limits::allow_connections(share.part(gathering.plan.people))?;
                let tokens = Tokens::of_people(&gathering, share).await?;
                *self = Self::Ready { gathering, tokens, share };
            }
            (Order::Open { at }, Self::Ready { gathering, tokens, share }) => {
                let told = vec![0; gathering.plan.rooms as usize];
                let crowd = Crowd::gather(&gathering, tokens, share, at.0);
                *self = Self::Gathered { crowd, told };
            }
            (Order::Look { heads }, Self::Gathered { mut crowd, mut told }) => {
                crowd.learn(&heads);
                // First how they are, then how far rooms have come: what is news now, nobody can be settled with.
                let standing = crowd.look();
                let heads = news(&crowd, &standing, &mut told);
                *self = Self::Gathered { crowd, told };
                return Ok(Answer::Seen { standing, heads });
            }
            (Order::Begin { at }, Self::Gathered { mut crowd, told }) => {
                crowd.begin(at.0);
                *self = Self::Gathered { crowd, told };
            }
            (Order::Cut, Self::Gathered { crowd, told }) => {
                crowd.cut();
                *self = Self::Gathered { crowd, told };
            }
            (Order::Stop, Self::Gathered { crowd, .. }) => {
                let gone = crowd.leave()?;
                let testimony = Box::new(gone.ledger().testify());
                *self = Self::Gone(gone);
                return Ok(Answer::Stopped(testimony));
            }
            (Order::Judge { heads, not_owed }, Self::Gone(gone)) => {
                for (room, seq) in heads {
                    gone.ledger().advance(room, seq);
                }
                return Ok(Answer::Harvest(Box::new(gone.harvest(&not_owed))));
            }
            _ => bail!("an order that comes too early or too late"),
        }
        Ok(Answer::Done)
    }
}

/// How far rooms have come that were not told of before. Nobody needs it while messages are being sent.
fn news(crowd: &Crowd, standing: &Standing, told: &mut [u64]) -> Vec<Head> {
    if !standing.told {
        return Vec::new();
    }
    let heads: Vec<Head> = crowd.ledger().heads().filter(|(room, seq)| told[*room as usize] < *seq).collect();
    for (room, seq) in &heads {
        told[*room as usize] = *seq;
    }
    heads
}
