//! A browser without a screen: follows redirects, keeps cookies, fills in forms.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, redirect};

use crate::demo::DemoError;

/// The most redirects of one visit.
const MAX_REDIRECTS: usize = 10;

/// A browser without a screen.
#[derive(Debug)]
pub(super) struct Browser {
    client: Client,
    /// By origin, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// One line for each request of the present visit.
    visited: Vec<String>,
}

/// Where a visit ended.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) text: String,
}

impl Browser {
    pub(super) fn open() -> Result<Self, DemoError> {
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().map_err(failed)?;
        Ok(Self { client, cookies: BTreeMap::new(), visited: Vec::new() })
    }

    /// Opens a page.
    pub(super) async fn get(&mut self, url: &str) -> Result<Page, DemoError> {
        self.visit(Method::GET, url.to_owned(), None, None).await
    }

    /// Sends the form of `page` that goes to a place containing `action`, with these fields filled in.
    pub(super) async fn submit(
        &mut self,
        page: &Page,
        action: &str,
        filled: &[(&str, &str)],
    ) -> Result<Page, DemoError> {
        let form = form(&page.text, action).ok_or_else(|| {
            DemoError::Tour(format!("no form to {action} on {}, which says: {}", page.url, page.text))
        })?;
        let mut body = form_urlencoded::Serializer::new(String::new());
        let hidden = form.fields.iter().filter(|(name, _)| !filled.iter().any(|(own, _)| own == name));
        body.extend_pairs(hidden);
        body.extend_pairs(filled);
        let url = absolute(&page.url, &form.action);
        self.visit(Method::POST, url, Some(body.finish()), Some(origin(&page.url))).await
    }

    /// The requests since the last call, as lines.
    pub(super) fn take_visited(&mut self) -> Vec<String> {
        std::mem::take(&mut self.visited)
    }

    async fn visit(
        &mut self,
        mut method: Method,
        mut url: String,
        mut body: Option<String>,
        from: Option<String>,
    ) -> Result<Page, DemoError> {
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client.request(method.clone(), &url);
            if let Some(cookies) = self.cookies.get(&origin(&url)) {
                let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(COOKIE, pairs.join("; "));
            }
            if let Some(form) = body.take() {
                request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
                request = request.header(ORIGIN, from.as_deref().unwrap_or("null"));
            }
            let answer = request.send().await.map_err(failed)?;
            let status = answer.status().as_u16();
            let shown = url.split_once('?').map_or_else(|| url.clone(), |(path, _)| format!("{path}?…"));
            self.visited.push(format!("{method} {shown} → {status}"));
            self.keep(&url, &answer);
            let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
            match location.filter(|_| (300..400).contains(&status)) {
                Some(next) => {
                    url = absolute(&url, &next);
                    method = Method::GET;
                }
                None => return Ok(Page { url, status, text: answer.text().await.map_err(failed)? }),
            }
        }
        Err(DemoError::Tour(format!("more than {MAX_REDIRECTS} redirects, the last to {url}")))
    }

    fn keep(&mut self, url: &str, answer: &reqwest::Response) {
        let jar = self.cookies.entry(origin(url)).or_default();
        for cookie in answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }
}

struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

/// The first form that goes to a place containing `action`. Our own pages are well-formed enough for this.
fn form(page: &str, action: &str) -> Option<Form> {
    page.split("<form").skip(1).find_map(|rest| {
        let (tag, rest) = rest.split_once('>')?;
        let goes_to = attribute(tag, "action").filter(|found| found.contains(action))?;
        let inside = rest.split("</form>").next().unwrap_or_default();
        let inputs = inside.split("<input").skip(1).filter_map(|input| {
            let tag = input.split_once('>').map_or(input, |(tag, _)| tag);
            Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
        });
        Some(Form { action: goes_to, fields: inputs.collect() })
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let named = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#60;", "<"),
        ("&#62;", ">"),
    ];
    let value = named.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to));
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

fn origin(url: &str) -> String {
    let after = url.find("://").map_or(0, |at| at.saturating_add(3));
    let end = url.get(after..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| at.saturating_add(after));
    url.get(..end).unwrap_or_default().to_owned()
}

fn absolute(base: &str, target: &str) -> String {
    if target.starts_with("http://") || target.starts_with("https://") {
        target.to_owned()
    } else {
        format!("{}{target}", origin(base))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
pub(super) fn failed(error: reqwest::Error) -> DemoError {
    DemoError::Tour(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_by_where_they_go_and_values_unescaped() {
        let page = r#"<form method="post" action="/other"></form><form method="post" action="http://a/acs">
            <input type="hidden" name="R" value="a&amp;b&quot;"></form>"#;
        let form = form(page, "/acs").unwrap();
        assert_eq!(form.action, "http://a/acs");
        assert_eq!(form.fields, [("R".to_owned(), "a&b\"".to_owned())]);
    }

    #[test]
    fn relative_targets_keep_the_origin() {
        assert_eq!(absolute("http://localhost:1/a?b", "/c"), "http://localhost:1/c");
        assert_eq!(absolute("http://localhost:1", "http://x/"), "http://x/");
    }
}
