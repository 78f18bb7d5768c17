// A walk through everything that somebody can reach in the console from its start by following links, as they are on
// the pages: in the navigation, in menus and dialogs that are closed, behind forms that only ask.

import type { Page } from "@playwright/test";

/** More pages than these no one here has to see; that there are more is a fault of the walk. */
const PAGES_MAX = 300;
/** Queries of one path that are followed, of links and of forms: filters and pages of lists look alike. */
const QUERIES_MAX = 6;

export type Crawl = {
  /** Pages that were opened. */
  pages: string[];
  /** Files that were taken. */
  files: string[];
  /** Links that were seen, each on each page. */
  links: number;
  /** What is wrong, and on which page it is. */
  faults: string[];
  /** Where forms send something that changes something, and a page with each. */
  actions: Map<string, string>;
};

type Seen = {
  heading: string;
  links: { address: string; isFile: boolean }[];
  /** Addresses that forms lead to which only ask. */
  asked: string[];
  actions: string[];
  /** Whether it says at a field why it cannot answer what it was asked. */
  isRefused: boolean;
  /** Buttons that are shown and cannot be pressed. */
  disabled: string[];
};

/** What is on the page that leads on, and what can be done there. */
function look(page: Page): Promise<Seen> {
  return page.evaluate(() => {
    const own = (address: string) => new URL(address, location.href).origin === location.origin;
    const links = [...document.querySelectorAll<HTMLAnchorElement>("a[href]")]
      .filter((link) => own(link.href))
      .map((link) => ({ address: link.href, isFile: link.hasAttribute("download") }));
    const asked: string[] = [];
    const actions: string[] = [];
    for (const form of document.querySelectorAll("form")) {
      const buttons = [...form.elements].filter((element) => element.hasAttribute("formaction"));
      actions.push(...buttons.map((button) => (button as HTMLButtonElement).formAction));
      if (form.method === "post") actions.push(form.action);
      if (form.method !== "get") continue;
      // Something of what has to be chosen.
      const ticks = [...form.querySelectorAll<HTMLInputElement>("input[type=radio], input[type=checkbox]")];
      for (const tick of ticks) tick.checked ||= !ticks.some(({ name, checked }) => name === tick.name && checked);
      const ask = () => {
        const pairs = [...new FormData(form)].map(([name, value]) => [name, `${value}`]);
        if (form.checkValidity()) asked.push(`${form.action.split("?")[0]}?${new URLSearchParams(pairs)}`);
      };
      ask();
      // Each choice of each list, with everything else as it stands there.
      for (const select of form.querySelectorAll("select")) {
        const { value } = select;
        for (const option of select.options) {
          select.value = option.value;
          ask();
        }
        select.value = value;
      }
    }
    const disabled = [...document.querySelectorAll("button:disabled")].map((button) => button.textContent ?? "");
    const isRefused = document.querySelector("main [aria-invalid=true]") !== null;
    return { heading: document.querySelector("h1")?.textContent ?? "", links, asked, actions, isRefused, disabled };
  });
}

/** Follows every link from the start, breadth first, until there is none left. */
export async function crawl(page: Page, address: string): Promise<Crawl> {
  const found: Crawl = { pages: [], files: [], links: 0, faults: [], actions: new Map() };
  const known = new Set<string>();
  const queries = new Map<string, number>();
  const ahead: { path: string; from: string; kind: "link" | "form" }[] = [];
  const meet = (target: string, from: string, kind: "link" | "form") => {
    const { pathname, search } = new URL(target, address);
    if (known.has(pathname + search)) return;
    const alike = `${kind} ${pathname}`;
    const number = (queries.get(alike) ?? 0) + 1;
    if (search && number > QUERIES_MAX) return;
    known.add(pathname + search);
    if (search) queries.set(alike, number);
    ahead.push({ path: pathname + search, from, kind });
  };
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`${new URL(page.url()).pathname}: ${error}`));
  const files = new Map<string, string>();

  meet("/", "the start", "link");
  for (let next = ahead.shift(); next; next = ahead.shift()) {
    const { path, from, kind } = next;
    if (found.pages.length === PAGES_MAX) {
      found.faults.push(`there are more than ${PAGES_MAX} pages, as ${path} on ${from}`);
      break;
    }
    const response = await page.goto(path);
    const status = response?.status() ?? 0;
    found.pages.push(path);
    const { heading, links, asked, actions, isRefused, disabled } = await look(page);
    const isMistake = kind === "form" && status === 422 && isRefused;
    if ((status >= 400 && !isMistake) || /^(Not allowed|Nothing here|Sign in first|Something went wrong)$/.test(heading)) {
      found.faults.push(`${path} on ${from}: ${status}, ${heading}`);
      continue;
    }
    found.faults.push(...disabled.map((text) => `${path}: the button ${text} cannot be pressed`));
    found.links += links.length;
    for (const { address: target, isFile } of links) {
      if (isFile) files.set(target, path);
      else meet(target, path, "link");
    }
    for (const target of asked) meet(target, path, "form");
    for (const action of actions) {
      const { pathname } = new URL(action);
      if (!found.actions.has(pathname)) found.actions.set(pathname, path);
    }
  }
  for (const [target, from] of files) {
    const response = await page.request.get(target);
    found.files.push(new URL(target).pathname);
    if (response.status() >= 400) found.faults.push(`the file ${target} on ${from}: ${response.status()}`);
  }
  found.faults.push(...complaints);
  return found;
}
