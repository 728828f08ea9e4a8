//! The example pages, each with the real library of another system, in a browser, and Parlor's own page beside it.

use town::Town;

use super::browser::{Driver, Screen};
use super::comes_in;
use super::example::{Example, Said, said};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_rails_tutorials_talks_with_the_chat_page() {
    talks_with_the_chat_page("action-cable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_phoenix_tutorials_talks_with_the_chat_page() {
    talks_with_the_chat_page("phoenix").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_pusher_tutorials_talks_with_the_chat_page() {
    talks_with_the_chat_page("pusher").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_page_of_the_rails_tutorials_shows_what_it_has_missed() {
    shows_what_it_has_missed("action-cable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_page_of_the_phoenix_tutorials_shows_what_it_has_missed() {
    shows_what_it_has_missed("phoenix").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_page_of_the_pusher_tutorials_shows_what_it_has_missed() {
    shows_what_it_has_missed("pusher").await;
}

/// History on load, then what is said live on either page: each message once, in order, as text; also after a reload.
async fn talks_with_the_chat_page(name: &str) {
    let town = Town::solo().set("gateway.origins", "*").start().await;
    let Some(example) = Example::start(&town, name).await else { return };
    let driver = Driver::start().await;
    let ben = comes_in(&driver, &town, "Ben", Screen::Desk).await;
    let mut expected: Vec<Said> = Vec::new();
    for number in 0..40 {
        expected.push(said("Ben", &format!("number {number}")));
        ben.says(&expected[number].1).await;
        ben.shows(number + 1).await;
    }
    let ann = example.opens(&driver, "r7", "Ann", Screen::Desk).await;
    assert_eq!(ann.shows(40).await, expected, "history on load");

    ann.says("<b>hi</b>").await;
    expected.push(said("Ann", "<b>hi</b>"));
    assert_eq!(ben.shows(41).await[40].body, "<b>hi</b>");
    ben.says("from the chat page").await;
    expected.push(said("Ben", "from the chat page"));
    assert_eq!(ann.shows(42).await, expected, "each once, in order, as text");
    assert!(ann.is_at_the_end().await);

    ann.reloads().await;
    assert_eq!(ann.shows(42).await, expected);
    ben.says("after the reload").await;
    expected.push(said("Ben", "after the reload"));
    assert_eq!(ann.shows(43).await, expected);
    ann.closes().await;
    ben.closes().await;
}

async fn shows_what_it_has_missed(name: &str) {
    let mut town = Town::solo().set("gateway.origins", "*").start().await;
    let Some(example) = Example::start(&town, name).await else { return };
    let driver = Driver::start().await;
    let cid = town.person("cid").joins("r7").await;
    cid.says("r7", "before").await;
    let ann = example.opens(&driver, "r7", "Ann", Screen::Desk).await;
    ann.shows(1).await;
    town.gateways[0].kill9();
    ann.is_disconnected().await;
    town.gateways[0].restart().await;
    let cid = town.person("cid").joins("r7").await;
    cid.says("r7", "meanwhile").await;
    ann.comes_back(2).await;
    cid.says("r7", "after").await;
    let expected = ["before", "meanwhile", "after"].map(|text| said("cid", text));
    assert_eq!(ann.shows(3).await, expected);
    ann.closes().await;
}
