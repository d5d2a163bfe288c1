//! The demonstration on the command line: serve it, ask it for a token or an assertion, or take the tour.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use demo_idp::demo::{Asked, Demo, DemoError, Options, ask, banner, tour};
use tokio::signal::unix::{SignalKind, signal};

/// A whole federation on this machine: an identity provider, a broker with its portal, and a bucket of cat photos.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print an ID token of the running demo, for `aws sts assume-role-with-web-identity`
    Token(AskToken),
    /// Print a SAML response of the running demo, for `aws sts assume-role-with-saml`
    Assertion(Ask),
    /// Drive the whole flow without a browser, printing every step and every check
    Tour,
}

#[derive(Debug, Args)]
struct Ask {
    /// For whom: martha, sam, rosa or otto
    #[arg(long)]
    user: String,
    /// First of the running demo's three ports
    #[arg(long, value_name = "N", default_value_t = 8100)]
    port_base: u16,
}

#[derive(Debug, Args)]
struct AskToken {
    /// For whom: martha, sam, rosa or otto
    #[arg(long, required_unless_present = "workload")]
    user: Option<String>,
    /// For what, in place of a person: github:octo-org/octo-repo@refs/heads/main, gitlab:group/project@main,
    /// kubernetes:namespace/name, spiffe://trust-domain/path, google:unique-id or entra:tenant/object-id; the demo gives
    /// the first of these a role, arn:aws:iam::111111111111:role/PhotoPublisher, and the others are for trust policies of
    /// your own
    #[arg(long, value_name = "WORKLOAD", conflicts_with = "user")]
    workload: Option<String>,
    /// First of the running demo's three ports
    #[arg(long, value_name = "N", default_value_t = 8100)]
    port_base: u16,
}

#[derive(Debug, Args)]
struct Serve {
    /// First of three ports: N identity provider, N+100 broker, N+200 cat-photos; 0 for three that are free
    #[arg(long, value_name = "N", default_value_t = 8100)]
    port_base: u16,
    /// Keep keys in this directory between runs
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Make every key from this number, the same in every run and known to all who know it
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Append one line of JSON for each outcome of each stage to this file
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Serve /_control on the identity provider: deliberate faults, the clock, the request log
    #[arg(long)]
    test_controls: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Command::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(io::stderr(), "demo-idp: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), DemoError> {
    match command.action {
        None => serve(command.serve).await,
        Some(Action::Token(AskToken { workload: Some(workload), port_base, .. })) => {
            print(&ask(port_base, Asked::WorkloadToken, &workload).await?)
        }
        Some(Action::Token(of)) => print(&ask(of.port_base, Asked::Token, &of.user.unwrap_or_default()).await?),
        Some(Action::Assertion(of)) => print(&ask(of.port_base, Asked::Assertion, &of.user).await?),
        Some(Action::Tour) => {
            let coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            match tour(&mut io::stdout().lock(), coloured).await {
                // Whoever read the first steps and left has seen what they wanted.
                Err(DemoError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                other => other,
            }
        }
    }
}

async fn serve(serve: Serve) -> Result<(), DemoError> {
    // Before anything is started, so that whoever sees it serve can also stop it well.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let options = Options {
        port_base: (serve.port_base != 0).then_some(serve.port_base),
        state: serve.state,
        seed: serve.seed,
        audit: serve.audit,
        test_controls: serve.test_controls,
    };
    let demo = Demo::start(options).await?;
    print(&banner(&demo, &program()))?;
    // Ctrl-C, or as a service manager asks.
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    demo.stop().await;
    Ok(())
}

/// How this program is called again, from whatever directory the lines are pasted in.
fn program() -> String {
    let name = || "demo-idp".to_owned();
    let Ok(path) = std::env::current_exe() else { return name() };
    path.to_str().map_or_else(name, |text| format!("'{}'", text.replace('\'', r"'\''")))
}

fn print(text: &str) -> Result<(), DemoError> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        // Whoever read the first lines and left has what they wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
