// People, from the invitation to the removal, in the browsers of those who do it and of those to whom it is done: what
// comes with an invitation is in force, tokens are good where they should be, and what is taken away is gone at once.

import type { Browser, BrowserContext, BrowserContextOptions, Page } from "@playwright/test";

import { succeed } from "../harness/commands.ts";
import { createGroup, createProject, createService, fillSignIn, person, setUp } from "../harness/console.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { call, GUEST_PASSWORD, invitationLink, invite, join, organizationOf, send } from "../harness/people.ts";

// The server sees the address of whoever calls through a proxy on this machine: these tests.
const test = testWith("simulated", { REDOUBT_SERVER__TRUSTED_PROXIES: "127.0.0.1/32" });
test.describe.configure({ mode: "serial" });

const bea = { name: "Bea Operator", email: "bea@example.org" };
const ALLOWED = "203.0.113.7";
const ELSEWHERE = "198.51.100.9";

let options: BrowserContextOptions;
/** The super admin's browser. */
let admin: Page;
/** Bea's. */
let guest: Page;
let organization: string;
/** Path of the organization. */
let whole: string;
/** Path of the group that holds a role on one of the two projects. */
let group: string;
let link: string;
let token: string;
const contexts: BrowserContext[] = [];

test.beforeAll(async ({ browser, installation, javaScriptEnabled, contextOptions }) => {
  options = { ...contextOptions, javaScriptEnabled };
  admin = await open(browser, installation);
  await setUp(admin, installation.setUpLink);
  for (const [project, service] of [["ledger", "books"], ["shop", "orders"]] as const) {
    await createProject(admin, project);
    await createService(admin, project, service);
  }
  organization = await organizationOf(admin);
  whole = `/organizations/${organization}`;
  group = await createGroup(admin, organization, "Night shift", "shop");
});
test.afterAll(async () => {
  for (const context of contexts) await context.close();
});

/** A browser of its own, with script or without as the project says. */
async function open(browser: Browser, installation: Installation): Promise<Page> {
  const context = await browser.newContext({ baseURL: installation.address, ...options });
  contexts.push(context);
  return context.newPage();
}

/** The places that the navigation offers. */
async function navigation(page: Page): Promise<string[]> {
  const links = page.getByRole("navigation", { name: "Main" }).getByRole("listitem");
  return (await links.allInnerTexts()).map((text) => text.trim());
}

/** Chooses a person's page from the list. */
async function openUser(page: Page, email: string): Promise<void> {
  await page.goto(`${whole}/users`);
  await page.getByRole("link", { name: email }).click();
  await expect(page.getByText(email, { exact: true }).last()).toBeVisible();
}

/** Says why a link opens nothing. */
async function expectUseless(page: Page, address: string, reason: string | RegExp): Promise<void> {
  const response = await page.goto(address);
  expect(response?.status()).toBe(409);
  await expect(page.getByRole("heading", { level: 1, name: "This invitation does not work" })).toBeVisible();
  await expect(page.getByText(reason)).toBeVisible();
  await expect(page.getByRole("button", { name: /Accept|Decline/ })).toHaveCount(0);
}

