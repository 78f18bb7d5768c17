// What every test file begins with: one installation for the whole file, checked for leaks at its end.

import { type BrowserContext, expect, type Page, test as base, type TestInfo } from "@playwright/test";
import { readFile } from "node:fs/promises";

import { Installation, type Mode } from "./installation.ts";

export { expect };

export type Session = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** The tag of a test whose browser is not signed in. */
export const signedOut = { tag: "@signed-out" };

/** A test object whose installation runs in the given mode and is shared by the tests of one file. */
export function testWith(mode: Mode, settings: Record<string, string> = {}) {
  return base.extend<{ serverLog: void }, { installation: Installation }>({
    installation: [
      async ({}, use) => {
        const installation = await Installation.start(mode, settings);
        let left: string[] = [];
        try {
          await use(installation);
        } finally {
          left = await installation.destroy();
        }
        expect(left, `something is left; see ${installation.log}`).toEqual([]);
      },
      { scope: "worker", timeout: 180_000 },
    ],
    baseURL: async ({ installation }, use) => use(installation.address),
    // Puts the server's log beside the report of a failed test.
    serverLog: [
      async ({ installation }, use, info) => {
        await use();
        await attachLog(installation, info);
      },
      { auto: true },
    ],
  });
}

/** The same with an installation that is set up and filled by `prepare`, and browsers signed in as who did so. */
export function testSignedIn(mode: Mode, prepare: (page: Page, installation: Installation) => Promise<void>) {
  return testWith(mode).extend<{ signedIn: void }, { session: Session }>({
    session: [
      async ({ browser, installation }, use) => {
        const page = await browser.newPage({ baseURL: installation.address });
        await prepare(page, installation);
        const session = await page.context().storageState();
        await page.close();
        await use(session);
      },
      { scope: "worker", timeout: 180_000 },
    ],
    signedIn: [
      async ({ context, session }, use, info) => {
        if (!info.tags.includes(signedOut.tag)) await context.addCookies(session.cookies);
        await use();
      },
      { auto: true },
    ],
  });
}

async function attachLog(installation: Installation, info: TestInfo): Promise<void> {
  if (info.status === "passed" || info.status === "skipped") return;
  await info.attach("server.log", { body: await readFile(installation.log), contentType: "text/plain" });
}
