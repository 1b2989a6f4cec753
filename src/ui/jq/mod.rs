//! `--jq`: a filter in jq's language, run by jaq over the JSON of a result. What differs from jq beside what jaq does: secrets
//! in `env` are masked, modules cannot be loaded, and there is one input.

mod failed;
mod mistake;
mod written;

use std::io::Write;
use std::thread;

use anyhow::{Context, Result, bail};
use jaq_core::data::HasLut;
use jaq_core::load::{self, Arena, File, Loader, import};
use jaq_core::native::{Fun, run, v};
use jaq_core::{Compiler, DataT, Lut, Vars};
use jaq_json::{Val, read};

use crate::env::ProcessEnv;
use crate::error::{Code, Failure};
use crate::secret::{Secret, redact};
use crate::ui::{CANNOT_WRITE, Stderr};
use written::write;

/// A filter that makes sense. What it is compiled to stays on the thread that runs it.
#[derive(Debug)]
pub(crate) struct Filter {
    text: String,
    /// What `env` gives.
    env: ProcessEnv,
}

/// How a filter's results are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Each on a line of its own.
    pub(crate) lines: bool,
    /// Somebody's terminal must not obey what is in them.
    pub(crate) terminal: bool,
}

impl Filter {
    /// Reads a filter. What is wrong with it is told with its place.
    pub(crate) fn new(text: &str, env: &ProcessEnv) -> Result<Self, Failure> {
        deep_down(|| compile(text).map(drop))??;
        Ok(Self::read_before(text, env))
    }

    /// One that was read before.
    pub(crate) fn read_before(text: &str, env: &ProcessEnv) -> Self {
        Self { text: text.to_owned(), env: env.clone() }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// It does not fit what it was given.
    pub(crate) fn failed(why: String) -> Failure {
        Failure::new(Code::JqFailed, "The filter of --jq failed on this result")
            .why(why)
            .hint("look at the JSON without it; `?` behind a path passes over what does not fit")
    }

    /// Writes what it makes of some JSON, result by result; text as it is. It takes as long as it takes, and may never end.
    pub(crate) fn run(&self, json: &[u8], out: &mut (dyn Write + Send), how: Written) -> Result<()> {
        deep_down(|| self.run_here(json, out, how))?
    }

    fn run_here(&self, json: &[u8], out: &mut dyn Write, how: Written) -> Result<()> {
        let filter = compile(&self.text)?;
        let input = parsed(json)?;
        let data = Data { lut: &filter.lut, env: &self.env };
        let context = jaq_core::Ctx::<Kind>::new(&data, Vars::new([environment(&self.env)]));
        for result in filter.id.run((context, input)) {
            let failed = match result {
                Ok(value) => {
                    write(out, &value, how).context(CANNOT_WRITE)?;
                    continue;
                }
                Err(exception) => exception,
            };
            out.flush().context(CANNOT_WRITE)?;
            let why = match failed.get_halt() {
                Ok(0) => return Ok(()),
                Ok(code) => format!("it halted with {code}"),
                Err(failed) => failed
                    .get_err()
                    .map_or_else(|_| "break".to_owned(), |error| failed::why(error, &self.text)),
            };
            bail!(Self::failed(why));
        }
        Ok(())
    }
}

/// Works with a stack for filters that are nested, or call themselves, some ten thousand times. Its memory is taken when
/// it is used.
fn deep_down<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    const STACK: usize = 256 << 20;
    let unable = |why: String| Failure::new(Code::Failed, "Cannot run the filter of --jq").why(why);
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("jq".to_owned()).stack_size(STACK).spawn_scoped(scope, work);
        let worker = worker.map_err(|error| unable(error.to_string()))?;
        worker.join().map_err(|_| unable("it panicked".to_owned()))
    })
}

/// jaq's reader has no limit of depth, and its values are dropped as deep as they are. This one is serde_json's limit.
fn is_too_deep(json: &[u8]) -> bool {
    const DEEPEST: usize = 128;
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    json.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

fn parsed(json: &[u8]) -> Result<Val> {
    if is_too_deep(json) {
        bail!(Filter::failed("the JSON is nested too deeply".to_owned()));
    }
    Ok(read::parse_single(json)
        .map_err(|error| Filter::failed(format!("the JSON cannot be read: {error}")))?)
}

/// What filters run with.
struct Kind;

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = &'a Data<'a>;
}

