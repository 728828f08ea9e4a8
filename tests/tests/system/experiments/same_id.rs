//! One request through two gateways at once.

use futures::future::join;
use town::{Outcome, Trial, length};

#[tokio::test(flavor = "multi_thread")]
async fn one_id_through_two_gateways_at_once_is_one_message() {
    let town = Trial::plan().start().await;
    let ana = [town.person("ana").at(0).joins("r7").await, town.person("ana").at(1).joins("r7").await];
    let ben = town.person("ben").at(2).joins("r7").await;
    let times = length(100, 1000);
    for number in 1..=times {
        let (id, body) = (format!("d-{number}"), format!("number {number}"));
        let says = ana.each_ref().map(|ana| ana.says_as("r7", &id, &body));
        let [one, two] = says;
        let (one, two) = join(one, two).await;
        assert_eq!((one.sent().seq, two.sent().seq), (number, number));
    }
    assert_eq!(ben.sees("r7", usize::try_from(times).expect("a small number")).await.len() as u64, times);
    let audit = town.audit().await;
    assert_eq!(audit.asked as u64, times);
    Outcome::of("the same id through two gateways at once", &audit).record();
}
