// The ways back in, with script and without: a password changed, one that was forgotten, second factors that were lost, from
// the admin's word to the person's objection or to the end of the day; and what is said of a password while it is typed.

import type { Browser, BrowserContextOptions, Page } from "@playwright/test";

import { expectLive, fillSignIn, hasScript, person, setUp } from "../harness/console.ts";
import { addApp, giveCode, letDayPass, letProofAge } from "../harness/factors.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { invite, mailedLink, organizationOf } from "../harness/people.ts";

const test = testWith("simulated");
test.describe.configure({ mode: "serial" });

const bea = { name: "Bea Operator", email: "bea@example.org", password: "nine quiet herons listen" };
const REASON = "She called, and I know her voice.";

let options: BrowserContextOptions;
let isLive: boolean;
/** The super admin's browser. */
let admin: Page;
/** Bea's. */
let guest: Page;
let invitation: string;
/** The path of Bea's page. */
let user: string;
let codes: string[];

test.beforeAll(async ({ browser, installation, javaScriptEnabled, viewport }) => {
  options = { javaScriptEnabled, viewport };
  isLive = hasScript({ javaScriptEnabled });
  admin = await open(browser, installation);
  await setUp(admin, installation.setUpLink);
  invitation = await invite(admin, installation, await organizationOf(admin), bea.email);
});

/** A browser of its own. */
async function open(browser: Browser, installation: Installation): Promise<Page> {
  const context = await browser.newContext({ baseURL: installation.address, ...options });
  return context.newPage();
}

/** What is said of the password, rule by rule: only with script. */
async function expectRules(page: Page, met: "all" | "some"): Promise<void> {
  if (!isLive) {
    await expect(page.locator(".password-rules")).toBeHidden();
    return;
  }
  await expect(page.locator(".password-rules.is-stale")).toHaveCount(0);
  await expect(page.locator(".password-rules .is-met").first()).toBeVisible();
  if (met === "all") {
    await expect(page.locator(".password-rules .is-unmet")).toHaveCount(0);
    await expect(page.getByRole("status").filter({ hasText: "The password meets every rule." })).toBeAttached();
  } else {
    await expect(page.locator(".password-rules .is-unmet").first()).toBeVisible();
  }
}

test("what a password lacks is said while it is typed, and not for every key", async ({ browser, installation }) => {
  guest = await open(browser, installation);
  await guest.goto(invitation);
  if (isLive) await expectLive(guest);
  let asked = 0;
  guest.on("request", (request) => (asked += Number(request.url().endsWith("/api/passwords/judge"))));
  await guest.getByRole("textbox", { name: "Your name" }).fill(bea.name);
  const password = guest.getByLabel("Password");
  const typed = `${bea.email} bea`;
  await password.pressSequentially(typed, { delay: 40 });
  await expectRules(guest, "some");
  expect(asked).toBeLessThan(typed.length / 2);
  await guest.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(password).toHaveAttribute("aria-invalid", "true");
  if (isLive) await expectLive(guest);
  await password.fill(bea.password);
  await expectRules(guest, "all");
  await guest.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(guest.getByText("Welcome. You belong to the organization now.")).toBeVisible();
});

test("a password is changed by who knows the old one", async () => {
  await guest.goto("/profile/authentication");
  await guest.getByRole("link", { name: "Change…" }).click();
  if (isLive) await expectLive(guest);
  const [old, next] = [guest.getByLabel("Password that you have"), guest.getByLabel("New password")];
  await old.fill("not the right password");
  await next.fill("herons");
  await expectRules(guest, "some");
  await next.fill("five brass kettles hum");
  await expectRules(guest, "all");
  await guest.getByRole("button", { name: "Change password" }).click();
  await expect(old).toHaveAttribute("aria-invalid", "true");
  await old.fill(bea.password);
  await next.fill("five brass kettles hum");
  await guest.getByRole("button", { name: "Change password" }).click();
  await expect(guest.getByText("Your password is changed. You were signed in nowhere else.")).toBeVisible();
  bea.password = "five brass kettles hum";
});

/** Signs Bea in with her password; who has a second factor is asked for it. */
async function signIn(page: Page): Promise<void> {
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await fillSignIn(page, bea.email, bea.password);
}

test("a forgotten password is set anew by the mailed link, which signs nobody in", async ({ installation }) => {
  await guest.context().clearCookies();
  await guest.goto("/sign-in");
  await guest.getByLabel("E-mail").fill(bea.email);
  await guest.getByRole("button", { name: "Continue" }).click();
  await guest.getByRole("link", { name: "Forgot your password?" }).click();
  await guest.getByText("Lost your second factors as well?").click();
  await expect(guest.getByText(/they press “Reset second factors”/)).toBeVisible();
  await guest.getByLabel("E-mail").fill(bea.email);
  await guest.getByRole("button", { name: "Send the link" }).click();
  await expect(guest.getByText(`If ${bea.email} has an account here`)).toBeVisible();

  const link = await mailedLink(installation, bea.email, "password-reset");
  await guest.goto(link);
  if (isLive) await expectLive(guest);
  const password = guest.getByLabel("New password");
  await password.fill("herons");
  await expectRules(guest, "some");
  bea.password = "two wet lanterns argue";
  await password.fill(bea.password);
  await expectRules(guest, "all");
  await guest.getByRole("button", { name: "Set the password" }).click();
  await expect(guest.getByText("Your new password is set")).toBeVisible();
  await guest.goto("/projects");
  await expect(guest, "it signs nobody in").toHaveURL(/\/sign-in/);
  expect((await guest.goto(link))?.status(), "it works once").toBe(409);
  await signIn(guest);
  await expect(guest).toHaveURL("/projects");
});

