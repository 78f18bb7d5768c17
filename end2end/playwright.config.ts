import { defineConfig } from "@playwright/test";

// Debian's own Chromium; Playwright's download is never used.
const executablePath = process.env.REDOUBT_CHROMIUM ?? "/usr/bin/chromium";

// Every project but `script` runs the journeys without script as well; what only script can do stays in `script`.
const withoutScript = [
  "journey.spec.ts",
  "people.spec.ts",
  "grants.spec.ts",
  "forms.spec.ts",
  "troubles.spec.ts",
  "interruptions.spec.ts",
  "sign-in.spec.ts",
  "recovery.spec.ts",
  "domains.spec.ts",
  "single-sign-on.spec.ts",
  "openid-connect.spec.ts",
  "scim.spec.ts",
];

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results/failures",
  // One at a time: a virtual machine under emulation takes a core, and the leak checks look at the whole machine.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  globalTimeout: 40 * 60_000,
  reportSlowTests: null,
  reporter: [["list"]],
  expect: { timeout: 10_000 },
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    viewport: { width: 1280, height: 800 },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath,
      // No sandbox as root; nothing in the background that asks the network for anything.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "script", testIgnore: "screenshots.spec.ts", use: { permissions: ["clipboard-read", "clipboard-write"] } },
    { name: "no-script", testMatch: withoutScript, use: { javaScriptEnabled: false } },
    // Rewrites docs/screenshots, so it runs only when asked for: npm run screenshots.
    ...(process.env.REDOUBT_SCREENSHOTS ? [{ name: "screenshots", testMatch: "screenshots.spec.ts" }] : []),
    // Figures, for scripts/bench.sh.
    ...(process.env.REDOUBT_BENCH ? [{ name: "bench", testDir: "bench" }] : []),
  ],
});
