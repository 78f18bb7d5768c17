// Bad input in every form: what was typed is kept, the mistake is shown at its field, nothing happens.

import type { Page } from "@playwright/test";

import { createProject, createService, expectRunning, fillSignIn, person, setUp, signIn } from "../harness/console.ts";
import { expect, signedOut, testSignedIn } from "../harness/fixtures.ts";

let link: string;

const test = testSignedIn("simulated", async (page, installation) => {
  link = installation.setUpLink;
  await checkSetUpForm(page);
  await setUp(page, link);
  await createProject(page, "shop");
  await createService(page, "shop", "orders");
  await expectRunning(page);
});

/** The set-up form can be tried only before there is a user. */
async function checkSetUpForm(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByText("redoubt admin set-up-link")).toBeVisible();
  await page.goto(link);
  await page.getByLabel("Organization").fill(person.organization);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill("aaaaaaaaaaaaaaaaaaaa");
  await page.getByRole("button", { name: "Set up and sign in" }).click();
  await expectRefused(page, "Password", /./);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await expect(page.getByLabel("Organization")).toHaveValue(person.organization);
  await expect(page.getByLabel("Your name")).toHaveValue(person.name);
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
}

async function expectRefused(page: Page, label: string, reason: RegExp): Promise<void> {
  const field = page.getByRole("textbox", { name: label, exact: true });
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(reason);
}

test("a used set-up link says so, and so does one that never was", signedOut, async ({ page }) => {
  for (const address of [link, link.replace(/[^/]+$/, "x".repeat(40))]) {
    const response = await page.goto(address);
    expect(response?.status()).toBe(409);
    await expect(page.getByText("This set-up link was used, is too old or was never made.")).toBeVisible();
  }
});

test("a wrong password is refused with the e-mail kept", signedOut, async ({ page }) => {
  await signIn(page, "not the right password");
  await expect(page.getByRole("alert")).toContainText("E-mail or password is wrong.");
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await expect(page).toHaveURL("/sign-in");
  await fillSignIn(page);
  await expect(page).toHaveURL("/projects");
});

test("signing in leads on to the page that was asked for", signedOut, async ({ page }) => {
  await page.goto("/projects/shop/events");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await fillSignIn(page);
  await expect(page).toHaveURL("/projects/shop/events");
  await page.goto("/sign-in?next=https%3A%2F%2Fevil.example");
  await expect(page).toHaveURL("/projects");
});

for (const [typed, reason] of [
  ["shop", /taken|already/],
  ["1st", /Start with a letter/],
  ["a_b", /letters a to z, digits and dashes/],
] as const) {
  test(`a project named ${typed} is refused with the name kept`, async ({ page }) => {
    await page.goto("/projects");
    await page.getByRole("button", { name: "New project" }).first().click();
    const dialog = page.getByRole("dialog", { name: "New project" });
    await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(typed);
    await dialog.getByRole("button", { name: "Create project" }).click();
    await expectRefused(page, "Name", reason);
    await expect(dialog.getByRole("textbox", { name: "Name", exact: true })).toHaveValue(typed);
  });
}

for (const [typed, reason] of [
  ["orders", /has a service named orders already/],
  ["Order!", /letters a to z, digits and dashes/],
  ["new", /is a word of this console/],
] as const) {
  test(`a service named ${typed} is refused with the name kept`, async ({ page }) => {
    await page.goto("/projects/shop/services/new");
    await page.getByRole("textbox", { name: "Name", exact: true }).fill(typed);
    await page.getByRole("radio", { name: /Startup 1/ }).check();
    await page.getByRole("button", { name: "Create service" }).click();
    await expectRefused(page, "Name", reason);
    await expect(page.getByRole("textbox", { name: "Name", exact: true })).toHaveValue(typed);
    await expect(page.getByRole("radio", { name: /Startup 1/ })).toBeChecked();
  });
}

test("the IP filter refuses what is no range and asks before it opens to the world", async ({ page }) => {
  await page.goto("/projects/shop/services/orders/network");
  const range = page.getByRole("textbox", { name: "Address or range" });
  const add = page.getByRole("button", { name: "Add entry" });
  await range.fill("10.0.0.1/8");
  await page.getByLabel("Description").fill("Office");
  await add.click();
  await expectRefused(page, "Address or range", /did you mean 10\.0\.0\.0\/8\?/);
  await expect(range).toHaveValue("10.0.0.1/8");
  await expect(page.getByLabel("Description")).toHaveValue("Office");

  await range.fill("0.0.0.0/0");
  await add.click();
  const sure = page.getByRole("checkbox", { name: /all of these may try to connect/ });
  await expect(sure).toBeVisible();
  await expect(range).toHaveValue("0.0.0.0/0");
  await expect(page.getByRole("row", { name: /0\.0\.0\.0\/0/ })).toHaveCount(0);
  await sure.check();
  await add.click();
  const row = page.getByRole("row", { name: /0\.0\.0\.0\/0/ });
  await expect(row).toContainText("open to everybody");

  await range.fill("0.0.0.0/0");
  await add.click();
  await expect(page.getByRole("row", { name: /0\.0\.0\.0\/0/ })).toHaveCount(1);
  await page.getByRole("button", { name: "Remove 0.0.0.0/0" }).click();
  await expect(page.getByText("Closed: nobody can connect")).toBeVisible();
});

test("a project that holds services is not deleted, and is renamed with its services", async ({ page }) => {
  await page.goto("/projects/shop/settings");
  await expect(page.getByText("It still holds 1 service: ")).toBeVisible();
  const name = page.getByRole("textbox", { name: "Name", exact: true }).first();
  await name.fill("Shop two");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(name).toHaveValue("Shop two");
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await name.fill("market");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page).toHaveURL("/projects/market/settings");
  await expect(page.getByText("shop is now market.")).toBeVisible();
  await page.goto("/projects/market/services/orders");
  await expect(page.getByRole("heading", { level: 1, name: "orders" })).toBeVisible();
  await page.goto("/projects/market/settings");
  await name.fill("shop");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page).toHaveURL("/projects/shop/settings");
});

test("an empty project is deleted with its name typed", async ({ page }) => {
  await createProject(page, "empty");
  await page.goto("/projects/empty/settings");
  const open = page.getByRole("button", { name: "Delete project…" });
  const dialog = page.getByRole("dialog", { name: /^Delete project/ });
  await open.click();
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("full");
  await dialog.getByRole("button", { name: "Delete project", exact: true }).click();
  await expect(dialog.getByRole("textbox", { name: "Name", exact: true })).toHaveValue("full");
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("empty");
  await dialog.getByRole("button", { name: "Delete project", exact: true }).click();
  await expect(page).toHaveURL("/projects");
  await expect(page.getByText("Project empty is deleted.")).toBeVisible();
});

test("addresses of nothing answer 404", async ({ page }) => {
  for (const address of [
    "/nowhere",
    "/projects/none/services",
    "/projects/shop/services/none",
    "/projects/shop/services/none/connect",
    "/projects/shop/certificates/none",
    "/projects/shop/certificates/01900000-0000-7000-8000-000000000000",
    "/projects/%00/services",
    "/set-up/a/b",
  ]) {
    const response = await page.goto(address);
    expect(response?.status(), address).toBe(404);
    await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
  }
});
