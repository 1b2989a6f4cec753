//! Reads the workflows and the action of this repository. It reads only the YAML that they use: nested keys and lists,
//! values on one line, and blocks after `|`.

/// A value, and the keys and list positions that lead to it, such as `jobs.plan.steps.2.run`.
pub type Value = (String, String);

/// A step that runs a script.
pub struct Script {
    pub job: String,
    /// The variables of the workflow, the job and the step. The last one of a name counts.
    pub variables: Vec<Value>,
    pub script: String,
}

impl Script {
    /// The arguments with which GitHub runs bash, for `shell: bash`.
    pub fn bash_arguments(&self) -> [&str; 6] {
        ["--noprofile", "--norc", "-eo", "pipefail", "-c", &self.script]
    }
}

/// All values of a file, in order.
pub fn values(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    // The indentation and the name of each key and list position that leads to the line.
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut rest = line.trim_start();
        let mut indent = line.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        if let Some(item) = rest.strip_prefix("- ") {
            let before =
                path.iter().rfind(|(at, _)| *at == indent).and_then(|(_, name)| name.parse::<usize>().ok());
            path.retain(|(at, _)| *at < indent);
            path.push((indent, before.map_or(0, |before| before + 1).to_string()));
            indent += line.trim_start().len() - item.len();
            rest = item;
        }
        path.retain(|(at, _)| *at < indent);
        let (key, value) = key_and_value(rest);
        path.extend(key.map(|key| (indent, key.to_owned())));
        let names: Vec<&str> = path.iter().map(|(_, name)| name.as_str()).collect();
        let names = names.join(".");
        assert!(!value.starts_with('>'), "{names}: this reader has no folded blocks");
        if value == "|" {
            let mut block: Vec<&str> = Vec::new();
            while let Some(next) =
                lines.next_if(|next| next.trim().is_empty() || next.len() - next.trim_start().len() > indent)
            {
                block.push(next);
            }
            let margin = block[0].len() - block[0].trim_start().len();
            let block: Vec<&str> = block.iter().map(|line| line.get(margin..).unwrap_or_default()).collect();
            found.push((names, block.join("\n") + "\n"));
        } else if !value.is_empty() {
            found.push((names, value.to_owned()));
        }
    }
    found
}

/// `key: "value" # comment` is `key` and `value`. An entry of a list may have no key.
fn key_and_value(text: &str) -> (Option<&str>, &str) {
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let (key, value) = match text.split_once(": ") {
        Some((key, value)) if is_key(key) => (Some(key), value),
        _ => match text.strip_suffix(':') {
            Some(key) if is_key(key) => (Some(key), ""),
            _ => (None, text),
        },
    };
    let value = value.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split_once(*quote));
    (
        key,
        quoted.map_or_else(|| value.split(" #").next().unwrap_or_default().trim_end(), |(inside, _)| inside),
    )
}

/// The scripts of a workflow or an action, in order.
pub fn scripts(text: &str) -> Vec<Script> {
    let values = values(text);
    let under = |prefix: &str| {
        let prefix = format!("{prefix}env.");
        let of = |(path, value): &Value| Some((path.strip_prefix(&prefix)?.to_owned(), value.clone()));
        values.iter().filter_map(of).collect::<Vec<Value>>()
    };
    let mut found = Vec::new();
    for (path, script) in &values {
        let Some(step) = path.strip_suffix("run").filter(|step| step.contains("steps.")) else { continue };
        let job = step.split("steps.").next().unwrap_or_default();
        found.push(Script {
            job: job.trim_start_matches("jobs.").trim_end_matches('.').to_owned(),
            variables: [under(""), under(job), under(step)].concat(),
            script: script.clone(),
        });
    }
    found
}
