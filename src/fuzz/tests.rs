//! Runs the targets on their seeds, on mutations of the seeds, and on long inputs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{TARGETS, Target};

/// How many mutations of its seeds each target gets.
const MUTATIONS: usize = 1000;
/// The longest mutated input, in bytes.
const LONGEST: usize = 16 * 1024;

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(directory("seeds").join(name)).expect("a directory of seeds");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).expect("a seed")).collect()
}

/// Stores the input of a failed property, so that it can become a seed.
struct OnPanic<'a>(&'a str, &'a [u8]);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let path = std::env::temp_dir().join(format!("insforge-{}-failed", self.0));
            let _ = fs::write(&path, self.1);
            eprintln!(
                "the input of {} is in {}: {:?}",
                self.0,
                path.display(),
                String::from_utf8_lossy(self.1)
            );
        }
    }
}

fn run(name: &str, target: Target, input: &[u8]) {
    let _on_panic = OnPanic(name, input);
    target(input);
}

/// An input with one to eight changes.
fn mutated(random: &mut fastrand::Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = random.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..random.usize(1..=8) {
        let at = random.usize(0..=input.len());
        let end = random.usize(at..=input.len().min(at + 40));
        match random.u8(0..7) {
            0 => drop(input.drain(at..end)),
            1 => drop(input.splice(at..at, input[at..end].to_vec())),
            2 => input.truncate(input.len().saturating_sub(random.usize(0..8))),
            3 => {
                let other = random.choice(seeds).map(Vec::as_slice).unwrap_or_default();
                let from = random.usize(0..=other.len());
                let to = random.usize(from..=other.len().min(from + 200));
                input.splice(at..end, other[from..to].iter().copied());
            }
            4 => {
                const TOKENS: [&str; 24] = [
                    "\n",
                    "\r\n",
                    "\"",
                    "\\",
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "=",
                    "null",
                    "-1",
                    "1e9",
                    "\\ud800",
                    "é",
                    "日本",
                    "\u{1b}[31m",
                    "\u{202e}",
                    "\u{feff}",
                    "\u{301}",
                    "👩\u{200d}👧",
                    "..",
                    "%2e",
                ];
                let token = random.choice(TOKENS).unwrap_or_default();
                input.splice(at..at, token.bytes());
            }
            5 => input.splice(at..at, [random.u8(..)]).for_each(drop),
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = random.u8(..);
                }
            }
        }
    }
    input.truncate(LONGEST);
    input
}

fn mutate(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(other, _)| *other == name).expect("a target");
    let seeds = seeds(name);
    assert!(seeds.len() >= 5, "only {} seeds of {name}", seeds.len());
    for seed in &seeds {
        run(name, target, seed);
    }
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..MUTATIONS {
        run(name, target, &mutated(&mut random, &seeds));
    }
}

