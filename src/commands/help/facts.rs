//! What each command changes, and an example of it that runs on the small shop of a sandbox. A test holds this table
//! to the tree and to what the commands do.

/// How much a command changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Writes,
    /// It takes something away that cannot be brought back.
    Destroys,
}

/// Where it changes something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    Nothing,
    /// What the backend knows of the provider.
    Mirror,
    /// The provider, and the backend's connection to it.
    Provider,
    /// Files and keys on this machine.
    Machine,
}

impl Effect {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Destroys => "destroys",
        }
    }
}

impl Changes {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Mirror => "mirror",
            Self::Provider => "provider",
            Self::Machine => "machine",
        }
    }
}

/// What the tree does not say of a command.
pub(super) struct Facts {
    path: &'static str,
    pub(super) effect: Effect,
    pub(super) changes: Changes,
    /// What else there is to know before it is run.
    pub(super) note: &'static str,
    /// A command line without the program's name, for a POSIX shell.
    pub(super) example: &'static str,
    /// What the example reads from stdin.
    pub(super) stdin: &'static str,
    /// What it exits with, on the small shop.
    pub(super) exit: u8,
    pub(super) about_example: &'static str,
}

impl Facts {
    /// Where it waits for a yes, as [`crate::runner::guard`] has it.
    pub(super) const fn confirms(&self) -> &'static str {
        match (self.changes, self.effect) {
            (Changes::Provider, Effect::Writes) => "live",
            (Changes::Provider, Effect::Destroys) => "always",
            _ => "never",
        }
    }

    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    const fn stdin(self, stdin: &'static str) -> Self {
        Self { stdin, ..self }
    }

    const fn exits(self, exit: u8) -> Self {
        Self { exit, ..self }
    }

    const fn because(self, about_example: &'static str) -> Self {
        Self { about_example, ..self }
    }
}

const fn of(effect: Effect, changes: Changes, path: &'static str, example: &'static str) -> Facts {
    Facts { path, effect, changes, note: "", example, stdin: "", exit: 0, about_example: "" }
}

const fn reads(path: &'static str, example: &'static str) -> Facts {
    of(Effect::Reads, Changes::Nothing, path, example)
}

const fn syncs(path: &'static str, example: &'static str) -> Facts {
    of(Effect::Reads, Changes::Mirror, path, example)
}

const fn writes(path: &'static str, example: &'static str) -> Facts {
    of(Effect::Writes, Changes::Provider, path, example)
}

const fn destroys(path: &'static str, example: &'static str) -> Facts {
    of(Effect::Destroys, Changes::Provider, path, example)
}

const fn keeps(path: &'static str, example: &'static str) -> Facts {
    of(Effect::Writes, Changes::Machine, path, example)
}

const fn forgets(path: &'static str, example: &'static str) -> Facts {
    of(Effect::Destroys, Changes::Machine, path, example)
}

/// What there is to say of a command.
pub(super) fn facts(path: &[&str]) -> Option<&'static Facts> {
    let path = path.join(" ");
    FACTS.iter().find(|facts| facts.path == path)
}

const CATALOG: &str = "version = 1\n[products.studio]\nname = \"Studio\"\n[products.studio.prices.monthly]\ncurrency = \"eur\"\namount = \"29.00\"\ninterval = \"month\"\n";

