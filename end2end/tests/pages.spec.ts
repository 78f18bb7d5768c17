// Every page: accessible in light and dark, usable by keyboard and on a phone, alone with its own server. The
// pictures that are taken on the way are in test-results/pages, for people to look at.

import AxeBuilder from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page } from "@playwright/test";
import { mkdir } from "node:fs/promises";

import {
  allowMyAddress,
  createApplicationUser,
  createGroup,
  createProject,
  createService,
  createToken,
  deleteService,
  expectGone,
  expectLive,
  expectRunning,
  find,
  setUp,
  state,
} from "../harness/console.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import {
  gates,
  invitationPlaces,
  type Invitations,
  peoplePlaces,
  permissionPlaces,
  type Place,
  places,
} from "../harness/pages.ts";
import { invite, join, send } from "../harness/people.ts";

const test = testWith("simulated");
test.describe.configure({ timeout: 480_000 });

const pictures = "test-results/pages";
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 800 };

type Session = Exclude<BrowserContextOptions["storageState"], string | undefined>;
let session: Session;
let certificate: string;
let organization: string;
/** Path of a group. */
let group: string;
let unit: string;
/** Id of a person who belongs to the organization. */
let member: string;
let invitations: Invitations;
let unused: string;
/** What was wrong with pages that are there only before anything else is. */
const early: string[] = [];

test.beforeAll(async ({ browser, installation }) => {
  await mkdir(pictures, { recursive: true });
  unused = installation.setUpLink;
  const context = await browser.newContext({ baseURL: installation.address });
  const page = await context.newPage();
  await gate(page, [
    { name: "set-up-needed", path: "/set-up" },
    { name: "set-up", path: new URL(unused).pathname },
  ]);
  await setUp(page, unused);
  await gate(page, [{ name: "projects-empty", path: "/projects" }]);
  await createProject(page, "empty");
  await createProject(page, "shop");
  await createService(page, "shop", "carts");
  await expectRunning(page);
  await deleteService(page, "/projects/shop/services/carts", "carts");
  await expectGone(page, "/projects/shop/services/carts");
  await createService(page, "shop", "orders");
  await expectRunning(page);
  await allowMyAddress(page, "/projects/shop/services/orders");
  await createService(page, "shop", "reports");
  await expectRunning(page);
  await page.goto("/projects/shop/certificates");
  const href = await page.getByRole("link", { name: "carts" }).getAttribute("href");
  certificate = href!.split("/").at(-1)!;
  const log = await page.getByRole("link", { name: "All events" }).getAttribute("href");
  organization = log!.split("/").at(-2)!;
  group = await createGroup(page, organization, "Night shift", "shop");
  const program = await createApplicationUser(page, organization, "Deployer");
  for (const list of [program, "/profile/tokens"]) await createToken(page, list, "Deploys at night", "203.0.113.0/24");
  await addPeople(browser, page, installation);
  session = await context.storageState();
  await context.close();
});

/** A unit, another person, and invitations of every kind. */
async function addPeople(browser: Browser, page: Page, installation: Installation): Promise<void> {
  unit = (await send<{ id: string }>(page, installation, "units/create", { organization, name: "Shops" })).id;
  const attached = { groups: [group.split("/").at(-1)!], granted: ["read_only"] };
  const used = await invite(page, installation, organization, "bea@example.org", attached);
  const context = await join(browser, installation, used, "Bea Operator");
  const other = await context.newPage();
  const users = await find<{ rows: { user_id: string; email: string }[] }>(page, "users/list", { organization });
  member = users!.rows.find(({ email }) => email === "bea@example.org")!.user_id;
  const { id } = await send<{ id: string }>(other, installation, "organizations/create", { name: "Side Works" });
  // Cam has an account and does not belong to the organization.
  const cam = await invite(other, installation, id, "cam@example.org");
  await (await join(browser, installation, cam, "Cam Beside")).close();
  invitations = {
    used,
    fresh: await invite(page, installation, organization, "dee@example.org", attached),
    known: await invite(page, installation, organization, "cam@example.org"),
    own: await invite(other, installation, id, "ann@example.org"),
  };
  await context.close();
}

/** Everything that must hold of any page, wherever it stands. */
class Watch {
  readonly complaints: string[] = [];

