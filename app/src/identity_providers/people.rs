//! The step about people: which domains lead to an identity provider, what its attributes mean, who becomes a member and of which
//! groups. Works without script: there are always some empty rows, and a button makes more.

use domain::{
    identity_providers::{MAPPED_GROUPS_MAX, Preset, ProviderProtocol},
    views::{LinkedDomain, ProviderChoices, ProviderView},
};
use leptos::prelude::*;

use super::{
    form::{error_id, reason},
    people_inputs::{ROW_COUNT, group_id, group_value, rows},
};
use crate::{
    components::{
        badges::{Tone, badge},
        field::Field,
        form::{FormState, hidden},
        icons::{Icon, icon},
        select::{Group, Select},
        switch::Switch,
    },
    links,
};

/// Draws it.
pub(super) fn draw(
    view: &ProviderView,
    choices: &ProviderChoices,
    form: &FormState,
    may_edit: bool,
    may_list_domains: bool,
) -> AnyView {
    let organization = view.row.organization_id.to_string();
    view! {
        {domains(&organization, &choices.domains, form, may_list_domains)} {mapping(view, form, may_edit)}
        {members(choices, form)} {groups(choices, form, may_edit)}
    }
    .into_any()
}

fn domains(organization: &str, domains: &[LinkedDomain], form: &FormState, may_list: bool) -> AnyView {
    let chosen = form.values("domains[]");
    let boxes = domains
        .iter()
        .map(|domain| {
            let id = domain.domain_id.to_string();
            let is_chosen = chosen.contains(&id);
            let state = (!domain.is_verified).then(|| badge(Tone::Warning, "not verified"));
            view! {
                <label class="check">
                    <input type="checkbox" name="domains[]" value=id checked=is_chosen />
                    <span class="badges"><span class="free-text">{domain.domain_name.clone()}</span> {state}</span>
                </label>
            }
        })
        .collect_view();
    let link = may_list.then(|| view! { " " <a href=links::domains(organization)>"Domains"</a> });
    let body = match domains.is_empty() {
        true => view! {
            <p>"This organization has no domain yet. Verify one first: an identity provider vouches only for addresses that are yours." {link}</p>
        }
        .into_any(),
        false => view! {
            <p class="hint">
                "Who enters an address of one of them at the sign-in is led here, and only such addresses become members through it. A \
                 domain that is not verified leads nowhere." {link}
            </p>
            {boxes}
        }
        .into_any(),
    };
    view! {
        <div role="group" aria-labelledby="provider-domains" class="field">
            <h3 id="provider-domains">"Domains"</h3>
            {body} {reason(form, "domains")}
        </div>
    }
    .into_any()
}

fn mapping(view: &ProviderView, form: &FormState, may_edit: bool) -> AnyView {
    let field = |name, label, hint: &str, is_optional| {
        let field = Field {
            name,
            label,
            hint: Some(hint.to_owned()),
            is_optional,
            is_code: true,
            ..Field::default()
        };
        field.view(form)
    };
    let (title, identity, email) = match view.row.protocol {
        ProviderProtocol::Saml => (
            "Attributes",
            "What tells people apart and never changes. Better no e-mail address: those change. Empty: the NameID.",
            "Empty: the NameID, if that is an address.",
        ),
        ProviderProtocol::Oidc => (
            "Claims",
            "What tells people apart and never changes. Better no e-mail address: those change. Empty: sub.",
            "Empty: email.",
        ),
    };
    let fill = may_edit.then(|| {
        view! {
            <div class="form-actions field-wide">
                <button class="button" name="do" value="preset">"Fill in what the product sends"</button>
            </div>
        }
    });
    let sent = match view.settings.preset() {
        Preset::Other => "Its documentation says what it sends".to_owned(),
        product => format!("{} sends these unless it is told otherwise", product.label()),
    };
    view! {
        <h3>{title}</h3>
        <p class="hint">{format!("How your identity provider calls what it says of people. {sent}; the test shows what came.")}</p>
        <div class="form form-row">
            {field(
                "mapping.identity",
                "Identity",
                identity,
                true,
            )}
            {field("mapping.email", "E-mail", email, true)}
            {field("mapping.first_name", "First name", "Together with the last name.", true)}
            {field("mapping.last_name", "Last name", "Together with the first name.", true)}
            {field("mapping.real_name", "Whole name", "If it is sent, it stands instead of first and last name.", true)}
            {field("mapping.groups", "Groups", "Needed if groups are mapped below.", true)}
            {fill}
        </div>
    }
    .into_any()
}

fn members(choices: &ProviderChoices, form: &FormState) -> AnyView {
    let creates = Switch {
        name: "creates_members",
        label: "Who comes through it becomes a member",
        hint: "On: an account is made for who has none, and they join the organization. Off: only who was invited gets in.".into(),
        is_on: false,
    };
    let group = Select {
        name: "group_id",
        label: "Group for everybody",
        hint: Some("Who becomes a member through it joins this group.".into()),
        groups: group_choices(choices),
        nothing: Some("None"),
        is_optional: true,
        ..Select::default()
    };
    view! { <h3>"Members"</h3> {creates.view(form)} {group.view(form)} }.into_any()
}

