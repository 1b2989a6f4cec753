//! The `insforge` binary: the library runs.

fn main() -> std::process::ExitCode {
    insforge::run(std::env::args_os()).into()
}