struct Data<'a> {
    lut: &'a Lut<Kind>,
    env: &'a ProcessEnv,
}

impl<'a> HasLut<'a, Kind> for &'a Data<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        self.lut
    }
}

fn compile(text: &str) -> Result<jaq_core::Filter<Kind>, Failure> {
    let own = load::parse(include_str!("defs.jq"), |parser| parser.defs()).unwrap_or_default();
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(own);
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(&arena, File { code: text, path: () })
        .map_err(|errors| mistake::unreadable(text, errors))?;
    import(&modules, |_| Err(String::new())).map_err(|errors| mistake::unreadable(text, errors))?;
    Compiler::default()
        .with_funs(functions())
        .with_global_vars(["$ENV"])
        .compile(modules)
        .map_err(|errors| mistake::undefined(text, errors))
}

/// jaq's functions, with those replaced that reach around us, for variables of the environment and to stderr, and the one
/// that reads JSON.
fn functions() -> impl Iterator<Item = Fun<Kind>> {
    const OWN: [&str; 4] = ["env", "debug_empty", "stderr_empty", "fromjson"];
    let theirs: Vec<Fun<Kind>> = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()).collect();
    let own = [
        run::<Kind>(("env", v(0), |cv| Box::new(std::iter::once(Ok(environment(cv.0.data().env)))))),
        run::<Kind>(("debug_empty", v(0), |cv| {
            Stderr::plain(&format!("[\"DEBUG:\",{}]", cv.1));
            Box::new(std::iter::empty())
        })),
        run::<Kind>(("stderr_empty", v(0), |cv| {
            Stderr::plain(&cv.1.to_string());
            Box::new(std::iter::empty())
        })),
        run::<Kind>(("fromjson", v(0), |cv| Box::new(std::iter::once(from_json(&cv.1).map_err(Into::into))))),
    ];
    theirs.into_iter().filter(|(name, ..)| !OWN.contains(name)).chain(own)
}

fn from_json(text: &Val) -> Result<Val, jaq_json::Error> {
    let bytes = text.try_as_utf8_bytes_owned()?;
    if is_too_deep(&bytes) {
        return Err(jaq_json::Error::str("this is nested too deeply"));
    }
    read::parse_single(&bytes).map_err(|error| jaq_json::Error::str(format!("this is no JSON: {error}")))
}

