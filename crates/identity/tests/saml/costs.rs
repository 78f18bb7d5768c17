//! What the dearest responses cost that the look lets through: anybody can post them, without a signature that fits.

use identity::saml::{
    checks::Check,
    testing::{
        SignatureDraft,
        cases::{Case, Demands, World},
        field,
    },
};

use crate::{
    gauges::{self, MEMORY_MAX, TIME_MAX},
    world::bench,
};

/// A response of the most that is taken, with a signature of a stranger.
fn dear(world: &World, signature: &SignatureDraft, advice: &str) -> String {
    let mut draft = world.alice();
    draft.conditions = format!("<saml:Advice>{advice}</saml:Advice>{}", draft.conditions);
    let assertion = draft.assertion(&signature.template(&draft.assertion_id));
    draft.response("", &world.stranger.keys.sign(&assertion).unwrap())
}

fn nested(levels: usize, declarations: impl Fn(usize) -> String, inner: &str) -> String {
    let open: String = (0..levels).map(|level| format!("<a{}>", declarations(level))).collect();
    format!("{open}{inner}{}", "</a>".repeat(levels))
}

#[test]
fn the_dearest_that_pass_the_look_are_cheap() {
    let bench = bench();
    let world = &bench.world;
    let usual = SignatureDraft::default();
    let listed = |prefixes: &str| {
        let list = format!(
            r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/></ds:Transform>"#
        );
        let transforms =
            usual.transforms.replace(r#"xml-exc-c14n#"/>"#, &format!(r#"xml-exc-c14n#">{list}"#));
        SignatureDraft { transforms, ..usual.clone() }
    };
    let namespaces = |level: usize| -> String {
        (0..24).map(|at| format!(" xmlns:n{level}x{at}=\"u:{level}\"")).collect()
    };
    let attributes = |_| -> String { (0..24).map(|at| format!(" a{at}=\"\"")).collect() };
    let many = "<b/>".repeat(4_900);
    let prefixes = |level: usize| -> String { (0..16).map(|at| format!("n{level}x{at} ")).collect() };
    let cases = [
        ("elements", usual.clone(), nested(20, |_| String::new(), &many)),
        ("namespaces", usual.clone(), nested(20, namespaces, &many)),
        ("attributes", usual.clone(), format!("<b{}/>", attributes(0)).repeat(1_000)),
        ("text", usual.clone(), "a".repeat(220_000)),
        ("prefixes from the root", listed(&prefixes(0)), nested(20, namespaces, &many)),
        ("prefixes that are nowhere", listed(&prefixes(99)), nested(20, namespaces, &many)),
    ];
    let case = Case::control("dear", Demands::USUAL, |_| Ok(String::new()));
    let fields = cases.map(|(name, signature, advice)| (name, dear(world, &signature, &advice)));
    let signed = world.valid().unwrap();
    let in_references = |what: &str| signed.replace("guests", &what.repeat(220_000 / what.len()));
    let more = [("references", in_references("&#97;")), ("references to entities", in_references("&lt;"))];
    for (name, xml) in fields.into_iter().chain(more) {
        let field = field(&xml);
        let (report, cost) = gauges::measure(|| bench.judge_field(&field, &case));
        println!("{name}: {} characters, {:?}, {} kB", field.len(), cost.time, cost.memory >> 10);
        assert_eq!(report.outcome.unwrap_err().check, Check::SignatureValid, "{name}");
        assert!(cost.time < TIME_MAX && cost.memory < MEMORY_MAX, "{name}: {cost:?}");
    }
}
