//! Whether an OpenAPI description has a method and path.

use serde_json::Value;

/// Whether the description has the operation. Empty texts mean any; a description without paths says nothing against it.
pub(super) fn exists(openapi: &Value, method: &str, path: &str) -> bool {
    let Some(paths) = openapi.get("paths").and_then(Value::as_object).filter(|paths| !paths.is_empty())
    else {
        return true;
    };
    let method = method.to_ascii_lowercase();
    let has = |operations: &Value| method.is_empty() || operations.get(&method).is_some();
    paths.iter().any(|(template, operations)| (path.is_empty() || matches(template, path)) && has(operations))
}

/// Whether a path fits a template such as `/cong-dan/{soDinhDanh}`; what stands behind `?` does not count.
fn matches(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let segments = |text: &str| text.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (template, path) = (segments(template), segments(path));
    let fits = |(pattern, segment): (&String, &String)| {
        pattern == segment || (pattern.starts_with('{') && pattern.ends_with('}') && !segment.is_empty())
    };
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::exists;

    #[test]
    fn an_operation_is_found_by_method_and_path() {
        let api = json!({ "paths": { "/cong-dan/{so}": { "get": {} }, "/": { "post": {} } } });
        let cases = [
            ("GET", "/cong-dan/001099000001", true),
            ("GET", "cong-dan/001099000001?day-du=1", true),
            ("DELETE", "/cong-dan/001099000001", false),
            ("GET", "/cong-dan", false),
            ("GET", "/cong-dan/", false),
            ("POST", "/", true),
            ("GET", "", true),
            ("PUT", "", false),
            ("", "/cong-dan/1", true),
            ("", "/cong-dan/1/2", false),
        ];
        for (method, path, expected) in cases {
            assert_eq!(exists(&api, method, path), expected, "{method} {path}");
        }
        assert!(exists(&json!({}), "GET", "/x"));
    }
}