/** The admin's side, from the list of people on. */
async function ask(): Promise<void> {
  await admin.goto(user);
  await admin.getByRole("link", { name: "Reset second factors…" }).click();
  await admin.getByRole("textbox", { name: "Reason" }).fill(REASON);
  await admin.getByRole("button", { name: "Reset second factors" }).click();
  await expect(admin.getByText(`${bea.email} loses their second factors in a day.`)).toBeVisible();
}

test("an admin asks for a reset of lost factors, after showing who they are", async ({ installation }) => {
  await letProofAge(installation);
  await signIn(guest);
  codes = (await addApp(guest)).codes;
  await admin.goto("/projects");
  await admin.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Users", exact: true }).click();
  await admin.getByRole("link", { name: bea.email }).click();
  user = new URL(admin.url()).pathname;
  await admin.getByRole("link", { name: "Reset second factors…" }).click();
  await expect(admin).toHaveURL(/\/step-up\?next=/);
  await admin.getByLabel("Password").fill(person.password);
  await admin.getByRole("button", { name: "Confirm" }).click();
  await expect(admin.getByText("They lose 1 authenticator app and 10 recovery codes")).toBeVisible();
  const reason = admin.getByRole("textbox", { name: "Reason" });
  await reason.fill("  ");
  await admin.getByRole("button", { name: "Reset second factors" }).click();
  await expect(reason).toHaveAttribute("aria-invalid", "true");
  await ask();
  await expect(admin.getByText("waiting", { exact: true })).toBeVisible();
  await expect(admin.getByText(REASON)).toBeVisible();
  await expect(admin.getByRole("link", { name: "Reset second factors…" })).toHaveCount(0);
});

test("the link in the mail stops it, once, for whoever has it", async ({ browser, installation }) => {
  const link = await mailedLink(installation, bea.email, "factor-resets");
  const anybody = await open(browser, installation);
  expect((await anybody.goto(link))?.status()).toBe(200);
  await expect(anybody.getByText(REASON)).toBeVisible();
  await admin.reload();
  await expect(admin.getByText("waiting", { exact: true }), "looking changes nothing").toBeVisible();
  await anybody.getByRole("button", { name: "This was not me: stop it" }).click();
  await expect(anybody.getByText("It is stopped: the second factors stay.")).toBeVisible();
  await expect(anybody.getByText("You stopped it: the second factors stay.")).toBeVisible();
  expect((await anybody.goto(link))?.status()).toBe(200);
  await expect(anybody.getByText("This was stopped already")).toBeVisible();
  expect((await anybody.goto(link.slice(0, -1)))?.status()).toBe(404);
  await expect(anybody.getByText("This is no link that was sent")).toBeVisible();
  await anybody.context().close();
  await admin.reload();
  await expect(admin.getByText("waiting", { exact: true })).toHaveCount(0);
});

test("who is still signed in stops it in their profile", async () => {
  await ask();
  await guest.goto("/projects");
  await expect(guest.getByText("asked that your second factors be removed")).toBeVisible();
  await guest.getByRole("link", { name: "See why it was asked" }).click();
  await expect(guest.getByText(REASON)).toBeVisible();
  await guest.getByRole("button", { name: "This was not me: stop it" }).click();
  await expect(guest.getByText("It is stopped: you keep your second factors.")).toBeVisible();
  await expect(guest.getByRole("row", { name: /Phone/ })).toBeVisible();
});

test("an admin takes it back", async () => {
  await ask();
  await admin.getByRole("button", { name: "Withdraw…" }).click();
  await admin.getByRole("dialog", { name: "Withdraw the reset?" }).getByRole("button", { name: "Withdraw" }).click();
  await expect(admin.getByText("It is taken back: they keep their second factors.")).toBeVisible();
  await signIn(guest);
  await giveCode(guest, codes.pop()!);
  await expect(guest).toHaveURL("/projects");
});

test("a day later the factors are gone, and the password alone opens the account", async ({ installation }) => {
  await signIn(guest);
  await guest.getByText("Lost everything?").click();
  await expect(guest.getByText(/they press “Reset second factors”/)).toBeVisible();
  await ask();
  await installation.stopServer();
  await letDayPass(installation);
  await installation.startServer();
  await expect(async () => {
    await signIn(guest);
    await expect(guest).toHaveURL("/projects", { timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await expect(guest.getByText("Your second factors were removed")).toBeVisible();
  await guest.goto("/profile/authentication");
  await expect(guest.getByText("Your password is all that protects your account.")).toBeVisible();
  const over = await guest.goto(await mailedLink(installation, bea.email, "factor-resets"));
  expect(over?.status()).toBe(200);
  await expect(guest.getByText("This came to pass")).toBeVisible();
});

test("an admin signs a member out everywhere", async () => {
  await admin.goto(user);
  await admin.getByRole("button", { name: "Sign out everywhere…" }).click();
  const dialog = admin.getByRole("dialog", { name: `Sign ${bea.name} out everywhere?` });
  await expect(dialog.getByText(/Their tokens stay good/)).toBeVisible();
  await dialog.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(admin.getByText(/They are signed out of \d+ browsers?\./)).toBeVisible();
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/sign-in/);
});
