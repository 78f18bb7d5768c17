//! Cases about what is computed, or loaded, before a signature is known to be right. Those that an identity provider can
//! sign are signed.

use super::{
    SignatureDraft,
    cases::{Family, Made, World},
    edits::{after, before, content, element, swap},
};
use crate::saml::checks::Check;

const ENVELOPED: &str =
    r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"#;
const EXCLUSIVE: &str = r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#;
const REFERENCE: &str = r##"URI="#_assertion-0123456789abcdef""##;

/// Adds them.
pub(super) fn add(family: &mut Family) {
    stylesheets(family);
    paths(family);
    references(family);
    orders(family);
    void(family);
}

/// Mallory's response with other transforms in its signature, which is not computed again: what a stranger can post.
fn posted(world: &World, transforms: &str) -> Made {
    let valid = world.valid()?;
    swap(&valid, content(&valid, "ds:Transforms")?, transforms)
}

/// A response that the identity provider signed with these transforms.
fn signed(world: &World, transforms: &str) -> Made {
    let draft = world.alice();
    let signature = SignatureDraft { transforms: transforms.to_owned(), ..SignatureDraft::default() };
    Ok(draft.response("", &world.idp.assertion(&draft, &signature)?))
}

fn stylesheet(template: &str) -> String {
    format!(
        r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">{template}</xsl:stylesheet></ds:Transform>"#
    )
}

