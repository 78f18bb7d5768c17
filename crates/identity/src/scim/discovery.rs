//! What a server says of itself (RFC 7643 sections 5 to 7): what it can do, which resources it has, and what they look like.

use serde_json::{Value, json};

use super::{
    queries::COUNT_MAX,
    schemas::{Attribute, ENTERPRISE, ENTERPRISE_ATTRIBUTES, Kind, Type},
};

/// The schema of [`service_provider_config`].
pub const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// What the server can do. `base` is the address that all others begin with.
#[must_use]
pub fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": COUNT_MAX },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Token",
            "description": "A token of this identity provider, in the header Authorization: Bearer TOKEN.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// The kinds of resources.
#[must_use]
pub fn resource_types(base: &str) -> Vec<Value> {
    let draw = |kind: Kind| {
        let extensions: Vec<Value> = kind
            .extension()
            .map(|(schema, _)| json!({ "schema": schema, "required": false }))
            .into_iter()
            .collect();
        let mut drawn = json!({
            "schemas": [RESOURCE_TYPE],
            "id": kind.name(),
            "name": kind.name(),
            "endpoint": kind.endpoint(),
            "description": match kind {
                Kind::User => "People of the organization",
                Kind::Group => "Groups of the organization",
            },
            "schema": kind.schema(),
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base}/ResourceTypes/{}", kind.name()),
            },
        });
        if !extensions.is_empty() {
            drawn["schemaExtensions"] = extensions.into();
        }
        drawn
    };
    Kind::ALL.into_iter().map(draw).collect()
}

/// The schemas of all resources, those of this module among them.
#[must_use]
pub fn schemas(base: &str) -> Vec<Value> {
    let draw = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    };
    let all = |attributes: &[Attribute]| attributes.iter().map(attribute).collect::<Vec<_>>();
    vec![
        draw(Kind::User.schema(), "User", "A person of the organization", all(Kind::User.attributes())),
        draw(ENTERPRISE, "EnterpriseUser", "What a company knows of a person", all(ENTERPRISE_ATTRIBUTES)),
        draw(Kind::Group.schema(), "Group", "A group of the organization", all(Kind::Group.attributes())),
        draw(CONFIG, "ServiceProviderConfig", "What this server can do", config_attributes()),
        draw(RESOURCE_TYPE, "ResourceType", "A kind of resource", resource_type_attributes()),
        draw(SCHEMA, "Schema", "What resources look like", schema_attributes()),
    ]
}

fn attribute(attribute: &Attribute) -> Value {
    let mut drawn = json!({
        "name": attribute.name,
        "type": match attribute.kind {
            Type::Text => "string",
            Type::Boolean => "boolean",
            Type::Instant => "dateTime",
            Type::Reference => "reference",
            Type::Complex => "complex",
        },
        "multiValued": attribute.is_list,
        "description": attribute.description,
        "required": attribute.is_required,
        "caseExact": attribute.is_exact,
        "mutability": if attribute.is_read_only { "readOnly" } else { "readWrite" },
        "returned": "default",
        "uniqueness": if attribute.is_unique { "server" } else { "none" },
    });
    if attribute.kind == Type::Reference {
        drawn["referenceTypes"] = json!(["User"]);
    }
    if !attribute.values.is_empty() {
        drawn["canonicalValues"] = json!(attribute.values);
    }
    if !attribute.parts.is_empty() {
        drawn["subAttributes"] = attribute.parts.iter().map(self::attribute).collect();
    }
    drawn
}

/// An attribute that only the server sets.
fn fixed(name: &str, kind: &str, is_list: bool, parts: Vec<Value>) -> Value {
    let mut drawn = json!({
        "name": name,
        "type": kind,
        "multiValued": is_list,
        "description": format!("{name}, as RFC 7643 has it."),
        "required": false,
        "caseExact": true,
        "mutability": "readOnly",
        "returned": "default",
        "uniqueness": "none",
    });
    if kind == "reference" {
        drawn["referenceTypes"] = json!(["uri"]);
    }
    if !parts.is_empty() {
        drawn["subAttributes"] = parts.into();
    }
    drawn
}

fn plain(name: &str, kind: &str) -> Value {
    fixed(name, kind, false, Vec::new())
}

fn config_attributes() -> Vec<Value> {
    let feature = |name: &str, more: &[&str]| {
        let more = more.iter().map(|name| plain(name, "integer"));
        fixed(name, "complex", false, std::iter::once(plain("supported", "boolean")).chain(more).collect())
    };
    let schemes = [
        plain("type", "string"),
        plain("name", "string"),
        plain("description", "string"),
        plain("specUri", "reference"),
        plain("documentationUri", "reference"),
        plain("primary", "boolean"),
    ];
    vec![
        plain("documentationUri", "reference"),
        feature("patch", &[]),
        feature("bulk", &["maxOperations", "maxPayloadSize"]),
        feature("filter", &["maxResults"]),
        feature("changePassword", &[]),
        feature("sort", &[]),
        feature("etag", &[]),
        fixed("authenticationSchemes", "complex", true, schemes.into()),
    ]
}

fn resource_type_attributes() -> Vec<Value> {
    let extension = vec![plain("schema", "reference"), plain("required", "boolean")];
    vec![
        plain("name", "string"),
        plain("description", "string"),
        plain("endpoint", "reference"),
        plain("schema", "reference"),
        fixed("schemaExtensions", "complex", true, extension),
    ]
}

fn schema_attributes() -> Vec<Value> {
    let of_attributes = || {
        vec![
            plain("name", "string"),
            plain("type", "string"),
            plain("multiValued", "boolean"),
            plain("description", "string"),
            plain("required", "boolean"),
            fixed("canonicalValues", "string", true, Vec::new()),
            plain("caseExact", "boolean"),
            plain("mutability", "string"),
            plain("returned", "string"),
            plain("uniqueness", "string"),
            fixed("referenceTypes", "string", true, Vec::new()),
        ]
    };
    let mut parts = of_attributes();
    parts.push(fixed("subAttributes", "complex", true, of_attributes()));
    vec![plain("name", "string"), plain("description", "string"), fixed("attributes", "complex", true, parts)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_a_resource_has_is_described() {
        let ids: Vec<String> =
            schemas("https://x").iter().map(|schema| schema["id"].as_str().unwrap().to_owned()).collect();
        for kind in resource_types("https://x") {
            assert!(ids.contains(&kind["schema"].as_str().unwrap().to_owned()));
            for extension in kind["schemaExtensions"].as_array().into_iter().flatten() {
                assert!(ids.contains(&extension["schema"].as_str().unwrap().to_owned()));
            }
        }
        assert_eq!(service_provider_config("https://x")["filter"]["maxResults"], COUNT_MAX);
    }
}
