//! Invitations by a file, and what is done with several of them, as a browser without script does it.

use axum::{
    body::to_bytes,
    http::{Method, StatusCode, header},
};
use tower::ServiceExt;

use crate::installation::{Answer, Browser, Installation};

const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Sends a form with a file to the page that it stands on.
async fn send(installation: &Installation, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect::<Vec<_>>();
    send_bytes(installation, browser, path, &fields).await
}

/// The same with a file that need not be text.
async fn send_bytes(
    installation: &Installation,
    browser: &Browser,
    path: &str,
    fields: &[(&str, &[u8])],
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let file = if *name == "file" { "; filename=\"people.csv\"\r\nContent-Type: text/csv" } else { "" };
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    let length = body.len();
    let browser = browser.with_header("content-type", "multipart/form-data; boundary=b");
    let mut request = browser.request(Method::POST, path, Some((path, String::new())));
    *request.body_mut() = body.into();
    request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    let (parts, body) = installation.router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

/// A list of so many people, each line as long as it comes in life.
fn csv(people: usize) -> String {
    let lines = (0..people).map(|number| {
        format!(
            "{:a<40}{number}@department.example.org,,\"developer;service:logs:read;{}\"\n",
            "",
            "operator;".repeat(8)
        )
    });
    format!("email,groups,granted\n{}", lines.collect::<String>())
}

#[tokio::test]
async fn a_file_of_a_thousand_people_is_taken() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let path = format!("/organizations/{}/invitations/new", browser.organization().await);
    let file = csv(1000);
    assert!(file.len() > 2 * (64 << 10), "{}", file.len());
    let answer =
        send(&installation, &browser, &path, &[("emails", ""), ("file", &file), ("days", "7")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("1000 people were invited."), "{}", &answer.body[..2000]);
    // One more is one too many; the file's text comes back, and what was entered.
    let answer = send(&installation, &browser, &path, &[("file", &csv(1001)), ("days", "11")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("At most 1000 are invited at once"));
    assert!(answer.body.contains("value=\"11\"") && answer.body.contains("1000@department.example.org"));
}

#[tokio::test]
async fn what_is_too_large_is_told_on_its_field_and_the_rest_stays() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let organization = browser.organization().await;
    let path = format!("/organizations/{organization}/invitations/new");
    // More than this form takes, and much more.
    for times in [1, 12] {
        let file = "x".repeat(times << 20);
        let answer = send(&installation, &browser, &path, &[("file", &file), ("days", "11")]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{times}");
        let reason = "This is too large: at most 960 KiB are read, and 1000 lines.";
        assert_eq!(answer.body.matches(reason).count(), 1, "on its field alone");
        assert!(answer.body.contains("value=\"11\""), "what else was entered is kept");
    }
    // Nobody who is signed in: no more than any other form.
    let answer = send(&installation, &installation.browser(), &path, &[("file", &csv(1000))]).await;
    assert!(answer.status.is_redirection() && answer.location().starts_with("/sign-in"), "{}", answer.status);
    // Other forms stay small.
    let list = format!("/organizations/{organization}/invitations");
    let answer = send(&installation, &browser, &list, &[("do", &"x".repeat(64 << 10))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let large = "x".repeat(64 << 10);
    let fields = [("organization", organization.as_str()), ("name", large.as_str())];
    let answer = browser.post("/projects", "/api/projects/create", &fields).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("larger than 64 KiB"), "{}", answer.body);
}

#[tokio::test]
async fn a_file_that_is_no_text_is_told_on_its_field_and_the_rest_stays() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let organization = browser.organization().await;
    let path = format!("/organizations/{organization}/invitations/new");
    // As a spreadsheet writes it in Windows-1252, and one that was not exported at all.
    for file in [b"email,groups\na@x.org,Verk\xe4ufer\n".as_slice(), b"PK\x03\x04\x14\x00\x06\x00\xff\xfe"] {
        let fields: [(&str, &[u8]); 3] = [("emails", b"kept@x.org"), ("file", file), ("days", b"11")];
        let answer = send_bytes(&installation, &browser, &path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let reason = "This file is not text in UTF-8. Save it as CSV UTF-8 and choose it again.";
        assert_eq!(answer.body.matches(reason).count(), 1, "on its field alone");
        assert!(
            answer.body.contains("value=\"11\"") && answer.body.contains("kept@x.org"),
            "{}",
            answer.body
        );
    }
    let list = format!("/organizations/{organization}/invitations");
    assert!(browser.get(&list).await.body.contains("No open invitations"), "nobody was invited");
    // A form that takes no file has no place to say so.
    let answer = send_bytes(&installation, &browser, &list, &[("do", b"\xff")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_could_not_be_done_with_one_of_several_is_told() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let list = format!("/organizations/{}/invitations", browser.organization().await);
    let new = format!("{list}/new");
    browser.post(&new, &new, &[("emails", "a@x.org\nb@x.org")]).await;
    let ids = |page: &str| -> Vec<String> {
        let parts = page.split("name=\"invitations[]\" value=\"").skip(1);
        parts.map(|part| part[..36].to_owned()).collect()
    };
    let ids = ids(&browser.get(&list).await.body);
    let both = [("do", "resend"), ("invitations[]", ids[0].as_str()), ("invitations[]", ids[1].as_str())];
    // Everything was done: the list says so, and repeats nothing when it is loaded again.
    let answer = browser.post(&list, &list, &both).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, list.as_str()));
    assert!(browser.follow(answer).await.body.contains("2 invitations sent again"));
    let one = [("do", "withdraw"), ("is_confirmed", "true"), ("invitations[]", ids[0].as_str())];
    let answer = browser.post(&list, &list, &one).await;
    assert!(browser.follow(answer).await.body.contains("1 invitation withdrawn"));
    // One of them has ended meanwhile.
    let answer = browser.post(&list, &list, &both).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, list.as_str()), "repeats nothing");
    let told = browser.follow(answer).await.body;
    assert!(told.contains("1 invitation sent again") && told.contains("was withdrawn already"), "{told}");
    // Nothing was done at all.
    let answer = browser.post(&list, &list, &one).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("Nothing was done. The invitation of"), "{}", answer.body);
    let answer = browser.post(&list, &list, &[("do", "resend")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Choose at least one invitation.") && answer.body.contains("@x.org"));
}

#[tokio::test]
async fn what_is_done_with_several_stays_where_it_was_chosen() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let list = format!("/organizations/{}/invitations", browser.organization().await);
    let new = format!("{list}/new");
    browser.post(&new, &new, &[("emails", "ann@x.org\nbob@x.org")]).await;
    let narrow = format!("{list}?text=ann");
    let page = browser.get(&narrow).await.body;
    assert!(page.contains(&format!("action=\"{narrow}\"")), "{page}");
    let (_, id) = page.split_once("name=\"invitations[]\" value=\"").unwrap();
    let id = &id[..36];
    // Refused: the same rows, and what was chosen of them.
    let answer = browser.post(&narrow, &narrow, &[("do", "nothing"), ("invitations[]", id)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("ann@x.org") && !answer.body.contains("bob@x.org"), "{}", answer.body);
    let (_, row) = answer.body.split_once(&format!("value=\"{id}\"")).unwrap();
    assert!(row.split_once('>').unwrap().0.contains("checked"), "{}", answer.body);
    // Done: the same rows.
    let answer = browser.post(&narrow, &narrow, &[("do", "resend"), ("invitations[]", id)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, narrow.as_str()));
}

#[tokio::test]
async fn withdrawing_asks_first_and_says_whose_links_go() {
    let installation = Installation::new().await;
    let browser = installation.with_project("shop").await;
    let list = format!("/organizations/{}/invitations", browser.organization().await);
    let new = format!("{list}/new");
    let emails: Vec<String> = (10..22).map(|number| format!("p{number}@x.org")).collect();
    browser.post(&new, &new, &[("emails", &emails.join("\n"))]).await;
    let page = browser.get(&list).await.body;
    let ids: Vec<&str> =
        page.split("name=\"invitations[]\" value=\"").skip(1).map(|part| &part[..36]).collect();
    assert_eq!(ids.len(), emails.len());
    assert!(page.contains(">mail</a>"), "nothing but the word is underlined: {page}");
    let sent = |ids: &[&str], more: &[(&'static str, &'static str)]| -> Vec<(&'static str, String)> {
        let ids = ids.iter().map(|id| ("invitations[]", (*id).to_owned()));
        more.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(ids).collect()
    };
    let post = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&list, &list, &fields).await
    };
    // Two are asked about by name; nothing is done yet.
    let asked = post(sent(&ids[..2], &[("do", "withdraw")])).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked.body.contains("Withdraw 2 invitations?") && asked.body.contains("Cancel"),
        "{}",
        asked.body
    );
    let named = |page: &str| {
        let page = page.replace("<wbr>", "").replace("<!>", "");
        emails.iter().filter(|email| page.contains(*email)).count()
    };
    assert_eq!(named(&asked.body), 2, "{}", asked.body);
    assert!(
        asked.body.contains("name=\"is_confirmed\"") && !asked.body.contains("more</li>"),
        "{}",
        asked.body
    );
    // Of many it names some and counts the rest.
    let asked = post(sent(&ids, &[("do", "withdraw")])).await.body;
    assert!(asked.contains("Withdraw 12 invitations?") && asked.contains("and 2 more"), "{asked}");
    assert_eq!(named(&asked), 10, "{asked}");
    assert_eq!(asked.matches("name=\"invitations[]\"").count(), 12, "all of them are sent on");
    let untouched = browser.get(&list).await.body;
    assert_eq!(named(&untouched), emails.len(), "{untouched}");
    // Nothing was chosen: there is nothing to ask.
    let answer = post(sent(&[], &[("do", "withdraw")])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Who says yes withdraws them.
    let answer = post(sent(&ids, &[("do", "withdraw"), ("is_confirmed", "true")])).await;
    assert!(browser.follow(answer).await.body.contains("12 invitations withdrawn"));
    assert!(browser.get(&list).await.body.contains("No open invitations"));
}