fn stylesheets(family: &mut Family) {
    const TEMPLATES: [(&str, &str); 6] = [
        (
            "2^26 calls",
            r#"<xsl:template match="/"><xsl:call-template name="a"><xsl:with-param name="n" select="26"/></xsl:call-template></xsl:template><xsl:template name="a"><xsl:param name="n"/><xsl:if test="$n &gt; 0"><xsl:call-template name="a"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template><xsl:call-template name="a"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></xsl:if></xsl:template>"#,
        ),
        (
            "a text that doubles 40 times",
            r#"<xsl:template match="/"><xsl:call-template name="a"><xsl:with-param name="n" select="40"/><xsl:with-param name="t" select="'aaaaaaaa'"/></xsl:call-template></xsl:template><xsl:template name="a"><xsl:param name="n"/><xsl:param name="t"/><xsl:if test="$n &gt; 0"><xsl:call-template name="a"><xsl:with-param name="n" select="$n - 1"/><xsl:with-param name="t" select="concat($t,$t)"/></xsl:call-template></xsl:if><xsl:value-of select="$t"/></xsl:template>"#,
        ),
        (
            "document() of a URL",
            r#"<xsl:template match="/"><xsl:copy-of select="document('CANARY')"/></xsl:template>"#,
        ),
        (
            "document() of a file",
            r#"<xsl:template match="/"><xsl:copy-of select="document('file:///etc/passwd')"/></xsl:template>"#,
        ),
        ("an include of a URL", r#"<xsl:include href="CANARY"/>"#),
        ("an import of a URL", r#"<xsl:import href="CANARY"/>"#),
    ];
    for (name, template) in TEMPLATES {
        family.add(&format!("XSLT with {name}"), Check::SignatureForm, move |world| {
            let template = template.replace("CANARY", &world.canary_url());
            posted(world, &format!("{ENVELOPED}{}", stylesheet(&template)))
        });
    }
    family.add("XSLT to a constant, signed", Check::SignatureForm, |world| {
        let constant = stylesheet(r#"<xsl:template match="/"><constant/></xsl:template>"#);
        signed(world, &format!("{ENVELOPED}{EXCLUSIVE}{constant}"))
            .or_else(|_| posted(world, &format!("{ENVELOPED}{EXCLUSIVE}{constant}")))
    });
}

fn paths(family: &mut Family) {
    const XPATH: &str = r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>EXPRESSION</ds:XPath></ds:Transform>"#;
    const XPATH2: &str = r#"<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"><f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">EXPRESSION</f:XPath></ds:Transform>"#;
    family
        .add("XPath that takes long", Check::SignatureForm, |world| {
            let long = "count(//*[count(//*[count(//*[count(//@*) &gt; 0]) &gt; 0]) &gt; 0]) &gt; 0";
            posted(world, &format!("{ENVELOPED}{}", XPATH.replace("EXPRESSION", long)))
        })
        .add("XPath that leaves attributes out, signed", Check::SignatureForm, |world| {
            let filter =
                XPATH.replace("EXPRESSION", "not(ancestor-or-self::*[local-name()='AttributeStatement'])");
            signed(world, &format!("{ENVELOPED}{filter}{EXCLUSIVE}"))
        })
        .add("XPath filter 2 that leaves attributes out, signed", Check::SignatureForm, |world| {
            let filter = XPATH2.replace("EXPRESSION", "//*[local-name()='AttributeStatement']");
            signed(world, &format!("{ENVELOPED}{filter}{EXCLUSIVE}"))
        })
        .add("XPath that selects nothing", Check::SignatureForm, |world| {
            posted(world, &format!("{ENVELOPED}{}{EXCLUSIVE}", XPATH.replace("EXPRESSION", "false()")))
        });
    for (name, algorithm) in [
        ("base64", "http://www.w3.org/2000/09/xmldsig#base64"),
        ("decryption", "http://www.w3.org/2002/07/decrypt#XML"),
        ("XPointer", "http://www.w3.org/2001/04/xmldsig-more/xptr"),
        ("relationships of packages", "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"),
        ("an unknown one", "urn:example"),
        ("none", ""),
    ] {
        family.add(&format!("the transform {name}"), Check::SignatureForm, move |world| {
            posted(world, &format!(r#"{ENVELOPED}<ds:Transform Algorithm="{algorithm}"/>"#))
        });
    }
}

/// References to something else: loaded by xmlsec before it looks at SignatureValue.
fn references(family: &mut Family) {
    const URIS: [(&str, &str); 13] = [
        ("a URL", "CANARY"),
        ("an FTP URL", "ftp://HOST/canary"),
        ("a URL without a scheme", "//HOST/canary"),
        ("a URL with the fragment behind", "CANARY#_assertion-0123456789abcdef"),
        ("a file", "file:///etc/passwd"),
        ("a file without an end", "file:///dev/zero"),
        ("a relative path", "canary.xml"),
        ("an absolute path", "/dev/zero"),
        ("the root by XPointer", "#xpointer(/)"),
        ("the ID by XPointer", "#xpointer(id('_assertion-0123456789abcdef'))"),
        ("everything by XPointer", "#xpointer(//.)"),
        ("the response", "#_response-0123456789abcdef"),
        ("nothing that is there", "#_nothing-0123456789"),
    ];
    for (name, uri) in URIS {
        family.add(&format!("a reference to {name}"), Check::SignatureForm, move |world| {
            let uri = uri.replace("CANARY", &world.canary_url()).replace("HOST", &world.canary);
            swap(&world.valid()?, REFERENCE, &format!(r#"URI="{uri}""#))
        });
    }
    family
        .add("a reference to the whole document, signed", Check::SignatureForm, |world| {
            let draft = world.alice();
            let template = SignatureDraft::default().template(&draft.assertion_id);
            let template = swap(&template, REFERENCE, r#"URI="""#)?;
            world.idp.keys.sign(&draft.response("", &draft.assertion(&template)))
        })
        .add("a reference without a URI", Check::SignatureForm, |world| {
            swap(&world.valid()?, &format!(" {REFERENCE}"), "")
        })
        .add("a second reference to a URL", Check::SignatureForm, |world| {
            let valid = world.valid()?;
            let second = element(&valid, "ds:Reference")?;
            let second = swap(second, REFERENCE, &format!(r#"URI="{}""#, world.canary_url()))?;
            after(&valid, "</ds:Reference>", &second)
        })
        .add("a reference of the type Manifest", Check::SignatureForm, |world| {
            let manifest = format!(r#"{REFERENCE} Type="http://www.w3.org/2000/09/xmldsig#Manifest""#);
            swap(&world.valid()?, REFERENCE, &manifest)
        })
        .add("a Manifest with a reference to a URL", Check::SignatureForm, |world| {
            let valid = world.valid()?;
            let inner = element(&valid, "ds:Reference")?;
            let inner = swap(inner, REFERENCE, &format!(r#"URI="{}""#, world.canary_url()))?;
            let manifest = format!(r#"<ds:Object><ds:Manifest>{inner}</ds:Manifest></ds:Object>"#);
            before(&valid, "</ds:Signature>", &manifest)
        })
        .add("500 references to a URL", Check::SignatureForm, |world| {
            let reference = format!(r#"<ds:Reference URI="{}"/>"#, world.canary_url());
            after(&world.valid()?, "</ds:Reference>", &reference.repeat(500))
        })
        .add("5,000 references", Check::MarkupSize, |world| {
            after(&world.valid()?, "</ds:Reference>", &r#"<ds:Reference URI=""/>"#.repeat(5_000))
        });
}

/// Exclusive canonicalisation with a list of prefixes.
fn listed(prefixes: &str) -> String {
    format!(
        r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/></ds:Transform>"#
    )
}

/// The known transforms, otherwise than they belong.
fn orders(family: &mut Family) {
    const ORDERS: [(&str, &[&str]); 5] = [
        ("canonicalisation in front", &[EXCLUSIVE, ENVELOPED]),
        ("enveloped-signature twice", &[ENVELOPED, ENVELOPED]),
        ("canonicalisation twice", &[ENVELOPED, EXCLUSIVE, EXCLUSIVE]),
        ("canonicalisation alone", &[EXCLUSIVE]),
        ("none", &[]),
    ];
    for (name, order) in ORDERS {
        family.add(&format!("transforms: {name}"), Check::SignatureForm, move |world| {
            let transforms = order.concat();
            signed(world, &transforms).or_else(|_| posted(world, &transforms))
        });
    }
    for (name, uri) in [
        ("inclusive", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        ("with comments", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
    ] {
        family.add(
            &format!("transforms: canonicalisation {name}, signed"),
            Check::SignatureForm,
            move |world| signed(world, &format!(r#"{ENVELOPED}<ds:Transform Algorithm="{uri}"/>"#)),
        );
    }
    family
        .add("2,000 transforms", Check::SignatureForm, |world| {
            posted(world, &format!("{ENVELOPED}{}", EXCLUSIVE.repeat(2_000)))
        })
        .add("InclusiveNamespaces with something in it", Check::SignatureForm, |world| {
            let list = r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="saml"><ec:x/></ec:InclusiveNamespaces></ds:Transform>"#;
            posted(world, &format!("{ENVELOPED}{list}"))
        })
        .add("InclusiveNamespaces with 1,900 prefixes", Check::SignatureForm, |world| {
            let prefixes: Vec<String> = (0..1_900).map(|at| format!("a{}", at % 10)).collect();
            posted(world, &format!("{ENVELOPED}{}", listed(&prefixes.join(" "))))
        })
        .add("InclusiveNamespaces with 17 prefixes, signed", Check::SignatureForm, |world| {
            signed(world, &format!("{ENVELOPED}{}", listed(&["saml"; 17].join(" "))))
        })
        .add("Transforms missing", Check::SignatureForm, |world| {
            let valid = world.valid()?;
            swap(&valid, element(&valid, "ds:Transforms")?, "")
        })
        .add("a transform with a parameter", Check::SignatureForm, |world| {
            let parameter = ENVELOPED.replace("/>", "><ds:XPath>1</ds:XPath></ds:Transform>");
            posted(world, &format!("{parameter}{EXCLUSIVE}"))
        });
}

/// Canonicalisation that fails and leaves nothing (CVE-2025-66568): libxml2 refuses relative namespaces.
fn void(family: &mut Family) {
    const EMPTY_SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    family
        .add("a relative namespace in the assertion, the digest of nothing", Check::WellFormed, |world| {
            let valid = world.valid()?;
            let valid = swap(&valid, content(&valid, "ds:DigestValue")?, EMPTY_SHA256)?;
            swap(&valid, "<saml:Conditions ", r#"<saml:Conditions xmlns:r="relative" "#)
        })
        .add("a relative namespace in SignedInfo", Check::WellFormed, |world| {
            swap(&world.valid()?, "<ds:SignedInfo>", r#"<ds:SignedInfo xmlns:r="relative">"#)
        })
        .add("the digest of nothing", Check::SignatureValid, |world| {
            let valid = world.valid()?;
            swap(&valid, content(&valid, "ds:DigestValue")?, EMPTY_SHA256)
        })
        .add("a signature over nothing", Check::SignatureValid, |world| {
            let valid = world.valid()?;
            // The identity provider's own, of a document that was empty to it.
            let value = world.idp.keys.sign_bytes(b"")?;
            swap(&valid, content(&valid, "ds:SignatureValue")?, &value)
        });
}
