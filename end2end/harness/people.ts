// People besides the one who set the installation up: how they come in, and what programs do in their name.

import { type Browser, type BrowserContext, type BrowserContextOptions, expect, type Page } from "@playwright/test";

import { find } from "./console.ts";
import type { Installation } from "./installation.ts";

/** Every guest's password. */
export const GUEST_PASSWORD = "nine quiet herons listen";

type Fields = Record<string, string | string[]>;

/** What a form of the console does, sent as a program sends it, by who is signed in on the page. */
export async function send<T = unknown>(page: Page, installation: Installation, path: string, fields: Fields): Promise<T> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) form.append(name, one);
  }
  const response = await page.request.post(`${installation.address}/api/${path}`, {
    data: form.toString(),
    headers: {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
      origin: installation.address,
    },
  });
  if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`);
  return response.json();
}

/** The id of the first organization of who is signed in. */
export async function organizationOf(page: Page): Promise<string> {
  const profile = await find<{ organizations: { id: string }[] }>(page, "sessions/profile", {});
  return profile!.organizations[0]!.id;
}

/** The link in the latest mail that an organization sent to somebody: the operator reads every mail. */
export async function invitationLink(
  page: Page,
  installation: Installation,
  organization: string,
  email: string,
): Promise<string> {
  const mails = await find<{ rows: { id: string; recipient: string }[] }>(page, "mails/list", { organization });
  const { id } = mails!.rows.find((mail) => mail.recipient === email)!;
  const { out, err } = await installation.redoubt("admin", "mails", id);
  const link = /^http\S+\/invitations\/\S+$/m.exec(out)?.[0];
  if (!link) throw new Error(`no link in the mail to ${email}: ${out}${err}`);
  return link;
}

/** The link of that kind in the newest mail to somebody that has one, as the operator reads it. */
export async function mailedLink(installation: Installation, email: string, kind: string): Promise<string> {
  const { out } = await installation.redoubt("admin", "mails");
  const mails: { id: string; recipient: string }[] = out.trim().split("\n").map((line) => JSON.parse(line));
  for (const { id } of mails.filter(({ recipient }) => recipient === email)) {
    const text = (await installation.redoubt("admin", "mails", id)).out;
    const link = new RegExp(`^http\\S+/${kind}/\\S+$`, "m").exec(text)?.[0];
    if (link) return link;
  }
  throw new Error(`no link of ${kind} in the mails to ${email}: ${out}`);
}

/** Invites somebody by name of a super admin, with what comes with it. */
export async function invite(
  page: Page,
  installation: Installation,
  organization: string,
  email: string,
  attached: { groups?: string[]; granted?: string[]; resource?: string } = {},
): Promise<string> {
  const { groups = [], granted = [], resource = "organization" } = attached;
  const fields = { organization, emails: email, "groups[]": groups, "granted[]": granted, resource, days: "7" };
  const lines = await send<{ reason: string | null }[]>(page, installation, "invitations/invite", fields);
  expect(lines.map(({ reason }) => reason)).toEqual([null]);
  return invitationLink(page, installation, organization, email);
}

/** A browser of somebody who has joined by a link, signed in. */
export async function join(
  browser: Browser,
  installation: Installation,
  link: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: installation.address, ...options });
  const page = await context.newPage();
  const token = new URL(link).pathname.split("/").at(-1)!;
  await send(page, installation, "invitations/join", { token, name, password: GUEST_PASSWORD });
  await page.close();
  return context;
}

export type Answer = { status: number; message: string; body: any };

/** Asks the API, as a program at an address does that the server sees through its proxy. */
export async function call(installation: Installation, path: string, token: string, from: string): Promise<Answer> {
  const response = await fetch(`${installation.address}/v1${path}`, {
    headers: { authorization: `Bearer ${token}`, "x-forwarded-for": from },
  });
  const body: any = await response.json();
  return { status: response.status, message: body.message ?? "", body };
}
