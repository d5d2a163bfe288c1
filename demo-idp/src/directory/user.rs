//! A person, and what is said about them.

use std::fmt;
use std::time::Duration;

/// A person in the directory.
///
/// Every text may hold any character; what XML cannot carry at all (control characters) becomes U+FFFD there.
#[derive(Clone)]
pub struct User {
    pub(super) name: String,
    pub(super) password: String,
    full_name: Option<String>,
    email: Option<String>,
    groups: Vec<String>,
    roles: Vec<String>,
    tags: Vec<(String, String)>,
    session_duration: Duration,
}

impl User {
    /// A person with a user name, which is also the subject of what is said about them, and a password.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: password.into(),
            full_name: None,
            email: None,
            groups: Vec::new(),
            roles: Vec::new(),
            tags: Vec::new(),
            session_duration: Duration::from_secs(60 * 60),
        }
    }

    /// The full name (`displayName`; `name`).
    #[must_use]
    pub fn with_name(mut self, full_name: impl Into<String>) -> Self {
        self.full_name = Some(full_name.into());
        self
    }

    /// The e-mail address (`email`).
    #[must_use]
    pub fn with_email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Adds groups (`groups`).
    #[must_use]
    pub fn with_groups(mut self, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.groups.extend(groups.into_iter().map(Into::into));
        self
    }

    /// Adds a role for direct federation: a value of the attribute `https://aws.amazon.com/SAML/Attributes/Role`, which
    /// is the ARN of the role, a comma, and the ARN of the SAML provider. Adding one again changes nothing.
    #[must_use]
    pub fn with_role(mut self, role_and_provider: impl Into<String>) -> Self {
        let role = role_and_provider.into();
        if !self.roles.contains(&role) {
            self.roles.push(role);
        }
        self
    }

    /// Adds a session tag: the attribute `https://aws.amazon.com/SAML/Attributes/PrincipalTag:<key>`.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// How long a role session may last (`https://aws.amazon.com/SAML/Attributes/SessionDuration`, whole seconds);
    /// one hour unless said otherwise.
    #[must_use]
    pub const fn with_session_duration(mut self, duration: Duration) -> Self {
        self.session_duration = duration;
        self
    }

    /// The user name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The full name, or the user name of someone who has none.
    #[must_use]
    pub fn full_name(&self) -> &str {
        self.full_name.as_deref().unwrap_or(&self.name)
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    pub(crate) fn roles(&self) -> &[String] {
        &self.roles
    }

    pub(crate) fn tags(&self) -> &[(String, String)] {
        &self.tags
    }

    pub(crate) const fn session_duration(&self) -> Duration {
        self.session_duration
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// The four people of the demo: martha (Admins, Developers), sam (Developers), rosa (Security) and otto, who is in no
/// group; each with the password `correct-horse`.
///
/// Martha and Sam may federate directly into the roles `PhotoReader` and `PhotoEditor` of account 111111111111.
#[must_use]
pub fn demo_directory() -> Vec<User> {
    const READER: &str = "arn:aws:iam::111111111111:role/PhotoReader,arn:aws:iam::111111111111:saml-provider/corp";
    const EDITOR: &str = "arn:aws:iam::111111111111:role/PhotoEditor,arn:aws:iam::111111111111:saml-provider/corp";
    let person = |name: &str, full_name: &str| {
        User::new(name, "correct-horse").with_name(full_name).with_email(format!("{name}@example.com"))
    };
    vec![
        person("martha", "Martha Rivera")
            .with_groups(["Admins", "Developers"])
            .with_role(READER)
            .with_role(EDITOR)
            .with_tag("team", "photos"),
        person("sam", "Sam Okafor")
            .with_groups(["Developers"])
            .with_role(READER)
            .with_role(EDITOR)
            .with_tag("team", "photos"),
        person("rosa", "Rosa Lindqvist").with_groups(["Security"]).with_tag("team", "security"),
        person("otto", "Otto Brandt"),
    ]
}
