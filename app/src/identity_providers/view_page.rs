//! `/organizations/{organization}/identity-providers/{provider}`: an identity provider, step by step; and what begins its test.

use domain::{
    actions::Action,
    errors::Error,
    identity_providers::{ProviderProtocol, ProviderSettings, ProviderState, SamlSettings},
    ids::{IdentityProviderId, OrganizationId},
    views::ProviderView,
};
use leptos::prelude::*;
use leptos_router::{hooks::use_params_map, params::ParamsMap};
use serde_json::json;

use super::{
    client_inputs::{self, SECRET},
    form::{self, FORM},
    inputs, our_side,
    people_inputs::{self, ROW_COUNT, ROWS},
    scim_page, states, test_report,
    title::{Note, title},
};
use crate::{
    components::{
        api_call::ApiCalls,
        form::FormState,
        frame::{Frame, Section, Viewer},
        gone::Gone,
        page::page_of,
    },
    context::{LeftOut, Posted, WhyLeftOut, answer, control, done, go, left_out, posted, set_status},
    errors::AppError,
    links,
    organizations::asked,
    single_sign_on::leave,
};

/// What a button of the form does besides saving.
const IMPORT: &str = "import";
const PRESET: &str = "preset";
const MORE_ROWS: &str = "rows";

/// An identity provider.
#[component]
pub(crate) fn IdentityProviderPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(gone(&params), async move {
        let viewer = Viewer::load().await?;
        let (organization, id) = named(&params)?;
        viewer.require(organization, Action::ListIdentityProviders)?;
        let ctx = control()?;
        let view = answer(control::identity_providers::view(&ctx, organization, id).await)?;
        let mut note = None;
        let form = match posted() {
            None => come_back(&view),
            Some(sent) => match change(&view, &sent).await? {
                Step::Saved => {
                    let path = links::identity_provider(&organization.to_string(), &id.to_string());
                    done(&path, "The identity provider is saved.");
                    return Ok(().into_any());
                }
                Step::Shown(form, why) => {
                    note = why;
                    form
                }
            },
        };
        let form = if form.is_filled() { form } else { FormState::filled(FORM, inputs::values(&view)) };
        let choices = answer(control::identity_providers::choices(&ctx, organization).await)?;
        let goes = answer(control::identity_providers::preview_remove(&ctx, organization, id).await)?;
        let may_trust = viewer.may(organization, Action::TrustIdentityProvider);
        let may_edit = may_trust || view.row.state == ProviderState::Draft && !view.pushes_by_scim;
        let is_saml = view.row.protocol == ProviderProtocol::Saml;
        let may_list_domains = viewer.may(organization, Action::ListDomains);
        let body = view! {
            {title(&view, note, may_edit)} {our_side::draw(&view)}
            {form::draw(&view, &choices, &form, may_edit, may_list_domains)} {test_report::draw(&view)}
            {states::draw(&view, &goes, may_trust)} {is_saml.then(|| our_side::keys(&view, may_edit))}
            {scim_page::section(&view)}
            {states::removal(&view, &goes, may_edit)}
        };
        let body = view! { <div class="stack provider">{body}</div> };
        Ok(frame(&view).calls(calls(&view)).view(viewer, body.into_any()))
    })
}

/// Begins a test of an identity provider, and leads there.
#[component]
pub(crate) fn TestProviderPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(gone(&params), async move {
        let (organization, id) = named(&params)?;
        match answer(control::single_sign_on::begin_test(&control()?, organization, id).await)? {
            Some(begun) => Ok(leave(begun)),
            // It ended at once: its report says why.
            None => {
                go(&links::identity_provider(&organization.to_string(), &id.to_string()));
                Ok(().into_any())
            }
        }
    })
}

/// The ids in the address.
pub(super) fn named(params: &ParamsMap) -> Result<(OrganizationId, IdentityProviderId), Error> {
    let id = params.get("provider").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    Ok((asked(params)?, id))
}

/// What is said where there is no such identity provider.
pub(super) fn gone(params: &ParamsMap) -> Option<Gone> {
    let id = asked(params).ok()?;
    Some(Gone {
        organization: Some(id),
        said: "There is no such identity provider. If there was one, somebody has removed it already.",
        label: "Back to the identity providers",
        list: Box::new(move |_| links::identity_providers(&id.to_string())),
    })
}

pub(super) fn frame(view: &ProviderView) -> Frame {
    let organization = view.row.organization_id.to_string();
    Frame::in_organization(view.row.organization_id, Section::IdentityProviders, view.row.name.clone())
        .step("Identity providers", links::identity_providers(&organization))
        .step(view.row.name.clone(), links::identity_provider(&organization, &view.row.id.to_string()))
}

