//! Plots as SVG: two axes, and what is drawn between them.
//!
//! Colours are classes: a page has a style for them, and so follows the system into the dark. A plot that is a file of its
//! own brings a style along that does the same ([`Chart::finish_alone`]).

mod axis;
mod chart;

pub use axis::{Axis, number};
pub use chart::{Chart, Labels, Points};
