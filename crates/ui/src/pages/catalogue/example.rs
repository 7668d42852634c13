//! Code to copy for a test call: Java, C#, PHP, and the test client, beside the curl and Python of the API.

use serde::Deserialize;
use serde_json::Value;

use crate::view::{segment, segments};

/// Stands for the address of the consumer's own node.
const NODE: &str = "https://DIA-CHI-NUT:8443";
/// Stands for the asking system.
const CLIENT: &str = "VN/GOV/MA-CO-QUAN/HE-THONG";

/// What to send for a test call.
#[derive(Clone, Debug, Deserialize)]
pub struct TestCall {
    /// Method in capitals.
    pub method: String,
    /// Path below the service's code, percent-encoded.
    pub path: String,
    /// Query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers that the service asks for.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    #[serde(default)]
    pub body: Option<Value>,
}

impl TestCall {
    /// Service, path and query, as they stand behind `/r1/`.
    fn target(&self, service: &str) -> String {
        let pairs = self.query.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{query}", segments(service), self.path)
    }

    fn url(&self, service: &str) -> String {
        format!("{NODE}/r1/{}", self.target(service))
    }

    /// Headers beside that of the body.
    fn all_headers(&self) -> Vec<(String, String)> {
        let platform = [("X-Road-Client", CLIENT), ("Accept", "application/json")];
        let platform = platform.map(|(name, value)| (name.to_owned(), value.to_owned()));
        // A line break in an example must not make another header.
        let own = self.headers.iter().map(|(name, value)| (one_line(name), one_line(value)));
        platform.into_iter().chain(own).collect()
    }

    /// The call with the test client that comes with the node.
    pub fn client(&self, service: &str) -> String {
        let mut words = vec!["lienthong call --config lienthong.toml".to_owned()];
        if self.method != "GET" {
            words.push(format!("-X {}", self.method));
        }
        for (name, value) in &self.headers {
            words.push(format!("-H {}", shell(&format!("{}: {}", one_line(name), one_line(value)))));
        }
        if let Some(body) = &self.body {
            words.push(format!("-H 'Content-Type: application/json' -d {}", shell(&body.to_string())));
        }
        words.push(format!("--purpose MA-MUC-DICH {}", shell(&self.target(service))));
        words.join(" \\\n  ")
    }

    /// The call in Java 11 or later, with nothing but its standard library.
    pub fn java(&self, service: &str) -> String {
        let mut headers = self.all_headers();
        let body = match &self.body {
            Some(body) => {
                headers.push(("Content-Type".into(), "application/json".into()));
                format!("HttpRequest.BodyPublishers.ofString({})", literal(&body.to_string()))
            }
            None => "HttpRequest.BodyPublishers.noBody()".into(),
        };
        let header = |(name, value): &(String, String)| {
            format!("            .header({}, {})\n", literal(name), literal(value))
        };
        format!(
            "import java.net.URI;\nimport java.net.http.HttpClient;\nimport java.net.http.HttpRequest;\n\
             import java.net.http.HttpResponse;\nimport java.time.Duration;\n\npublic class GoiThu {{\n    \
             public static void main(String[] arguments) throws Exception {{\n        \
             HttpRequest request = HttpRequest.newBuilder(URI.create({url}))\n            \
             .timeout(Duration.ofSeconds(30))\n{headers}            .method({method}, {body})\n            \
             .build();\n        HttpResponse<String> answer = HttpClient.newHttpClient()\n            \
             .send(request, HttpResponse.BodyHandlers.ofString());\n        \
             System.out.println(answer.statusCode() + \" \" + answer.body());\n    }}\n}}\n",
            url = literal(&self.url(service)),
            headers = headers.iter().map(header).collect::<String>(),
            method = literal(&self.method),
        )
    }

