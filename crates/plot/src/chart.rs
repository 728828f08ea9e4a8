//! A plot that is being drawn.

use std::fmt::{Display, Write as _};

use super::axis::{Axis, number};

/// Where the names of the upper axis need no more.
const MARGIN_LEFT: f64 = 58.0;
/// From the left edge to those names: what the axis shows stands there, upright.
const UNIT_WIDTH: f64 = 20.0;
/// From those names to the axis.
const GAP: f64 = 8.0;
const MARGIN_RIGHT: f64 = 18.0;
const MARGIN_TOP: f64 = 12.0;
const MARGIN_BOTTOM: f64 = 44.0;
/// Of a letter of a name, rather more than less: it is not known how wide the reader's letters are.
const NAME_WIDTH: f64 = 7.5;
/// From a line of text to the one below.
const LINE_HEIGHT: f64 = 13.0;
/// From a dot to the text above it.
const DOT_GAP: f64 = 9.0;
/// Of a line of the key.
const KEY_HEIGHT: f64 = 18.0;
/// Of a plot that is a file of its own.
const STYLE: &str = include_str!("alone.css");

/// A plot that is being drawn.
#[derive(Debug)]
pub struct Chart {
    title: &'static str,
    width: f64,
    height: f64,
    x: Axis,
    y: Axis,
    /// Where the plot begins: what the names of the upper axis need.
    left: f64,
    /// Where the values of dots stand: the middle and the base of each text, and its width.
    values: Vec<(f64, f64, f64)>,
    /// What is drawn so far. Writing to it does not fail.
    svg: String,
}

/// What a plot and its axes show. They are written as they are: no `<`, no `&`.
#[derive(Debug, Clone, Copy)]
pub struct Labels {
    /// What the plot is, for those who cannot see it.
    pub title: &'static str,
    /// What lies to the right, with its unit.
    pub x: &'static str,
    /// What lies above, with its unit.
    pub y: &'static str,
}

/// The values of a line, with `None` where there is a gap.
pub type Points = [(f64, Option<f64>)];

impl Chart {
    /// An empty plot of this size, in units that are about pixels.
    #[must_use]
    pub fn new((width, height): (f64, f64), x: Axis, y: Axis, labels: Labels) -> Self {
        let Labels { title, x: x_label, y: y_label } = labels;
        let y_scale = if y.is_logarithmic() { ", logarithmic" } else { "" };
        let svg = format!(
            "<text class=\"unit\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{x_label}</text>\n\
             <text class=\"unit\" transform=\"translate(13 {MARGIN_TOP}) rotate(-90)\" \
             text-anchor=\"end\">{y_label}{y_scale}</text>\n",
            width - MARGIN_RIGHT,
            height - 8.0
        );
        let names = y.ticks.iter().map(|(_, name)| width_of(name)).fold(0.0, f64::max);
        let left = MARGIN_LEFT.max(UNIT_WIDTH + names + GAP);
        let mut chart = Self { title, width, height, x, y, left, values: Vec::new(), svg };
        chart.grid();
        chart
    }

    fn grid(&mut self) {
        let (left, right) = (self.left, self.width - MARGIN_RIGHT);
        for (value, name) in self.y.ticks.clone() {
            let y = self.place_y(value);
            self.draw(format_args!(
                "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
                left - GAP,
                y + 4.0
            ));
        }
        let bottom = self.height - MARGIN_BOTTOM;
        for (value, name) in self.x.ticks.clone() {
            let x = self.place_x(value);
            self.draw(format_args!(
                "<path class=\"grid\" d=\"M{x:.1} {MARGIN_TOP}V{bottom}\"/>\
                 <text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
                self.within(x, width_of(&name)),
                bottom + 18.0
            ));
        }
    }

    /// A line through these points, broken where there is none.
    pub fn line(&mut self, points: &Points, class: &str) {
        let mut path = String::new();
        let mut pen = 'M';
        for (x, y) in points {
            let Some(y) = y else {
                pen = 'M';
                continue;
            };
            let _ = write!(path, "{pen}{:.1} {:.1}", self.place_x(*x), self.place_y(*y));
            pen = 'L';
        }
        self.draw(format_args!("<path class=\"line {class}\" d=\"{path}\"/>"));
    }

