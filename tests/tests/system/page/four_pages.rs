//! The chat page and the three example pages in one room, and a picture of them, for the README:
//!
//! ```sh
//! cargo nextest run -p town four_pages && cp target/pictures/four-pages.png docs/images/
//! ```

use std::fs;
use std::path::Path;

use town::{Town, until, workspace};

use super::browser::{Browser, Driver, Screen};
use super::example::{Example, Page, said};
use super::url;

const ROOM: &str = "lobby";

/// What stands above each page in the picture, in the order of [`Four::windows`].
const CAPTIONS: [&str; 4] = ["Parlor's own page", "@rails/actioncable", "phoenix", "pusher-js"];

/// Who is where, and says what.
const CONVERSATION: [(&str, &str); 5] = [
    ("Ana", "Morning! Which library are you on?"),
    ("Ben", "Action Cable, as in the Rails tutorial."),
    ("Cleo", "Phoenix Channels."),
    ("Dan", "Pusher. I changed one host."),
    ("Ana", "One room, then. Lunch at twelve?"),
];

/// One room, four pages: Ana's is Parlor's own.
struct Four {
    ana: Browser,
    ben: Page,
    cleo: Page,
    dan: Page,
}

impl Four {
    async fn says(&self, who: &str, text: &str) {
        match who {
            "Ana" => self.ana.says(text).await,
            "Ben" => self.ben.says(text).await,
            "Cleo" => self.cleo.says(text).await,
            _ => self.dan.says(text).await,
        }
    }

    /// Waits until each page shows so many messages, and says that all show the same ones.
    async fn show(&self, count: usize) {
        let expected: Vec<_> = CONVERSATION[..count].iter().map(|(who, what)| said(who, what)).collect();
        for page in [&self.ben, &self.cleo, &self.dan] {
            assert_eq!(page.shows(count).await, expected);
        }
        let texts: Vec<_> = expected.into_iter().map(|(_, text)| text).collect();
        let shown: Vec<_> = self.ana.shows(count).await.into_iter().map(|bubble| bubble.body).collect();
        assert_eq!(shown, texts);
    }

    /// Waits until each page that tells how many are there tells of all four.
    async fn know_each_other(&self) {
        for page in [&self.ana, &self.cleo.0, &self.dan.0] {
            page.waits("full", "return document.querySelector('#present').textContent === '4 here'").await;
        }
    }

    fn windows(&self) -> [&Browser; 4] {
        [&self.ana, &self.ben.0, &self.cleo.0, &self.dan.0]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_pages_with_four_libraries_talk_in_one_room() {
    let town = Town::solo().set("gateway.origins", "*").start().await;
    let Some(rails) = Example::start(&town, "action-cable").await else { return };
    let Some(phoenix) = Example::start(&town, "phoenix").await else { return };
    let Some(pusher) = Example::start(&town, "pusher").await else { return };
    let driver = Driver::start().await;
    let ana = driver.opens("Ana", Screen::Quarter).await;
    ana.goes_to(&url(&town, ROOM)).await;
    ana.enters("Ana").await;
    let four = Four {
        ana,
        ben: rails.opens(&driver, ROOM, "Ben", Screen::Quarter).await,
        cleo: phoenix.opens(&driver, ROOM, "Cleo", Screen::Quarter).await,
        dan: pusher.opens(&driver, ROOM, "Dan", Screen::Quarter).await,
    };
    four.know_each_other().await;
    for (count, (who, text)) in (1..).zip(CONVERSATION) {
        four.says(who, text).await;
        four.show(count).await;
    }
    let picture = picture(&driver, &four, town.folder()).await;
    let folder = workspace().join("target/pictures");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    fs::write(folder.join("four-pages.png"), picture).expect("a picture");
    for window in [four.ana, four.ben.0, four.cleo.0, four.dan.0] {
        window.closes().await;
    }
}

/// The four windows side by side, as a PNG.
async fn picture(driver: &Driver, four: &Four, folder: &Path) -> Vec<u8> {
    let mut figures = String::new();
    for (window, caption) in four.windows().into_iter().zip(CAPTIONS) {
        // Without a blinking caret.
        window.runs("document.activeElement.blur(); return null").await;
        let file = format!("{}.png", caption.replace(['@', '/', '\'', ' '], "-"));
        fs::write(folder.join(&file), window.picture().await).expect("a picture");
        figures.push_str(&format!("<figure><figcaption>{caption}</figcaption><img src='{file}'></figure>"));
    }
    let page = include_str!("four_pages.html").replace("FIGURES", &figures);
    let file = folder.join("four-pages.html");
    fs::write(&file, page).expect("a page");
    let wall = driver.opens("wall", Screen::Wall).await;
    wall.goes_to(&format!("file://{}", file.display())).await;
    until("the pictures are there", async || {
        let loaded =
            "return [...document.images].filter((image) => image.complete && image.naturalWidth).length";
        (wall.runs(loaded).await == 4).then_some(())
    })
    .await;
    let picture = wall.picture().await;
    wall.closes().await;
    picture
}
