// The longest names and texts in every place, on a desk and on a phone, and what there is of lists that are long.

import type { Browser, Page } from "@playwright/test";
import { readFile } from "node:fs/promises";

import {
  createProject,
  createService,
  deleteService,
  expectGone,
  expectLive,
  expectRunning,
  find,
  setUp,
} from "../harness/console.ts";
import { expect, testSignedIn } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { invitationLink, invite, join, organizationOf, send } from "../harness/people.ts";

const project = "p".repeat(63);
const service = "s".repeat(63);
const base = `/projects/${project}`;
const phone = { width: 375, height: 720 };

const test = testSignedIn("simulated", async (page, installation) => {
  await setUp(page, installation.setUpLink);
  await createProject(page, project);
  await createService(page, project, service);
  await expectRunning(page);
  await deleteService(page, `${base}/services/${service}`, service);
  await expectGone(page, `${base}/services/${service}`);
  await createService(page, project, service);
  await expectRunning(page);
});

/** What stands out of the page, of a dialog or of a table, to the right, and what in it is too wide. */
async function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const boxes = [...document.querySelectorAll("html, main, dialog[open], .table-region, .card, .page-head")];
    const name = (element: Element) => `${element.tagName}.${element.className}`;
    const wide = (box: Element) => {
      const edge = box.getBoundingClientRect().left + box.clientWidth + 1;
      const beyond = [...box.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > edge);
      return beyond.filter((element) => !beyond.some((other) => other !== element && element.contains(other)));
    };
    return boxes
      .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
      .map((box) => `${name(box)}: ${box.scrollWidth} in ${box.clientWidth}: ${wide(box).slice(0, 3).map(name)}`);
  });
}

