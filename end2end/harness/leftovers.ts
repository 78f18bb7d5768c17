// What Redoubt may leave on a machine: processes, interfaces, firewall tables, mappings. Looks only; removes nothing.

import { createHash } from "node:crypto";
import { readFile, readdir, readlink } from "node:fs/promises";

import { run } from "./commands.ts";

/**
 * Everything on this machine that is of the installation in a directory, one line each. Others may run beside it, so
 * interfaces and tables count by the tag that the host derives from its directory (the journey sees that they do).
 */
export async function traces(directory: string): Promise<string[]> {
  const tag = createHash("sha256").update(`${directory}/host local`).digest("hex").slice(0, 6);
  return [
    ...(await processesOf(directory)).map(({ pid, argv }) => `process ${pid}: ${argv.join(" ").slice(0, 120)}`),
    ...(await lines("ip", ["-o", "link"], new RegExp(`^\\d+: (r[bt]${tag.slice(0, 4)}\\w*)`), "interface")),
    ...(await lines("nft", ["list", "tables"], new RegExp(`^table (\\w+ redoubt_${tag}\\w*)`), "firewall table")),
    ...(await names("/dev/mapper", "control")).map((name) => `mapping ${name}`),
    ...(await names("/run/netns")).map((name) => `network namespace ${name}`),
  ].sort();
}

/** Processes that name the directory in their arguments, work in it or hold a file of it open. */
export async function processesOf(directory: string): Promise<{ pid: number; argv: string[] }[]> {
  const found = [];
  const within = `${directory}/`;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const argv = (await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")).split("\0");
    const link = async (name: string) => readlink(`/proc/${pid}/${name}`).catch(() => "");
    let holds = argv.some((word) => word.includes(within)) || `${await link("cwd")}/`.startsWith(within);
    if (!holds && /redoubt|qemu/.test(argv[0] ?? "")) {
      for (const fd of await names(`/proc/${pid}/fd`)) holds ||= (await link(`fd/${fd}`)).startsWith(within);
    }
    if (holds) found.push({ pid: Number(pid), argv });
  }
  return found.sort((a, b) => a.pid - b.pid);
}

async function names(directory: string, except = ""): Promise<string[]> {
  const all = await readdir(directory).catch(() => []);
  return all.filter((name) => name !== except);
}

/** First group of every line of a program's output that matches; none where there is no such program. */
async function lines(program: string, args: string[], pattern: RegExp, what: string): Promise<string[]> {
  const outcome = await run(program, args).catch(() => ({ code: 0, out: "" }));
  return outcome.out
    .split("\n")
    .map((line) => pattern.exec(line)?.[1])
    .filter((name) => name !== undefined)
    .map((name) => `${what} ${name}`);
}
