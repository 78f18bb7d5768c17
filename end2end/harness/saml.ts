// A real SAML identity provider (SimpleSAMLphp) on loopback, with people of its own; and what the tests tell it of the console.

import { expect, type Page } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { succeed, until } from "./commands.ts";
import { freePort, type Installation, root } from "./installation.ts";

/** Somebody who has an account at the identity provider. */
export type Account = { name: string; password: string; email: string; groups: string[] };

/** What the identity provider is told of a service provider. */
export type Partner = {
  entityId: string;
  acs: string;
  slo: string;
  /** In base64. */
  certificate: string;
  isEncrypted: boolean;
  /** Whether it checks the signatures of requests. */
  isAsked: boolean;
  signsAssertion: boolean;
  signsResponse: boolean;
};

export class SamlIdp {
  private constructor(
    readonly metadataUrl: string,
    private readonly directory: string,
    private readonly server: ChildProcess,
  ) {}

  static async start(accounts: Account[]): Promise<SamlIdp> {
    const directory = await mkdtemp(join(tmpdir(), "redoubt-idp-"));
    const people = accounts.map(({ name, password, email, groups }) => [
      `${name}:${password}`,
      { email: [email], groups },
    ]);
    await writeFile(join(directory, "users.json"), JSON.stringify(Object.fromEntries(people)));
    const port = await freePort();
    const script = join(root, "end2end/idp/saml.sh");
    const server = spawn(script, [directory, `${port}`], { stdio: "ignore" });
    const idp = new SamlIdp(`http://127.0.0.1:${port}/saml2/idp/metadata.php`, directory, server);
    await until("the identity provider answers", 30_000, async () => {
      if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
      return (await fetch(idp.metadataUrl)).ok;
    }).catch(async (error) => {
      const said = await idp.said();
      await idp.stop();
      throw new Error(`${error.message}\n${said}`, { cause: error });
    });
    return idp;
  }

  async stop(): Promise<void> {
    this.server.kill("SIGKILL");
    await rm(this.directory, { recursive: true, force: true });
  }

  /** What it wrote, for a test that failed. */
  async said(): Promise<string> {
    const logs = ["php.log", "idp.log"].map((name) => readFile(join(this.directory, "log", name), "utf8").catch(() => ""));
    return (await Promise.all(logs)).join("\n");
  }

  /** Where whoever is signed in there signs out everywhere, to be led to its own sign-in. */
  get logoutUrl(): string {
    const address = new URL("SingleLogoutService.php", this.metadataUrl);
    const door = new URL("/module.php/core/authenticate.php?as=people", this.metadataUrl);
    address.searchParams.set("ReturnTo", door.href);
    return address.href;
  }

  async metadata(): Promise<string> {
    return (await fetch(this.metadataUrl)).text();
  }

  /** The certificate that it signs with, in PEM. */
  certificate(): Promise<string> {
    return readFile(join(this.directory, "idp.crt"), "utf8");
  }

  /** Tells it of a service provider, or tells it anew. */
  async meet(partner: Partner): Promise<void> {
    await writeFile(join(this.directory, "sp", "console.json"), JSON.stringify(partner));
  }

  /** Makes the key that it is going to sign with, and gives its certificate in PEM. */
  async nextCertificate(): Promise<string> {
    const [key, certificate] = [join(this.directory, "next.key"), join(this.directory, "next.crt")];
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=next idp"];
    await succeed("openssl", [...args, "-keyout", key, "-out", certificate]);
    return readFile(certificate, "utf8");
  }

  /** Has it sign with that key from now on. */
  async rollOver(): Promise<void> {
    for (const ending of ["key", "crt"]) {
      await rename(join(this.directory, `next.${ending}`), join(this.directory, `idp.${ending}`));
    }
  }
}

/** Signs in at the identity provider whose page is open, and goes back to the console. */
export async function signInThere(page: Page, account: Account, hasScript: boolean): Promise<void> {
  await expect(page.locator("#username")).toBeVisible();
  await page.locator("#username").fill(account.name);
  await page.locator("#password").fill(account.password);
  await page.locator("#password").press("Enter");
  // With script its last page sends its form by itself.
  if (!hasScript) await page.locator("button", { hasText: "Submit" }).click();
}

/** Has an organization hold a domain, as if it had proven to. */
export async function holdDomain(installation: Installation, organization: string, name: string): Promise<void> {
  const script = [
    "import sqlite3, sys, time, uuid",
    "db = sqlite3.connect(sys.argv[1], timeout=10)",
    "now = int(time.time() * 1000000)",
    "row = (uuid.uuid4().bytes, uuid.UUID(sys.argv[2]).bytes, sys.argv[3], now, now, now)",
    "db.execute(\"INSERT INTO domains (id, organization_id, name, verification, challenge_token, state, state_since,\"",
    "    \" created_at, verified_at, notices) VALUES (?, ?, ?, 'dns', 'x', 'verified', ?, ?, ?, 0)\", row)",
    "db.commit()",
  ];
  const file = `${installation.directory}/redoubt.db`;
  await succeed("python3", ["-c", script.join("\n"), file, organization, name]);
}
