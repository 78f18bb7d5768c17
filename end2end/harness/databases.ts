// A service as its customer's clients see it: psql with the downloaded CA certificate.

import { writeFile } from "node:fs/promises";

import { type Outcome, run, until } from "./commands.ts";

/** What the Connect page gives. */
export type Connection = {
  host: string;
  port: string;
  database: string;
  user: string;
  password: string;
  /** Path of the downloaded CA certificate. */
  ca: string;
};

/** Seconds after which psql counts a server as unreachable. */
const CONNECT_SECONDS = 3;

/** Runs SQL with psql; the password travels in the environment. */
export function psql(to: Connection, sql: string, sslmode = "verify-full", millis = 20_000): Promise<Outcome> {
  const parts = [
    `host=${to.host}`,
    `port=${to.port}`,
    `dbname=${to.database}`,
    `user=${to.user}`,
    `sslmode=${sslmode}`,
    `sslrootcert=${to.ca}`,
    `connect_timeout=${CONNECT_SECONDS}`,
  ];
  const args = ["--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
  return run("psql", [...args, "--command", sql, parts.join(" ")], { env: { PGPASSWORD: to.password }, millis });
}

/** The answer to SQL that must be answered at once. */
export async function query(to: Connection, sql: string): Promise<string> {
  const outcome = await psql(to, sql);
  if (outcome.code !== 0) throw new Error(`psql: ${outcome.err}`);
  return outcome.out.trim();
}

/** The answer to SQL as soon as there is one. */
export async function answer(to: Connection, sql: string, millis = 60_000): Promise<string> {
  let last = "";
  return until(`an answer to ${sql}`, millis, async () => {
    const outcome = await psql(to, sql);
    last = outcome.err;
    return outcome.code === 0 ? outcome.out.trim() || " " : undefined;
  }).then((text) => text.trim(), () => {
    throw new Error(`no answer to ${sql} within ${millis / 1000} s; psql said: ${last}`);
  });
}

/** Why nobody gets through; undefined if somebody did. */
export async function refusal(to: Connection, sslmode = "verify-full"): Promise<string | undefined> {
  const outcome = await psql(to, "select 1", sslmode);
  return outcome.code === 0 ? undefined : outcome.err;
}

/** Asks all the time until it is stopped, and counts. */
export class Asker {
  answered = 0;
  readonly failures: string[] = [];
  private isStopped = false;
  private readonly done: Promise<void>;

  constructor(to: Connection) {
    this.done = (async () => {
      while (!this.isStopped) {
        const outcome = await psql(to, "select 1");
        if (outcome.code === 0) this.answered += 1;
        else this.failures.push(outcome.err);
      }
    })();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.done;
  }
}

/** Puts the CA certificate where psql finds it. */
export async function keepCertificate(path: string, pem: string): Promise<string> {
  await writeFile(path, pem);
  return path;
}