    /// What lies between two values of each point, broken where there is none.
    pub fn band(&mut self, points: &[(f64, Option<(f64, f64)>)], class: &str) {
        for run in points.split(|(_, ends)| ends.is_none()).filter(|run| run.len() > 1) {
            let ends = |(x, ends): &(f64, Option<(f64, f64)>)| ends.map(|(low, high)| (*x, low, high));
            let run: Vec<(f64, f64, f64)> = run.iter().filter_map(ends).collect();
            let there = run.iter().map(|(x, _, high)| (x, high));
            let back = run.iter().rev().map(|(x, low, _)| (x, low));
            let corners =
                there.chain(back).map(|(x, y)| format!("{:.1} {:.1}", self.place_x(*x), self.place_y(*y)));
            let corners: Vec<String> = corners.collect();
            self.draw(format_args!("<path class=\"band {class}\" d=\"M{}Z\"/>", corners.join("L")));
        }
    }

    /// Steps from 0 up to these values: from where to where, and how high.
    pub fn steps(&mut self, steps: &[(f64, f64, f64)], class: &str) {
        let Some(first) = steps.first() else { return };
        let mut top = String::new();
        for (from, to, value) in steps {
            let y = self.place_y(*value);
            let pen = if top.is_empty() { 'M' } else { 'L' };
            let _ = write!(top, "{pen}{:.1} {y:.1}H{:.1}", self.place_x(*from), self.place_x(*to));
        }
        let (floor, left) = (self.place_y(0.0), self.place_x(first.0));
        self.draw(format_args!("<path class=\"band {class}\" d=\"{top}V{floor:.1}H{left:.1}Z\"/>"));
        self.draw(format_args!("<path class=\"line {class}\" d=\"{top}\"/>"));
    }

    /// A stretch that is not like the rest, with its name.
    pub fn stretch(&mut self, from: f64, to: f64, name: &str) {
        let (left, right) = (self.place_x(from), self.place_x(to));
        let (width, height) = (right - left, self.height - MARGIN_TOP - MARGIN_BOTTOM);
        self.draw(format_args!(
            "<rect class=\"stretch\" x=\"{left:.1}\" y=\"{MARGIN_TOP}\" width=\"{width:.1}\" height=\"{height}\">\
             <title>{name}</title></rect>"
        ));
        // A name that does not fit would lie over the values beside it.
        if width > width_of(name) {
            let (x, y) = (left + 6.0, MARGIN_TOP + 14.0);
            self.draw(format_args!("<text class=\"name\" x=\"{x:.1}\" y=\"{y}\">{name}</text>"));
        }
    }

    /// What is said of a stretch to those who point at it.
    pub fn hint(&mut self, from: f64, to: f64, text: &str) {
        let (left, right) = (self.place_x(from), self.place_x(to));
        let (width, height) = (right - left, self.height - MARGIN_TOP - MARGIN_BOTTOM);
        self.draw(format_args!(
            "<rect class=\"hint\" x=\"{left:.1}\" y=\"{MARGIN_TOP}\" width=\"{width:.1}\" height=\"{height}\">\
             <title>{text}</title></rect>"
        ));
    }

    /// A dot at each of these points, with its value above it, or below it where another one stands above.
    pub fn dots(&mut self, points: &Points, class: &str) {
        for (x, value) in points.iter().filter_map(|(x, y)| Some((*x, (*y)?))) {
            let (x, y, name) = (self.place_x(x), self.place_y(value), number(value));
            let (middle, base) = self.free_beside(x, y, width_of(&name));
            self.draw(format_args!(
                "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>\
                 <text class=\"name\" x=\"{middle:.1}\" y=\"{base:.1}\" text-anchor=\"middle\">{name}</text>",
            ));
        }
    }

    /// Where a value of this width stands by its dot: its middle and its base.
    fn free_beside(&mut self, x: f64, y: f64, width: f64) -> (f64, f64) {
        let middle = self.within(x, width);
        let (above, below) = (y - DOT_GAP, y + DOT_GAP + LINE_HEIGHT * 0.75);
        let is_taken = self.values.iter().any(|(other, base, its_width)| {
            (other - middle).abs() < f64::midpoint(*its_width, width) && (base - above).abs() < LINE_HEIGHT
        });
        let base = if is_taken { below } else { above };
        self.values.push((middle, base, width));
        (middle, base)
    }

    /// The middle of a text of this width that is to stand at `x`, so that all of it is within the plot.
    fn within(&self, x: f64, width: f64) -> f64 {
        x.min(self.width - width / 2.0).max(width / 2.0)
    }

