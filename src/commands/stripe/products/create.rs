use anyhow::Result;
use clap::Args;

use crate::api::Call;
use crate::api::stripe::{self, STRIPE};
use crate::approval::Effects;
use crate::commands::common::{EnvironmentArgs, to_json};
use crate::commands::stripe::effects;
use crate::commands::stripe::new_object::{self, NewObject};
use crate::commands::stripe::object_args::ObjectArgs;
use crate::error::Failure;
use crate::runner::{
    Change, Check, CommandSpec, Ctx, ExistingObjects, FileArgs, Required, Verb, Write, WriteReply,
    check_required,
};
use crate::ui::View;
use crate::wire::{
    Description, Environment, IdempotencyKey, NewProduct, Patch, ProductName, ProductReply, Products,
};

/// Create a product
///
/// With your own --idempotency-key, running the command again within a day prints the first product and creates no second one.
/// Without it, the tool generates a key, and an error shows it.
///
/// A file with many objects needs one confirmation and prints one line of JSON per object. Running the same file again within a
/// day creates no duplicates. See `insforge help output`.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --name Studio --idempotency-key studio-1 --json")
    .tables(Products::TABLES).rows(super::ROWS_OF_ONE))]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Name, as customers see it; at most 250 characters (required)
    #[arg(long, required_unless_present = "from_file")]
    name: Option<ProductName>,
    /// Description, or `null` for none
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<Description>>,
    /// Idempotency key, such as studio-1; 1 to 200 characters [default: generated]
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
    /// Skip the sync after a repeated create of an object that has changed
    #[arg(long)]
    no_sync: bool,
    #[command(flatten)]
    object: ObjectArgs,
}

impl Write for Create {
    type Object = NewProduct;
    type Request = NewObject<NewProduct>;
    type Answer = ProductReply;
    type Shown = WriteReply<ProductReply>;
    const VERB: Verb = Verb::Create;
    const REQUIRED: &'static [Required] = &[("--name", "name")];

    fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    fn file(&self) -> Option<&FileArgs> {
        Some(&self.object.file)
    }

    fn combined(&self, object: NewProduct) -> Result<NewProduct, Failure> {
        Ok(NewProduct {
            name: self.name.clone().or(object.name),
            description: Patch::from(self.description.clone()).or(object.description),
            active: self.object.active(object.active),
            metadata: self.object.metadata(object.metadata)?,
            idempotency_key: object.idempotency_key,
        })
    }

    async fn resolve(&self, _ctx: &Ctx, object: NewProduct) -> Result<Self::Request> {
        let mut body = self.combined(object)?;
        check_required(Self::REQUIRED, &body)?;
        let in_file = body.idempotency_key.take();
        Ok(NewObject::new(self.environment()?, body, self.idempotency_key.as_ref(), in_file))
    }

    fn change(&self, product: &Self::Request) -> Change {
        let environment = product.environment;
        let name = product.body.name.as_ref().map_or("", |name| name.as_str().trim());
        let what = format!("Create product {name} at Stripe");
        let check = Check::mirror(&["products", "list", environment.as_str()]);
        Change::new(&STRIPE, environment, what, check).summary(to_json(&product.body))
    }

    fn call(&self, product: &Self::Request) -> Result<Call<ProductReply>> {
        let body = NewProduct { idempotency_key: Some(product.key.clone()), ..product.body.clone() };
        Ok(stripe::create_product(product.environment, &body)?)
    }

    async fn examine(&self, _ctx: &Ctx, products: &[&Self::Request]) -> Result<Effects> {
        let objects = products.iter().map(|product| effects::new_product(&product.body)).collect();
        Ok(Effects { objects, ..Effects::default() })
    }

    fn idempotency_key(product: &Self::Request) -> Option<&IdempotencyKey> {
        Some(&product.key)
    }

    fn explain(&self, _ctx: &Ctx, product: &Self::Request, failure: Failure) -> Failure {
        new_object::explain(product, "product", failure)
    }

    async fn find_existing(&self, ctx: &Ctx, _products: &[Self::Request]) -> Result<ExistingObjects> {
        Ok(new_object::find_existing(ctx, stripe::products(self.environment()?)).await)
    }

    async fn update_mirror(&self, ctx: &Ctx, outdated: &[String]) -> Result<()> {
        new_object::update_mirror(ctx, self.environment()?, self.no_sync, outdated).await;
        Ok(())
    }

    fn derive_keys(&self, products: &mut [Self::Request]) -> Result<()> {
        Ok(new_object::derive_keys("product", self.idempotency_key.as_ref(), products)?)
    }
}
