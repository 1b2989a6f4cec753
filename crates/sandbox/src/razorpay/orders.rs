//! Orders.

use serde_json::{Map, Value};

use crate::razorpay::catalog::check_price;
use crate::razorpay::{Order, Prefill, RazorpayClient, RazorpayError};

/// The backend's request to create an order, and what the application then shows on the checkout page.
pub(crate) struct NewOrder {
    pub(crate) amount: u64,
    /// In upper case.
    pub(crate) currency: String,
    pub(crate) receipt: String,
    pub(crate) notes: Map<String, Value>,
    pub(crate) description: Option<String>,
    pub(crate) prefill: Prefill,
}

impl RazorpayClient<'_> {
    pub(crate) fn create_order(&mut self, new: NewOrder) -> Result<Order, RazorpayError> {
        self.request("POST /v1/orders")?;
        check_price(new.amount, &new.currency)?;
        let mut account = self.account();
        let order = Order {
            id: account.id("order_"),
            amount: new.amount,
            amount_paid: 0,
            amount_due: new.amount,
            currency: new.currency,
            receipt: Some(new.receipt),
            status: "created".to_owned(),
            attempts: 0,
            notes: new.notes,
            created: account.now.clone(),
            description: new.description,
            prefill: new.prefill,
        };
        account.data.orders.push(order.clone());
        Ok(order)
    }
}
