// An organization lets its people sign in with its own identity provider, which is a real one that speaks OpenID Connect: set up by its
// issuer and a secret, tested before it counts, switched on, with a change of its key, signing out both ways, and forbidden by a
// policy. With script and without.

import type { Browser, BrowserContextOptions, Page } from "@playwright/test";

import { find, hasScript, person, setUp } from "../harness/console.ts";
import { letProofAge } from "../harness/factors.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import { freePort, type Installation } from "../harness/installation.ts";
import { client, OpenIdProvider } from "../harness/oidc.ts";
import { organizationOf, send } from "../harness/people.ts";
import { type Account, holdDomain } from "../harness/saml.ts";

const port = await freePort();
// The provider is on this machine, which the console reaches only if it is told that it may.
const test = testWith("simulated", {
  REDOUBT_OUTBOUND__PRIVATE_RANGES: "127.0.0.0/8",
  REDOUBT_OUTBOUND__PORTS: `80,443,${port}`,
});
test.describe.configure({ mode: "serial" });

const alice: Account = { name: "alice", password: "secret of alice", email: "alice@acme.example", groups: ["staff"] };
const mallory: Account = { name: "mallory", password: "secret of mallory", email: "ceo@other.example", groups: ["staff"] };
const NAME = "Acme OP";
/** The switch of the policy. */
const ALLOWED = "Allow OpenID Connect";

let op: OpenIdProvider;
let options: BrowserContextOptions;
/** The super admin's browser. */
let admin: Page;
let organization: string;
/** The path of the identity provider's page. */
let path: string;

test.beforeAll(async ({ browser, installation, javaScriptEnabled, viewport }) => {
  options = { javaScriptEnabled, viewport };
  op = await OpenIdProvider.start(port, [alice, mallory]);
  admin = await open(browser, installation);
  await setUp(admin, installation.setUpLink);
  organization = await organizationOf(admin);
  await holdDomain(installation, organization, "acme.example");
  await send(admin, installation, "groups/create", { organization, name: "Night shift", description: "" });
});