/// The variables, those of secrets masked: by what they look like, and by their names.
fn environment(env: &ProcessEnv) -> Val {
    const OF_SECRETS: [&str; 6] = ["KEY", "SECRET", "TOKEN", "PASS", "CREDENTIAL", "AUTH"];
    let text = |text: &str| Val::utf8_str(text.as_bytes().to_vec());
    let value = |name: &str, value: &str| {
        let name = name.to_uppercase();
        if OF_SECRETS.iter().any(|part| name.contains(part)) {
            text(&Secret::new(value.to_owned()).masked())
        } else {
            text(&redact(value))
        }
    };
    Val::obj(env.utf8_variables().map(|(name, of_it)| (text(name), value(name, of_it))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(filter: &str, json: &str, how: Written) -> Result<String> {
        let mut out = Vec::new();
        Filter::new(filter, &ProcessEnv::default())?.run(json.as_bytes(), &mut out, how)?;
        Ok(String::from_utf8(out).unwrap())
    }

    const PIPE: Written = Written { lines: false, terminal: false };

    #[test]
    fn results_are_written_as_jq_writes_them() {
        for (filter, json, expected) in [
            (".a", r#"{"a":"x\ty"}"#, "x\ty\n"),
            (".", r#"{"b":1,"a":[]}"#, "{\n  \"b\": 1,\n  \"a\": []\n}\n"),
            (".[]", "[1,null,\"\"]", "1\nnull\n\n"),
            (".[] | . * 1", "[3.0, 2.5, 1e3, 12345678901234567890]", "3\n2.5\n1000\n12345678901234567890\n"),
            (".", "1.10", "1.10\n"),
            ("1 / 3, nan, 1e300 * 1e300", "0", "0.3333333333333333\nnull\n1.7976931348623157e+308\n"),
            ("@csv, @base64", r#"["a\"b",1]"#, "\"a\"\"b\",1\nWyJhXCJiIiwxXQ==\n"),
            ("@tsv", r#"["a\tb\\",null,true,2.0]"#, "a\\tb\\\\\t\ttrue\t2.0\n"),
            ("@csv \"x=\\([.])\"", "1", "x=1\n"),
            ("empty", "0", ""),
            ("1, halt, 2", "0", "1\n"),
            ("to_entries[] | .key", r#"{"b":0,"a":0}"#, "b\na\n"),
            ("env | type", "0", "object\n"),
            ("$ENV.X", "0", "null\n"),
            ("join(\",\")", r#"["a",null,1,true]"#, "a,,1,true\n"),
            ("[.[] | IN(1, 2)]", "[1,3]", "[\n  true,\n  false\n]\n"),
            ("INDEX(.id) | keys[]", r#"[{"id":"b"},{"id":1}]"#, "1\nb\n"),
            ("fromjson | .[0]", r#""[7]""#, "7\n"),
            ("reduce range(10000) as $i (0; [.]) | length", "0", "1\n"),
            ("def down: if . > 3000 then 0 else 1 + (. + 1 | down) end; down", "0", "3001\n"),
            ("\"\\u001b[2J\"", "0", "\u{1b}[2J\n"),
            ("[\"\\u001b\"]", "0", "[\n  \"\\u001b\"\n]\n"),
        ] {
            assert_eq!(filtered(filter, json, PIPE).unwrap(), expected, "{filter}");
        }
        let lines = filtered(".[]", r#"[{"a":[1,2]},"x"]"#, Written { lines: true, ..PIPE }).unwrap();
        assert_eq!(lines, "{\"a\":[1,2]}\nx\n");
        let shown = filtered(".", "\"a\\u001b[2Jb\\nc\"", Written { terminal: true, ..PIPE }).unwrap();
        assert_eq!(shown, "a\u{fffd}[2Jb\nc\n");
    }

    #[test]
    fn a_broken_filter_is_told_with_its_place() {
        for (filter, what, marked) in [
            (".a[", "--jq:1:4: here it ends, and a closing bracket has to follow", "1 | .a[\n  |    ^"),
            ("", "--jq:1:1: here it ends, and a term has to follow", ""),
            (".a |", "--jq:1:5: here it ends, and a term has to follow", ""),
            (".a b", "--jq:1:4: here is `b`, which does not go on from there", ""),
            ("reduce . as $x", "--jq:1:1: `reduce` is written `reduce EACH as $x (START; STEP)`", "^^^^^^"),
            (".a | foo(1)", "--jq:1:6: there is no filter `foo/1`", "^^^"),
            ("$x", "--jq:1:1: there is no variable `$x`", "^^"),
            (".a\n| .b[}", "--jq:2:6: here is `}`, and a closing bracket has to be", "     ^"),
            ("§", "--jq:1:1: `§` has no meaning here", "^"),
            ("\"\\q\"", "--jq:1:3: ", ""),
            ("include \"x\"; .", "--jq:1:10: modules are not loaded", ""),
            ("import \"x\" as $x; .", "--jq:1:9: modules are not loaded", ""),
            ("if 1", "--jq:1:5: here it ends, and `then` has to follow", ""),
        ] {
            let failure = Filter::new(filter, &ProcessEnv::default()).unwrap_err();
            assert!(failure.what.starts_with(what), "{filter}: {}", failure.what);
            assert!(
                failure.why.as_deref().unwrap_or_default().contains(marked),
                "{filter}: {:?}",
                failure.why
            );
            assert_eq!(failure.code, Code::Usage);
        }
    }

    #[test]
    fn what_was_made_before_it_failed_is_written() {
        let mut out = Vec::new();
        let filter = Filter::new(".[] | .a", &ProcessEnv::default()).unwrap();
        let error = filter.run(br#"[{"a":1},[]]"#, &mut out, PIPE).unwrap_err();
        let failure = error.downcast::<Failure>().unwrap();
        assert_eq!((failure.code, out), (Code::JqFailed, b"1\n".to_vec()));
        assert_eq!(failure.why.as_deref(), Some("cannot index an array with \"a\""));
        let deep = "[".repeat(129) + &"]".repeat(129);
        let failure = filter.run(deep.as_bytes(), &mut Vec::new(), PIPE).unwrap_err();
        assert_eq!(
            failure.downcast::<Failure>().unwrap().why.as_deref(),
            Some("the JSON is nested too deeply")
        );
        assert!(filter.run("[\"[[[{\\\"\"]".as_bytes(), &mut Vec::new(), PIPE).is_err());
    }
}
