//! The form of an identity provider's settings as texts: what stands in it at first, and what was sent. Draws nothing.

use std::collections::BTreeMap;

use control::identity_providers::Change;
use domain::{
    errors::Error,
    identity_providers::{ProviderProtocol, ProviderSettings, SamlSettings},
    ids::DomainId,
    views::ProviderView,
};

use super::{
    client_inputs,
    people_inputs::{People, put_people},
};
use crate::context::Posted;

/// Values of the form by their names.
pub(super) type Values = BTreeMap<String, String>;

/// What stands in the form of an identity provider.
pub(super) fn values(view: &ProviderView) -> Values {
    let domains = view.row.domains.iter().map(|domain| domain.domain_id).collect::<Vec<_>>();
    let mut values = match &view.settings {
        ProviderSettings::Saml(settings) => of_settings(settings),
        ProviderSettings::Oidc(settings) => client_inputs::of_settings(settings),
    };
    put_people(&mut values, &view.settings);
    values.insert("name".into(), view.row.name.clone());
    put_domains(&mut values, &domains);
    values
}

fn put_domains(values: &mut Values, domains: &[DomainId]) {
    let domains: Vec<String> = domains.iter().map(ToString::to_string).collect();
    if !domains.is_empty() {
        values.insert("domains[]".into(), domains.join("\n"));
    }
}

