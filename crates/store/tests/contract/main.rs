//! The contract of the store: every test runs against both backends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod changes;
mod concurrency;
mod database;
mod drafts;
mod epochs;
mod heads;
mod messages;
mod opening;
mod outages;
mod pages;
mod replay;

/// Runs each test against each backend: `contract!(one_test, another_test)` makes `postgres::one_test` and so on.
/// A test takes the empty, migrated database.
macro_rules! contract {
    ($($(#[$attribute:meta])* $test:ident),* $(,)?) => {
        mod postgres {
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::database::Database::postgres(stringify!($test)).await).await;
                }
            )*
        }
        mod sqlite {
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::database::Database::sqlite().await).await;
                }
            )*
        }
    };
}
pub(crate) use contract;
