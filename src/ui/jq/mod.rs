//! `--jq`: a filter in jq's language, which jaq runs on the JSON of a result. It differs from jq as jaq does. In addition,
//! secrets in `env` are masked, modules cannot be loaded, and there is one input.

mod compile_error;
mod results;
mod runtime_error;

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
use crate::secret::redact_variable;
use crate::ui::{CANNOT_WRITE, Stderr};
use crate::wire::is_too_deep;
use results::write;

/// A valid filter, as text: a compiled filter cannot leave its thread.
#[derive(Debug)]
pub(crate) struct Filter {
    text: String,
    /// The source of `env` and `$ENV`.
    env: ProcessEnv,
}

/// The format of a filter's results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilterFormat {
    /// JSON without line breaks.
    pub(crate) as_lines: bool,
    /// For a terminal: control characters in strings are replaced.
    pub(crate) terminal: bool,
}

impl Filter {
    /// Checks a filter. The failure has the position of the first error.
    pub(crate) fn new(text: &str, env: &ProcessEnv) -> Result<Self, Failure> {
        on_large_stack(|| compile(text).map(drop))??;
        Ok(Self::checked(text, env))
    }

    /// A filter that was checked before.
    pub(crate) fn checked(text: &str, env: &ProcessEnv) -> Self {
        Self { text: text.to_owned(), env: env.clone() }
    }

    /// The filter as the user wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The failure of a filter at run time.
    pub(crate) fn failure(why: String) -> Failure {
        Failure::new(Code::JqFailed, "The --jq filter failed on this result")
            .why(why)
            .hint("check the JSON without the filter; `?` after a path skips values that do not match")
    }

    /// Writes the results for some JSON, one by one. It may run forever.
    pub(crate) fn run(&self, json: &[u8], out: &mut (dyn Write + Send), format: FilterFormat) -> Result<()> {
        on_large_stack(|| self.run_on_this_thread(json, out, format))?
    }

    fn run_on_this_thread(&self, json: &[u8], out: &mut dyn Write, format: FilterFormat) -> Result<()> {
        let filter = compile(&self.text)?;
        let input = parsed(json)?;
        let data = Data { lut: &filter.lut, env: &self.env };
        let context = jaq_core::Ctx::<FilterTypes>::new(&data, Vars::new([environment(&self.env)]));
        for result in filter.id.run((context, input)) {
            let failed = match result {
                Ok(value) => {
                    write(out, &value, format).context(CANNOT_WRITE)?;
                    continue;
                }
                Err(exception) => exception,
            };
            out.flush().context(CANNOT_WRITE)?;
            let why = match failed.get_halt() {
                Ok(0) => return Ok(()),
                Ok(code) => format!("halted with exit code {code}"),
                Err(failed) => failed
                    .get_err()
                    .map_or_else(|_| "break".to_owned(), |error| runtime_error::message(error, &self.text)),
            };
            bail!(Self::failure(why));
        }
        Ok(())
    }
}

/// Runs with a stack for filters that are nested, or recurse, some ten thousand times. The stack's memory is allocated
/// only as it is used.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    const STACK: usize = 256 << 20;
    let unable = |why: String| Failure::new(Code::Failed, "Cannot run the --jq filter").why(why);
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("jq".to_owned()).stack_size(STACK).spawn_scoped(scope, work);
        let worker = worker.map_err(|error| unable(error.to_string()))?;
        worker.join().map_err(|_| unable("the filter panicked".to_owned()))
    })
}

/// Parses JSON. jaq's parser has no limit of depth, and its values are dropped recursively.
fn parsed(json: &[u8]) -> Result<Val> {
    if is_too_deep(json) {
        bail!(Filter::failure("the JSON is nested too deeply".to_owned()));
    }
    Ok(read::parse_single(json).map_err(|error| Filter::failure(format!("invalid JSON: {error}")))?)
}

/// The types that filters run with.
struct FilterTypes;

impl DataT for FilterTypes {
    type V<'a> = Val;
    type Data<'a> = &'a Data<'a>;
}

struct Data<'a> {
    lut: &'a Lut<FilterTypes>,
    env: &'a ProcessEnv,
}

impl<'a> HasLut<'a, FilterTypes> for &'a Data<'a> {
    fn lut(&self) -> &'a Lut<FilterTypes> {
        self.lut
    }
}

