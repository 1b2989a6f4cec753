//! InsForge's SDK against the sandbox, as an application uses it: sessions and orders, their payment, and the rows that
//! follow. `npm ci` installs the SDK; see `harness/sdk.rs`.

use serde_json::Value;

use super::harness::running::Running;
use super::harness::sdk::Sdk;
use super::harness::{RunOutput, User, find_program, finish};

/// Creates the client of a user, and defines `done`, which prints data or fails with the backend's error.
const CLIENT: &str = "\
import { createClient } from '@insforge/sdk';
const { INSFORGE_BASE_URL: baseUrl, INSFORGE_ANON_KEY: anonKey, ACCESS_TOKEN: token } = process.env;
const subject = { type: 'team', id: 'team_acme' };
const urls = { successUrl: 'https://app.example.test/success', cancelUrl: 'https://app.example.test/cancel' };
const results = {};
const done = (name, { data, error }) => {
  if (error) throw error;
  results[name] = data;
};
";

/// Sessions of the newer SDK at Stripe, and an order and a subscription at Razorpay.
const NEWER: &str = "
const { stripe, razorpay } = createClient({ baseUrl, anonKey, accessToken: token }).payments;
const [oneTime, monthly, planId] = process.argv.slice(2);
done('payment', await stripe.createCheckoutSession('test', {
  mode: 'payment', subject, lineItems: [{ priceId: oneTime, quantity: 2 }], ...urls,
}));
done('subscription', await stripe.createCheckoutSession('test', {
  mode: 'subscription', subject, lineItems: [{ priceId: monthly }], ...urls,
}));
done('order', await razorpay.createOrder('test', { amount: 200000, currency: 'INR', subject }));
done('plan', await razorpay.createSubscription('test', { planId, totalCount: 12, subject }));
console.log(JSON.stringify(results));
";

const NEWER_PORTAL: &str = "
const { stripe } = createClient({ baseUrl, anonKey, accessToken: token }).payments;
done('portal', await stripe.createCustomerPortalSession('test', { subject, returnUrl: urls.successUrl }));
console.log(JSON.stringify(results));
";

const OLDER: &str = "
const { payments } = createClient({ baseUrl, anonKey, edgeFunctionToken: token });
const [oneTime, monthly] = process.argv.slice(2);
done('payment', await payments.createCheckoutSession('test', {
  mode: 'payment', subject, lineItems: [{ stripePriceId: oneTime, quantity: 2 }], ...urls,
}));
done('subscription', await payments.createCheckoutSession('test', {
  mode: 'subscription', subject, lineItems: [{ stripePriceId: monthly, quantity: 1 }], ...urls,
}));
console.log(JSON.stringify(results));
";

const OLDER_PORTAL: &str = "
const { payments } = createClient({ baseUrl, anonKey, edgeFunctionToken: token });
done('portal', await payments.createCustomerPortalSession('test', { subject, returnUrl: urls.successUrl }));
console.log(JSON.stringify(results));
";

/// The server of an application, with a sandbox as its backend.
struct App {
    user: User,
    _serving: Running,
}

impl App {
    /// Starts a sandbox with the sample shop, whose webhooks are configured.
    fn start(sdk: Sdk, generation: &str) -> Self {
        let user = User::new();
        sdk.install(&user);
        let serve = ["sandbox", "serve", "--json", "--generation", generation];
        let serving = Running::start(&user, &serve);
        let shown: Value = serde_json::from_str(&serving.stdout.read_until("}")).expect("JSON");
        let token = ["sandbox", "token", "--user", "11111111-1111-4111-8111-111111111111"];
        let token = user.run(&token).exits(0).stdout;
        let mut user = user.with("ACCESS_TOKEN", token.trim_end());
        for (variable, name) in
            [("INSFORGE_BASE_URL", "url"), ("INSFORGE_API_KEY", "apiKey"), ("INSFORGE_ANON_KEY", "anonKey")]
        {
            user = user.with(variable, shown[name].as_str().expect("text"));
        }
        Self { user, _serving: serving }
    }

    /// Runs a script that uses the SDK. Returns what it prints.
    #[track_caller]
    fn node(&self, script: &str, args: &[&str]) -> Value {
        self.user.write("app.mjs", &format!("{CLIENT}{script}"));
        finish(self.user.command_of("node", &[&["app.mjs"], args].concat()), "").exits(0).json()
    }

