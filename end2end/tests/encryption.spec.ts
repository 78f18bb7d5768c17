// What a thief would find: nothing. Takes the part of root on the host, gets the keys the one way there is, and
// then looks for them, and for what the customer wrote, everywhere they must not be.

import type { BrowserContext, Page } from "@playwright/test";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { succeed } from "../harness/commands.ts";
import {
  allowMyAddress,
  connection,
  createProject,
  createService,
  deleteService,
  expectGone,
  expectInForce,
  expectRunning,
  setUp,
} from "../harness/console.ts";
import { answer, type Connection, query } from "../harness/databases.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import {
  commandLines,
  filesBelow,
  forms,
  header,
  holds,
  opens,
  unlockKey,
  unseal,
  volumeKey,
  type VolumeKind,
} from "../harness/keys.ts";

const test = testWith("real");
test.describe.configure({ mode: "serial" });

/** Larger than any file but volumes and the database's. */
const KEY_FILE_BYTES_MAX = 16 << 20;
const kinds: VolumeKind[] = ["root", "data"];
const marker = `marker-${Math.random().toString(36).slice(2)}-of-the-customer`;

type Volume = { node: string; kind: VolumeKind; image: string; unlock: Buffer; master: Buffer };
const volumes: Volume[] = [];
let context: BrowserContext;
let page: Page;
let aside: string;
let orders: Connection;

test.beforeAll(async ({ browser, installation }) => {
  aside = await mkdtemp(join(tmpdir(), "redoubt-aside-"));
  context = await browser.newContext({ baseURL: installation.address });
  page = await context.newPage();
  await setUp(page, installation.setUpLink);
  await createProject(page, "shop");
});
test.afterAll(async () => {
  await context.close();
  await rm(aside, { recursive: true, force: true });
});

test("two services run side by side and are written to", async () => {
  await createService(page, "shop", "orders");
  await createService(page, "shop", "reports");
  for (const name of ["orders", "reports"]) {
    const path = `/projects/shop/services/${name}`;
    await page.goto(path);
    await expectRunning(page);
    await allowMyAddress(page, path);
    await expectInForce(page);
    const to = await connection(page, path, join(aside, `${name}.pem`));
    await answer(to, `create table marks as select '${marker}' || n as text from generate_series(1, 5000) n`);
    await query(to, `create role "${marker}" nologin`);
    if (name === "orders") orders = to;
  }
});

test("luksDump says LUKS2, aes-xts-plain64, 512 bits and sha256 of every volume", async ({ installation }) => {
  const directory = join(installation.hostDirectory, "nodes");
  for (const node of await readdir(directory)) {
    for (const kind of kinds) {
      const image = join(directory, node, `${kind}.img`);
      const dump = await succeed("cryptsetup", ["luksDump", image]);
      expect(dump).toMatch(/^Version:\s+2$/m);
      expect(dump).toMatch(/cipher: aes-xts-plain64/);
      expect(dump).toMatch(/Cipher key:\s+512 bits/);
      expect(dump).toMatch(/Hash:\s+sha256/);
      const { keyslots, segments } = await header(image);
      expect(Object.values(keyslots)).toHaveLength(1);
      expect(Object.values(keyslots)[0]).toMatchObject({ key_size: 64, af: { hash: "sha256" }, kdf: { hash: "sha256" } });
      expect(Object.values(segments)).toMatchObject([{ encryption: "aes-xts-plain64" }]);
      // Only with the host key; what comes out really opens the volume.
      const unlock = await unlockKey(installation.hostDirectory, node, kind);
      expect(unlock).toHaveLength(64);
      expect(await opens(image, unlock)).toBe(true);
      const hidden = await mkdtemp(join(aside, "key-"));
      const master = await volumeKey(image, unlock, hidden);
      expect(master).toHaveLength(64);
      await rm(hidden, { recursive: true });
      volumes.push({ node, kind, image, unlock, master });
    }
  }
  expect(volumes).toHaveLength(4);
});

test("no two volumes share a digest, an unlock key or a volume key", async () => {
  const digests = await Promise.all(volumes.map(async ({ image }) => (await header(image)).digests["0"]!.digest));
  expect(new Set(digests).size).toBe(4);
  expect(new Set(volumes.map(({ unlock }) => unlock.toString("hex"))).size).toBe(4);
  expect(new Set(volumes.map(({ master }) => master.toString("hex"))).size).toBe(4);
  for (const { image } of volumes) {
    const opening = await Promise.all(volumes.map(({ unlock }) => opens(image, unlock)));
    expect(opening.filter(Boolean)).toHaveLength(1);
  }
});

