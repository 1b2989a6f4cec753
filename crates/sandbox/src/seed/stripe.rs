//! The sample shop at Stripe: products and prices, customers, subscriptions in several states, successful and failed
//! payments.

use jiff::Timestamp;
use serde_json::{Map, json};

use crate::environment::Environment;
use crate::seed::{billing_subject, days_ago, set_test_key, subject_metadata};
use crate::state::{Card, Customer, References, State, Time, Transaction};
use crate::stripe::{Account, AccountData, Price, Product, Recurring, Subscription, SubscriptionItem};

/// The shop's account. Its key contains the account id, like Stripe's own keys.
const ACCOUNT: &str = "acct_1SandboxShop0001";
const KEY: &str = "sk_test_51SandboxShop0001a";

/// Adds the shop. Its test environment is connected and synced; live is not connected.
pub(super) fn add_shop(state: &mut State, now: Timestamp) {
    let mut shop = ShopBuilder { now, state, data: AccountData::default(), payments: Vec::new() };
    shop.fill();
    let ShopBuilder { data, payments, .. } = shop;
    let email = "owner@shop.example".to_owned();
    state
        .stripe
        .accounts
        .insert(ACCOUNT.to_owned(), Account { email, test: data, live: AccountData::default() });
    set_test_key(state, "stripe", json!({"secretKey": KEY}), now);
    // The transactions come from webhook events, not from the sync.
    state.insforge.stripe_mut(Environment::Test).transactions = payments;
}

struct ShopBuilder<'a> {
    now: Timestamp,
    state: &'a mut State,
    data: AccountData,
    payments: Vec<Transaction>,
}

