// Whole-system figures, printed and never judged: sizes, memory, requests per second, time to the first query.
// Run by scripts/bench.sh, which builds what is measured and prints the file that this writes.

import { type Browser, expect, type Page, test, type TestInfo } from "@playwright/test";
import { appendFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { run, succeed, until } from "../harness/commands.ts";
import { createProject, deleteService, expectGone, expectLive, find, setUp } from "../harness/console.ts";
import { type Connection, psql } from "../harness/databases.ts";
import { binary, freePort, Installation, type Mode, root, site } from "../harness/installation.ts";
import { PostgresServer } from "../harness/postgres.ts";

const figures = "test-results/figures.txt";
/** Seconds that one load lasts. */
const LOAD_SECONDS = 8;
const CONNECTIONS = 16;
const ROWS = 50;
/** What DESIGN's budget asks for, per second. */
const STEADY_RATE = 200;
/** Times that a VM is made, and booted by hand; the median counts. */
const ROUNDS = 3;

async function figure(what: string, value: string): Promise<void> {
  await appendFile(figures, `${what.padEnd(58)} ${value}\n`);
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

test.beforeAll(async () => {
  await mkdir("test-results", { recursive: true });
});

/** Runs an installation for one measurement, whatever becomes of it. */
async function within(
  mode: Mode,
  settings: Record<string, string>,
  measure: (installation: Installation) => Promise<void>,
): Promise<void> {
  const installation = await Installation.start(mode, { REDOUBT_LOG__LEVEL: "warn", ...settings });
  let left: string[] = [];
  try {
    await measure(installation);
  } finally {
    left = await installation.destroy();
  }
  expect(left).toEqual([]);
}

test("sizes", async ({ browser }) => {
  const assets = join(site, "assets");
  for (const ending of [".wasm", ".wasm.br"]) {
    const name = (await readdir(assets)).find((name) => name.startsWith("console.") && name.endsWith(ending));
    await figure(`WASM, ${ending === ".wasm" ? "raw" : "brotli"}`, kilobytes((await stat(join(assets, name!))).size));
  }
  await within("simulated", {}, (installation) => measureFirstLoad(installation, browser));
});

async function measureFirstLoad(installation: Installation, browser: Browser): Promise<void> {
  const page = await browser.newPage({ baseURL: installation.address });
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
  const fresh = await browser.newContext({ baseURL: installation.address, storageState: await page.context().storageState() });
  const first = await fresh.newPage();
  const network = await fresh.newCDPSession(first);
  await network.send("Network.enable");
  const names = new Map<string, string>();
  let [needed, deferred] = [0, 0];
  network.on("Network.requestWillBeSent", ({ requestId, request }) => names.set(requestId, request.url));
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const isDeferred = /\/console\.[^/]*\.(js|wasm)$/.test(names.get(requestId) ?? "");
    if (isDeferred) deferred += encodedDataLength;
    else needed += encodedDataLength;
  });
  await first.goto("/projects/shop/services");
  await expectLive(first);
  await figure("first load before the page can be used, with headers", kilobytes(needed));
  await figure("first load deferred (WASM and its script)", kilobytes(deferred));
}

for (const database of ["SQLite", "PostgreSQL"] as const) {
  test(`services page on ${database}`, async ({ browser }) => {
    const postgres = database === "PostgreSQL" ? await PostgresServer.start(await freePort()) : undefined;
    try {
      const settings: Record<string, string> = postgres ? { REDOUBT_DATABASE__URL: postgres.url } : {};
      await within("simulated", settings, async (installation) =>
        measurePage(installation, await browser.newPage({ baseURL: installation.address }), database));
    } finally {
      await postgres?.stop();
    }
  });
}

async function measurePage(installation: Installation, page: Page, database: string): Promise<void> {
  await sleep(5_000);
  await figure(`server memory (RSS), idle after 5 s, ${database}`, await memory(installation.pid));
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
  for (let n = 0; n < ROWS; n += 1) {
    const form = { project: "shop", name: `orders-${n}`, service_type: "pg", plan: "hobbyist", cloud: "local-main" };
    await post(page, installation, "services/create", form);
  }
  await until("all services run", 120_000, async () => {
    const list = await find<{ rows: { state: string }[] }>(page, "services/list", { project: "shop" });
    return list?.rows.length === ROWS && list.rows.every((row) => row.state === "RUNNING");
  });
  const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  await page.close();
  const url = `${installation.address}/projects/shop/services`;
  const load = ["-t1", `-c${CONNECTIONS}`, `-d${LOAD_SECONDS}s`, "--latency", "-H", `Cookie: ${cookies}`, url];
  const out = await succeed("wrk", load, { millis: 60_000 });
  expect(out).not.toMatch(/Non-2xx|Socket errors/);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(out)?.[1];
  const p99 = /99%\s+([\d.]+\w+)/.exec(out)?.[1];
  await figure(`services page, ${ROWS} rows, ${database}, ${CONNECTIONS} connections`, `${rate} requests/s, p99 ${p99}`);
  const p95 = await steadily(url, cookies);
  await figure(`services page, ${ROWS} rows, ${database}, at ${STEADY_RATE} requests/s`, Number.isFinite(p95) ? `p95 ${p95.toFixed(1)} ms` : "cannot keep up");
  await figure(`server memory (RSS) after the load, ${database}`, await memory(installation.pid));
}

