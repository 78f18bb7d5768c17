// Signing in with a second factor, confirming who one is, and ending sessions: with script and without. What the browser
// itself does only with script is in passkeys.spec.ts.

import type { Page } from "@playwright/test";

import { createProject, expectLive, fillSignIn, giveEmail, hasScript, person, SESSION_COOKIE, setUp, signIn } from "../harness/console.ts";
import { addApp, type App, fillApp, giveCode, letProofAge } from "../harness/factors.ts";
import { expect, testWith } from "../harness/fixtures.ts";

const test = testWith("simulated");
test.describe.configure({ mode: "serial" });

let page: Page;
let app: App;
let codes: string[];

test.beforeAll(async ({ browser, installation, javaScriptEnabled, viewport }) => {
  const context = await browser.newContext({ baseURL: installation.address, javaScriptEnabled, viewport });
  page = await context.newPage();
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
});

async function signOut(): Promise<void> {
  await page.context().clearCookies();
}

/** Everybody gets the same second step. */
async function secondStep(email: string): Promise<string> {
  await page.goto("/sign-in");
  await giveEmail(page, email);
  const main = await page.locator("main").innerHTML();
  return main.replaceAll(email, "…");
}

test("the second step is the same for an address that nobody has", async () => {
  await signOut();
  expect(await secondStep("nobody@example.org")).toBe(await secondStep(person.email));
  await expect(page.getByLabel("E-mail")).toHaveAttribute("autocomplete", "username");
  await expect(page.getByLabel("Password")).toHaveAttribute("autocomplete", "current-password");
});

test("an address that is none is refused at its field, and can be changed later", async () => {
  await page.goto("/sign-in");
  const email = page.getByLabel("E-mail");
  await expect(email).toBeFocused();
  await email.fill("ann@localhost@x");
  // What the browser would say itself is not what is tried here.
  await email.evaluate((field: HTMLInputElement) => (field.form!.noValidate = true));
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(email).toHaveAttribute("aria-invalid", "true");
  await expect(email).toHaveValue("ann@localhost@x");
  await email.fill("bea@example.org");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Change" }).click();
  await expect(email).toHaveValue("bea@example.org");
  await expect(email).toBeEditable();
});

test("an authenticator app is added with two codes, and wrong ones lose nothing", async () => {
  await signIn(page);
  await page.goto("/profile/authentication");
  await expect(page.getByText("Your password is all that protects your account.")).toBeVisible();
  await page.getByRole("link", { name: "Add an authenticator app" }).click();
  const secret = page.locator("pre.secret");
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  const shown = await secret.innerText();
  await fillApp(page, "000000", "111111");
  await expect(page.getByRole("textbox", { name: "Next code" })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("textbox", { name: /^Name/ })).toHaveValue("Phone");
  expect(await secret.innerText(), "what was scanned is good still").toBe(shown);

  ({ app, codes } = await addApp(page));
  expect(new Set(codes).size).toBe(10);
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download as text" }).click();
  const path = await (await waiting).path();
  const { readFile } = await import("node:fs/promises");
  expect(await readFile(path, "utf8")).toContain(codes.join("\n"));
  await page.getByRole("link", { name: "I have kept them" }).click();
  const row = page.getByRole("row", { name: /Phone/ });
  await expect(row).toContainText("Authenticator app");
  await expect(page.getByText("10 left")).toBeVisible();
});

test("after the password comes the second factor; a wrong code is refused and the right one leads on", async () => {
  await signOut();
  await page.goto("/projects/shop/events");
  await fillSignIn(page);
  await expect(page).toHaveURL(/\/sign-in\/factor\?next=/);
  await page.goto("/projects");
  await expect(page, "the password alone opens nothing").toHaveURL(/\/sign-in\?next=/);
  await page.goto("/projects/shop/events");
  await fillSignIn(page);
  const code = page.getByRole("textbox", { name: "Code" });
  await expect(code).toHaveAttribute("autocomplete", "one-time-code");
  await giveCode(page, "000000");
  await expect(code).toHaveAttribute("aria-invalid", "true");
  await expect(code).toHaveValue("");
  await giveCode(page, await app.code());
  await expect(page).toHaveURL("/projects/shop/events");
});

