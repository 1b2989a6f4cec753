//! The sample shop at Razorpay: items and plans in rupees, customers, subscriptions in several states, successful and
//! failed invoices and payments. Its webhook is not set up yet.

use jiff::Timestamp;
use serde_json::{Map, json};

use crate::razorpay::{Account, AccountData, Invoice, Item, Payment, Plan, Subscription, cycle_start};
use crate::seed::{days_ago, set_test_key, subject_metadata};
use crate::state::{Customer, State, Time, whole_seconds};

/// The shop's account, and its key.
const ACCOUNT: &str = "shop";
const KEY_ID: &str = "rzp_test_shop_0001";
const KEY_SECRET: &str = "shop_secret_0001";

/// Adds the shop. Its test environment is connected and synced; live is not connected.
pub(super) fn add_shop(state: &mut State, now: Timestamp) {
    let mut shop = ShopBuilder { now, state, data: AccountData::default() };
    shop.fill();
    let ShopBuilder { data, .. } = shop;
    let account = Account { test: data, ..Account::default() };
    state.razorpay.accounts.insert(ACCOUNT.to_owned(), account);
    set_test_key(state, "razorpay", json!({"keyId": KEY_ID, "keySecret": KEY_SECRET}), now);
}

struct ShopBuilder<'a> {
    now: Timestamp,
    state: &'a mut State,
    data: AccountData,
}

