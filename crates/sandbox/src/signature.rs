//! HMAC-SHA256, with which tokens, Stripe's webhooks, and Razorpay's webhooks and payments are signed; and SHA-256.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The HMAC-SHA256 of a message.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    mac(key, message).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// Whether `signature` is the HMAC-SHA256 of a message. The time does not depend on where they differ.
pub(crate) fn is_hmac_sha256(signature: &[u8], key: &[u8], message: &[u8]) -> bool {
    mac(key, message).is_some_and(|mac| mac.verify_slice(signature).is_ok())
}

/// The HMAC-SHA256 of a message in hexadecimal digits.
pub(crate) fn hex_hmac_sha256(key: &[u8], message: &[u8]) -> String {
    hex(&hmac_sha256(key, message))
}

/// The SHA-256 of a message in hexadecimal digits.
pub(crate) fn hex_sha256(message: &[u8]) -> String {
    hex(&Sha256::digest(message))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The `stripe-signature` header of a delivery at this time (Unix time in seconds).
/// Source: <https://docs.stripe.com/webhooks/signature>.
pub(crate) fn stripe_signature(secret: &str, now: i64, body: &str) -> String {
    let signature = hex_hmac_sha256(secret.as_bytes(), format!("{now}.{body}").as_bytes());
    format!("t={now},v1={signature}")
}

fn mac(key: &[u8], message: &[u8]) -> Option<Hmac<Sha256>> {
    // A key of any length is valid.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac)
}
