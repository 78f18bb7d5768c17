// What people see when things do not go well: a step that fails, a plan that does not fit, a service that
// is gone. The simulated host fails because its state file cannot be written.

import type { Page } from "@playwright/test";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

import {
  createProject,
  createService,
  deleteService,
  expectLive,
  expectRunning,
  find,
  hasScript,
  setUp,
  state,
} from "../harness/console.ts";
import { expect, testSignedIn } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";

const test = testSignedIn("simulated", async (page, installation) => {
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
});

/** A directory where the simulated host writes its state first: every call fails from here on, until it is gone. */
function obstacle(installation: Installation): string {
  return join(installation.hostDirectory, "simulated.new");
}

/** What is said of it. */
const reason = "The machine that runs services cannot do this right now";

/** The step that fails. */
function failing(page: Page) {
  return page.locator("section.timeline").getByRole("listitem").filter({ hasText: "(failing)" });
}

test("a failing step says why, how often and when again, and is tried at once on request", async ({ page, installation }, info) => {
  await createService(page, "shop", "orders");
  await mkdir(obstacle(installation));
  try {
    const step = failing(page);
    await expect(step).toContainText(reason, { timeout: 20_000 });
    // The host's own words name its files: they are the log's.
    await expect(page.getByText("Is a directory")).toHaveCount(0);
    // The waits grow: at some try there is one of many seconds.
    await expect(step).toContainText(/try [4-9].*Next try in (1\d|[4-9]\.\d) s/, { timeout: 60_000 });
    await expect(step).toHaveCount(1);
    await expect(state(page)).toHaveText("REBUILDING");
    // What the timeline says is not said a second time below it.
    await expect(page.getByText(reason)).toHaveCount(1);
  } finally {
    await rmdir(obstacle(installation));
  }
  const wait = Number(/Next try in (\d+)/.exec(await failing(page).innerText())?.[1] ?? 0);
  const before = Date.now();
  await failing(page).getByRole("button", { name: "Try now" }).click();
  await expect(page.getByText("The step is tried again now.")).toBeVisible();
  if (hasScript(info.project.use)) await expectLive(page);
  await expect(failing(page)).toHaveCount(0, { timeout: 10_000 });
  expect(Date.now() - before, "not only when it was due").toBeLessThan(Math.max(wait, 4) * 1000 + 6_000);
  await expectRunning(page);
  // What went wrong on the way is history now.
  if (!(await page.getByText(reason).isVisible())) await page.getByText("Steps", { exact: true }).click();
  await expect(page.getByText(/^An earlier try: The machine that runs services cannot do this/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Try now" })).toHaveCount(0);
  const events = await find<{ rows: { event_type: string }[] }>(page, "events/list", { project: "shop" });
  expect(events?.rows.map((row) => row.event_type)).toContain("service.retry_requested");
});

test("a page that needs the host says that it cannot be had now", async ({ page, installation }) => {
  await mkdir(obstacle(installation));
  try {
    const response = await page.goto("/projects/shop/services/new");
    expect(response?.status()).toBe(503);
    await expect(page.getByRole("heading", { level: 1, name: "Not available right now" })).toBeVisible();
  } finally {
    await rmdir(obstacle(installation));
  }
});

test("a service that is gone leads to its certificate, from each of its pages", async ({ page }, info) => {
  const path = "/projects/shop/services/brief";
  await createService(page, "shop", "brief");
  await expectRunning(page);
  await deleteService(page, path, "brief");
  const gone = page.getByText("The service is gone.");
  // With script the page follows, without it reloads itself: either way it says so where the person is.
  await expect(gone).toBeVisible({ timeout: 60_000 });
  await expect(page).toHaveURL(path);
  if (!hasScript(info.project.use)) await expect(page.locator("meta[http-equiv=refresh]")).toHaveCount(0);
  for (const tab of ["", "/connect", "/network", "/settings"]) {
    const response = await page.goto(`${path}${tab}`);
    expect(response?.status()).toBe(404);
    await expect(gone).toBeVisible();
  }
  await page.getByRole("link", { name: "See the certificate of destruction" }).click();
  await expect(page.getByText("signature is valid")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "brief" })).toBeVisible();
  // A name that no service ever had is nothing at all.
  await page.goto("/projects/shop/services/never");
  await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
});

test("on a phone a row of a table is a card, with no way to scroll it sideways", async ({ page }) => {
  await createService(page, "shop", "a-service-whose-name-is-longer-than-a-phone-is-wide");
  await page.setViewportSize({ width: 375, height: 720 });
  for (const list of ["/projects", "/projects/shop/services", "/projects/shop/events"]) {
    await page.goto(list);
    const region = page.getByRole("region").first();
    await expect(region.getByRole("row").nth(1)).toBeVisible();
    const [wide, visible] = await region.evaluate((element) => [element.scrollWidth, element.clientWidth]);
    expect(wide, list).toBeLessThanOrEqual(visible!);
    expect(await region.getByRole("columnheader").count(), list).toBeGreaterThan(1);
    expect(await region.getByRole("rowheader").count(), list).toBeGreaterThan(0);
  }
});

test("a plan that does not fit says so below the cards, in sizes that people read", async ({ page, installation }) => {
  // What is promised counts, so nothing has to be built first.
  for (let number = 1; number <= 20; number += 1) {
    const form = { project: "shop", name: `large-${number}`, service_type: "pg", plan: "startup-4", cloud: "local-main" };
    const answer = await page.request.post("/api/services/create", {
      form,
      headers: { accept: "application/json", origin: installation.address },
    });
    if (!answer.ok()) break;
  }
  await page.goto("/projects/shop/services/new");
  const radio = page.getByRole("radio", { name: /Startup 4/ });
  await expect(radio).toBeDisabled();
  await expect(radio).toHaveAccessibleDescription(/^Startup 4: The host has [\d.]+ [GM]iB of (disk|memory) left.* takes (up to )?\d+ GiB\./);
  await expect(page.locator("label.choice", { has: radio })).toContainText("not available now");
  const heights = await page
    .locator("label.choice", { hasText: "per month" })
    .evaluateAll((cards) => cards.map((card) => Math.round(card.getBoundingClientRect().height)));
  expect(Math.max(...heights)).toBeLessThan(240);
  await page.setViewportSize({ width: 375, height: 720 });
  await expect(page.getByRole("button", { name: "Create service" })).toBeInViewport({ ratio: 1 });
});
