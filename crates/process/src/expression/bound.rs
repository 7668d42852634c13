//! What an expression costs at most, found before it is evaluated: the evaluator cannot be stopped.
//!
//! Sizes of variables are known, so the rounds of loops and the sizes of results are too. What may cost more than
//! [`WORK_MAX`], grow beyond [`SIZE_MAX`], or has no end that can be seen is refused. No time is measured, so that a
//! replay comes out the same.

#[cfg(test)]
mod tests;

use dsntk_feel::bif::is_built_in_function_name;
use dsntk_feel_parser::AstNode;
use serde_json::Value;

use super::Variables;
use super::tree::{children, text_of, yields_one};

/// Most steps of an evaluation, each about looking at one value or eight bytes: a few seconds.
const WORK_MAX: f64 = 20_000_000.0;
/// Largest value on the way, in the same units.
const SIZE_MAX: f64 = 4_000_000.0;
/// Functions that call each other.
const CALLS_MAX: usize = 16;
/// Steps of finding it out.
const STEPS_MAX: usize = 50_000;
/// Why a function that is no argument and has no name is refused.
const WANDERING: &str =
    "a function can be an entry of a context, be called, or be given to a function, and nothing else";

/// What is known of a value before it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'v> {
    /// Values and eights of bytes in it, at most.
    pub size: f64,
    /// Items of the list that it may be, at most.
    count: f64,
    /// Size of the largest item.
    item: f64,
    /// Between which numbers it is, if it is one; days, if it is a date.
    low: f64,
    high: f64,
    /// The value itself.
    known: Option<&'v Value>,
}

impl<'v> Bound<'v> {
    /// A value of which only the size is known.
    pub fn sized(size: f64) -> Self {
        let size = size.max(1.0);
        Self { size, count: size, item: size, low: f64::NEG_INFINITY, high: f64::INFINITY, known: None }
    }

    fn number(low: f64, high: f64) -> Self {
        Self { size: 1.0, count: 1.0, item: 1.0, low, high, known: None }
    }

    /// What is known of a value that is there.
    pub fn of(value: &'v Value) -> Self {
        let known = Some(value);
        match value {
            Value::Null | Value::Bool(_) => Self { known, ..Self::number(0.0, 0.0) },
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::INFINITY);
                Self { known, ..Self::number(number, number) }
            }
            Value::String(text) => Self { known, count: 1.0, ..Self::sized(of_text(text)) },
            Value::Array(items) => Self { known, ..Self::of_all(items.iter()) },
            Value::Object(entries) => {
                let day = entries.get(super::LITERAL).and_then(Value::as_str).and_then(day);
                let size: f64 = entries.iter().map(|(key, value)| of_text(key) + Self::of(value).size).sum();
                let (low, high) = day.map_or((f64::NEG_INFINITY, f64::INFINITY), |day| (day, day));
                Self { known, count: 1.0, low, high, ..Self::sized(size) }
            }
        }
    }

    /// A list of values.
    fn of_all(items: impl Iterator<Item = &'v Value>) -> Self {
        let (mut size, mut item, mut count) = (1.0, 1.0_f64, 0.0);
        for one in items.map(|one| Self::of(one).size) {
            (size, item, count) = (size + one, item.max(one), count + 1.0);
        }
        Self { count, item, ..Self::sized(size) }
    }

    fn or(self, other: Self) -> Self {
        Self {
            size: self.size.max(other.size),
            count: self.count.max(other.count),
            item: self.item.max(other.item),
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            known: None,
        }
    }
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

fn of_text(text: &str) -> f64 {
    1.0 + to_f64(text.len() / 8)
}

/// About the day of a date, counted from the year 0.
fn day(text: &str) -> Option<f64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |text| (-1.0, text));
    let year: f64 = text.split('-').next().filter(|year| year.len() >= 4)?.parse().ok()?;
    Some(sign * year * 366.0)
}

