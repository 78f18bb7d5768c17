// The main job, in one browser from beginning to end, with a real virtual machine: from the set-up link to a
// PostgreSQL over verified TLS, through crashes, to the certificate of its destruction.

import type { BrowserContext, Page } from "@playwright/test";
import { readFile, writeFile } from "node:fs/promises";

import { succeed, until } from "../harness/commands.ts";
import {
  allowMyAddress,
  connection,
  createProject,
  createService,
  deleteService,
  expectGone,
  expectInForce,
  expectLive,
  expectRunning,
  hasScript,
  setUp,
  state,
} from "../harness/console.ts";
import { answer, Asker, type Connection, psql, query, refusal } from "../harness/databases.ts";
import { expect, testWith } from "../harness/fixtures.ts";

const test = testWith("real");
test.describe.configure({ mode: "serial" });

const path = "/projects/shop/services/orders";
let context: BrowserContext;
let page: Page;
let service: Connection;
let isLive: boolean;

test.beforeAll(async ({ browser, installation, javaScriptEnabled }) => {
  context = await browser.newContext({ baseURL: installation.address });
  page = await context.newPage();
  isLive = hasScript({ javaScriptEnabled });
});
test.afterAll(async () => context.close());

test("the set-up link makes the first user and organization, and a project is made", async ({ installation }) => {
  await setUp(page, installation.setUpLink);
  await expect(page.getByText("Redoubt is set up.")).toBeVisible();
  await createProject(page, "shop");
  await expect(page.getByText("Project shop is ready.")).toBeVisible();
});

test("the price is shown before a service is created, and it reaches RUNNING", async ({ installation }) => {
  await page.goto("/projects/shop/services/new");
  const plan = page.locator("label").filter({ has: page.getByRole("radio", { name: /Hobbyist/ }) });
  await expect(plan).toContainText("$0.0260 per hour");
  await expect(plan).toContainText("$18.98 per month");
  await createService(page, "shop", "orders");
  if (isLive) await expectLive(page);
  await expect(page.getByRole("listitem").filter({ hasText: "Make the encrypted volumes" })).toBeVisible();
  await expectRunning(page);
  // What must be gone in the end is there now: so the search for it works.
  const traces = await installation.left();
  for (const kind of ["process", "interface", "firewall table"]) {
    expect(traces.filter((trace) => trace.startsWith(kind)), kind).not.toEqual([]);
  }
  // What each guest says of its own volumes, root and data.
  await expect(page.getByText("aes-xts-plain64, 512 bit")).toHaveCount(2, { timeout: 15_000 });
  await expect(page.getByText("encrypted", { exact: true })).toHaveCount(2);
  const accelerator = page.locator("dl.facts > div").filter({ hasText: "Accelerator" });
  await expect(accelerator).toContainText(/KVM|emulated/);
  if (/emulated/.test((await accelerator.textContent()) ?? "")) {
    await expect(page.getByText(/^Emulated: slow, not for production/)).toBeVisible();
  }
});

test("the Connect page gives everything needed to connect", async ({}, info) => {
  await page.goto(`${path}/connect`);
  await expect(page.getByText("Closed: nobody can connect until the IP filter has an entry.")).toBeVisible();
  await expect(page.locator("code.secret")).toHaveCount(0);
  service = await connection(page, path, info.outputPath("ca.pem"));
  expect(service.user).toBe("rdadmin");
  expect(service.password.length).toBeGreaterThanOrEqual(20);
  expect(await readFile(service.ca, "utf8")).toContain("BEGIN CERTIFICATE");
  await keepFile(service, info.project.outputDir, `ca-${info.project.name}.pem`);
  await page.goto(`${path}/connect`);
  await expect(page.locator("code.secret")).toHaveCount(0);
  if (!isLive) return;
  await expectLive(page);
  await page.getByRole("button", { name: "Copy psql" }).click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  expect(command).toContain(`host=${service.host}`);
  expect(command).toContain("sslmode=verify-full");
});

test("with an empty IP filter nobody connects", async () => {
  expect(await refusal(service)).toMatch(/timeout expired|refused|unreachable|closed the connection/i);
  expect(await refusal(service, "disable")).toBeDefined();
});

test("with “my address” added psql verifies the server and is answered; plaintext is refused", async () => {
  await allowMyAddress(page, path);
  await expectInForce(page);
  expect(await answer(service, "select version()", 30_000)).toMatch(/^PostgreSQL 1[5-9]/);
  expect(await query(service, "select version from pg_stat_ssl where pid = pg_backend_pid()")).toBe("TLSv1.3");
  expect(await refusal(service, "disable")).toMatch(/no encryption|no pg_hba.conf entry/);
  expect(await refusal({ ...service, password: "wrong" })).toMatch(/password authentication failed/);
});

