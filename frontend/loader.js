// Loads the WASM when the browser is idle and hydrates the islands of the page; shows times in the viewer's zone.
// Everything on a page works before this has run, and without it.

const root = document.documentElement;
root.dataset.script = "";

// Times: the server writes UTC; people read their own zone and find UTC in the tooltip.
const zoned = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
  hourCycle: "h23",
});
// Where the day alone matters the server writes no more, and says the instant beside it.
const days = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
function localise(within) {
  for (const time of within.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = time.dataset.day ?? time.textContent;
    time.textContent = (time.dataset.day ? days : zoned).format(at);
  }
}
localise(document);

// Notices leave by themselves, unless somebody is at them, and can be dismissed in place; without script their link loads the page again without them.
document.addEventListener("click", (event) => {
  const dismiss = event.target.closest?.("[data-dismiss]");
  if (dismiss) {
    event.preventDefault();
    dismiss.closest(".toast")?.remove();
  }
});
const leave = setInterval(() => {
  const toast = document.querySelector(".toast:has([data-dismiss])");
  if (!toast) clearInterval(leave);
  // One that covers nothing stays until it is dismissed: its leaving would move the page under somebody's finger.
  else if (getComputedStyle(toast.parentElement).position !== "fixed") clearInterval(leave);
  else if (!toast.matches(":hover, :focus-within")) toast.remove();
}, 10_000);

// A dialog that the server sends open, after a refusal, becomes a real one: modal, with what is behind out of reach.
for (const dialog of document.querySelectorAll("dialog[open]")) {
  dialog.removeAttribute("open");
  dialog.showModal();
}

// Dialog buttons are plain HTML (`commandfor`); browsers from before it get the same from here.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (dialog) button.getAttribute("command") === "close" ? dialog.close() : dialog.showModal();
  });
}

// A table as a file: the rows that are shown with what unfolds in them, instants in UTC. A cell that a spreadsheet would take for a formula gets
// the sign that makes it text (RFC 4180 for the rest).
const quoted = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
function cellText(cell) {
  const said = cell.querySelector("summary") ?? cell;
  const walker = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
  const parts = [];
  for (let told; walker.nextNode(); ) {
    const time = walker.currentNode.parentElement.closest("time[datetime]");
    if (walker.currentNode.parentElement.closest("button") || (time && time === told)) continue;
    told = time;
    // A text of several lines is shown in as few as there is room for, and has all of them in the file.
    const lines = walker.currentNode.parentElement.closest(".clamped");
    const text = lines ? walker.currentNode.data : walker.currentNode.data.replace(/\s+/g, " ");
    parts.push(time ? time.dateTime : text.trim());
  }
  const text = parts.filter(Boolean).join(" ").replace(/ ([,.;:)])/g, "$1").replace(/\( /g, "(");
  // What a cell shows where there is nothing.
  return text === "–" ? "" : text;
}
function unfolded(row) {
  return new Map([...row.querySelectorAll("details dt")].map((dt) => [cellText(dt), cellText(dt.nextElementSibling)]));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-csv]");
  const table = button?.closest(".list")?.querySelector("table");
  if (!table) return;
  const [head, ...rows] = [...table.rows];
  const columns = [...head.cells].map(cellText);
  const more = [...new Set(rows.flatMap((row) => [...unfolded(row).keys()]))].filter((label) => !columns.includes(label));
  const lines = rows.map((row) => {
    const rest = unfolded(row);
    return [...[...row.cells].map(cellText), ...more.map((label) => rest.get(label) ?? "")];
  });
  lines.unshift([...columns, ...more]);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.map((line) => line.map(quoted).join(",")).join("\r\n")}\r\n`], { type: "text/csv" }));
  link.download = `${button.dataset.csv}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

// The ticks of a list's rows, wherever their form stands.
document.addEventListener("click", (event) => {
  const form = event.target.closest?.("button[data-pick-all]")?.form;
  if (!form) return;
  const ticks = [...form.elements].filter((element) => element.type === "checkbox" && element.closest("tr"));
  const all = ticks.every((tick) => tick.checked);
  for (const tick of ticks) tick.checked = !all;
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent !== undefined) event.preventDefault();
  event.target.dataset.sent = "";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A form that only carries the browser on to an identity provider goes by itself; without script its button does it.
document.querySelector("form[data-sends-itself]")?.requestSubmit();

// What shall be on paper.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("button[data-print]")) print();
});

// Passkeys and security keys: a script of their own, where a form asks for one.
if (document.querySelector("form[data-passkey]")) {
  import(document.querySelector("script[data-passkeys]").dataset.passkeys);
}

// Islands, in document order; an island inside another is hydrated after it.
let module;
async function hydrate(within) {
  for (const island of within.querySelectorAll("leptos-island")) {
    const bring = module[island.dataset.component];
    if (bring) await bring(island);
    else console.warn(`The WASM is not of the server's build: it has no ${island.dataset.component}.`);
  }
}
async function start() {
  const { glue, wasm } = document.querySelector("script[data-wasm]").dataset;
  module = await import(glue);
  await module.default({ module_or_path: wasm });
  module.hydrate();
  await hydrate(document);
  root.dataset.live = "";
}
if (document.querySelector("leptos-island")) {
  "requestIdleCallback" in window ? requestIdleCallback(start, { timeout: 1000 }) : setTimeout(start, 1);
}

// An island that fetched a part of the page anew says so: its times and islands are new, too.
document.addEventListener("redoubt:refreshed", (event) => {
  localise(event.target);
  hydrate(event.target);
});
