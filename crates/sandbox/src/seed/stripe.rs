//! The sample shop at Stripe: products and prices, customers, subscriptions in several states, successful and failed
//! payments.

use jiff::Timestamp;
use serde_json::{Map, json};

use crate::environment::Environment;
use crate::seed::{billing_subject, days_ago, set_test_key, subject_metadata};
use crate::state::{BillingSubject, Card, Customer, References, State, Time, Transaction, format_time};
use crate::stripe::calendar::next_boundary;
use crate::stripe::{
    Account, AccountData, Billing, Invoice, InvoiceLine, PaymentIntent, Price, Product, Recurring, Refund,
    Subscription, SubscriptionItem, invoice_prefix,
};

/// The shop's account. Its key contains the account id, like Stripe's own keys.
const ACCOUNT: &str = "acct_1SandboxShop0001";
const KEY: &str = "sk_test_51SandboxShop0001a";

const TRIAL_DAYS: i64 = 30;

/// Adds the shop. Its test environment is connected and synced; live is not connected.
pub(super) fn add_shop(state: &mut State, now: Timestamp) {
    // Stripe's times have no fractions of seconds.
    let seconds = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut shop = ShopBuilder { now: seconds, state, data: AccountData::default(), payments: Vec::new() };
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

        let ada_team = self.subscription(&ada, (&team, &team_monthly), "active", Some("team_northwind"), 12);
        let ben_pro = self.subscription(&ben, (&pro, &yearly), "active", Some("user_ben"), 80);
        let chloe_pro = self.subscription(&chloe, (&pro, &monthly), "past_due", Some("user_chloe"), 3);
        self.subscription(&daichi, (&pro, &old_price), "canceled", Some("user_daichi"), 25);
        self.subscription(&elif, (&pro, &monthly), "trialing", None, 9);

        self.invoice(&ada_team, "Team Plan", true);
        self.invoice(&ben_pro, "Pro Plan (yearly)", true);
        self.payment(&daichi, 1500, "jpy", "100 Credits", "user_daichi", 30);
        self.payment(&chloe, 990, "usd", "100 Credits", "user_chloe", 20);
        self.refund_last(490, 18);
        self.invoice(&chloe_pro, "Pro Plan", false);
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
            created: Some(self.days_ago(days)),
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
    ) -> Subscription {
        let start = self.days_ago(days);
        let trial = (status == "trialing").then(|| (start.clone(), self.days_ago(days - TRIAL_DAYS)));
        let end = match &trial {
            Some((_, end)) => end.clone(),
            None => self.period_end(price, &start),
        };
        let item = SubscriptionItem {
            id: self.id("si_", 14),
            product: Some(product.to_owned()),
            price: Some(price.to_owned()),
            quantity: Some(1),
        };
        let canceled_at = (status == "canceled").then(|| self.days_ago(days - 5));
        let subscription = Subscription {
            id: self.id("sub_", 24),
            customer: customer.to_owned(),
            status: status.to_owned(),
            current_period_start: Some(start.clone()),
            current_period_end: Some(end.clone()),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: canceled_at.clone(),
            trial_start: trial.as_ref().map(|(start, _)| start.clone()),
            trial_end: trial.as_ref().map(|(_, end)| end.clone()),
            latest_invoice: Some(self.id("in_", 24)),
            metadata: subject.map(subject_metadata).unwrap_or_default(),
            items: vec![item],
        };
        let billing = Billing {
            anchor: if trial.is_some() { end } else { start.clone() },
            // An overdue subscription was renewed before.
            created: if status == "past_due" { self.days_ago(days + 31) } else { start },
            cancellation_reason: canceled_at.as_ref().map(|_| "cancellation_requested".to_owned()),
            ended_at: canceled_at,
        };
        self.data.billing.insert(subscription.id.clone(), billing);
        self.data.subscriptions.push(subscription.clone());
        subscription
    }

    /// The end of the first period of a price.
    fn period_end(&self, price: &str, start: &str) -> Time {
        let interval = self.data.prices.get(price).and_then(|price| price.recurring.as_ref());
        let start = start.parse().unwrap_or(self.now);
        format_time(interval.and_then(|interval| next_boundary(start, interval, start)).unwrap_or(start))
    }

    /// The invoice for the current period of a subscription, and its payment. An unpaid one was declined on its first day and
    /// at each retry since.
    fn invoice(&mut self, subscription: &Subscription, description: &str, paid: bool) {
        let (Some(id), Some(item)) = (&subscription.latest_invoice, subscription.items.first()) else {
            return;
        };
        let (Some(price), Some(product)) = (&item.price, &item.product) else { return };
        let Some((amount, currency)) = self
            .data
            .prices
            .get(price)
            .map(|price| (price.unit_amount.unwrap_or_default(), price.currency.clone()))
        else {
            return;
        };
        let at = subscription.current_period_start.clone().unwrap_or_default();
        let intent = self.payment_intent(&subscription.customer, amount, &currency, paid, &at);
        let number = format!("{}-000{}", invoice_prefix(&subscription.customer), if paid { 1 } else { 2 });
        self.data.invoices.push(Invoice {
            id: id.clone(),
            number,
            status: if paid { "paid" } else { "open" }.to_owned(),
            billing_reason: if paid { "subscription_create" } else { "subscription_cycle" }.to_owned(),
            customer: subscription.customer.clone(),
            email: intent.email.clone(),
            subscription: Some(subscription.id.clone()),
            subscription_metadata: subscription.metadata.clone(),
            currency: currency.clone(),
            amount_due: amount,
            amount_paid: if paid { amount } else { 0 },
            lines: vec![InvoiceLine {
                price: price.clone(),
                product: product.clone(),
                subscription_item: Some(item.id.clone()),
                quantity: 1,
                amount,
            }],
            description: Some(description.to_owned()),
            payment_intent: Some(intent.id.clone()),
            attempt_count: if paid { 1 } else { 3 },
            first_failed_at: (!paid).then(|| at.clone()),
            // Three days after the first failure, two of the four retries are over. The third is after five days.
            next_payment_attempt: (!paid).then(|| self.days_ago(-2)),
            period_start: at.clone(),
            period_end: subscription.current_period_end.clone().unwrap_or_default(),
            paid_at: paid.then(|| at.clone()),
            voided_at: None,
            created: at.clone(),
        });
        let subject = BillingSubject::from_metadata(&subscription.metadata);
        let row = transaction("subscription_invoice", &intent, subject, description, paid);
        self.payments.push(Transaction {
            references: References {
                payment_intent: Some(intent.id.clone()),
                invoice: Some(id.clone()),
                subscription: Some(subscription.id.clone()),
                price: Some(price.clone()),
                product: Some(product.clone()),
                ..References::default()
            },
            ..row
        });
        let invoice = Some(id.clone());
        self.data.payment_intents.push(PaymentIntent { invoice, ..intent });
    }

    /// A one-time payment.
    fn payment(
        &mut self,
        customer: &str,
        amount: u64,
        currency: &str,
        description: &str,
        subject: &str,
        days: i64,
    ) {
        let at = self.days_ago(days);
        let mut intent = self.payment_intent(customer, amount, currency, true, &at);
        intent.description = Some(description.to_owned());
        intent.metadata = subject_metadata(subject);
        intent.metadata.insert("insforge_checkout_mode".to_owned(), "payment".into());
        let row = transaction("one_time_payment", &intent, Some(billing_subject(subject)), description, true);
        self.payments.push(Transaction {
            references: References {
                payment_intent: Some(intent.id.clone()),
                charge: intent.charge.clone(),
                ..References::default()
            },
            ..row
        });
        self.data.payment_intents.push(intent);
    }

    fn payment_intent(
        &mut self,
        customer: &str,
        amount: u64,
        currency: &str,
        paid: bool,
        at: &str,
    ) -> PaymentIntent {
        PaymentIntent {
            id: self.id("pi_", 24),
            amount,
            amount_refunded: 0,
            currency: currency.to_owned(),
            status: if paid { "succeeded" } else { "requires_payment_method" }.to_owned(),
            customer: Some(customer.to_owned()),
            email: self.data.customers.get(customer).and_then(|customer| customer.email.clone()),
            description: None,
            invoice: None,
            charge: paid.then(|| self.id("ch_", 24)),
            settlement: None,
            metadata: Map::new(),
            created: at.to_owned(),
        }
    }

    /// Refunds a part of the last payment.
    fn refund_last(&mut self, amount: u64, days: i64) {
        let at = self.days_ago(days);
        let id = self.id("re_", 24);
        let reason = "requested_by_customer".to_owned();
        let (Some(row), Some(intent)) = (self.payments.last_mut(), self.data.payment_intents.last_mut())
        else {
            return;
        };
        intent.amount_refunded = amount;
        self.data.refunds.push(Refund {
            id: id.clone(),
            amount,
            currency: intent.currency.clone(),
            payment_intent: intent.id.clone(),
            charge: intent.charge.clone(),
            status: "succeeded".to_owned(),
            reason: Some(reason.clone()),
            created: at.clone(),
        });
        "partially_refunded".clone_into(&mut row.status);
        row.amount_refunded = Some(amount);
        row.refunded_at = Some(at.clone());
        let refund = Transaction {
            r#type: "refund".to_owned(),
            status: "refunded".to_owned(),
            amount: Some(amount),
            description: Some(reason),
            paid_at: None,
            provider_created_at: Some(at.clone()),
            created_at: at.clone(),
            updated_at: at,
            references: References { refund: Some(id), ..row.references.clone() },
            ..row.clone()
        };
        self.payments.push(refund);
    }
}

/// The backend's row of a payment, without the ids of its objects.
fn transaction(
    r#type: &str,
    intent: &PaymentIntent,
    subject: Option<BillingSubject>,
    description: &str,
    paid: bool,
) -> Transaction {
    let at = intent.created.clone();
    Transaction {
        r#type: r#type.to_owned(),
        status: if paid { "succeeded" } else { "failed" }.to_owned(),
        subject,
        customer_id: intent.customer.clone(),
        customer_email: intent.email.clone(),
        references: References::default(),
        amount: Some(intent.amount),
        amount_refunded: Some(0),
        currency: Some(intent.currency.clone()),
        description: Some(description.to_owned()),
        paid_at: paid.then(|| at.clone()),
        failed_at: (!paid).then(|| at.clone()),
        refunded_at: None,
        provider_created_at: Some(at.clone()),
        created_at: at.clone(),
        updated_at: at,
    }
}