fn calls(view: &ProviderView) -> ApiCalls {
    let path = format!("/v1/organizations/{}/identity-providers/{}", view.row.organization_id, view.row.id);
    let domains: Vec<String> = view.row.domains.iter().map(|domain| domain.domain_id.to_string()).collect();
    let mut settings = view.settings.clone();
    if let ProviderSettings::Saml(settings) = &mut settings {
        settings.certificates = vec!["-----BEGIN CERTIFICATE-----…".into()];
    }
    let mut edit = json!({
        "name": view.row.name,
        "settings": settings,
        "domains": domains,
        "generation": view.row.generation,
    });
    let import = json!({ "metadata": "<EntityDescriptor …>", "generation": view.row.generation });
    let look = ApiCalls::new().v1("View the identity provider, with its last test", "GET", &path, None);
    let (state, on) = (format!("{path}/state"), json!({ "state": "active" }));
    match view.row.protocol {
        ProviderProtocol::Saml => look
            .v1("Change it", "PUT", &path, Some(&edit))
            .v1("Take over its metadata", "POST", &format!("{path}/metadata"), Some(&import))
            .v1("Switch it on", "PUT", &state, Some(&on))
            .v1("Make the next key", "POST", &format!("{path}/keys"), None),
        ProviderProtocol::Oidc => {
            edit[SECRET] = json!("…");
            look.v1("Change it, with a new secret", "PUT", &path, Some(&edit)).v1(
                "Switch it on",
                "PUT",
                &state,
                Some(&on),
            )
        }
    }
}

/// What became of a form that was sent.
enum Step {
    /// It is saved.
    Saved,
    /// It is shown again: refused, or with something filled in that is not saved yet.
    Shown(FormState, Option<Note>),
}

/// The form as it is asked for; one that was held back has those certificates again that were too long to be kept.
fn come_back(view: &ProviderView) -> FormState {
    let Some(settings) = view.settings.saml() else { return FormState::of_page(FORM) };
    let certificate = |at| settings.certificates.get(at).cloned().unwrap_or_default();
    FormState::of_page(FORM)
        .with_missing("certificate", certificate(0))
        .with_missing("next_certificate", certificate(1))
}

async fn change(view: &ProviderView, sent: &Posted) -> Result<Step, AppError> {
    if let Some(left_out) = left_out() {
        let (status, error) = unread(&left_out);
        set_status(status);
        return Ok(Step::Shown(refused(error, sent), None));
    }
    let shown = |values, why| Ok(Step::Shown(FormState::filled(FORM, values), Some(Note::Filled(why))));
    match sent.value("do").as_str() {
        IMPORT => import(view, sent).await,
        PRESET => {
            let Ok(preset) = sent.value("preset").parse::<domain::identity_providers::Preset>() else {
                return refuse(Error::invalid("preset", "Choose a product of the list."), view, sent);
            };
            let mut values = inputs::with(sent, inputs::Values::new());
            people_inputs::put_mapping(
                &mut values,
                ProviderSettings::proposed(view.row.protocol, preset).mapping(),
            );
            shown(values, "The attributes are filled in. They are not saved yet.")
        }
        MORE_ROWS => {
            let rows = people_inputs::rows(&sent.value(ROW_COUNT)) + ROWS;
            let more = [(ROW_COUNT.to_owned(), rows.to_string())].into();
            shown(inputs::with(sent, more), "There are more rows. Nothing is saved yet.")
        }
        _ => save(view, sent).await,
    }
}

async fn save(view: &ProviderView, sent: &Posted) -> Result<Step, AppError> {
    // Who pasted metadata and saves wants what it says.
    if !sent.value("metadata").trim().is_empty() || !sent.value("metadata_file").trim().is_empty() {
        return import(view, sent).await;
    }
    let change = match inputs::change(sent, view) {
        Ok(change) => change,
        Err(error) => return refuse(error, view, sent),
    };
    let generation = sent.value("generation").parse().unwrap_or(-1);
    let (organization, id) = (view.row.organization_id, view.row.id);
    match control::identity_providers::edit(&control()?, organization, id, generation, change).await {
        Ok(_) => Ok(Step::Saved),
        Err(error) => refuse(error, view, sent),
    }
}

/// Whether metadata is to be read from an address that it was not read from before.
fn has_new_address(view: &ProviderView, sent: &Posted) -> bool {
    let (address, known) = (sent.value("metadata_url"), view.settings.saml());
    !address.trim().is_empty() && known.is_some_and(|known| known.metadata_url != address.trim())
}

