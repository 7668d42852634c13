//! What a read expression is made of.

use dsntk_feel_parser::AstNode;

/// Additions and list items that cannot make a large value out of variables.
const HARMLESS_MAX: usize = 4;

/// Whether an expression cannot be large, whatever its variables are.
pub(crate) fn is_harmless(tree: &AstNode) -> bool {
    fn count(node: &AstNode, left: &mut usize) -> bool {
        let cost = match node {
            AstNode::For(..)
            | AstNode::Some(..)
            | AstNode::Every(..)
            | AstNode::Filter(..)
            | AstNode::FunctionDefinition(..)
            | AstNode::FunctionInvocation(..) => return false,
            AstNode::Add(..) => 1,
            AstNode::List(items) => items.len(),
            _ => 0,
        };
        let Some(rest) = left.checked_sub(cost) else { return false };
        *left = rest;
        children(node).into_iter().all(|child| count(child, left))
    }
    count(tree, &mut HARMLESS_MAX.clone())
}

/// The name that a node is.
pub(super) fn text_of(node: &AstNode) -> String {
    match node {
        AstNode::Name(name) | AstNode::ParameterName(name) => name.to_string(),
        _ => String::new(),
    }
}

/// Whether what it yields is one value, however large its parts are.
pub(super) fn yields_one(node: &AstNode) -> bool {
    matches!(
        node,
        AstNode::And(..)
            | AstNode::Or(..)
            | AstNode::Eq(..)
            | AstNode::Nq(..)
            | AstNode::Lt(..)
            | AstNode::Le(..)
            | AstNode::Gt(..)
            | AstNode::Ge(..)
            | AstNode::In(..)
            | AstNode::Between(..)
            | AstNode::InstanceOf(..)
            | AstNode::Div(..)
            | AstNode::Exp(..)
    )
}

/// What a node is made of.
pub(crate) fn children(node: &AstNode) -> Vec<&AstNode> {
    match node {
        AstNode::CommaList(all)
        | AstNode::Context(all)
        | AstNode::ExpressionList(all)
        | AstNode::FormalParameters(all)
        | AstNode::IterationContexts(all)
        | AstNode::List(all)
        | AstNode::NamedParameters(all)
        | AstNode::NegatedList(all)
        | AstNode::PositionalParameters(all)
        | AstNode::QualifiedName(all)
        | AstNode::QuantifiedContexts(all) => all.iter().collect(),
        AstNode::Add(a, b)
        | AstNode::And(a, b)
        | AstNode::ContextEntry(a, b)
        | AstNode::Div(a, b)
        | AstNode::Eq(a, b)
        | AstNode::Every(a, b)
        | AstNode::Exp(a, b)
        | AstNode::Filter(a, b)
        | AstNode::For(a, b)
        | AstNode::FunctionDefinition(a, b)
        | AstNode::FunctionInvocation(a, b)
        | AstNode::Ge(a, b)
        | AstNode::Gt(a, b)
        | AstNode::In(a, b)
        | AstNode::InstanceOf(a, b)
        | AstNode::IterationContextSingle(a, b)
        | AstNode::Le(a, b)
        | AstNode::Lt(a, b)
        | AstNode::Mul(a, b)
        | AstNode::NamedParameter(a, b)
        | AstNode::Nq(a, b)
        | AstNode::Or(a, b)
        | AstNode::Out(a, b)
        | AstNode::Path(a, b)
        | AstNode::QuantifiedContext(a, b)
        | AstNode::Range(a, b)
        | AstNode::Some(a, b)
        | AstNode::Sub(a, b) => vec![a, b],
        AstNode::Between(a, b, c) | AstNode::If(a, b, c) | AstNode::IterationContextInterval(a, b, c) => {
            vec![a, b, c]
        }
        AstNode::EvaluatedExpression(a)
        | AstNode::FunctionBody(a, _)
        | AstNode::IntervalEnd(a, _)
        | AstNode::IntervalStart(a, _)
        | AstNode::Neg(a)
        | AstNode::Satisfies(a)
        | AstNode::UnaryEq(a)
        | AstNode::UnaryGe(a)
        | AstNode::UnaryGt(a)
        | AstNode::UnaryLe(a)
        | AstNode::UnaryLt(a)
        | AstNode::UnaryNe(a) => vec![a],
        _ => Vec::new(),
    }
}
