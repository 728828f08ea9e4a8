//! The plots: how a cost grows.

use anyhow::Result;
use plot::{Axis, Chart, Labels};

use crate::measured::Measured;

const SIZE: (f64, f64) = (720.0, 320.0);
/// Where the highest value is more than this many times the lowest, a linear axis would hide the lower ones.
const LINEAR_UP_TO: f64 = 20.0;
/// What is above the highest value, for its number.
const HEADROOM: f64 = 1.15;

/// A plot.
pub(crate) struct Plot {
    /// The file that it becomes.
    pub(crate) file: &'static str,
    labels: Labels,
    /// What is to the right, and the file that has the figures of it.
    points: &'static [(f64, &'static str)],
    source: Source,
}

/// What is drawn.
enum Source {
    /// Both sides of a comparison, by the figure's name there.
    Sides(&'static str),
    /// Where in the files the values are, and by what they are divided to be in the unit of their axis.
    Values(&'static str, f64),
}

/// A line, with its name.
type Curve = (&'static str, Vec<(f64, Option<f64>)>);

const MEGABYTE: f64 = 1024.0 * 1024.0;

/// All of them.
pub(crate) const PLOTS: [Plot; 4] = [
    Plot {
        file: "cost-by-room.svg",
        labels: Labels {
            title: "What a delivery costs in rooms of different size, at 50 000 deliveries a second",
            x: "clients in the room (logarithmic)",
            y: "CPU µs a delivery",
        },
        points: &[
            (10.0, "room-of-10"),
            (100.0, "room-of-100"),
            (1000.0, "room-of-1000"),
            (10_000.0, "room-of-10000"),
        ],
        source: Source::Sides("CPU µs a delivery"),
    },
    Plot {
        file: "memory-by-rooms-a-client.svg",
        labels: Labels {
            title: "What an idle client costs that is in several rooms",
            x: "rooms a client (logarithmic)",
            y: "bytes a client",
        },
        points: &[(1.0, "rooms-each-1"), (10.0, "rooms-each-10"), (100.0, "rooms-each-100")],
        source: Source::Values("/bytes_per_client", 1.0),
    },
    Plot {
        file: "memory-by-rooms.svg",
        labels: Labels {
            title: "What a gateway with 1000 clients takes that has many rooms",
            x: "rooms (logarithmic)",
            y: "MB resident",
        },
        points: &[
            (1.0, "rooms-1"),
            (1000.0, "rooms-1000"),
            (10_000.0, "rooms-10000"),
            (100_000.0, "rooms-100000"),
        ],
        source: Source::Values("/after_bytes", MEGABYTE),
    },
    Plot {
        file: "cost-by-rooms.svg",
        labels: Labels {
            title: "What a delivery costs a gateway where every room has one client",
            x: "rooms (logarithmic)",
            y: "CPU µs a delivery",
        },
        points: &[(1000.0, "talk-in-1000"), (10_000.0, "talk-in-10000"), (100_000.0, "talk-in-100000")],
        source: Source::Values("/servers/cpu_us_per_delivery", 1.0),
    },
];

impl Plot {
    /// The plot as a file, if anything of it was measured.
    ///
    /// # Errors
    /// If a file cannot be understood.
    pub(crate) fn draw(&self, measured: &Measured) -> Result<Option<String>> {
        let curves = self.curves(measured)?;
        let values = curves.iter().flat_map(|(_, points)| points.iter().filter_map(|(_, value)| *value));
        let ends = values.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let (Some((low, high)), Some(((from, _), (to, _)))) =
            (ends, self.points.first().zip(self.points.last()))
        else {
            return Ok(None);
        };
        let high = high * HEADROOM;
        let y = if high > low * LINEAR_UP_TO { Axis::logarithmic(low, high) } else { Axis::from_zero(high) };
        let mut chart = Chart::new(SIZE, Axis::logarithmic(*from, *to), y, self.labels);
        let classes = ["first", "second"];
        for ((_, points), class) in curves.iter().zip(classes) {
            chart.line(points, class);
            chart.dots(points, class);
        }
        let names: Vec<(&str, &str)> =
            classes.into_iter().zip(curves.iter().map(|(name, _)| *name)).collect();
        if names.len() > 1 {
            chart.key(&names);
        }
        Ok(Some(chart.finish_alone()))
    }

    fn curves(&self, measured: &Measured) -> Result<Vec<Curve>> {
        match self.source {
            Source::Sides(figure) => {
                let mut both = [("Parlor", Vec::new()), ("the bare limit", Vec::new())];
                for (x, file) in self.points {
                    let pairs = measured.pairs(file, figure)?;
                    both[0].1.push((*x, pairs.map(|pairs| pairs.a.median)));
                    both[1].1.push((*x, pairs.and_then(|pairs| pairs.b).map(|b| b.median)));
                }
                Ok(both.into())
            }
            Source::Values(place, divisor) => {
                let point = |(x, file): &(f64, &str)| -> Result<(f64, Option<f64>)> {
                    Ok((*x, measured.value(file, place)?.map(|value| value.median / divisor)))
                };
                Ok(vec![("Parlor", self.points.iter().map(point).collect::<Result<_>>()?)])
            }
        }
    }
}
