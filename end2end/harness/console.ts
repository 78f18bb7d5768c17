// The console as a person uses it: finds things by role and label, never by class or id where a name will do.

import { expect, type Locator, type Page } from "@playwright/test";

import type { Connection } from "./databases.ts";

export const person = {
  organization: "Ünlü Works",
  name: "Ann Operator",
  email: "ann@example.org",
  password: "seven calm otters weave",
};

/** The cookie of a session: another one knows who was signed in here last. */
export const SESSION_COOKIE = "__Host-redoubt-session";

/** How long a VM may take from the click to RUNNING under emulation on a busy machine. */
export const RUNNING_MILLIS = 120_000;

/** Through the set-up link to the empty list of projects, signed in. */
export async function setUp(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel("Organization").fill(person.organization);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Set up and sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Projects" })).toBeVisible();
}

export async function signIn(page: Page, password = person.password): Promise<void> {
  await page.goto("/sign-in");
  await fillSignIn(page, person.email, password);
}

/** Fills in the sign-in form that is open, step by step, from the step it is at. */
export async function fillSignIn(page: Page, email = person.email, password = person.password): Promise<void> {
  await giveEmail(page, email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The first step of the sign-in form, unless it is past that. */
export async function giveEmail(page: Page, email = person.email): Promise<void> {
  const field = page.getByLabel("E-mail");
  await expect(field).toBeVisible();
  if (await field.isEditable()) {
    await field.fill(email);
    await page.getByRole("button", { name: "Continue" }).click();
  }
  await expect(page.getByLabel("Password")).toBeVisible();
}

export async function createProject(page: Page, name: string): Promise<void> {
  await page.goto("/projects");
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create project" }).click();
  await expect(page).toHaveURL(`/projects/${name}/services`);
}

/** Sends the form; the overview with the timeline follows. */
export async function createService(page: Page, project: string, name: string): Promise<void> {
  await page.goto(`/projects/${project}/services/new`);
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByRole("radio", { name: /Hobbyist/ }).check();
  await page.getByRole("button", { name: "Create service" }).click();
  await expect(page).toHaveURL(`/projects/${project}/services/${name}`);
}

/** The word for the state of the service whose overview is open. */
export function state(page: Page): Locator {
  return page.locator("section.timeline").getByRole("status").first();
}

/** Waits on the overview, which follows by itself with script and reloads itself without. */
export async function expectRunning(page: Page): Promise<void> {
  await expect(state(page)).toHaveText("RUNNING", { timeout: RUNNING_MILLIS });
}

/** Reads the Connect page, password and certificate included. */
export async function connection(page: Page, path: string, ca: string): Promise<Connection> {
  await page.goto(`${path}/connect`);
  const value = async (label: string) => {
    const row = page.locator("dl.facts > div").filter({ has: page.getByText(label, { exact: true }) });
    return (await row.locator("code").first().innerText()).trim();
  };
  const [host, port, database, user] = [
    await value("Host"),
    await value("Port"),
    await value("Database"),
    await value("User"),
  ];
  await page.getByRole("button", { name: "Show password" }).click();
  const password = await page.locator("code.secret").innerText();
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download ca.pem" }).click();
  await (await waiting).saveAs(ca);
  return { host, port, database, user, password, ca };
}

/** Asks for the deletion of a service by typing its name. */
export async function deleteService(page: Page, path: string, typed: string): Promise<void> {
  await page.goto(`${path}/settings`);
  await page.getByRole("button", { name: "Delete service…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Delete service/ });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(typed);
  await dialog.getByRole("button", { name: "Delete service", exact: true }).click();
}

/** Waits until a service is gone: its page is there no more. */
export async function expectGone(page: Page, path: string, millis = 60_000): Promise<void> {
  await expect
    .poll(async () => (await page.request.get(path)).status(), { timeout: millis, message: `${path} is gone` })
    .toBe(404);
}

/** Lets the machine this browser runs on connect. */
export async function allowMyAddress(page: Page, path: string): Promise<void> {
  await page.goto(`${path}/network`);
  await page.getByRole("button", { name: "Add my address" }).click();
  await expect(page.getByText("may connect already")).toBeVisible();
}

/** Waits until the guest has the IP filter in force; without script nobody reloads this page, so this does. */
export async function expectInForce(page: Page): Promise<void> {
  await expect(async () => {
    const badge = page.getByText("in force in the guest");
    if (!(await badge.isVisible())) await page.reload();
    await expect(badge).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
}

/** Whether script runs in this page's browser. */
export function hasScript(options: { javaScriptEnabled?: boolean | undefined }): boolean {
  return options.javaScriptEnabled !== false;
}

/** Waits until the islands of the page are alive. */
export async function expectLive(page: Page): Promise<void> {
  await expect(page.locator("html[data-live]")).toBeAttached();
}

/** What a server function that reads answers to this browser's session; nothing where there is nothing. */
export async function find<T>(page: Page, path: string, values: Record<string, string>): Promise<T | undefined> {
  const response = await page.request.get(`/api/${path}`, { params: values, headers: { accept: "application/json" } });
  if (response.status() === 404) return undefined;
  if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`);
  return response.json();
}

/** Makes a group with the person in it who is signed in, gives it a role on the project, and returns its path. */
export async function createGroup(page: Page, organization: string, name: string, project: string): Promise<string> {
  await page.goto(`/organizations/${organization}/groups`);
  await page.getByRole("button", { name: "New group" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New group" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await dialog.getByRole("textbox", { name: /^Description/ }).fill("On call at night.\nThey keep services running.");
  await dialog.getByRole("button", { name: "Create group" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  const path = new URL(page.url()).pathname;
  await page.getByRole("link", { name: "Add members" }).click();
  await page.getByRole("textbox", { name: "E-mail addresses" }).fill(person.email);
  await page.getByRole("button", { name: "Preview" }).first().click();
  await page.getByRole("button", { name: "Add members" }).click();
  await expect(page).toHaveURL(path);
  await page.getByRole("link", { name: "Grant a role" }).click();
  await page.getByRole("combobox", { name: "On what?" }).selectOption({ label: project });
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("radio", { name: /^Operator/ }).check();
  await page.getByRole("textbox", { name: /^Days until it ends/ }).fill("30");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText(`will hold “Operator” on the project ${project} for 30 days`)).toBeVisible();
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await expect(page).toHaveURL(`/projects/${project}/permissions`);
  await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("Operator");
  return path;
}

/** Makes an application user and returns its path. */
export async function createApplicationUser(page: Page, organization: string, name: string): Promise<string> {
  await page.goto(`/organizations/${organization}/application-users`);
  await page.getByRole("button", { name: "New application user" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New application user" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create application user" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  return new URL(page.url()).pathname;
}

/** Makes a token on the list at that path and returns its text, which is shown this once. */
export async function createToken(page: Page, list: string, description: string, from = ""): Promise<string> {
  await page.goto(list);
  await page.getByRole("link", { name: "New token" }).first().click();
  await page.getByRole("textbox", { name: "Description" }).fill(description);
  await page.getByRole("textbox", { name: /^Good from/ }).fill(from);
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Token created" })).toBeVisible();
  return page.locator("pre.secret").innerText();
}
