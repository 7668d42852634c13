//! FEEL, the expression language of DMN 1.5: conditions, scripts, loop counts and timers of a procedure are written in it.
//!
//! Values are JSON. FEEL's dates, times and durations, which JSON has no kind of, are kept as `{"@": "2026-01-31"}`, the
//! text of the FEEL literal `@"2026-01-31"`, so that a date stays one from step to step. Numbers of FEEL have 34 digits, those
//! that are kept 15: longer ones are rounded when a step ends.
//!
//! An expression asks for nothing outside: neither the clock (`now()`, `today()`) nor external functions.

pub(crate) mod bound;
mod names;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use dsntk_feel::{Evaluator, FeelScope, Name};
use dsntk_feel_parser::AstNode;
use serde_json::{Map, Value, json};

/// Longest expression.
const BYTES_MAX: usize = 8192;
/// Most words and signs of operations: a chain of them is a call inside a call as well.
const WORDS_MAX: usize = 500;
/// Most of them without a parenthesis, comma, comparison or other sign between: reading them takes time that grows with
/// their cube, since all could be one name.
const RUN_MAX: usize = 200;
/// Most parentheses, brackets and braces that are open at once: each is a call inside a call, and the stack has an end.
const DEPTH_MAX: usize = 64;

/// What any evaluation costs, in the steps of [`bound`].
const VALUE_COST: f64 = 20.0;
/// Deepest value that is kept.
const VALUE_DEPTH_MAX: usize = 64;
/// Characters of an expression that a failure shows.
const TEXT_SHOWN: usize = 400;

/// The one key of an object that stands for a date, time or duration.
const LITERAL: &str = "@";

/// Where an expression finds the values of its names.
pub trait Variables {
    /// The variable of that name; none where there is none.
    fn get(&self, name: &str) -> Option<&Value>;

    /// Counts what an expression may cost with these variables, in steps of its own.
    fn spend(&self, _work: f64) {}
}

/// An expression that was read once and is evaluated often.
pub struct Expression {
    text: Box<str>,
    /// Its words, of which any may be a variable.
    words: Box<[Box<str>]>,
    run: Evaluator,
    /// What is evaluated, where that may cost much.
    costly: Option<AstNode>,
}

/// Why an expression has no value that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}: {why}")]
pub struct Failed {
    /// The expression.
    pub text: String,
    /// What is wrong, in English, as the evaluator says it.
    pub why: String,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is not FEEL, or longer than 8,192 bytes or 500 words, of which 200 may follow each other, or nested
    /// deeper than 64 levels.
    pub fn parse(text: &str) -> Result<Self, Failed> {
        let text = text.trim();
        let failed = |why: String| Failed { text: text.chars().take(TEXT_SHOWN).collect(), why };
        within_limits(text).map_err(failed)?;
        if let Some(sign) = text.chars().next().filter(|sign| matches!(sign, '=' | '<' | '>' | '!')) {
            // What the parser takes for a test of a decision table has no value here.
            return Err(failed(format!("bỏ dấu `{sign}` ở đầu / remove the `{sign}` at the begin")));
        }
        if has_double_equals(text) {
            // The parser takes the second one for a test of a decision table: it could never be computed.
            return Err(failed("FEEL so sánh bằng một dấu `=` / FEEL compares with one `=`".to_owned()));
        }
        let read = dsntk_feel_parser::parse_expression(&names::scope(text), text, false);
        let tree = read.map_err(|error| failed(error.to_string()))?;
        let run = dsntk_feel_evaluator::prepare(&tree);
        let costly = (!tree::is_harmless(&tree)).then_some(tree);
        Ok(Self { text: text.into(), words: names::words(text), run, costly })
    }

    /// The text, as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value; a name that is no variable is null.
    ///
    /// # Errors
    /// The evaluator gives null and says why, or a function; or it may cost or grow more than is allowed, which is found out
    /// before it is evaluated.
    pub fn value(&self, variables: &dyn Variables) -> Result<Value, Failed> {
        if let Some(tree) = &self.costly {
            let mut bounds = bound::Bounds::with(variables);
            bounds.of(tree).map_err(|why| Failed { text: self.text.to_string(), why })?;
            variables.spend(bounds.work);
        }
        let failed = |why: String| Failed { text: self.text.to_string(), why };
        let scope = FeelScope::from(self.context(variables));
        // Some numbers are too much for the library that computes with them.
        let value = catch_unwind(AssertUnwindSafe(|| from_feel((self.run)(&scope))));
        value.unwrap_or_else(|_| Err("it cannot be computed".to_owned())).map_err(failed)
    }

    /// The variables that it names, as FEEL knows them.
    fn context(&self, variables: &dyn Variables) -> FeelContext {
        let mut context = FeelContext::default();
        let mut cost = VALUE_COST;
        for word in &self.words {
            if let Some(value) = variables.get(word) {
                cost += bound::Bound::of(value).size;
                context.set_entry(&Name::from(&**word), to_feel(value));
            }
        }
        variables.spend(cost);
        context
    }

    /// Whether it is true. Null is not, as in DMN.
    ///
    /// # Errors
    /// It has no value, or one that is neither true nor false.
    pub fn holds(&self, variables: &dyn Variables) -> Result<bool, Failed> {
        match self.value(variables)? {
            Value::Bool(holds) => Ok(holds),
            Value::Null => Ok(false),
            other => {
                Err(Failed { text: self.text.to_string(), why: format!("{other} is neither true nor false") })
            }
        }
    }

