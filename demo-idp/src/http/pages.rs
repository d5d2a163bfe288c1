//! The pages people see. Templates hold the words; what is decided is decided before they are filled in.

use super::answer::{Scripts, page};
use crate::address::policy_source;
use crate::clock::date_time;
use crate::core::Core;
use crate::directory::{Directory, User};
use crate::farewell::Logout;
use crate::flows::{Ask, Flow};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use time::macros::format_description;

/// Who sent the person here, and where they will be taken back to.
pub(super) struct Asker {
    name: String,
    address: String,
}

impl Asker {
    pub(super) fn of(core: &Core, flow: &Flow) -> Self {
        let (name, address) = match &flow.ask {
            Ask::Saml(request) => {
                (core.service_providers.get(request.service_provider).map(|it| it.name()), &request.acs_url)
            }
            Ask::Oidc(request) => (core.client(&request.client_id).map(|it| it.name()), &request.redirect_uri),
        };
        Self { name: name.unwrap_or("An application").to_owned(), address: address.clone() }
    }

    /// The place without the scheme of the web, as people write it.
    fn place(&self) -> String {
        let source = policy_source(&self.address);
        source.split_once("://").map_or(source.clone(), |(_, authority)| authority.to_owned())
    }
}

struct Card<'a> {
    user: &'a User,
    initials: String,
    about: String,
    password: &'a str,
    link: String,
    chosen: bool,
}

/// The sign-in page, and what is filled in already.
#[derive(Default)]
pub(super) struct SignIn<'a> {
    pub(super) flow_id: Option<&'a str>,
    pub(super) asker: Option<Asker>,
    pub(super) name: &'a str,
    pub(super) problem: Option<String>,
    pub(super) must_type_again: bool,
}

#[derive(Template)]
#[template(path = "signin.html")]
struct SignInPage<'a> {
    base: &'a str,
    page: &'a SignIn<'a>,
    place: String,
    password: &'a str,
    cards: Vec<Card<'a>>,
}

pub(super) fn sign_in(core: &Core, status: StatusCode, sign_in: &SignIn<'_>) -> Response {
    let cards: Vec<Card<'_>> = match core.demo_endpoints {
        true => core.directory.users().take(12).map(|user| card(core, user, sign_in)).collect(),
        false => Vec::new(),
    };
    let chosen = cards.iter().find(|card| card.chosen);
    let targets: Vec<String> = sign_in.asker.iter().map(|asker| policy_source(&asker.address)).collect();
    let template = SignInPage {
        base: core.base.path(),
        page: sign_in,
        place: sign_in.asker.as_ref().map(Asker::place).unwrap_or_default(),
        password: chosen.filter(|_| sign_in.problem.is_none()).map_or("", |card| card.password),
        cards,
    };
    render(status, &template, &targets, Scripts::None)
}

fn card<'a>(core: &Core, user: &'a User, sign_in: &SignIn<'_>) -> Card<'a> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(flow_id) = sign_in.flow_id {
        query.append_pair("flow", flow_id);
    }
    query.append_pair("as", user.name());
    let about = match user.groups() {
        [] => "no group".to_owned(),
        groups => groups.join(", "),
    };
    Card {
        user,
        initials: initials(user.full_name()),
        about,
        password: Directory::shown_password(user),
        link: format!("{}/login?{}", core.base.path(), query.finish()),
        chosen: user.name() == sign_in.name,
    }
}

fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).flat_map(char::to_uppercase).collect()
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    base: &'a str,
    user: &'a User,
    initials: String,
    since: String,
    since_in_words: String,
    applications: Vec<(&'a str, String)>,
}

/// Who is signed in, and where that leads.
pub(super) fn home(core: &Core, user: &User, since: OffsetDateTime) -> Response {
    let in_words = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let service_providers = core.service_providers.iter().map(|it| (it.name(), policy_source(it.default_acs())));
    let clients = core.clients.iter().map(|it| (it.name(), policy_source(it.first_redirect())));
    let mut applications: Vec<(&str, String)> =
        service_providers.chain(clients).filter(|(_, address)| address.starts_with("http")).collect();
    applications.sort();
    applications.dedup();
    let template = HomePage {
        base: core.base.path(),
        user,
        initials: initials(user.full_name()),
        since: date_time(since),
        since_in_words: since.format(in_words).unwrap_or_default(),
        applications,
    };
    let targets: Vec<String> = logout_places(core).collect();
    render(StatusCode::OK, &template, &targets, Scripts::None)
}

