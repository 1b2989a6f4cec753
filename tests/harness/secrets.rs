//! The forms in which a secret can be printed. The encoders here share no code with the program.

use std::collections::BTreeSet;

/// Every form of a secret.
pub fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let each = |encode: &dyn Fn(char) -> String| secret.chars().map(encode).collect::<String>();
    let percent = |c: char| c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let where_needed = |encode: &dyn Fn(char) -> String| {
        each(&|c| if c.is_ascii_alphanumeric() || "-_.~".contains(c) { c.to_string() } else { encode(c) })
    };
    let units =
        |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
    let named = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&apos;".to_owned(),
        c => c.to_string(),
    };
    let once = json(secret);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        secret.to_owned(),
        secret.to_uppercase(),
        where_needed(&percent),
        where_needed(&percent).to_lowercase(),
        each(&percent),
        where_needed(&|c| percent(c).replace('%', "%25")),
        json(&once),
        json(&json(&once)),
        once.replace('/', "\\/"),
        once,
        each(&units),
        json(&each(&units)),
        where_needed(&units),
        each(&named),
        each(&named).replace('&', "&amp;"),
        each(&named).replace('&', "\\u0026"),
        where_needed(&|c| format!("&#{};", u32::from(c))),
        each(&|c| format!("&#x{:x};", u32::from(c))),
        where_needed(&|c| format!("&#x{:X};", u32::from(c))),
        hex.to_uppercase(),
        hex,
    ];
    for before in ["", "u", "u:"] {
        let encoded = base64(&[before.as_bytes(), bytes].concat());
        // Without the characters that depend on what is around the secret.
        let own = encoded[(before.len() * 8).div_ceil(6)..(before.len() + bytes.len()) * 8 / 6].to_owned();
        all.push(own.replace('+', "-").replace('/', "_"));
        all.push(own.replace('+', "%2B").replace('/', "%2F"));
        all.push(own);
    }
    all.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The text of a JSON string, without its quotes.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Standard base64, without padding.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, at| number << 8 | usize::from(*three.get(at).unwrap_or(&0)));
        for digit in 0..=three.len() {
            out.push(char::from(DIGITS[number >> (18 - 6 * digit) & 63]));
        }
    }
    out
}
