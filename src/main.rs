//! The `insforge` binary. The library does all the work.

fn main() -> std::process::ExitCode {
    insforge::run(std::env::args_os()).into()
}
