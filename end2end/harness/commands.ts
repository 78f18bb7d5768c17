// Runs programs with a time limit and gives back what they said. Never goes through a shell.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export type Outcome = { code: number; out: string; err: string };

/** Runs a program to its end; a program that takes too long is killed and has the code 124. */
export function run(
  program: string,
  args: string[],
  options: { input?: string | Buffer; env?: Record<string, string>; cwd?: string; millis?: number } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
    let out = "";
    let err = "";
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, options.millis ?? 30_000);
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (err += data));
    child.on("error", (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code: isLate ? 124 : (code ?? 128), out, err });
    });
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Like `run`, but anything except success is an error. */
export async function succeed(program: string, args: string[], options: Parameters<typeof run>[2] = {}): Promise<string> {
  const outcome = await run(program, args, options);
  if (outcome.code !== 0) {
    throw new Error(`${program} ${args.join(" ")} ended with ${outcome.code}: ${outcome.err || outcome.out}`);
  }
  return outcome.out;
}

/** Asks again until the answer is there; says what it waited for when it gives up. */
export async function until<T>(
  what: string,
  millis: number,
  ask: () => Promise<T | undefined | null | false>,
  pause = 200,
): Promise<T> {
  const deadline = Date.now() + millis;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${millis / 1000} s`, { cause: last });
    await sleep(pause);
  }
}
