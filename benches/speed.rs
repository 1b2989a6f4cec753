//! Speed, memory and size, each against a limit: `cargo bench --bench speed` prints a table and fails where one is
//! broken.
//!
//! Times are ratios to programs that everybody knows, run alternately on the same machine: milliseconds say more
//! about the machine than about the program. Nothing here leaves loopback. It needs `curl`, `jq` and `sh`.

#![allow(clippy::print_stdout, reason = "the table is what it is run for")]

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [mode, program, args @ ..] if mode == meter::MODE => meter::run(program, args),
        args if args.iter().any(|arg| arg == "--bench") => bench::run(),
        // `cargo test --all-targets` runs this too, with a debug build that no limit is meant for.
        _ => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    println!("The speed is measured where there are curl, jq and sh");
    ExitCode::SUCCESS
}

#[cfg(unix)]
mod bench {
    use std::env;
    use std::io::Read;
    use std::path::PathBuf;
    use std::process::{Command, ExitCode, Stdio};
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result, ensure};
    use tempfile::TempDir;

    use crate::{meter, stub};

    const INSFORGE: &str = env!("CARGO_BIN_EXE_insforge");
    const KEY: &str = "ik_bench";
    const JSON_LIST: &[&str] = &["payments", "prices", "list", "--json"];
    const TABLE: &[&str] = &["payments", "prices", "list"];
    const SHORT_TABLE: &[&str] = &["payments", "prices", "list", "live"];

    /// Four times the rows may take so many times the time: four, and a third for noise.
    const LINEAR: f64 = 5.4;
    const MEGABYTE: f64 = 1e6;

    pub(crate) fn run() -> Result<ExitCode> {
        let place = Place::new()?;
        let mut table = Table::default();

        let status = &["payments", "status"];
        let in_sandbox = &["--sandbox", "payments", "status"];
        let [ours, sandbox, version, curl] = compare(
            [
                place.insforge(status),
                place.insforge(in_sandbox),
                place.insforge(&["--version"]),
                place.curl(stub::STATUS),
            ],
            300,
            Duration::from_secs(12),
        )?;
        table.time("status / curl", ours, curl, 1.0);
        // With a backend of its own in the process it takes about as long as curl takes to ask one that is there.
        table.time("status --sandbox / curl", sandbox, curl, 1.2);
        table.time("--version / curl", version, curl, 1.0 / 3.0);
        table.memory("status, peak memory", place.memory(status)?, Some(8.0));

        let [ours, curl_jq] =
            compare([place.insforge(JSON_LIST), place.curl_jq(stub::MANY)], 15, Duration::from_secs(20))?;
        ensure!(ours.bytes == curl_jq.bytes, "jq prints {} bytes, we {}", curl_jq.bytes, ours.bytes);
        table.time("100,000 prices as JSON / curl | jq", ours, curl_jq, 3.0);
        table.memory("100,000 prices as JSON, peak memory", place.memory(JSON_LIST)?, None);

        let [many, few] =
            compare([place.insforge(TABLE), place.insforge(SHORT_TABLE)], 15, Duration::from_secs(12))?;
        table.time("100,000 prices as a table / 25,000", many, few, LINEAR);
        table.memory("100,000 prices as a table, peak memory", place.memory(TABLE)?, None);

        #[allow(clippy::cast_precision_loss, reason = "a file of nine petabytes would be too large anyway")]
        let size = std::fs::metadata(INSFORGE)?.len() as f64;
        table.memory("size of the program", size, Some(9.0));
        Ok(if table.broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// Where the programs run: a home of their own, nothing in the environment, a backend on loopback.
    struct Place {
        home: TempDir,
        path: String,
        curl: PathBuf,
        address: String,
    }

    impl Place {
        fn new() -> Result<Self> {
            let path = env::var("PATH").context("There is no PATH to find curl in")?;
            // std starts a program of another PATH than its own by a slower way: ours and curl's must be alike.
            let curl = env::split_paths(&path)
                .map(|directory| directory.join("curl"))
                .find(|file| file.is_file())
                .context("There is no curl to compare with")?;
            Ok(Self { home: tempfile::tempdir()?, path, curl, address: stub::start()? })
        }

        fn insforge(&self, args: &[&str]) -> Command {
            let mut command = Command::new(INSFORGE);
            self.surround(&mut command).args(args);
            command
        }

        fn curl(&self, path: &str) -> Command {
            let mut command = Command::new(&self.curl);
            let bearer = format!("Authorization: Bearer {KEY}");
            self.surround(&mut command).args(["-s", "-H", &bearer, &format!("{}{path}", self.address)]);
            command
        }

        fn curl_jq(&self, path: &str) -> Command {
            let mut command = Command::new("/bin/sh");
            let script = format!("curl -s -H 'Authorization: Bearer {KEY}' '{}{path}' | jq .", self.address);
            self.surround(&mut command).args(["-c", &script]);
            command
        }

        fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
            command
                .env_clear()
                .env("HOME", self.home.path())
                .env("PATH", &self.path)
                .env("INSFORGE_BASE_URL", &self.address)
                .env("INSFORGE_API_KEY", KEY)
        }

        /// The most memory that it has had at a time, in bytes: the median of five runs, because the kernel maps
        /// more or fewer pages of the program's file around those that are touched.
        fn memory(&self, args: &[&str]) -> Result<f64> {
            let mut command = Command::new(env::current_exe()?);
            self.surround(&mut command).args([meter::MODE, INSFORGE]).args(args).stderr(Stdio::inherit());
            let mut most = Vec::new();
            for _ in 0..5 {
                let output = command.output()?;
                ensure!(output.status.success(), "{command:?} fails");
                most.push(std::str::from_utf8(&output.stdout)?.trim().parse::<u32>()?);
            }
            most.sort_unstable();
            Ok(f64::from(most[most.len() / 2]))
        }
    }

    /// A run, from its start to its end.
    #[derive(Clone, Copy)]
    struct Ran {
        time: Duration,
        /// What it has written.
        bytes: usize,
    }

    /// Runs them in turn, round by round, and gives each one's median. Whatever else the machine does
    /// meanwhile it does to all of them.
    fn compare<const N: usize>(
        mut commands: [Command; N],
        rounds: usize,
        budget: Duration,
    ) -> Result<[Ran; N]> {
        let started = Instant::now();
        let mut all = commands.each_ref().map(|_| Vec::new());
        // The first round warms the caches up and does not count.
        for round in 0..=rounds {
            for (command, times) in commands.iter_mut().zip(&mut all) {
                let ran = once(command)?;
                if round > 0 {
                    times.push(ran);
                }
            }
            if round >= 3 && started.elapsed() > budget {
                break;
            }
        }
        Ok(all.map(|mut runs| {
            runs.sort_by_key(|ran| ran.time);
            runs[runs.len() / 2]
        }))
    }

    fn once(command: &mut Command) -> Result<Ran> {
        let mut buffer = vec![0; 1 << 16];
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut stdout = child.stdout.take().context("its stdout is piped")?;
        let mut bytes = 0;
        loop {
            match stdout.read(&mut buffer)? {
                0 => break,
                read => bytes += read,
            }
        }
        let status = child.wait()?;
        let time = started.elapsed();
        ensure!(status.success() && bytes > 0, "{command:?} ends with {status} after {bytes} bytes");
        Ok(Ran { time, bytes })
    }

    /// Prints each figure as soon as it is known.
    #[derive(Default)]
    struct Table {
        broken: bool,
    }

    impl Table {
        fn time(&mut self, name: &str, ours: Ran, theirs: Ran, limit: f64) {
            let ms = |ran: Ran| ran.time.as_secs_f64() * 1000.0;
            let ratio = ms(ours) / ms(theirs);
            let told = format!("{:.1} ms / {:.1} ms", ms(ours), ms(theirs));
            let kept = ratio <= limit;
            self.line(name, &format!("{ratio:.2}"), Some(&format!("{limit:.2}")), kept, &told);
        }

        fn memory(&mut self, name: &str, bytes: f64, limit: Option<f64>) {
            let megabytes = bytes / MEGABYTE;
            let kept = limit.is_none_or(|limit| megabytes < limit);
            let limit = limit.map(|limit| format!("{limit:.0} MB"));
            self.line(name, &format!("{megabytes:.2} MB"), limit.as_deref(), kept, "");
        }

        fn line(&mut self, name: &str, figure: &str, limit: Option<&str>, kept: bool, told: &str) {
            self.broken |= !kept;
            let verdict = match (limit, kept) {
                (None, _) => "-",
                (_, true) => "pass",
                (_, false) => "FAIL",
            };
            let limit = limit.unwrap_or_default();
            println!("{name:<40} {figure:>10}  limit {limit:>5}  {verdict}  {told}");
        }
    }
}

