//! Lines, boxes and tables on sheets of A4, broken where they do not fit.

mod face;

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;

use self::face::Face;

/// A4 and its margins, in points (1/72 inch).
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 40.0;
/// Between the margins.
pub(super) const INNER_WIDTH: f32 = WIDTH - 2.0 * MARGIN;
/// The footer stands below this line.
const BOTTOM: f32 = HEIGHT - 52.0;
/// Between the frame of a cell and its text.
const PADDING: f32 = 4.0;
const GAP: f32 = 5.0;
/// Side of a box to tick.
const TICK: f32 = 8.0;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Title,
    Section,
    Strong,
    Plain,
    Small,
    Good,
    Soon,
    Bad,
}

impl Look {
    fn size(self) -> f32 {
        match self {
            Self::Title => 17.0,
            Self::Section => 12.0,
            Self::Strong | Self::Plain | Self::Good | Self::Soon | Self::Bad => 9.0,
            Self::Small => 7.5,
        }
    }

    fn height(self) -> f32 {
        self.size() * 1.36
    }

    fn is_bold(self) -> bool {
        !matches!(self, Self::Plain | Self::Small)
    }

    fn colour(self) -> rgb::Color {
        match self {
            Self::Good => rgb::Color::new(0x1b, 0x6e, 0x34),
            Self::Soon => rgb::Color::new(0x8a, 0x5a, 0x00),
            Self::Bad => rgb::Color::new(0xa3, 0x17, 0x1e),
            Self::Small => rgb::Color::new(0x33, 0x3b, 0x44),
            Self::Title | Self::Section | Self::Strong | Self::Plain => rgb::Color::new(0, 0, 0),
        }
    }
}

/// A text in one look; it is broken into as many lines as it needs.
#[derive(Clone, Debug)]
pub(super) struct Line {
    text: String,
    look: Look,
}

impl Line {
    pub(super) fn new(text: &str, look: Look) -> Self {
        Self { text: text.to_owned(), look }
    }
}

/// A cell of a table. With `ticks`, a box to tick stands before each of the first so many lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) lines: Vec<Line>,
    pub(super) ticks: usize,
}

/// What stands at a place of a sheet.
enum Mark {
    Text { x: f32, baseline: f32, line: Line },
    Frame { x: f32, y: f32, width: f32, height: f32 },
}

/// Sheets that are being filled from top to bottom.
pub(super) struct Paper {
    plain: Face,
    bold: Face,
    footer: String,
    sheets: Vec<Vec<Mark>>,
    y: f32,
}

impl Paper {
    /// The first sheet, with a text for the foot of each; `None` when the fonts cannot be read.
    pub(super) fn new(footer: String) -> Option<Self> {
        let (plain, bold) = (Face::new(notosans::REGULAR_TTF)?, Face::new(notosans::BOLD_TTF)?);
        Some(Self { plain, bold, footer, sheets: vec![Vec::new()], y: MARGIN })
    }

    fn face(&self, look: Look) -> &Face {
        if look.is_bold() { &self.bold } else { &self.plain }
    }

    fn broken(&self, lines: &[Line], width: f32) -> Vec<Line> {
        let one = |line: &Line| {
            let texts = self.face(line.look).broken(&line.text, line.look.size(), width);
            texts.into_iter().map(|text| Line { text, look: line.look }).collect::<Vec<_>>()
        };
        lines.iter().flat_map(one).collect()
    }

    fn mark(&mut self, mark: Mark) {
        self.sheets.last_mut().expect("there is a first sheet").push(mark);
    }

    fn next_sheet(&mut self) {
        self.sheets.push(Vec::new());
        self.y = MARGIN;
    }