  constructor(
    private readonly page: Page,
    private readonly address: string,
  ) {
    page.on("console", (message) => {
      // The browser itself reports answers like 404 for the page; those are asked for here.
      const isStatus = /Failed to load resource: the server responded/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isStatus) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(`${error}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      const isOwn = url.origin === this.address || ["data:", "blob:", "about:"].includes(url.protocol);
      if (!isOwn) this.complaints.push(`request to ${request.url()}`);
    });
  }

  async open(place: Place): Promise<void> {
    const response = await this.page.goto(place.path);
    expect(response?.status(), place.path).toBe(place.status ?? 200);
    const csp = response?.headers()["content-security-policy"] ?? "";
    expect(csp, place.path).toMatch(/script-src 'self' 'nonce-[^']+' 'wasm-unsafe-eval'/);
    expect(csp, place.path).not.toContain("unsafe-inline");
    expect(csp, place.path).toContain("default-src 'none'");
    if (await this.page.locator("leptos-island").count()) await expectLive(this.page);
    await place.act?.(this.page);
  }
}

async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // There are no frames here; without them axe needs no second page to put its findings together.
    .setLegacyMode()
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}

/** Walks through pages in one colour scheme and size, looks at each and takes its picture. */
async function walk(
  browser: Browser,
  address: string,
  what: string,
  options: BrowserContextOptions,
  all: Place[],
  look: (page: Page) => Promise<string[]>,
): Promise<void> {
  const context = await browser.newContext({ baseURL: address, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const watch = new Watch(page, address);
  for (const place of all) {
    await test.step(`${place.name}, ${what}`, async () => {
      await watch.open(place);
      const found = await look(page);
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: `${pictures}/${place.name}-${what}.png`, fullPage: true });
      expect.soft(found, `${place.name}, ${what}`).toEqual([]);
    });
  }
  await context.close();
  expect.soft(watch.complaints).toEqual([]);
}

/** Pages that are there only once. */
async function gate(page: Page, all: Place[]): Promise<void> {
  const watch = new Watch(page, new URL(unused).origin);
  for (const place of all) {
    for (const [what, colorScheme, viewport] of [
      ["light", "light", desktop],
      ["dark", "dark", desktop],
      ["phone", "light", phone],
    ] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      await watch.open(place);
      await page.screenshot({ path: `${pictures}/${place.name}-${what}.png`, fullPage: true });
      for (const found of [...(await violations(page)), ...(await overflow(page))]) {
        early.push(`${place.name}, ${what}: ${found}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(desktop);
  page.removeAllListeners();
  early.push(...watch.complaints);
}

/** What stands out over the right edge. */
async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => `${element.tagName}.${element.className} reaches ${element.getBoundingClientRect().right}`)
      .slice(0, 5);
  });
}