/** Asks at a fixed rate, however slow the answers are, and gives the 95th percentile in milliseconds. */
async function steadily(url: string, cookie: string): Promise<number> {
  const asked: Promise<number>[] = [];
  const began = performance.now();
  for (let n = 0; n < STEADY_RATE * LOAD_SECONDS; n += 1) {
    const due = began + (n * 1000) / STEADY_RATE;
    await sleep(Math.max(0, due - performance.now()));
    asked.push(fetch(url, { headers: { cookie } }).then(async (answer) => {
      await answer.arrayBuffer();
      return performance.now() - due;
    }).catch(() => Number.POSITIVE_INFINITY));
  }
  const millis = (await Promise.all(asked)).sort((a, b) => a - b);
  return millis[Math.floor(millis.length * 0.95)]!;
}

async function memory(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return `${(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024).toFixed(1)} MiB`;
}

async function post(page: Page, installation: Installation, path: string, form: Record<string, string>): Promise<string> {
  const headers = { accept: "application/json", origin: installation.address };
  const response = await page.request.post(`/api/${path}`, { form, headers });
  if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`);
  return response.text();
}

test("from the click to the first query, and the same image booted by hand", async ({ browser }, info) => {
  test.setTimeout(600_000);
  await within("real", {}, async (installation) => compare(installation, browser, info));
});

async function compare(installation: Installation, browser: Browser, info: TestInfo): Promise<void> {
  const byHand = join(root, "target/debug/examples/boot_by_hand");
  const page = await browser.newPage({ baseURL: installation.address });
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
  const clicks: number[] = [];
  const hands: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `round-${round}`;
    clicks.push(await fromClick(page, installation, name, info.outputPath(`${name}.pem`)));
    await deleteService(page, `/projects/shop/services/${name}`, name);
    await expectGone(page, `/projects/shop/services/${name}`);
    const stages = await succeed(byHand, [join(root, "target/image")], { millis: 200_000 });
    const seconds = (stage: string) => Number(new RegExp(`([\\d.]+) s +${stage}`).exec(stages)?.[1]);
    hands.push(seconds("volumes and certificates made") + seconds("a query over verified TLS is answered"));
  }
  const list = (numbers: number[]) => numbers.map((number) => number.toFixed(1)).join(", ");
  await figure("from the click to the first query over verified TLS", `${median(clicks).toFixed(1)} s (of ${list(clicks)})`);
  await figure("the same image booted by hand to the first query", `${median(hands).toFixed(1)} s (of ${list(hands)})`);
  await figure("ratio", (median(clicks) / median(hands)).toFixed(2));
}

type View = {
  connection?: { host: string; port: number; database: string; user: string; ca_certificate: string };
  ip_filter: { my_address?: string };
  nodes: unknown[];
};

/** Seconds from pressing the button to the answer, with the IP filter opened as early as it can be. */
async function fromClick(page: Page, installation: Installation, service: string, ca: string): Promise<number> {
  const names = { project: "shop", service };
  await page.goto("/projects/shop/services/new");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(service);
  const began = performance.now();
  await page.getByRole("button", { name: "Create service" }).click();
  const view = await until("an address", 120_000, async () => {
    const view = await find<View>(page, "services/view", names);
    return view?.connection && view.ip_filter.my_address && view.nodes.length > 0 ? view : undefined;
  }, 50);
  const { host, port, database, user, ca_certificate } = view.connection!;
  await post(page, installation, "ip_filter/add", { ...names, cidr: view.ip_filter.my_address!, description: "bench" });
  await writeFile(ca, ca_certificate);
  const password = JSON.parse(await post(page, installation, "services/password", names));
  const to: Connection = { host, port: `${port}`, database, user, password, ca };
  await until("the first answer", 120_000, async () => {
    // psql gives up on a silent address only after seconds; this sees at once when the way is open.
    return (await isOpen(host, port)) && (await psql(to, "select 1")).code === 0;
  }, 20);
  return (performance.now() - began) / 1000;
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 250 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", end(true)).on("timeout", end(false)).on("error", end(false));
  });
}

test("what was measured", async () => {
  const { out } = await run("uname", ["-srm"]);
  const cpu = /model name\s*:\s*(.+)/.exec(await readFile("/proc/cpuinfo", "utf8"))?.[1];
  const processors = (await run("nproc", [])).out.trim();
  await figure("measured on", `${processors} × ${cpu}, ${out.trim()}`);
  await figure("binary", binary.includes("/release/") ? "release" : "debug");
});
