// A PostgreSQL server for the console's own database, thrown away afterwards.

import { chmod, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { run, succeed } from "./commands.ts";

const installations = "/usr/lib/postgresql";

export class PostgresServer {
  private constructor(
    readonly url: string,
    private readonly directory: string,
    private readonly programs: string,
  ) {}

  /** The newest version on this machine, on a port of its own, durable as in production. */
  static async start(port: number): Promise<PostgresServer> {
    const versions = (await readdir(installations)).map(Number).filter(Number.isInteger);
    const programs = join(installations, `${Math.max(...versions)}`, "bin");
    const directory = await mkdtemp(join(tmpdir(), "redoubt-pg-"));
    await chmod(directory, 0o755);
    const server = new PostgresServer(`postgres://bench@127.0.0.1:${port}/postgres`, directory, programs);
    const data = join(directory, "data");
    if (process.getuid?.() === 0) await succeed("install", ["-d", "-o", "postgres", "-g", "postgres", data]);
    await server.program("initdb", ["-D", data, "-A", "trust", "-U", "bench", "--locale=C.UTF-8"]);
    const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=''`;
    await server.program("pg_ctl", ["-D", data, "-w", "-l", join(data, "log"), "-o", options, "start"]);
    return server;
  }

  /** PostgreSQL refuses to be run by root. */
  private async program(name: string, args: string[]): Promise<void> {
    const path = join(this.programs, name);
    if (process.getuid?.() !== 0) await succeed(path, args);
    else await succeed("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", path, ...args], { cwd: "/" });
  }

  async stop(): Promise<void> {
    await this.program("pg_ctl", ["-D", join(this.directory, "data"), "-m", "immediate", "stop"]).catch(() => {});
    await run("rm", ["-rf", this.directory]);
  }
}
