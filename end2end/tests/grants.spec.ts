// Grants, several at a time, and two who change the same thing: with script and without.

import type { Page } from "@playwright/test";

import { setUp } from "../harness/console.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { organizationOf, send } from "../harness/people.ts";

const test = testWith("simulated");
test.describe.configure({ mode: "serial" });
test.use({ colorScheme: "dark" });

let page: Page;
let organization: string;
let group: string;

test.beforeAll(async ({ browser, installation, javaScriptEnabled, viewport, colorScheme }) => {
  const context = await browser.newContext({ baseURL: installation.address, javaScriptEnabled, viewport, colorScheme });
  page = await context.newPage();
  await setUp(page, installation.setUpLink);
  organization = await organizationOf(page);
  await send(page, installation, "projects/create", { organization, name: "checkout-platform-production", unit: "" });
  const fields = { organization, name: "Night shift operators of Europe", description: "" };
  group = (await send<{ id: string }>(page, installation, "groups/create", fields)).id;
});

async function give(installation: Installation, granted: string, resource: string, days: string): Promise<void> {
  await send(page, installation, "permissions/grant", { organization, principal: `group:${group}`, granted, resource, days });
}

test("several grants are ticked, shown together and revoked, and no button is cut off", async ({ installation }) => {
  await give(installation, "operator", "project:checkout-platform-production", "30");
  await give(installation, "organization:permissions:read", "organization", "7");
  await give(installation, "read_only", "organization", "");
  await page.goto(`/organizations/${organization}/permissions`);
  const table = page.getByRole("region", { name: "Grants" });
  expect(await table.evaluate((region) => region.scrollWidth - region.clientWidth)).toBe(0);
  for (const box of (await table.getByRole("checkbox").all()).slice(0, 2)) await box.check();
  await page.getByRole("button", { name: "Revoke chosen…" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Revoke 2 grants?" })).toBeVisible();
  await expect(page.getByRole("region", { name: "The chosen grants" }).getByRole("row")).toHaveCount(3);
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("2 grants are revoked.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Grants" }).getByRole("row")).toHaveCount(2);
});

test("the second of two who change an end is told, with both versions, and can go on", async ({ installation }) => {
  const asked = new URLSearchParams({ resource: "organization", holder: `group:${group}`, granted: "operator", days: "3" });
  await page.goto(`/organizations/${organization}/permissions/preview?${asked}`);
  await give(installation, "operator", "organization", "9");
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await expect(page.getByText(/Somebody else changed this meanwhile.* now, with the end .*; you sent it with the end /)).toBeVisible();
  await page.getByRole("button", { name: "Change the end", exact: true }).click();
  await expect(page.getByText(/ holds “Operator” on the organization .* until /)).toBeVisible();
});

test("so is the second who renames an organization or says something of a project", async ({ installation }) => {
  await page.goto(`/organizations/${organization}`);
  await send(page, installation, "organizations/rename", { organization, generation: "0", name: "First" });
  const name = page.getByRole("region", { name: "Rename organization" }).getByRole("textbox", { name: "Name" });
  await name.fill("Second");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByText("It is now “First”; you sent “Second”.")).toBeVisible();
  await expect(name).toHaveValue("Second");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByText("The organization is called Second now.")).toBeVisible();

  const project = "checkout-platform-production";
  await page.goto(`/projects/${project}/settings`);
  await send(page, installation, "projects/set_tags", { project, generation: "0", tags: "team=web" });
  await page.getByRole("textbox", { name: "Tags" }).fill("env=live");
  await page.getByRole("button", { name: "Save tags" }).click();
  await expect(page.getByText("Its tags are now “team=web”; you sent “env=live”.")).toBeVisible();
  await page.getByRole("button", { name: "Save tags" }).click();
  await expect(page.getByText("The tags are changed.")).toBeVisible();
});
