// People who hold little: each sees a console in which every link leads somewhere and every form is theirs to send.

import type { Browser, Page } from "@playwright/test";

import {
  createGroup,
  createProject,
  createService,
  deleteService,
  expectGone,
  expectLive,
  expectRunning,
  find,
  setUp,
} from "../harness/console.ts";
import { type Crawl, crawl } from "../harness/crawls.ts";
import { expect, testWith } from "../harness/fixtures.ts";
import type { Installation } from "../harness/installation.ts";
import { invite, join, organizationOf, send } from "../harness/people.ts";

const test = testWith("simulated");
test.describe.configure({ timeout: 420_000 });

let admin: Page;
let organization: string;
let group: string;

/** An organization with something of everything, of which readers see a part. */
test.beforeAll(async ({ browser, installation }) => {
  const context = await browser.newContext({ baseURL: installation.address });
  admin = await context.newPage();
  await setUp(admin, installation.setUpLink);
  organization = await organizationOf(admin);
  const unit = await send<{ id: string }>(admin, installation, "units/create", { organization, name: "Shops" });
  await createProject(admin, "empty");
  await send(admin, installation, "projects/create", { organization, name: "shop", unit: unit.id });
  await createService(admin, "shop", "carts");
  await expectRunning(admin);
  await deleteService(admin, "/projects/shop/services/carts", "carts");
  await expectGone(admin, "/projects/shop/services/carts");
  await createService(admin, "shop", "orders");
  await expectRunning(admin);
  group = (await createGroup(admin, organization, "Night shift", "shop")).split("/").at(-1)!;
  const program = { organization, name: "Deployer", description: "Deploys." };
  const { user_id: user } = await send<{ user_id: string }>(admin, installation, "application_users/create", program);
  const grant = { organization, principal: `user:${user}`, granted: "developer", resource: `unit:${unit.id}` };
  await send(admin, installation, "permissions/grant", grant);
  await invite(admin, installation, organization, "later@example.org", { groups: [group] });
});
test.afterAll(async () => admin.context().close());

/** What everybody may do to themselves. */
const OWN = [
  "/api/sign_out",
  "/api/sessions/set_theme",
  "/api/profile/edit",
  "/api/passwords/change",
  "/profile/authentication/apps/new",
  "/profile/authentication/passkeys/new",
  "/profile/authentication/security-keys/new",
  "/api/profile/leave",
  "/api/organizations/create",
  "/profile/tokens/new",
  "/profile/tokens/ID",
  "/api/tokens/edit",
  "/api/tokens/revoke",
  "/api/tokens/revoke_chosen",
  "/api/tokens/revoke_many",
  "/api/profile/accept_invitation",
  "/api/profile/decline_invitation",
];

/** In everybody's navigation and menus. */
const MEMBER = ["Projects", "Organization"];
const READER = [...MEMBER, "All certificates", "Services", "Permissions", "Events", "Certificates"];

type Reader = {
  who: string;
  email: string;
  /** What they hold on the organization. */
  granted: string[];
  /** Whether they are in the group that runs a project. */
  isInGroup?: boolean;
  /** What they may do besides what everybody may do to themselves; "all" but what is for super admins. */
  may?: string[] | "all";
  /** Everything that the navigation ever offers them. */
  places: string[];
  /** Some of the pages that they reach. */
  reach: RegExp[];
  /** Pages that are not for them. */
  never: RegExp[];
};

const ADMINISTRATION = /^\/organizations\/[^/]+\/(users|groups|application-users|permissions\/?$|invitations|mails|events)/;
const SERVICE = /^\/projects\/shop\/services\/orders$/;
/** Pages that begin to change something of others. */
const CHANGE = /^(?!\/profile\/).*(\/new($|\?)|\/remove$|\/delete$|\/deactivate$|\/factor-reset$|\/revoke$|\/preview)/;