static FACTS: [Facts; 58] = [
    keeps("login", "login --api-url https://your-app.us-east.insforge.app --api-key-stdin --json").stdin("ik_sandbox").because("address and key are your backend's"),
    keeps("link", "link --api-base-url https://your-app.us-east.insforge.app --api-key-stdin --json").note("writes .insforge/project.json in this directory").stdin("ik_sandbox").because("address and key are your backend's"),
    keeps("logout", "logout --json"),
    reads("current", "current --json"),
    reads("explain", "explain OUTCOME_UNKNOWN --json").note("asks no backend"),
    reads("completion", "completion bash").note("asks no backend"),
    reads("help", "help --json").note("asks no backend"),
    reads("sandbox serve", "sandbox serve --json").note("with --state the state is kept in a file").because("goes on until it is told to end; then it exits with 0"),
    reads("sandbox exec", "sandbox exec -- insforge payments status --json").note("exits with what the command exits with; what the command does, it does to the sandbox"),
    forgets("sandbox reset", "sandbox reset --json"),
    reads("sandbox path", "sandbox path --json"),
    reads("payments status", "payments status --json"),
    reads("payments doctor", "payments doctor test --json").note("exits with 1 where a check fails"),
    reads("payments config", "payments config --json"),
    reads("payments config list", "payments config list --json"),
    writes("payments config set", "payments config set test - --json").note("asks in test, too, where the key may be of another account: what is mirrored of the present one would be deleted").stdin("sk_test_51SandboxShop0001b"),
    destroys("payments config remove", "payments config remove test --yes --json"),
    syncs("payments sync", "payments sync test --json"),
    reads("payments customers", "payments customers test --limit 10 --json"),
    reads("payments subscriptions", "payments subscriptions test --subject-type team --subject-id team_northwind --json"),
    reads("payments transactions", "payments transactions test --limit 10 --json").note("with --follow it goes on until it is told to end, then exits with 0; JSON is a line for each row then"),
    writes("payments webhooks configure", "payments webhooks configure test --json").note("an endpoint that is there is deleted and made anew, with a new signing secret"),
    reads("payments catalog", "payments catalog test --json"),
    syncs("payments catalog plan", "payments catalog plan test --file - --exit-code --json").stdin(CATALOG).exits(7).because("7 because something would change"),
    writes("payments catalog apply", "payments catalog apply test --file - --json").note("with --prune it archives what left the file, and asks in test, too; killed anywhere, the same command continues").stdin(CATALOG),
    keeps("payments catalog export", "payments catalog export test --file payments.toml --json").note("writes the file; with --adopt it writes identities to Stripe, too, and asks in live"),
    syncs("payments catalog diff", "payments catalog diff test live --json").exits(1).because("1 because live has no key in the small shop"),
    reads("payments catalog ids", "payments catalog ids test --json"),
    reads("payments products list", "payments products list test --json"),
    reads("payments products get", "payments products get test prod_dxFhxxNRvjmfxv --json"),
    writes("payments products create", "payments products create test --name Studio --idempotency-key studio-1 --json"),
    writes("payments products update", "payments products update test prod_dxFhxxNRvjmfxv --description 'Everything, for you' --json"),
    destroys("payments products delete", "payments products delete test prod_UgmtwPFqr91f5b --yes --json").exits(1).because("1 because a product that has prices cannot be deleted: `--active false` takes it out of sale"),
    reads("payments prices list", "payments prices list test --product prod_dxFhxxNRvjmfxv --json"),
    reads("payments prices get", "payments prices get test price_yhlsfOw8COCt3Xs7EjbYrgHW --json"),
    writes("payments prices create", "payments prices create test --product prod_dxFhxxNRvjmfxv --currency eur --unit-amount 2900 --interval month --lookup-key pro_monthly_eur --idempotency-key pro-monthly-eur-1 --json"),
    writes("payments prices update", "payments prices update test price_fga9NIpQxmSldzmQaOwez8tE --lookup-key pro_annual --json"),
    writes("payments prices archive", "payments prices archive test price_fga9NIpQxmSldzmQaOwez8tE --json"),
    reads("payments razorpay status", "payments razorpay status --json"),
    reads("payments razorpay doctor", "payments razorpay doctor test --json").note("exits with 1 where a check fails"),
    reads("payments razorpay config", "payments razorpay config --json"),
    reads("payments razorpay config list", "payments razorpay config list --json"),
    writes("payments razorpay config set", "payments razorpay config set test --key-id rzp_test_shop_0002 - --yes --json").note("the backend takes every new key ID for another account and deletes what is mirrored of the present one; it asks before, in test, too").stdin("a-made-up-secret"),
    destroys("payments razorpay config remove", "payments razorpay config remove test --yes --json"),
    syncs("payments razorpay sync", "payments razorpay sync test --json"),
    reads("payments razorpay customers", "payments razorpay customers test --json"),
    reads("payments razorpay subscriptions", "payments razorpay subscriptions test --json"),
    reads("payments razorpay transactions", "payments razorpay transactions test --json").note("with --follow it goes on until it is told to end, then exits with 0; JSON is a line for each row then"),
    reads("payments razorpay catalog", "payments razorpay catalog test --json"),
    reads("payments razorpay webhooks setup", "payments razorpay webhooks setup test --json").note("shows what to enter in Razorpay's dashboard"),
    destroys("payments razorpay webhooks rotate-secret", "payments razorpay webhooks rotate-secret test --yes --json"),
    reads("payments razorpay items list", "payments razorpay items list test --json"),
    reads("payments razorpay items get", "payments razorpay items get test item_rTnF3Iv7WglSJS --json"),
    writes("payments razorpay items create", "payments razorpay items create test --name Seat --amount 49900 --currency INR --json").note("there is no idempotency key: look at the list before it is run again; a file of many looks by itself"),
    writes("payments razorpay items update", "payments razorpay items update test item_rTnF3Iv7WglSJS --amount 59900 --json"),
    reads("payments razorpay plans list", "payments razorpay plans list test --json"),
    reads("payments razorpay plans get", "payments razorpay plans get test plan_HCFF36AXlLFr2A --json"),
    writes("payments razorpay plans create", "payments razorpay plans create test --period monthly --interval 1 --item-name Basic --item-amount 49900 --item-currency INR --json").note("there is no idempotency key: look at the list before it is run again; a file of many looks by itself"),
];