impl ShopBuilder<'_> {
    fn fill(&mut self) {
        self.item("100 Credits", "Used up, then bought again", 49900, true);
        self.item("Workshop Seat", "One day, in Bengaluru", 249_900, true);
        self.item("Launch Offer", "Not sold any more", 199_900, false);
        let monthly = self.plan("Pro Plan", "monthly", 1, 99900);
        let yearly = self.plan("Pro Plan (yearly)", "yearly", 1, 999_900);
        let team = self.plan("Team Plan", "monthly", 3, 1_499_900);

        let asha = self.customer("Asha Raman", "asha@neem.example", "+919000000001", 260);
        let farid = self.customer("Farid Khan", "farid@khanworks.example", "+919000000002", 150);
        let meera = self.customer("Meera Iyer", "meera@iyer.example", "+919000000003", 40);

        let at_neem = self.subscription(&asha, &team, "active", Some("team_neem"), 20);
        let at_farid = self.subscription(&farid, &monthly, "halted", Some("user_farid"), 11);
        self.subscription(&farid, &yearly, "cancelled", Some("user_farid"), 140);
        // It starts in five days.
        self.subscription(&meera, &monthly, "authenticated", None, -5);

        self.invoice(&asha, &at_neem, ("Team Plan", 1_499_900), "paid", 20);
        self.invoice(&farid, &at_farid, ("Pro Plan", 99900), "expired", 11);
        self.payment(&meera, "100 Credits", (49900, 0), "captured", 35);
        self.payment(&farid, "Workshop Seat", (249_900, 100_000), "captured", 28);
        self.payment(&meera, "Workshop Seat", (249_900, 0), "failed", 4);
    }

    fn days_ago(&self, days: i64) -> Time {
        whole_seconds(&days_ago(self.now, days))
    }

    fn id(&mut self, prefix: &str) -> String {
        self.state.razorpay.ids.next_id(prefix, 14)
    }

    fn new_item(&mut self, name: &str, amount: u64, r#type: &str) -> Item {
        Item {
            id: self.id("item_"),
            name: name.to_owned(),
            description: None,
            active: true,
            amount,
            currency: "INR".to_owned(),
            r#type: Some(r#type.to_owned()),
            created: Some(self.days_ago(300)),
        }
    }

    fn item(&mut self, name: &str, description: &str, amount: u64, active: bool) {
        let new = self.new_item(name, amount, "invoice");
        let item = Item { description: Some(description.to_owned()), active, ..new };
        self.data.items.insert(item.id.clone(), item);
    }

    fn plan(&mut self, name: &str, period: &str, interval: u64, amount: u64) -> String {
        let item = self.new_item(name, amount, "plan");
        self.data.items.insert(item.id.clone(), item.clone());
        let plan = Plan {
            id: self.id("plan_"),
            period: period.to_owned(),
            interval,
            item,
            notes: Map::new(),
            created: self.days_ago(300),
        };
        let id = plan.id.clone();
        self.data.plans.insert(id.clone(), plan);
        id
    }

    fn customer(&mut self, name: &str, email: &str, phone: &str, days: i64) -> Customer {
        let customer = Customer {
            id: self.id("cust_"),
            email: Some(email.to_owned()),
            name: Some(name.to_owned()),
            phone: Some(phone.to_owned()),
            metadata: Map::new(),
            created: Some(self.days_ago(days)),
            card: None,
            country: None,
        };
        self.data.customers.insert(customer.id.clone(), customer.clone());
        customer
    }

    fn subscription(
        &mut self,
        customer: &Customer,
        plan: &str,
        status: &str,
        subject: Option<&str>,
        days: i64,
    ) -> String {
        let id = self.id("sub_");
        let plan = self.data.plans.get(plan);
        let total = 12;
        let paid = u64::from(matches!(status, "active" | "cancelled"));
        let start = self.days_ago(days);
        let cycle = |count| plan.and_then(|plan| cycle_start(&start, &plan.period, plan.interval, count));
        let subscription = Subscription {
            id: id.clone(),
            plan: plan.map(|plan| plan.id.clone()).unwrap_or_default(),
            customer: Some(customer.id.clone()),
            status: status.to_owned(),
            current_start: (paid > 0).then(|| start.clone()),
            current_end: cycle(1).filter(|_| paid > 0),
            ended_at: (status == "cancelled").then(|| self.days_ago(days - 30)),
            quantity: Some(1),
            charge_at: cycle(paid).filter(|_| status != "cancelled"),
            start_at: Some(start.clone()),
            end_at: cycle(total),
            total_count: Some(total),
            auth_attempts: Some(if status == "halted" { 4 } else { 0 }),
            paid_count: Some(paid),
            remaining_count: Some(total - paid),
            short_url: Some(format!("https://rzp.io/i/{}", id.trim_start_matches("sub_"))),
            notes: subject.map(subject_metadata).unwrap_or_default(),
            created: Some(self.days_ago(days.max(2))),
            ..Subscription::default()
        };
        self.data.subscriptions.push(subscription);
        id
    }

    fn invoice(
        &mut self,
        customer: &Customer,
        subscription: &str,
        (description, amount): (&str, u64),
        status: &str,
        days: i64,
    ) {
        let at = self.days_ago(days);
        let paid = status == "paid";
        let id = self.id("inv_");
        let payment = paid.then(|| self.id("pay_"));
        let invoice = Invoice {
            id: id.clone(),
            customer: Some(customer.id.clone()),
            email: customer.email.clone(),
            subscription: Some(subscription.to_owned()),
            payment: payment.clone(),
            status: status.to_owned(),
            amount,
            amount_paid: if paid { amount } else { 0 },
            currency: "INR".to_owned(),
            description: Some(description.to_owned()),
            paid_at: paid.then(|| at.clone()),
            expired_at: (!paid).then(|| at.clone()),
            created: Some(at.clone()),
            ..Invoice::default()
        };
        self.data.invoices.push(invoice);
        if let Some(payment) = payment {
            self.data.payments.push(Payment {
                id: payment,
                amount,
                currency: "INR".to_owned(),
                status: "captured".to_owned(),
                invoice: Some(id),
                customer: Some(customer.id.clone()),
                email: customer.email.clone(),
                description: Some(description.to_owned()),
                created: Some(at),
                ..Payment::default()
            });
        }
    }

    fn payment(
        &mut self,
        customer: &Customer,
        description: &str,
        (amount, amount_refunded): (u64, u64),
        status: &str,
        days: i64,
    ) {
        let payment = Payment {
            id: self.id("pay_"),
            amount,
            amount_refunded,
            currency: "INR".to_owned(),
            status: status.to_owned(),
            order: Some(self.id("order_")),
            customer: Some(customer.id.clone()),
            email: customer.email.clone(),
            description: Some(description.to_owned()),
            created: Some(self.days_ago(days)),
            ..Payment::default()
        };
        self.data.payments.push(payment);
    }
}
