//! A browser of a few lines: it keeps cookies and goes where it is sent.

use std::collections::BTreeMap;

use reqwest::Url;
use reqwest::redirect::Policy;

/// The most redirects of one sign-in.
const HOPS: usize = 12;

#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to `url` and on from there, until it is sent to `callback`; gives the query it arrives with.
    pub(crate) async fn follow(mut self, url: &str, callback: &str) -> String {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let mut at = Url::parse(url).unwrap();
        for _ in 0..HOPS {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = client.get(at.clone()).header("cookie", cookies.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let Some(location) = answer.headers().get("location") else {
                panic!("{at} answers {}: {}", answer.status(), answer.text().await.unwrap())
            };
            at = at.join(location.to_str().unwrap()).unwrap();
            if at.as_str().starts_with(callback) {
                return at.query().unwrap_or_default().to_owned();
            }
        }
        panic!("more than {HOPS} redirects")
    }
}