/// A message that the browser posts to a service provider.
pub(super) struct Post<'a> {
    pub(super) heading: &'a str,
    pub(super) action: &'a str,
    pub(super) field: &'static str,
    pub(super) value: &'a str,
    pub(super) relay_state: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage<'a> {
    base: &'a str,
    form: &'a Post<'a>,
}

/// The form that carries a SAML message to its service provider, by itself where scripts run.
pub(super) fn post(core: &Core, form: &Post<'_>) -> Response {
    let template = PostPage { base: core.base.path(), form };
    let targets: Vec<String> = std::iter::once(policy_source(form.action)).chain(logout_places(core)).collect();
    render(StatusCode::OK, &template, &targets, Scripts::Own)
}

/// Where a form may lead that begins a sign-out: browsers hold every redirect that follows a form to its page's policy,
/// and a sign-out goes round all service providers.
fn logout_places(core: &Core) -> impl Iterator<Item = String> {
    core.service_providers.iter().filter_map(|it| it.logout()).map(|logout| policy_source(&logout.url))
}

#[derive(Template)]
#[template(path = "signout.html")]
struct SignOutPage<'a> {
    base: &'a str,
    user: Option<&'a str>,
    /// The request to repeat once the person has agreed.
    parameters: Vec<(&'static str, &'a str)>,
    return_to: Option<&'a str>,
    /// The service providers and clients that were told, and whether they said that it is done.
    told: Vec<(&'a str, bool)>,
}

/// Asks whether to sign out, as RP-Initiated Logout wants where the request does not prove itself.
pub(super) fn ask_sign_out(
    core: &Core,
    user: &str,
    parameters: Vec<(&'static str, &str)>,
    return_to: Option<&str>,
) -> Response {
    let targets: Vec<String> = return_to.map(policy_source).into_iter().chain(logout_places(core)).collect();
    let template = SignOutPage { base: core.base.path(), user: Some(user), parameters, return_to, told: Vec::new() };
    render(StatusCode::OK, &template, &targets, Scripts::None)
}

/// Says that nobody is signed in any more, and where else that is so.
pub(super) fn signed_out(core: &Core, logout: &Logout) -> Response {
    let provider = |(index, done): &(usize, bool)| Some((core.service_providers.get(*index)?.name(), *done));
    let client = |(index, done): &(usize, bool)| Some((core.clients.get(*index)?.name(), *done));
    let providers = logout.told.iter().filter_map(provider);
    let told = providers.chain(logout.clients_told.iter().filter_map(client)).collect();
    let template = SignOutPage { base: core.base.path(), user: None, parameters: Vec::new(), return_to: None, told };
    render(StatusCode::OK, &template, &[], Scripts::None)
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    base: &'a str,
    heading: &'a str,
    advice: &'a str,
    detail: &'a str,
}

/// A page that says what went wrong, what to do, and in small print what an administrator needs.
pub(super) fn error(core: &Core, status: StatusCode, heading: &str, advice: &str, detail: &str) -> Response {
    render(status, &ErrorPage { base: core.base.path(), heading, advice, detail }, &[], Scripts::None)
}

/// What cannot happen without the system's source of randomness or the cryptography library failing.
pub(super) fn broken(core: &Core, cause: &dyn std::error::Error) -> Response {
    error(
        core,
        StatusCode::INTERNAL_SERVER_ERROR,
        "The identity provider failed",
        "This is no fault of yours. Try again; if it stays, restart the identity provider.",
        &cause.to_string(),
    )
}

fn render(status: StatusCode, template: &impl Template, form_targets: &[String], scripts: Scripts) -> Response {
    match template.render() {
        Ok(html) => page(status, html, form_targets, scripts),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
