//! Prices by lookup key: an argument that names a price can be its id or its lookup key.

use anyhow::Result;

use crate::api::stripe::{self, STRIPE};
use crate::commands::common::Target;
use crate::error::{Code, Exit, Failure};
use crate::runner::{Ctx, ListQuery, join_first, list};
use crate::wire::{Environment, Price, RowFilter};

/// The price that the argument names. An id needs no request; anything else is searched in the price list. `price_monthly`
/// can be either: it is an id if no price in the list has it.
pub(crate) async fn resolve(ctx: &Ctx, target: Target) -> Result<Target> {
    if is_id(&target.id) && !is_word(&target.id) {
        return Ok(target);
    }
    match search(ctx, target.environment, &target.id).await? {
        Some(price) => Ok(Target { id: price.price_id, ..target }),
        None if is_id(&target.id) => Ok(target),
        None => Err(unknown(ctx, target.environment, &target.id).into()),
    }
}

/// The price with this id or lookup key, from the mirror.
///
/// # Errors
/// Exit code 4 if several prices have the lookup key.
async fn search(ctx: &Ctx, environment: Environment, reference: &str) -> Result<Option<Price>> {
    let prices =
        list(ctx, ListQuery::whole(stripe::prices(environment, None), &RowFilter::default())).await?;
    ctx.warn(&prices.warnings);
    let same_key = match select(prices.reply.data.prices.iter(), reference) {
        Ok(price) => return Ok(Some(price)),
        Err(same_key) if same_key.is_empty() => return Ok(None),
        Err(same_key) => same_key,
    };
    let sync = ctx.command(&STRIPE, &["sync", environment.as_str()]);
    let ids: Vec<&str> = same_key.iter().map(|price| price.price_id.as_str()).collect();
    Err(not_found(format!("Several Stripe {environment} prices have the lookup key {reference}"))
        .why(format!("the mirror has {}", join_first(&ids)))
        .hint(format!("use the id of one of them, or run `{sync}` to update the mirror"))
        .into())
}

/// The failure if no price in the mirror has this id or lookup key.
pub(super) fn unknown(ctx: &Ctx, environment: Environment, reference: &str) -> Failure {
    let list = ctx.command(&STRIPE, &["prices", "list", environment.as_str()]);
    let sync = ctx.command(&STRIPE, &["sync", environment.as_str()]);
    not_found(format!("Stripe {environment} price not found: {reference}"))
        .why("no price in the mirror has this id or lookup key")
        .hint(format!("`{list}` lists existing prices; `{sync}` updates the mirror"))
}

fn not_found(what: String) -> Failure {
    Failure::new(Code::Backend("PAYMENT_PRICE_NOT_FOUND".into()), what).exit(Exit::NotFound)
}

/// Whether it has the form of an id. The ids of older plans can have any form, so other texts may be ids too.
pub(super) fn is_id(reference: &str) -> bool {
    ["price_", "plan_"]
        .into_iter()
        .filter_map(|prefix| reference.strip_prefix(prefix))
        .any(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether it is lower-case letters only, which a generated id is not, but a name in a test or a lookup key is.
fn is_word(reference: &str) -> bool {
    reference.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The price with this id, or else the one with this lookup key. Of several with the same key, it is the active one.
///
/// # Errors
/// The prices with the same lookup key; none if the reference is unknown.
fn select(prices: impl Iterator<Item = Price>, reference: &str) -> Result<Price, Vec<Price>> {
    let mut same_key = Vec::new();
    for price in prices {
        if price.price_id == reference {
            return Ok(price);
        }
        if price.lookup_key.as_deref() == Some(reference) {
            same_key.push(price);
        }
    }
    let is_active = |price: &Price| price.active == Some(true);
    if same_key.iter().filter(|price| is_active(price)).count() == 1 {
        same_key.retain(is_active);
    }
    match <[Price; 1]>::try_from(same_key) {
        Ok([price]) => Ok(price),
        Err(same_key) => Err(same_key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_a_prefix_and_then_letters_and_digits() {
        for id in ["price_1MoBy5LkdIwHu7ixZhnattbh", "plan_HCFF36AXlLFr2A", "price_missing"] {
            assert!(is_id(id), "{id}");
        }
        for other in ["pro_monthly", "price_pro_monthly", "price_", "gold", "prod_dxFhxxNRvjmfxv", ""] {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn an_id_wins_over_a_lookup_key_and_an_active_price_over_archived_ones() {
        let price = |(id, key, active): &(&str, &str, bool)| {
            let json =
                serde_json::json!({"environment": "test", "priceId": id, "lookupKey": key, "active": active});
            serde_json::from_value::<Price>(json).unwrap()
        };
        for (prices, found) in [
            (&[("price_1", "pro", true)][..], Ok("price_1")),
            (&[("price_1", "pro", false)], Ok("price_1")),
            (&[("price_1", "pro", false), ("price_2", "pro", true), ("price_3", "x", true)], Ok("price_2")),
            (&[("price_1", "pro", true), ("pro", "x", false)], Ok("pro")),
            (&[("price_1", "pro", true), ("price_2", "pro", true), ("price_3", "pro", false)], Err(3)),
            (&[("price_1", "pro", false), ("price_2", "pro", false)], Err(2)),
            (&[("price_1", "Pro", true)], Err(0)),
            (&[], Err(0)),
        ] {
            let selected = select(prices.iter().map(price), "pro");
            let selected = selected.as_ref().map(|price| price.price_id.as_str()).map_err(Vec::len);
            assert_eq!(selected, found, "{prices:?}");
        }
    }
}
