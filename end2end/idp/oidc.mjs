// A real OpenID provider for the browser tests: oidc-provider (certified by the OpenID Foundation) on loopback, with everything that it
// keeps in memory. Stays in the foreground; whoever started it ends it.
//
//   node end2end/idp/oidc.mjs DIRECTORY PORT
//
// What the tests write there counts from the next request on, but for the key, which is read at the start:
//   key.jwk        what it signs with
//   users.json     {"name": {"password": "…", "claims": {"email": "…", …}}}: who can sign in there
//   clients.json   [client, …], as OpenID Connect Dynamic Client Registration 1.0 has them
// Its issuer is http://127.0.0.1:PORT.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import Provider from "oidc-provider";

const [directory, port] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const read = async (name) => JSON.parse(await readFile(join(directory, name), "utf8"));

/** Everything but clients, which are in a file. */
class Kept {
  static rows = new Map();

  constructor(name) {
    this.name = name;
  }

  key(id) {
    return `${this.name}:${id}`;
  }

  async find(id) {
    if (this.name === "Client") return (await read("clients.json")).find((client) => client.client_id === id);
    return Kept.rows.get(this.key(id));
  }

  async upsert(id, row) {
    Kept.rows.set(this.key(id), row);
  }

  async findByUid(uid) {
    return [...Kept.rows.entries()].find(([key, row]) => key.startsWith(`${this.name}:`) && row.uid === uid)?.[1];
  }

  async findByUserCode() {}

  async consume(id) {
    const row = Kept.rows.get(this.key(id));
    if (row) row.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Kept.rows.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const [key, row] of Kept.rows) if (row.grantId === grantId) Kept.rows.delete(key);
  }
}

const provider = new Provider(issuer, {
  adapter: Kept,
  jwks: { keys: [await read("key.jwk")] },
  cookies: { keys: ["only for tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  scopes: ["openid", "email", "profile", "groups"],
  // What is asked for by scopes is in the ID token.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async findAccount(_, id) {
    const user = (await read("users.json"))[id];
    return user && { accountId: id, claims: async () => ({ sub: id, ...user.claims }) };
  },
  // The console is on this machine, which it would not reach by itself.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  // Its clients are the organization's own: nobody is asked whether they may know who it is.
  async loadExistingGrant(ctx) {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email profile groups");
    await grant.save();
    return grant;
  },
});
provider.on("server_error", (_, error) => console.error(error));
provider.on("backchannel.error", (_, error) => console.error(error));

const door = (failed) => `<!doctype html><title>Sign in</title><form method="post">
  ${failed ? "<p>Wrong.</p>" : ""}
  <label>Name <input id="username" name="name"></label>
  <label>Password <input id="password" name="password" type="password"></label>
  <button>Sign in</button></form>`;

async function letIn(request, response) {
  await provider.interactionDetails(request, response);
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const user = (await read("users.json"))[form.get("name")];
    if (user && user.password === form.get("password")) {
      const result = { login: { accountId: form.get("name"), amr: ["pwd"] } };
      return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    }
  }
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(door(request.method === "POST"));
}

const others = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith("/interaction/")) return others(request, response);
  letIn(request, response).catch((error) => {
    console.error(error);
    response.statusCode = 400;
    response.end("This sign-in is over.");
  });
}).listen(Number(port), "127.0.0.1");
