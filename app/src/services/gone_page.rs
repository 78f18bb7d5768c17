//! Where the pages of a service end once it is gone: what became of it, and its certificate of destruction. A browser
//! without script gets here by itself when a deletion is done.

use domain::{errors::Error, views::CertificateRow};
use leptos::prelude::*;

use super::CERTIFICATE;
use crate::{
    certificates::api::list_certificates,
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        time::time,
    },
    context::set_status,
    errors::AppError,
    links,
    projects::api::view_project,
};

/// The page for the service that had this name last, if its certificate is among the project's latest and the viewer
/// may read them; otherwise there is nothing here, as with a name that no service ever had.
pub(super) async fn find(viewer: Viewer, project: String, name: &str) -> Result<AnyView, AppError> {
    let nothing = || AppError::Refused(Error::NotFound);
    let found = list_certificates(project.clone(), None).await.map_err(|_| nothing())?;
    let certificate = found.rows.into_iter().find(|row| row.service_name == name).ok_or_else(nothing)?;
    let project = view_project(project).await?;
    set_status(Error::NotFound.status());
    let list = links::services(&project.name, None);
    let (key, path) = (project.name.clone(), links::service(&project.name, name, ""));
    let calls =
        ApiCalls::new().get("List certificates", "/api/certificates/list", &[("project", Some(&key))]);
    let frame = Frame::in_project(project, Section::Services, format!("{name} is gone"))
        .step(name.to_owned(), path)
        .calls(calls);
    Ok(frame.view(viewer, draw(&key, certificate, list)))
}

fn draw(project: &str, certificate: CertificateRow, list: String) -> AnyView {
    let path = links::certificate(project, &certificate.id.to_string());
    let outcome = match certificate.is_whole {
        true => {
            "The keys of its volumes no longer exist, so nobody can open them again; the certificate says what went and \
             how that was checked."
        }
        false => {
            "Not every volume could be erased: the certificate says what is left of it and what became of its key."
        }
    };
    view! {
        {head(certificate.service_name, badge(Tone::Plain, "DELETED"), ())}
        <section class="empty" aria-labelledby="gone">
            <p class="empty-icon">{icon(Icon::Certificate)}</p>
            <h2 id="gone">"The service is gone."</h2>
            <p>
                "It was destroyed at " {time(certificate.destroyed_at)} ". " {outcome}
            </p>
            <div class="empty-step">
                <a class="button button-primary" id=CERTIFICATE href=path>"See the certificate of destruction"</a>
                <a class="button" href=list>"Services"</a>
            </div>
        </section>
    }
    .into_any()
}