    /// Goes to a new sheet when less than this is left on this one, unless it is empty.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > MARGIN {
            self.next_sheet();
        }
    }

    fn write(&mut self, lines: Vec<Line>, x: f32) {
        for line in lines {
            let height = line.look.height();
            self.need(height);
            let baseline = self.y + line.look.size() * 1.07;
            self.mark(Mark::Text { x, baseline, line });
            self.y += height;
        }
    }

    /// Lines over the whole width.
    pub(super) fn paragraph(&mut self, lines: &[Line]) {
        let lines = self.broken(lines, INNER_WIDTH);
        self.need(height(&lines));
        self.write(lines, MARGIN);
        self.y += GAP;
    }

    /// Lines that never stand alone at the foot of a sheet.
    pub(super) fn keep_with_next(&mut self, lines: &[Line]) {
        self.need(110.0);
        self.y += GAP;
        self.paragraph(lines);
    }

    /// Lines with a frame around them.
    pub(super) fn boxed(&mut self, lines: &[Line]) {
        let width = INNER_WIDTH;
        let lines = self.broken(lines, width - 2.0 * PADDING);
        let height = height(&lines) + 2.0 * PADDING;
        self.need(height);
        self.mark(Mark::Frame { x: MARGIN, y: self.y, width, height });
        self.y += PADDING;
        self.write(lines, MARGIN + PADDING);
        self.y += PADDING + GAP;
    }

    /// Blocks beside each other, kept on one sheet.
    pub(super) fn side_by_side(&mut self, cells: &[Cell; 2], height: f32) {
        self.need(height);
        self.y += 2.0 * GAP;
        let (top, width) = (self.y, INNER_WIDTH / 2.0);
        let mut x = MARGIN;
        for cell in cells {
            self.y = top;
            let lines = self.broken(&cell.lines, width - PADDING);
            self.write(lines, x);
            x += width;
        }
        self.y = top + height;
    }

    /// A table whose head is repeated on each sheet.
    pub(super) fn table(&mut self, widths: &[f32], head: &[Cell], rows: &[Vec<Cell>]) {
        let head = self.prepared(widths, head);
        let tall =
            |row: &Prepared| row.iter().map(|(lines, _)| height(lines)).fold(0.0, f32::max) + 2.0 * PADDING;
        let head_height = tall(&head);
        let mut headed = false;
        for row in rows {
            let mut row = self.prepared(widths, row);
            let whole = tall(&row);
            let sheet = BOTTOM - MARGIN - head_height;
            // A row that fits on one sheet is not broken; one that does not begins where there is room for some lines.
            let room = if whole <= sheet { whole } else { 60.0 };
            if self.y + room + if headed { 0.0 } else { head_height } > BOTTOM && self.y > MARGIN {
                self.next_sheet();
                headed = false;
            }
            loop {
                if !headed {
                    self.row(widths, &mut head.clone());
                    headed = true;
                }
                self.row(widths, &mut row);
                if row.iter().all(|(lines, _)| lines.is_empty()) {
                    break;
                }
                self.next_sheet();
                headed = false;
            }
        }
        self.y += GAP;
    }

    fn prepared(&self, widths: &[f32], cells: &[Cell]) -> Prepared {
        let one = |(cell, width): (&Cell, &f32)| {
            let indent = if cell.ticks > 0 { TICK + PADDING } else { 0.0 };
            (self.broken(&cell.lines, width - 2.0 * PADDING - indent), cell.ticks)
        };
        cells.iter().zip(widths).map(one).collect()
    }

    /// Takes as many lines out of the cells as fit on the sheet and frames them; at least one of each.
    fn row(&mut self, widths: &[f32], cells: &mut Prepared) {
        let (top, room) = (self.y, BOTTOM - self.y - 2.0 * PADDING);
        let mut fitting = Vec::new();
        for (lines, ticks) in cells.iter_mut() {
            let mut used = 0.0;
            let fits = lines.iter().take_while(|line| {
                used += line.look.height();
                used <= room
            });
            let count = fits.count().max(1).min(lines.len());
            fitting.push((lines.drain(..count).collect::<Vec<_>>(), std::mem::take(ticks)));
        }
        let tall = fitting.iter().map(|(lines, _)| height(lines)).fold(0.0, f32::max) + 2.0 * PADDING;
        let mut x = MARGIN;
        for ((lines, ticks), width) in fitting.into_iter().zip(widths) {
            self.mark(Mark::Frame { x, y: top, width: *width, height: tall });
            self.y = top + PADDING;
            for (i, line) in lines.into_iter().enumerate() {
                let mut left = x + PADDING;
                if i < ticks {
                    self.mark(Mark::Frame { x: left, y: self.y + 1.0, width: TICK, height: TICK });
                    left += TICK + PADDING;
                }
                let baseline = self.y + line.look.size() * 1.07;
                self.y += line.look.height();
                self.mark(Mark::Text { x: left, baseline, line });
            }
            x += width;
        }
        self.y = top + tall;
    }

    /// Draws every sheet with its footer; `None` when the writer takes no page of this size, which cannot be.
    pub(super) fn draw(mut self, document: &mut Document) -> Option<()> {
        let sheets = std::mem::take(&mut self.sheets);
        let count = sheets.len();
        for (i, mut marks) in sheets.into_iter().enumerate() {
            let footer =
                Line { text: format!("{} · Trang {}/{count}", self.footer, i + 1), look: Look::Small };
            marks.push(Mark::Text { x: MARGIN, baseline: HEIGHT - 30.0, line: footer });
            let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT)?);
            let mut surface = page.surface();
            for mark in &marks {
                self.draw_mark(&mut surface, mark)?;
            }
            surface.finish();
            page.finish();
        }
        Some(())
    }

    fn draw_mark(&self, surface: &mut Surface<'_>, mark: &Mark) -> Option<()> {
        match mark {
            Mark::Text { x, baseline, line } => {
                let paint = line.look.colour().into();
                surface.set_stroke(None);
                surface.set_fill(Some(Fill { paint, opacity: NormalizedF32::ONE, ..Fill::default() }));
                let face = self.face(line.look);
                let (text, glyphs) = face.glyphs(&line.text);
                let start = Point::from_xy(*x, *baseline);
                surface.draw_glyphs(start, &glyphs, face.font(), &text, line.look.size(), false);
            }
            Mark::Frame { x, y, width, height } => {
                let mut path = PathBuilder::new();
                path.push_rect(Rect::from_xywh(*x, *y, *width, *height)?);
                surface.set_fill(None);
                let paint = rgb::Color::new(0x55, 0x5e, 0x68).into();
                surface.set_stroke(Some(Stroke { paint, width: 0.6, ..Stroke::default() }));
                surface.draw_path(&path.finish()?);
            }
        }
        Some(())
    }
}

/// Broken lines of each cell, and how many of them have a box.
type Prepared = Vec<(Vec<Line>, usize)>;

fn height(lines: &[Line]) -> f32 {
    lines.iter().map(|line| line.look.height()).sum()
}
