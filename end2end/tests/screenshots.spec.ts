// The five pictures in docs/screenshots, of real services: npm run screenshots.

import { stat } from "node:fs/promises";
import { join } from "node:path";

import {
  allowMyAddress,
  createProject,
  createService,
  deleteService,
  expectGone,
  expectInForce,
  expectLive,
  expectRunning,
  setUp,
} from "../harness/console.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import { root } from "../harness/installation.ts";

const test = testWith("real");
test.use({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
test.setTimeout(400_000);

/** So that a README with five of them still opens quickly. */
const BYTES_MAX = 200_000;

test("five pictures", async ({ page, installation }) => {
  const picture = async (name: string) => {
    const path = join(root, "docs/screenshots", `${name}.png`);
    await page.mouse.move(0, 0);
    await page.screenshot({ path, animations: "disabled" });
    expect((await stat(path)).size, name).toBeLessThan(BYTES_MAX);
  };
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
  await createService(page, "shop", "sessions");
  await expectRunning(page);
  await deleteService(page, "/projects/shop/services/sessions", "sessions");
  await expectGone(page, "/projects/shop/services/sessions");

  await page.goto("/projects/shop/services/new");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("orders");
  await expectLive(page);
  await picture("create-service");

  await createService(page, "shop", "orders");
  await expectLive(page);
  await expect(page.locator("section.timeline").getByText(/Boot .*under way/)).toBeVisible({ timeout: 20_000 });
  await page.getByRole("link", { name: "Dismiss" }).click();
  await page.waitForTimeout(2_000);
  await picture("timeline");
  await expectRunning(page);

  await allowMyAddress(page, "/projects/shop/services/orders");
  await expectInForce(page);
  await page.goto("/projects/shop/services/orders/connect");
  await expectLive(page);
  await picture("connect");

  await createService(page, "shop", "reports");
  // The list is short; so is its picture.
  await page.setViewportSize({ width: 1280, height: 480 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/projects/shop/services");
  await expectLive(page);
  await picture("services-dark");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/projects/shop/services/reports");
  await expectRunning(page);

  await page.goto("/projects/shop/certificates");
  await page.getByRole("link", { name: "sessions" }).click();
  await expectLive(page);
  await picture("certificate");
});