test("the pages of a new installation are accessible and complain of nothing", () => {
  expect(early).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in ${colorScheme}, and no page complains or asks elsewhere`, async ({ browser, installation }) => {
    const options = { colorScheme, viewport: desktop };
    const { address } = installation;
    const signedIn = { ...options, storageState: session };
    await walk(browser, address, colorScheme, signedIn, places(organization, "shop", "orders", certificate), violations);
    await walk(browser, address, colorScheme, signedIn, permissionPlaces(organization, "shop", group), violations);
    await walk(browser, address, colorScheme, signedIn, peoplePlaces(organization, unit, member, invitations), violations);
    await walk(browser, address, colorScheme, options, invitationPlaces(invitations), violations);
    await walk(browser, address, colorScheme, options, gates(unused), violations);
  });
}

test("on a phone no page scrolls sideways, and axe finds nothing", async ({ browser, installation }) => {
  const options = { viewport: phone, hasTouch: true, isMobile: true, colorScheme: "light" as const };
  const look = async (page: Page) => [...(await overflow(page)), ...(await violations(page))];
  const { address } = installation;
  const signedIn = { ...options, storageState: session };
  await walk(browser, address, "phone", signedIn, places(organization, "shop", "orders", certificate), look);
  await walk(browser, address, "phone", signedIn, permissionPlaces(organization, "shop", group), look);
  await walk(browser, address, "phone", signedIn, peoplePlaces(organization, unit, member, invitations), look);
  await walk(browser, address, "phone", options, invitationPlaces(invitations), look);
  await walk(browser, address, "phone", options, gates(unused), look);
});

test("on a phone the navigation opens and leads on", async ({ browser, installation }) => {
  const context = await browser.newContext({ baseURL: installation.address, storageState: session, viewport: phone });
  const page = await context.newPage();
  await page.goto("/projects/shop/services");
  const events = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Events", exact: true });
  await expect(events).toBeHidden();
  await page.getByRole("button", { name: "Navigation" }).click();
  await events.click();
  await expect(page).toHaveURL("/projects/shop/events");
  await context.close();
});

test.describe("by keyboard", () => {
  test.beforeEach(async ({ context }) => {
    await context.addCookies(session.cookies);
  });

  test("the skip link comes first and leads to the content", async ({ page }) => {
    await page.goto("/projects/shop/services");
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the content" });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
  });

  test("Ctrl K opens the palette, which finds a service and goes there", async ({ page }) => {
    await page.goto("/projects");
    await expectLive(page);
    await page.keyboard.press("Control+k");
    const search = page.getByRole("combobox", { name: "Search pages, projects and services" });
    await expect(search).toBeFocused();
    await page.keyboard.type("orders");
    await expect(page.getByRole("listbox", { name: "Places" }).getByRole("option", { selected: true })).toContainText("orders");
    await page.keyboard.press("Escape");
    await expect(search).toBeHidden();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("orders serv");
    await expect(page.getByRole("listbox", { name: "Places" }).getByRole("option", { selected: true })).toContainText("orders");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL("/projects/shop/services/orders");
  });

  test("a dialog opens, holds the focus, closes with Escape and gives the focus back", async ({ page }) => {
    await page.goto("/projects");
    const button = page.getByRole("button", { name: "New project" });
    await button.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "New project" });
    await expect(dialog.getByRole("textbox", { name: "Name", exact: true })).toBeFocused();
    for (let i = 0; i < 8; i += 1) {
      await page.keyboard.press("Tab");
      const isOutside = await page.evaluate(() => {
        const { activeElement } = document;
        return activeElement !== document.body && !activeElement?.closest("dialog");
      });
      expect(isOutside).toBe(false);
    }
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(button).toBeFocused();
  });

  test("a form is sent with Enter, and the focus is on the mistake", async ({ page }) => {
    await page.goto("/projects/shop/services/new");
    await expect(page.getByRole("textbox", { name: "Name", exact: true })).toBeFocused();
    await page.keyboard.type("orders");
    await page.keyboard.press("Enter");
    const name = page.getByRole("textbox", { name: "Name", exact: true });
    await expect(name).toHaveAttribute("aria-invalid", "true");
    await expect(name).toBeFocused();
  });

  test("the focus is always to be seen, and nothing traps it", async ({ page }) => {
    for (const path of ["services/new", "services/orders", "services/orders/network", "settings"]) {
      await page.goto(`/projects/shop/${path}`);
      await expectLive(page);
      await page.getByRole("link", { name: "Skip to the content" }).focus();
      const seen: string[] = [];
      const invisible: string[] = [];
      for (let i = 0; i < 90; i += 1) {
        const found = await page.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return undefined;
          // A hidden radio shows its focus on the card around it.
          const marked = [element, element.closest("label"), element.nextElementSibling].some((one) => {
            if (!one) return false;
            const style = getComputedStyle(one);
            const hasOutline = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
            return hasOutline || style.boxShadow !== "none";
          });
          const all = [...document.querySelectorAll("*")];
          return { key: `${all.indexOf(element)} ${element.outerHTML.slice(0, 90)}`, marked };
        });
        if (!found || seen[0] === found.key) break;
        expect(seen, "the focus moves on").not.toContain(found.key);
        seen.push(found.key);
        if (!found.marked) invisible.push(found.key);
        await page.keyboard.press("Tab");
      }
      expect(seen.length, path).toBeGreaterThan(10);
      expect(seen.length, path).toBeLessThan(90);
      expect.soft(invisible, path).toEqual([]);
    }
  });
});

test("the palette shows its shape while it waits for the list", async ({ page, context }) => {
  await context.addCookies(session.cookies);
  await page.goto("/projects");
  await expectLive(page);
  let answer = () => {};
  const asked = new Promise<void>((done) => (answer = done));
  await page.route("**/api/palette/**", async (route) => {
    await asked;
    await route.continue();
  });
  await page.keyboard.press("Control+k");
  const dialog = page.getByRole("dialog", { name: /^Go to/ });
  await expect(dialog.getByRole("status")).toHaveText("Loading…");
  await expect(dialog.locator(".skeleton").first()).toBeVisible();
  answer();
  await expect(dialog.getByRole("option").first()).toBeVisible();
  await expect(dialog.locator(".skeleton")).toHaveCount(0);
});

test("the timeline is live: it goes through its steps to RUNNING without a reload", async ({ page, context }) => {
  await context.addCookies(session.cookies);
  await createService(page, "shop", "live");
  await expectLive(page);
  await page.evaluate(() => ((window as unknown as { isSame: boolean }).isSame = true));
  const elapsed = page.locator("section.timeline header").getByText(/so far/);
  const first = await elapsed.innerText();
  await expect(elapsed).not.toHaveText(first);
  // The address is known before anything answers there, which is said.
  const silence = page.getByText(/^Nothing answers here yet/);
  await expect(silence).toBeVisible();
  await expect(state(page)).toHaveText("RUNNING", { timeout: 30_000 });
  const steps = page.locator("section.timeline").getByRole("listitem");
  await expect(steps.filter({ hasText: "(done)" })).toHaveCount(await steps.count());
  // The facts below the timeline came along.
  await expect(page.getByRole("link", { name: "How to connect" })).toBeVisible();
  await expect(silence).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 2, name: /^Created in \d/ })).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { isSame?: boolean }).isSame)).toBe(true);

  await deleteService(page, "/projects/shop/services/live", "live");
  await expectLive(page);
  await expect(page.getByText("The service is gone.")).toBeVisible({ timeout: 30_000 });
  await page.getByRole("link", { name: "See the certificate of destruction" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "live" })).toBeVisible();
  await expect(page.getByText("signature is valid")).toBeVisible();
});

test("a deletion that nobody saw shows no steps of the service’s making", async ({ page, context, installation }) => {
  await context.addCookies(session.cookies);
  const path = "/projects/shop/services/unseen";
  await createService(page, "shop", "unseen");
  await expectRunning(page);
  await page.route("**/streams/**", (route) => route.abort());
  await page.goto(path);
  await expectLive(page);
  const making = page.locator("li").filter({ hasText: "Make the encrypted volumes" });
  await expect(page.getByRole("heading", { level: 2, name: /^Created in \d/ })).toBeVisible();
  await expect(making).not.toHaveCount(0);
  // Somebody else deletes it.
  const answer = await page.request.post("/api/services/delete", {
    form: { project: "shop", service: "unseen", confirmation: "unseen" },
    headers: { accept: "application/json", origin: installation.address },
  });
  expect(answer.status()).toBe(200);
  await expectGone(page, path);
  await expect(page.getByText("The service is gone.")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("heading", { level: 2, name: "Deleted" })).toBeVisible();
  await expect(making).toHaveCount(0);
  await expect(page.getByText("Steps", { exact: true })).toBeHidden();
});

test("the list of services follows what happens to them", async ({ page, context }) => {
  await context.addCookies(session.cookies);
  const other = await context.newPage();
  await page.goto("/projects/shop/services");
  await expectLive(page);
  await createService(other, "shop", "listed");
  await page.goto("/projects/shop/services");
  const row = page.getByRole("row", { name: /listed/ });
  await expect(row).toContainText("REBUILDING");
  await expect(row).toContainText("RUNNING", { timeout: 30_000 });
  await deleteService(other, "/projects/shop/services/listed", "listed");
  await expect(row).toHaveCount(0, { timeout: 40_000 });
});

test("the colour scheme is chosen, kept over pages and not lost without script", async ({ page, context }) => {
  await context.addCookies(session.cookies);
  await page.goto("/projects");
  await expectLive(page);
  await page.getByRole("button", { name: /^Account: / }).click();
  await page.getByRole("button", { name: "dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect.poll(async () => (await (await page.request.get("/projects")).text()).includes('data-theme="dark"')).toBe(true);
  await page.goto("/projects/shop/services");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: /^Account: / }).click();
  await page.getByRole("button", { name: "system" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "system");
});

test("the simulated host is labelled on every page", async ({ page, context }) => {
  await context.addCookies(session.cookies);
  for (const path of ["/projects", "/projects/shop/services/orders"]) {
    await page.goto(path);
    await expect(page.getByText("Simulated host.")).toBeVisible();
  }
});
