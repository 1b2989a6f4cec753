//! Runs against an empty sandbox that delays every answer, so that the requests take nearly all of the time.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::bench_env::{BenchEnv, Timing};

/// The delay of every answer.
pub(crate) const DELAY: Duration = Duration::from_millis(20);

/// The result of such a run.
pub(crate) struct SlowRun {
    pub(crate) ours: Timing,
    /// The lines that it printed.
    pub(crate) lines: u64,
    /// The requests that it sent.
    pub(crate) requests: u64,
}

/// Runs these arguments.
pub(crate) fn run(env: &BenchEnv, words: &str) -> Result<SlowRun> {
    let insforge = env.program().display();
    let script = format!(
        "printf sk_test_bench_1 | '{insforge}' payments config set test - -q && start=$(date +%s%N) && \
         '{insforge}' {words} -v -o ids 2>trace | wc -l && \
         end=$(date +%s%N) && echo $(((end - start) / 1000)) && grep -c '^> ' trace"
    );
    let fault = format!("* *: delay {}ms", DELAY.as_millis());
    let mut command =
        env.insforge(&["sandbox", "exec", "--empty", "--fault", &fault, "--", "sh", "-c", &script]);
    let numbers = numbers(command.current_dir(env.home()))?;
    let [lines, micros, requests] = numbers[..] else { anyhow::bail!("{words} prints {numbers:?}") };
    Ok(SlowRun { ours: Timing { time: Duration::from_micros(micros), bytes: 0 }, lines, requests })
}

/// The delays alone, for this many requests.
pub(crate) fn waiting(requests: u64) -> Result<Timing> {
    Ok(Timing { time: DELAY * u32::try_from(requests)?, bytes: 0 })
}

fn numbers(command: &mut Command) -> Result<Vec<u64>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} ends with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    text.split_whitespace()
        .map(|word| word.parse().with_context(|| format!("`{word}` is not a number")))
        .collect()
}
