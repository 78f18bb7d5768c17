// What opens volumes, got the way only root on the host could: to look for it everywhere it must not be.

import { createDecipheriv } from "node:crypto";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { run, succeed } from "./commands.ts";

export type VolumeKind = "root" | "data";

/** The unlock key of a volume, unsealed with the host key as the host itself does it. */
export async function unlockKey(hostDirectory: string, node: string, kind: VolumeKind): Promise<Buffer> {
  const hostKey = await readFile(join(hostDirectory, "host.key"));
  const sealed = JSON.parse(await readFile(join(hostDirectory, "nodes", node, "sealed.json"), "utf8"));
  const entry = sealed.keys[kind];
  return unseal(hostKey, Buffer.from(entry.nonce, "base64"), Buffer.from(entry.sealed, "base64"), node, kind);
}

/** Throws if any of it does not fit together. */
export function unseal(hostKey: Buffer, nonce: Buffer, sealed: Buffer, node: string, kind: VolumeKind): Buffer {
  const cipher = createDecipheriv("aes-256-gcm", hostKey, nonce);
  cipher.setAAD(Buffer.from(`redoubt unlock key/1 node ${node} volume ${kind}`));
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
}

/** Whether a key opens an image. */
export async function opens(image: string, key: Buffer): Promise<boolean> {
  const args = ["open", "--test-passphrase", "--type", "luks2", "--key-file=-", "--keyfile-size", `${key.length}`, image];
  return key.length > 0 && (await run("cryptsetup", args, { input: key })).code === 0;
}

/** The volume (master) key, out of the header with the unlock key. */
export async function volumeKey(image: string, key: Buffer, directory: string): Promise<Buffer> {
  const file = join(directory, "volume.key");
  const args = ["luksDump", "--batch-mode", "--dump-volume-key", "--key-file=-", "--volume-key-file", file, image];
  await succeed("cryptsetup", args, { input: key });
  return readFile(file);
}

export type Digest = { digest: string; salt: string };

/** The parts of a LUKS2 header that tell how a volume is encrypted. */
export async function header(image: string): Promise<{
  keyslots: Record<string, { key_size: number; af: { hash: string }; area: { encryption: string }; kdf: { hash: string } }>;
  segments: Record<string, { encryption: string }>;
  digests: Record<string, Digest & { hash: string }>;
}> {
  return JSON.parse(await succeed("cryptsetup", ["luksDump", "--dump-json-metadata", image]));
}

/** The beginning of a secret in every form in which it could have been written down: where all of it is, it is. */
export function forms(secret: Buffer): Buffer[] {
  // A multiple of three, so that its base64 is the beginning of that of the whole.
  const bytes = secret.subarray(0, Math.floor(secret.length / 6) * 3);
  const hex = bytes.toString("hex");
  const texts = [hex, hex.toUpperCase(), bytes.toString("base64"), bytes.toString("base64url"), [...bytes].join(",")];
  return [bytes, ...[...new Set(texts)].map((text) => Buffer.from(text))];
}

const CHUNK_BYTES = 1 << 20;
const zeros = Buffer.alloc(CHUNK_BYTES);

/** Whether a file holds any of the needles, however large it is. Long runs of zeros, as in volumes, are passed over. */
export async function holds(file: string, needles: Buffer[]): Promise<boolean> {
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1;
  const handle = await open(file, "r");
  try {
    const buffer = Buffer.alloc(overlap + CHUNK_BYTES);
    let kept = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, kept, CHUNK_BYTES);
      if (bytesRead === 0) return false;
      const seen = buffer.subarray(0, kept + bytesRead);
      if (seen.subarray(0, CHUNK_BYTES).equals(zeros)) {
        kept = 0;
        continue;
      }
      if (needles.some((needle) => seen.includes(needle))) return true;
      const tail = seen.subarray(Math.max(0, seen.length - overlap));
      tail.copy(buffer, 0);
      kept = tail.length;
    }
  } finally {
    await handle.close();
  }
}

/** Every plain file below a directory. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Arguments and environments of all processes of this machine. */
export async function commandLines(): Promise<{ where: string; bytes: Buffer }[]> {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    for (const name of ["cmdline", "environ"]) {
      const where = `/proc/${pid}/${name}`;
      const bytes = await readFile(where).catch(() => undefined);
      if (bytes) found.push({ where, bytes });
    }
  }
  return found;
}
