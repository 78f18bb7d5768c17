// Passkeys and security keys with Chromium's virtual authenticator: signing in without a password, as a second factor, and
// to confirm who one is; each also cancelled and answered wrongly. Without script the pages say that these need it.

import type { Page } from "@playwright/test";

import { createProject, giveEmail, person, setUp, signIn } from "../harness/console.ts";
import { answerWrongly, Authenticator, cancelNext, letProofAge } from "../harness/factors.ts";
import { expect, testWith } from "../harness/fixtures.ts";

const test = testWith("simulated");
test.describe.configure({ mode: "serial" });

const CANCELLED = /was cancelled/;

let page: Page;
let passkey: Authenticator;

test.beforeAll(async ({ browser, installation }) => {
  const context = await browser.newContext({ baseURL: installation.address });
  page = await context.newPage();
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
});

async function add(kind: "passkey" | "security key", name: string): Promise<void> {
  await page.goto("/profile/authentication");
  await page.getByRole("link", { name: `Add a ${kind}` }).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill(name);
}

test("a passkey is not added when that is cancelled or answers something else", async () => {
  passkey = await Authenticator.plugIn(page, "passkey");
  await add("passkey", "Laptop");
  await cancelNext(page);
  await page.getByRole("button", { name: "Make passkey" }).click();
  await expect(page.getByRole("alert")).toContainText(CANCELLED);
  await expect(page.getByRole("textbox", { name: /^Name/ })).toHaveValue("Laptop");
  await answerWrongly(page);
  await page.getByRole("button", { name: "Make passkey" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL("/profile/authentication/passkeys/new");
  await expect(page.getByRole("textbox", { name: /^Name/ })).toHaveValue("Laptop");
});

test("a passkey is added, with recovery codes as it is the first", async () => {
  await add("passkey", "Laptop");
  await page.getByRole("button", { name: "Make passkey" }).click();
  await expect(page.getByText("“Laptop” is added.")).toBeVisible();
  await expect(page.locator(".recovery-codes li")).toHaveCount(10);
  await page.getByRole("button", { name: "Copy recovery codes" }).click();
  // It took the place of the one that was answered wrongly with.
  expect(await passkey.credentials()).toBe(1);
  await page.getByRole("link", { name: "I have kept them" }).click();
  await expect(page.getByRole("row", { name: /Laptop/ })).toContainText("Passkey");
});

test("the same passkey is not added twice", async () => {
  await add("passkey", "Again");
  await page.getByRole("button", { name: "Make passkey" }).click();
  await expect(page.getByRole("alert")).toContainText("on your list already");
});

test("at the field for the e-mail address the browser offers the passkey by itself", async () => {
  await page.context().clearCookies();
  await page.goto("/sign-in?next=%2Fprofile");
  await expect(page, "the virtual authenticator takes the offer").toHaveURL("/profile");
});

/** Signed out, at the step with the password: there nothing is asked of the browser by itself. */
async function atPassword(next = "/projects"): Promise<void> {
  await page.context().clearCookies();
  await passkey.knowUser(false);
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await giveEmail(page);
  await passkey.knowUser(true);
}

test("a passkey signs in without a password, and leads on", async () => {
  await atPassword("/projects/shop/events");
  await cancelNext(page);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("alert")).toContainText(CANCELLED);
  await passkey.knowUser(false);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("alert"), "the device does not know its user").toContainText(CANCELLED);
  await passkey.knowUser(true);
  await answerWrongly(page);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("alert")).toContainText("This is the answer to an");
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page).toHaveURL("/projects/shop/events");
  await page.goto("/profile/sessions");
  await expect(page.getByRole("row", { name: /this one/ })).toContainText("passkey");
});

test("before something dangerous the passkey confirms who one is", async ({ installation }) => {
  await letProofAge(installation);
  await page.goto("/profile/tokens/new");
  await page.getByRole("textbox", { name: "Description" }).fill("Deploys at night");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page).toHaveURL(/\/step-up\?next=/);
  const button = page.getByRole("button", { name: "Use a passkey" });
  await cancelNext(page);
  await button.click();
  await expect(page.getByRole("alert")).toContainText(CANCELLED);
  await answerWrongly(page);
  await button.click();
  await page.waitForLoadState();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL(/\/step-up\?next=/);
  await button.click();
  await expect(page).toHaveURL("/profile/tokens/new");
  await expect(page.getByRole("textbox", { name: "Description" })).toHaveValue("Deploys at night");
});

test("a security key is the second factor after the password", async () => {
  const key = await Authenticator.plugIn(page, "security key");
  await passkey.unplug();
  await add("security key", "Blue key");
  await page.getByRole("button", { name: "Add security key" }).click();
  await expect(page.getByText("“Blue key” is added.")).toBeVisible();
  await expect(page.getByRole("row", { name: /Blue key/ })).toContainText("Security key");

  await page.context().clearCookies();
  await signIn(page);
  await expect(page).toHaveURL(/\/sign-in\/factor/);
  const button = page.getByRole("button", { name: "Use a security key or passkey" });
  await cancelNext(page);
  await button.click();
  await expect(page.getByRole("alert")).toContainText(CANCELLED);
  await answerWrongly(page);
  await button.click();
  await page.waitForLoadState();
  await expect(page.getByRole("alert")).toBeVisible();
  if (await page.getByRole("button", { name: "Sign in again" }).isVisible()) {
    await signIn(page);
  }
  await button.click();
  await expect(page).toHaveURL("/projects");
  await page.goto("/profile/sessions");
  await expect(page.getByRole("row", { name: /this one/ })).toContainText("password and security key");
  await key.unplug();
});

test("without script the sign-in says what passkeys need, and has no button for them", async ({ browser, installation }) => {
  const context = await browser.newContext({ baseURL: installation.address, javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto("/sign-in");
  await expect(plain.getByText("Passkeys and security keys need JavaScript")).toBeVisible();
  await expect(plain.getByRole("button", { name: "Use a passkey" })).toBeHidden();
  await signIn(plain);
  await expect(plain).toHaveURL(/\/sign-in\/factor/);
  await expect(plain.getByText("Passkeys and security keys need JavaScript")).toBeVisible();
  await plain.getByText("Use a recovery code").click();
  await expect(plain.getByRole("textbox", { name: "Recovery code" })).toBeVisible();
  await context.close();
});
