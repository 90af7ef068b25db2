//! The table of keys that sign access tokens; shared by all gateways on the database.

use sea_orm::entity::prelude::*;

use crate::value::Timestamp;

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// The `kid` of the tokens that it signs: UUID v7, so that the newest key has the largest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// 256 random bits.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
