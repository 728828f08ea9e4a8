//! The store is not there yet, or never will be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bus::{Ask, BusError, Door};
use store::OpenError;
use writer::RunError;

use crate::house::{House, settings};
use crate::words::{says, told};

#[tokio::test]
async fn a_store_that_is_not_there_is_waited_for() {
    let house = House::new().await;
    let (there, attempts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let store = Arc::clone(&house.store);
    let (is_there, counted) = (Arc::clone(&there), Arc::clone(&attempts));
    let mut writer = house.start(settings(), move || {
        let opened = if is_there.load(Ordering::SeqCst) {
            Ok(Arc::clone(&store))
        } else if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            Err(OpenError::Unreachable("refused".to_owned()))
        } else {
            Err(OpenError::NotMigrated { pending: 3 })
        };
        std::future::ready(opened)
    });
    writer.until(|state| state.as_ref().is_err_and(|why| why.contains("cannot reach"))).await;
    writer.until(|state| state.as_ref().is_err_and(|why| why.contains("parlor migrate"))).await;
    assert_eq!(house.ask(Door::ReadAny, Ask::Heads(Vec::new())).await, Err(BusError::NoResponder));
    there.store(true, Ordering::SeqCst);
    writer.until(Result::is_ok).await;
    assert_eq!(told(&house.submit(vec![says("a", "1")]).await), [Ok(1)]);
    writer.leave().await;
}

#[tokio::test]
async fn a_store_that_is_newer_ends_the_writer() {
    let house = House::new().await;
    let newer = OpenError::Newer { version: 9, description: "telepathy".to_owned() };
    let told = newer.clone();
    let writer = house.start(settings(), move || std::future::ready(Err(told.clone())));
    let Err(RunError::Store(error)) = writer.ended().await else { panic!() };
    assert_eq!(error, newer);
}

#[tokio::test]
async fn a_writer_that_waits_for_its_store_can_be_stopped() {
    let house = House::new().await;
    let mut writer =
        house.start(settings(), || std::future::ready(Err(OpenError::Unreachable("refused".to_owned()))));
    writer.until(|state| state.as_ref().is_err_and(|why| why.contains("refused"))).await;
    writer.leave().await;
}