    /// The entries of its context.
    ///
    /// # Errors
    /// It has no value, or one that is no context.
    pub fn entries(&self, variables: &dyn Variables) -> Result<Map<String, Value>, Failed> {
        match self.value(variables)? {
            Value::Object(entries) => Ok(entries),
            other => Err(Failed { text: self.text.to_string(), why: format!("{other} is not a context") }),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "={}", self.text)
    }
}

/// Whether a text is the name of a variable that expressions can use: an identifier, no word of the language.
pub fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(names::begins_word)
        && characters.all(names::continues_word)
        && !names::is_keyword(text)
}

/// Whether a text is short, shallow and pure enough to be read.
///
/// # Errors
/// What is too much, in words.
pub(crate) fn within_limits(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    if text.len() > BYTES_MAX {
        return Err(format!("longer than {BYTES_MAX} bytes"));
    }
    let runs = names::run_lengths(text);
    if runs.iter().sum::<usize>() > WORDS_MAX || runs.iter().any(|length| *length > RUN_MAX) {
        return Err(format!(
            "more than {WORDS_MAX} words and operations, or {RUN_MAX} without other signs between"
        ));
    }
    if depth(text) > DEPTH_MAX {
        return Err(format!("nested deeper than {DEPTH_MAX} levels"));
    }
    match names::forbidden(text) {
        Some(word) => Err(format!("{word}: an instance must come out the same when its history is replayed")),
        None => Ok(()),
    }
}

/// The names that an expression of a file of decisions is read with: its identifiers, and names of the file.
pub(crate) fn scope_with(text: &str, more: &[&str]) -> FeelScope {
    let scope = names::scope(text);
    for name in more {
        scope.set_name(Name::from(*name));
    }
    scope
}

/// What reading a text costs, in units of its own.
pub(crate) fn cost(text: &str) -> usize {
    names::run_lengths(text).iter().map(|length| length.saturating_pow(3)).sum()
}

/// How many parentheses, brackets and braces are open at once, at most.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// A value as FEEL knows it.
pub(crate) fn to_feel(value: &Value) -> Feel {
    match value {
        Value::Null => Feel::Null(None),
        Value::Bool(value) => Feel::Boolean(*value),
        Value::Number(number) => number.to_string().parse().map_or(Feel::Null(None), Feel::Number),
        Value::String(text) => Feel::String(text.clone()),
        Value::Array(items) => Feel::List(items.iter().map(to_feel).collect()),
        Value::Object(entries) => {
            if let (1, Some(Value::String(text))) = (entries.len(), entries.get(LITERAL)) {
                return moment(text);
            }
            let mut context = FeelContext::default();
            for (name, value) in entries {
                context.set_entry(&Name::from(name.as_str()), to_feel(value));
            }
            Feel::Context(context)
        }
    }
}

/// A value of FEEL as it is kept.
///
/// # Errors
/// It is null for a reason, or cannot be kept.
pub(crate) fn from_feel(value: Feel) -> Result<Value, String> {
    kept(value, VALUE_DEPTH_MAX)
}

fn kept(value: Feel, levels: usize) -> Result<Value, String> {
    let Some(levels) = levels.checked_sub(1) else {
        return Err(format!("it has values more than {VALUE_DEPTH_MAX} deep within each other"));
    };
    Ok(match value {
        Feel::Null(None) => Value::Null,
        Feel::Null(Some(why)) => return Err(why),
        Feel::Boolean(value) => Value::Bool(value),
        Feel::Number(number) => {
            serde_json::from_str(&number.to_string()).map_err(|_| format!("{number} is too long a number"))?
        }
        Feel::String(text) => Value::String(text),
        Feel::List(items) => {
            Value::Array(items.into_iter().map(|item| kept(item, levels)).collect::<Result<_, _>>()?)
        }
        Feel::Context(context) => {
            let entries =
                context.iter().map(|(name, value)| Ok((name.to_string(), kept(value.clone(), levels)?)));
            Value::Object(entries.collect::<Result<_, String>>()?)
        }
        Feel::Date(_)
        | Feel::DateTime(_)
        | Feel::Time(_)
        | Feel::DaysAndTimeDuration(_)
        | Feel::YearsAndMonthsDuration(_) => json!({ LITERAL: value.to_string() }),
        other => return Err(format!("{other} cannot be kept as a value")),
    })
}

/// A date, time or duration.
fn moment(text: &str) -> Feel {
    let literal = format!("@{}", Value::String(text.to_owned()));
    let read = dsntk_feel_parser::parse_expression(&FeelScope::default(), &literal, false);
    read.map_or(Feel::Null(None), |tree| dsntk_feel_evaluator::evaluate(&FeelScope::default(), &tree))
}

/// Whether `==` stands outside of strings.
fn has_double_equals(text: &str) -> bool {
    let (mut in_string, mut before) = (false, ' ');
    for sign in text.chars() {
        match (sign, before) {
            ('"', _) if !in_string || before != '\\' => in_string = !in_string,
            ('=', '=') if !in_string => return true,
            _ => {}
        }
        // A backslash before a backslash escapes nothing more.
        before = if (sign, before) == ('\\', '\\') { ' ' } else { sign };
    }
    false
}
