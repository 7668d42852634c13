//! Conditions in Cedar, for what the fixed ones cannot say: read once, judged in memory, never met when in doubt.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use cedar_policy::{
    Context, Entities, EntityUid, EvalResult, Expression, PolicySet, Request, RestrictedExpression, Schema,
    ValidationMode, Validator, eval_expression,
};

use super::grant::Asked;
use crate::vietnam::LocalTime;

/// Longest condition, bytes.
pub const CONDITION_BYTES_MAX: usize = 2_000;

/// Brackets inside each other in a condition at most.
const NESTED_MAX: usize = 20;
/// Conditions that a reader remembers at most.
const REMEMBERED_MAX: usize = 10_000;
/// Cedar's reader goes as deep as its text; stack that the longest condition cannot use up, bytes.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// What a condition may speak of. A text that the call does not have is absent, and speaking of it fails: so all are
/// declared as if they were there, and a condition need not ask `has` first.
const SCHEMA: &str = "
    entity Caller, Service;
    action call appliesTo {
        principal: Caller,
        resource: Service,
        context: {
            userId: String, issue: String, represented: String, purpose: String, legalBasis: String,
            method: String, path: String, signIn: Long, hour: Long, weekday: Long,
        },
    };
";

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).expect("a constant that the tests read");
    Validator::new(schema)
});

/// Who, what, on what: every call looks the same here, a condition speaks of its context only.
static REQUEST: LazyLock<[EntityUid; 3]> = LazyLock::new(|| {
    ["Caller::\"\"", "Action::\"call\"", "Service::\"\""]
        .map(|uid| EntityUid::from_str(uid).expect("a constant that the tests read"))
});

/// A condition on `context`, such as `context.hour >= 7 && context.hour < 18`.
#[derive(Clone, Debug)]
pub struct Condition(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    /// Absent when the text is no condition: then nobody meets it.
    expression: Option<Expression>,
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Longer than [`CONDITION_BYTES_MAX`].
    #[error("a condition has at most {CONDITION_BYTES_MAX} bytes")]
    TooLong,
    /// Too many brackets inside each other.
    #[error("a condition has at most {NESTED_MAX} brackets inside each other")]
    TooDeep,
    /// The process has no memory for another thread.
    #[error("no memory to read the condition")]
    Memory,
    /// Not an expression of Cedar.
    #[error("not a Cedar expression: {0}")]
    Syntax(String),
    /// Not a question of yes or no about the attributes that there are.
    #[error("not a condition on the context of a call: {0}")]
    Meaning(String),
}

impl Condition {
    /// Reads a condition and checks that it speaks only of what a call has.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        if text.len() > CONDITION_BYTES_MAX {
            return Err(ConditionError::TooLong);
        }
        if nested(text) > NESTED_MAX {
            return Err(ConditionError::TooDeep);
        }
        std::thread::scope(|scope| {
            let reader = std::thread::Builder::new().stack_size(STACK_BYTES);
            let reading = reader.spawn_scoped(scope, || Self::read(text));
            let read = reading.map_err(|_| ConditionError::Memory)?.join();
            read.map_err(|_| ConditionError::Memory)?
        })
    }

    fn read(text: &str) -> Result<Self, ConditionError> {
        let syntax = |error: cedar_policy::ParseErrors| ConditionError::Syntax(error.to_string());
        // By itself first: inside of a policy, text that closes the policy and begins another would pass.
        let expression = Expression::from_str(text).map_err(syntax)?;
        let policy = format!("permit(principal, action, resource) when {{\n{text}\n}};");
        let policy = PolicySet::from_str(&policy).map_err(syntax)?;
        let found = VALIDATOR.validate(&policy, ValidationMode::Strict);
        if !found.validation_passed() {
            let errors: Vec<String> = found.validation_errors().map(ToString::to_string).collect();
            return Err(ConditionError::Meaning(errors.join("; ")));
        }
        Ok(Self(Arc::new(Inner { text: text.to_owned(), expression: Some(expression) })))
    }

    /// A condition that is never met, for a text that is none: what cannot be judged is refused.
    pub fn never(text: &str) -> Self {
        Self(Arc::new(Inner { text: text.to_owned(), expression: None }))
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the call meets it; an error while judging means no.
    pub(super) fn is_met(&self, asked: &Asked<'_>) -> bool {
        let judged = self.0.expression.as_ref().and_then(|expression| evaluate(expression, asked));
        judged.unwrap_or_else(|| {
            tracing::debug!(condition = self.text(), "the condition cannot be judged: not met");
            false
        })
    }
}

/// Remembers conditions by their text: reading one takes milliseconds, and a registry sends all its grants anew whenever
/// one of them changed.
#[derive(Debug, Default)]
pub struct ConditionReader(HashMap<String, Condition>);

impl ConditionReader {
    /// The condition of a text, as [`Condition::parse`] reads it.
    ///
    /// # Errors
    /// Why it is none; then [`Condition::never`] refuses in its place.
    pub fn read(&mut self, text: &str) -> Result<Condition, ConditionError> {
        if let Some(known) = self.0.get(text) {
            return Ok(known.clone());
        }
        let condition = Condition::parse(text)?;
        if self.0.len() >= REMEMBERED_MAX {
            self.0.clear();
        }
        self.0.insert(text.to_owned(), condition.clone());
        Ok(condition)
    }
}

/// How many brackets are open at most, those in strings too.
fn nested(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn evaluate(expression: &Expression, asked: &Asked<'_>) -> Option<bool> {
    let [principal, action, resource] = REQUEST.clone();
    let request = Request::new(principal, action, resource, context(asked)?, None).ok()?;
    match eval_expression(&request, &Entities::empty(), expression).ok()? {
        EvalResult::Bool(met) => Some(met),
        _ => None,
    }
}

fn context(asked: &Asked<'_>) -> Option<Context> {
    let (call, local) = (asked.call, LocalTime::at(asked.now));
    let facts = &call.circumstances;
    let given = [
        ("userId", facts.user_id.as_deref()),
        ("issue", facts.issue.as_deref()),
        ("represented", facts.represented.as_deref()),
        ("purpose", facts.purpose.as_deref()),
        ("legalBasis", facts.legal_basis.as_deref()),
        ("method", Some(call.method.as_str())),
        ("path", Some(asked.path)),
    ];
    let counted = [
        ("signIn", i64::from(facts.sign_in.unwrap_or(0))),
        ("hour", local.hour()),
        ("weekday", local.weekday()),
    ];
    let texts = given.into_iter().filter_map(|(name, text)| {
        Some((name.to_owned(), RestrictedExpression::new_string(text?.to_owned())))
    });
    let numbers = counted.map(|(name, number)| (name.to_owned(), RestrictedExpression::new_long(number)));
    Context::from_pairs(texts.chain(numbers)).ok()
}