for (const [size, viewport] of [["desk", { width: 1280, height: 800 }], ["phone", phone]] as const) {
  test(`the longest names fit on a ${size}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    await page.goto(`${base}/certificates`);
    const certificate = await page.getByRole("link", { name: service }).getAttribute("href");
    // On a phone the link is in the drawer.
    const log = (await page.locator('a[href^="/organizations/"][href$="/events"]').first().getAttribute("href"))!;
    const unfold = async () => {
      for (const event of await page.locator(".event > summary").all()) await event.click();
    };
    const open = (name: string) => () => page.getByRole("button", { name }).click();
    const places: [string, (() => Promise<void>)?][] = [
      ["/projects"],
      [`${base}/services`],
      [`${base}/services/${service}`],
      [`${base}/services/${service}/connect`],
      [`${base}/services/${service}/network`],
      [`${base}/services/${service}/settings`, open("Delete service…")],
      [`${base}/events`, unfold],
      [log, unfold],
      [log.replace(/events$/, "certificates")],
      [`${base}/certificates`],
      [certificate!],
      [`${base}/settings`],
      [`${base}/services/new`],
    ];
    for (const [path, act] of places) {
      await page.goto(path);
      await act?.();
      expect.soft(await sticksOut(page), path).toEqual([]);
    }
  });
}

test.describe("the longest names of people and of what they hold", () => {
  /** Addresses of the pages that show them. */
  let paths: string[] = [];

  test.beforeAll(async ({ browser, installation, session }) => {
    const context = await browser.newContext({ baseURL: installation.address, storageState: session });
    const page = await context.newPage();
    paths = await longest(browser, page, installation);
    await context.close();
  });

  for (const [size, viewport] of [["desk", { width: 1280, height: 800 }], ["phone", phone]] as const) {
    test(`fit on a ${size}`, async ({ page }) => {
      test.setTimeout(300_000);
      await page.setViewportSize(viewport);
      for (const path of paths) {
        const response = await page.goto(path);
        expect(response?.status(), path).toBe(200);
        expect.soft(await sticksOut(page), path).toEqual([]);
        // Whatever opens over the page.
        const count = await page.locator("main button[command=show-modal]").count();
        for (let index = 0; index < count; index += 1) {
          await page.locator("main button[command=show-modal]").nth(index).click();
          expect.soft(await sticksOut(page), `${path}, dialog ${index}`).toEqual([]);
          await page.keyboard.press("Escape");
        }
      }
    });
  }
});

/** Makes one of everything with the longest name it can have, and says where they are shown. */
async function longest(browser: Browser, page: Page, installation: Installation): Promise<string[]> {
  const post = <T>(path: string, fields: Record<string, string | string[]>) => send<T>(page, installation, path, fields);
  const organization = await organizationOf(page);
  const whole = `/organizations/${organization}`;
  const email = `${"e".repeat(64)}@${"d".repeat(63)}.${"d".repeat(63)}.example.org`;
  const text = "t".repeat(1000);
  await post("organizations/rename", { organization, generation: "0", name: "o".repeat(83) });
  const unit = await post<{ id: string }>("units/create", { organization, name: "u".repeat(83) });
  const group = await post<{ id: string }>("groups/create", { organization, name: "g".repeat(128), description: text });
  const program = await post<{ user_id: string }>("application_users/create", {
    organization,
    name: "a".repeat(128),
    description: text,
  });
  await post("projects/create", { organization, name: "q".repeat(63), unit: unit.id });
  for (const resource of [`project:${project}`, `unit:${unit.id}`, "organization"]) {
    for (const principal of [`group:${group.id}`, `user:${program.user_id}`]) {
      await post("permissions/grant", { organization, principal, granted: "role:services:maintenance", resource, days: "30" });
    }
  }
  const attached = { groups: [group.id], granted: ["organization:permissions:read"], resource: "organization" };
  const link = await invite(page, installation, organization, email, attached);
  await (await join(browser, installation, link, "n".repeat(128))).close();
  await invite(page, installation, organization, `f${email.slice(1)}`, attached);
  const users = await find<{ rows: { user_id: string; email: string }[] }>(page, "users/list", { organization });
  const member = users!.rows.find((row) => row.email === email)!.user_id;
  await page.goto(`${whole}/permissions`);
  const revocation = await page.getByRole("link", { name: /^Revoke / }).first().getAttribute("href");
  const mails = await find<{ rows: { id: string }[] }>(page, "mails/list", { organization });
  const on = encodeURIComponent(`project:${project}`);
  const as = (principal: string) => `${whole}/permissions/explain?principal=${encodeURIComponent(principal)}&resource=${on}`;
  return [
    `/projects?organization=${organization}`,
    `/projects?organization=${organization}&unit=${unit.id}`,
    `/projects/${project}/settings`,
    `/projects/${project}/settings/move?unit=${unit.id}`,
    `/projects/${project}/permissions`,
    `/projects/${project}/permissions/explain?principal=user%3A${member}`,
    `/projects/${project}/permissions/holders`,
    whole,
    `${whole}/units/${unit.id}`,
    `${whole}/users`,
    `${whole}/users/${member}`,
    `${whole}/users/${member}/deactivate`,
    `${whole}/users/${member}/remove`,
    `${whole}/invitations`,
    `${whole}/invitations/new`,
    new URL(await invitationLink(page, installation, organization, `f${email.slice(1)}`)).pathname,
    `${whole}/groups`,
    `${whole}/identity-providers`,
    `${whole}/groups/${group.id}`,
    `${whole}/groups/${group.id}/members/new`,
    `${whole}/groups/${group.id}/members/${member}/remove`,
    `${whole}/groups/${group.id}/delete`,
    `${whole}/application-users`,
    `${whole}/application-users/${program.user_id}`,
    `${whole}/application-users/${program.user_id}/delete`,
    `${whole}/application-users/${program.user_id}/tokens/new`,
    `${whole}/permissions`,
    `${whole}/permissions/new?resource=${on}`,
    `${whole}/permissions/preview?resource=${on}&principal=group%3A${group.id}&granted=admin`,
    revocation!,
    as(`user:${member}`),
    as(`group:${group.id}`),
    `${whole}/permissions/holders`,
    `${whole}/events`,
    `${whole}/mails`,
    `${whole}/mails/${mails!.rows[0]!.id}`,
    "/profile",
    "/profile/organizations",
    `/profile/organizations/${organization}/leave`,
  ];
}

test("on a phone a row of the IP filter can be removed, and nothing covers what was just added", async ({ page }) => {
  await page.setViewportSize(phone);
  await page.goto(`${base}/services/${service}/network`);
  await page.getByRole("textbox", { name: "Address or range" }).fill("203.0.113.128/25");
  await page.getByLabel("Description").fill("x".repeat(128));
  await page.getByRole("button", { name: "Add entry" }).click();
  const notice = page.getByText(/may connect\.$/);
  await expect(notice).toBeVisible();
  const remove = page.getByRole("button", { name: /^Remove / });
  await remove.scrollIntoViewIfNeeded();
  await expect(remove).toBeInViewport({ ratio: 1 });
  expect(await sticksOut(page)).toEqual([]);
  const [a, b] = [await notice.boundingBox(), await page.getByRole("row").last().boundingBox()];
  expect(a!.y + a!.height <= b!.y || b!.y + b!.height <= a!.y, "the notice covers the row").toBe(true);
  await remove.click();
  await expect(page.getByText("Closed: nobody can connect")).toBeVisible();
});

test("on a phone the navigation says whose it is and can be closed", async ({ page }) => {
  await page.setViewportSize(phone);
  await page.goto(`${base}/services`);
  await page.getByRole("button", { name: "Navigation" }).click();
  const drawer = page.getByRole("navigation", { name: "Main" });
  await expect(drawer.getByRole("link", { name: "Redoubt" })).toBeVisible();
  expect(await sticksOut(page)).toEqual([]);
  await drawer.getByRole("button", { name: "Close" }).click();
  await expect(drawer).toBeHidden();
});

test("what unfolds of an event spans the row, below everything that stands in it", async ({ page }) => {
  await page.goto(`${base}/services`);
  await page.goto((await page.getByRole("link", { name: "All events" }).getAttribute("href"))!);
  const row = page.getByRole("row").filter({ hasText: "service.deleted" }).first();
  await row.locator("summary").click();
  const facts = (await row.locator(".facts").boundingBox())!;
  expect(facts.width).toBeGreaterThan(0.9 * (await row.boundingBox())!.width);
  for (const beside of await row.locator(".free-text, .event-type, .badge, .event-actor").all()) {
    const box = (await beside.boundingBox())!;
    expect(box.y + box.height).toBeLessThanOrEqual(facts.y);
  }
});

test("on a phone the badge of a certificate stands below a long name, and its button below both", async ({ page }) => {
  await page.setViewportSize(phone);
  await page.goto(`${base}/certificates`);
  await page.getByRole("link", { name: service }).click();
  const head = page.locator(".page-head");
  const [name, badge] = [head.getByRole("heading"), head.locator(".badge")];
  const [a, b] = [(await name.boundingBox())!, (await badge.boundingBox())!];
  const button = (await head.getByRole("link", { name: "Download" }).boundingBox())!;
  expect(b.x).toBe(a.x);
  expect(b.y).toBeGreaterThanOrEqual(a.y + a.height);
  expect(button.x).toBe(a.x);
  expect(button.y).toBeGreaterThanOrEqual(b.y + b.height);
});

test("the log as a file says everything that unfolds", async ({ page }) => {
  await page.goto(`${base}/events`);
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const [head, row] = (await readFile(await (await waiting).path(), "utf8")).split("\r\n");
  expect(head).toBe(
    ["Time", "What happened", "Event", "Outcome", "Actor", "Project", "Service", "Subject", "Credential", "Token"]
      .concat("Session", "Address", "Program", "Request", "Sequence")
      .map((column) => `"${column}"`)
      .join(","),
  );
  expect(row).toContain(`"${project}"`);
  expect(row!.split('","')).toHaveLength(head!.split('","').length);
});

test("what is shown of a list can be taken along as a file", async ({ page }) => {
  await page.goto(`${base}/certificates`);
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe("certificates.csv");
  const [head, row] = (await readFile(await download.path(), "utf8")).split("\r\n");
  expect(head).toBe('"Service","Destroyed","Certificate"');
  expect(row).toMatch(new RegExp(`^"${service}","\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z","[0-9a-f-]{36}"$`));
});

test("a list as a file has every line of a text, and nothing where there is nothing", async ({ page, installation }) => {
  const organization = await organizationOf(page);
  for (const form of [
    { organization, name: "Night shift", description: "Runs things, and\nwakes others." },
    { organization, name: "Silent", description: "" },
  ]) {
    await send(page, installation, "groups/create", form);
  }
  await page.goto(`/organizations/${organization}/groups`);
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const file = await readFile(await (await waiting).path(), "utf8");
  expect(file).toContain('"Night shift","Runs things, and\nwakes others.","0","0","');
  expect(file).toContain('"Silent","","0","0","');
});

test("the palette finds a project and a service behind the first fifty", async ({ page, installation }) => {
  const headers = { accept: "application/json", origin: installation.address };
  const profile = await (await page.request.get("/api/sessions/profile", { headers })).json();
  const organization = profile.organizations[0].id;
  for (let number = 10; number < 65; number += 1) {
    const form = { organization, name: `a-project-${number}` };
    expect((await page.request.post("/api/projects/create", { form, headers })).status()).toBe(200);
  }
  const form = { project: "a-project-64", name: "last", service_type: "pg", plan: "hobbyist", cloud: "local-main" };
  expect((await page.request.post("/api/services/create", { form, headers })).status()).toBe(200);
  await page.goto("/projects");
  await expectLive(page);
  await page.keyboard.press("Control+k");
  const chosen = page.getByRole("listbox", { name: "Places" }).getByRole("option", { selected: true });
  const search = page.getByRole("combobox", { name: "Search pages, projects and services" });
  await search.fill("project-64");
  await expect(chosen).toHaveText("a-project-64Project");
  await search.fill("last a-project");
  await expect(chosen).toContainText("last · a-project-64");
  await search.fill("all events");
  await expect(chosen).toHaveText(/^All events · .*Page$/);
  await search.fill("last connect");
  await expect(chosen).toHaveText("last · a-project-64 · connectPage");
  await search.fill("network");
  await expect(chosen).toContainText(" · network");
  await search.fill("no such thing");
  await expect(page.getByText("Nothing has that name.")).toBeVisible();
  await search.fill("project-64 sett");
  await expect(chosen).toContainText("a-project-64 · settings");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/projects/a-project-64/settings");
});

test("in the palette a kind keeps its words whole beside the longest names", async ({ page }) => {
  await page.setViewportSize(phone);
  await page.goto("/projects");
  await expectLive(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search pages, projects and services" }).fill(project);
  await expect(page.getByRole("listbox", { name: "Places" }).getByRole("option").first()).toContainText(project);
  expect(await sticksOut(page)).toEqual([]);
  for (const kind of await page.locator(".palette li > .muted").all()) {
    expect((await kind.boundingBox())!.height).toBeLessThan(24);
  }
});

// The last, since it ends the session that the tests share.
test("the palette signs out", async ({ page }) => {
  await page.goto("/projects");
  await expectLive(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search pages, projects and services" }).fill("sign out");
  await expect(page.getByRole("listbox", { name: "Places" }).getByRole("option", { selected: true })).toHaveText("Sign outAccount");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/sign-in/);
});