test("who begins again is asked for the password again", async () => {
  await signOut();
  await signIn(page);
  await page.getByText("Lost everything?").click();
  await expect(page.getByText(/manages the users of your organization/)).toBeVisible();
  await page.getByRole("button", { name: "Sign in as somebody else" }).click();
  await expect(page.getByLabel("E-mail")).toBeEditable();
  await page.context().clearCookies();
  expect((await page.goto("/sign-in/factor"))?.status()).toBe(401);
  await page.getByRole("button", { name: "Sign in again" }).click();
  await expect(page.getByLabel("E-mail")).toBeEditable();
});

test("a recovery code works once", async () => {
  const used = codes.pop()!;
  await signIn(page);
  await giveCode(page, used.toUpperCase());
  await expect(page).toHaveURL("/projects");
  await signOut();
  await signIn(page);
  await giveCode(page, used);
  await expect(page.getByRole("textbox", { name: "Code" })).toHaveAttribute("aria-invalid", "true");
  await giveCode(page, codes.pop()!);
  await expect(page).toHaveURL("/projects");
  await page.goto("/profile/authentication");
  await expect(page.getByText("8 left")).toBeVisible();
});

test("a form that was sent too late comes back after both steps", async () => {
  await page.goto("/projects");
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  const name = dialog.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("kept");
  // The session alone: that it was they who were signed in here last is known by another cookie.
  await page.context().clearCookies({ name: SESSION_COOKIE });
  await dialog.getByRole("button", { name: "Create project" }).click();
  await expect(page.getByText("Your session ended and nothing was saved.")).toBeVisible();
  await fillSignIn(page, person.email, "not the right password");
  await expect(page.getByText("E-mail or password is wrong.")).toBeVisible();
  await fillSignIn(page);
  await giveCode(page, "000000");
  await expect(page.getByRole("textbox", { name: "Code" })).toHaveAttribute("aria-invalid", "true");
  await giveCode(page, codes.pop()!);
  await expect(page).toHaveURL("/projects");
  await expect(dialog).toContainText("Your session had ended, so nothing was done.");
  await expect(name).toHaveValue("kept");
  await dialog.getByRole("button", { name: "Cancel" }).click();
});

test("before something dangerous one confirms who one is, and comes back to the form as it was", async ({ installation }) => {
  await letProofAge(installation);
  await page.goto("/profile/tokens/new");
  const description = page.getByRole("textbox", { name: "Description" });
  await description.fill("Deploys at night");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page).toHaveURL(/\/step-up\?next=/);
  await expect(page.getByRole("heading", { level: 1, name: "Confirm it is you" })).toBeVisible();

  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page).toHaveURL("/profile/tokens/new");
  await expect(description, "cancelled, and nothing is lost").toHaveValue("Deploys at night");
  await page.getByRole("button", { name: "Create token" }).click();

  await giveCode(page, "000000", "Confirm");
  await expect(page.getByRole("textbox", { name: "Code" })).toHaveAttribute("aria-invalid", "true");
  const before = await sessionCookie();
  await giveCode(page, codes.pop()!, "Confirm");
  await expect(page).toHaveURL("/profile/tokens/new");
  expect(await sessionCookie(), "the session has a new id").not.toBe(before);
  await expect(description).toHaveValue("Deploys at night");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Token created" })).toBeVisible();
});

async function sessionCookie(): Promise<string | undefined> {
  return (await page.context().cookies()).find(({ name }) => name === "__Host-redoubt-session")?.value;
}