test("taken out of the filter again it is refused, and put back it is answered", async () => {
  await page.getByRole("button", { name: /^Remove / }).click();
  await expect(page.getByText("Closed: nobody can connect")).toBeVisible();
  await expectInForce(page);
  expect(await refusal(service)).toBeDefined();
  await allowMyAddress(page, path);
  await expectInForce(page);
  await answer(service, "select 1", 30_000);
});

test("a killed VM is started again by itself, and every acknowledged row is there", async ({ installation }) => {
  await query(service, "create table marks (id int primary key, text text)");
  await query(service, "insert into marks select n, 'mark ' || n from generate_series(1, 1000) n");
  const [pid] = await installation.vmPids();
  expect(pid).toBeGreaterThan(0);
  await page.goto(path);
  process.kill(pid!, "SIGKILL");
  const again = await until("another VM", 60_000, async () => {
    const [other] = await installation.vmPids();
    return other !== pid ? other : undefined;
  });
  expect(again).not.toBe(pid);
  // Without script a page that was at rest does not look again by itself.
  if (!isLive) await page.goto(path);
  // On a fast machine it is over before a page at rest looks again: then it tells that it was.
  await expect(page.getByRole("heading", { name: /^Restart(ing|ed in)/ })).toBeVisible({ timeout: 30_000 });
  await expectRunning(page);
  expect(await answer(service, "select count(*) from marks", 60_000)).toBe("1000");
});

test("the VM answers queries while the server is down, and is adopted by the next one", async ({ installation }) => {
  const [pid] = await installation.vmPids();
  const asker = new Asker(service);
  await until("the first answer", 20_000, async () => asker.answered > 0);
  await installation.killServer();
  const before = asker.answered;
  await until("answers without a server", 30_000, async () => asker.answered >= before + 3);
  await installation.startServer();
  await page.goto(path);
  await expect(state(page)).toHaveText("RUNNING");
  await asker.stop();
  expect(asker.failures).toEqual([]);
  expect(await installation.vmPids()).toEqual([pid]);
});

test("the events tell the story", async () => {
  await page.goto("/projects/shop/events");
  for (const type of ["project.created", "service.created", "service.password_viewed"]) {
    await expect(page.getByRole("cell", { name: type }).first()).toBeVisible();
  }
  expect(await page.content()).not.toContain(service.password);
});

test("a service is deleted only with its name typed, and nothing of it is left", async ({ installation }) => {
  await deleteService(page, path, "order");
  const dialog = page.getByRole("dialog", { name: /^Delete service/ });
  const field = dialog.getByRole("textbox", { name: "Name", exact: true });
  await expect(field).toHaveValue("order");
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(/Type the service's name, orders/);
  expect(await installation.vmPids()).toHaveLength(1);

  await field.fill("orders");
  await dialog.getByRole("button", { name: "Delete service", exact: true }).click();
  await expectGone(page, path);
  expect(await installation.vmPids()).toEqual([]);
  const others = (await installation.left()).filter((trace) => !trace.includes("redoubt serve"));
  expect(others).toEqual([]);
  const files = await succeed("find", [installation.hostDirectory, "-path", "*nodes/*"]);
  expect(files).toBe("");
});

test("the certificate of destruction is valid; with one byte flipped it is not", async ({ installation }, info) => {
  await page.goto("/projects/shop/certificates");
  await page.getByRole("link", { name: "orders" }).click();
  await expect(page.getByText("signature is valid")).toBeVisible();
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const file = info.outputPath("certificate.json");
  const download = await waiting;
  await download.saveAs(file);
  // The command that the page gives is for the file that it gives.
  await expect(page.getByLabel("Command")).toContainText(` ${download.suggestedFilename()}`);
  const key = (await (await page.request.get("/.well-known/redoubt/signing-key")).text()).trim();
  const good = await installation.redoubt("verify-certificate", file, "--public-key", key);
  expect(good.err).toBe("");
  expect(good.code).toBe(0);
  expect(good.out).toContain("orders");

  const signed = JSON.parse(await readFile(file, "utf8"));
  const other = info.outputPath("flipped.json");
  // One bit in the middle of what is signed.
  const middle = Math.floor(signed.certificate.length / 2);
  const flipped = String.fromCharCode(signed.certificate.charCodeAt(middle) ^ 1);
  signed.certificate = signed.certificate.slice(0, middle) + flipped + signed.certificate.slice(middle + 1);
  await writeFile(other, JSON.stringify(signed));
  const bad = await installation.redoubt("verify-certificate", other, "--public-key", key);
  expect(bad.code).not.toBe(0);
  expect(bad.err).toContain("NOT VALID");
});

test("signed out, the console shows nothing any more", async () => {
  await page.getByRole("button", { name: /^Account: / }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await page.goto("/projects/shop/services");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

/** The tests of this file use the certificate one after the other; a test's own directory goes with the test. */
async function keepFile(of: Connection, directory: string, name: string): Promise<void> {
  const kept = `${directory}/${name}`;
  await writeFile(kept, await readFile(of.ca));
  of.ca = kept;
}
