// An organization lets its people sign in with its own identity provider, which is a real one: set up by its metadata, tested
// before it counts, switched on, required; with encrypted assertions, signed requests and a change of its key. With script and
// without.

import type { Browser, BrowserContextOptions, Page } from "@playwright/test";

import { fillSignIn, find, hasScript, person, setUp } from "../harness/console.ts";
import { addApp, giveCode } from "../harness/factors.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { organizationOf, send } from "../harness/people.ts";
import { type Account, holdDomain, type Partner, SamlIdp, signInThere } from "../harness/saml.ts";

const test = testWith("simulated");
test.describe.configure({ mode: "serial" });

const alice: Account = { name: "alice", password: "secret of alice", email: "alice@acme.example", groups: ["staff", "dba"] };
const mallory: Account = { name: "mallory", password: "secret of mallory", email: "ceo@other.example", groups: ["staff"] };
const NAME = "Acme IdP";
/** The switch of the policy. */
const REQUIRED = "Require this organization’s identity provider";

let idp: SamlIdp;
let options: BrowserContextOptions;
let isLive: boolean;
/** The super admin's browser. */
let admin: Page;
let organization: string;
/** The path of the identity provider's page. */
let path: string;

test.beforeAll(async ({ browser, installation, javaScriptEnabled, viewport }) => {
  options = { javaScriptEnabled, viewport };
  isLive = hasScript({ javaScriptEnabled });
  idp = await SamlIdp.start([alice, mallory]);
  admin = await open(browser, installation);
  await setUp(admin, installation.setUpLink);
  organization = await organizationOf(admin);
  await holdDomain(installation, organization, "acme.example");
  await send(admin, installation, "groups/create", { organization, name: "Night shift", description: "" });
});

test.afterAll(async () => {
  await idp?.stop();
});

/** A browser of its own. */
async function open(browser: Browser, installation: Installation): Promise<Page> {
  const context = await browser.newContext({ baseURL: installation.address, ...options });
  return context.newPage();
}

/** Who is signed in there. */
async function whoIs(page: Page): Promise<string | undefined> {
  return (await find<{ email: string }>(page, "sessions/profile", {}))?.email;
}

async function save(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("The identity provider is saved.")).toBeVisible();
}

/** Goes to the identity provider and comes back with what it says of somebody. */
async function runTest(account: Account): Promise<void> {
  await admin.goto(path);
  await admin.getByRole("link", { name: "Test it now" }).click();
  await signInThere(admin, account, isLive);
  await expect(admin).toHaveURL(path);
}

/** Forgets who was signed in at the identity provider, and nothing of the console's. */
async function leaveIdp(page: Page): Promise<void> {
  await page.context().clearCookies({ domain: "127.0.0.1" });
}

/** From the e-mail page through the identity provider. */
async function signIn(page: Page, account: Account, email = account.email): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await page.getByRole("link", { name: `Continue with ${NAME}` }).click();
  await signInThere(page, account, isLive);
}

/** Tells the identity provider of the console as the console's own metadata has it. */
async function introduce(changes: Partial<Partner> = {}): Promise<Partner> {
  const provider = path.split("/").at(-1)!;
  const metadata = await (await admin.request.get(`/v1/sso/saml/account/${organization}/method/${provider}/metadata`)).text();
  const said = (what: RegExp) => what.exec(metadata)?.[1] ?? "";
  const partner = {
    entityId: said(/entityID="([^"]+)"/),
    acs: said(/AssertionConsumerService[^>]* Location="([^"]+)"/),
    slo: said(/SingleLogoutService[^>]* Location="([^"]+)"/),
    certificate: said(/X509Certificate>([^<]+)</).replace(/\s/g, ""),
    isEncrypted: false,
    isAsked: true,
    signsAssertion: true,
    signsResponse: true,
    ...changes,
  };
  expect(partner.entityId && partner.acs && partner.certificate, metadata).toBeTruthy();
  await idp.meet(partner);
  return partner;
}

