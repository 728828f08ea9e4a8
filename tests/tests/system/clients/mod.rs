//! Other systems' own client libraries, unmodified, from npm: `tests/clients` pins their versions, and `./test`
//! installs them where npm is. Where they are not installed these tests are left out, and say so.

mod action_cable;
mod anycable;
mod long_poll;
mod one_room;
mod page;
mod phoenix;
mod pusher;
mod pusher_backends;
mod pusher_channels;
mod pusher_http;