test("somebody is invited with a group, and the mail waits in the outbox", async () => {
  await admin.goto("/projects");
  await admin.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Users", exact: true }).click();
  await admin.getByRole("link", { name: "Invite", exact: true }).click();
  await admin.getByRole("textbox", { name: /addresses/i }).fill("bea@example.org\nnobody");
  await admin.getByRole("checkbox", { name: "Night shift" }).check();
  await admin.getByRole("button", { name: "Send invitations" }).click();
  await expect(admin.getByText("1 person was invited. 1 line was refused.")).toBeVisible();
  await expect(admin.getByRole("row", { name: /bea@example\.org/ })).toContainText("invited");

  await admin.goto(`${whole}/invitations`);
  await expect(admin.getByRole("row", { name: /bea@example\.org/ })).toContainText("Group Night shift");
  await admin.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Mails" }).click();
  const row = admin.getByRole("row", { name: /bea@example\.org/ });
  await expect(row).toContainText("kept");
  await row.getByRole("link").click();
  link = (await admin.getByRole("link", { name: /\/invitations\// }).getAttribute("href"))!;
});

test("the link lets its reader in, with a password that is good enough", async ({ browser, installation }) => {
  guest = await open(browser, installation);
  await guest.goto(link);
  await expect(guest.getByRole("heading", { level: 1, name: "You are invited" })).toBeVisible();
  await expect(guest.getByText(`${person.email} invites ${bea.email} to the organization ${person.organization}`)).toBeVisible();
  await guest.getByRole("textbox", { name: "Your name" }).fill(bea.name);
  await guest.getByLabel("Password").fill("bea@example.org bea");
  await guest.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(guest.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
  await expect(guest.getByLabel("Password")).toHaveValue("");
  await expect(guest.getByRole("textbox", { name: "Your name" })).toHaveValue(bea.name);

  await guest.getByLabel("Password").fill(GUEST_PASSWORD);
  await guest.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(guest.getByText("Welcome. You belong to the organization now.")).toBeVisible();
});

test("what the group holds is in force: one project, nothing of the other, nothing of the organization’s", async () => {
  await guest.goto("/projects");
  await expect(guest.getByRole("row")).toHaveCount(2);
  await expect(guest.getByRole("row", { name: /shop/ })).toBeVisible();
  expect(await guest.content()).not.toContain("ledger");
  expect(await navigation(guest)).toEqual(["Projects", "Organization"]);

  await guest.getByRole("link", { name: "shop" }).click();
  await expect(guest.getByRole("link", { name: "orders" })).toBeVisible();
  const places = ["Projects", "Organization", "Services", "Permissions", "Events", "Certificates", "Settings"];
  expect(await navigation(guest)).toEqual(places);
  await guest.goto("/projects/shop/services/orders/connect");
  await guest.getByRole("button", { name: "Show password" }).click();
  await expect(guest.locator("code.secret")).toHaveCount(1);

  const nowhere = async (path: string) => {
    const response = await guest.goto(path);
    expect(response?.status(), path).toBe(404);
    return guest.getByRole("main").locator(".notice-page").innerText();
  };
  const never = await nowhere("/projects/never-was/services");
  for (const rest of ["services", "services/books", "services/books/connect", "events", "permissions", "settings"]) {
    expect(await nowhere(`/projects/ledger/${rest}`), rest).toBe(never);
  }
  for (const rest of ["services/books/ca.pem", "events/export?format=csv"]) {
    expect((await guest.request.get(`/projects/ledger/${rest}`)).status(), rest).toBe(404);
  }
  expect((await guest.request.get("/streams/projects/ledger/services/books/timeline")).status()).toBe(404);
  for (const rest of ["users", "groups", "permissions", "invitations", "application-users", "events", "mails"]) {
    expect((await guest.goto(`${whole}/${rest}`))?.status(), rest).toBe(403);
    await expect(guest.getByRole("heading", { level: 1, name: "Not allowed" })).toBeVisible();
  }
});

test("a token is shown once, and sending its form again makes no second one", async () => {
  await guest.goto("/profile/tokens");
  await guest.getByRole("link", { name: "New token" }).click();
  const ranges = guest.getByRole("textbox", { name: /^Good from/ });
  await guest.getByRole("textbox", { name: /^Description/ }).fill("Nightly report");
  await ranges.fill("203.0.113.7/24");
  await guest.getByRole("button", { name: "Create token" }).click();
  await expect(ranges).toHaveAttribute("aria-invalid", "true");
  await expect(ranges).toHaveAccessibleDescription(/203\.0\.113\.0\/24/);
  await expect(ranges).toHaveValue("203.0.113.7/24");
  await expect(guest.getByRole("textbox", { name: /^Description/ })).toHaveValue("Nightly report");
  await ranges.fill("203.0.113.0/24");
  await guest.getByRole("button", { name: "Create token" }).click();
  await expect(guest.getByRole("heading", { level: 1, name: "Token created" })).toBeVisible();
  // Made from an address at which it is no good, which is said.
  await expect(guest.getByText(/127\.0\.0\.1/)).toBeVisible();
  token = (await guest.locator("pre.secret").innerText()).trim();
  expect(token).toMatch(/^rdp_\w{30,}$/);

  const [response] = await Promise.all([guest.waitForResponse((one) => one.request().isNavigationRequest()), guest.reload()]);
  expect(response.request().method()).toBe("POST");
  expect(response.status()).toBe(409);
  await expect(guest.getByRole("alert").filter({ hasText: "This form has made a token already" })).toBeVisible();
  await expect(guest.locator("pre.secret")).toHaveCount(0);
  expect(await guest.content()).not.toContain(token);
  await guest.goto("/profile/tokens");
  await expect(guest.getByRole("row", { name: /Nightly report/ })).toHaveCount(1);
  expect(await guest.content()).not.toContain(token);
  await guest.getByRole("link", { name: "Nightly report" }).click();
  await expect(guest.getByText("203.0.113.0/24").first()).toBeVisible();
  expect(await guest.content()).not.toContain(token);
});

test("the API answers it from an address of its range and from no other, and what it opens is what they hold", async ({ installation }) => {
  const me = await call(installation, "/me", token, ALLOWED);
  expect(me).toMatchObject({ status: 200, body: { email: bea.email } });
  const projects = await call(installation, `/organizations/${organization}/projects`, token, ALLOWED);
  expect(projects.body.projects.map(({ name }: { name: string }) => name)).toEqual(["shop"]);
  expect(await call(installation, "/projects/ledger", token, ALLOWED)).toMatchObject({ status: 404 });
  expect(await call(installation, `/organizations/${organization}/users`, token, ALLOWED)).toMatchObject({ status: 403 });

  const refused = await call(installation, "/me", token, ELSEWHERE);
  expect(refused).toMatchObject({ status: 401, message: `This token may not be used from the address ${ELSEWHERE}.` });
  const mistyped = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
  expect((await call(installation, "/me", mistyped, ALLOWED)).message).toContain("typing mistake");

  await guest.goto("/profile/tokens");
  await expect(guest.getByRole("row", { name: /Nightly report/ })).toContainText(ALLOWED);
  await admin.goto(`${whole}/events?event_type=token.refused`);
  const event = admin.getByRole("row").filter({ hasText: "token.refused" });
  await expect(event).toHaveCount(1);
  await event.locator("summary").click();
  await expect(event).toContainText(bea.email);
  await expect(event).toContainText("denied");
  await expect(event).toContainText(`may not be used from ${ELSEWHERE}`);
});

test("a revoked token is refused at once", async ({ installation }) => {
  expect((await call(installation, "/me", token, ALLOWED)).status).toBe(200);
  await guest.getByRole("link", { name: "Nightly report" }).click();
  await guest.getByRole("button", { name: "Revoke token…" }).click();
  await guest.getByRole("dialog", { name: /^Revoke / }).getByRole("button", { name: "Revoke token" }).click();
  await expect(guest.getByText("The token is revoked.")).toBeVisible();
  const refused = await call(installation, "/me", token, ALLOWED);
  expect(refused).toMatchObject({ status: 401, message: "This token was revoked, or never was one." });
});

test("an application user acts with the token that an admin made for it, and its successor takes over", async ({ installation }) => {
  await admin.goto(`${whole}/application-users`);
  await admin.getByRole("button", { name: "New application user" }).first().click();
  const dialog = admin.getByRole("dialog", { name: "New application user" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Bookkeeper");
  await dialog.getByRole("button", { name: "Create application user" }).click();
  await expect(admin.getByRole("heading", { level: 1, name: "Bookkeeper" })).toBeVisible();
  const user = new URL(admin.url()).pathname.split("/").at(-1)!;
  const grant = { organization, principal: `user:${user}`, granted: "read_only", resource: "project:ledger" };
  await send(admin, installation, "permissions/grant", grant);

  await admin.getByRole("link", { name: "New token" }).first().click();
  await admin.getByRole("textbox", { name: /^Description/ }).fill("Monthly close");
  await admin.getByRole("button", { name: "Create token" }).click();
  const first = (await admin.locator("pre.secret").innerText()).trim();
  const listed = async (text: string) => {
    const answer = await call(installation, `/organizations/${organization}/projects`, text, ELSEWHERE);
    return answer.body.projects?.map(({ name }: { name: string }) => name) ?? answer.message;
  };
  expect(await listed(first)).toEqual(["ledger"]);

  await admin.getByRole("link", { name: "Its page" }).click();
  await admin.getByRole("textbox", { name: /^Hours/ }).or(admin.getByRole("spinbutton", { name: /^Hours/ })).fill("0");
  await admin.getByRole("button", { name: "Replace token" }).click();
  const second = (await admin.locator("pre.secret").innerText()).trim();
  expect(second).not.toBe(first);
  expect(await listed(second)).toEqual(["ledger"]);
  expect(await listed(first)).toMatch(/another one has taken its place/);
});

test("a link works once, and says what became of it", async ({ browser, installation }) => {
  const stranger = await open(browser, installation);
  await expectUseless(stranger, link, "This invitation was accepted already, and works once. Sign in instead.");
  await expectUseless(stranger, "/invitations/never-was-one", /There is no invitation of this link/);

  const cam = await invite(admin, installation, organization, "cam@example.org");
  await admin.goto(`${whole}/invitations`);
  await admin.getByRole("checkbox", { name: "Choose cam@example.org" }).check();
  await admin.getByRole("button", { name: "Send again" }).click();
  await expect(admin.getByText("1 invitation sent again")).toBeVisible();
  await expectUseless(stranger, cam, /use the link in the newest mail/);
  const again = await invitationLink(admin, installation, organization, "cam@example.org");
  await stranger.goto(again);
  await expect(stranger.getByRole("heading", { level: 1, name: "You are invited" })).toBeVisible();

  await admin.goto(`${whole}/invitations`);
  await admin.getByRole("checkbox", { name: "Choose cam@example.org" }).check();
  await admin.getByRole("button", { name: "Withdraw…" }).click();
  await expect(admin.getByRole("heading", { level: 1, name: "Withdraw 1 invitation?" })).toBeVisible();
  await expect(admin.getByRole("listitem").filter({ hasText: "cam@example.org" })).toBeVisible();
  await admin.getByRole("button", { name: "Withdraw", exact: true }).click();
  await expect(admin.getByText("1 invitation withdrawn")).toBeVisible();
  await expectUseless(stranger, again, "This invitation was withdrawn by the organization. Ask for another one.");

  const dee = await invite(admin, installation, organization, "dee@example.org");
  await stranger.goto(dee);
  await stranger.getByRole("button", { name: "Decline" }).click();
  await expect(stranger.getByText("The invitation is declined.")).toBeVisible();
  await expectUseless(stranger, dee, "This invitation was declined. Ask for another one.");
});

test("an expired link says since when, and whom to ask", async ({ browser, installation }) => {
  const stranger = await open(browser, installation);
  const eve = await invite(admin, installation, organization, "eve@example.org");
  await letExpire(installation, "eve@example.org");
  await expectUseless(stranger, eve, /^This invitation expired on .* Ask whoever invited you to send it again\.$/);
  await admin.goto(`${whole}/invitations`);
  await expect(admin.getByRole("row", { name: /eve@example\.org/ })).toContainText("expired");
});

/** Days cannot be waited for: what the database holds of an invitation is put into the past. */
async function letExpire(installation: Installation, email: string): Promise<void> {
  const script = [
    "import sqlite3, sys",
    "db = sqlite3.connect(sys.argv[1], timeout=30)",
    "changed = db.execute('update invitations set expires_at = sent_at + 1 where email = ?', [sys.argv[2]]).rowcount",
    "db.commit()",
    "sys.exit(changed != 1)",
  ];
  await succeed("python3", ["-c", script.join("\n"), `${installation.directory}/redoubt.db`, email]);
}

test("a link that is for somebody else gives its reader nothing, and leads them out", async ({ installation }) => {
  const fay = await invite(admin, installation, organization, "fay@example.org");
  await guest.goto(fay);
  await expect(guest.getByText(`You are signed in as ${bea.email}, and this invitation is for fay@example.org.`)).toBeVisible();
  await expect(guest.getByRole("button", { name: /Accept|Decline/ })).toHaveCount(0);
  const token = fay.split("/").at(-1)!;
  await expect(send(guest, installation, "invitations/accept", { token })).rejects.toThrow(/403.*for fay@example\.org/);
  await guest.getByRole("button", { name: "Sign out" }).click();
  await guest.goto(fay);
  await expect(guest.getByRole("textbox", { name: "Your name" })).toBeVisible();
  await guest.goto("/sign-in");
  await fillSignIn(guest, bea.email, GUEST_PASSWORD);
  await expect(guest).toHaveURL("/projects");
});

test("it is explained what somebody can do, and through which group", async () => {
  await openUser(admin, bea.email);
  await admin.getByRole("link", { name: "What they can do" }).click();
  await admin.getByRole("combobox", { name: "On", exact: true }).selectOption({ label: "shop" });
  await admin.getByRole("button", { name: "Explain" }).click();
  await expect(admin.getByRole("heading", { level: 2, name: /^Bea Operator.* on the project shop$/ })).toBeVisible();
  const row = admin.getByRole("row", { name: /project:services:write/ });
  await expect(row).toContainText("Through the group Night shift: Operator on the project shop");
  await row.getByRole("link", { name: "Night shift" }).click();
  await expect(admin).toHaveURL(group);

  await guest.goto("/projects/shop/permissions/explain");
  await expect(guest.getByRole("row", { name: /project:services:write/ })).toContainText("Through the group Night shift");
});

test("of two who edit a group the second is told, with both versions, and loses nothing", async ({ browser, installation }) => {
  const attached = { granted: ["role:organization:admin"] };
  const gil = await invite(admin, installation, organization, "gil@example.org", attached);
  const context = await join(browser, installation, gil, "Gil Admin", options);
  contexts.push(context);
  const second = await context.newPage();
  const edit = async (page: Page) => {
    await page.goto(group);
    await page.getByRole("button", { name: "Edit…" }).click();
  };
  const dialog = (page: Page) => page.getByRole("dialog", { name: "Edit group" });
  const name = (page: Page) => dialog(page).getByRole("textbox", { name: "Name", exact: true });
  const description = (page: Page) => dialog(page).getByRole("textbox", { name: /^Description/ });
  const save = (page: Page) => dialog(page).getByRole("button", { name: "Save" }).click();

  await edit(admin);
  await edit(second);
  await name(admin).fill("Night watch");
  await save(admin);
  await expect(admin.getByRole("heading", { level: 1, name: "Night watch" })).toBeVisible();

  await name(second).fill("Owls");
  await description(second).fill("Awake when others sleep.");
  await save(second);
  const told = dialog(second).getByRole("alert");
  await expect(told).toContainText("Somebody else changed this meanwhile. It is now “Night watch”");
  await expect(told).toContainText("you sent “Owls”, described as “Awake when others sleep.”");
  await expect(name(second)).toHaveValue("Owls");
  await expect(description(second)).toHaveValue("Awake when others sleep.");
  await admin.goto(group);
  await expect(admin.getByRole("heading", { level: 1, name: "Night watch" })).toBeVisible();

  // Now that they know, they may insist.
  await save(second);
  await expect(second.getByRole("heading", { level: 1, name: "Owls" })).toBeVisible();
});

test("who is deactivated can do nothing from the next request on, and is let in again", async ({ installation }) => {
  await guest.goto("/profile/tokens/new");
  await guest.getByRole("textbox", { name: /^Description/ }).fill("From anywhere");
  await guest.getByRole("button", { name: "Create token" }).click();
  token = (await guest.locator("pre.secret").innerText()).trim();
  const projects = `/organizations/${organization}/projects`;
  expect((await call(installation, projects, token, ELSEWHERE)).status).toBe(200);
  await guest.goto("/projects/shop/services");
  await expect(guest.getByRole("link", { name: "orders" })).toBeVisible();

  await openUser(admin, bea.email);
  await admin.getByRole("link", { name: "Deactivate…" }).click();
  await expect(admin.getByRole("row", { name: /Bea Operator.*shop.*project/ })).toBeVisible();
  await admin.getByRole("button", { name: "Deactivate" }).click();
  await expect(admin.getByText("is deactivated.")).toBeVisible();

  expect((await guest.reload())?.status()).toBe(404);
  expect((await call(installation, projects, token, ELSEWHERE)).status).toBe(404);
  const service = { project: "shop", name: "more", service_type: "pg", plan: "hobbyist", cloud: "local-main" };
  await expect(send(guest, installation, "services/create", service)).rejects.toThrow(/404/);
  await guest.goto("/projects");
  expect(await guest.content()).not.toContain("shop");

  await admin.getByRole("button", { name: "Reactivate" }).click();
  await expect(admin.getByText("is reactivated.")).toBeVisible();
  expect((await guest.goto("/projects/shop/services"))?.status()).toBe(200);
  expect((await call(installation, projects, token, ELSEWHERE)).status).toBe(200);
});

test("before somebody is removed it is shown who loses what, and the address is typed", async ({ installation }) => {
  await openUser(admin, bea.email);
  await admin.getByRole("link", { name: "Remove…" }).click();
  const row = admin.getByRole("row", { name: /Bea Operator.*shop.*project/ });
  await expect(row).toContainText("14 permissions");
  await expect(admin.getByRole("row")).toHaveCount(2);
  const field = admin.getByRole("textbox", { name: "E-mail" });
  await field.fill("ann@example.org");
  await admin.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveValue("ann@example.org");
  await field.fill(bea.email);
  await admin.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(admin.getByText(`${bea.email} is removed.`)).toBeVisible();
  await expect(admin.getByRole("row", { name: bea.email })).toHaveCount(0);

  await guest.goto("/projects");
  await expect(guest.getByRole("heading", { name: "You belong to no organization" })).toBeVisible();
  expect((await guest.goto("/projects/shop/services"))?.status()).toBe(404);
  expect((await guest.goto(whole))?.status()).toBe(404);
  expect((await call(installation, `/organizations/${organization}/projects`, token, ELSEWHERE)).status).toBe(404);
  await admin.goto(group);
  await expect(admin.getByRole("row", { name: bea.email })).toHaveCount(0);
});
