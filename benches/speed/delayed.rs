//! Runs against an empty sandbox whose backend takes its time for each request, which is what there is to wait for.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::place::{INSFORGE, Place, Ran};

/// How long the backend takes for a request.
pub(crate) const DELAY: Duration = Duration::from_millis(20);

/// How such a run went.
pub(crate) struct Delayed {
    pub(crate) ours: Ran,
    /// How many lines it wrote.
    pub(crate) lines: u64,
    /// How many requests it sent.
    pub(crate) requests: u64,
}

/// Runs the rest of this command line.
pub(crate) fn run(place: &Place, words: &str) -> Result<Delayed> {
    let script = format!(
        "printf sk_test_bench_1 | '{INSFORGE}' payments config set test - -q && start=$(date +%s%N) && \
         '{INSFORGE}' {words} -v -o ids 2>trace | wc -l && \
         end=$(date +%s%N) && echo $(((end - start) / 1000)) && grep -c '^> ' trace"
    );
    let fault = format!("* *: delay {}ms", DELAY.as_millis());
    let mut command =
        place.insforge(&["sandbox", "exec", "--empty", "--fault", &fault, "--", "sh", "-c", &script]);
    let numbers = numbers(command.current_dir(place.home()))?;
    let [lines, micros, requests] = numbers[..] else { anyhow::bail!("{words} tells {numbers:?}") };
    Ok(Delayed { ours: Ran { time: Duration::from_micros(micros), bytes: 0 }, lines, requests })
}

/// The waiting alone, for so many requests.
pub(crate) fn waiting(requests: u64) -> Result<Ran> {
    Ok(Ran { time: DELAY * u32::try_from(requests)?, bytes: 0 })
}

fn numbers(command: &mut Command) -> Result<Vec<u64>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} ends with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    text.split_whitespace()
        .map(|word| word.parse().with_context(|| format!("`{word}` is no number")))
        .collect()
}
