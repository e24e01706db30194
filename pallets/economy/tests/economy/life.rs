//! Living through worlds, and shortening those that show a fault.

use crate::{
    chain::genesis,
    step::{rich, Steps},
    tally::Tally,
    world::{Step, World, FORGET_EVERY},
};
use std::{
    fmt,
    panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe},
    time::{Duration, Instant},
};

/// How often everything is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// After many steps: fast, and nothing is missed, because no figure mends itself.
    Seldom,
    /// After some steps.
    Often,
    /// After each step: a fault is found where it happens.
    Always,
}

/// Steps that show a fault, the last of which it is.
pub struct Failure {
    steps: Vec<Step>,
    message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\nby these {} steps:", self.message, self.steps.len())?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step:?}"))
    }
}

/// How long a list of steps is shortened.
const PATIENCE: Duration = Duration::from_secs(30);

impl Look {
    fn every(self) -> u64 {
        match self {
            Self::Seldom => 6 * FORGET_EVERY,
            Self::Often => FORGET_EVERY,
            Self::Always => 1,
        }
    }
}

/// Lives through the world of a seed.
pub fn live(seed: u64, count: u64, look: Look, tally: &mut Tally) -> Result<(), Failure> {
    let mut source = Steps::new(seed);
    let mut drawn = vec![];
    let lived = guarded(|| {
        genesis(&rich()).execute_with(|| {
            let mut world = World::new(seed, look.every(), tally);
            let opening = source.opening();
            for number in 0..count as usize {
                let step = opening
                    .get(number)
                    .cloned()
                    .unwrap_or_else(|| source.next(&world.model));
                drawn.push(step.clone());
                world.take(&step);
            }
            world.wind_up(&mut source);
        });
    });
    lived.map_err(|message| Failure { steps: drawn, message })
}

/// Lives through a world in which these steps happen. Steps that have lost their meaning are refused, by both.
fn repeat(seed: u64, steps: &[Step]) -> Result<(), Failure> {
    let mut taken = 0;
    let lived = guarded(|| {
        genesis(&rich()).execute_with(|| {
            let mut tally = Tally::default();
            let mut world = World::new(seed, Look::Always.every(), &mut tally);
            for step in steps {
                taken += 1;
                world.take(step);
            }
            world.wind_up(&mut Steps::new(seed));
        });
    });
    lived.map_err(|message| Failure {
        steps: steps[..taken].to_vec(),
        message,
    })
}

impl Failure {
    /// Is it the same fault? The same words, whatever the figures in them.
    fn is_like(&self, other: &Self) -> bool {
        let words = |failure: &Self| failure.message.replace(|c: char| c.is_ascii_digit(), "");
        words(self) == words(other)
    }
}

/// Leaves steps out as long as the fault stays.
pub fn shorten(seed: u64, failure: Failure) -> Failure {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut shortest = match repeat(seed, &failure.steps) {
        Err(found) if found.is_like(&failure) => found,
        _ => failure,
    };
    let mut size = shortest.steps.len() / 2;
    let started = Instant::now();
    while size > 0 {
        let mut at = 0;
        while at < shortest.steps.len() && started.elapsed() < PATIENCE {
            let until = (at + size).min(shortest.steps.len());
            let without = [&shortest.steps[..at], &shortest.steps[until..]].concat();
            match repeat(seed, &without) {
                Err(found) if found.is_like(&shortest) && found.steps.len() < shortest.steps.len() => shortest = found,
                _ => at += size,
            }
        }
        size /= 2;
    }
    set_hook(hook);
    shortest
}

/// Runs, and says what was found wrong.
fn guarded(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => payload
            .downcast_ref::<&str>()
            .unwrap_or(&"a panic without a message")
            .to_string(),
    })
}
