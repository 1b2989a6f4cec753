//! The approval page as HTML, without JavaScript. A person sees first what happens and where, then what depends on it. The
//! caller's words are apart from that, because nobody has checked them.

use std::fmt::Write;
use std::time::Duration;

use crate::approval::{Answer, FieldChange, ObjectChange, Question};
use crate::wire::Environment;

const STYLE: &str = include_str!("page.css");
/// More objects than this are lines that unfold.
const FEW_OBJECTS: usize = 6;
/// The fields that such a line names.
const FEW_FIELDS: usize = 3;
/// A line shows the values of its fields if they are not longer than this.
const SHORT_VALUES: usize = 60;
/// The lines of a list that are shown at first.
const FIRST_LINES: usize = 20;

/// The form of a page, and how long it can be sent.
pub(super) struct Form<'a> {
    pub(super) path: &'a str,
    /// The hidden token.
    pub(super) token: &'a str,
    /// The time until which the command waits: `21:34:05 CET`.
    pub(super) until: &'a str,
    pub(super) time_left: Duration,
}

/// The page with the question and the form.
pub(super) fn question(question: &Question, form: &Form<'_>, nonce: &str) -> String {
    let Question { what, environment, because, consequences, effects, command, .. } = question;
    let mut body = format!(
        "<p class=\"eyebrow\">A command asks for your approval</p>\n<h1 id=\"what\">{}</h1>\n{}",
        escaped(what),
        facts(question),
    );
    let mut changes = folded("", consequences.iter().map(|line| escaped(line)));
    if !effects.plan.is_empty() {
        changes.push_str("<h3>Plan</h3>\n");
        changes.push_str(&folded("plan", plan(&effects.plan).into_iter()));
    }
    changes.push_str(&objects(&effects.objects));
    body.push_str(&section("changes", "What changes", &changes));
    let dependents = effects.dependents.iter().map(|dependents| {
        let what = escaped(&dependents.what);
        if dependents.items.is_empty() {
            return format!("<p>{what}</p>\n");
        }
        let items = folded("", dependents.items.iter().map(|item| escaped(item)));
        format!("<h3>{what}</h3>\n{items}")
    });
    body.push_str(&section("dependents", "What depends on it", &dependents.collect::<String>()));
    body.push_str(&brief(question));
    let mut reasons = String::new();
    for because in because {
        push(&mut reasons, format_args!("<p>Required by {}</p>\n", escaped(because)));
    }
    if let Some(command) = command {
        // It repeats the caller's words.
        let command = escaped(command);
        push(
            &mut reasons,
            format_args!("<details><summary>Show the command</summary>\n<pre>{command}</pre>\n</details>\n"),
        );
    }
    body.push_str(&section("reasons", "Why you are asked", &reasons));
    body.push_str(&requests(question));
    let Form { path, token, until, .. } = form;
    // Nothing has the focus, and the first button is the one that a browser may press at Enter: it denies.
    let approve = if is_live(question) { "Approve in live" } else { "Approve" };
    push(
        &mut body,
        format_args!(
            "<form class=\"answer\" method=\"post\" action=\"{}\" aria-label=\"Answer\">\n\
             <input type=\"hidden\" name=\"token\" value=\"{}\">\n\
             <div class=\"open\">\n\
             <p>Waits until <time>{}</time></p>\n\
             <div class=\"buttons\">\
             <button name=\"answer\" value=\"deny\" aria-describedby=\"what\">Deny</button>\
             <button name=\"answer\" value=\"approve\" aria-describedby=\"what\">{approve}</button></div>\n\
             </div>\n\
             <p class=\"expired\" role=\"status\">The time is up: the command no longer waits.</p>\n</form>\n",
            escaped(path),
            escaped(token),
            escaped(until),
        ),
    );
    Document {
        title: &format!("Approve? {what}, {environment}"),
        question: Some(question),
        class: "question",
        style: &format!(":root {{ --left: {}ms; }}\n", form.time_left.as_millis()),
        body: &body,
    }
    .html(nonce)
}

