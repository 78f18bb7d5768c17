// Pages that stay open: they follow what happens without holding what others need, and say so when they cannot.

import type { Page } from "@playwright/test";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createProject, createService, expectLive, expectRunning, setUp, state } from "../harness/console.ts";
import { expect, testSignedIn } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";

const orders = "/projects/shop/services/orders";

const test = testSignedIn("simulated", async (page, installation) => {
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
  await createService(page, "shop", "orders");
  await expectRunning(page);
});

/** While it lasts every call to the simulated host fails: it writes its state to a file of this name first. */
async function withFailingHost(installation: Installation, body: () => Promise<void>): Promise<void> {
  const obstacle = join(installation.hostDirectory, "simulated.new");
  await mkdir(obstacle);
  try {
    await body();
  } finally {
    await rmdir(obstacle);
  }
}

/** What a browser does to a page whose tab is left or come back to. */
async function turn(page: Page, visibility: "hidden" | "visible"): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visibility);
}

test("eight pages of a service at rest leave room for each other", async ({ page, context }) => {
  for (let number = 1; number <= 8; number += 1) {
    const one = await context.newPage();
    await one.goto(orders);
    await expectLive(one);
  }
  // Long enough for each to have looked.
  for (const one of context.pages().slice(1)) await one.waitForResponse(/\/streams\//);
  await page.goto("/projects");
  await expect(page.getByRole("heading", { level: 1, name: "Projects" })).toBeVisible();
});

test("eight pages of a service under way leave room for each other once they are out of sight", async ({ page, context, installation }) => {
  await createService(page, "shop", "slow");
  await withFailingHost(installation, async () => {
    for (let number = 1; number <= 8; number += 1) {
      const one = await context.newPage();
      const stream = one.waitForResponse(/\/streams\//);
      await one.goto("/projects/shop/services/slow");
      await stream;
      await turn(one, "hidden");
    }
    await page.reload();
    await expectLive(page);
    await expect(state(page)).toHaveText("REBUILDING");
  });
  // One that is seen again follows again.
  const last = context.pages().at(-1)!;
  await turn(last, "visible");
  await expect(state(last)).toHaveText("RUNNING", { timeout: 60_000 });
});

test("a page whose stream is refused says that it is not live, and comes back by itself", async ({ page }) => {
  let asked = 0;
  await page.route("**/streams/**", async (route) => {
    asked += 1;
    if (asked > 2) return route.continue();
    return route.fulfill({ status: 503, body: "Too many pages are watching right now." });
  });
  await createService(page, "shop", "refused");
  const notice = page.getByText(/^Not live right now/);
  await expect(notice).toBeVisible();
  await expect(notice).toHaveCount(0, { timeout: 20_000 });
  expect(asked).toBe(3);
  await expect(state(page)).toHaveText("RUNNING", { timeout: 30_000 });
});

test("a page that is open when the service starts again shows the steps, and why one fails", async ({ page, installation }) => {
  await page.goto(orders);
  await expectLive(page);
  await expect(state(page)).toHaveText("RUNNING");
  const steps = page.locator("section.timeline details");
  await expect(steps).not.toHaveAttribute("open");
  // The guest is gone when the server is back, as after a power cut.
  await installation.stopServer();
  const file = join(installation.hostDirectory, "simulated.json");
  const world = JSON.parse(await readFile(file, "utf8")) as { nodes: Record<string, { guest: unknown }> };
  for (const node of Object.values(world.nodes)) node.guest = null;
  await writeFile(file, JSON.stringify(world));
  await installation.startServer();
  // The simulated host restarts in less time than a page leaves a service at rest alone.
  await expect(async () => {
    await turn(page, "visible");
    await expect(page.getByRole("heading", { level: 2, name: "Restarting" })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await expect(steps).toHaveAttribute("open");
  await page.getByText("Steps", { exact: true }).click();
  await expect(steps).not.toHaveAttribute("open");
  await withFailingHost(installation, async () => {
    await expect(page.getByRole("button", { name: "Try now" })).toBeVisible({ timeout: 20_000 });
    await expect(page.getByText(/^Nothing answers here yet/)).toHaveCount(0);
    await expect(page.getByText(/^Nothing answers here: .*held up/)).toBeVisible();
  });
  await expect(state(page)).toHaveText("RUNNING", { timeout: 60_000 });
  await expect(page.getByText(/^Nothing answers here/)).toHaveCount(0);
});

test("what was typed outlives the session, and can be sent once the person is back", async ({ page, context }) => {
  test.slow();
  const path = `${orders}/network`;
  await page.goto(path);
  await expectLive(page);
  await page.getByLabel("Address or range").fill("198.51.100.0/24");
  const cookies = await context.cookies();
  await context.clearCookies();
  const notice = page.getByRole("alert").filter({ hasText: "Your session ended." });
  // The page looks every 30 seconds.
  await expect(notice).toBeVisible({ timeout: 45_000 });
  await expect(page).toHaveURL(path);
  const link = notice.getByRole("link", { name: "sign in in a new tab" });
  await expect(link).toHaveAttribute("href", "/sign-in");
  await context.addCookies(cookies);
  await page.getByRole("button", { name: "Add entry" }).click();
  await expect(page.getByRole("row", { name: /198\.51\.100\.0\/24/ })).toBeVisible();
  await expect(notice).toBeHidden();
});

test("a page on which nothing was typed leads to the sign-in when the session ends", async ({ page, context }) => {
  await page.goto("/projects/shop/services");
  await expectLive(page);
  await context.clearCookies();
  await expect(page).toHaveURL(/^[^?]*\/sign-in\?next=/, { timeout: 20_000 });
});