test.afterAll(async () => {
  await op?.stop();
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

/** Signs in at the provider whose page is open, and goes back to the console. */
async function signInThere(page: Page, account: Account): Promise<void> {
  await page.locator("#username").fill(account.name);
  await page.locator("#password").fill(account.password);
  await page.locator("#password").press("Enter");
}

/** Forgets who was signed in at the provider, and nothing of the console's. */
async function leaveProvider(page: Page): Promise<void> {
  await page.context().clearCookies({ domain: "127.0.0.1" });
}

/** Goes to the provider and comes back with what it says of somebody. */
async function runTest(account: Account): Promise<void> {
  await leaveProvider(admin);
  await admin.goto(path);
  await admin.getByRole("link", { name: "Test it now" }).click();
  await signInThere(admin, account);
  await expect(admin).toHaveURL(path);
}

/** From the e-mail page through the provider. */
async function signIn(page: Page, account: Account, email = account.email): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await page.getByRole("link", { name: `Continue with ${NAME}` }).click();
  await signInThere(page, account);
}

async function enterSecret(secret: string): Promise<void> {
  await admin.goto(path);
  await admin.getByLabel("Client secret").fill(secret);
  await save(admin);
}

/** Sets whether OpenID Connect is good enough for the organization. */
async function allow(isAllowed: boolean): Promise<void> {
  await admin.goto(`/organizations/${organization}/authentication`);
  await admin.getByRole("checkbox", { name: ALLOWED, exact: true }).setChecked(isAllowed);
  await admin.getByRole("button", { name: "See what it changes" }).click();
  await admin.getByRole("button", { name: "Save the policy" }).click();
  await admin.goto(`/organizations/${organization}/authentication`);
  await expect(admin.getByRole("checkbox", { name: ALLOWED, exact: true })).toBeChecked({ checked: isAllowed });
}

test("an identity provider is set up by its issuer and what it calls the console", async ({ installation }) => {
  await admin.goto(`/organizations/${organization}/identity-providers`);
  await admin.getByRole("button", { name: "Add identity provider" }).first().click();
  const dialog = admin.getByRole("dialog", { name: "Add identity provider" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(NAME);
  await dialog.getByRole("combobox", { name: "Protocol" }).selectOption({ label: "OpenID Connect" });
  await dialog.getByRole("combobox", { name: "Product" }).selectOption({ label: "Another product" });
  await dialog.getByRole("button", { name: "Add it as a draft" }).click();
  await expect(admin.getByRole("heading", { level: 1, name: NAME })).toBeVisible();
  path = new URL(admin.url()).pathname;
  await expect(admin.getByText(/It cannot be tested yet/)).toBeVisible();

  const base = `${installation.address}/v1/sso/oidc/account/${organization}/method/${path.split("/").at(-1)}`;
  const addresses = {
    callback: `${base}/callback`,
    postLogout: `${installation.address}/signed-out`,
    backchannel: `${base}/backchannel-logout`,
  };
  for (const address of Object.values(addresses)) {
    await expect(admin.getByText(address, { exact: true }).first()).toBeVisible();
  }
  await op.meet(addresses);
  await admin.getByRole("textbox", { name: "Issuer" }).fill(`${op.issuer}/`);
  await admin.getByRole("textbox", { name: "Client id" }).fill(client.id);
  await admin.getByLabel("Client secret").fill("another secret");
  await admin.getByRole("textbox", { name: "Scopes" }).fill("openid email profile groups");
  await admin.getByRole("checkbox", { name: "acme.example" }).check();
  await admin.getByRole("textbox", { name: "Row 1: what the identity provider calls the group" }).fill("staff");
  await admin.getByRole("combobox", { name: "Row 1: the group here" }).selectOption({ label: "Night shift" });
  await save(admin);
  await expect(admin.getByText("a secret is stored")).toBeVisible();
  await expect(admin.getByLabel("Client secret")).toHaveValue("");
  expect(await admin.content()).not.toContain("another secret");
});

test("its test turns red for what is wrong, and says what", async () => {
  // Another issuer than it says of itself, by one letter: nobody is sent anywhere.
  await admin.goto(path);
  await admin.getByRole("link", { name: "Test it now" }).click();
  await expect(admin).toHaveURL(path);
  await expect(admin.getByRole("row", { name: /discovery_issuer/ })).toContainText("failed");
  await admin.getByRole("textbox", { name: "Issuer" }).fill(op.issuer);
  await save(admin);
  // The secret was for the other issuer, and is not sent to this one.
  await expect(admin.getByText("a secret is stored")).toHaveCount(0);
  // The wrong secret.
  await enterSecret("another secret");
  await runTest(alice);
  await expect(admin.getByText(/^The last test did not pass\./)).toBeVisible();
  const row = admin.getByRole("row", { name: /code_exchanged/ });
  await expect(row).toContainText("failed");
  await expect(row).toContainText("invalid_client");
});

test("with the right secret it turns green, and signs nobody in", async () => {
  await enterSecret(client.secret);
  await runTest(alice);
  await expect(admin.getByText("The last test passed.")).toBeVisible();
  const facts = admin.locator("#test").locator("xpath=ancestor::section[1]");
  await expect(facts.getByText(alice.email).first()).toBeVisible();
  await facts.getByText(/^Checks: \d+ of \d+ passed$/).click();
  const [, passed, all] = /^Checks: (\d+) of (\d+) passed$/.exec(await facts.getByText(/^Checks:/).innerText())!;
  expect(passed).toBe(all);
  expect(Number(all)).toBeGreaterThan(15);
  await facts.getByText("The ID token, without its signature").click();
  await expect(facts.getByText(/"RS256"/)).toBeVisible();
  // Who tests it is who they were.
  expect(await whoIs(admin)).toBe(person.email);
  const users = await find<{ rows: { email: string }[] }>(admin, "users/list", { organization });
  expect(users!.rows.map(({ email }) => email)).toEqual([person.email]);
});

test("once it is switched on, somebody new signs in and is a member, in the group that is mapped", async ({ browser, installation }) => {
  await admin.goto(path);
  await admin.getByRole("button", { name: "Switch it on…" }).click();
  const dialog = admin.getByRole("dialog", { name: `Switch ${NAME} on?` });
  await dialog.getByRole("button", { name: "Switch it on" }).click();
  await expect(admin.getByText("It is switched on: people can sign in with it.")).toBeVisible();

  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  expect(await whoIs(guest)).toBe(alice.email);
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

test("the provider changes its key, and nobody is shut out", async ({ browser, installation }) => {
  await op.rollOver();
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.context().close();
});

test("who signs out here can sign out there as well, and who signs out there is signed out here", async ({ browser, installation }) => {
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.getByRole("button", { name: /^Account: / }).click();
  await guest.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(guest.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await guest.getByRole("link", { name: "Sign out there as well" }).click();
  await guest.getByRole("button", { name: "Yes, sign me out" }).click();
  await expect(guest).toHaveURL(/\/signed-out/);
  // It asks for the password once more: nobody is signed in there.
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.goto(op.logoutUrl);
  await guest.getByRole("button", { name: "Yes, sign me out" }).click();
  await expect(guest.getByText("Sign-out Success").first()).toBeVisible();
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/sign-in/);
  await guest.context().close();
});

test("who signed in there confirms there that it is them, with their credentials once more", async ({ browser, installation }) => {
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest).toHaveURL("/projects");
  await guest.goto("/step-up?next=%2Fprofile%2Fauthentication");
  await guest.getByRole("link", { name: `Confirm with ${NAME}` }).click();
  // Although they are signed in there.
  await signInThere(guest, alice);
  await expect(guest).toHaveURL("/profile/authentication");
  await guest.context().close();
});

test("an account of another address is linked by proof of both", async ({ browser, installation }) => {
  await leaveProvider(admin);
  // Whoever has to confirm first gets there by a form, which browsers let lead to no other origin by a redirect.
  await letProofAge(installation);
  await admin.goto("/profile/authentication");
  await admin.getByRole("link", { name: new RegExp(`^Link with ${NAME}`) }).click();
  await admin.getByLabel("Password").fill(person.password);
  await admin.getByRole("button", { name: "Confirm", exact: true }).click();
  await signInThere(admin, mallory);
  await expect(admin.getByText("Your account is linked")).toBeVisible();
  await expect(admin.getByRole("link", { name: `Unlink ${NAME}` })).toBeVisible();
  const guest = await open(browser, installation);
  await signIn(guest, mallory, alice.email);
  await expect(guest).toHaveURL("/projects");
  expect(await whoIs(guest)).toBe(person.email);
  await guest.context().close();
});

test("a policy that does not allow it keeps people out, until it does", async ({ browser, installation }) => {
  await allow(false);
  const guest = await open(browser, installation);
  await signIn(guest, alice);
  await expect(guest.getByText(/OpenID Connect/).first()).toBeVisible();
  await guest.context().close();
  await allow(true);
  const again = await open(browser, installation);
  await signIn(again, alice);
  await expect(again).toHaveURL("/projects");
  await again.context().close();
});
