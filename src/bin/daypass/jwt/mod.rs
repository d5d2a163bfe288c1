#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {}
pub(crate) fn run(action: Action) -> Result<crate::error::Answer, crate::error::CliError> {
    match action {}
}
