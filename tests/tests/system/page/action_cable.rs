//! The page of the Rails tutorials with the real `@rails/actioncable`, in a browser, and Parlor's own page beside it.

use town::Town;

use super::browser::{Browser, Driver};
use super::comes_in;
use super::example::Example;

/// What the page shows: who, and what.
async fn shows(page: &Browser, count: usize) -> Vec<(String, String)> {
    let rows = "return [...document.querySelectorAll('.message-box > .message')].map((row) =>
        ['header', 'body'].map((part) => row.querySelector(`.message-${part}`).textContent));";
    town::until(format!("the example shows {count} messages"), async || {
        let shown: Vec<(String, String)> =
            serde_json::from_value(page.runs(rows).await).expect("pairs of texts");
        (shown.len() >= count).then_some(shown)
    })
    .await
}

async fn is_connected(page: &Browser) {
    page.waits("connected", "return document.querySelector('#state').textContent === 'connected'").await;
}

fn pairs(said: &[(&str, &str)]) -> Vec<(String, String)> {
    said.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_tutorial_and_the_chat_page_talk_in_one_room() {
    let town = Town::solo().set("gateway.origins", "*").start().await;
    let Some(example) = Example::start(&town, "action-cable").await else { return };
    let driver = Driver::start().await;
    let ben = comes_in(&driver, &town, "Ben", false).await;
    let mut said = Vec::new();
    for number in 0..40 {
        said.push(("Ben".to_owned(), format!("number {number}")));
        ben.says(&said[number].1).await;
        ben.shows(number + 1).await;
    }
    let ann = driver.opens("ann", false).await;
    ann.goes_to(&example.url("r7", "Ann")).await;
    is_connected(&ann).await;
    assert_eq!(shows(&ann, 40).await, said, "history on load");

    ann.types("input", "<b>hi</b>\n").await;
    said.extend(pairs(&[("Ann", "<b>hi</b>")]));
    assert_eq!(ben.shows(41).await[40].body, "<b>hi</b>");
    ben.says("from the chat page").await;
    said.extend(pairs(&[("Ben", "from the chat page")]));
    assert_eq!(shows(&ann, 42).await, said, "each once, in order, as text");
    let end = "const box = document.querySelector('.message-box');
        return box.scrollHeight > box.clientHeight && box.scrollTop + box.clientHeight >= box.scrollHeight - 1;";
    assert_eq!(ann.runs(end).await, true, "the end is in sight");

    ann.reloads().await;
    is_connected(&ann).await;
    assert_eq!(shows(&ann, 42).await, said);
    ben.says("after the reload").await;
    said.extend(pairs(&[("Ben", "after the reload")]));
    assert_eq!(shows(&ann, 43).await, said);
    ann.closes().await;
    ben.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_page_shows_what_it_has_missed_once() {
    let mut town = Town::solo().set("gateway.origins", "*").start().await;
    let Some(example) = Example::start(&town, "action-cable").await else { return };
    let driver = Driver::start().await;
    let cid = town.person("cid").joins("r7").await;
    cid.says("r7", "before").await;
    let ann = driver.opens("ann", false).await;
    ann.goes_to(&example.url("r7", "Ann")).await;
    shows(&ann, 1).await;
    town.gateways[0].kill9();
    town.gateways[0].restart().await;
    let cid = town.person("cid").joins("r7").await;
    cid.says("r7", "meanwhile").await;
    // The library comes back when somebody looks at the page.
    ann.waits(
        "connected",
        "document.dispatchEvent(new Event('visibilitychange'));
         dispatchEvent(new Event('visibilitychange'));
         return document.querySelectorAll('.message').length >= 2",
    )
    .await;
    cid.says("r7", "after").await;
    assert_eq!(shows(&ann, 3).await, pairs(&[("cid", "before"), ("cid", "meanwhile"), ("cid", "after")]));
    ann.closes().await;
}
