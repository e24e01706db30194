//! What processes and directories take of this machine, as Linux tells it.

use anyhow::{Context, Result};
use serde::Serialize;
use std::{fmt, fs, os::unix::fs::MetadataExt, path::Path};

/// Ticks of a second in `/proc`: `USER_HZ`, the same on every architecture that Linux runs on today.
const TICKS: f64 = 100.0;
/// Bytes of a block in `st_blocks`, whatever the file system.
const STAT_BLOCK: u64 = 512;

/// The machine that was measured on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    cores: usize,
    cpu: String,
    memory_mib: u64,
    kernel: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Result<Self> {
        let cpuinfo = read("/proc/cpuinfo")?;
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: model.map_or_else(String::new, |text| text.trim_matches([' ', '\t', ':']).to_owned()),
            memory_mib: kib(&read("/proc/meminfo")?, "MemTotal:") / 1024,
            // Its version; what a builder added says nothing about speed.
            kernel: read("/proc/sys/kernel/osrelease")?
                .split(['-', '\n'])
                .next()
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gib = self.memory_mib.div_ceil(1024);
        write!(
            f,
            "{}, {} cores, {gib} GiB, Linux {}",
            self.cpu, self.cores, self.kernel
        )
    }
}

/// Seconds that all cores together have worked since boot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Busy {
    /// For anybody.
    pub all: f64,
    /// Of it, for processes that let others go first (`nice`).
    pub yielding: f64,
}

impl Busy {
    /// Until now.
    pub fn now() -> Result<Self> {
        let text = read("/proc/stat")?;
        parse_busy(&text).context("/proc/stat has another shape than expected")
    }
}

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub struct Process(u32);

impl Process {
    /// The process with this id.
    pub fn of(pid: u32) -> Result<Self> {
        let process = Self(pid);
        process.cpu_seconds()?;
        Ok(process)
    }

    /// This process.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// Seconds of CPU it has used, in user and kernel mode.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let text = read(&format!("/proc/{}/stat", self.0))?;
        parse_cpu(&text).with_context(|| format!("/proc/{}/stat has another shape than expected", self.0))
    }

    /// Its memory.
    pub fn memory(&self) -> Result<Memory> {
        let text = read(&format!("/proc/{}/status", self.0))?;
        Ok(Memory {
            resident: kib(&text, "VmRSS:") * 1024,
            own: kib(&text, "RssAnon:") * 1024,
        })
    }
}

/// Bytes of memory.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Resident.
    pub resident: u64,
    /// Of it, not pages of files, which the kernel takes back when somebody needs the room.
    pub own: u64,
}

/// Bytes that the files below `path` take on disk.
pub fn disk_usage(path: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => sum += disk_usage(&entry.path())?,
            Ok(metadata) => sum += metadata.blocks() * STAT_BLOCK,
            // Databases remove files while they are counted.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(sum)
}

/// The columns are user, nice, system, idle, iowait, irq, softirq and steal; guests are part of user.
fn parse_busy(stat: &str) -> Option<Busy> {
    let ticks: Vec<f64> = stat
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .flat_map(str::parse)
        .collect();
    let &[user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = ticks.as_slice() else {
        return None;
    };
    Some(Busy {
        all: (user + nice + system + irq + softirq + steal) / TICKS,
        yielding: nice / TICKS,
    })
}

/// utime and stime are the 14th and 15th field; the second is a name in brackets that may hold anything.
fn parse_cpu(stat: &str) -> Option<f64> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

/// The number after `key` in text of the form of `/proc/meminfo`; zero without it.
fn kib(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_processes_do_not_disturb() {
        let stat = "42 (a) b (c) S 1 1 1 0 -1 0 9 9 9 9 150 50 0 0 20 0 7";
        assert_eq!(parse_cpu(stat), Some(2.0));
        assert_eq!(parse_cpu("42 (a) S 1"), None);
    }

    #[test]
    fn waiting_is_not_working() {
        let stat = "cpu  100 200 300 9000 9000 10 20 70 5 5\ncpu0 1 1 1";
        let expected = Busy {
            all: 7.0,
            yielding: 2.0,
        };
        assert_eq!(parse_busy(stat), Some(expected));
        assert_eq!(parse_busy("cpu 1 2 3"), None);
    }

    #[test]
    fn numbers_are_found_by_their_key() {
        let text = "VmPeak:\t 9 kB\nVmRSS:\t  12 kB\n";
        assert_eq!((kib(text, "VmRSS:"), kib(text, "VmHWM:")), (12, 0));
    }

    #[test]
    fn own_figures_can_be_read() {
        let own = Process::own();
        let memory = own.memory().unwrap();
        assert!(memory.own > 100 * 1024 && memory.resident >= memory.own);
        assert!(own.cpu_seconds().unwrap() <= Busy::now().unwrap().all);
        assert!(Process::of(u32::MAX).is_err());
    }

    #[test]
    fn files_count_by_the_blocks_they_take() {
        let directory = std::env::temp_dir().join(format!("perigee-bench-{}", std::process::id()));
        fs::create_dir_all(directory.join("inner")).unwrap();
        fs::write(directory.join("inner/file"), vec![1; 10_000]).unwrap();
        let found = disk_usage(&directory).unwrap();
        fs::remove_dir_all(&directory).unwrap();
        assert!((10_000..100_000).contains(&found), "{found}");
    }
}