    /// What the lines of these classes are, in the upper left corner.
    pub fn key(&mut self, lines: &[(&str, &str)]) {
        let mut y = MARGIN_TOP + 18.0;
        for (class, name) in lines {
            let x = self.left + 12.0;
            self.draw(format_args!(
                "<path class=\"line {class}\" d=\"M{x} {}h16\"/><text x=\"{}\" y=\"{y}\">{name}</text>",
                y - 4.0,
                x + 24.0
            ));
            y += KEY_HEIGHT;
        }
    }

    /// The plot, as a part of a page with a style for its classes.
    #[must_use]
    pub fn finish(self) -> String {
        self.framed("", "")
    }

    /// The plot, as a file of its own: with a style, light or dark as the system is. Its lines have the classes
    /// `first` and `second`.
    #[must_use]
    pub fn finish_alone(self) -> String {
        self.framed(" xmlns=\"http://www.w3.org/2000/svg\"", &format!("<style>\n{STYLE}</style>\n"))
    }

    fn framed(self, attribute: &str, style: &str) -> String {
        let Self { title, width, height, svg, .. } = self;
        format!(
            "<svg{attribute} viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\n\
             {style}{svg}</svg>\n"
        )
    }

    fn draw(&mut self, what: impl Display) {
        let _ = writeln!(self.svg, "{what}");
    }

    fn place_x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.width - self.left - MARGIN_RIGHT)
    }

    fn place_y(&self, value: f64) -> f64 {
        let height = self.height - MARGIN_TOP - MARGIN_BOTTOM;
        MARGIN_TOP + (1.0 - self.y.place(value)) * height
    }
}

/// How wide a text is, at the most.
#[expect(clippy::cast_precision_loss, reason = "a place in a plot")]
fn width_of(text: &str) -> f64 {
    NAME_WIDTH * text.chars().count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels = Labels { title: "T", x: "x", y: "y" };

    /// Where the texts of this content stand: their `x` and `y`.
    fn places(svg: &str, text: &str) -> Vec<(f64, f64)> {
        let texts = svg.split("<text ").filter(|element| element.contains(&format!(">{text}</text>")));
        let value = |element: &str, name: &str| -> f64 {
            let (_, rest) = element.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        texts.map(|element| (value(element, "x"), value(element, "y"))).collect()
    }

    #[test]
    fn names_at_the_ends_are_within_the_plot() {
        let axis = Axis::logarithmic(1.0, 1e6);
        let mut chart = Chart::new((400.0, 200.0), axis, Axis::from_zero(40_000.0), LABELS);
        chart.dots(&[(1e6, Some(39_000.0))], "first");
        let svg = chart.finish();
        for name in ["1\u{202f}000\u{202f}000", "39\u{202f}000"] {
            let (middle, _) = places(&svg, name)[0];
            assert!(middle + width_of(name) / 2.0 <= 400.0, "{name} at {middle}: {svg}");
        }
        let (end, _) = places(&svg, "40\u{202f}000")[0];
        assert!(end - width_of("40\u{202f}000") >= UNIT_WIDTH, "beside what the axis shows: {end}");
    }

    #[test]
    fn values_of_two_dots_at_one_place_are_above_and_below() {
        let mut chart = Chart::new((400.0, 200.0), Axis::up_to(10.0), Axis::from_zero(10.0), LABELS);
        chart.dots(&[(5.0, Some(7.52))], "first");
        chart.dots(&[(5.0, Some(7.32)), (9.0, Some(7.32))], "second");
        let svg = chart.finish();
        let ((_, first), second) = (places(&svg, "7.52")[0], places(&svg, "7.32"));
        assert!(second[0].1 - first >= LINE_HEIGHT, "{svg}");
        assert!(second[1].1 < second[0].1, "nothing stands above the other one: {svg}");
    }

    #[test]
    fn a_plot_alone_brings_its_style_along() {
        let mut chart =
            Chart::new((400.0, 200.0), Axis::logarithmic(1.0, 100.0), Axis::from_zero(4.0), LABELS);
        let points = [(1.0, Some(2.0)), (10.0, None), (100.0, Some(4.0))];
        chart.line(&points, "first");
        chart.dots(&points, "first");
        chart.key(&[("first", "Parlor")]);
        let svg = chart.finish_alone();
        assert!(
            svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 200\""),
            "{svg}"
        );
        assert_eq!((svg.matches("<circle").count(), svg.matches("<style>").count()), (2, 1), "{svg}");
        assert!(svg.contains(">Parlor</text>") && svg.ends_with("</svg>\n"), "{svg}");
    }
}
