// What every test file begins with: one installation for the whole file, checked for leaks at its end.

import { test as base, expect } from "@playwright/test";
import { readFile } from "node:fs/promises";

import { Installation, type Mode } from "./installation.ts";

export { expect };

/** A test object whose installation runs in the given mode and is shared by the tests of one file. */
export function testWith(mode: Mode) {
  return base.extend<object, { installation: Installation }>({
    installation: [
      async ({}, use) => {
        const installation = await Installation.start(mode);
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
  });
}

/** Puts the server's log beside the report of a failed test. */
export async function attachLog(installation: Installation, info: { status?: string; attach: Function }): Promise<void> {
  if (info.status === "passed" || info.status === "skipped") return;
  await info.attach("server.log", { body: await readFile(installation.log), contentType: "text/plain" });
}
