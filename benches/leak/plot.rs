//! Curves as SVG: how much of each disguise is found (up) at which rate of false alarms on general texts (right, logarithmic).

use std::collections::BTreeMap;
use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 20.0;
const PLOT_WIDTH: f64 = 400.0;
const PLOT_HEIGHT: f64 = 350.0;
/// Decades of the false-alarm axis: 0.01 % to 100 %.
const DECADES: f64 = 4.0;
const COLOURS: [&str; 8] = ["#1b6ca8", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#148f8f", "#5d6d7e", "#d35400"];

/// Writes the plot. Scores are ascending.
pub(crate) fn write(path: &str, curves: &BTreeMap<&str, Vec<u16>>, general: &[u16], field: &[u16]) {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    let right = |rate: f64| LEFT + PLOT_WIDTH * ((rate.max(1e-4).log10() + DECADES) / DECADES);
    let up = |share: f64| TOP + PLOT_HEIGHT * (1.0 - share);
    for decade in -4..=0 {
        let at = right(10_f64.powi(decade));
        let label = format!("{} %", 100.0 * 10_f64.powi(decade));
        let (bottom, text) = (TOP + PLOT_HEIGHT, TOP + PLOT_HEIGHT + 16.0);
        writeln!(svg, "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{text}\" text-anchor=\"middle\">{label}</text>").unwrap();
    }
    for tenth in (0..=10).step_by(2) {
        let share = f64::from(tenth) / 10.0;
        let (at, end) = (up(share), LEFT + PLOT_WIDTH);
        writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{end}\" stroke=\"#ddd\"/><text x=\"54\" y=\"{:.1}\" text-anchor=\"end\">{} %</text>", at + 4.0, tenth * 10).unwrap();
    }
    let same_field = ("(another text of the field)", field.to_vec());
    let all = curves.iter().map(|(name, scores)| (*name, scores.clone())).chain([same_field]);
    for (number, (name, scores)) in all.enumerate() {
        let (colour, dash) =
            (COLOURS[number % COLOURS.len()], if number < COLOURS.len() { "" } else { " stroke-dasharray=\"5 3\"" });
        let mut line = String::new();
        for threshold in (1..=1000_u16).rev() {
            let share = |scores: &[u16]| {
                (scores.len() - scores.partition_point(|score| *score < threshold)) as f64 / scores.len().max(1) as f64
            };
            write!(
                line,
                "{}{:.1} {:.1}",
                if line.is_empty() { "M" } else { "L" },
                right(share(general)),
                up(share(&scores))
            )
            .unwrap();
        }
        let (x, y) = (LEFT + PLOT_WIDTH + 16.0, TOP + 10.0 + 18.0 * number as f64);
        writeln!(svg, "<path d=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"{dash}/>").unwrap();
        writeln!(svg, "<path d=\"M{x} {:.1}h22\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/><text x=\"{}\" y=\"{y}\">{name}</text>", y - 4.0, x + 28.0).unwrap();
    }
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">false alarms on general texts</text>\n</svg>",
        LEFT + PLOT_WIDTH / 2.0,
        HEIGHT - 16.0
    )
    .unwrap();
    std::fs::write(path, svg).expect("the plot can be written");
}
