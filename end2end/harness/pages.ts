// Every page of the console, by a name for its picture: what accessibility checks and screenshots walk through.

import type { Page } from "@playwright/test";

import { fillSignIn, giveEmail } from "./console.ts";

export type Place = {
  name: string;
  path: string;
  /** Brings the page into the state to look at. */
  act?: (page: Page) => Promise<void>;
  status?: number;
};

/** Pages for people who are signed in, in a project with a running service and a certificate. */
export function places(organization: string, project: string, service: string, certificate: string): Place[] {
  const whole = `/organizations/${organization}`;
  const base = `/projects/${project}`;
  const open = (name: string) => (page: Page) => page.getByRole("button", { name }).first().click();
  const follow = (name: string, then?: (page: Page) => Promise<void>) => async (page: Page) => {
    const link = page.getByRole("link", { name }).first();
    const path = (await link.getAttribute("href"))!;
    await link.click();
    await page.waitForURL(path);
    if (await page.locator("leptos-island").count()) await page.locator("html[data-live]").waitFor({ state: "attached" });
    await then?.(page);
  };
  return [
    { name: "projects", path: "/projects" },
    { name: "project-new", path: "/projects", act: open("New project") },
    { name: "services", path: `${base}/services` },
    { name: "services-empty", path: "/projects/empty/services" },
    { name: "service-new", path: `${base}/services/new` },
    { name: "service-overview", path: `${base}/services/${service}` },
    { name: "service-connect", path: `${base}/services/${service}/connect` },
    {
      name: "service-connect-password",
      path: `${base}/services/${service}/connect`,
      act: async (page) => {
        await page.getByRole("button", { name: "Show password" }).click();
        await page.locator("code.secret").waitFor();
      },
    },
    { name: "service-network", path: `${base}/services/${service}/network` },
    { name: "service-settings", path: `${base}/services/${service}/settings` },
    {
      name: "service-delete",
      path: `${base}/services/${service}/settings`,
      act: async (page) => {
        await page.getByRole("button", { name: "Delete service…" }).click();
        const dialog = page.getByRole("dialog", { name: /^Delete service/ });
        await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("wrong");
        await dialog.getByRole("button", { name: "Delete service", exact: true }).click();
        await page.locator("[aria-invalid=true]").waitFor();
      },
    },
    { name: "service-gone", path: `${base}/services/carts`, status: 404 },
    { name: "events", path: `${base}/events` },
    {
      name: "events-open",
      path: `${base}/events`,
      act: async (page) => {
        for (const summary of (await page.locator("table details > summary").all()).slice(0, 3)) await summary.click();
      },
    },
    { name: "events-empty", path: "/projects/empty/events" },
    { name: "certificates", path: `${base}/certificates` },
    { name: "certificates-empty", path: "/projects/empty/certificates" },
    { name: "certificate", path: `${base}/certificates/${certificate}` },
    { name: "all-events", path: `${whole}/events` },
    {
      name: "all-events-filter",
      path: `${whole}/events?outcome=done`,
      act: (page) => page.getByText("More filters").click(),
    },
    { name: "all-events-wrong", path: `${whole}/events?since=yesterday`, status: 422 },
    { name: "application-users", path: `${whole}/application-users` },
    { name: "application-user-new", path: `${whole}/application-users`, act: open("New application user") },
    { name: "application-user", path: `${whole}/application-users`, act: follow("Deployer") },
    { name: "application-user-edit", path: `${whole}/application-users`, act: follow("Deployer", open("Edit…")) },
    {
      name: "application-user-delete",
      path: `${whole}/application-users`,
      act: follow("Deployer", follow("Delete application user…")),
    },
    { name: "tokens", path: "/profile/tokens" },
    { name: "tokens-none", path: "/profile/tokens?unused_days=90" },
    { name: "tokens-revoke", path: "/profile/tokens", act: open("Revoke all…") },
    { name: "token-new", path: "/profile/tokens/new", act: (page) => page.getByText("Limit what it can do").click() },
    {
      name: "token-made",
      path: "/profile/tokens/new",
      act: async (page) => {
        await page.getByRole("textbox", { name: "Description" }).fill("Looked at once");
        await page.getByRole("textbox", { name: /^Good from/ }).fill("203.0.113.0/24");
        await page.getByRole("button", { name: "Create token" }).click();
        await page.locator("pre.secret").waitFor();
      },
    },
    { name: "token", path: "/profile/tokens", act: follow("Deploys at night") },
    { name: "profile", path: "/profile" },
    { name: "authentication", path: "/profile/authentication" },
    {
      name: "authentication-password",
      path: "/profile/authentication/password",
      act: async (page) => {
        await page.locator("html[data-live]").waitFor({ state: "attached" });
        await page.getByLabel("New password").fill("otter");
        await page.locator(".password-rules .is-unmet").first().waitFor();
      },
    },
    { name: "authentication-app-new", path: "/profile/authentication/apps/new" },
    { name: "authentication-key-new", path: "/profile/authentication/security-keys/new" },
    { name: "authentication-passkey-new", path: "/profile/authentication/passkeys/new" },
    { name: "authentication-codes", path: "/profile/authentication/recovery-codes" },
    { name: "sessions", path: "/profile/sessions" },
    { name: "step-up", path: "/step-up?next=%2Fprofile" },
    { name: "own-organizations", path: "/profile/organizations" },
    { name: "own-organization-new", path: "/profile/organizations", act: open("New organization") },
    { name: "own-organization-leave", path: `/profile/organizations/${organization}/leave` },
    { name: "all-certificates", path: `${whole}/certificates` },
    { name: "all-certificates-one", path: `${whole}/certificates/${certificate}` },
    { name: "project-settings", path: `${base}/settings` },
    { name: "account", path: "/projects", act: (page) => page.getByRole("button", { name: /^Account: / }).click() },
    { name: "api-call", path: "/projects", act: (page) => page.getByText("Show as API call").click() },
    {
      name: "palette",
      path: "/projects",
      act: async (page) => {
        await page.locator("html[data-live]").waitFor({ state: "attached" });
        await page.keyboard.press("Control+k");
        await page.getByRole("listbox", { name: "Places" }).getByRole("option").first().waitFor();
      },
    },
    { name: "not-found", path: "/nowhere", status: 404 },
  ];
}

