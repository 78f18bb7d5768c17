// What people find when something came between: a session that ended under their hands, a service that somebody else
// deleted, a dialog that was refused, an address of nothing.

import type { Page } from "@playwright/test";

import {
  createProject,
  createService,
  expectGone,
  expectLive,
  expectRunning,
  fillSignIn,
  hasScript,
  person,
  SESSION_COOKIE,
  setUp,
} from "../harness/console.ts";
import { expect, signedOut, testSignedIn } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";

let link: string;

const test = testSignedIn("simulated", async (page, installation) => {
  link = installation.setUpLink;
  await setUp(page, link);
  await createProject(page, "shop");
  await createService(page, "shop", "orders");
  await expectRunning(page);
});

/** Deletes a service as somebody else would: not through the page that is open. */
async function deleteBehind(page: Page, installation: Installation, service: string): Promise<void> {
  const answer = await page.request.post("/api/services/delete", {
    form: { project: "shop", service, confirmation: service },
    headers: { accept: "application/json", origin: installation.address },
  });
  expect(answer.status()).toBe(200);
}

test("a form sent after the session ended comes back filled in, after the sign-in", async ({ page, context }) => {
  await page.goto("/projects");
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  const name = dialog.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("kept");
  // The session alone: that it was they who were signed in here last is known by another cookie.
  await context.clearCookies({ name: SESSION_COOKIE });
  await dialog.getByRole("button", { name: "Create project" }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByText("Your session ended and nothing was saved.")).toBeVisible();
  // A slip at the sign-in loses nothing either.
  await fillSignIn(page, person.email, "not the right password");
  await expect(page.getByText("E-mail or password is wrong.")).toBeVisible();
  await fillSignIn(page);
  await expect(page).toHaveURL("/projects");
  await expect(dialog).toContainText("Your session had ended, so nothing was done.");
  await expect(name).toHaveValue("kept");
  await dialog.getByRole("button", { name: "Create project" }).click();
  await expect(page).toHaveURL("/projects/kept/services");
  // And once it is done it is forgotten.
  await page.goto("/projects");
  await expect(dialog).toBeHidden();
});

test("a refused dialog is a real one: what is behind is out of reach, and Escape closes it", async ({ page }, info) => {
  await page.goto("/projects");
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  const name = dialog.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("1st");
  await name.press("Enter");
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await expect(name).toBeFocused();
  if (hasScript(info.project.use)) await expect(page.locator("dialog:modal")).toHaveCount(1);
  for (let i = 0; i < 6; i += 1) {
    await page.keyboard.press("Tab");
    const isOutside = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement !== document.body && !activeElement?.closest("dialog");
    });
    expect(isOutside).toBe(false);
  }
  await name.focus();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: /^Account: / }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
});

test("the password of a service that was deleted meanwhile: its page says that it is gone", async ({ page, installation }, info) => {
  const path = "/projects/shop/services/brief";
  await createService(page, "shop", "brief");
  await expectRunning(page);
  await page.goto(`${path}/connect`);
  if (hasScript(info.project.use)) await expectLive(page);
  await deleteBehind(page, installation, "brief");
  await expectGone(page, path);
  await page.getByRole("button", { name: "Show password" }).click();
  if (hasScript(info.project.use)) {
    await expect(page.getByRole("alert")).toContainText("This service was deleted.");
    await page.getByRole("link", { name: "See what became of it" }).click();
  }
  await expect(page.getByText("The service is gone.")).toBeVisible();
});

test("the password is hidden again, and is not to be had once the session has ended", async ({ page, context }, info) => {
  await page.goto("/projects/shop/services/orders/connect");
  if (hasScript(info.project.use)) await expectLive(page);
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(page.locator("code.secret")).toBeVisible();
  await page.getByText("Hide", { exact: true }).click();
  await expect(page.locator("code.secret")).toHaveCount(0);
  await context.clearCookies();
  await page.getByRole("button", { name: "Show password" }).click();
  if (hasScript(info.project.use)) {
    await expect(page.getByRole("alert")).toContainText("Your session ended.");
    await page.getByRole("link", { name: "Sign in again" }).click();
  } else {
    await expect(page.getByText("Your session ended and nothing was saved. Sign in to go on where you were, with what you had entered.")).toBeVisible();
  }
  await fillSignIn(page);
  await expect(page).toHaveURL("/projects/shop/services/orders/connect");
});

test("an address of nothing keeps the navigation of those who are signed in", async ({ page }) => {
  for (const address of ["/nowhere", "/projects/none/services"]) {
    expect((await page.goto(address))?.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Account: / })).toBeVisible();
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Projects" }).click();
    await expect(page).toHaveURL("/projects");
  }
});

test("nobody without an account is led to projects", signedOut, async ({ page }) => {
  expect((await page.goto("/nowhere"))?.status()).toBe(404);
  await expect(page.getByRole("link", { name: "Go to your projects" })).toHaveCount(0);
  await page.getByRole("link", { name: "Go to the start" }).click();
  await expect(page).toHaveURL("/sign-in");
  expect((await page.goto(link))?.status()).toBe(409);
  await expect(page.getByRole("heading", { level: 1, name: "This link does not work" })).toBeVisible();
  await expect(page.locator("code", { hasText: /^redoubt admin set-up-link$/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Go to your projects" })).toHaveCount(0);
});

test("the last breadcrumb says where one is and is no link", async ({ page }) => {
  await page.goto("/projects/shop/events");
  const trail = page.getByRole("navigation", { name: "Breadcrumbs" }).getByRole("listitem");
  await expect(trail).toHaveText(["Projects", "shop", "Events"]);
  await expect(trail.last().locator("[aria-current=page]")).toHaveText("Events");
  await expect(trail.getByRole("link")).toHaveCount(2);
  await page.goto("/projects/shop/services/orders/connect");
  await expect(trail.last().getByRole("link", { name: "orders" })).toBeVisible();
});

test("what one can do next is said of the number there is", async ({ page }) => {
  await page.goto("/projects/shop/settings");
  await expect(page.getByText("It still holds 1 service: ")).toBeVisible();
});