/// The page after the answer.
pub(super) fn answered(question: &Question, approved: bool, nonce: &str) -> String {
    let (title, note) = if approved {
        (
            "Approved",
            "The command continues, unless something has changed in the meantime. It reports its result where it \
             was started.",
        )
    } else {
        ("Denied", "Nothing was changed. The command ends.")
    };
    result(title, question, note, nonce)
}

/// The page of a question that no longer waits. Without an answer, nobody answered in time.
pub(super) fn gone(question: &Question, answer: Option<Answer>, nonce: &str) -> String {
    let (title, note) = match answer {
        Some(Answer { approved: true, .. }) => {
            ("Already approved", "This question has its answer. The command has continued.")
        }
        Some(Answer { approved: false, .. }) => {
            ("Already denied", "This question has its answer. Nothing was changed.")
        }
        None => ("The time is up", "Nobody answered in time, so nothing was changed. Run the command again."),
    };
    result(title, question, note, nonce)
}

/// The page for a request that is refused.
pub(super) fn refused(title: &str, text: &str, nonce: &str) -> String {
    let body = format!("<h1>{}</h1>\n<p class=\"note\">{}</p>\n", escaped(title), escaped(text));
    Document { title, question: None, class: "result", style: "", body: &body }.html(nonce)
}

fn result(title: &str, question: &Question, note: &str, nonce: &str) -> String {
    let body = format!(
        "<h1>{title}</h1>\n<p class=\"what\">{}</p>\n<p class=\"note\">{note} You can close this page.</p>\n{}",
        escaped(&question.what),
        facts(question),
    );
    let full = format!("{title}: {}, {}", question.what, question.environment);
    Document { title: &full, question: Some(question), class: "result", style: "", body: &body }.html(nonce)
}

/// A whole page.
struct Document<'a> {
    title: &'a str,
    /// The question whose environment is shown above everything else.
    question: Option<&'a Question>,
    class: &'a str,
    /// Rules before those of every page.
    style: &'a str,
    body: &'a str,
}

impl Document<'_> {
    fn html(&self, nonce: &str) -> String {
        let Self { title, question, class, style, body } = self;
        let header = question.map_or_else(String::new, |question| {
            let note = if is_live(question) { "This is not a test." } else { "No real money moves." };
            format!(
                "<header class=\"environment\"><p><strong>{} environment</strong> <span>{note}</span></p></header>\n",
                escaped(&question.environment),
            )
        });
        let live = if question.is_some_and(is_live) { " live" } else { "" };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style nonce=\"{nonce}\">\n{style}{STYLE}</style>\n</head>\n\
             <body class=\"{class}{live}\">\n{header}<main>\n{body}</main>\n</body>\n</html>\n",
            escaped(title),
        )
    }
}

/// The account and the backend. The environment is above everything else.
fn facts(question: &Question) -> String {
    let facts =
        [("Account", question.account.as_deref().unwrap_or("unknown")), ("Backend", &question.backend)];
    let facts = facts.map(|(name, fact)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(fact))).concat();
    format!("<dl class=\"facts\">\n{facts}</dl>\n")
}

/// A part of the page with a heading. Empty content has none.
fn section(id: &str, heading: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{content}</section>\n")
}

/// A list of HTML. What is beyond the first lines unfolds.
fn folded(class: &str, items: impl ExactSizeIterator<Item = String>) -> String {
    let count = items.len();
    if count == 0 {
        return String::new();
    }
    // A single line is no longer than the words that would unfold it.
    let first = if count > FIRST_LINES + 1 { FIRST_LINES } else { count };
    let list = if class.is_empty() { "<ul>\n".to_owned() } else { format!("<ul class=\"{class}\">\n") };
    let mut html = list.clone();
    for (at, item) in items.enumerate() {
        if at == first {
            let more = count - first;
            push(&mut html, format_args!("</ul>\n<details><summary>Show {more} more</summary>\n{list}"));
        }
        push(&mut html, format_args!("<li>{item}</li>\n"));
    }
    html.push_str(if count > first { "</ul>\n</details>\n" } else { "</ul>\n" });
    html
}