fn compile(text: &str) -> Result<jaq_core::Filter<FilterTypes>, Failure> {
    let own = load::parse(include_str!("defs.jq"), |parser| parser.defs()).unwrap_or_default();
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(own);
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(&arena, File { code: text, path: () })
        .map_err(|errors| compile_error::syntax(text, errors))?;
    import(&modules, |_| Err(String::new())).map_err(|errors| compile_error::syntax(text, errors))?;
    Compiler::default()
        .with_funs(functions())
        .with_global_vars(["$ENV"])
        .compile(modules)
        .map_err(|errors| compile_error::undefined(text, errors))
}

/// jq's functions. Those that read the environment, write to stderr or parse JSON are replaced by our own.
fn functions() -> impl Iterator<Item = Fun<FilterTypes>> {
    const OWN: [&str; 4] = ["env", "debug_empty", "stderr_empty", "fromjson"];
    let theirs: Vec<Fun<FilterTypes>> =
        jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()).collect();
    let own = [
        run::<FilterTypes>(("env", v(0), |cv| Box::new(std::iter::once(Ok(environment(cv.0.data().env)))))),
        run::<FilterTypes>(("debug_empty", v(0), |cv| {
            Stderr::plain(&format!("[\"DEBUG:\",{}]", cv.1));
            Box::new(std::iter::empty())
        })),
        run::<FilterTypes>(("stderr_empty", v(0), |cv| {
            Stderr::plain(&cv.1.to_string());
            Box::new(std::iter::empty())
        })),
        run::<FilterTypes>(("fromjson", v(0), |cv| {
            Box::new(std::iter::once(from_json(&cv.1).map_err(Into::into)))
        })),
    ];
    theirs.into_iter().filter(|(name, ..)| !OWN.contains(name)).chain(own)
}

fn from_json(text: &Val) -> Result<Val, jaq_json::Error> {
    let bytes = text.try_as_utf8_bytes_owned()?;
    if is_too_deep(&bytes) {
        return Err(jaq_json::Error::str("the JSON is nested too deeply"));
    }
    read::parse_single(&bytes).map_err(|error| jaq_json::Error::str(format!("invalid JSON: {error}")))
}

/// The environment variables, their secrets masked.
fn environment(env: &ProcessEnv) -> Val {
    let text = |text: &str| Val::utf8_str(text.as_bytes().to_vec());
    let entry = |(name, value)| (text(name), text(&redact_variable(name, value)));
    Val::obj(env.utf8_variables().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(filter: &str, json: &str, format: FilterFormat) -> Result<String> {
        let mut out = Vec::new();
        Filter::new(filter, &ProcessEnv::default())?.run(json.as_bytes(), &mut out, format)?;
        Ok(String::from_utf8(out).unwrap())
    }

    const PIPE: FilterFormat = FilterFormat { as_lines: false, terminal: false };

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
        let lines = filtered(".[]", r#"[{"a":[1,2]},"x"]"#, FilterFormat { as_lines: true, ..PIPE }).unwrap();
        assert_eq!(lines, "{\"a\":[1,2]}\nx\n");
        let shown = filtered(".", "\"a\\u001b[2Jb\\nc\"", FilterFormat { terminal: true, ..PIPE }).unwrap();
        assert_eq!(shown, "a\u{fffd}[2Jb\nc\n");
    }

    #[test]
    fn invalid_filters_are_refused_with_a_position() {
        for (filter, what, marked) in [
            (".a[", "--jq:1:4: unexpected end of filter: expected `]`", "1 | .a[\n  |    ^"),
            ("", "--jq:1:1: unexpected end of filter: expected a term", ""),
            (".a |", "--jq:1:5: unexpected end of filter: expected a term", ""),
            (".a b", "--jq:1:4: unexpected `b`", ""),
            (
                "reduce . as $x",
                "--jq:1:1: invalid `reduce`: expected `reduce EACH as $x (START; STEP)`",
                "^^^^^^",
            ),
            (".a | foo(1)", "--jq:1:6: undefined filter `foo/1`", "^^^"),
            ("$x", "--jq:1:1: undefined variable `$x`", "^^"),
            (".a\n| .b[}", "--jq:2:6: unexpected `}`: expected `]`", "     ^"),
            ("§", "--jq:1:1: unexpected `§`", "^"),
            ("\"\\q\"", "--jq:1:3: ", ""),
            ("include \"x\"; .", "--jq:1:10: modules are not supported", ""),
            ("import \"x\" as $x; .", "--jq:1:9: modules are not supported", ""),
            ("if 1", "--jq:1:5: unexpected end of filter: expected `then`", ""),
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
    fn results_before_a_failure_are_written() {
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