test("a dialog that asks for a proof is open again afterwards", async ({ installation }) => {
  await page.goto("/profile/authentication");
  await page.getByRole("link", { name: "Remove Phone" }).click();
  await letProofAge(installation);
  // The last one: the password has to stand alone then.
  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Remove authenticator app" }).click();
  await giveCode(page, codes.pop()!, "Confirm");
  await expect(page).toHaveURL(/\/remove$/);
  await expect(page.getByRole("alert")).toContainText("Confirmed. Nothing was done yet: send it again.");
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(page).toHaveURL("/profile/authentication");
});

test("new recovery codes end the old ones", async () => {
  await page.goto("/profile/authentication");
  await page.getByRole("link", { name: "Make new ones…" }).click();
  await page.getByRole("button", { name: "Make new codes" }).click();
  const made = await page.locator(".recovery-codes code").allInnerTexts();
  expect(made.filter((code) => codes.includes(code))).toEqual([]);
  const old = codes.pop()!;
  codes = made;
  await signOut();
  await signIn(page);
  await giveCode(page, old);
  await expect(page.getByRole("textbox", { name: "Code" })).toHaveAttribute("aria-invalid", "true");
  await giveCode(page, codes.pop()!);
  await expect(page).toHaveURL("/projects");
});

test("sessions are listed with what they were begun with, and ended", async ({ browser, installation }, info) => {
  const javaScriptEnabled = hasScript(info.project.use);
  const other = await browser.newContext({ baseURL: installation.address, javaScriptEnabled });
  const there = await other.newPage();
  await signIn(there);
  await giveCode(there, codes.pop()!);
  await expect(there).toHaveURL("/projects");
  await page.goto("/profile/sessions");
  const rows = page.getByRole("row").filter({ hasText: "password and recovery code" });
  await expect(page.getByRole("row", { name: /this one/ })).toContainText("Chrome on Linux");
  await expect(rows.first()).toBeVisible();
  await page.getByRole("button", { name: "Sign out Chrome on Linux" }).first().click();
  await expect(page.getByText("That browser is signed out.")).toBeVisible();
  await there.goto("/projects");
  await expect(there).toHaveURL(/\/sign-in\?next=/);
  await other.close();

  await page.getByRole("button", { name: "Sign out everywhere else…" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign out everywhere else?" });
  await dialog.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(page.getByText("You are signed in here and nowhere else.")).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(2);
});

test("a factor is called something else, and removed with what goes with it", async () => {
  await page.goto("/profile/authentication");
  await page.getByRole("link", { name: "Phone", exact: true }).click();
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill("x".repeat(80));
  await page.getByRole("button", { name: "Save" }).click();
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await name.fill("Old phone");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The name is changed.")).toBeVisible();
  await page.getByRole("link", { name: "Remove Old phone" }).click();
  await expect(page.getByText(/Your recovery codes, because this is your last second factor/)).toBeVisible();
  await page.getByLabel("Your password").fill("not the right password");
  await page.getByRole("button", { name: "Remove authenticator app" }).click();
  await expect(page.getByLabel("Your password")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Remove authenticator app" }).click();
  await expect(page).toHaveURL("/sign-in");
  await expect(page.getByText("It is removed, and you are signed out everywhere.")).toBeVisible();
  await signIn(page);
  await expect(page).toHaveURL("/projects");
  await page.goto("/profile/authentication");
  await expect(page.getByText("Your password is all that protects your account.")).toBeVisible();
});

test("who has no factor confirms with the password", async ({ installation }) => {
  await letProofAge(installation);
  await page.goto("/profile/authentication/apps/new");
  await expect(page).toHaveURL(/\/step-up\?next=/);
  await page.getByLabel("Password").fill("not the right password");
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page).toHaveURL("/profile/authentication/apps/new");
});

test("the pages are found by the palette and the menu", async ({}, info) => {
  await page.goto("/projects");
  await page.getByRole("button", { name: /^Account: / }).click();
  await page.getByRole("link", { name: "Sessions" }).click();
  await expect(page).toHaveURL("/profile/sessions");
  if (!hasScript(info.project.use)) return;
  await expectLive(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("authentication account");
  await expect(page.getByRole("option", { name: "Authentication Account" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/profile/authentication");
});