/// What a name stands for on the way.
#[derive(Clone, Debug)]
pub(crate) enum Named<'t, 'v> {
    Value(Bound<'v>),
    /// A function: names of its parameters, and what it does.
    Function(Vec<String>, &'t AstNode),
    /// A function of which the cost is known, for arguments of a size.
    Given {
        size: f64,
        work: f64,
        most: f64,
    },
    /// What a loop has found so far, which grows nobody can tell how far.
    Partial,
}

/// Finds out what expressions cost.
pub(crate) struct Bounds<'t, 'v> {
    variables: Option<&'v dyn Variables>,
    /// What a name is that is neither a variable nor a name on the way.
    unknown: f64,
    names: Vec<(String, Named<'t, 'v>)>,
    /// Largest item of the lists that are being filtered: each name may be a part of it.
    filtered: f64,
    calls: usize,
    steps: usize,
    pub work: f64,
}

type Found<'v> = Result<Bound<'v>, String>;

impl<'t, 'v> Bounds<'t, 'v> {
    /// With the values of the variables.
    pub fn with(variables: &'v dyn Variables) -> Self {
        Self { variables: Some(variables), ..Self::within(1.0) }
    }

    /// With variables that are no larger than a size.
    pub fn within(unknown: f64) -> Self {
        let (names, variables) = (Vec::new(), None);
        Self { variables, unknown, names, filtered: 0.0, calls: 0, steps: 0, work: 0.0 }
    }

    /// Lets a name stand for something; later ones hide earlier ones.
    pub fn name(&mut self, name: &str, what: Named<'t, 'v>) {
        self.names.push((name.to_owned(), what));
    }

    /// How many names are known; [`forget`](Self::forget) goes back to it.
    pub fn known(&self) -> usize {
        self.names.len()
    }

    /// Forgets the names since then.
    pub fn forget(&mut self, known: usize) {
        self.names.truncate(known);
    }

    /// The size of what an expression yields.
    ///
    /// # Errors
    /// It may cost or grow too much, or nobody can tell.
    pub fn of(&mut self, node: &'t AstNode) -> Found<'v> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err("too many functions call each other".to_owned());
        }
        let bound = self.node(node)?;
        self.work += bound.size;
        if self.work > WORK_MAX {
            return Err("it may take too long: fewer rounds, or smaller lists".to_owned());
        }
        if bound.size > SIZE_MAX {
            return Err("its result may become too large".to_owned());
        }
        Ok(bound)
    }

    fn node(&mut self, node: &'t AstNode) -> Found<'v> {
        match node {
            AstNode::Name(name) | AstNode::QualifiedNameSegment(name) => self.look_up(&name.to_string()),
            AstNode::Numeric(before, after, sign, exponent) => {
                let text = format!("{before}.{after}e{sign}{exponent}");
                let text = if exponent.is_empty() { format!("{before}.{after}") } else { text };
                let number: f64 = text.parse().unwrap_or(f64::INFINITY);
                Ok(Bound::number(number, number))
            }
            AstNode::String(text) => Ok(Bound { count: 1.0, ..Bound::sized(of_text(text)) }),
            AstNode::At(text) => {
                let day = day(text).map_or((f64::NEG_INFINITY, f64::INFINITY), |day| (day, day));
                Ok(Bound::number(day.0, day.1))
            }
            AstNode::Add(left, right) => {
                let (left, right) = (self.of(left)?, self.of(right)?);
                let sum = Bound::sized(left.size + right.size);
                Ok(Bound { count: 1.0, low: left.low + right.low, high: left.high + right.high, ..sum })
            }
            AstNode::Sub(left, right) => {
                let (left, right) = (self.of(left)?, self.of(right)?);
                Ok(Bound::number(left.low - right.high, left.high - right.low))
            }
            AstNode::Neg(inner) => self.of(inner).map(|inner| Bound::number(-inner.high, -inner.low)),
            AstNode::Mul(left, right) => Ok(product(self.of(left)?, self.of(right)?)),
            AstNode::If(condition, yes, no) => {
                self.of(condition)?;
                Ok(self.of(yes)?.or(self.of(no)?))
            }
            AstNode::Path(holder, key) => {
                let holder = self.of(holder)?;
                let AstNode::Name(key) = &**key else { return Ok(holder.part()) };
                let key = key.to_string();
                Ok(match holder.known {
                    Some(Value::Array(items)) => {
                        Bound::of_all(items.iter().filter_map(|item| item.get(&key)))
                    }
                    Some(value) => value.get(&key).map_or(holder.part(), Bound::of),
                    None => holder.part(),
                })
            }
            AstNode::List(items) | AstNode::ExpressionList(items) | AstNode::CommaList(items) => {
                self.list(items)
            }
            AstNode::Context(entries) => self.context(entries),
            AstNode::Range(start, end) => self.range(start, end),
            AstNode::For(contexts, body) | AstNode::Some(contexts, body) | AstNode::Every(contexts, body) => {
                self.rounds(contexts, body)
            }
            AstNode::Filter(list, condition) => self.filter(list, condition),
            // What it does could not be followed any further.
            AstNode::FunctionDefinition(..) => Err(WANDERING.to_owned()),
            AstNode::FunctionInvocation(function, arguments) => self.call(function, arguments),
            other => {
                let mut sum = 1.0;
                for child in children(other) {
                    sum += self.of(child)?.size;
                }
                Ok(Bound::sized(if yields_one(other) { 1.0 } else { sum }))
            }
        }
    }

    fn look_up(&self, name: &str) -> Found<'v> {
        let named = self.names.iter().rev().find(|(one, _)| one == name).map(|(_, what)| what);
        let found = match (named, self.variables) {
            (Some(Named::Value(bound)), _) => *bound,
            (Some(Named::Function(..) | Named::Given { .. }), _) => return Err(WANDERING.to_owned()),
            (Some(Named::Partial), _) => {
                return Err("`partial`: nobody can tell how far it grows".to_owned());
            }
            (None, Some(variables)) => variables.get(name).map_or(Bound::number(0.0, 0.0), Bound::of),
            (None, None) => Bound::sized(self.unknown),
        };
        Ok(if self.filtered > 0.0 { found.or(Bound::sized(self.filtered)) } else { found })
    }

    fn list(&mut self, items: &'t [AstNode]) -> Found<'v> {
        let (mut size, mut item) = (1.0, 1.0_f64);
        for one in items {
            let one = self.of(one)?.size;
            (size, item) = (size + one, item.max(one));
        }
        Ok(Bound { count: to_f64(items.len()), item, ..Bound::sized(size) })
    }

    fn context(&mut self, entries: &'t [AstNode]) -> Found<'v> {
        let known = self.known();
        let mut size = 1.0;
        for entry in entries {
            let AstNode::ContextEntry(key, value) = entry else { continue };
            let AstNode::ContextEntryKey(key) = &**key else { continue };
            let key = key.to_string();
            let what = match function(value) {
                Some(_) if is_built_in_function_name(&key) => {
                    return Err(format!("{key} is a function of FEEL; give yours another name"));
                }
                Some(function) => function,
                None => Named::Value(self.of(value)?),
            };
            size += if let Named::Value(bound) = what { bound.size + 1.0 } else { 1.0 };
            self.name(&key, what);
        }
        self.forget(known);
        Ok(Bound { count: 1.0, ..Bound::sized(size) })
    }

    fn range(&mut self, start: &'t AstNode, end: &'t AstNode) -> Found<'v> {
        let inner = |node: &'t AstNode| match node {
            AstNode::IntervalStart(inner, _) | AstNode::IntervalEnd(inner, _) => &**inner,
            other => other,
        };
        let (start, end) = (self.of(inner(start))?, self.of(inner(end))?);
        Ok(between(start, end))
    }

    /// A loop: how often, and what each round costs.
    fn rounds(&mut self, contexts: &'t AstNode, body: &'t AstNode) -> Found<'v> {
        let (known, mut count) = (self.known(), 1.0_f64);
        for context in children(contexts) {
            let (name, over) = match context {
                AstNode::IterationContextSingle(name, list) | AstNode::QuantifiedContext(name, list) => {
                    (name, self.of(list)?)
                }
                AstNode::IterationContextInterval(name, start, end) => (name, self.range(start, end)?),
                _ => continue,
            };
            if over.count.is_infinite() {
                return Err("the end of its range is not known before".to_owned());
            }
            count *= over.count.max(1.0);
            let one = Bound { low: over.low, high: over.high, known: None, ..Bound::sized(over.item) };
            self.name(&text_of(name), Named::Value(one));
        }
        self.name("partial", Named::Partial);
        let body = match body {
            AstNode::EvaluatedExpression(inner) | AstNode::Satisfies(inner) => inner,
            other => other,
        };
        let one = self.times(count, |bounds| bounds.of(body))?;
        self.forget(known);
        Ok(Bound { count, item: one.size, ..Bound::sized(count * one.size) })
    }