test("what the customer wrote is in no raw volume, no log and no other file", async ({ installation }) => {
  const needles = [marker, "PostgreSQL", "pg_catalog", orders.password].map((text) => Buffer.from(text));
  for (const { image } of volumes) {
    expect(await holds(image, [Buffer.from("LUKS\xba\xbe", "latin1")]), "the search itself works").toBe(true);
    expect(await holds(image, needles), image).toBe(false);
  }
  const words = [Buffer.from(marker), Buffer.from(orders.password)];
  for (const file of [...(await filesBelow(installation.directory)), installation.log]) {
    expect(await holds(file, words), file).toBe(false);
  }
});

test("no key is in the database, an argument, an environment or any file but the sealed one", async ({ installation }) => {
  const needles = volumes.flatMap(({ unlock, master }) => [...forms(unlock), ...forms(master)]);
  const files = await filesBelow(installation.directory);
  expect(files.filter((file) => file.includes("redoubt.db"))).not.toEqual([]);
  for (const file of [...files, installation.log]) expect(await holds(file, needles), file).toBe(false);
  const lines = await commandLines();
  expect(lines.some(({ bytes }) => bytes.includes("qemu-system"))).toBe(true);
  for (const { where, bytes } of lines) {
    expect(needles.some((needle) => bytes.includes(needle)), where).toBe(false);
  }
  // The host key is in its own file alone, too, and only its owner may read it.
  const hostKey = join(installation.hostDirectory, "host.key");
  const ofHost = forms(await readFile(hostKey));
  for (const file of [...files, installation.log]) expect(await holds(file, ofHost), file).toBe(file === hostKey);
  const unsafe = await succeed("find", [installation.hostDirectory, "-type", "f", "-perm", "/077"]);
  expect(unsafe, "files that others may read").toBe("");
});

test("the sealed file opens nothing without the host key, or for another node or volume", async ({ installation }) => {
  const [one] = volumes;
  const { node, kind } = one!;
  const sealed = JSON.parse(await readFile(join(installation.hostDirectory, "nodes", node, "sealed.json"), "utf8"));
  const { nonce, sealed: text } = sealed.keys[kind];
  const parts = [Buffer.from(nonce, "base64"), Buffer.from(text, "base64")] as const;
  const hostKey = await readFile(join(installation.hostDirectory, "host.key"));
  const wrongKey = Buffer.from(hostKey);
  wrongKey[0]! ^= 1;
  expect(() => unseal(wrongKey, ...parts, node, kind)).toThrow();
  expect(() => unseal(hostKey, ...parts, node, kind === "root" ? "data" : "root")).toThrow();
  expect(() => unseal(hostKey, ...parts, volumes[3]!.node, kind)).toThrow();
  expect(await opens(one!.image, parts[1])).toBe(false);
  expect(await opens(one!.image, hostKey)).toBe(false);
});

test("a volume copied aside before the deletion is opened by nothing that is left", async ({ installation }) => {
  const name = "orders";
  const path = `/projects/shop/services/${name}`;
  await page.goto(path);
  const shown = await page.content();
  const fingerprint = async (image: string) => {
    const { digest } = (await header(image)).digests["0"]!;
    return createHash("sha256").update(Buffer.from(digest, "base64")).digest("hex");
  };
  // The volumes of this service: those whose fingerprints its page shows.
  const mine = [];
  for (const volume of volumes) if (shown.includes(await fingerprint(volume.image))) mine.push(volume);
  expect(mine).toHaveLength(2);

  await mkdir(join(aside, "copies"));
  const copies = [];
  for (const { image, kind, unlock } of mine) {
    const copy = join(aside, "copies", `${kind}.img`);
    await succeed("cp", ["--sparse=always", image, copy]);
    copies.push({ copy, unlock });
  }
  await deleteService(page, path, name);
  await expectGone(page, path);

  const left = [...(await filesBelow(installation.directory)), installation.log];
  const keys = mine.flatMap(({ unlock, master }) => [...forms(unlock), ...forms(master)]);
  for (const file of left) expect(await holds(file, keys), file).toBe(false);
  const candidates = new Map<string, Buffer>();
  for (const file of left) {
    if ((await stat(file)).size > KEY_FILE_BYTES_MAX) continue;
    const bytes = await readFile(file);
    for (const key of [bytes, ...strings(bytes)]) candidates.set(key.toString("latin1"), key);
  }
  for (const { copy, unlock } of copies) {
    expect(await opens(copy, unlock), "the copy itself is sound").toBe(true);
    for (const key of candidates.values()) expect(await opens(copy, key)).toBe(false);
  }
  for (const { image } of mine) expect(left).not.toContain(image);
  expect(left.filter((file) => file.endsWith("sealed.json"))).toHaveLength(1);
});

/** What in a small file could be a key: long words, as they are and decoded. Those of 64 bytes are tried alone. */
function strings(bytes: Buffer): Buffer[] {
  const words = bytes.toString("latin1").match(/[A-Za-z0-9+/=_-]{64,200}/g) ?? [];
  const decoded = words.flatMap((word) => [Buffer.from(word, "base64"), Buffer.from(word, "hex"), Buffer.from(word)]);
  return decoded.filter((key) => key.length === 64);
}