/// Another process of this program, which starts one command and tells the most memory that it has had at a time.
///
/// The kernel keeps that figure for all ended children together, and a child inherits the size of whoever starts it:
/// measured from the bench, with its large answers in memory, it would be the bench's own.
#[cfg(unix)]
mod meter {
    use std::process::{Command, ExitCode, Stdio};

    use anyhow::{Context, Result, ensure};
    use nix::sys::resource::{UsageWho, getrusage};

    pub(crate) const MODE: &str = "--meter";

    pub(crate) fn run(program: &str, args: &[String]) -> Result<ExitCode> {
        let mut child = Command::new(program).args(args).stdout(Stdio::piped()).spawn()?;
        let mut stdout = child.stdout.take().context("its stdout is piped")?;
        std::io::copy(&mut stdout, &mut std::io::sink())?;
        let status = child.wait()?;
        ensure!(status.success(), "{program} ends with {status}");
        let most = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
        let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
        // In bytes.
        println!("{}", most * unit);
        Ok(ExitCode::SUCCESS)
    }
}

/// A backend of this machine with a status and two lists of prices: many in the test environment, a quarter of them
/// in the live one.
#[cfg(unix)]
mod stub {
    use std::io::{BufRead, BufReader, Result as IoResult, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use anyhow::{Context, Result};
    use serde_json::{Value, json};

    pub(crate) const STATUS: &str = "/api/payments/stripe/status";
    pub(crate) const MANY: &str = "/api/payments/stripe/test/catalog/prices";
    const FEW: &str = "/api/payments/stripe/live/catalog/prices";
    const ROWS: usize = 100_000;

    /// A path and the whole answer to it.
    type Known = (&'static str, Vec<u8>);

    pub(crate) fn start() -> Result<String> {
        let recordings = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/exchanges-current.jsonl");
        let recordings =
            std::fs::read_to_string(recordings).context("There are no recordings to answer with")?;
        let status = recorded(&recordings, "242-status-recovered")?;
        let prices = recorded(&recordings, "167-prices-list")?;
        let prices = prices["prices"].as_array().context("The recorded prices are no list")?;
        let known = vec![
            (STATUS, answer(&status.to_string())),
            (MANY, answer(&list(prices, "test", ROWS))),
            (FEW, answer(&list(prices, "live", ROWS / 4))),
        ];
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that leaves early shows in its exit code.
                let _ = serve(&stream, &known);
            }
        });
        Ok(address)
    }

    fn recorded(recordings: &str, name: &str) -> Result<Value> {
        let exchanges = recordings.lines().map(serde_json::from_str::<Value>);
        let mut exchange = exchanges
            .filter_map(Result::ok)
            .find(|exchange| exchange["name"] == name)
            .with_context(|| format!("There is no recording of the name {name}"))?;
        Ok(exchange["response_body"].take())
    }

    /// The recorded prices over and over, each with ids of its own.
    fn list(prices: &[Value], environment: &str, rows: usize) -> String {
        let rows = prices.iter().cycle().take(rows).enumerate().map(|(row, price)| {
            let mut price = price.clone();
            price["environment"] = json!(environment);
            price["priceId"] = json!(format!("price_{row:024}"));
            price["productId"] = json!(format!("prod_{:014}", row / prices.len()));
            price.to_string()
        });
        format!("{{\"prices\":[{}]}}", rows.collect::<Vec<_>>().join(","))
    }

    fn answer(body: &str) -> Vec<u8> {
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close";
        format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
    }

    fn serve(mut stream: &TcpStream, known: &[Known]) -> IoResult<()> {
        let mut lines = BufReader::new(stream).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        match known.iter().find(|(known, _)| *known == path) {
            Some((_, answer)) => stream.write_all(answer),
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
        }
    }
}
