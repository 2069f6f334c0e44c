//! Curves as SVG: the share of requests (up) whose first token came within a time (right, logarithmic).

use std::fmt::Write as _;

use crate::Measured;

const LEFT: f64 = 60.0;
const TOP: f64 = 30.0;
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const COLOURS: [(&str, &str); 4] = [("#c0392b", "2 3"), ("#b9770e", "6 3"), ("#1b6ca8", ""), ("#1e8449", "9 3 2 3")];

/// Writes the plot of one scenario.
pub(crate) fn write(path: &str, title: &str, measured: &Measured) {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 660 340\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"660\" height=\"340\" fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"18\">{title}</text>\n"
    );
    let right = |ms: f64| LEFT + WIDTH * (ms.clamp(20.0, 20_000.0) / 20.0).log10() / 3.0;
    let up = |share: f64| TOP + HEIGHT * (1.0 - share);
    for ms in [20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0] {
        let (at, bottom) = (right(ms), TOP + HEIGHT);
        let label = if ms < 1_000.0 { format!("{ms} ms") } else { format!("{} s", ms / 1_000.0) };
        writeln!(svg, "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>", bottom + 16.0).unwrap();
    }
    for tenth in (0..=10).step_by(2) {
        let at = up(f64::from(tenth) / 10.0);
        writeln!(svg, "<path d=\"M{LEFT} {at:.1}h{WIDTH}\" stroke=\"#ddd\"/><text x=\"54\" y=\"{:.1}\" text-anchor=\"end\">{} %</text>", at + 4.0, tenth * 10).unwrap();
    }
    for (number, (name, outcome)) in measured.outcomes.iter().enumerate() {
        let (colour, dash) = COLOURS[number % COLOURS.len()];
        let mut line = String::new();
        for point in 0..=200 {
            let share = f64::from(point) / 200.0;
            let letter = if point == 0 { 'M' } else { 'L' };
            write!(line, "{letter}{:.1} {:.1}", right(outcome.percentile(share)), up(share)).unwrap();
        }
        let (x, y) = (LEFT + WIDTH + 16.0, TOP + 14.0 + 18.0 * number as f64);
        let stroke = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-dasharray=\"{dash}\"");
        writeln!(
            svg,
            "<path d=\"{line}\" {stroke}/>\n<path d=\"M{x} {:.1}h24\" {stroke}/><text x=\"{}\" y=\"{y}\">{name}</text>",
            y - 4.0,
            x + 30.0
        )
        .unwrap();
    }
    svg.push_str("<text x=\"270\" y=\"330\" text-anchor=\"middle\">time to the first token</text>\n</svg>\n");
    std::fs::write(path, svg).unwrap();
}