    /// Does something so many times.
    fn times(&mut self, count: f64, inner: impl FnOnce(&mut Self) -> Found<'v>) -> Found<'v> {
        let before = std::mem::take(&mut self.work);
        let one = inner(self)?;
        self.work = before + count * self.work.max(1.0);
        Ok(one)
    }

    fn filter(&mut self, list: &'t AstNode, condition: &'t AstNode) -> Found<'v> {
        let list = self.of(list)?;
        if list.count.is_infinite() {
            return Err("the end of its range is not known before".to_owned());
        }
        let filtered = self.filtered;
        self.filtered = filtered.max(list.item);
        let condition = self.times(list.count, |bounds| bounds.of(condition));
        self.filtered = filtered;
        condition?;
        Ok(Bound { known: None, ..list })
    }

    fn call(&mut self, called: &'t AstNode, arguments: &'t AstNode) -> Found<'v> {
        let name = text_of(called);
        let mut values = Vec::new();
        for argument in children(arguments) {
            let (name, argument) = match argument {
                AstNode::NamedParameter(name, value) => (Some(text_of(name)), &**value),
                other => (None, other),
            };
            let what = function(argument).or_else(|| self.function(argument));
            let value = if what.is_some() { Bound::number(0.0, 0.0) } else { self.of(argument)? };
            values.push((name, value, what));
        }
        let known = self.function(called).or_else(|| function(called));
        if let Some(Named::Function(parameters, body)) = known {
            return self.inline(&parameters, body, values);
        }
        let sizes: f64 = values.iter().map(|(_, value, _)| value.size).sum();
        let yields = self.given(&name, sizes)?;
        if yields > 0.0 {
            return Ok(Bound::sized(yields));
        }
        if !is_built_in_function_name(&name) {
            return Err(format!(
                "{name}: only functions of FEEL, and those that are named in the expression, can be called"
            ));
        }
        let count = values.iter().map(|(_, value, _)| value.count).fold(1.0, f64::max);
        if count.is_infinite() {
            return Err("the end of its range is not known before".to_owned());
        }
        let item = values.iter().map(|(_, value, _)| value.item).fold(1.0, f64::max);
        // What it does with a function, it does with each item, or to sort them.
        for (_, _, what) in &values {
            if let Some(Named::Function(parameters, body)) = what {
                let arguments = parameters.iter().map(|_| (None, Bound::sized(item), None)).collect();
                let compared = count * (count.log2() + 2.0);
                self.times(compared, |bounds| bounds.inline(parameters, body, arguments))?;
            }
        }
        match name.as_str() {
            "count" | "string length" => {
                Ok(Bound::number(0.0, if name == "count" { count } else { 8.0 * sizes }))
            }
            "string join" | "replace" => {
                Ok(Bound::sized(values.iter().map(|(_, value, _)| 8.0 * value.size).product()))
            }
            "sort" | "list replace" => {
                self.work += (count.log2() + 2.0) * sizes;
                Ok(Bound { item, ..Bound::sized(sizes) })
            }
            "string" | "distinct values" | "union" | "duplicate values" | "index of" | "mode" => {
                self.work += count * sizes;
                Ok(Bound { item, ..Bound::sized(sizes) })
            }
            "abs" | "floor" | "ceiling" | "modulo" | "min" | "max" | "sum" | "product" | "list contains"
            | "contains" | "starts with" | "ends with" | "matches" | "not" | "all" | "any" | "date"
            | "time" | "duration" | "number" | "decimal" | "round up" | "round down" => Ok(Bound::sized(1.0)),
            _ => Ok(Bound { item, ..Bound::sized(2.0 * sizes) }),
        }
    }

    /// What a function yields of which the cost is known; nothing where the name is none.
    ///
    /// # Errors
    /// It is given too much.
    pub fn given(&mut self, name: &str, arguments: f64) -> Result<f64, String> {
        let found = self.names.iter().rev().find(|(one, _)| one == name);
        let Some((_, Named::Given { size, work, most })) = found else { return Ok(0.0) };
        let (size, work, most) = (*size, *work, *most);
        if arguments > most {
            return Err(format!("{name} may be given too much"));
        }
        self.work += work;
        Ok(size)
    }

    /// A function that a name stands for.
    fn function(&self, node: &AstNode) -> Option<Named<'t, 'v>> {
        let name = text_of(node);
        let found = self.names.iter().rev().find(|(one, _)| *one == name)?;
        matches!(found.1, Named::Function(..)).then(|| found.1.clone())
    }

    /// The cost of a function with these arguments.
    fn inline(
        &mut self,
        parameters: &[String],
        body: &'t AstNode,
        values: Vec<(Option<String>, Bound<'v>, Option<Named<'t, 'v>>)>,
    ) -> Found<'v> {
        if self.calls >= CALLS_MAX {
            return Err(format!("a function calls itself, or more than {CALLS_MAX} call each other"));
        }
        let known = self.known();
        for (place, (name, value, what)) in values.into_iter().enumerate() {
            let Some(name) = name.or_else(|| parameters.get(place).cloned()) else { continue };
            self.name(&name, what.unwrap_or(Named::Value(value)));
        }
        self.calls += 1;
        let result = self.of(body);
        self.calls -= 1;
        self.forget(known);
        result
    }
}

