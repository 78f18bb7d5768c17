// Domains: one is proven by a record and one by a file, each looked for by the real server in a world that the test makes; and
// what becomes of the people of a domain that was verified.

import type { BrowserContext, BrowserContextOptions, Page } from "@playwright/test";
import { readFile } from "node:fs/promises";

import { fillSignIn, person, setUp } from "../harness/console.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import { Outside } from "../harness/outside.ts";
import { GUEST_PASSWORD, invite, join, organizationOf } from "../harness/people.ts";

const outside = await Outside.start();
const test = testWith("simulated", outside.settings);
test.describe.configure({ mode: "serial" });

const bea = { name: "Bea Operator", email: "bea@example.org" };

let options: BrowserContextOptions;
/** The super admin's browser. */
let admin: Page;
/** Bea's. */
let guest: Page;
/** Path of the organization. */
let whole: string;
const contexts: BrowserContext[] = [];

test.beforeAll(async ({ browser, installation, javaScriptEnabled, contextOptions }) => {
  options = { ...contextOptions, javaScriptEnabled, baseURL: installation.address };
  const context = await browser.newContext(options);
  contexts.push(context);
  admin = await context.newPage();
  await setUp(admin, installation.setUpLink);
  const organization = await organizationOf(admin);
  whole = `/organizations/${organization}`;
  const link = await invite(admin, installation, organization, bea.email);
  const joined = await join(browser, installation, link, bea.name, options);
  contexts.push(joined);
  guest = await joined.newPage();
});
test.afterAll(async () => {
  for (const context of contexts) await context.close();
});

/** Lists a domain; its page follows. */
async function add(name: string, method: RegExp): Promise<void> {
  await admin.goto(`${whole}/domains`);
  await admin.getByRole("button", { name: "Add domain" }).first().click();
  const dialog = admin.getByRole("dialog", { name: "Add domain" });
  await dialog.getByRole("textbox", { name: "Domain" }).fill(name);
  const choice = dialog.getByRole("combobox", { name: "Proven by" });
  await choice.selectOption({ label: (await choice.locator("option").allInnerTexts()).find((text) => method.test(text))! });
  await dialog.getByRole("button", { name: "Add domain" }).click();
}

/** What the page says of the proof. */
async function said(label: string): Promise<string> {
  const line = admin.locator("dl div").filter({ has: admin.getByText(label, { exact: true }) });
  return (await line.locator("code").innerText()).trim();
}

test("what nobody can hold is refused at its field", async () => {
  await add("gmail.com", /DNS/);
  const field = admin.getByRole("dialog", { name: "Add domain" }).getByRole("textbox", { name: "Domain" });
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveValue("gmail.com");
  await expect(admin.getByText("Everybody can have a mailbox at gmail.com")).toBeVisible();
});

test("a domain is verified once its record is there, after it was said whom that makes managed", async () => {
  await add("Example.org", /DNS/);
  await expect(admin.getByRole("heading", { level: 1, name: "example.org" })).toBeVisible();
  await expect(admin.getByText("unverified")).toBeVisible();
  const [name, value] = [await said("Name"), await said("Value")];
  expect(name).toBe("_redoubt-challenge.example.org");
  expect(value).toMatch(/^token=[0-9a-f]{40},expiry=never$/);

  await admin.getByRole("link", { name: "Verify…" }).click();
  await expect(admin.getByText(`There is no TXT record at ${name}`)).toBeVisible();
  await expect(admin.getByText(/\d people/), "nobody learns of anybody").toHaveCount(0);
  await admin.getByRole("button", { name: "Look again" }).click();
  await expect(admin.getByRole("alert").first()).toContainText("There is no TXT record");

  outside.texts.set(name, ["v=spf1 -all", value]);
  await admin.reload();
  await expect(admin.getByText(/2 people with addresses in it will be managed/)).toBeVisible();
  // By hand it is looked for once in five seconds.
  await admin.waitForTimeout(5000);
  await admin.getByRole("button", { name: "Verify domain" }).click();
  await expect(admin.getByText("verified", { exact: true })).toBeVisible();
  await expect(admin.getByRole("link", { name: "2 people" })).toBeVisible();
});

test("who is managed is told so, and does not change their profile", async () => {
  await guest.goto("/profile");
  await expect(guest.getByText(`managed by ${person.organization}`)).toBeVisible();
  await expect(guest.getByRole("button", { name: "Save" })).toHaveCount(0);
  await admin.goto(`${whole}/users`);
  await admin.getByRole("link", { name: bea.name }).click();
  await expect(admin.getByRole("heading", { name: `Managed by ${person.organization}` })).toBeVisible();
});

test("an account is shut out everywhere and let in again", async () => {
  await admin.getByRole("link", { name: "The account" }).click();
  await admin.getByRole("button", { name: "Deactivate account everywhere" }).click();
  await expect(admin.getByText("deactivated", { exact: true })).toBeVisible();
  await guest.goto("/projects");
  await expect(guest).toHaveURL(/\/sign-in/);
  await fillSignIn(guest, bea.email, GUEST_PASSWORD);
  await expect(guest.getByRole("alert").first()).toBeVisible();
  await admin.getByRole("button", { name: "Reactivate account" }).click();
  await expect(admin.getByText("active", { exact: true })).toBeVisible();
  await guest.goto("/sign-in");
  await fillSignIn(guest, bea.email, GUEST_PASSWORD);
  await expect(guest).not.toHaveURL(/\/sign-in/);
});

test("an account is deleted after its address was typed", async () => {
  await admin.getByRole("button", { name: "Delete account…" }).click();
  const dialog = admin.getByRole("dialog", { name: /^Delete account/ });
  await dialog.getByRole("textbox", { name: "Name" }).fill(bea.email);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await expect(admin).toHaveURL(`${whole}/managed-users`);
  await expect(admin.getByRole("link", { name: person.name })).toBeVisible();
  await expect(admin.getByText(bea.email)).toHaveCount(0);
});

test("a domain is verified by a file, as it can be downloaded", async () => {
  await add("acme.example", /file/);
  const address = await said("Address");
  expect(address).toBe("http://acme.example/.well-known/redoubt");
  const waiting = admin.waitForEvent("download");
  await admin.getByRole("link", { name: "Download the file" }).click();
  const file = await readFile(await (await waiting).path(), "utf8");
  expect(file.trim()).toBe(await said("Content"));
  await admin.getByRole("link", { name: "Verify…" }).click();
  await expect(admin.getByText("answered 404")).toBeVisible();
  outside.files.set(address, file);
  await admin.reload();
  await expect(admin.getByText(/0 people with addresses in it will be managed/)).toBeVisible();
  await admin.getByRole("button", { name: "Verify domain" }).click();
  await expect(admin.getByText("verified", { exact: true })).toBeVisible();
});

test("removing a domain says what goes, and asks for its name", async () => {
  await admin.goto(`${whole}/domains`);
  await admin.getByRole("link", { name: "example.org" }).click();
  await admin.getByRole("button", { name: "Remove domain…" }).click();
  const dialog = admin.getByRole("dialog", { name: /^Remove domain/ });
  await expect(dialog.getByText(/1 person will not be managed any more/)).toBeVisible();
  await dialog.getByRole("textbox", { name: "Name" }).fill("example.org");
  await dialog.getByRole("button", { name: "Remove domain" }).click();
  await expect(admin.getByRole("link", { name: "acme.example" })).toBeVisible();
  await expect(admin.getByRole("link", { name: "example.org" })).toHaveCount(0);
  await admin.goto("/profile");
  await expect(admin.getByRole("button", { name: "Save" })).toBeVisible();
});
