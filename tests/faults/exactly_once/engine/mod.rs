//! Runs the program against a backend that breaks about half of the requests, kills it, and follows its advice like a careful
//! user. It counts what exists twice, what is lost, and which statements of the program are false.

mod apply;
mod bulk;
mod proxy;
mod report;
mod round;
mod shop;
mod single;

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use proxy::Proxy;
pub use report::Report;
use round::Round;
use shop::Shop;

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// The rounds that use the same shop, so that its state stays small.
const ROUNDS_IN_SHOP: u64 = 10;

/// What to run.
pub struct Settings<'a> {
    pub rounds: u64,
    /// The number of the first round, to repeat a failed one.
    pub first: u64,
    pub seed: u64,
    /// The number of rounds at the same time. Most of their time they wait.
    pub workers: usize,
    /// Starts the program, without arguments.
    pub program: &'a (dyn Fn() -> Command + Sync),
    /// Called after every shop.
    pub on_progress: &'a (dyn Fn(&Report) + Sync),
}

/// Each kind of round, as often as it is chosen.
const KINDS: [fn(&mut Round<'_>); 20] = [
    single::create_product,
    bulk::bulk,
    single::create_price,
    apply::apply,
    single::create_item,
    single::replace_price,
    single::create_product,
    single::change,
    bulk::bulk,
    single::create_plan,
    single::create_price,
    single::replace_price,
    single::create_item,
    single::create_product,
    bulk::bulk,
    single::create_price,
    single::change,
    apply::apply,
    single::create_product,
    single::change,
];

/// Runs all rounds, and returns their counts. A round depends only on the seed and on earlier rounds of the same shop.
pub fn run(settings: &Settings<'_>) -> Report {
    let report = Mutex::new(Report::default());
    let shops = settings.rounds.div_ceil(ROUNDS_IN_SHOP);
    let first = settings.first / ROUNDS_IN_SHOP;
    let next = AtomicU64::new(first);
    thread::scope(|scope| {
        for _ in 0..settings.workers {
            scope.spawn(|| {
                let proxy = Proxy::start();
                loop {
                    let shop = next.fetch_add(1, Ordering::Relaxed);
                    if shop >= first + shops {
                        break;
                    }
                    let own = run_shop(settings, &proxy, shop);
                    let mut report = report.lock().expect("a lock");
                    report.merge(own);
                    (settings.on_progress)(&report);
                }
            });
        }
    });
    report.into_inner().expect("a lock")
}

/// Runs the rounds of one shop.
fn run_shop(settings: &Settings<'_>, proxy: &Proxy, number: u64) -> Report {
    let mut report = Report::default();
    // The routes of older backends, in every fourth shop.
    let shop = Shop::start(settings.seed ^ number, number % 4 == 3);
    proxy.set_upstream(shop.sandbox.port());
    let start = number * ROUNDS_IN_SHOP;
    for number in start..start + ROUNDS_IN_SHOP {
        let seed = settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number);
        let mut round = Round::new(&shop, proxy, settings.program, &mut report, seed, number);
        let kind = KINDS[usize::try_from(number).unwrap_or_default() % KINDS.len()];
        kind(&mut round);
        // Later rounds would fail for the same reason.
        if !round.finish() {
            break;
        }
    }
    report
}