impl Bound<'_> {
    /// A part of it.
    fn part(self) -> Self {
        Self { known: None, low: f64::NEG_INFINITY, high: f64::INFINITY, ..self }
    }
}

/// What two numbers are multiplied.
fn product<'v>(left: Bound<'_>, right: Bound<'_>) -> Bound<'v> {
    let all = [left.low * right.low, left.low * right.high, left.high * right.low, left.high * right.high];
    if all.iter().any(|one| one.is_nan()) {
        return Bound::sized(1.0);
    }
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    Bound::number(low, all.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// The numbers or days from one to the other.
fn between<'v>(start: Bound<'v>, end: Bound<'v>) -> Bound<'v> {
    let (low, high) = (start.low.min(end.low), start.high.max(end.high));
    let count = (high - low + 366.0_f64.min(high - low + 1.0)).max(1.0);
    let count = if count.is_nan() { f64::INFINITY } else { count };
    Bound { size: 3.0, count, item: 1.0, low, high, known: None }
}

/// The function that a definition defines.
fn function<'v>(node: &AstNode) -> Option<Named<'_, 'v>> {
    let AstNode::FunctionDefinition(parameters, body) = node else { return None };
    let names = children(parameters).into_iter().map(|parameter| match parameter {
        AstNode::FormalParameter(name, _) => text_of(name),
        other => text_of(other),
    });
    let AstNode::FunctionBody(body, _) = &**body else { return None };
    Some(Named::Function(names.collect(), body))
}