/// Fills in what metadata says.
async fn import(view: &ProviderView, sent: &Posted) -> Result<Step, AppError> {
    let (pasted, file) = (sent.value("metadata"), sent.value("metadata_file"));
    if view.row.protocol != ProviderProtocol::Saml {
        return Err(Error::NotFound.into());
    }
    let (is_pasted, is_file) = (!pasted.trim().is_empty(), !file.trim().is_empty());
    let is_fetched = !is_pasted && !is_file;
    let settings = match (is_pasted, is_file) {
        (false, false) if sent.value("metadata_url").trim().is_empty() => {
            let reason = "Enter where the metadata is, paste it, or choose the file with it.";
            Err(Error::invalid("metadata_url", reason))
        }
        (true, true) => {
            Err(Error::invalid("metadata_file", "Paste the metadata or choose a file, not both."))
        }
        _ if !is_fetched && has_new_address(view, sent) => {
            let reason = "Metadata is pasted or chosen below as well. Enter one of them, so that it is clear what counts.";
            Err(Error::invalid("metadata_url", reason))
        }
        _ => inputs::settings(sent),
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => return refuse(error, view, sent),
    };
    let from = if is_pasted {
        "metadata"
    } else if is_file {
        "metadata_file"
    } else {
        "metadata_url"
    };
    let document = if pasted.trim().is_empty() { &file } else { &pasted };
    let entity = sent.value("metadata_entity_id");
    let entity = Some(entity.trim()).filter(|entity| !entity.is_empty());
    let ctx = control()?;
    let organization = view.row.organization_id;
    let read = match is_fetched {
        true => control::identity_providers::import_from(&ctx, organization, &settings, entity).await,
        false => control::identity_providers::import(&ctx, organization, &settings, document, entity).await,
    };
    match read {
        Ok(read) => {
            let why = "Entity id, addresses and certificates are filled in from the metadata. They are not saved yet.";
            Ok(Step::Shown(FormState::filled(FORM, inputs::imported(sent, &read)), Some(Note::Filled(why))))
        }
        Err(Error::Invalid { field, reason }) => {
            let field = if field == "entity_id" { "metadata_entity_id" } else { from };
            refuse(Error::invalid(field, reason), view, sent)
        }
        Err(error) => refuse(error, view, sent),
    }
}

/// Shows the form again with what is wrong with it; everything else is the page's.
fn refuse(error: Error, view: &ProviderView, sent: &Posted) -> Result<Step, AppError> {
    let error = match error {
        Error::Invalid { field, reason } if field == "certificates" => {
            Error::invalid(wrong_certificate(view, sent, &reason), reason)
        }
        Error::Conflict { reason } if sent.value("generation") != view.row.generation.to_string() => {
            Error::conflict(format!(
                "{reason} What you typed is still here: save it again to overwrite theirs."
            ))
        }
        error @ (Error::Invalid { .. } | Error::Conflict { .. }) => error,
        Error::StepUp if has_new_certificate(view, sent) || client_inputs::secret(sent).is_some() => {
            set_status(Error::StepUp.status());
            let values = inputs::with(sent, inputs::Values::new());
            let note = match view.row.protocol {
                ProviderProtocol::Saml => Note::Confirm,
                ProviderProtocol::Oidc => Note::ConfirmSecret,
            };
            return Ok(Step::Shown(FormState::filled(FORM, values), Some(note)));
        }
        other => return Err(other.into()),
    };
    set_status(error.status());
    // No page can choose a file for anybody: it comes back as text, unless it was the wrong one.
    let text = if error.field() == Some("metadata_file") { "metadata_file" } else { "metadata" };
    Ok(Step::Shown(refused(error, sent).shown_as("metadata_file", text), None))
}

/// The form as it was refused; a secret is not shown again.
fn refused(error: Error, sent: &Posted) -> FormState {
    let rest = sent.0.iter().filter(|(name, _)| name != SECRET).cloned().collect();
    FormState::refused(FORM, error, &Posted(rest))
}

/// Whether a certificate was entered that is not stored.
fn has_new_certificate(view: &ProviderView, sent: &Posted) -> bool {
    let stored = view.settings.saml().map(|settings| settings.certificates.as_slice()).unwrap_or_default();
    let known: Vec<String> = stored.iter().map(|pem| plain(pem)).collect();
    ["certificate", "next_certificate"].into_iter().any(|name| {
        let text = plain(&sent.value(name));
        !text.is_empty() && !known.contains(&text)
    })
}

/// A text without what does not count in a certificate.
fn plain(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Which of the two certificates was refused: the one that ended on the day that is named, or the one that is not as it was.
fn wrong_certificate(view: &ProviderView, sent: &Posted, reason: &str) -> &'static str {
    let has_ended = |name: &str| {
        let certificates = vec![sent.value(name)];
        let facts = control::identity_providers::certificate_facts(&SamlSettings {
            certificates,
            ..SamlSettings::default()
        });
        facts.iter().any(|facts| reason.contains(&facts.not_after.date()))
    };
    if let Some(name) = ["certificate", "next_certificate"].into_iter().find(|name| has_ended(name)) {
        return name;
    }
    let known = view.settings.saml().and_then(|settings| settings.certificates.first()).map(|pem| plain(pem));
    let first = plain(&sent.value("certificate"));
    let is_first_known = first.is_empty() || known.as_ref() == Some(&first);
    if is_first_known && !sent.value("next_certificate").trim().is_empty() {
        "next_certificate"
    } else {
        "certificate"
    }
}

/// Why a form that could not be read whole is refused, and the answer's status.
fn unread(LeftOut { field, why }: &LeftOut) -> (u16, Error) {
    match why {
        WhyLeftOut::TooLarge { bytes_max } => {
            let reason = format!(
                "This is too large: at most {} KiB are read. Metadata of one identity provider has some kB.",
                bytes_max >> 10
            );
            (413, Error::invalid(field, reason))
        }
        WhyLeftOut::NotText => (422, Error::invalid(field, "This is not text in UTF-8.")),
    }
}
