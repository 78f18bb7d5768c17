// Second factors as people have them: an authenticator app that shows codes, and Chromium's virtual authenticator in the
// place of passkeys and security keys.

import { type CDPSession, expect, type Page } from "@playwright/test";
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { succeed } from "./commands.ts";
import type { Installation } from "./installation.ts";

const STEP_MILLIS = 30_000;
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** An authenticator app with one seed (RFC 6238), which never shows a code that was used. */
export class App {
  private used = 0;

  constructor(private readonly secret: string) {}

  /** Two codes in a row, of the step before this one and of this one. */
  two(): [string, string] {
    const now = Math.floor(Date.now() / STEP_MILLIS);
    this.used = now;
    return [this.at(now - 1), this.at(now)];
  }

  /** A code that was not used yet: the server takes one of the next step as well, so that there is seldom a wait. */
  async code(): Promise<string> {
    const step = Math.max(this.used + 1, Math.floor(Date.now() / STEP_MILLIS));
    const wait = (step - 1) * STEP_MILLIS - Date.now();
    if (wait > 0) await sleep(wait);
    this.used = step;
    return this.at(step);
  }

  private at(step: number): string {
    const bits = [...this.secret.replace(/\s/g, "").toLowerCase()].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0"));
    const key = Buffer.from(bits.join("").match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const hash = createHmac("sha1", key).update(counter).digest();
    const at = hash[19]! & 15;
    return `${(hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000}`.padStart(6, "0");
  }
}

/** Adds an authenticator app; gives it with the recovery codes, which come with a person's first factor. */
export async function addApp(page: Page): Promise<{ app: App; codes: string[] }> {
  await page.goto("/profile/authentication/apps/new");
  const app = new App(await page.locator("pre.secret").innerText());
  await fillApp(page, ...app.two());
  await expect(page.getByText("“Phone” is added.")).toBeVisible();
  return { app, codes: await page.locator(".recovery-codes code").allInnerTexts() };
}

export async function fillApp(page: Page, code: string, next: string): Promise<void> {
  await page.getByRole("textbox", { name: "Code", exact: true }).fill(code);
  await page.getByRole("textbox", { name: "Next code" }).fill(next);
  await page.getByRole("textbox", { name: /^Name/ }).fill("Phone");
  await page.getByRole("button", { name: "Add authenticator app" }).click();
}

/** Answers the question for a second factor with a code. */
export async function giveCode(page: Page, code: string, button = "Sign in"): Promise<void> {
  await page.getByRole("textbox", { name: "Code" }).fill(code);
  await page.getByRole("button", { name: button, exact: true }).click();
}

/** Makes it a while ago that whoever is signed in showed who they are: no test waits for that. */
export async function letProofAge(installation: Installation): Promise<void> {
  const script = [
    "import json, sqlite3, sys",
    "db = sqlite3.connect(sys.argv[1], timeout=10)",
    "for key, data in db.execute('SELECT key_hash, data FROM sessions').fetchall():",
    "    data = json.loads(data)",
    "    if 'proven_at' in data:",
    "        data['proven_at'] -= 3600 * 1000000",
    "        row = (json.dumps(data).encode(), data['proven_at'], key)",
    "        db.execute('UPDATE sessions SET data = ?, proven_at = ? WHERE key_hash = ?', row)",
    "db.commit()",
  ];
  await succeed("python3", ["-c", script.join("\n"), `${installation.directory}/redoubt.db`]);
}

/** Makes it a day ago that somebody was to lose their second factors; the server does not run meanwhile. */
export async function letDayPass(installation: Installation): Promise<void> {
  const script = [
    "import sqlite3, sys",
    "db = sqlite3.connect(sys.argv[1], timeout=10)",
    "day = 24 * 3600 * 1000000",
    "db.execute('UPDATE factor_resets SET created_at = created_at - ?, due_at = due_at - ?', (day, day))",
    // They were there when it was asked.
    "for table in ('factors', 'recovery_codes'):",
    "    db.execute(f'UPDATE {table} SET created_at = created_at - ?', (day,))",
    "db.commit()",
  ];
  await succeed("python3", ["-c", script.join("\n"), `${installation.directory}/redoubt.db`]);
}

/** What kind of thing answers: one that is built in and knows its user, or one that is plugged in and touched. */
export type Kind = "passkey" | "security key";

/** An authenticator of the browser that the page is in. */
export class Authenticator {
  private constructor(
    private readonly session: CDPSession,
    private readonly id: string,
  ) {}

  static async plugIn(page: Page, kind: Kind): Promise<Authenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const isPasskey = kind === "passkey";
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: isPasskey ? "internal" : "usb",
        hasResidentKey: isPasskey,
        hasUserVerification: isPasskey,
        isUserVerified: isPasskey,
        automaticPresenceSimulation: true,
      },
    });
    return new Authenticator(session, authenticatorId);
  }

  async unplug(): Promise<void> {
    await this.session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.id });
  }

  /** Whether it knows the finger that touches it. */
  async knowUser(isUserVerified: boolean): Promise<void> {
    await this.session.send("WebAuthn.setUserVerified", { authenticatorId: this.id, isUserVerified });
  }

  async credentials(): Promise<number> {
    const found = await this.session.send("WebAuthn.getCredentials", { authenticatorId: this.id });
    return found.credentials.length;
  }
}

/** The next question to the browser on this page is answered with “Cancel”, as its own dialog does. */
export async function cancelNext(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const verb of ["get", "create"] as const) {
      const ask = navigator.credentials[verb];
      navigator.credentials[verb] = () => {
        navigator.credentials[verb] = ask;
        return Promise.reject(new DOMException("The operation was cancelled.", "NotAllowedError"));
      };
    }
  });
}

/** The next answer on this page is one to a question that nobody asked. */
export async function answerWrongly(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const verb of ["get", "create"] as const) {
      const ask = navigator.credentials[verb].bind(navigator.credentials) as (options: any) => Promise<Credential | null>;
      navigator.credentials[verb] = (options: any) => {
        const challenge = new Uint8Array(32).fill(7);
        return ask({ ...options, publicKey: { ...options.publicKey, challenge } });
      };
    }
  });
}
