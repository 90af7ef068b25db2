//! The options that say which account is meant, and as which of its users.

use clap::Args;

/// Which account, and as which of its users.
#[derive(Args)]
pub(super) struct Who {
    /// The subdomain of the account; may be left out where there is only one
    #[arg(long, value_name = "SUBDOMAIN")]
    pub(super) account: Option<String>,
    /// The e-mail address of the user; may be left out where there is only one
    #[arg(long, value_name = "EMAIL")]
    pub(super) user: Option<String>,
}
