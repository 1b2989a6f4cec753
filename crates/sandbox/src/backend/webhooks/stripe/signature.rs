//! The check of Stripe's signature, with the messages of Stripe's library for Node.js.
//! Source: <https://docs.stripe.com/webhooks/signature>.

use crate::signature::hex_hmac_sha256;

/// How old a signature can be, in seconds. One from the future passes.
const TOLERANCE: i64 = 300;
const NO_MATCH: &str = "No signatures found matching the expected signature for payload. Are you passing the raw request body \
                        you received from Stripe? \n If a webhook request is being forwarded by a third-party tool, ensure \
                        that the exact request body, including JSON formatting and new line style, is preserved.\n\nLearn \
                        more about webhook signing and explore webhook integration examples for various frameworks at \
                        https://docs.stripe.com/webhooks/signature\n";

/// Checks the header of a delivery at this time, in Unix seconds.
pub(super) fn check(header: &str, body: &[u8], secret: &str, now: i64) -> Result<(), &'static str> {
    if header.is_empty() {
        return Err("No stripe-signature header value was provided.");
    }
    let parts = || header.split(',').filter_map(|part| part.split_once('='));
    let time = parts().find(|(name, _)| *name == "t").and_then(|(_, time)| time.parse::<i64>().ok());
    let Some(time) = time else { return Err("Unable to extract timestamp and signatures from header") };
    let mut signatures = parts().filter(|(name, _)| *name == "v1").map(|(_, signature)| signature).peekable();
    if signatures.peek().is_none() {
        return Err("No signatures found with expected scheme");
    }
    let mut signed = format!("{time}.").into_bytes();
    signed.extend_from_slice(body);
    let expected = hex_hmac_sha256(secret.as_bytes(), &signed);
    if !signatures.any(|signature| signature == expected) {
        return Err(NO_MATCH);
    }
    if now.saturating_sub(time) > TOLERANCE {
        return Err("Timestamp outside the tolerance zone");
    }
    Ok(())
}
