//! The map for a terminal: the globe in Braille, and below it the contacts over time.

use super::canvas::{sgr, Canvas, Layer};
use super::shape::{pieces, Spot};
use super::{degrees_name, meridians, parallels, place_name, Map, GRATICULE_DEG};

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Characters in a line.
    pub columns: usize,
    /// Lines, where the map should fit into a window.
    pub lines: Option<usize>,
    /// Write colours?
    pub colours: bool,
}

/// Without a terminal.
impl Default for Screen {
    fn default() -> Self {
        Self {
            columns: 80,
            lines: None,
            colours: false,
        }
    }
}

/// Latitudes stand left of the map.
const GUTTER: usize = 5;
/// Below this nothing is to be seen; above, a terminal is too wide for lines of text.
const COLUMNS: (usize, usize) = (56, 260);
const LEAST_ROWS: usize = 11;
/// A map is twice as wide as high, and a character twice as high as wide.
const COLUMNS_PER_ROW: usize = 4;
/// Title, longitudes, legend, times, and the line where the shell asks for more.
const OTHER_LINES: usize = 5;
/// Name of a station, and what it has in all.
const NAME: usize = 22;
const SUMMARY: usize = 20;

const GREY: u8 = 90;
const GREEN: u8 = 32;
const YELLOW: u8 = 93;
/// Track and contact of each satellite.
const COLOURS: [(u8, u8); 5] = [(36, 96), (35, 95), (34, 94), (31, 91), (33, 93)];
/// How much of a character's time is in contact.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn render(map: &Map<'_>, screen: Screen) -> String {
    let columns = screen.columns.clamp(COLUMNS.0, COLUMNS.1);
    let most = (columns - GUTTER) / COLUMNS_PER_ROW;
    let rows = match screen.lines {
        // Many stations are scrolled through; for them the map need not shrink.
        Some(lines) => lines.saturating_sub(OTHER_LINES + map.sites.len().min(lines / 4)),
        None => most,
    };
    let rows = rows.clamp(LEAST_ROWS.min(most), most);
    let globe = Globe::new(rows * COLUMNS_PER_ROW, rows);
    let mut lines = vec![map.title()];
    lines.extend(globe.lines(map, screen.colours));
    lines.push(legend(map, columns, screen.colours));
    lines.extend(times(map, columns, screen.colours));
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n") + "\n"
}

fn coloured(text: &str, colour: u8, colours: bool) -> String {
    match colours {
        true => format!("{}{text}{}", sgr(colour), sgr(0)),
        false => text.to_owned(),
    }
}

fn colours_of(satellite: usize) -> (u8, u8) {
    COLOURS[satellite % COLOURS.len()]
}

struct Globe {
    columns: usize,
    rows: usize,
    canvas: Canvas,
}

impl Globe {
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            canvas: Canvas::new(columns, rows),
        }
    }

    fn lines(mut self, map: &Map<'_>, colours: bool) -> Vec<String> {
        self.graticule();
        for circle in map.sites.iter().flat_map(|site| &site.circles) {
            self.line(&circle.edge, Layer::Circle, GREEN, 2);
        }
        for (index, track) in map.tracks.iter().enumerate() {
            let (track_colour, contact_colour) = colours_of(index);
            for run in track.runs() {
                match run.seen {
                    true => self.line(&run.spots, Layer::Contact, contact_colour, 1),
                    false => self.line(&run.spots, Layer::Track, track_colour, 1),
                }
            }
        }
        self.labels(map);
        let latitudes = self.latitudes();
        let named = self.canvas.lines(colours).into_iter().zip(latitudes);
        let mut lines: Vec<String> = named
            .map(|(line, name)| coloured(&format!("{name:>4} "), GREY, colours) + &line)
            .collect();
        lines.push(coloured(&self.longitudes(), GREY, colours));
        lines
    }

    /// Dots of a spot, with parts.
    fn at(&self, spot: Spot) -> (f64, f64) {
        let width = (self.columns * Canvas::DOTS_ACROSS) as f64;
        let height = (self.rows * Canvas::DOTS_DOWN) as f64;
        (
            (spot.longitude + 180.0) / 360.0 * (width - 1.0),
            (90.0 - spot.latitude) / 180.0 * (height - 1.0),
        )
    }

    fn cell(&self, spot: Spot) -> (i64, i64) {
        let (x, y) = self.at(spot);
        (
            x.round() as i64 / Canvas::DOTS_ACROSS as i64,
            y.round() as i64 / Canvas::DOTS_DOWN as i64,
        )
    }

    fn graticule(&mut self) {
        let corners =
            |along: fn(f64, f64) -> Spot, at: i32, to: f64| [along(f64::from(at), -to), along(f64::from(at), to)];
        for longitude in meridians() {
            self.line(&corners(Spot::new, longitude, 90.0), Layer::Graticule, GREY, 4);
        }
        for latitude in parallels() {
            // From edge to edge, which is no way round: in two halves.
            let halves = [-180.0, 0.0, 180.0].map(|longitude| Spot::new(longitude, f64::from(latitude)));
            let every = if latitude == 0 { 2 } else { 4 };
            self.line(&halves, Layer::Graticule, GREY, every);
        }
    }

    /// Draws a line of which each `every`th dot is set. Contacts are twice as thick.
    fn line(&mut self, spots: &[Spot], layer: Layer, colour: u8, every: usize) {
        for piece in pieces(spots) {
            let mut drawn = 0;
            for pair in piece.windows(2) {
                let (from, to) = (self.at(pair[0]), self.at(pair[1]));
                let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().max(1.0) as usize;
                for step in 0..steps {
                    let share = step as f64 / steps as f64;
                    let x = (from.0 + (to.0 - from.0) * share).round() as i64;
                    let y = (from.1 + (to.1 - from.1) * share).round() as i64;
                    if drawn % every == 0 {
                        self.canvas.dot(x, y, layer, colour);
                        if layer == Layer::Contact {
                            self.canvas.dot(x + 1, y, layer, colour);
                            self.canvas.dot(x, y + 1, layer, colour);
                        }
                    }
                    drawn += 1;
                }
            }
        }
    }

    /// Stations by their numbers, satellites where they begin: a name that finds no room is left out.
    fn labels(&mut self, map: &Map<'_>) {
        for (index, site) in map.sites.iter().enumerate() {
            let spot = Spot::of(site.station.place());
            self.label(spot, &format!("●{index}"), &format!("{index}●"), YELLOW);
        }
        for (index, track) in map.tracks.iter().enumerate() {
            if let Some(spot) = track.spot_at(map.interval().start()) {
                let (_, colour) = colours_of(index);
                let right = format!("◆{}", track.name);
                self.label(spot, &right, &format!("{}◆", track.name), colour);
            }
        }
    }

    /// With the sign at the spot, and the name to its right or left.
    fn label(&mut self, spot: Spot, right: &str, left: &str, colour: u8) {
        let (column, row) = self.cell(spot);
        let sign = right.chars().next().map(String::from).unwrap_or_default();
        let back = left.chars().count() as i64 - 1;
        let _ = self.canvas.label(column, row, right, colour)
            || self.canvas.label(column - back, row, left, colour)
            || self.canvas.label(column, row, &sign, colour);
    }

    fn latitudes(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.rows];
        for latitude in parallels() {
            let (_, row) = self.cell(Spot::new(0.0, f64::from(latitude)));
            names[row as usize] = degrees_name(latitude, 'N', 'S');
        }
        names
    }

    fn longitudes(&self) -> String {
        let places = meridians().filter(|longitude| longitude.rem_euclid(2 * GRATICULE_DEG as i32) == 0);
        let marks = places.map(|longitude| {
            let (column, _) = self.cell(Spot::new(f64::from(longitude), 0.0));
            (GUTTER + column as usize, degrees_name(longitude, 'E', 'W'))
        });
        written(marks, GUTTER + self.columns)
    }
}

