//! What is secret in an environment variable.

use crate::secret::{mask, redact};

/// A variable's value with its secrets masked: all of it if the variable is named like a secret, otherwise keys, the user
/// in a URL, and parameters such as `password=`.
pub(crate) fn redact_variable(name: &str, value: &str) -> String {
    const PARTS: [&str; 8] = ["KEY", "SECRET", "TOKEN", "PASS", "CREDENTIAL", "AUTH", "COOKIE", "PRIVATE"];
    /// `PWD` itself is the working directory.
    const ENDS: [&str; 2] = ["_PWD", "_PAT"];
    let name = name.to_uppercase();
    if PARTS.iter().any(|part| name.contains(part)) || ENDS.iter().any(|end| name.ends_with(end)) {
        return mask(value.trim());
    }
    without_parameters(&without_users(&redact(value)))
}

/// Masks what is before the `@` of a URL: `postgres://user:password@host/db`.
fn without_users(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(scheme) = rest.find("://") {
        let (before, url) = rest.split_at(scheme + "://".len());
        out.push_str(before);
        let end =
            url.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>')).unwrap_or(url.len());
        // Another URL can follow without a space. A password can have any character, although it should not.
        let end =
            url[..end].find("://").map_or(end, |next| url[..next].rfind([',', ';', '|', '=']).unwrap_or(end));
        let user = url[..end].rfind('@').unwrap_or_default();
        if user > 0 {
            out.push_str("****");
        }
        out.push_str(&url[user..end]);
        rest = &url[end..];
    }
    out + rest
}

/// Masks the values of parameters that are named like secrets, in a query or a connection string: `?password=x`,
/// `Pwd=x;`.
fn without_parameters(value: &str) -> String {
    const NAMES: [&str; 8] =
        ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key", "accountkey"];
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals + 1);
        out.push_str(before);
        let name = before[..equals].trim_end().to_ascii_lowercase();
        rest = after;
        if NAMES.iter().any(|known| name.ends_with(known)) {
            let end = after
                .find(|c: char| c.is_whitespace() || matches!(c, '&' | ';' | '"' | '\''))
                .unwrap_or(after.len());
            if end > 0 {
                out.push_str("****");
            }
            rest = &after[end..];
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_variables_are_masked() {
        for (name, value, shown) in [
            ("HOME", "/home/ada", "/home/ada"),
            ("PWD", "/home/ada", "/home/ada"),
            ("PATH", "/bin:/usr/bin", "/bin:/usr/bin"),
            ("EMAIL", "ada@example.com", "ada@example.com"),
            ("SITE", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
            ("MY_TOKEN", "hush4hush", "****hush"),
            ("MYSQL_PWD", "s3cr3t", "****"),
            ("GITHUB_PAT", "github_pat_1", "****at_1"),
            ("X", "a sk_live_abcdefgh1234", "a sk_live_****1234"),
            ("HTTPS_PROXY", "http://ada:hush4@proxy.example:3128/", "http://****@proxy.example:3128/"),
            ("HTTPS_PROXY", "http://ada@proxy.example", "http://****@proxy.example"),
            ("DATABASE_URL", "postgres://ada:hu/sh@4?x#@db/shop", "postgres://****@db/shop"),
            ("REDIS_URL", "redis://:hush4@cache:6379/0", "redis://****@cache:6379/0"),
            ("BROKERS", "amqp://a:hush@x,amqp://b:hush@y", "amqp://****@x,amqp://****@y"),
            ("BROKERS", "amqp://a:hush@x amqp://b:hush@y", "amqp://****@x amqp://****@y"),
            (
                "DSN",
                "jdbc:postgresql://db/shop?user=ada&password=hush4&ssl=on",
                "jdbc:postgresql://db/shop?user=ada&password=****&ssl=on",
            ),
            (
                "CONNECTION",
                "Server=db;User Id=ada;Password=hush 4;",
                "Server=db;User Id=ada;Password=**** 4;",
            ),
            (
                "CONNECTION",
                "AccountName=shop;AccountKey=hush4==;EndpointSuffix=x",
                "AccountName=shop;AccountKey=****;EndpointSuffix=x",
            ),
            ("X", "password=", "password="),
            ("X", "", ""),
            ("X_KEY", "", "****"),
        ] {
            assert_eq!(redact_variable(name, value), shown, "{name}={value}");
        }
    }
}
