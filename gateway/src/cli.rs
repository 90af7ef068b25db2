//! The command line: what the program is asked to do.

mod account;
mod configuration;
mod export;
mod formats;
mod import;
mod migrate;
mod open;
mod outcome;
mod output;
mod serve;
mod token;
mod user;
mod webhook;
mod who;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::SignalKind;
use tracing_subscriber::EnvFilter;

use self::open::{config, connect, open};
use self::outcome::{Ending, Failure};
use crate::config::Flags;

/// Cairn: a self-hosted CRM backend.
#[derive(Parser)]
#[command(
    name = "cairn",
    version,
    about = "A self-hosted CRM backend: GraphQL, every view in every format, and a drop-in api.php"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Global {
    /// The database: sqlite://FILE or postgres://USER@HOST/NAME [default: sqlite://cairn.db]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve clients until told to stop
    Serve(serve::Serve),
    /// Make and list accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Make, list and change the users of an account
    #[command(subcommand)]
    User(user::User),
    /// Make, list and revoke webhooks
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Make, list and revoke API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Import a file
    Import(import::Import),
    /// Export a view
    Export(export::Export),
    /// Bring the tables of the database up to date, or back
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Print the GraphQL schema
    Schema,
    /// Print which format reads and writes what
    Formats,
    /// Print the configuration that is in force, and where each value comes from
    Config,
}

/// The exit code of an import whose good rows went in while others failed.
const ROWS_FAILED: u8 = 3;

/// The exit code of what Ctrl-C has stopped, as shells have it: 128 and the number of the signal.
const CANCELLED: u8 = 130;

/// The whole program: reads the command line and does what it says, with these formats.
///
/// The exit code is 0 when it is done, 1 when it is not, 2 when the command line is wrong, and 3 when an import is done
/// but some of its rows failed, and 130 when Ctrl-C has stopped an import.
pub fn run(registry: ::formats::Registry) -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("CAIRN_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    // A line that cannot be written, as on a full disk, is lost. To say so where it cannot be written either would be a panic.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.log_internal_errors(false).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("the runtime does not start: {error}")),
    };
    let outcome = runtime.block_on(async {
        let _caught = catch_file_limit();
        Box::pin(dispatch(cli, registry)).await
    });
    // A thread that still works for a request that was cut off is not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::RowsFailed) => ExitCode::from(ROWS_FAILED),
        Ok(Ending::Cancelled) => ExitCode::from(CANCELLED),
        Err(Failure(message)) => failed(&message),
    }
}

/// Has a write beyond a limit of a file's size (`ulimit -f`) fail like one on a full disk, instead of ending the process, for as long as
/// what this gives is kept (POSIX, `SIGXFSZ`).
fn catch_file_limit() -> Option<tokio::signal::unix::Signal> {
    /// Its number wherever Linux and macOS run today.
    const SIGXFSZ: i32 = 25;
    tokio::signal::unix::signal(SignalKind::from_raw(SIGXFSZ)).ok()
}

async fn dispatch(cli: Cli, registry: ::formats::Registry) -> Result<Ending, Failure> {
    let Cli { global, command } = cli;
    let flags = Flags { database: global.database, ..Flags::default() };
    match command {
        Command::Import(command) => return command.run(&open(&config(&flags)?, registry).await?).await,
        Command::Serve(command) => command.run(flags, registry).await?,
        Command::Account(command) => command.run(&open(&config(&flags)?, registry).await?).await?,
        Command::User(command) => command.run(&open(&config(&flags)?, registry).await?).await?,
        Command::Webhook(command) => {
            let config = config(&flags)?;
            command.run(&open(&config, registry).await?, &config).await?;
        }
        Command::Token(command) => command.run(&open(&config(&flags)?, registry).await?).await?,
        Command::Export(command) => command.run(&open(&config(&flags)?, registry).await?).await?,
        Command::Migrate(command) => command.run(&connect(&config(&flags)?).await?).await?,
        Command::Schema => output::print(&schema::sdl())?,
        Command::Formats => formats::run(&registry)?,
        Command::Config => configuration::run(&flags)?,
    }
    Ok(Ending::Done)
}

fn failed(message: &str) -> ExitCode {
    output::complain(message);
    ExitCode::FAILURE
}
