//! Where output goes: data to stdout, everything else to stderr.

use crate::{args::Output, error::CliError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use perigee_orbit::map::Screen;
use perigee_sdl::Diagnostics;
use serde::Serialize;
use std::{
    io::{self, BufRead, IsTerminal, Write},
    time::Duration,
};
use terminal_size::{terminal_size_of, Height, Width};

/// Version of all JSON documents: raised when a key goes or changes its meaning, not when one is added.
const JSON_VERSION: u32 = 1;

/// A JSON document.
#[derive(Serialize)]
struct Document<'a, T> {
    version: u32,
    #[serde(flatten)]
    value: &'a T,
}

/// Where output goes.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    output: Output,
}

impl Printer {
    /// A printer of this format.
    pub fn new(output: Output) -> Self {
        Self { output }
    }

    /// Prints data: `text` for people, `value` for programs.
    pub fn data<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<(), CliError> {
        let mut line = match self.output {
            Output::Json => json(value)?,
            _ => text(),
        };
        if !line.is_empty() && !line.ends_with('\n') {
            line.push('\n');
        }
        self.bytes(line.as_bytes())
    }

    /// Prints exactly these bytes.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.heard(bytes).map(|_| ())
    }

    /// Prints exactly these bytes for programs; on a terminal the prompt gets a line of its own.
    pub fn exactly(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.bytes(bytes)?;
        match io::stdout().is_terminal() {
            true => self.bytes(b"\n"),
            false => Ok(()),
        }
    }

    /// Prints exactly these bytes; false when whoever read our output has had enough, which is no error.
    pub fn heard(&self, bytes: &[u8]) -> Result<bool, CliError> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// The terminal that data goes to; None where it goes elsewhere.
    pub fn terminal(&self) -> Option<Screen> {
        let (Width(columns), Height(lines)) = terminal_size_of(io::stdout()).filter(|_| io::stdout().is_terminal())?;
        Some(Screen {
            columns: columns.into(),
            lines: Some(lines.into()),
            colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        })
    }

    /// Tells people something.
    pub fn message(&self, text: impl AsRef<str>) {
        // With stderr gone there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
    }

    /// Warns people.
    pub fn warning(&self, text: impl AsRef<str>) {
        self.message(format!("warning: {}", text.as_ref()));
    }

    /// Shows what there is to say about a file, if anything.
    pub fn findings(&self, findings: &Diagnostics) {
        if !findings.is_empty() {
            self.message(findings.render(io::stderr().is_terminal()).trim_end());
        }
    }

    /// Shows an error and what to do about it.
    pub fn error(&self, error: &CliError) {
        self.message(format!("error: {error}"));
        for hint in error.hints() {
            self.message(format!("  → {hint}"));
        }
    }

    /// Asks whether to go on; without a terminal there is nobody to ask.
    pub fn confirm(&self, question: &str, yes: bool) -> Result<(), CliError> {
        if yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(
                CliError::usage("there is no terminal to ask on".into()).hint("Add --yes to go on without asking.")
            );
        }
        let mut err = io::stderr().lock();
        write!(err, "{question} [y/N] ")?;
        err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(CliError::new(
                crate::error::ExitCode::Other,
                "stopped; nothing was changed",
            )),
        }
    }

    /// A line that shows what is being waited for.
    pub fn progress(&self) -> Progress {
        let target = match io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress { bar, printer: *self }
    }
}

/// A line that shows what is being waited for. It disappears when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    printer: Printer,
}

impl Progress {
    /// Now this is waited for.
    pub fn waiting_for(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// Something that people should know while they wait.
    pub fn note(&self, what: impl AsRef<str>) {
        self.bar.suspend(|| self.printer.message(what.as_ref()));
    }

    /// A step is done.
    pub fn done(&self, what: impl AsRef<str>) {
        self.bar
            .suspend(|| self.printer.message(format!("✓ {}", what.as_ref())));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, io::Error> {
    let document = Document {
        version: JSON_VERSION,
        value,
    };
    Ok(serde_json::to_string_pretty(&document)?)
}

/// Columns without lines. On a terminal, cells wrap so that the table fits it; elsewhere each row is one line.
pub fn table(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let terminal = terminal_size_of(io::stdout()).filter(|_| io::stdout().is_terminal());
    fitted(heads, rows, terminal.map(|(Width(columns), _)| columns))
}

/// A table of this width at most. Columns that are empty in every row are left out.
fn fitted(heads: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    match width {
        Some(width) => table
            .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
            .set_width(width),
        None => table.set_content_arrangement(comfy_table::ContentArrangement::Disabled),
    };
    let filled = |column: &usize| {
        rows.iter()
            .any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
    };
    let columns: Vec<_> = (0..heads.len()).filter(filled).collect();
    table.set_header(columns.iter().map(|column| heads[*column]));
    for row in &rows {
        table.add_row(
            columns
                .iter()
                .map(|column| row.get(*column).cloned().unwrap_or_default()),
        );
    }
    let mut lines = Vec::new();
    for line in table.to_string().lines() {
        // The first column's margin; a cell that wraps leaves blanks, which have to stay.
        lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_fit_the_terminal_and_are_lines_elsewhere() {
        let row = [
            "7",
            "",
            "200m CPU, 128 MiB memory, 256 MiB storage, 1 endpoint",
            "shared-kernel DE eu-west",
        ];
        let rows = vec![row.map(str::to_owned).to_vec()];
        let heads = ["ID", "ABUSE TO", "FREE", "ATTRIBUTES"];
        let wide = fitted(&heads, rows.clone(), None);
        assert_eq!(wide.lines().count(), 2);
        assert!(!wide.contains("ABUSE"), "{wide}");
        let narrow = fitted(&heads, rows, Some(50));
        assert!(narrow.lines().all(|line| line.chars().count() <= 50), "{narrow}");
        for word in ["7", "endpoint", "eu-west"] {
            assert!(narrow.contains(word), "{narrow}");
        }
    }

    #[test]
    fn documents_begin_with_their_version_and_keep_large_amounts() {
        #[derive(Serialize)]
        struct Owed {
            amount: u128,
        }
        let text = json(&Owed { amount: u128::MAX }).unwrap();
        let compact: String = text.split_whitespace().collect();
        assert_eq!(compact, format!("{{\"version\":1,\"amount\":{}}}", u128::MAX));
    }
}