fn group_choices(choices: &ProviderChoices) -> Vec<Group> {
    let choices = choices.groups.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    vec![Group { heading: None, choices }]
}

/// The groups there that stand for groups here.
fn groups(choices: &ProviderChoices, form: &FormState, may_edit: bool) -> AnyView {
    let count = rows(&form.value(ROW_COUNT).unwrap_or_default());
    let lines = (0..count).map(|row| mapped(row, choices, form)).collect_view();
    let more = may_edit.then(|| {
        view! {
            <div class="form-actions">
                <button class="button" name="do" value="rows" formaction="#people">{icon(Icon::Add)} "More rows"</button>
            </div>
        }
    });
    let body = match choices.groups.is_empty() {
        true => view! { <p>"This organization has no group yet."</p> }.into_any(),
        false => view! {
            {hidden(&[(ROW_COUNT, &count.to_string())])} <div class="mapped-groups">{lines}</div>
            {more}
        }
        .into_any(),
    };
    view! {
        <div role="group" aria-labelledby="provider-groups" class="field field-wide">
            <h3 id="provider-groups">"Mapped groups"</h3>
            <p class="hint">
                {format!(
                    "At each sign-in people join the groups here that stand beside what the identity provider names, and leave the others \
                     of this list. Groups that are not listed are never touched, whatever they are called. At most {MAPPED_GROUPS_MAX}.",
                )}
            </p>
            {body} {reason(form, "groups")}
        </div>
    }
    .into_any()
}

/// The fields of all rows, each of which says itself why it was refused.
pub(super) fn row_fields(form: &FormState) -> Vec<String> {
    let rows = 0..rows(&form.value(ROW_COUNT).unwrap_or_default());
    rows.flat_map(|row| [group_value(row), group_id(row)]).collect()
}

fn mapped(row: usize, choices: &ProviderChoices, form: &FormState) -> AnyView {
    let (value, id) = (group_value(row), group_id(row));
    let (sent, chosen) = (form.value(&value).unwrap_or_default(), form.value(&id).unwrap_or_default());
    let options = choices
        .groups
        .iter()
        .map(|(id, name)| {
            let id = id.to_string();
            let is_chosen = id == chosen;
            view! { <option value=id selected=is_chosen>{name.clone()}</option> }
        })
        .collect_view();
    let number = row + 1;
    let is_refused = |name: &str| form.reason(name).is_some();
    let described = |name: &str| is_refused(name).then(|| error_id(form, name));
    let (value_refused, value_described) = (is_refused(&value), described(&value));
    let (id_refused, id_described) = (is_refused(&id), described(&id));
    let reasons = [reason(form, &value), reason(form, &id)].into_iter().flatten().collect_view();
    view! {
        <div class="mapped-group" class:is-refused=value_refused || id_refused>
            <input
                type="text"
                class="code"
                name=value
                value=sent
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                placeholder="What it is called there"
                aria-label=format!("Row {number}: what the identity provider calls the group")
                autofocus=value_refused
                aria-invalid=value_refused.then_some("true")
                aria-describedby=value_described
            />
            <span aria-hidden="true">{icon(Icon::Move)}</span>
            <select
                name=id
                autocomplete="off"
                aria-label=format!("Row {number}: the group here")
                autofocus=id_refused
                aria-invalid=id_refused.then_some("true")
                aria-describedby=id_described
            >
                <option value="" selected=chosen.is_empty()>"No group"</option>
                {options}
            </select>
            {reasons}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::errors::Error;

    use super::{super::form::FORM, *};
    use crate::context::Posted;

    #[test]
    fn a_row_that_is_refused_is_marked_and_says_why() {
        let choices = ProviderChoices { domains: Vec::new(), groups: Vec::new() };
        let sent = Posted([(group_value(1), "ops".into()), (ROW_COUNT.into(), "3".into())].into());
        let error = Error::invalid(&group_id(1), "Choose the group here that ops stands for.");
        let form = FormState::refused(FORM, error, &sent);
        assert!(row_fields(&form).contains(&group_id(1)));
        let html = mapped(1, &choices, &form).to_html();
        let (input, select) = html.split_once("<select").unwrap();
        assert!(!input.contains("aria-invalid") && select.contains("aria-invalid=\"true\""), "{html}");
        assert!(select.contains("autofocus") && select.contains("ops stands for."), "{html}");
        assert!(
            select.contains("aria-describedby=\"identity-provider-group_1-error\"")
                && select.contains("id=\"identity-provider-group_1-error\""),
            "{html}"
        );
        assert!(!mapped(0, &choices, &form).to_html().contains("aria-invalid"));
    }
}
