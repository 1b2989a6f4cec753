//! The example workflow for GitHub: every script of it runs against a sandbox, as GitHub would run it.

use std::path::Path;

use insforge::sandbox::{Options, Sandbox};

use super::harness::workflow::{Script, scripts};
use super::harness::{RunOutput, User, finish, path_with_binary};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A repository with this workflow, and the backend that it administers.
struct Repository {
    scripts: Vec<Script>,
    sandbox: Sandbox,
    user: User,
}

impl Repository {
    fn new() -> Self {
        let text = std::fs::read_to_string(Path::new(ROOT).join("examples/github-workflow.yml"));
        let scripts = scripts(&text.expect("the example"));
        let user = User::new().with("CI", "true").with("GITHUB_ACTIONS", "true");
        let repository = Self {
            scripts,
            sandbox: Options::new().public_url("https://shop.example").spawn().expect("a sandbox"),
            user,
        };
        repository.insforge("payments catalog export test --adopt");
        repository.user.write("key", "sk_live_51SandboxShop0001a");
        repository.insforge("payments config set live --secret-key-file key --yes");
        repository
    }

    /// Runs a command as a developer, outside the workflow.
    #[track_caller]
    fn insforge(&self, line: &str) -> RunOutput {
        let mut command = self.user.command(&line.split(' ').collect::<Vec<_>>());
        command.env("INSFORGE_BASE_URL", self.sandbox.url()).env("INSFORGE_API_KEY", self.sandbox.api_key());
        finish(command, "").exits(0)
    }

    fn replace_in_catalog(&self, from: &str, to: &str) {
        let catalog = self.user.read("payments.toml");
        assert!(catalog.contains(from), "{catalog}");
        self.user.write("payments.toml", &catalog.replace(from, to));
    }

    /// Changes the catalog by hand.
    fn rename_a_product(&self, environment: &str) {
        let products = self.insforge(&format!("payments products list {environment} --active -o ids")).stdout;
        let product = products.lines().next().expect("a product");
        self.insforge(&format!("payments products update {environment} {product} --name Other --yes"));
    }

    /// Runs the scripts of a job until one fails. Returns the result of the last one.
    #[track_caller]
    fn job(&self, name: &str) -> RunOutput {
        self.user.write("summary", "");
        self.user.write("outputs", "");
        let mut last = None;
        for script in self.scripts.iter().filter(|script| script.job == name) {
            let ran = self.run(script);
            let failed = ran.code != 0;
            last = Some(ran);
            if failed {
                break;
            }
        }
        last.unwrap_or_else(|| panic!("no script of {name}"))
    }

    fn run(&self, script: &Script) -> RunOutput {
        let mut command = self.user.command_of("bash", &script.bash_arguments());
        command.env("PATH", path_with_binary());
        command.env("GITHUB_STEP_SUMMARY", self.user.path("summary"));
        command.env("GITHUB_OUTPUT", self.user.path("outputs"));
        for (name, value) in &script.variables {
            command.env(
                name,
                match value.as_str() {
                    "${{ vars.INSFORGE_BASE_URL }}" => self.sandbox.url(),
                    "${{ secrets.INSFORGE_API_KEY }}" => self.sandbox.api_key(),
                    value => value,
                },
            );
        }
        finish(command, "")
    }
}

#[test]
fn a_change_goes_from_a_pull_request_to_test_and_live() {
    let repository = Repository::new();
    repository.replace_in_catalog("\"190.00\"", "\"180.00\"");
    repository.job("plan").exits(0);
    let summary = repository.user.read("summary");
    assert!(summary.starts_with("### Plan for test\n\n    Stripe test, account acct_"), "{summary}");
    assert!(summary.contains("amount: 190.00 USD → 180.00 USD"), "{summary}");

    assert!(repository.job("apply-test").exits(0).stderr.contains("1 replaced"));
    repository.job("plan-live").exits(0);
    assert!(repository.user.read("summary").contains("8 to create"), "live is empty");
    assert_eq!(repository.user.read("outputs"), "changes=true\n");
    assert!(repository.job("apply-live").exits(0).stderr.contains("8 created"));

    repository.job("plan-live").exits(0);
    assert_eq!(repository.user.read("outputs"), "changes=false\n");
    repository.job("drift").exits(0);
}

#[test]
fn live_gets_only_the_plan_that_was_approved() {
    let repository = Repository::new();
    repository.insforge("payments catalog apply live --yes");
    repository.replace_in_catalog("\"190.00\"", "\"180.00\"");
    repository.job("plan-live").exits(0);
    repository.rename_a_product("live");
    repository.job("apply-live").exits(1).stderr_has(&["The plan is out of date"]);
}

#[test]
fn only_the_approved_job_can_write_to_live() {
    let mut repository = Repository::new();
    repository.job("plan-live").exits(0);
    let apply = "insforge payments catalog apply live --yes".to_owned();
    for script in repository.scripts.iter_mut().filter(|script| script.job != "apply-live") {
        script.script.clone_from(&apply);
    }
    for job in ["plan", "apply-test", "plan-live", "drift"] {
        repository.job(job).exits(5);
    }
}

#[test]
fn a_change_by_hand_fails_the_nightly_job() {
    let repository = Repository::new();
    repository.insforge("payments catalog apply live --yes");
    repository.job("drift").exits(0);
    for environment in ["live", "test"] {
        repository.rename_a_product(environment);
        let ran = repository.job("drift").exits(7);
        assert!(ran.stdout.contains(&format!("Stripe {environment}")), "{}", ran.stdout);
    }
}

#[test]
fn a_failed_check_ends_the_job() {
    let repository = Repository::new();
    repository.insforge("payments config remove live --yes");
    for job in ["plan-live", "drift"] {
        assert_ne!(repository.job(job).code, 0, "{job}");
    }
    // The script reports an exit code that is not about differences.
    let plan = repository.scripts.iter().rfind(|script| script.job == "plan-live").expect("a script");
    let ran = repository.run(plan);
    assert!(!matches!(ran.code, 0 | 7), "{}", ran.stderr);
}