const readers: Reader[] = [
  {
    who: "an auditor who holds read_only",
    email: "auditor@example.org",
    granted: ["read_only"],
    places: READER,
    reach: [SERVICE, /^\/projects\/shop\/permissions\/explain/, /^\/projects\/shop\/certificates\/[^/]+$/, /\/units\//],
    never: [ADMINISTRATION, CHANGE, /\/settings/],
  },
  {
    who: "an auditor who reads the log and the permissions of the organization, too",
    email: "chief-auditor@example.org",
    granted: ["read_only", "organization:event_logs:read", "organization:permissions:read"],
    places: [...READER, "Users", "Application users", "Groups", "Authentication policy", "All events"],
    reach: [SERVICE, /\/users\/[^/]+$/, /\/groups\/[^/]+$/, /\/application-users\/[^/]+$/, /\/permissions\/holders/, /\/events/],
    never: [/\/invitations/, /\/mails/, CHANGE, /\/settings/],
  },
  {
    who: "a finance person who holds organization:billing:read",
    email: "finance@example.org",
    granted: ["organization:billing:read"],
    places: MEMBER,
    reach: [/^\/organizations\/[^/]+$/, /^\/profile\/organizations$/],
    never: [ADMINISTRATION, CHANGE, /^\/projects\/./],
  },
  {
    who: "a member who holds nothing",
    email: "nobody@example.org",
    granted: [],
    places: MEMBER,
    reach: [/^\/organizations\/[^/]+$/, /^\/profile\/tokens$/],
    never: [ADMINISTRATION, CHANGE, /^\/projects\/./],
  },
  {
    who: "an operator of one project by a group",
    email: "operator@example.org",
    granted: [],
    isInGroup: true,
    may: [
      "/api/services/create",
      "/api/services/delete",
      "/projects/shop/services/orders/connect",
      "/api/ip_filter/add",
      "/api/ip_filter/remove",
      "/api/projects/set_tags",
      "/api/projects/set_contacts",
    ],
    places: [...MEMBER, "Services", "Permissions", "Events", "Certificates", "Settings"],
    reach: [/\/services\/new$/, /\/services\/orders\/network$/, /^\/projects\/shop\/settings$/],
    never: [ADMINISTRATION, /^\/projects\/empty/],
  },
  {
    who: "somebody who manages people",
    email: "people@example.org",
    granted: ["organization:users:write"],
    may: [
      "/organizations/ID/invitations/new",
      "/organizations/ID/invitations",
      "/api/users/ask_password_reset",
      "/api/users/ask_factor_reset",
      "/api/users/withdraw_factor_reset",
      "/api/users/end_sessions",
      "/api/users/deactivate",
      "/api/users/remove",
    ],
    places: [...MEMBER, "Users", "Groups"],
    reach: [/\/invitations\/new$/, /\/users\/[^/]+\/(remove|factor-reset)$/, /\/groups\/[^/]+$/],
    never: [/^\/projects\/./, /\/permissions\/(new|holders)/, /\/application-users/, /\/members\//],
  },
  {
    who: "somebody who manages groups and application users",
    email: "groups@example.org",
    granted: ["organization:groups:write", "organization:app_users:write"],
    may: [
      "/api/groups/create",
      "/api/groups/edit",
      "/api/groups/delete",
      "/api/groups/add_members",
      "/api/groups/remove_member",
      "/api/application_users/create",
      "/api/application_users/edit",
      "/api/application_users/delete",
    ],
    places: [...MEMBER, "Users", "Groups", "Application users"],
    reach: [/\/users\/[^/]+$/, /\/groups\/[^/]+$/, /\/application-users\/[^/]+$/],
    never: [/^\/projects\/./, /\/permissions\/(new|holders)/, /\/invitations/, /\/users\/[^/]+\/remove$/],
  },
  {
    who: "an admin who is no super admin",
    email: "admin@example.org",
    granted: ["role:organization:admin"],
    may: "all",
    places: [...READER, "Users", "Application users", "Groups", "Domains", "Identity providers", "Authentication policy", "All events", "Settings"],
    reach: [/\/invitations\/new$/, /\/permissions\/[^/]+\/revoke$/, /\/units\//, /\/settings$/],
    never: [/\/mails/],
  },
];

/** What no one but a super admin may do. */
const SUPER_ADMIN = ["/api/organizations/rename", "/api/organizations/delete", "/api/users/set_super_admin", "/api/policies/set_break_glass", "/api/identity_providers/set_state", "/api/scim/switch_on"];

/** A browser of somebody new who holds that on the organization, with a token of their own. */
async function comeIn(browser: Browser, installation: Installation, reader: Reader): Promise<Page> {
  const attached = { granted: reader.granted, groups: reader.isInGroup ? [group] : [] };
  const link = await invite(admin, installation, organization, reader.email, attached);
  const context = await join(browser, installation, link, "Rea Reader");
  const page = await context.newPage();
  await page.goto("/profile/tokens/new");
  await page.getByRole("textbox", { name: /^Description/ }).fill("Reads at night");
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("link", { name: "Its page" }).click();
  return page;
}

/** The same address without the ids in it. */
function nameless(action: string): string {
  return action.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID");
}

/** The labels of the navigation on all pages that stand for their kind. */
async function places(page: Page, found: Crawl): Promise<string[]> {
  const labels = new Set<string>();
  const of = found.pages.filter((path) => /^\/projects(\/shop\/(services|events|permissions))?$/.test(path));
  for (const path of of) {
    await page.goto(path);
    const links = page.getByRole("navigation", { name: "Main" }).getByRole("listitem");
    for (const label of await links.allInnerTexts()) labels.add(label.trim());
  }
  return [...labels].sort();
}

/** Where the palette leads for words that name everything there is. */
async function palette(page: Page): Promise<string[]> {
  const found = new Set<string>();
  for (const query of ["", "page", "project", "service", "account", "organization", "shop", "orders", "settings", "new"]) {
    const entries = await find<{ path: string }[]>(page, "palette/entries", { query });
    for (const { path } of entries!) found.add(path);
  }
  return [...found].filter((path) => !path.startsWith("/api/"));
}

for (const reader of readers) {
  test(`${reader.who} finds no dead link and nothing that is denied`, async ({ browser, installation }, info) => {
    const page = await comeIn(browser, installation, reader);
    await expectLive(page);
    const found = await crawl(page, installation.address);
    const figures = `${found.pages.length} pages, ${found.links} links, ${found.files.length} files, ${found.actions.size} actions`;
    info.annotations.push({ type: "walked", description: figures });
    console.log(`${reader.who}: ${figures}`);
    expect(found.faults).toEqual([]);

    const { may = [] } = reader;
    const isOpen = (action: string) => (may === "all" ? !SUPER_ADMIN.includes(action) : [...OWN, ...may].includes(action));
    const others = [...found.actions].filter(([action]) => !isOpen(nameless(action)));
    expect(others.map(([action, path]) => `${action} on ${path}`)).toEqual([]);
    for (const path of reader.reach) expect(found.pages.some((one) => path.test(one)), `${path}`).toBe(true);
    for (const path of reader.never) expect(found.pages.filter((one) => path.test(one)), `${path}`).toEqual([]);
    expect(await places(page, found)).toEqual([...reader.places].sort());

    // What the palette offers is what the links lead to.
    const walked = new Set(found.pages.map((path) => path.split("?")[0]));
    const offered = (await palette(page)).map((path) => path.split("?")[0]!);
    expect(offered.length).toBeGreaterThan(3);
    expect(offered.filter((path) => !walked.has(path))).toEqual([]);
    await page.context().close();
  });
}