/** Pages about groups and permissions, for who may do everything; `group` is the path of a group with the person in it. */
export function permissionPlaces(organization: string, project: string, group: string): Place[] {
  const whole = `/organizations/${organization}`;
  const base = `/projects/${project}`;
  const id = group.split("/").at(-1)!;
  const on = `resource=${encodeURIComponent(`project:${project}`)}`;
  const follow = (name: RegExp) => (page: Page) => page.getByRole("link", { name }).first().click();
  // The page of an identity provider, which is added if it is not there.
  const provider = (name: string, protocol: string) => async (page: Page) => {
    const link = page.getByRole("link", { name });
    if (await link.count()) {
      await link.click();
    } else {
      await page.getByRole("button", { name: "Add identity provider" }).first().click();
      const dialog = page.getByRole("dialog", { name: "Add identity provider" });
      await dialog.getByRole("textbox", { name: /^Name/ }).fill(name);
      await dialog.getByRole("combobox", { name: /^Protocol/ }).selectOption(protocol);
      await dialog.getByRole("combobox", { name: /^Product/ }).selectOption("okta");
      await dialog.getByRole("button", { name: "Add it as a draft" }).click();
    }
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  };
  const named = (email: string) => async (page: Page) => {
    await page.getByRole("textbox", { name: "E-mail addresses" }).fill(email);
    await page.getByRole("button", { name: "Preview" }).first().click();
  };
  return [
    { name: "groups", path: `${whole}/groups` },
    { name: "groups-none", path: `${whole}/groups?text=nothing-of-the-kind` },
    { name: "group-new", path: `${whole}/groups`, act: (page) => page.getByRole("button", { name: "New group" }).click() },
    { name: "identity-providers", path: `${whole}/identity-providers` },
    {
      name: "identity-provider-new",
      path: `${whole}/identity-providers`,
      act: async (page) => {
        await page.getByRole("button", { name: "Add identity provider" }).first().click();
        await page.getByRole("dialog", { name: "Add identity provider" }).waitFor();
      },
    },
    { name: "identity-provider", path: `${whole}/identity-providers`, act: provider("Acme Okta", "saml") },
    { name: "identity-provider-oidc", path: `${whole}/identity-providers`, act: provider("Acme OpenID", "oidc") },
    {
      name: "identity-provider-scim",
      path: `${whole}/identity-providers`,
      act: async (page) => {
        await page.getByRole("link", { name: "Acme Okta" }).click();
        await page.getByRole("link", { name: "SCIM provisioning" }).click();
        await page.getByRole("heading", { name: "SCIM provisioning", level: 1 }).waitFor();
      },
    },
    { name: "group", path: group },
    { name: "group-edit", path: group, act: (page) => page.getByRole("button", { name: "Edit…" }).click() },
    { name: "group-add", path: `${group}/members/new` },
    { name: "group-add-refused", path: `${group}/members/new`, act: named("nobody@example.org") },
    { name: "group-add-preview", path: `${group}/members/new`, act: named("ann@example.org") },
    { name: "group-remove", path: group, act: follow(/^Remove /) },
    { name: "group-delete", path: `${group}/delete` },
    { name: "permissions", path: `${whole}/permissions` },
    { name: "permissions-refused", path: `${whole}/permissions?principal=nobody%40example.org`, status: 422 },
    { name: "grant-where", path: `${whole}/permissions/new` },
    { name: "grant", path: `${whole}/permissions/new?resource=organization` },
    { name: "grant-single", path: `${whole}/permissions/new?${on}&granted=service%3Alogs%3Aread` },
    { name: "grant-refused", path: `${whole}/permissions/preview?${on}&principal=nobody%40example.org&granted=operator`, status: 422 },
    { name: "grant-preview", path: `${whole}/permissions/preview?${on}&principal=group%3A${id}&granted=admin&days=7` },
    { name: "revoke", path: `${base}/permissions`, act: follow(/^Revoke /) },
    { name: "explain", path: `${whole}/permissions/explain` },
    { name: "explain-group", path: `${whole}/permissions/explain?principal=group%3A${id}&${on}` },
    { name: "holders", path: `${whole}/permissions/holders` },
    { name: "project-permissions", path: `${base}/permissions` },
    { name: "project-permissions-empty", path: "/projects/empty/permissions" },
    { name: "project-explain", path: `${base}/permissions/explain` },
    { name: "project-holders", path: `${base}/permissions/holders?permission=project%3Aservices%3Awrite` },
  ];
}

