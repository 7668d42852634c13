use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;

/// A whole file around what stands between `definitions`.
fn file(inside: &str) -> String {
    format!(
        r#"<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:x" name="M" id="m">{inside}</definitions>"#
    )
}

fn input(name: &str, kind: &str) -> String {
    let id: String = name.chars().filter(char::is_ascii_alphabetic).collect();
    format!(r#"<inputData id="in-{id}" name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>"#)
}

/// A decision that requires others, by their ids with `#`.
fn decision(id: &str, requires: &str, logic: &str) -> String {
    let mut edges = String::new();
    for (nth, one) in requires.split_whitespace().enumerate() {
        let (kind, holder) = match one {
            one if one.starts_with("#in-") => ("requiredInput", "informationRequirement"),
            one if one.starts_with("#f-") => ("requiredKnowledge", "knowledgeRequirement"),
            _ => ("requiredDecision", "informationRequirement"),
        };
        write!(edges, r#"<{holder} id="r-{id}-{nth}"><{kind} href="{one}"/></{holder}>"#).unwrap();
    }
    format!(r#"<decision id="{id}" name="{id}"><variable name="{id}"/>{edges}{logic}</decision>"#)
}

fn text(feel: &str) -> String {
    let feel = feel.replace('&', "&amp;").replace('<', "&lt;");
    format!("<literalExpression><text>{feel}</text></literalExpression>")
}

/// A table over `tuổi` with rules `test>output`.
fn table(policy: &str, rules: &[(&str, &str)]) -> String {
    let mut out = format!(
        r#"<decisionTable {policy}><input id="c"><inputExpression typeRef="number"><text>tuổi</text></inputExpression></input><output id="o"/>"#
    );
    for (nth, (test, output)) in rules.iter().enumerate() {
        let test = test.replace('<', "&lt;");
        write!(
            out,
            r#"<rule id="u{nth}"><inputEntry id="i{nth}"><text>{test}</text></inputEntry><outputEntry id="o{nth}"><text>{output}</text></outputEntry></rule>"#
        )
        .unwrap();
    }
    out + "</decisionTable>"
}

fn decided(xml: &str, name: &str, variables: &Value) -> Result<Value, String> {
    Decisions::read(xml.as_bytes())
        .unwrap_or_else(|faults| panic!("{faults:#?} {xml}"))
        .decide(name, variables)
}

#[test]
fn each_hit_policy_chooses_as_the_standard_says() {
    let rules = [("<18", "\"trẻ em\""), (">=16", "\"có giấy tờ\""), ("[60..120]", "\"cao tuổi\"")];
    let numbers = [("<18", "10"), (">=16", "20"), (">=17", "20")];
    let apart = [("<18", "1"), (">=18", "2")];
    let run = |policy: &str, rules: &[(&str, &str)], age: i64| {
        let logic = table(policy, rules);
        let xml = file(&(input("tuổi", "number") + &*decision("D", "#in-tui", &logic)));
        decided(&xml, "D", &json!({"tuổi": age, "other": 1}))
    };
    assert_eq!(run("", &apart, 17), Ok(json!(1)), "unique is what nothing is said of");
    assert_eq!(run("hitPolicy=\"UNIQUE\"", &apart, 18), Ok(json!(2)));
    assert!(run("hitPolicy=\"UNIQUE\"", &rules, 17).is_err(), "two rules fit");
    assert_eq!(run("hitPolicy=\"ANY\"", &numbers[1..], 17), Ok(json!(20)));
    assert!(run("hitPolicy=\"ANY\"", &numbers, 17).is_err(), "they say different things");
    assert_eq!(run("hitPolicy=\"FIRST\"", &rules, 17), Ok(json!("trẻ em")));
    assert_eq!(run("hitPolicy=\"RULE ORDER\"", &rules, 17), Ok(json!(["trẻ em", "có giấy tờ"])));
    assert_eq!(run("hitPolicy=\"COLLECT\"", &rules, 70), Ok(json!(["có giấy tờ", "cao tuổi"])));
    for (aggregation, expected) in [("SUM", 50), ("MIN", 10), ("MAX", 20), ("COUNT", 3)] {
        let policy = format!("hitPolicy=\"COLLECT\" aggregation=\"{aggregation}\"");
        assert_eq!(run(&policy, &numbers, 17), Ok(json!(expected)), "{aggregation}");
    }
    let values = r#"<output id="o"><outputValues id="v"><text>"cao tuổi","có giấy tờ","trẻ em"</text></outputValues></output>"#;
    for (policy, expected) in
        [("PRIORITY", json!("cao tuổi")), ("OUTPUT ORDER", json!(["cao tuổi", "có giấy tờ"]))]
    {
        let logic = table(&format!("hitPolicy=\"{policy}\""), &rules).replace(r#"<output id="o"/>"#, values);
        let xml = file(&(input("tuổi", "number") + &*decision("D", "#in-tui", &logic)));
        assert_eq!(decided(&xml, "D", &json!({"tuổi": 70})), Ok(expected), "{policy}");
    }
}

#[test]
fn a_decision_uses_another_and_a_function() {
    let function = r#"<businessKnowledgeModel id="f-thu" name="thuế"><variable name="thuế"/><encapsulatedLogic>
        <formalParameter name="giá"/><literalExpression><text>giá * 0.02</text></literalExpression></encapsulatedLogic>
        </businessKnowledgeModel>"#;
    let xml = file(
        &(input("tuổi", "number")
            + &*input("giá đất", "number")
            + function
            + &*decision("Mien", "#in-tui", &table("", &[("<6", "true"), (">=6", "false")]))
            + &*decision("Phải nộp", "#Mien #in-git #f-thu", &text("if Mien then 0 else thuế(giá đất)"))),
    );
    let pays = |age: i64| decided(&xml, "Phải nộp", &json!({"tuổi": age, "giá đất": 1_000_000}));
    assert_eq!((pays(5), pays(6)), (Ok(json!(0)), Ok(json!(20_000))));
    assert_eq!(decided(&xml, "Mien", &json!({"tuổi": 5})), Ok(json!(true)));
    assert!(decided(&xml, "Khác", &json!({})).unwrap_err().contains("no such decision"));
}

#[test]
fn what_has_no_answer_or_is_given_too_much_fails_in_words() {
    let logic = table("", &[("<18", "1")]);
    let xml = file(&(input("tuổi", "number") + &*decision("D", "#in-tui", &logic)));
    assert!(decided(&xml, "D", &json!({"tuổi": 20})).is_err());
    let many: Vec<_> = (0..VALUES_MAX).collect();
    let denied = decided(&xml, "D", &json!({"tuổi": many})).unwrap_err();
    assert!(denied.contains("more than 4096 values"), "{denied}");
    // What the file does not ask for is not counted.
    assert_eq!(decided(&xml, "D", &json!({"tuổi": 1, "other": many})), Ok(json!(1)));
}

/// The faults of a file, together.
fn refused(xml: &str) -> String {
    assert!(is_dmn(xml.as_bytes()));
    Decisions::read(xml.as_bytes()).map(|read| panic!("{read:?} {xml}")).unwrap_err().join("\n")
}

#[test]
fn faulty_files_are_refused_with_line_and_reason() {
    let list = || input("list", "Any");
    let of = |feel: &str| file(&(list() + "\n" + &*decision("D", "#in-list", &text(feel))));
    for (xml, words) in [
        (of("1 + + 2"), "line 2, D"),
        (of("now()"), "now: "),
        (of("for x in 1..1000000000 return x"), "too long"),
        (of("for a in list, b in list, c in list return 1"), "too long"),
        (of("string join(list, string(list)) + string join(list, string(list))"), "it may take"),
        (file(&decision("D", "#gone", &text("1"))), "`gone` is not in the file"),
        (file(&(decision("A", "#B", &text("B")) + &*decision("B", "#A", &text("A")))), "A → B → A"),
        (file(&(decision("A", "", &text("1")) + &*decision("A", "", &text("1")))), "is used already"),
        (file(&input("x", "number")), "the file has no decision"),
        (
            of("1").replace("<decision ", "<import name='x' namespace='y' importType='z'/><decision "),
            "other files are not used",
        ),
        (
            of("1").replace("<literalExpression>", "<literalExpression expressionLanguage='python'>"),
            "only FEEL",
        ),
        (of("1").replace("#in-list", "#tuổi"), "ASCII"),
        (
            of("1").replace("<decision ", "<itemDefinition name='a' isCollection='true'><typeRef>b</typeRef></itemDefinition><itemDefinition name='b'><typeRef>a</typeRef></itemDefinition><decision "),
            "a → b → a",
        ),
        (
            file(&decision("D", "", &table("", &[("1", "1")]).replace("<output id=\"o\"/>", ""))),
            "exactly one entry for each column",
        ),
        (of("1").replace("name=\"D\"", ""), "`id` or `name` is missing"),
    ] {
        let faults = refused(&xml);
        assert!(faults.contains(words), "{words}: {faults}");
    }
    let broken = of("1").replace("</decision>", "");
    assert!(Decisions::read(broken.as_bytes()).unwrap_err()[0].contains("not well-formed"));
    let all = refused(&file(&(decision("A", "", &text("1 +")) + &*decision("B", "", &text("2 +")))));
    assert!(all.contains("A:") && all.contains("B:"), "all at once: {all}");
}

#[test]
fn what_grows_from_decision_to_decision_is_refused() {
    let layer = |logic: &dyn Fn(usize) -> String| {
        let mut inside = input("s", "string") + &*decision("D0", "#in-s", &text("s"));
        for nth in 1..40 {
            inside += &*decision(&format!("D{nth}"), &format!("#D{}", nth - 1), &logic(nth - 1));
        }
        file(&inside)
    };
    let doubled = refused(&layer(&|before| text(&format!("D{before} + D{before}"))));
    assert!(doubled.contains("too large"), "{doubled}");
    let mut inside = decision("D0", "", &text("1")) + &*decision("E0", "", &text("1"));
    for nth in 1..40 {
        let requires = format!("#D{} #E{}", nth - 1, nth - 1);
        inside += &*decision(&format!("D{nth}"), &requires, &text("1"));
        inside += &*decision(&format!("E{nth}"), &requires, &text("1"));
    }
    assert!(refused(&file(&inside)).contains("more than 1000 decisions"));
    let itself = r##"<businessKnowledgeModel id="f-f" name="f"><variable name="f"/><encapsulatedLogic><formalParameter name="n"/>
        <literalExpression><text>f(n)</text></literalExpression></encapsulatedLogic>
        <knowledgeRequirement id="k"><requiredKnowledge href="#f-f"/></knowledgeRequirement></businessKnowledgeModel>"##;
    let xml = file(&(itself.to_owned() + &*decision("D", "#f-f", &text("f(1)"))));
    assert!(refused(&xml).contains("f → f"));
    let begin = xml.find("<knowledgeRequirement id=\"k\"").unwrap();
    let end = begin + xml[begin..].find("</knowledgeRequirement>").unwrap() + "</knowledgeRequirement>".len();
    let silent = xml[..begin].to_owned() + &xml[end..];
    assert!(refused(&silent).contains("it uses `f` without"), "{silent}");
    let wandering =
        file(&(decision("F", "", &text("function(n) F(n)")) + &*decision("D", "#F", &text("F(1)"))));
    assert!(refused(&wandering).contains("a function can be"));
}