impl ShopBuilder<'_> {
    fn fill(&mut self) {
        let pro = self.product("Pro Plan", "Everything, for one person", true);
        let old_price = self.price(&pro, "usd", 1500, Some("month"), None, false);
        let monthly = self.price(&pro, "usd", 1900, Some("month"), Some("pro_monthly"), true);
        let yearly = self.price(&pro, "usd", 19000, Some("year"), Some("pro_yearly"), true);
        if let Some(product) = self.data.products.get_mut(&pro) {
            product.default_price = Some(monthly.clone());
        }
        let team = self.product("Team Plan", "Everything, for up to ten", true);
        let team_monthly = self.price(&team, "usd", 9900, Some("month"), Some("team_monthly"), true);
        let credits = self.product("100 Credits", "Used up, then bought again", true);
        self.price(&credits, "usd", 990, None, Some("credits_100"), true);
        self.price(&credits, "jpy", 1500, None, Some("credits_100_jpy"), true);
        let launch = self.product("Launch Offer", "Not sold any more", false);
        self.price(&launch, "usd", 4900, None, None, false);

        let ada = self.customer("Ada Okafor", "ada@northwind.example", "NG", "visa", "4242", 300);
        let ben = self.customer("Ben Lindqvist", "ben@fjord.example", "SE", "mastercard", "4444", 210);
        let chloe = self.customer("Chloé Martin", "chloe@atelier.example", "FR", "visa", "0341", 120);
        let daichi = self.customer("Daichi Mori", "daichi@hako.example", "JP", "jcb", "0505", 45);
        let elif = self.customer("Elif Kaya", "elif@kaya.example", "TR", "visa", "1881", 9);

        self.subscription(&ada, (&team, &team_monthly), "active", Some("team_northwind"), 12);
        self.subscription(&ben, (&pro, &yearly), "active", Some("user_ben"), 80);
        self.subscription(&chloe, (&pro, &monthly), "past_due", Some("user_chloe"), 3);
        self.subscription(&daichi, (&pro, &old_price), "canceled", Some("user_daichi"), 25);
        self.subscription(&elif, (&pro, &monthly), "trialing", None, 9);

        self.payment(&ada, "subscription_invoice", 9900, "usd", "Team Plan", Some("team_northwind"), 12);
        self.payment(&ben, "subscription_invoice", 19000, "usd", "Pro Plan (yearly)", Some("user_ben"), 80);
        self.payment(&daichi, "one_time_payment", 1500, "jpy", "100 Credits", Some("user_daichi"), 30);
        self.payment(&chloe, "one_time_payment", 990, "usd", "100 Credits", Some("user_chloe"), 20);
        self.refund_last(490, 18);
        self.payment(&chloe, "failed_payment", 1900, "usd", "Pro Plan", Some("user_chloe"), 3);
    }

    fn days_ago(&self, days: i64) -> Time {
        days_ago(self.now, days)
    }

    fn id(&mut self, prefix: &str, length: usize) -> String {
        self.state.ids.next_id(prefix, length)
    }

    fn product(&mut self, name: &str, description: &str, active: bool) -> String {
        let id = self.id("prod_", 14);
        let product = Product {
            id: id.clone(),
            name: name.to_owned(),
            description: Some(description.to_owned()),
            active,
            default_price: None,
            metadata: Map::new(),
        };
        self.data.products.insert(id.clone(), product);
        id
    }

    fn price(
        &mut self,
        product: &str,
        currency: &str,
        amount: u64,
        interval: Option<&str>,
        lookup_key: Option<&str>,
        active: bool,
    ) -> String {
        let id = self.id("price_", 24);
        let price = Price {
            id: id.clone(),
            product: product.to_owned(),
            active,
            currency: currency.to_owned(),
            unit_amount: Some(amount),
            unit_amount_decimal: Some(amount.to_string()),
            lookup_key: lookup_key.map(str::to_owned),
            billing_scheme: "per_unit".to_owned(),
            tax_behavior: "unspecified".to_owned(),
            recurring: interval
                .map(|interval| Recurring { interval: interval.to_owned(), interval_count: 1 }),
            metadata: Map::new(),
        };
        self.data.prices.insert(id.clone(), price);
        id
    }

    fn customer(
        &mut self,
        name: &str,
        email: &str,
        country: &str,
        brand: &str,
        last4: &str,
        days: i64,
    ) -> String {
        let id = self.id("cus_", 14);
        let customer = Customer {
            id: id.clone(),
            email: Some(email.to_owned()),
            name: Some(name.to_owned()),
            phone: None,
            metadata: Map::new(),
            created: self.days_ago(days),
            card: Some(Card { brand: brand.to_owned(), last4: last4.to_owned() }),
            country: Some(country.to_owned()),
        };
        self.data.customers.insert(id.clone(), customer);
        id
    }

    fn subscription(
        &mut self,
        customer: &str,
        (product, price): (&str, &str),
        status: &str,
        subject: Option<&str>,
        days: i64,
    ) {
        let length = match self.data.prices.get(price).and_then(|price| price.recurring.as_ref()) {
            Some(recurring) if recurring.interval == "year" => 365,
            _ => 30,
        };
        let (start, end) = (self.days_ago(days), self.days_ago(days - length));
        let trial = (status == "trialing").then(|| (start.clone(), end.clone()));
        let item = SubscriptionItem {
            id: self.id("si_", 14),
            product: Some(product.to_owned()),
            price: Some(price.to_owned()),
            quantity: Some(1),
        };
        let subscription = Subscription {
            id: self.id("sub_", 24),
            customer: customer.to_owned(),
            status: status.to_owned(),
            current_period_start: Some(start),
            current_period_end: Some(end),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: (status == "canceled").then(|| self.days_ago(days - 5)),
            trial_start: trial.as_ref().map(|(start, _)| start.clone()),
            trial_end: trial.map(|(_, end)| end),
            latest_invoice: Some(self.id("in_", 24)),
            metadata: subject.map(subject_metadata).unwrap_or_default(),
            items: vec![item],
        };
        self.data.subscriptions.push(subscription);
    }

    #[allow(clippy::too_many_arguments, reason = "each call reads like one line of a ledger")]
    fn payment(
        &mut self,
        customer: &str,
        r#type: &str,
        amount: u64,
        currency: &str,
        description: &str,
        subject: Option<&str>,
        days: i64,
    ) {
        let at = self.days_ago(days);
        let failed = r#type == "failed_payment";
        let email = self.data.customers.get(customer).and_then(|customer| customer.email.clone());
        let transaction = Transaction {
            r#type: r#type.to_owned(),
            status: if failed { "failed" } else { "succeeded" }.to_owned(),
            subject: subject.map(billing_subject),
            customer_id: Some(customer.to_owned()),
            customer_email: email,
            references: References {
                payment_intent: Some(self.id("pi_", 24)),
                charge: (!failed).then(|| self.id("ch_", 24)),
                ..References::default()
            },
            amount: Some(amount),
            amount_refunded: Some(0),
            currency: Some(currency.to_owned()),
            description: Some(description.to_owned()),
            paid_at: (!failed).then(|| at.clone()),
            failed_at: failed.then(|| at.clone()),
            refunded_at: None,
            provider_created_at: Some(at.clone()),
            created_at: at.clone(),
            updated_at: at,
        };
        self.payments.push(transaction);
    }

    /// Refunds a part of the last payment.
    fn refund_last(&mut self, amount: u64, days: i64) {
        let at = self.days_ago(days);
        let id = self.id("re_", 24);
        let Some(payment) = self.payments.last_mut() else { return };
        "partially_refunded".clone_into(&mut payment.status);
        payment.amount_refunded = Some(amount);
        payment.refunded_at = Some(at.clone());
        let refund = Transaction {
            r#type: "refund".to_owned(),
            status: "refunded".to_owned(),
            amount: Some(amount),
            paid_at: None,
            provider_created_at: Some(at.clone()),
            created_at: at.clone(),
            updated_at: at,
            references: References { refund: Some(id), ..payment.references.clone() },
            ..payment.clone()
        };
        self.payments.push(refund);
    }
}