    fn insforge(&self, line: &str) -> RunOutput {
        self.user.run(&line.split(' ').collect::<Vec<_>>()).exits(0)
    }

    /// Pays, and returns the output.
    #[track_caller]
    fn pay(&self, id: &Value) -> RunOutput {
        let ran = self.insforge(&format!("sandbox pay {}", id.as_str().expect("an id")));
        assert!(ran.stderr.starts_with("✓ Paid: ") && ran.stderr.lines().count() == 1, "{ran:?}");
        ran
    }

    /// The id of a price with this lookup key.
    fn price(&self, lookup_key: &str) -> String {
        self.insforge(&format!("payments prices get {lookup_key} -o ids")).stdout.trim_end().to_owned()
    }

    /// The rows of a list that belong to the team, sorted, without the columns that differ from run to run.
    fn rows(&self, list: &str, columns: &[&str]) -> Vec<String> {
        let filter = format!(
            ".[] | arrays | .[] | [{}] | map(tostring) | join(\" \")",
            columns.iter().map(|column| format!(".{column}")).collect::<Vec<_>>().join(", ")
        );
        let line = format!("payments {list} --subject-type team --subject-id team_acme --jq");
        let args: Vec<&str> = line.split(' ').chain([filter.as_str()]).collect();
        let mut rows: Vec<String> = self.user.run(&args).exits(0).stdout.lines().map(str::to_owned).collect();
        rows.sort_unstable();
        rows
    }
}

const TRANSACTION: [&str; 4] = ["type", "status", "amount", "currency"];

#[test]
fn the_newer_sdk_sells_at_both_providers() {
    let Some(_) = find_program("node") else { return };
    let app = App::start(Sdk::Newer, "newer");
    let plan = app.insforge("payments razorpay plans list -o ids").stdout;
    let plan = plan.lines().next().expect("a plan");
    let opened = app.node(NEWER, &[&app.price("credits_100"), &app.price("pro_monthly"), plan]);
    assert_eq!(opened["payment"]["checkoutSession"]["status"], "open");
    app.pay(&opened["payment"]["checkoutSession"]["checkoutSessionId"]);
    app.pay(&opened["subscription"]["checkoutSession"]["checkoutSessionId"]);
    app.pay(&opened["order"]["checkoutOptions"]["order_id"]);
    app.pay(&opened["plan"]["checkoutOptions"]["subscription_id"]);
    assert_eq!(
        app.rows("transactions", &TRANSACTION),
        ["one_time_payment succeeded 1980 usd", "subscription_invoice succeeded 1900 usd"]
    );
    assert_eq!(app.rows("subscriptions", &["status", "cancelAtPeriodEnd"]), ["active false"]);
    assert_eq!(
        app.rows("razorpay transactions", &TRANSACTION),
        ["one_time_payment succeeded 200000 inr", "subscription_invoice succeeded 99900 inr"]
    );
    assert_eq!(app.rows("razorpay subscriptions", &["status"]), ["active"]);
    // The payment has made the team a customer, who can use the portal.
    let portal = app.node(NEWER_PORTAL, &[]);
    let url = portal["portal"]["customerPortalSession"]["url"].as_str().expect("a URL");
    assert!(url.starts_with("https://billing.stripe.com/"), "{url}");
}

#[test]
fn the_older_sdk_sells_at_stripe() {
    let Some(_) = find_program("node") else { return };
    let app = App::start(Sdk::Older, "older");
    let opened = app.node(OLDER, &[&app.price("credits_100"), &app.price("pro_monthly")]);
    for name in ["payment", "subscription"] {
        app.pay(&opened[name]["checkoutSession"]["stripeCheckoutSessionId"]);
    }
    assert_eq!(
        app.rows("transactions", &TRANSACTION),
        ["one_time_payment succeeded 1980 usd", "subscription_invoice succeeded 1900 usd"]
    );
    assert_eq!(app.rows("subscriptions", &["status"]), ["active"]);
    let portal = app.node(OLDER_PORTAL, &[]);
    assert!(portal["portal"]["customerPortalSession"]["url"].is_string(), "{portal}");
}
