//! A terminal as a grid of dots: each character holds two by four of them, as Braille does.

/// What a cell shows: what comes later in this list covers what comes before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    #[default]
    Nothing,
    Graticule,
    Circle,
    Track,
    Contact,
    Label,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// Bits of the Braille pattern.
    dots: u8,
    layer: Layer,
    /// A colour's number in SGR sequences, 0 for none.
    colour: u8,
    letter: Option<char>,
}

/// Dots and letters with colours.
pub(super) struct Canvas {
    columns: usize,
    cells: Vec<Cell>,
}

/// First Braille pattern: none of its dots is set.
const BLANK: u32 = 0x2800;
/// Bits of the dots, by row, left and right.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Canvas {
    pub const DOTS_ACROSS: usize = 2;
    pub const DOTS_DOWN: usize = 4;

    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            cells: vec![Cell::default(); columns * rows],
        }
    }

    fn rows(&self) -> usize {
        self.cells.len() / self.columns.max(1)
    }

    /// Sets a dot; outside of the canvas nothing happens.
    pub fn dot(&mut self, x: i64, y: i64, layer: Layer, colour: u8) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        let (column, row) = (x / Self::DOTS_ACROSS, y / Self::DOTS_DOWN);
        if column >= self.columns || row >= self.rows() {
            return;
        }
        let cell = &mut self.cells[row * self.columns + column];
        if layer < cell.layer {
            return;
        }
        // Lines of the graticule would only blur another line; other lines cross.
        if cell.layer <= Layer::Graticule && layer > cell.layer {
            cell.dots = 0;
        }
        cell.dots |= BITS[y % Self::DOTS_DOWN][x % Self::DOTS_ACROSS];
        (cell.layer, cell.colour) = (layer, colour);
    }

    /// Writes letters where neither another label nor the edge is in the way; else nothing is written.
    pub fn label(&mut self, column: i64, row: i64, text: &str, colour: u8) -> bool {
        let length = text.chars().count();
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else {
            return false;
        };
        if column + length > self.columns || row >= self.rows() {
            return false;
        }
        let first = row * self.columns + column;
        let cells = &mut self.cells[first..first + length];
        if cells.iter().any(|cell| cell.layer == Layer::Label) {
            return false;
        }
        for (cell, letter) in cells.iter_mut().zip(text.chars()) {
            *cell = Cell {
                letter: Some(letter),
                layer: Layer::Label,
                colour,
                dots: 0,
            };
        }
        true
    }

    /// The rows as text, with colours if they are wanted.
    pub fn lines(&self, colours: bool) -> Vec<String> {
        let line = |cells: &[Cell]| {
            let mut line = String::new();
            let mut current = 0;
            for cell in cells {
                if colours && cell.colour != current {
                    line.push_str(&sgr(cell.colour));
                    current = cell.colour;
                }
                line.push(match cell.letter {
                    Some(letter) => letter,
                    None if cell.dots == 0 => ' ',
                    None => char::from_u32(BLANK + u32::from(cell.dots)).unwrap_or(' '),
                });
            }
            if current != 0 {
                line.push_str(&sgr(0));
            }
            line
        };
        self.cells.chunks(self.columns.max(1)).map(line).collect()
    }
}

/// The sequence that chooses a colour.
pub(super) fn sgr(colour: u8) -> String {
    format!("\u{1b}[{colour}m")
}
