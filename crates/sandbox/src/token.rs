//! Tokens of the application's users: JSON Web Tokens signed with HMAC-SHA256 (<https://www.rfc-editor.org/rfc/rfc7519>).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::signature::{hmac_sha256, is_hmac_sha256};

/// The secret that signs the tokens of every sandbox. It is not a secret.
pub const JWT_SECRET: &str = "sandbox-jwt-secret-for-development-only";

/// The project's public key for applications, which every sandbox accepts. It is not a secret.
pub const ANON_KEY: &str = "anon_sandbox";

/// The contents of a token that the backend reads. Other programs may leave out the rest.
#[derive(Deserialize)]
struct Claims {
    role: Option<String>,
    /// Unix time in seconds. A token without it never expires.
    exp: Option<f64>,
}

/// Signs a token that is valid from `now` (Unix time in seconds).
pub(crate) fn sign(user: &str, role: &str, now: i64, lifetime: Duration) -> String {
    let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let claims = json!({"sub": user, "role": role, "iat": now, "exp": now.saturating_add(lifetime)});
    sign_claims(&json!({"alg": "HS256", "typ": "JWT"}), &claims)
}

fn sign_claims(header: &Value, claims: &Value) -> String {
    let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(JWT_SECRET.as_bytes(), signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The role of a valid token; `None` if it is malformed, expired, or signed with another secret. A token without a role is
/// one of a signed-in user.
pub(crate) fn verify(token: &str, now: Timestamp) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !is_hmac_sha256(&signature, JWT_SECRET.as_bytes(), signed.as_bytes()) {
        return None;
    }
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let is_valid =
        header["alg"] == "HS256" && claims.exp.is_none_or(|exp| exp > now.as_duration().as_secs_f64());
    is_valid.then(|| claims.role.unwrap_or_else(|| "authenticated".to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_other_programs_need_no_claim() {
        let now = Timestamp::from_second(1000).unwrap();
        let role = |claims| verify(&sign_claims(&json!({"alg": "HS256"}), &claims), now);
        assert_eq!(role(json!({})).as_deref(), Some("authenticated"));
        assert_eq!(role(json!({"sub": "u", "exp": 1000.5, "role": "anon"})).as_deref(), Some("anon"));
        assert_eq!(role(json!({"sub": "u", "exp": 1000})), None);
        assert_eq!(role(json!({"exp": "tomorrow"})), None);
        assert_eq!(verify(&sign_claims(&json!({"alg": "none"}), &json!({})), now), None);
        assert_eq!(verify("a.b", now), None);
    }
}
