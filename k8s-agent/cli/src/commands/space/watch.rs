//! `perigee space watch`: a clock, and a terminal if there is one, around perigee-orbit's events and board.

use super::{elements, request, usage, warn_of_age};
use crate::{
    args::{Output, Watch},
    context::Context,
    error::CliError,
    printer::Printer,
};
use jiff::{SignedDuration, Timestamp};
use perigee_orbit::{
    plan::{Request, Row},
    watch::{events, Board, Change, Event},
};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};
use tokio::signal::unix::{signal, Signal, SignalKind};

/// What elements are good for.
const A_WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The board shows seconds.
const TICK: Duration = Duration::from_secs(1);

const HIDE_CURSOR: &str = "\u{1b}[?25l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";

pub async fn run(context: &Context, args: &Watch) -> Result<(), CliError> {
    let elements = elements(&args.sky)?;
    let from = args.from.unwrap_or_else(Timestamp::now);
    let until = match args.until {
        Some(until) => until,
        None => from
            .saturating_add(A_WEEK)
            .map_err(|error| CliError::usage(error.to_string()))?,
    };
    let request = request(&args.sky, &elements, from, until)?;
    let rows = request.rows().map_err(usage)?;
    warn_of_age(context, &request)?;
    if rows.is_empty() {
        context.printer.message(format!("no contact before {until:.0}"));
    }
    let mut watch = WatchState {
        clock: Clock {
            from,
            begun: Instant::now(),
            speed: args.speed,
        },
        view: View::new(context, &request, &rows)?,
        // Not `ctrl_c()`, which listens only from the first wait on, when a line may be out already.
        interrupted: signal(SignalKind::interrupt())?,
    };
    watch.through(&rows, from, until, args.count).await
}

/// Time as it is told: faster than the real one in a rehearsal.
struct Clock {
    from: Timestamp,
    begun: Instant,
    speed: f64,
}

impl Clock {
    fn now(&self) -> Timestamp {
        let passed = self.begun.elapsed().as_secs_f64() * self.speed;
        SignedDuration::try_from_secs_f64(passed)
            .and_then(|passed| self.from.saturating_add(passed))
            .unwrap_or(Timestamp::MAX)
    }

    /// Real time until then.
    fn time_to(&self, at: Timestamp) -> Duration {
        let seconds = at.duration_since(self.now()).as_secs_f64() / self.speed;
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    }
}

/// Why waiting ended.
#[derive(PartialEq)]
enum Waited {
    Through,
    /// By Ctrl-C, or because nobody reads any more.
    Enough,
}

struct WatchState<'a> {
    clock: Clock,
    view: View<'a>,
    interrupted: Signal,
}

impl WatchState<'_> {
    async fn through(
        &mut self,
        rows: &[Row],
        from: Timestamp,
        until: Timestamp,
        count: Option<u32>,
    ) -> Result<(), CliError> {
        let mut over = 0;
        for event in events(rows, from) {
            if self.wait_until(event.at).await? == Waited::Enough || !self.view.tell(&event)? {
                return Ok(());
            }
            over += u32::from(event.event == Change::End);
            if count == Some(over) {
                return Ok(());
            }
        }
        // A contact may go on up to the end.
        if rows.iter().any(|row| row.cut_at_end) {
            self.wait_until(until).await?;
        }
        Ok(())
    }

    async fn wait_until(&mut self, at: Timestamp) -> Result<Waited, CliError> {
        loop {
            if !self.view.draw(self.clock.now().min(at))? {
                return Ok(Waited::Enough);
            }
            let left = self.clock.time_to(at);
            if left.is_zero() {
                return Ok(Waited::Through);
            }
            let step = if self.view.is_live() { left.min(TICK) } else { left };
            tokio::select! {
                () = tokio::time::sleep(step) => {}
                _ = self.interrupted.recv() => return Ok(Waited::Enough),
            }
        }
    }
}

/// Where events go, and how.
enum View<'a> {
    /// One JSON object in each line.
    Json(Printer),
    /// One line of text for each event.
    Lines(Printer),
    /// A board that is drawn again and again; what is over stays above it.
    Live(Live<'a>),
}

impl<'a> View<'a> {
    fn new(context: &Context, request: &'a Request<'a>, rows: &'a [Row]) -> Result<Self, CliError> {
        let printer = context.printer;
        Ok(match (context.settings.output, printer.terminal()) {
            (Output::Json, _) => Self::Json(printer),
            (_, None) => Self::Lines(printer),
            (_, Some(_)) => Self::Live(Live::new(printer, Board::new(request, rows).map_err(usage)?)?),
        })
    }

    fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// False when nobody reads any more.
    fn tell(&mut self, event: &Event<'_>) -> Result<bool, CliError> {
        match self {
            Self::Json(printer) => {
                let line = serde_json::to_string(event).map_err(std::io::Error::from)?;
                printer.heard(format!("{line}\n").as_bytes())
            }
            Self::Lines(printer) => printer.heard(format!("{}\n", event.line()).as_bytes()),
            // What comes next is on the board.
            Self::Live(_) if event.event == Change::Next => Ok(true),
            Self::Live(live) => live.tell(event),
        }
    }

    fn draw(&mut self, now: Timestamp) -> Result<bool, CliError> {
        match self {
            Self::Live(live) => live.draw(now),
            _ => Ok(true),
        }
    }
}

/// A board in the lower lines of a terminal.
struct Live<'a> {
    printer: Printer,
    board: Board<'a>,
    /// Lines of the board as it was drawn last.
    drawn: usize,
}

impl<'a> Live<'a> {
    fn new(printer: Printer, board: Board<'a>) -> Result<Self, CliError> {
        printer.message("Ctrl-C ends.");
        printer.bytes(HIDE_CURSOR.as_bytes())?;
        Ok(Self {
            printer,
            board,
            drawn: 0,
        })
    }

    /// To where the board begins.
    fn back(&self) -> String {
        match self.drawn {
            0 => "\r".to_owned(),
            lines => format!("\r\u{1b}[{lines}A"),
        }
    }

    fn draw(&mut self, now: Timestamp) -> Result<bool, CliError> {
        let lines = self.board.lines(now, self.printer.terminal().unwrap_or_default());
        let mut out = self.back();
        for line in &lines {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{line}{CLEAR_LINE}");
        }
        out.push_str(CLEAR_BELOW);
        self.drawn = lines.len();
        self.printer.heard(out.as_bytes())
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<bool, CliError> {
        let line = format!("{}{}{CLEAR_LINE}\n{CLEAR_BELOW}", self.back(), event.line());
        self.drawn = 0;
        self.printer.heard(line.as_bytes())
    }
}

/// A terminal without a cursor would be of no use to the shell.
impl Drop for Live<'_> {
    fn drop(&mut self) {
        let _ = self.printer.bytes(SHOW_CURSOR.as_bytes());
    }
}
