// One installation of Redoubt for one test file: its own directory, port and database; the real server binary.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, type WriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

import { type Outcome, run, until } from "./commands.ts";
import { processesOf, traces } from "./leftovers.ts";

export const root = resolve(import.meta.dirname, "../..");
export const binary = process.env.REDOUBT_BINARY ?? join(root, "target/debug/redoubt");

/** Logs are kept only of what did not end well. */
const logs = join(root, "end2end/test-results/logs");
/** The built console. */
export const site = process.env.REDOUBT_SITE_DIR ?? join(root, "target/site");

export type Mode = "simulated" | "real";

export class Installation {
  readonly address: string;
  /** Everything the server wrote, over all its starts. */
  readonly log: string;
  setUpLink = "";
  private server?: ChildProcess;
  private readonly logStream: WriteStream;

  private constructor(
    readonly mode: Mode,
    /** Holds nothing but what Redoubt itself makes. */
    readonly directory: string,
    private readonly port: number,
    private readonly before: string[],
    private readonly settings: Record<string, string>,
  ) {
    this.address = `http://localhost:${port}`;
    this.log = join(logs, `${basename(directory)}.log`);
    this.logStream = createWriteStream(this.log, { flags: "a", mode: 0o600 });
  }

  /** Starts one; `settings` are environment variables over its own. */
  static async start(mode: Mode, settings: Record<string, string> = {}): Promise<Installation> {
    await mkdir(logs, { recursive: true });
    const directory = await mkdtemp(join(tmpdir(), "redoubt-e2e-"));
    const installation = new Installation(mode, directory, await freePort(), await traces(directory), settings);
    await installation.startServer();
    return installation;
  }

  get pid(): number {
    const pid = this.server?.pid;
    if (pid === undefined) throw new Error("the server does not run");
    return pid;
  }

  get hostDirectory(): string {
    return join(this.directory, "host");
  }

  private get environment(): Record<string, string> {
    return {
      REDOUBT_SERVER__LISTEN: `127.0.0.1:${this.port}`,
      REDOUBT_SERVER__SITE_DIR: site,
      REDOUBT_DATABASE__URL: `sqlite:${join(this.directory, "redoubt.db")}`,
      REDOUBT_SECRETS__MASTER_KEY_FILE: join(this.directory, "master.key"),
      REDOUBT_HOST__STATE_DIR: this.hostDirectory,
      REDOUBT_HOST__IMAGE_DIR: process.env.REDOUBT_IMAGE_DIR ?? join(root, "target/image"),
      REDOUBT_LOG__LEVEL: "info",
      ...this.settings,
    };
  }

  private get simulated(): string[] {
    return this.mode === "simulated" ? ["--simulated"] : [];
  }

  /** Starts the server and waits until it says where it is. */
  async startServer(): Promise<void> {
    const server = spawn(binary, ["serve", ...this.simulated], {
      env: { ...process.env, ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.server = server;
    let said = "";
    const hear = (data: Buffer) => {
      said += data;
      this.logStream.write(data);
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.on("exit", (code, signal) => hear(Buffer.from(`--- the server ended with ${signal ?? code}\n`)));
    await until("the server is ready", 60_000, async () => {
      if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}:\n${said}`);
      return said.includes("REDOUBT_ADDRESS=") && (await fetch(`${this.address}/health/ready`)).ok;
    }, 50).catch((error) => {
      throw new Error(`${error.message}\n${said}`);
    });
    this.setUpLink = /^REDOUBT_SET_UP_LINK=(.+)$/m.exec(said)?.[1] ?? "";
  }

  /** Ends the server as a power cut would. */
  async killServer(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Asks the server to end, as an operator does. */
  async stopServer(): Promise<void> {
    await this.end("SIGTERM");
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await Promise.race([
      ended,
      until("the server ends", 40_000, async () => server.exitCode !== null || server.signalCode !== null),
    ]);
  }

  /** Runs the binary with this installation's configuration. */
  redoubt(...args: string[]): Promise<Outcome> {
    return run(binary, args, { env: this.environment, millis: 120_000 });
  }

  /** Process ids of the virtual machines. */
  async vmPids(): Promise<number[]> {
    const processes = await processesOf(this.hostDirectory);
    return processes.filter(({ argv }) => /qemu-system/.test(argv[0] ?? "")).map(({ pid }) => pid);
  }

  /** What of Redoubt's is on the machine that was not there before this installation. */
  async left(): Promise<string[]> {
    return (await traces(this.directory)).filter((trace) => !this.before.includes(trace));
  }

  /** Ends everything and gives back what could not be removed; empty when all is well. */
  async destroy(): Promise<string[]> {
    await this.stopServer();
    const outcome = await this.redoubt("admin", "destroy-everything", "--yes", ...this.simulated);
    this.logStream.write(`\n--- destroy-everything ended with ${outcome.code}\n${outcome.out}${outcome.err}`);
    const left = [];
    if (outcome.code !== 0) left.push(`destroy-everything failed: ${outcome.err}`);
    if (existsSync(this.directory)) {
      left.push(...(await readdir(this.directory, { recursive: true })).map((name) => `file ${name}`));
    }
    // The kernel takes a moment to let go of the interfaces of a process that has ended.
    await until("nothing is left", 5_000, async () => (await this.left()).length === 0).catch(() => {});
    left.push(...(await this.left()));
    await rm(this.directory, { recursive: true, force: true });
    await new Promise((done) => this.logStream.end(done));
    if (left.length === 0) await rm(this.log, { force: true });
    return left;
  }
}

/** A port of the loopback address that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