/** Links in mails: to somebody without an account, with one, to who looks, to another, and one that was used. */
export type Invitations = { fresh: string; known: string; own: string; used: string };

/** Pages about people, units and mails, for who may do everything; `member` is the id of another person. */
export function peoplePlaces(organization: string, unit: string, member: string, invitations: Invitations): Place[] {
  const whole = `/organizations/${organization}`;
  const open = (name: string) => (page: Page) => page.getByRole("button", { name }).first().click();
  const send = (addresses: string, shown: string) => async (page: Page) => {
    await page.getByRole("textbox", { name: /addresses/i }).fill(addresses);
    await page.getByRole("button", { name: "Send invitations" }).click();
    await page.locator(shown).first().waitFor();
  };
  return [
    { name: "organization", path: whole },
    { name: "unit-new", path: whole, act: open("New unit") },
    { name: "unit", path: `${whole}/units/${unit}` },
    { name: "projects-of-unit", path: `/projects?organization=${organization}&unit=${unit}` },
    { name: "projects-none", path: `/projects?organization=${organization}&text=nothing-of-the-kind` },
    { name: "project-move", path: `/projects/empty/settings/move?unit=${unit}` },
    { name: "users", path: `${whole}/users` },
    { name: "users-none", path: `${whole}/users?text=nothing-of-the-kind` },
    { name: "users-refused", path: `${whole}/users?idle_days=many`, status: 422 },
    { name: "user", path: `${whole}/users/${member}` },
    { name: "user-super-admin", path: `${whole}/users/${member}/super-admin` },
    { name: "user-deactivate", path: `${whole}/users/${member}/deactivate` },
    { name: "user-factor-reset", path: `${whole}/users/${member}/factor-reset` },
    { name: "user-sign-out", path: `${whole}/users/${member}`, act: open("Sign out everywhere…") },
    { name: "user-remove", path: `${whole}/users/${member}/remove` },
    { name: "user-explain", path: `${whole}/permissions/explain?principal=user%3A${member}` },
    { name: "invitations", path: `${whole}/invitations` },
    { name: "invite", path: `${whole}/invitations/new` },
    { name: "invite-refused", path: `${whole}/invitations/new`, act: send(" ", "[aria-invalid=true]") },
    { name: "invite-answered", path: `${whole}/invitations/new`, act: send("nobody\nann@example.org", "main table") },
    { name: "mails", path: `${whole}/mails` },
    { name: "mail", path: `${whole}/mails`, act: (page) => page.getByRole("link", { name: /^Invitation to/ }).first().click() },
    { name: "own-organizations-invited", path: "/profile/organizations" },
    { name: "invitation-own", path: new URL(invitations.own).pathname },
    { name: "invitation-other", path: new URL(invitations.fresh).pathname },
  ];
}

/** Pages behind the links in mails, for people who are not signed in. */
export function invitationPlaces(invitations: Invitations): Place[] {
  const fresh = new URL(invitations.fresh).pathname;
  return [
    { name: "invitation", path: fresh },
    {
      name: "invitation-refused",
      path: fresh,
      act: async (page) => {
        await page.getByRole("textbox", { name: "Your name" }).fill("Una Used");
        await page.getByLabel("Password").fill("aaaaaaaaaaaaaaaaaaaa");
        await page.getByRole("button", { name: "Accept and sign in" }).click();
        await page.locator("[aria-invalid=true]").waitFor();
      },
    },
    { name: "invitation-known", path: new URL(invitations.known).pathname },
    { name: "invitation-used", path: new URL(invitations.used).pathname, status: 409 },
  ];
}

/** Pages for people who are not. */
export function gates(usedLink: string): Place[] {
  return [
    { name: "sign-in", path: "/sign-in" },
    { name: "sign-in-password", path: "/sign-in", act: (page) => giveEmail(page, "nobody@example.org") },
    { name: "sign-in-factor-late", path: "/sign-in/factor", status: 401 },
    {
      name: "sign-in-refused",
      path: "/sign-in",
      act: async (page) => {
        await fillSignIn(page, "nobody@example.org", "not the right password");
        await page.getByRole("alert").waitFor();
      },
    },
    { name: "password-reset", path: "/password-reset", act: (page) => page.getByText("Lost your second factors").click() },
    { name: "password-reset-used", path: "/password-reset/x", status: 409 },
    { name: "factor-reset-unknown", path: "/factor-resets/x", status: 404 },
    { name: "set-up-used", path: new URL(usedLink).pathname, status: 409 },
  ];
}
