// The server is killed at any moment, with real virtual machines: afterwards every service reaches RUNNING, and every
// deletion leaves nothing. The same for every step, on the simulated host, is in crates/control/tests/workflows.

import type { BrowserContext, Page } from "@playwright/test";
import { setTimeout as sleep } from "node:timers/promises";

import { run, until } from "../harness/commands.ts";
import {
  allowMyAddress,
  connection,
  createProject,
  createService,
  deleteService,
  expectGone,
  expectInForce,
  expectRunning,
  find,
  setUp,
} from "../harness/console.ts";
import { answer } from "../harness/databases.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";

const test = testWith("real");
test.describe.configure({ mode: "serial" });

type Timeline = { title: string; steps: { step: string; state: "active" | "done" | "failing" | "pending" }[] };
let context: BrowserContext;
let page: Page;

test.beforeAll(async ({ browser, installation }) => {
  context = await browser.newContext({ baseURL: installation.address });
  page = await context.newPage();
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
});
test.afterAll(async () => context.close());

/** Kills the server as soon as the step is under way (or, if it was too quick to be seen, over). */
async function killIn(installation: Installation, service: string, step: string): Promise<void> {
  let seen = "";
  await until(`the step ${step}`, 60_000, async () => {
    const timeline = await find<Timeline>(page, "services/timeline", { project: "shop", service });
    seen = timeline?.steps.find((one) => one.step === step)?.state ?? "over";
    return !timeline || timeline.steps.some((one) => one.step === step && one.state !== "pending");
  }, 10);
  await installation.killServer();
  test.info().annotations.push({ type: "killed", description: `${step}: ${seen}` });
  console.log(`    killed while ${step} was ${seen}`);
}

for (const step of ["make_volumes", "wait_for_agent", "wait_for_postgresql"]) {
  test(`killed in the step ${step} of a creation, the service reaches RUNNING`, async ({ installation }, info) => {
    const name = step.replaceAll("_", "-");
    const path = `/projects/shop/services/${name}`;
    await createService(page, "shop", name);
    await killIn(installation, name, step);
    await sleep(500);
    await installation.startServer();
    await page.goto(path);
    await expectRunning(page);
    expect(await installation.vmPids()).toHaveLength(1);
    await allowMyAddress(page, path);
    await expectInForce(page);
    const to = await connection(page, path, info.outputPath("ca.pem"));
    await answer(to, "select 1", 30_000);

    // And killed again while it is deleted, in another step each time.
    await deleteService(page, path, name);
    const deletion = { make_volumes: "stop_vm", wait_for_agent: "shred", wait_for_postgresql: "certify" }[step]!;
    await killIn(installation, name, deletion);
    await installation.startServer();
    await expectGone(page, path);
    await expectNothing(installation);
    await page.goto("/projects/shop/certificates");
    await expect(page.getByRole("link", { name })).toHaveCount(1);
  });
}

test("deleted while it is being created, a service leaves nothing", async ({ installation }) => {
  const path = "/projects/shop/services/brief";
  await createService(page, "shop", "brief");
  await until("a VM", 60_000, async () => (await installation.vmPids()).length > 0, 50);
  await deleteService(page, path, "brief");
  await expectGone(page, path);
  await expectNothing(installation);
});

/** Nothing of any service is left; the server itself still runs. */
async function expectNothing(installation: Installation): Promise<void> {
  await expect
    .poll(async () => (await installation.left()).filter((trace) => !/ serve\b/.test(trace)), { timeout: 10_000 })
    .toEqual([]);
  const files = await run("find", [`${installation.hostDirectory}/nodes`, `${installation.hostDirectory}/shreds`, "-mindepth", "1"]);
  expect(files.out).toBe("");
}
