//! Every lint, with what it prevents and where that is written.

use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Sound where something outside of the document holds: worth a look, no warning.
    Note,
    /// A part of the document has no effect.
    Unused,
    /// It probably does something else than it seems to say.
    ErrorProne,
    /// It lets more people or more actions through than one usually wants.
    Risky,
}

impl Severity {
    /// Whether a document with such a finding should be changed.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self > Self::Note
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Unused => "unused",
            Self::ErrorProne => "error-prone",
            Self::Risky => "risky",
        })
    }
}

/// One thing that is looked for.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Lint {
    /// A short name, unique among the lints: `subject-wildcard`.
    #[serde(rename = "lint")]
    pub name: &'static str,
    /// How much its findings weigh.
    pub severity: Severity,
    /// The attack or mistake behind it, in a few words.
    pub prevents: &'static str,
    /// Where that is written: a page of the IAM user guide, or a standard and section.
    pub source: &'static str,
}

macro_rules! lints {
    ($($constant:ident = $name:literal, $severity:ident, $prevents:literal, $source:literal;)*) => {
        $(pub(super) static $constant: Lint =
            Lint { name: $name, severity: Severity::$severity, prevents: $prevents, source: $source };)*

        /// Every lint there is.
        pub static ALL: &[&Lint] = &[$(&$constant),*];
    };
}

lints! {
    SUBJECT_MISSING = "subject-missing", Risky,
        "anyone of a shared platform assuming the role", "IAM user guide: create a role for OIDC federation";
    AUDIENCE_MISSING = "audience-missing", Risky,
        "a token meant for another service assuming the role", "OpenID Connect Core 3.1.3.7 (3)";
    SUBJECT_WILDCARD = "subject-wildcard", Risky,
        "another organization, repository or pull request assuming the role", "GitHub docs: OpenID Connect reference";
    ABSENT_KEY_PASSES = "absent-key-passes", Risky,
        "a token without the claim assuming the role", "IAM user guide: IfExists condition operators";
    NEGATION_ALONE = "negation-alone", Risky,
        "everyone but a few assuming the role", "IAM user guide: condition operators";
    TESTS_NOTHING = "tests-nothing", Risky,
        "a condition that is there and keeps nobody out", "IAM user guide: string condition operators";
    SET_OPERATOR_MISSING = "set-operator-missing", ErrorProne,
        "a condition on a list that never holds", "IAM user guide: single-valued and multivalued context keys";
    OTHER_ISSUER = "other-issuer", ErrorProne,
        "a test of a key that the tokens of this provider never set", "IAM user guide: keys for web identity federation";
    FOR_ALL_VALUES = "for-all-values", Risky,
        "a request without the key passing as if it had only good values", "IAM user guide: set operators";
    SAML_AUDIENCE_MISSING = "saml-audience-missing", Note,
        "an assertion for another service provider assuming the role", "saml-core 2.5.1.4";
    EVERYONE_TRUSTED = "everyone-trusted", Risky,
        "every account there is assuming the role", "IAM user guide: Principal, all principals";
    OTHER_ACTION = "other-action", ErrorProne,
        "a trust that no call can make use of", "IAM user guide: STS actions by kind of principal";
    EVERYONE_ADMITTED = "everyone-admitted", Risky,
        "a resource that is open to the world", "IAM user guide: Principal, all principals";
    EVERYONE_CONDITIONED = "everyone-conditioned", Note,
        "a resource that is open to whoever meets a condition", "IAM user guide: Principal, all principals";
    ACCOUNT_TRUSTED = "account-trusted", Note,
        "a confused deputy: a vendor acting for another of its customers", "IAM user guide: the confused deputy problem";
    NOT_PRINCIPAL = "not-principal", ErrorProne,
        "exceptions that miss sessions, and reach strangers", "IAM user guide: NotPrincipal";
    ALLOW_ALL = "allow-all", Risky,
        "an administrator by accident", "IAM user guide: grant least privilege";
    NOT_ACTION = "not-action", Risky,
        "actions allowed that nobody thought of, future ones too", "IAM user guide: NotAction with Allow";
    NOT_RESOURCE = "not-resource", Risky,
        "resources allowed that nobody thought of, future ones too", "IAM user guide: NotResource";
    ESCALATION = "escalation", Risky,
        "whoever may write policies allowing themselves everything", "IAM user guide: permissions boundaries, delegation";
    EVERY_ROLE = "every-role", Risky,
        "escalation by way of a stronger role", "IAM user guide: pass a role to a service";
    NAMES_NOTHING = "names-nothing", Unused,
        "a pattern that looks as if it matched", "IAM user guide: Action, Resource, Principal";
    NEVER_MATCHES = "never-matches", Unused,
        "a statement that is relied on and never applies", "IAM user guide: conditions with multiple keys or values";
    SHADOWED = "shadowed", Unused,
        "an allowance that a denial always overrides", "IAM user guide: policy evaluation logic";
    DUPLICATE = "duplicate", Unused,
        "a change to one of two equal statements without effect", "IAM user guide: Statement";
    LITERAL_WILDCARD = "literal-wildcard", ErrorProne,
        "an asterisk read as text", "IAM user guide: string condition operators";
    MISSPELT_KEY = "misspelt-key", ErrorProne,
        "a condition on a key that no request has", "IAM user guide: global condition context keys";
    VARIABLE_AS_TEXT = "variable-as-text", ErrorProne,
        "a variable that is never filled in", "IAM user guide: policy variables";
    VERSION_MISSING = "version-missing", ErrorProne,
        "a document read by the rules of 2008", "IAM user guide: Version";
    IMPROBABLE_VALUE = "improbable-value", ErrorProne,
        "a date or network that always or never matches", "IAM user guide: date and IP address operators";
}