    /// The call in C# with the `HttpClient` of .NET.
    pub fn csharp(&self, service: &str) -> String {
        let header = |(name, value): &(String, String)| {
            format!("request.Headers.TryAddWithoutValidation({}, {});\n", literal(name), literal(value))
        };
        let body = self.body.as_ref().map_or_else(String::new, |body| {
            let body = literal(&body.to_string());
            format!("request.Content = new StringContent({body}, Encoding.UTF8, \"application/json\");\n")
        });
        format!(
            "using System;\nusing System.Net.Http;\nusing System.Text;\n\n\
             using var client = new HttpClient {{ Timeout = TimeSpan.FromSeconds(30) }};\n\
             using var request = new HttpRequestMessage(new HttpMethod({method}), {url});\n{headers}{body}\
             using var answer = await client.SendAsync(request);\n\
             Console.WriteLine($\"{{(int)answer.StatusCode}} {{await answer.Content.ReadAsStringAsync()}}\");\n",
            method = literal(&self.method),
            url = literal(&self.url(service)),
            headers = self.all_headers().iter().map(header).collect::<String>(),
        )
    }

    /// The call in PHP with its curl extension.
    pub fn php(&self, service: &str) -> String {
        let mut headers = self.all_headers();
        let body = self.body.as_ref().map_or_else(String::new, |body| {
            headers.push(("Content-Type".into(), "application/json".into()));
            format!("    CURLOPT_POSTFIELDS => {},\n", php_text(&body.to_string()))
        });
        let header = |(name, value): &(String, String)| {
            format!("        {},\n", php_text(&format!("{name}: {value}")))
        };
        format!(
            "<?php\n$call = curl_init({url});\ncurl_setopt_array($call, [\n    \
             CURLOPT_CUSTOMREQUEST => {method},\n    CURLOPT_HTTPHEADER => [\n{headers}    ],\n{body}    \
             CURLOPT_RETURNTRANSFER => true,\n    CURLOPT_TIMEOUT => 30,\n]);\n\
             $answer = curl_exec($call);\n\
             echo curl_getinfo($call, CURLINFO_RESPONSE_CODE), ' ', $answer === false ? curl_error($call) : $answer, PHP_EOL;\n",
            url = php_text(&self.url(service)),
            method = php_text(&self.method),
            headers = headers.iter().map(header).collect::<String>(),
        )
    }
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A word for a POSIX shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text for Java and C#: JSON's escapes are among theirs.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

/// A text for PHP between single quotes, where nothing but these two is special.
fn php_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SERVICE: &str = "VN/GOV/G01/DANCU/tra-cuu";

    fn call(method: &str, body: Option<Value>) -> TestCall {
        TestCall {
            method: method.into(),
            path: "/m%E1%BA%ABu".into(),
            query: vec![("tên".into(), "a b".into())],
            headers: vec![("X-Ly-Do".into(), "it's \"so\"\r\nX-Evil: 1".into())],
            body,
        }
    }

    #[test]
    fn every_language_calls_the_same_address() {
        let call = call("GET", None);
        let url = "https://DIA-CHI-NUT:8443/r1/VN/GOV/G01/DANCU/tra-cuu/m%E1%BA%ABu?t%C3%AAn=a%20b";
        for code in [call.java(SERVICE), call.csharp(SERVICE), call.php(SERVICE)] {
            assert!(code.contains(url), "{code}");
            assert!(code.contains("X-Road-Client") && code.contains("VN/GOV/MA-CO-QUAN/HE-THONG"), "{code}");
        }
        assert!(call.client(SERVICE).ends_with("'VN/GOV/G01/DANCU/tra-cuu/m%E1%BA%ABu?t%C3%AAn=a%20b'"));
    }

    #[test]
    fn what_an_example_holds_stays_inside_its_quotes() {
        let call = call("POST", Some(json!({ "hoTen": "O'Brien \\ \"x\"" })));
        assert!(call.java(SERVICE).contains(r#".header("X-Ly-Do", "it's \"so\"X-Evil: 1")"#));
        assert!(call.java(SERVICE).contains(r#"ofString("{\"hoTen\":\"O'Brien \\\\ \\\"x\\\"\"}")"#));
        assert!(call.csharp(SERVICE).contains(r#"StringContent("{\"hoTen\":"#));
        assert!(call.php(SERVICE).contains(r#"'{"hoTen":"O\'Brien \\\\ \\"x\\""}'"#));
        assert!(call.client(SERVICE).contains(r#"-d '{"hoTen":"O'\''Brien"#));
    }
}
