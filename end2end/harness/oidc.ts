// A real OpenID provider (oidc-provider) on loopback, with people of its own; and what the tests tell it of the console.

import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until } from "./commands.ts";
import { root } from "./installation.ts";
import type { Account } from "./saml.ts";

/** What it calls the console, and the secret that it knows it by. */
export const client = { id: "redoubt", secret: "a secret of the console & its provider" };

export class OpenIdProvider {
  private server?: ChildProcess;

  private constructor(
    readonly issuer: string,
    private readonly port: number,
    private readonly directory: string,
  ) {}

  /** Starts one on a port that is known before, so that a server can be allowed to reach it. */
  static async start(port: number, accounts: Account[]): Promise<OpenIdProvider> {
    const directory = await mkdtemp(join(tmpdir(), "redoubt-op-"));
    const provider = new OpenIdProvider(`http://127.0.0.1:${port}`, port, directory);
    const people = accounts.map(({ name, password, email, groups }) => [
      name,
      { password, claims: { email, email_verified: true, name: `${name} of Acme`, groups } },
    ]);
    await writeFile(join(directory, "users.json"), JSON.stringify(Object.fromEntries(people)));
    await writeFile(join(directory, "clients.json"), "[]");
    await provider.newKey("one");
    await provider.serve();
    return provider;
  }

  private async newKey(kid: string): Promise<void> {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" };
    await writeFile(join(this.directory, "key.jwk"), JSON.stringify(key));
  }

  private async serve(): Promise<void> {
    const log = createWriteStream(join(this.directory, "log"), { flags: "a" });
    const server = spawn(process.execPath, [join(root, "end2end/idp/oidc.mjs"), this.directory, `${this.port}`]);
    server.stdout.pipe(log, { end: false });
    server.stderr.pipe(log, { end: false });
    this.server = server;
    await until("the provider answers", 30_000, async () => {
      if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
      return (await fetch(`${this.issuer}/.well-known/openid-configuration`)).ok;
    }).catch(async (error) => {
      const said = await readFile(join(this.directory, "log"), "utf8").catch(() => "");
      await this.stop();
      throw new Error(`${error.message}\n${said}`, { cause: error });
    });
  }

  private async end(): Promise<void> {
    const server = this.server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    await this.end();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Tells it of the console, by the addresses that the console shows. */
  async meet(addresses: { callback: string; postLogout: string; backchannel: string }): Promise<void> {
    const known = {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [addresses.callback],
      post_logout_redirect_uris: [addresses.postLogout],
      backchannel_logout_uri: addresses.backchannel,
      backchannel_logout_session_required: true,
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
      scope: "openid email profile groups",
    };
    await writeFile(join(this.directory, "clients.json"), JSON.stringify([known]));
  }

  /** Signs with a new key from now on; who was signed in there is not any more. */
  async rollOver(): Promise<void> {
    await this.end();
    await this.newKey("two");
    await this.serve();
  }

  /** Where whoever is signed in there signs out. */
  get logoutUrl(): string {
    return `${this.issuer}/session/end`;
  }
}