/// Names below their columns, each centred, within a line.
fn written(marks: impl IntoIterator<Item = (usize, String)>, width: usize) -> String {
    let mut line = String::new();
    for (column, name) in marks {
        let length = name.chars().count();
        let start = column.saturating_sub(length / 2).min(width.saturating_sub(length));
        let used = line.chars().count();
        if used == 0 || start > used {
            line.extend(std::iter::repeat_n(' ', start - used));
            line.push_str(&name);
        }
    }
    line
}

/// What the signs mean, and how high the satellite flies: as much of it as fits.
fn legend(map: &Map<'_>, columns: usize, colours: bool) -> String {
    let (track, contact) = colours_of(0);
    let mut entries = vec![
        ("●", YELLOW, "station".to_owned()),
        ("⠐⠐", GREEN, "its view".to_owned()),
        ("⠒⠒", track, "track".to_owned()),
        ("⠶⠶", contact, "in contact".to_owned()),
        ("◆", contact, "start".to_owned()),
    ];
    if let [track] = map.tracks.as_slice() {
        let (low, high) = track.heights_km();
        entries.push(("↕", GREY, format!("{low:.0} to {high:.0} km")));
    }
    let (mut line, mut used) = (" ".repeat(GUTTER), GUTTER);
    for (sign, colour, name) in entries {
        used += sign.chars().count() + name.chars().count() + 3;
        if used <= columns {
            line.push_str(&format!("{} {name}  ", coloured(sign, colour, colours)));
        }
    }
    line
}

fn times(map: &Map<'_>, columns: usize, colours: bool) -> Vec<String> {
    let width = columns - NAME - SUMMARY;
    let mut lines = Vec::with_capacity(map.sites.len() + 1);
    for (index, site) in map.sites.iter().enumerate() {
        let name = format!("{index:>3} {}", place_name(site.station.place()));
        let mut line = format!("{name:<NAME$}");
        for (bar, colour) in bars(map, index, width) {
            line.push_str(&coloured(&bar.to_string(), colour, colours));
        }
        line.push_str(&format!(" {}", map.summary(index)));
        lines.push(line);
    }
    let ticks = map.ticks((width / 12).max(1));
    let marks = ticks.into_iter().map(|(at, name)| {
        let column = (map.share(at) * width as f64) as usize;
        (NAME + column, name)
    });
    lines.push(coloured(&written(marks, columns), GREY, colours));
    lines
}

/// A bar for each part of the interval, with the colour of the satellite that is seen the longest in it.
fn bars(map: &Map<'_>, station: usize, width: usize) -> Vec<(char, u8)> {
    let mut shares = vec![(0.0_f64, 0); width];
    for row in map.rows_of(station) {
        let (from, to) = (
            map.share(row.span.0) * width as f64,
            map.share(row.span.1) * width as f64,
        );
        for (index, share) in shares
            .iter_mut()
            .enumerate()
            .skip(from as usize)
            .take(to.ceil() as usize - from as usize)
        {
            let within = to.min(index as f64 + 1.0) - from.max(index as f64);
            share.0 += within.max(0.0);
            share.1 = row.satellite_index;
        }
    }
    let bar = |(share, satellite): (f64, usize)| match share > 0.0 {
        true => {
            let level = (share * BARS.len() as f64).ceil() as usize;
            (BARS[level.clamp(1, BARS.len()) - 1], colours_of(satellite).1)
        }
        false => ('·', GREY),
    };
    shares.into_iter().map(bar).collect()
}