/// The same of settings alone, without what both protocols have.
fn of_settings(settings: &SamlSettings) -> Values {
    let mut values: Values = [
        ("entity_id", settings.entity_id.clone()),
        ("sso_url", settings.sso_url.clone()),
        ("sso_binding", settings.sso_binding.to_string()),
        ("slo_url", settings.slo_url.clone()),
        ("metadata_url", settings.metadata_url.clone()),
        ("certificate", settings.certificates.first().cloned().unwrap_or_default()),
        ("next_certificate", settings.certificates.get(1).cloned().unwrap_or_default()),
        ("signature_algorithm", settings.signature_algorithm.clone()),
        ("context_class", settings.context_class.clone()),
        ("name_id_format", settings.name_id_format.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for (name, is_on) in switches(settings) {
        if is_on {
            values.insert(name.into(), "true".into());
        }
    }
    values
}

const fn switches(settings: &SamlSettings) -> [(&'static str, bool); 6] {
    [
        ("assertion_signed", settings.assertion_signed),
        ("response_signed", settings.response_signed),
        ("encrypted", settings.encrypted),
        ("requests_signed", settings.requests_signed),
        ("is_forced", settings.is_forced),
        ("idp_initiated", settings.idp_initiated),
    ]
}

/// What the form asks for.
pub(super) fn change(sent: &Posted, before: &ProviderView) -> Result<Change, Error> {
    let domains = sent.values("domains[]");
    let domains = domains.iter().map(|id| id.parse()).collect::<Result<_, _>>();
    Ok(Change {
        name: sent.value("name"),
        settings: match &before.settings {
            ProviderSettings::Saml(_) => settings(sent)?.into(),
            ProviderSettings::Oidc(_) => client_inputs::settings(sent)?.into(),
        },
        secret: match before.row.protocol {
            ProviderProtocol::Saml => None,
            ProviderProtocol::Oidc => client_inputs::secret(sent),
        },
        domains: domains.map_err(|_| Error::invalid("domains", "Choose domains of this organization."))?,
    })
}

/// The settings that the form asks for.
pub(super) fn settings(sent: &Posted) -> Result<SamlSettings, Error> {
    let is_on = |name: &str| sent.value(name) == "true";
    let choice = |field: &str| Error::invalid(field, "Choose one of the list.");
    let certificates = [sent.value("certificate"), sent.value("next_certificate")];
    let People { preset, second_factor, mapping, creates_members, groups, group_id, session_seconds } =
        People::read(sent)?;
    Ok(SamlSettings {
        preset,
        entity_id: sent.value("entity_id"),
        sso_url: sent.value("sso_url"),
        sso_binding: sent.value("sso_binding").parse().map_err(|_| choice("sso_binding"))?,
        slo_url: sent.value("slo_url"),
        certificates: certificates.into_iter().filter(|text| !text.trim().is_empty()).collect(),
        metadata_url: sent.value("metadata_url"),
        assertion_signed: is_on("assertion_signed"),
        response_signed: is_on("response_signed"),
        encrypted: is_on("encrypted"),
        requests_signed: is_on("requests_signed"),
        signature_algorithm: sent.value("signature_algorithm"),
        context_class: sent.value("context_class"),
        name_id_format: sent.value("name_id_format"),
        is_forced: is_on("is_forced"),
        idp_initiated: is_on("idp_initiated"),
        second_factor,
        mapping,
        creates_members,
        groups,
        group_id,
        session_seconds,
    })
}

/// What was sent, with these in the place of what it had of the same names.
pub(super) fn with(sent: &Posted, instead: Values) -> Values {
    let mut values = sent.joined();
    // What is never shown again.
    values.remove(client_inputs::SECRET);
    values.extend(instead);
    values
}

/// What was sent, with what metadata put into the settings.
pub(super) fn imported(sent: &Posted, settings: &SamlSettings) -> Values {
    const READ: [&str; 7] = [
        "entity_id",
        "sso_url",
        "sso_binding",
        "slo_url",
        "certificate",
        "next_certificate",
        "requests_signed",
    ];
    let read = of_settings(settings).into_iter().filter(|(name, _)| READ.contains(&name.as_str())).collect();
    let mut values = with(sent, read);
    for spent in ["metadata", "metadata_file", "metadata_entity_id"] {
        values.remove(spent);
    }
    values
}

#[cfg(test)]
pub(super) mod tests {
    use domain::{
        identity_providers::{
            Binding, MappedGroup, OidcSettings, Preset, ProviderState, SecondFactorRule, TokenAuth,
        },
        timestamps::Timestamp,
        views::{LinkedDomain, OidcAddresses, ProviderAddresses, ProviderRow, SamlAddresses},
    };

    use super::{
        super::people_inputs::{group_id, group_value},
        *,
    };

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    pub(in crate::identity_providers) fn view() -> ProviderView {
        let settings = SamlSettings {
            preset: Preset::Okta,
            entity_id: "https://idp.example".into(),
            sso_url: "https://idp.example/sso".into(),
            sso_binding: Binding::Post,
            slo_url: "https://idp.example/slo".into(),
            certificates: vec!["first".into(), "second\nline".into()],
            metadata_url: "https://idp.example/metadata".into(),
            assertion_signed: false,
            response_signed: true,
            encrypted: true,
            requests_signed: false,
            signature_algorithm: "rsa-sha512".into(),
            context_class: "https://refeds.org/profile/mfa".into(),
            name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".into(),
            is_forced: true,
            idp_initiated: true,
            second_factor: SecondFactorRule::Always,
            mapping: Preset::EntraId.mapping(),
            creates_members: false,
            groups: vec![MappedGroup { value: "staff".into(), group_id: ID.parse().unwrap() }],
            group_id: Some(ID.parse().unwrap()),
            session_seconds: Some(3_601),
        };
        ProviderView {
            row: ProviderRow {
                id: ID.parse().unwrap(),
                organization_id: ID.parse().unwrap(),
                name: "Acme".into(),
                protocol: ProviderProtocol::Saml,
                preset: Preset::Okta,
                state: ProviderState::Draft,
                people: 2,
                domains: vec![LinkedDomain {
                    domain_id: ID.parse().unwrap(),
                    domain_name: "acme.example".into(),
                    is_verified: true,
                }],
                tested_at: None,
                passed_at: None,
                last_test_passed: false,
                certificate_ends_at: Some(Timestamp::from_micros(0)),
                certificate_days_left: Some(12),
                missing: Vec::new(),
                generation: 3,
            },
            settings: settings.into(),
            has_secret: false,
            certificates: Vec::new(),
            keys: Vec::new(),
            addresses: ProviderAddresses::Saml(SamlAddresses {
                metadata: "https://console.example/metadata".into(),
                acs: "https://console.example/acs".into(),
                slo: "https://console.example/slo".into(),
                start: "https://console.example/start".into(),
            }),
            pushes_by_scim: false,
            last_test: None,
            metadata: None,
        }
    }

    pub(in crate::identity_providers) fn client_view() -> ProviderView {
        let settings = OidcSettings {
            preset: Preset::Keycloak,
            issuer: "https://op.example/realms/acme".into(),
            client_id: "redoubt".into(),
            token_auth: TokenAuth::Post,
            scopes: vec!["openid".into(), "email".into()],
            algorithms: vec!["ES256".into()],
            acr_values: vec!["phr".into(), "phrh".into()],
            is_forced: true,
            uses_userinfo: true,
            requires_verified_email: false,
            second_factor: SecondFactorRule::Never,
            mapping: Preset::Keycloak.claims(),
            creates_members: false,
            groups: vec![MappedGroup { value: "staff".into(), group_id: ID.parse().unwrap() }],
            group_id: Some(ID.parse().unwrap()),
            session_seconds: Some(3_600),
        };
        let view = view();
        ProviderView {
            row: ProviderRow {
                protocol: ProviderProtocol::Oidc,
                preset: Preset::Keycloak,
                certificate_ends_at: None,
                certificate_days_left: None,
                ..view.row
            },
            settings: settings.into(),
            has_secret: true,
            addresses: ProviderAddresses::Oidc(OidcAddresses {
                callback: "https://console.example/callback".into(),
                backchannel_logout: "https://console.example/backchannel-logout".into(),
                post_logout: "https://console.example/signed-out".into(),
                start: "https://console.example/start".into(),
            }),
            ..view
        }
    }

    fn posted(values: Values) -> Posted {
        Posted(values.into_iter().collect())
    }

    #[test]
    fn what_stands_in_the_form_is_what_is_read_from_it() {
        for view in [view(), client_view()] {
            let change = change(&posted(values(&view)), &view).unwrap();
            assert_eq!(change.settings, view.settings);
            assert_eq!((change.name.as_str(), change.domains), ("Acme", vec![ID.parse().unwrap()]));
            assert!(change.secret.is_none());
        }
    }

    #[test]
    fn a_secret_is_read_where_one_is_known() {
        let sent = |view: &ProviderView| {
            let mut values = values(view);
            values.insert(client_inputs::SECRET.into(), " s3cret ".into());
            change(&posted(values), view).unwrap().secret
        };
        assert_eq!(sent(&client_view()).map(|secret| secret.expose().to_owned()).as_deref(), Some("s3cret"));
        assert!(sent(&view()).is_none());
    }

    #[test]
    fn a_row_of_groups_needs_both_or_nothing() {
        let view = view();
        let mut values = values(&view);
        values.insert(group_value(1), "admins".into());
        let error = change(&posted(values.clone()), &view).err().unwrap();
        assert!(error.field() == Some("group_1") && error.to_string().contains("admins"), "{error}");
        values.insert(group_id(1), ID.into());
        assert_eq!(change(&posted(values.clone()), &view).unwrap().settings.groups().len(), 2);
        values.insert(group_value(1), " ".into());
        assert_eq!(change(&posted(values), &view).err().unwrap().field(), Some("value_1"));
    }

    #[test]
    fn metadata_fills_its_fields_and_no_others() {
        let view = view();
        let sent = with(
            &posted(values(&view)),
            [("name".into(), "Typed".into()), ("metadata".into(), "<xml>".into())].into(),
        );
        let read = SamlSettings {
            entity_id: "https://other.example".into(),
            certificates: vec!["new".into()],
            ..SamlSettings::default()
        };
        let values = imported(&posted(sent), &read);
        assert_eq!(
            (values["entity_id"].as_str(), values["certificate"].as_str()),
            ("https://other.example", "new")
        );
        assert_eq!((values["next_certificate"].as_str(), values["name"].as_str()), ("", "Typed"));
        assert_eq!(values["mapping.email"], view.settings.mapping().email);
        assert!(!values.contains_key("metadata"));
    }
}
