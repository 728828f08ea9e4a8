//! The chat page and the example pages, in a real browser.

mod browser;
mod company;
mod example;
mod examples;
mod four_pages;

use browser::{Browser, Driver, Screen};
use town::Town;

fn url(town: &Town, room: &str) -> String {
    format!("http://{}/#{room}", town.gateways[0].listen())
}

async fn comes_in(driver: &Driver, town: &Town, name: &str, screen: Screen) -> Browser {
    let browser = driver.opens(name, screen).await;
    browser.goes_to(&url(town, "r7")).await;
    browser.enters(name).await;
    browser.waits("in the room", "return document.querySelector('#room-name').textContent === 'r7'").await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_in_two_browsers_and_a_reload_keeps_what_was_said() {
    let town = Town::solo().start().await;
    let driver = Driver::start().await;
    let ana = comes_in(&driver, &town, "Ana", Screen::Desk).await;
    let ben = comes_in(&driver, &town, "Ben", Screen::Desk).await;
    ana.says("hello").await;
    ben.shows(1).await;
    ben.says("<b>hi</b> <script>alert(1)</script>").await;
    ana.shows(2).await;
    ana.says("how are you? 👍").await;

    let seen = ana.shows(3).await;
    let lines: Vec<(&str, &str)> = seen.iter().map(|b| (&*b.author, &*b.body)).collect();
    let expected =
        [("Ana", "hello"), ("Ben", "<b>hi</b> <script>alert(1)</script>"), ("Ana", "how are you? 👍")];
    assert_eq!(lines.iter().map(|line| line.1).collect::<Vec<_>>(), expected.map(|line| line.1));
    assert_eq!(ben.shows(3).await.iter().map(|b| b.seq).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);

    ben.reloads().await;
    ben.is_connected().await;
    assert_eq!(ben.shows(3).await.len(), 3);
    ana.says("still there?").await;
    assert_eq!(ben.shows(4).await.len(), 4);

    // Somebody without a browser is in the same room.
    let cid = town.person("cid").joins("r7").await;
    cid.says("r7", "from a terminal").await;
    assert_eq!(ana.shows(5).await[4].body, "from a terminal");
    ana.closes().await;
    ben.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_survived_without_a_double() {
    let mut town = Town::solo().start().await;
    let driver = Driver::start().await;
    let ana = comes_in(&driver, &town, "Ana", Screen::Desk).await;
    let ben = comes_in(&driver, &town, "Ben", Screen::Desk).await;
    ana.says("before").await;
    ben.shows(1).await;

    town.gateways[0].kill9();
    ana.is_disconnected().await;
    ben.is_disconnected().await;
    ana.says("into the void").await;
    town.gateways[0].restart().await;
    ana.is_connected().await;
    ben.is_connected().await;
    ana.shows(2).await;
    ben.says("after").await;

    for browser in [&ana, &ben] {
        let seen = browser.shows(3).await;
        assert_eq!(seen.iter().map(|b| &*b.body).collect::<Vec<_>>(), ["before", "into the void", "after"]);
        assert_eq!(seen.iter().map(|b| b.seq).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    }
    ana.closes().await;
    ben.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_usable_on_a_phone() {
    let town = Town::solo().start().await;
    let driver = Driver::start().await;
    let ana = comes_in(&driver, &town, "Ana", Screen::Phone).await;
    assert_eq!(ana.runs("return innerWidth").await, 390);
    ana.says("from a phone, and so long that it needs more than one line on it").await;
    ana.shows(1).await;
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(ana.runs(fits).await, true, "nothing sticks out");
    for selector in ["#drawer-open", "#text", "#send", "#messages > li.message"] {
        let visible = format!(
            "const box = document.querySelector('{selector}').getBoundingClientRect();
             return box.width > 0 && box.left >= 0 && box.right <= innerWidth
                 && box.top >= 0 && box.bottom <= innerHeight;"
        );
        assert_eq!(ana.runs(&visible).await, true, "{selector} is on the screen");
    }

    ana.clicks("#drawer-open").await;
    ana.visits("kitchen").await;
    ana.says("in another room").await;
    assert_eq!(ana.shows(1).await[0].body, "in another room");
    ana.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_come_when_one_scrolls_up() {
    const COUNT: usize = 150;
    let town = Town::solo().start().await;
    let driver = Driver::start().await;
    let cid = town.person("cid").joins("r7").await;
    for number in 0..COUNT {
        cid.says("r7", &format!("number {number}")).await;
    }
    let ana = comes_in(&driver, &town, "Ana", Screen::Desk).await;
    let newest = ana.shows(10).await;
    assert_eq!(newest.last().map(|bubble| &*bubble.body), Some("number 149"));
    town::until("all of them are there", async || {
        ana.runs("document.querySelector('#log').scrollTop = 0; return null").await;
        (ana.bubbles().await.len() == COUNT).then_some(())
    })
    .await;
    let seqs: Vec<u64> = ana.bubbles().await.iter().filter_map(|bubble| bubble.seq).collect();
    assert_eq!(seqs, (1..=COUNT as u64).collect::<Vec<_>>());
    ana.closes().await;
}