/// The changes of a plan, each with the lines below it.
fn plan(lines: &[String]) -> Vec<String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let outer = lines.iter().map(|line| depth(line)).min().unwrap_or_default();
    let mut changes: Vec<String> = Vec::new();
    for line in lines {
        let text = escaped(line.trim());
        match changes.last_mut() {
            Some(change) if depth(line) > outer => {
                push(change, format_args!("<div class=\"detail\">{text}</div>"));
            }
            _ => changes.push(format!("<div>{text}</div>")),
        }
    }
    changes
}

/// The objects before and after the change.
fn objects(objects: &[ObjectChange]) -> String {
    if objects.len() <= FEW_OBJECTS {
        let object = |(at, object): (usize, &ObjectChange)| {
            let heading = format!("<h3 id=\"object-{at}\">{}</h3>\n", title(object));
            format!("<div class=\"object\">\n{heading}{}</div>\n", fields(at, object))
        };
        return objects.iter().enumerate().map(object).collect();
    }
    let lines = objects.iter().enumerate().map(|(at, object)| {
        let title = format!("<span id=\"object-{at}\">{}</span>", title(object));
        let (table, summary) = (fields(at, object), summary(object));
        if table.is_empty() {
            return title;
        }
        format!(
            "<details><summary>{title} <span class=\"kind\">– {summary}</span></summary>\n{table}</details>"
        )
    });
    format!("<h3>{} objects</h3>\n{}", objects.len(), folded("objects", lines))
}

/// The kind, the name and the id of an object.
fn title(object: &ObjectChange) -> String {
    let ObjectChange { kind, name, id, .. } = object;
    let is_new = if id.is_none() { "new " } else { "" };
    let mut html = format!("<span class=\"kind\">{is_new}{}</span>", escaped(kind));
    if let Some(name) = name {
        // A name from right to left does not reorder what follows.
        push(&mut html, format_args!(" <bdi>{}</bdi>", escaped(name)));
    }
    if let Some(id) = id {
        push(&mut html, format_args!(" <code>{}</code>", escaped(id)));
    }
    html
}

/// The fields that change, without the name that is in the title of a new object.
fn changed(object: &ObjectChange) -> impl Iterator<Item = &FieldChange> {
    let is_title =
        |field: &FieldChange| object.id.is_none() && field.name == "name" && field.after == object.name;
    object.fields.iter().filter(move |field| !is_kept(field) && !is_title(field))
}

/// Whether a field only helps to recognize its object.
fn is_kept(field: &FieldChange) -> bool {
    field.before.is_some() && field.before == field.after
}

/// The changes of an object in a few words.
fn summary(object: &ObjectChange) -> String {
    let lines: Vec<String> = changed(object).map(FieldChange::line).collect();
    let short = lines.join(", ");
    if short.chars().count() <= SHORT_VALUES {
        return escaped(&short);
    }
    let names: Vec<_> = changed(object).take(FEW_FIELDS).map(|field| escaped(&field.name)).collect();
    format!("{}{}", names.join(", "), if lines.len() > FEW_FIELDS { ", …" } else { "" })
}

