//! The program in the packages: it is the same in all of them, and has no path of the machine that built it.

use std::path::PathBuf;
use std::process::Command;

use crate::deb::package;
use crate::harness::names_in;
use crate::packages;

/// Paths that only the machine of the build has: of this checkout, and of Rust's tools and sources.
pub fn machine_paths() -> Vec<String> {
    let home = std::env::var("HOME").expect("HOME");
    let cargo_home = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc");
    let sysroot = String::from_utf8(sysroot.stdout).expect("a path").trim().to_owned();
    let mut paths = names_in(&PathBuf::from(&cargo_home).join("registry/src"));
    paths.extend([home, cargo_home, sysroot, env!("CARGO_MANIFEST_DIR").to_owned()]);
    // Not `/`, which can be the home of a service.
    paths.retain(|path| path.len() > 1);
    paths
}

/// The programs in the packages that tar can read, with the name of the package.
fn programs() -> Vec<(String, Vec<u8>)> {
    let folder = packages();
    let below = |name: &'static str| {
        names_in(&folder.join(name)).into_iter().map(move |file| format!("{name}/{file}"))
    };
    let mut commands = Vec::new();
    let is_tar = |file: &String| [".tgz", ".tar.gz"].iter().any(|end| file.ends_with(end));
    for file in below("npm").chain(below(".")).filter(is_tar) {
        let mut command = Command::new("tar");
        command.args(["-xzOf", &file, "--wildcards", "*/insforge"]).current_dir(&folder);
        commands.push((file, command));
    }
    let mut command = Command::new("sh");
    command.args(["-c", r#"dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/bin/insforge"#]).arg(package());
    commands.push(("the Debian package".to_owned(), command));
    let run = |(name, mut command): (String, Command)| (name, command.output().expect("tar").stdout);
    // Some packages have no program, such as the main package of npm.
    commands.into_iter().map(run).filter(|(_, program)| !program.is_empty()).collect()
}

/// The printable text around each place of a program that contains one of these texts.
fn strings_with(program: &[u8], texts: &[String]) -> Vec<String> {
    let is_printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let mut found = Vec::new();
    for text in texts {
        let places = program.windows(text.len()).enumerate().filter(|(_, window)| *window == text.as_bytes());
        for (at, _) in places {
            let before = program[..at].iter().rev().take(40).take_while(|byte| is_printable(byte)).count();
            let after = program[at..].iter().take(120).take_while(|byte| is_printable(byte)).count();
            found.push(String::from_utf8_lossy(&program[at - before..at + after]).into_owned());
        }
    }
    found
}

#[test]
fn the_program_has_no_path_of_the_machine_that_built_it() {
    let mut texts = machine_paths();
    texts.extend(["/home/", "/root/", "/work/", "/tmp/", "/Users/", ".cargo/registry"].map(String::from));
    for (name, program) in programs() {
        let found = strings_with(&program, &texts);
        let shown = found.iter().take(20).map(|text| format!("  {text}\n")).collect::<String>();
        assert!(found.is_empty(), "the program in {name} has {} paths:\n{shown}", found.len());
    }
}

#[test]
fn every_package_has_the_same_program() {
    let programs = programs();
    let (_, expected) = programs.last().expect("the Debian package");
    assert!(expected.starts_with(b"\x7fELF"));
    for (name, program) in &programs {
        assert!(program == expected, "the program in {name} differs from that in the Debian package");
    }
}
