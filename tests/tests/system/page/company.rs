//! The chat page shows who is in the room, and who is writing.

use serde_json::{Value, json};
use town::{Person, Town, until};

use super::browser::{Browser, Driver, Screen};
use super::comes_in;

/// Waits until the page says how many are there, and names them.
async fn shows_present(browser: &Browser, count: usize, names: &str) {
    let script = format!(
        "const present = document.querySelector('#present');
         return !present.hidden && present.textContent === {} && present.title === {};",
        json!(format!("{count} here")),
        json!(names)
    );
    browser.waits(&format!("showing {count} who are there: {names}"), &script).await;
}

/// What the page says of those who are writing.
async fn writing(browser: &Browser) -> Value {
    browser.runs("return document.querySelector('#writing').textContent").await
}

async fn shows_writing(browser: &Browser, sentence: &str) {
    until(format!("the page says {sentence:?}"), async || (writing(browser).await == sentence).then_some(()))
        .await;
}

async fn is_writing(person: &Person) {
    person.writes(json!({"type": "typing", "room": "r7"}).to_string()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_who_is_there() {
    let town = Town::solo().set("presence.list_max", 3).start().await;
    let driver = Driver::start().await;
    let ana = comes_in(&driver, &town, "Ana", Screen::Desk).await;
    shows_present(&ana, 1, "Ana").await;
    let ben = comes_in(&driver, &town, "Ben", Screen::Desk).await;
    for browser in [&ana, &ben] {
        shows_present(browser, 2, "Ana, Ben").await;
    }
    let cid = town.person("cid").joins("r7").await;
    shows_present(&ana, 3, "Ana, Ben, cid").await;
    let dora = town.person("dora").joins("r7").await;
    shows_present(&ana, 4, "").await; // too many to be listed
    dora.leaves("r7").await;
    shows_present(&ana, 3, "Ana, Ben, cid").await;
    cid.leaves("r7").await;
    for browser in [&ana, &ben] {
        shows_present(browser, 2, "Ana, Ben").await;
    }
    // Another room has others in it; whoever looks at it is still in the first.
    ben.visits("kitchen").await;
    shows_present(&ben, 1, "Ben").await;
    shows_present(&ana, 2, "Ana, Ben").await;
    ben.closes().await;
    shows_present(&ana, 1, "Ana").await;
    ana.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_who_is_writing_until_it_is_said_or_they_are_gone() {
    let town = Town::solo().start().await;
    let driver = Driver::start().await;
    let ana = comes_in(&driver, &town, "Ana", Screen::Desk).await;
    let ben = comes_in(&driver, &town, "Ben", Screen::Desk).await;
    shows_present(&ana, 2, "Ana, Ben").await;
    ben.types("#text", "I thi").await;
    shows_writing(&ana, "Ben is writing …").await;
    assert_eq!(writing(&ben).await, "", "he knows");
    // He says nothing: after some seconds nobody waits for it any more.
    shows_writing(&ana, "").await;

    let cid = town.person("cid").joins("r7").await;
    is_writing(&cid).await;
    for browser in [&ana, &ben] {
        shows_writing(browser, "cid is writing …").await;
    }
    cid.says("r7", "done").await;
    ana.shows(1).await;
    assert_eq!(writing(&ana).await, "", "it is said");

    let dora = town.person("dora").joins("r7").await;
    shows_present(&ana, 4, "Ana, Ben, cid, dora").await;
    is_writing(&dora).await;
    shows_writing(&ana, "dora is writing …").await;
    dora.leaves("r7").await;
    shows_present(&ana, 3, "Ana, Ben, cid").await;
    assert_eq!(writing(&ana).await, "", "she is gone");
    ana.closes().await;
    ben.closes().await;
}
