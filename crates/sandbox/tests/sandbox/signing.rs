//! The headers of recorded requests, which name tokens and signatures instead of containing them.

use hmac::{Hmac, KeyInit, Mac};
use insforge_sandbox::{ANON_KEY, API_KEY, JWT_SECRET};
use serde_json::Value;
use sha2::Sha256;

/// Makes the headers of recorded requests.
#[derive(Default)]
pub struct Signer {
    pub stripe_secret: String,
    pub stripe_live_secret: String,
    pub razorpay_secret: String,
    /// The secret before the last rotation.
    pub razorpay_secret_before: String,
}

impl Signer {
    /// The header that a recorded one stands for.
    pub fn header(&self, exchange: &str, name: &str, value: &str, body: &str) -> String {
        match name {
            "authorization" | "x-api-key" => authorization(exchange, value),
            "stripe-signature" => self.stripe_signature(exchange, value, body),
            "x-razorpay-signature" => self.razorpay_signature(exchange, value, body),
            _ => value.to_owned(),
        }
    }

    fn stripe_signature(&self, exchange: &str, value: &str, body: &str) -> String {
        // The recording does not say how these three differ.
        let (secret, age) = match exchange {
            "bad-signature" => ("whsec_another", 0),
            "old-timestamp" => (self.stripe_secret.as_str(), 301),
            name if name.starts_with("live-") && name != "live-wh-test-secret" => {
                (self.stripe_live_secret.as_str(), 0)
            }
            _ => (self.stripe_secret.as_str(), 0),
        };
        let now = jiff::Timestamp::now().as_second() - age;
        let time = [("+ 3600", now + 3600), ("- 290", now - 290)]
            .into_iter()
            .find_map(|(text, time)| value.contains(text).then_some(time))
            .unwrap_or(now);
        let signature = |secret: &str| hex_hmac(secret, &format!("{time}.{body}"));
        let right = signature(secret);
        let parts = value.split(',').map(|part| match part {
            part if part.starts_with("t=<") => format!("t={time}"),
            "v1=<64 zeros>" => format!("v1={}", "0".repeat(64)),
            "v1=<right>" => format!("v1={right}"),
            part if part.contains("another secret") => format!("v1={}", signature("whsec_another")),
            part if part.contains("hmac-sha256") => format!("v1={right}"),
            other => other.to_owned(),
        });
        // The description of a signature has a comma.
        let text = parts.filter(|part| !part.starts_with(" t +")).collect::<Vec<_>>().join(",");
        text.trim_end_matches(',').to_owned()
    }

    fn razorpay_signature(&self, exchange: &str, value: &str, body: &str) -> String {
        match value {
            _ if exchange.ends_with("after-rotation") => hex_hmac(&self.razorpay_secret_before, body),
            value if value.contains("another secret") => hex_hmac("another", body),
            value if value.starts_with('<') => hex_hmac(&self.razorpay_secret, body),
            other => other.to_owned(),
        }
    }
}

/// The credentials for a header. The recording replaces API keys by `ik_…`.
fn authorization(exchange: &str, value: &str) -> String {
    if exchange.ends_with("bad-ik-key") {
        return value.replace("ik_…", "ik_wrong");
    }
    if value.starts_with("ik_c0de") {
        return API_KEY.to_owned();
    }
    let (scheme, token) = value.split_once(' ').unwrap_or(("", value));
    let token = match token.split(':').collect::<Vec<_>>().as_slice() {
        ["jwt", role, user] => jwt(JWT_SECRET, role, user, 3600),
        ["jwt-expired", role, user] => jwt(JWT_SECRET, role, user, -3600),
        ["jwt-foreign-signature", role, user] => jwt("another secret", role, user, 3600),
        _ => return value.replace("ik_…", API_KEY).replace("anon_…", ANON_KEY),
    };
    format!("{scheme} {token}")
}

/// A token, made without the code under test. The role `-` is none.
fn jwt(secret: &str, role: &str, user: &str, lifetime: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    let mut claims = serde_json::json!({"sub": user, "iat": now, "exp": now + lifetime});
    if role != "-" {
        claims["role"] = role.into();
    }
    let encode = |bytes: &[u8]| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    };
    let signed =
        format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(claims.to_string().as_bytes()));
    format!("{signed}.{}", encode(&hmac(secret, &signed)))
}

/// The secret of the Razorpay key in the recordings.
const RAZORPAY_KEY_SECRET: &str = "rzp-made-up-secret";

/// Makes the signature of a verified Razorpay payment for our ids, if the recorded one was right for the recorded ids.
pub fn sign_again(recorded: &Value, mut ours: Value) -> Value {
    let signature = |body: &Value| {
        let text = |name: &str| body[name].as_str();
        let payment = text("paymentId")?;
        let order = text("orderId").map(|order| format!("{order}|{payment}"));
        let both = order.or_else(|| Some(format!("{payment}|{}", text("subscriptionId")?)))?;
        Some(hex_hmac(RAZORPAY_KEY_SECRET, &both))
    };
    let right = signature(recorded);
    let signed = recorded["signature"].as_str();
    if let (Some(right), Some(signed), Some(own)) = (right, signed, signature(&ours)) {
        if signed == right {
            ours["signature"] = own.into();
        } else if signed == right.to_uppercase() {
            ours["signature"] = own.to_uppercase().into();
        }
    }
    ours
}

pub fn hex_hmac(secret: &str, message: &str) -> String {
    hmac(secret, message).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn hmac(secret: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is valid");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
