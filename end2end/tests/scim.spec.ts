// An identity provider pushes people and groups: it is switched on, its token is shown once, a script pushes with it as Okta does; what
// is pushed is marked and not changed by hand, and who is shut out there is signed out here. With script and without.

import { type APIRequestContext, type Browser, type BrowserContextOptions, type Page, request } from "@playwright/test";

import { setUp } from "../harness/console.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { invite, join, organizationOf } from "../harness/people.ts";
import { holdDomain } from "../harness/saml.ts";

const test = testWith("simulated");
test.describe.configure({ mode: "serial" });

const bea = { name: "Bea Operator", email: "bea@acme.example" };
const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

let installation: Installation;
let options: BrowserContextOptions;
/** The super admin's browser. */
let admin: Page;
/** Bea's. */
let guest: Page;
let organization: string;
/** The path of the page of SCIM. */
let path: string;
/** Whoever pushes. */
let okta: APIRequestContext;
let base: string;
/** Ids of what was pushed. */
let user: string;
let group: string;

test.beforeAll(async ({ browser, installation: given, javaScriptEnabled, viewport }) => {
  installation = given;
  options = { javaScriptEnabled, viewport };
  admin = await open(browser);
  await setUp(admin, installation.setUpLink);
  organization = await organizationOf(admin);
  const link = await invite(admin, installation, organization, bea.email);
  guest = await (await join(browser, installation, link, bea.name, options)).newPage();
  await holdDomain(installation, organization, "acme.example");
});

test.afterAll(async () => {
  await okta?.dispose();
});

async function open(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ baseURL: installation.address, ...options });
  return context.newPage();
}

/** Pushes something, and gives what is answered. */
async function push(method: "POST" | "PATCH", where: string, data: object): Promise<{ id: string }> {
  const answer = await okta.fetch(`${base}${where}`, { method, data });
  expect(answer.ok(), `${answer.status()} ${await answer.text()}`).toBe(true);
  return answer.json();
}

test("SCIM is switched on, and its token is shown once", async () => {
  await admin.goto(`/organizations/${organization}/identity-providers`);
  await admin.getByRole("button", { name: "Add identity provider" }).first().click();
  const dialog = admin.getByRole("dialog", { name: "Add identity provider" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Acme Okta");
  await dialog.getByRole("combobox", { name: "Product" }).selectOption("okta");
  await dialog.getByRole("button", { name: "Add it as a draft" }).click();
  await expect(admin.getByRole("heading", { level: 1, name: "Acme Okta" })).toBeVisible();
  await admin.getByRole("checkbox", { name: "acme.example" }).check();
  await admin.getByRole("button", { name: "Save", exact: true }).click();
  await expect(admin.getByText("The identity provider is saved.")).toBeVisible();

  await admin.getByRole("link", { name: "SCIM provisioning" }).click();
  await expect(admin.getByText("Nothing is pushed.")).toBeVisible();
  await admin.getByRole("button", { name: "Switch SCIM on" }).click();
  await expect(admin.getByText("SCIM is switched on. Make a token next.")).toBeVisible();
  path = new URL(admin.url()).pathname;
  await admin.getByRole("button", { name: "Make a token" }).click();
  const token = (await admin.getByLabel("Token", { exact: true }).innerText()).trim();
  expect(token).toMatch(/^rds_[0-9A-Za-z]{49}$/);
  base = (await admin.getByText(/\/v1\/scim\/v2\/account\//).first().innerText()).trim();
  await admin.goto(path);
  await expect(admin.getByText(`${token.slice(0, 10)}…`).first()).toBeVisible();
  expect(await admin.content(), "it is shown once").not.toContain(token);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/scim+json" };
  okta = await request.newContext({ extraHTTPHeaders: headers });
});

test("who is here is taken over, and marked", async () => {
  const sent = { schemas: [USER], userName: bea.email, displayName: "Bea of Okta", externalId: "00u1", active: true };
  user = (await push("POST", "/Users", sent)).id;
  const members = [{ value: user }];
  group = (await push("POST", "/Groups", { schemas: [GROUP], displayName: "Pushed", members })).id;

  await admin.goto(path);
  await expect(admin.getByText("It keeps 1 person and 1 group.")).toBeVisible();
  await admin.goto(`/organizations/${organization}/users/${user}`);
  await expect(admin.getByRole("heading", { name: "Managed by SCIM of Acme Okta" })).toBeVisible();
  await expect(admin.getByText("Bea of Okta").first()).toBeVisible();
  await admin.goto(`/organizations/${organization}/groups/${group}`);
  await expect(admin.getByText("Managed by SCIM of Acme Okta")).toBeVisible();
  await expect(admin.getByText(bea.email).first()).toBeVisible();
});

test("what is kept is not changed by hand, and it is said where it is", async () => {
  await admin.goto(`/organizations/${organization}/groups/${group}`);
  await admin.getByRole("button", { name: "Edit…" }).click();
  const dialog = admin.getByRole("dialog", { name: "Edit group" });
  // What it is called is said there, and what it is for here.
  await expect(dialog.getByRole("textbox", { name: "Name" })).toHaveCount(0);
  await dialog.getByRole("textbox", { name: /^Description/ }).fill("On call at night");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(admin.getByText("On call at night").first()).toBeVisible();
  await expect(admin.getByRole("heading", { level: 1, name: "Pushed" })).toBeVisible();
  await expect(admin.getByText(/This group is managed by SCIM of the identity provider Acme Okta/).first()).toBeVisible();
  await guest.goto("/profile");
  await expect(guest.getByText(/managed by SCIM of the identity provider Acme Okta/)).toBeVisible();
  await expect(guest.getByRole("button", { name: "Save" })).toHaveCount(0);
});

test("who is shut out there is signed out here", async () => {
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/projects/);
  const off = [{ op: "replace", value: { active: false } }];
  await push("PATCH", `/Users/${user}`, { schemas: [PATCH], Operations: off });
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/sign-in/);
  await admin.goto(`/organizations/${organization}/events`);
  await expect(admin.getByText("SCIM of Acme Okta").first()).toBeVisible();
});

test("a token that is removed opens nothing, and switching off keeps what was pushed", async () => {
  await admin.goto(path);
  await admin.getByRole("button", { name: "Remove…" }).click();
  await admin.getByRole("dialog", { name: /^Remove the token rds_/ }).getByRole("button", { name: "Remove it" }).click();
  await expect(admin.getByText("There is no token yet.")).toBeVisible();
  expect((await okta.get(`${base}/Users`)).status()).toBe(401);
  await admin.getByRole("button", { name: "Switch SCIM off…" }).click();
  const dialog = admin.getByRole("dialog", { name: "Switch SCIM off Acme Okta?" });
  await expect(dialog.getByText("The keeping of 1 person and 1 group")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Name" }).fill("Acme Okta");
  await dialog.getByRole("button", { name: "Switch SCIM off" }).click();
  await expect(admin.getByText("Nothing is pushed.")).toBeVisible();
  await admin.goto(`/organizations/${organization}/groups/${group}`);
  await expect(admin.getByText("Managed by SCIM")).toHaveCount(0);
});