macro_rules! mutations {
    ($($name:ident)*) => {
        /// The properties of each target hold for its seeds and their mutations.
        mod seeds_and_mutations {
            $(#[test] fn $name() { super::mutate(stringify!($name)); })*
        }
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

mutations! {
    project_json config_toml payments_toml jsonl retry_after replies metadata table_layout sanitizing path_encoding
    jq_filter
}

#[test]
fn every_target_has_seeds_and_a_program() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, TESTED);
    let files = |name: &str| {
        let files = fs::read_dir(directory(name)).expect("a directory");
        let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        files.sort();
        files
    };
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let stems = |paths: &[PathBuf]| -> Vec<String> {
        paths.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
    };
    assert_eq!(stems(&files("fuzz_targets")), sorted);
    assert_eq!(stems(&files("seeds")), sorted);
    let manifest = fs::read_to_string(directory("Cargo.toml")).expect("the manifest");
    for name in names {
        let program = fs::read_to_string(directory("fuzz_targets").join(name).with_extension("rs"));
        assert!(program.expect("a program").contains(&format!("insforge::fuzz::{name}(data)")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/Cargo.toml");
    }
}

/// An input that grows, for a target.
type Growing = (&'static str, &'static str, fn(usize) -> Vec<u8>);

fn repeated(before: &str, part: &str, after: &str, size: usize) -> Vec<u8> {
    [before, &part.repeat(size / part.len()), after].concat().into_bytes()
}

/// The parts for these many numbers.
fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}

/// Long inputs, by size in bytes.
const LONG: [Growing; 30] = [
    ("project_json", "nested arrays", |n| repeated("", "[", "", n)),
    ("project_json", "many members", |n| repeated("{\"a\":0", ",\"a\":1", "}", n)),
    ("config_toml", "nested arrays", |n| repeated("\0a=", "[", "", n)),
    ("config_toml", "a long dotted key", |n| repeated("\0a", ".a", "=1", n)),
    ("config_toml", "invalid lines", |n| repeated("\0", "x\n", "", n)),
    ("payments_toml", "nested arrays", |n| repeated("version=1\na=", "[", "", n)),
    ("payments_toml", "nested tables", |n| repeated("version=1\na=", "{a=", "", n)),
    ("payments_toml", "a long dotted key", |n| repeated("version=1\na", ".a", "=1", n)),
    ("payments_toml", "invalid lines", |n| repeated("version=1\n", "x\n", "", n)),
    ("payments_toml", "unknown fields", |n| {
        let lines = numbered(n / 10, |line| format!("x{line:06}=1\n"));
        format!("version=1\n{lines}").into_bytes()
    }),
    ("payments_toml", "unknown fields on one line", |n| {
        let fields = numbered(n / 10, |field| format!("x{field:06}=1,"));
        format!("version=1\nproducts={{a={{{fields}}}}}").into_bytes()
    }),
    ("payments_toml", "many products", |n| {
        let products: String = numbered(n / 40, |key| format!("[products.p{key:07}]\nname = \"Product\"\n"));
        format!("version=1\n{products}").into_bytes()
    }),
    ("payments_toml", "equal lookup keys", |n| {
        let prices = numbered(n / 80, |key| {
            format!("p{key:07} = {{ currency = \"usd\", amount = \"1\", lookup_key = \"same\" }}\n")
        });
        format!("version=1\nproducts.a.name=\"A\"\n[products.a.prices]\n{prices}").into_bytes()
    }),
    ("jsonl", "nested arrays", |n| repeated("\0", "[", "", n)),
    ("jsonl", "mistakes on one line", |n| repeated("\0[1", ",1", "]", n)),
    ("jsonl", "objects on one line", |n| repeated("\0", "{\"nam\":1} ", "", n)),
    ("jsonl", "mistakes on many lines", |n| repeated("\0", "{\"nam\":\n1}\n", "", n)),
    ("jsonl", "objects that are not closed", |n| repeated("\0", "{\"name\":[\n", "", n)),
    ("jsonl", "lines that are no JSON", |n| repeated("\0{}\n", "{x\n", "", n)),
    ("jsonl", "many members of an object", |n| {
        let members = numbered(n / 12, |member| format!("\"x{member:06}\":1,"));
        format!("\0{{{members}\"y\":1}}").into_bytes()
    }),
    ("replies", "nested arrays", |n| repeated("\u{16}", "[", "", n)),
    ("replies", "many products", |n| {
        repeated(
            "\u{7}{\"products\":[",
            "{\"environment\":\"test\",\"productId\":\"prod_1\"},",
            "{\"environment\":\"test\",\"productId\":\"prod_1\"}]}",
            n,
        )
    }),
    ("replies", "many fields of a row", |n| {
        let fields = numbered(n / 12, |field| format!(",\"x{field:06}\":1"));
        let row = format!("{{\"environment\":\"test\",\"productId\":\"prod_1\"{fields}}}");
        format!("\u{7}{{\"products\":[{row}]}}").into_bytes()
    }),
    ("replies", "items and plans", |n| {
        let items =
            numbered(n / 100, |item| format!("{{\"environment\":\"test\",\"itemId\":\"item_{item:07}\"}},"));
        let plans = numbered(n / 100, |_| {
            "{\"environment\":\"test\",\"planId\":\"plan_1\",\"itemId\":\"item_9999999\"},".to_owned()
        });
        let (items, plans) = (items.trim_end_matches(','), plans.trim_end_matches(','));
        format!("\u{10}{{\"items\":[{items}],\"plans\":[{plans}]}}").into_bytes()
    }),
    ("metadata", "many keys", |n| repeated("{\"a\":\"\"", ",\"a\":\"\"", "}", n)),
    ("table_layout", "one long cell", |n| repeated("\0\u{50}", "word ", "", n)),
    ("table_layout", "many rows", |n| repeated("\u{1}\u{50}", "word\u{1f}", "", n)),
    ("sanitizing", "one line of words", |n| repeated("\u{50}", "a ", "", n)),
    ("sanitizing", "one long word", |n| repeated("\u{50}", "a", "", n)),
    ("jq_filter", "nested arrays", |n| repeated("", "[", "", n / 8)),
];

/// How long this thread was on a processor: other programs do not count.
#[cfg(target_os = "linux")]
fn time_used() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("the times of this thread");
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros((micros(usage.user_time()) + micros(usage.system_time())).unsigned_abs())
}

#[cfg(not(target_os = "linux"))]
fn time_used() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// Four times the input takes about four times as long, and not sixteen times. The fastest of several runs counts.
#[test]
fn time_is_proportional_to_the_size() {
    const SMALL: usize = 16 * 1024;
    /// Between 4, which is linear, and 16, which is quadratic.
    const MOST: f64 = 9.0;
    let mut slow = Vec::new();
    for (name, what, input) in LONG {
        let (_, target) = TARGETS.into_iter().find(|(other, _)| *other == name).expect("a target");
        let time = |input: &[u8]| {
            let started = time_used();
            run(name, target, input);
            time_used().saturating_sub(started)
        };
        let (small, large) = (input(SMALL), input(4 * SMALL));
        let (mut fastest, mut is_slow) = ([Duration::MAX; 2], true);
        for _ in 0..4 {
            fastest = [fastest[0].min(time(&small)), fastest[1].min(time(&large))];
            // What is fast in any case does not matter.
            is_slow = fastest[1] > Duration::from_millis(100)
                && fastest[1].as_secs_f64() > MOST * fastest[0].as_secs_f64();
            if !is_slow {
                break;
            }
        }
        if is_slow {
            slow.push(format!("{name}: {what}: {fastest:?}"));
        }
    }
    assert!(slow.is_empty(), "not linear:\n{}", slow.join("\n"));
}