test("an identity provider is set up by its metadata", async () => {
  await admin.goto(`/organizations/${organization}/identity-providers`);
  await admin.getByRole("button", { name: "Add identity provider" }).first().click();
  const dialog = admin.getByRole("dialog", { name: "Add identity provider" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(NAME);
  await dialog.getByRole("combobox", { name: "Product" }).selectOption({ label: "Another product" });
  await dialog.getByRole("button", { name: "Add it as a draft" }).click();
  await expect(admin.getByRole("heading", { level: 1, name: NAME })).toBeVisible();
  path = new URL(admin.url()).pathname;
  const { acs } = await introduce();
  await expect(admin.getByText(acs, { exact: true }).first()).toBeVisible();
  await expect(admin.getByText(/It cannot be tested yet/)).toBeVisible();

  // What only this machine gets to is not fetched: whoever may enter addresses could look around here otherwise.
  const address = admin.getByRole("textbox", { name: /^Where it is/ });
  await address.fill(idp.metadataUrl);
  await admin.getByRole("button", { name: "Read the metadata" }).click();
  await expect(address).toHaveAccessibleDescription(/does not lead to a public address/);
  await expect(address).toHaveValue(idp.metadataUrl);
  await address.fill("");
  await admin.getByRole("textbox", { name: /^Or pasted here/ }).fill(await idp.metadata());
  await admin.getByRole("button", { name: "Read the metadata" }).click();
  await expect(admin.getByText(/are filled in from the metadata. They are not saved yet/)).toBeVisible();
  await expect(admin.getByRole("textbox", { name: "Entity id" })).toHaveValue(idp.metadataUrl);
  await admin.getByRole("checkbox", { name: "acme.example" }).check();
  await admin.getByRole("textbox", { name: "Row 1: what the identity provider calls the group" }).fill("staff");
  await admin.getByRole("combobox", { name: "Row 1: the group here" }).selectOption({ label: "Night shift" });
  await save(admin);
  await expect(admin.getByRole("checkbox", { name: "acme.example" })).toBeChecked();
});

test("its test shows every check, and signs nobody in", async () => {
  await runTest(alice);
  await expect(admin.getByText("The last test passed.")).toBeVisible();
  const facts = admin.locator("#test").locator("xpath=ancestor::section[1]");
  await expect(facts.getByText(alice.email).first()).toBeVisible();
  await facts.getByText(/^Checks: \d+ of \d+ passed$/).click();
  const [, passed, all] = /^Checks: (\d+) of (\d+) passed$/.exec(await facts.getByText(/^Checks:/).innerText())!;
  expect(passed).toBe(all);
  expect(Number(all)).toBeGreaterThan(20);
  await facts.getByText("The response as it came").click();
  await expect(facts.getByText(/<samlp:Response /)).toBeVisible();
  // Who tests it is who they were.
  expect(await whoIs(admin)).toBe(person.email);
  const users = await find<{ rows: { email: string }[] }>(admin, "users/list", { organization });
  expect(users!.rows.map(({ email }) => email)).toEqual([person.email]);
});

test("a wrong certificate turns the test red, and says why", async () => {
  const right = await idp.certificate();
  await admin.goto(path);
  const field = admin.getByRole("textbox", { name: /^Certificate/ });
  await field.fill(await idp.nextCertificate());
  await save(admin);
  await leaveIdp(admin);
  await runTest(alice);
  await expect(admin.getByText(/^The last test did not pass\./)).toBeVisible();
  const row = admin.getByRole("row", { name: /signature_valid/ });
  await expect(row).toContainText("failed");
  await field.fill(right);
  await save(admin);
  await leaveIdp(admin);
  await runTest(alice);
  await expect(admin.getByText("The last test passed.")).toBeVisible();
});

test("once it is switched on, somebody new signs in and is a member, in the group that is mapped", async ({ browser, installation }) => {
  await admin.goto(path);
  await admin.getByRole("button", { name: "Switch it on…" }).click();
  const dialog = admin.getByRole("dialog", { name: `Switch ${NAME} on?` });
  await expect(dialog.getByText("Who enters an address of acme.example at the sign-in is led to it.")).toBeVisible();
  await dialog.getByRole("button", { name: "Switch it on" }).click();
  await expect(admin.getByText("It is switched on: people can sign in with it.")).toBeVisible();

  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  expect(await whoIs(guest)).toBe(alice.email);
  await admin.goto(`/organizations/${organization}/users`);
  await expect(admin.getByRole("row", { name: new RegExp(alice.email) })).toBeVisible();
  await admin.goto(`/organizations/${organization}/groups`);
  await admin.getByRole("link", { name: "Night shift" }).click();
  await expect(admin.getByText(alice.email)).toBeVisible();
  await guest.context().close();
});

test("nobody is let in whose address is not the organization’s", async ({ browser, installation }) => {
  const guest = await open(browser, installation);
  await signIn(guest, mallory, alice.email);
  await expect(guest.getByRole("heading", { name: "You are not signed in" })).toBeVisible();
  await expect(guest.getByText(/may not vouch for ceo@other.example/)).toBeVisible();
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/sign-in/);
  await guest.context().close();
});

test("the identity provider checks that it is the console who asks", async ({ browser, installation }) => {
  const requests = async (areSigned: boolean) => {
    await admin.goto(path);
    await admin.getByRole("checkbox", { name: "Our requests are signed" }).setChecked(areSigned);
    await save(admin);
  };
  await requests(false);
  const guest = await open(browser, installation);
  await guest.goto("/sign-in");
  await guest.getByLabel("E-mail").fill(alice.email);
  await guest.getByRole("button", { name: "Continue", exact: true }).click();
  await guest.getByRole("link", { name: `Continue with ${NAME}` }).click();
  await expect(guest).toHaveURL(/^http:\/\/127\.0\.0\.1/);
  await expect(guest.locator("body")).toContainText(/no signature found on message/i);
  await expect(guest.locator("#username"), "it asks nobody for a password").toHaveCount(0);
  await requests(true);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.context().close();
});

test("encrypted assertions are read, and demanded once that is so", async ({ browser, installation }) => {
  await admin.goto(path);
  await admin.getByRole("checkbox", { name: "Its assertions are encrypted" }).check();
  await save(admin);
  const plain = await open(browser, installation);
  await signIn(plain, alice);
  await expect(plain.getByText(/was not accepted/)).toBeVisible();
  await plain.context().close();

  await introduce({ isEncrypted: true });
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.context().close();
  await leaveIdp(admin);
  await runTest(alice);
  await expect(admin.getByText("The last test passed.")).toBeVisible();
  await expect(admin.getByText("What was encrypted in it")).toBeVisible();
});

test("the identity provider changes its key, and nobody is shut out", async ({ browser, installation }) => {
  const next = await idp.nextCertificate();
  await admin.goto(path);
  await admin.getByRole("textbox", { name: /^Next certificate/ }).fill(next);
  await save(admin);
  for (const key of ["old", "new"]) {
    if (key === "new") await idp.rollOver();
    const guest = await open(browser, installation);
    await signIn(guest, alice);
    await expect(guest, key).toHaveURL("/projects");
    await guest.context().close();
  }
  await admin.goto(path);
  await admin.getByRole("textbox", { name: /^Certificate/ }).fill(next);
  await admin.getByRole("textbox", { name: /^Next certificate/ }).fill("");
  await save(admin);
  await leaveIdp(admin);
  await runTest(alice);
  await expect(admin.getByText("The last test passed.")).toBeVisible();
});

test("who signs out here can sign out there as well, and who signs out there is signed out here", async ({ browser, installation }) => {
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.getByRole("button", { name: /^Account: / }).click();
  await guest.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(guest.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await guest.getByRole("link", { name: "Sign out there as well" }).click();
  await expect(guest).toHaveURL("/signed-out");
  // It asks for the password once more: nobody is signed in there.
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.goto(idp.logoutUrl);
  await expect(guest.locator("#username"), "it asks who wants to sign in").toBeVisible();
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/sign-in/);
  await guest.context().close();
});

test("where an identity provider is required, passwords open the organization no more", async ({ browser, installation }) => {
  // Somebody who comes through it has to be left who can change that again.
  const users = await find<{ rows: { user_id: string; email: string }[] }>(admin, "users/list", { organization });
  const user = users!.rows.find(({ email }) => email === alice.email)!.user_id;
  await send(admin, installation, "users/set_super_admin", { organization, user, is_super_admin: "true" });
  await admin.goto(`/organizations/${organization}/authentication`);
  await admin.getByRole("checkbox", { name: REQUIRED }).check();
  await admin.getByRole("button", { name: "See what it changes" }).click();
  await expect(admin.getByText(/Nobody would get in when the identity provider does not answer/).first()).toBeVisible();
  await expect(admin.getByRole("checkbox", { name: REQUIRED })).toBeChecked();
  // Whoever gets in without it shows a second factor.
  const { app } = await addApp(admin);
  await admin.goto(`/organizations/${organization}/authentication`);
  await admin.getByRole("row", { name: new RegExp(person.email) }).getByRole("button", { name: "Make break-glass" }).click();
  await expect(admin.getByText("You are a break-glass super admin now.")).toBeVisible();
  await admin.getByRole("checkbox", { name: REQUIRED }).check();
  await admin.getByRole("button", { name: "See what it changes" }).click();
  await admin.getByRole("button", { name: "Save the policy" }).click();
  // The last one who gets in without it stays: they neither leave nor are demoted.
  await admin.goto(`/profile/organizations/${organization}/leave`);
  await expect(admin.getByText(/You cannot leave now. .* is the last one who gets into this organization/)).toBeVisible();
  const glass = await open(browser, installation);
  await glass.goto("/sign-in");
  await fillSignIn(glass);
  await giveCode(glass, await app.code());
  await expect(glass).toHaveURL("/projects");
  await glass.goto(`/organizations/${organization}/authentication`);
  await expect(glass.getByRole("checkbox", { name: REQUIRED })).toBeChecked();
  await glass.context().close();
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.goto(`/organizations/${organization}/authentication`);
  await expect(guest.getByRole("checkbox", { name: REQUIRED })).toBeChecked();
  await guest.context().close();
});
