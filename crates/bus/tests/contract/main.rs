//! What every road must do, asked of each: the one inside a process, and the one over a real NATS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod asking;
mod cutting;
mod listening;
mod many_rooms;
mod over_nats;
mod road;
mod words;

/// Runs each case on each road.
macro_rules! contract {
    ($($topic:ident::$case:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test]
            async fn $case() {
                crate::$topic::$case(crate::road::Road::local()).await;
            })*
        }
        mod nats {
            $(#[tokio::test]
            async fn $case() {
                crate::$topic::$case(crate::road::Road::nats().await).await;
            })*
        }
    };
}

contract!(
    asking::a_request_is_answered_and_carries_its_trace,
    asking::requests_arrive_in_the_order_of_their_hand_over,
    asking::a_shared_door_gives_each_request_to_one_of_its_servers,
    asking::a_door_of_a_partition_gives_each_request_to_all_of_its_servers,
    asking::a_request_that_nobody_serves_fails_at_once,
    asking::a_door_that_was_closed_is_served_by_nobody,
    asking::a_request_that_was_given_up_disturbs_nobody,
    asking::more_requests_than_may_wait_are_turned_away,
    asking::each_gateway_has_a_door_of_its_own,
    listening::notes_reach_everybody_who_listens_in_order,
    listening::each_topic_hears_its_own_notes_only,
    listening::a_partition_hears_all_its_rooms,
    listening::who_has_stopped_listening_hears_nothing,
    listening::a_room_is_listened_to_before_the_next_request_is_heard,
    listening::a_slow_listener_loses_a_bounded_part_and_the_others_nothing,
    many_rooms::rooms_that_come_and_go_take_nothing_from_those_that_stay,
    many_rooms::what_came_before_a_change_is_heard_before_what_comes_after_it,
    many_rooms::a_partition_that_is_listened_to_is_heard_again_after_a_cut,
    cutting::a_cut_ends_what_is_under_way_and_everything_comes_back,
    cutting::handing_over_without_a_connection_fails_at_once,
    cutting::an_answer_to_a_request_from_before_a_cut_disturbs_nobody,
    cutting::settling_is_a_round_trip,
);