/// The fields of an object: those that stay as a line, the others as a table. An object that is created has no column for what
/// was before. A narrow window has no room for three columns, and the roles keep the table's meaning in another layout.
fn fields(at: usize, object: &ObjectChange) -> String {
    let mut html = String::new();
    let kept: Vec<_> =
        object.fields.iter().filter(|field| is_kept(field)).map(|field| escaped(&field.line())).collect();
    if !kept.is_empty() {
        push(&mut html, format_args!("<p class=\"kept\">{}</p>\n", kept.join(" · ")));
    }
    if changed(object).next().is_none() {
        return html;
    }
    let is_new = object.id.is_none() && object.fields.iter().all(|field| field.before.is_none());
    let headings: &[&str] = if is_new { &["Field", "Value"] } else { &["Field", "Before", "After"] };
    push(
        &mut html,
        format_args!(
            "<table role=\"table\" aria-labelledby=\"object-{at}\">\n<thead role=\"rowgroup\"><tr role=\"row\">"
        ),
    );
    for heading in headings {
        push(&mut html, format_args!("<th role=\"columnheader\" scope=\"col\">{heading}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody role=\"rowgroup\">\n");
    for field in changed(object) {
        let FieldChange { name, before, after } = field;
        push(
            &mut html,
            format_args!("<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>", escaped(name)),
        );
        let cell = |text: &Option<String>, class: &str, missing: &str| match text.as_deref() {
            None | Some("") => format!("<td role=\"cell\" class=\"none\">{missing}</td>"),
            // These words stand for a value.
            Some(text @ ("none" | "unknown")) => format!("<td role=\"cell\" class=\"none\">{text}</td>"),
            Some(text) => format!("<td role=\"cell\" class=\"{class}\">{}</td>", escaped(text)),
        };
        if !is_new {
            html.push_str(&cell(before, "", "none"));
        }
        let after = match (before, after) {
            (Some(_), None) => cell(after, "", "removed"),
            _ => cell(after, if is_new { "" } else { "changed" }, "none"),
        };
        push(&mut html, format_args!("{after}</tr>\n"));
    }
    html.push_str("</tbody>\n</table>\n");
    html
}

/// What the caller says. It looks like a quotation, because the caller can say anything.
fn brief(question: &Question) -> String {
    let mut texts = String::new();
    for (name, text) in question.brief.texts() {
        push(&mut texts, format_args!("<dt>{name}</dt><dd>{}</dd>\n", escaped(text)));
    }
    let words = if texts.is_empty() {
        "<p>The caller gave no reason.</p>\n".to_owned()
    } else {
        format!("<blockquote><dl>\n{texts}</dl></blockquote>\n")
    };
    format!(
        "<section class=\"caller\" aria-labelledby=\"caller\">\n\
         <h2 id=\"caller\">What the caller says – not checked</h2>\n\
         <p class=\"note\">These are the words of the program or person who runs the command.</p>\n{words}</section>\n"
    )
}

/// The requests, exactly as they are sent.
fn requests(question: &Question) -> String {
    let requests = &question.effects.requests;
    if requests.is_empty() {
        return String::new();
    }
    let (count, noun, show) = match requests.len() {
        1 => (1, "request", "the request"),
        count => (count, "requests", "the requests"),
    };
    let mut html = format!(
        "<section aria-labelledby=\"requests\">\n<h2 id=\"requests\">What an approval sends</h2>\n\
         <p class=\"note\">Exactly {count} {noun}, and nothing else. If anything changes before, nothing is sent.</p>\n\
         <details><summary>Show {show}</summary>\n<ol class=\"requests\">\n"
    );
    for request in requests {
        push(&mut html, format_args!("<li><pre>{}</pre>", escaped(&request.line)));
        if let Some(body) = &request.body {
            push(&mut html, format_args!("<pre>{}</pre>", escaped(body)));
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ol>\n</details>\n</section>\n");
    html
}

fn is_live(question: &Question) -> bool {
    question.environment == Environment::Live.as_str()
}

/// Writing to a string cannot fail.
fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = html.write_fmt(text);
}

/// A text from outside as HTML, also within quotes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::{AnsweredIn, Brief, Dependents, Effects, PlannedRequest};

    const FORM: Form<'static> =
        Form { path: "/approve/1", token: "t0", until: "21:34:05 UTC", time_left: Duration::from_secs(120) };

    fn field(name: &str, before: &str, after: &str) -> FieldChange {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FieldChange { name: name.to_owned(), before: text(before), after: text(after) }
    }

    fn product(number: usize, fields: Vec<FieldChange>) -> ObjectChange {
        let (name, id) = (Some(format!("Mug {number}")), Some(format!("prod_{number}")));
        ObjectChange { kind: "product".to_owned(), name, id, fields }
    }

    /// A question in which every text from outside is this one.
    fn question_of(text: &str, objects: usize) -> Question {
        let text = text.to_owned();
        let some = Some(text.clone());
        let field = |before: &Option<String>| FieldChange {
            name: text.clone(),
            before: before.clone(),
            after: some.clone(),
        };
        let fields = vec![field(&some), field(&None), field(&Some(format!("{text}.")))];
        let object = ObjectChange { kind: text.clone(), name: some.clone(), id: some.clone(), fields };
        Question {
            what: text.clone(),
            environment: text.clone(),
            backend: text.clone(),
            account: some.clone(),
            typed: text.clone(),
            because: vec![text.clone()],
            consequences: vec![text.clone()],
            effects: Effects {
                objects: vec![object; objects],
                dependents: vec![Dependents { what: text.clone(), items: vec![text.clone()] }],
                plan: vec![text.clone()],
                requests: vec![PlannedRequest { line: text.clone(), body: some.clone() }],
            },
            brief: Brief { reason: some.clone(), impact: some.clone(), recommendation: some.clone() },
            command: some,
        }
    }

    /// A question without details.
    fn plain(environment: &str) -> Question {
        Question {
            what: "Delete product prod_1 at Stripe".to_owned(),
            environment: environment.to_owned(),
            account: None,
            because: vec!["the guard (INSFORGE_GUARD)".to_owned()],
            consequences: Vec::new(),
            effects: Effects::default(),
            brief: Brief::default(),
            command: None,
            ..question_of("the sandbox", 0)
        }
    }

    #[test]
    fn no_text_from_outside_becomes_html() {
        for hostile in [
            "</title></style><script>steal()</script>",
            "\" onclick=\"steal()",
            "' onclick='steal()",
            "&lt;b&amp;steal",
        ] {
            for objects in [1, 100] {
                let question = question_of(hostile, objects);
                let pages = [
                    super::question(&question, &FORM, "n0"),
                    answered(&question, true, "n0"),
                    gone(&question, None, "n0"),
                    refused(hostile, hostile, "n0"),
                ];
                for html in pages {
                    let shown = html.matches(escaped(hostile).as_str()).count();
                    assert!(shown > 0, "{html}");
                    assert_eq!(html.matches("steal").count(), shown, "{hostile}: {html}");
                    assert_eq!(html.matches("<style").count(), 1, "{html}");
                }
            }
        }
    }

    #[test]
    fn the_form_has_a_token_and_two_buttons_of_which_the_first_denies() {
        for environment in ["test", "live"] {
            let html = super::question(&plain(environment), &FORM, "n0");
            let form = html.split_once("<form").expect("a form").1;
            let at = |text: &str| form.find(text).unwrap_or_else(|| panic!("no {text} in {form}"));
            assert!(form.contains("method=\"post\" action=\"/approve/1\""), "{form}");
            let token = at("<input type=\"hidden\" name=\"token\" value=\"t0\">");
            let deny = at("<button name=\"answer\" value=\"deny\"");
            let approve = at("<button name=\"answer\" value=\"approve\"");
            assert!(token < deny && deny < approve, "{form}");
            assert_eq!((form.matches("<input").count(), form.matches("<button").count()), (1, 2), "{form}");
            assert!(!html.contains("autofocus") && !html.contains("<script"), "{html}");
        }
    }

    #[test]
    fn a_question_without_details_has_no_empty_sections() {
        let html = super::question(&plain("test"), &FORM, "n0");
        let headings: Vec<_> = html
            .split("<h2")
            .skip(1)
            .map(|rest| rest.split_once('>').expect("a tag").1.split('<').next().unwrap_or_default())
            .collect();
        assert_eq!(headings, ["What the caller says – not checked", "Why you are asked"]);
        assert!(html.contains("The caller gave no reason.") && html.contains("<dd>unknown</dd>"), "{html}");
        assert!(!html.contains("<ul"), "{html}");
    }

    #[test]
    fn many_objects_and_lines_unfold() {
        let objects =
            |count| (1..=count).map(|it| product(it, vec![field("active", "true", "false")])).collect();
        for (count, more) in
            [(6, None), (7, None), (21, None), (22, Some("Show 2 more")), (500, Some("Show 480 more"))]
        {
            let effects = Effects { objects: objects(count), ..Effects::default() };
            let html = super::question(&Question { effects, ..plain("test") }, &FORM, "n0");
            for number in 1..=count {
                assert!(html.contains(&format!("<code>prod_{number}</code>")), "{number} of {count}");
            }
            assert_eq!(html.matches("<table").count(), count);
            assert_eq!(html.contains("Show "), more.is_some(), "{count}");
            assert!(more.is_none_or(|more| html.contains(more)), "{count}");
            assert_eq!(html.contains(&format!("<h3>{count} objects</h3>")), count > FEW_OBJECTS);
            assert_eq!(html.matches("<details").count(), html.matches("</details>").count());
            assert_eq!(html.matches("<ul").count(), html.matches("</ul>").count());
        }
    }

    #[test]
    fn a_field_says_what_it_was_and_what_it_becomes() {
        let texts = |object: &ObjectChange| {
            let html = fields(0, object).replace("<td", " | <td").replace('\n', "");
            let html = html.split_once("<tbody").map_or(html.clone(), |(before, rows)| {
                format!("{}<tbody{rows}", before.split("<table").next().unwrap_or_default())
            });
            let texts = html.split('<').map(|rest| rest.split_once('>').map_or(rest, |(_, text)| text));
            let text: String = texts.collect();
            text.trim().to_owned()
        };
        let object = |before: &str, after: &str| product(1, vec![field("name", before, after)]);
        assert_eq!(texts(&object("Mug", "Cup")), "name | Mug | Cup");
        assert_eq!(texts(&object("Mug", "")), "name | Mug | removed");
        assert_eq!(texts(&object("", "Mug")), "name | none | Mug");
        assert_eq!(texts(&object("", "")), "name | none | none");
        assert_eq!(texts(&ObjectChange { id: None, ..object("", "Mug") }), "name | Mug");
        // Fields that stay are no row, and neither is the name in the title of a new object.
        assert_eq!(texts(&object("Mug", "Mug")), "name: Mug");
        let both =
            product(1, vec![field("amount", "9.00 USD", "9.00 USD"), field("active", "true", "false")]);
        assert_eq!(texts(&both), "amount: 9.00 USDactive | true | false");
        assert_eq!(texts(&ObjectChange { id: None, ..object("", "Mug 1") }), "");
    }

    #[test]
    fn a_line_of_many_objects_shows_short_values_and_names_the_fields_of_long_ones() {
        let long = "x".repeat(SHORT_VALUES);
        let object = |fields| summary(&product(1, fields));
        assert_eq!(
            object(vec![field("active", "true", "false"), field("name", "A", "B")]),
            "active: true → false, name: A → B"
        );
        assert_eq!(object(vec![field("active", "true", "false"), field("name", "A", &long)]), "active, name");
        let four = ["a", "b", "c", "d"].map(|name| field(name, "", &long)).into();
        assert_eq!(object(four), "a, b, c, …");
    }

    #[test]
    fn a_change_of_a_plan_stays_with_its_lines() {
        let lines = ["  ~ product pro", "      name: A → B", "  - price old", "      is not in the file"];
        let lines = lines.map(str::to_owned);
        let changes = plan(&lines);
        assert_eq!(
            changes,
            [
                "<div>~ product pro</div><div class=\"detail\">name: A → B</div>",
                "<div>- price old</div><div class=\"detail\">is not in the file</div>"
            ]
        );
    }

    #[test]
    fn a_question_that_no_longer_waits_says_why() {
        let question = plain("live");
        let page = |approved: Option<bool>| {
            let answer = approved.map(|approved| Answer { approved, by: AnsweredIn::Page });
            gone(&question, answer, "n0")
        };
        for (answer, heading) in
            [(Some(true), "Already approved"), (Some(false), "Already denied"), (None, "The time is up")]
        {
            let html = page(answer);
            assert!(html.contains(&format!("<h1>{heading}</h1>")), "{html}");
            assert!(!html.contains("<form"), "{html}");
        }
    }
}
