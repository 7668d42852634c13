// A real browser for the tests of the console: who signs in, what every page must fulfil.
//
// Settings come by environment: LIENTHONG_TEST_BROWSER (node_modules with playwright-core and axe-core), CONSOLE (address),
// PEOPLE (file with names and passwords), FACTS (file with what the demo tells of itself), SHOTS (folder of screenshots; none are made without it).

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const from = createRequire(`${process.env.LIENTHONG_TEST_BROWSER}/`);
const { chromium } = from("playwright-core");
const axe = readFileSync(from.resolve("axe-core/axe.min.js"), "utf8");

export const CONSOLE = process.env.CONSOLE.replace(/\/$/, "");
export const FACTS = JSON.parse(readFileSync(process.env.FACTS, "utf8"));
const PEOPLE = JSON.parse(readFileSync(process.env.PEOPLE, "utf8"));
const SHOTS = process.env.SHOTS;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const failures = [];

export function fail(what) {
  failures.push(what);
  console.log(`✗ ${what}`);
}

export function check(truth, what) {
  if (!truth) fail(what);
}

/// Ends the program: 0 only when nothing failed.
export function finish(said) {
  console.log(failures.length ? `${failures.length} failures` : `✓ ${said}`);
  process.exit(failures.length ? 1 : 0);
}

const launched = chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/// A window of its own: nobody is signed in.
export async function window({ script = true, width = 1200, lang = "vi" } = {}) {
  const browser = await launched;
  const context = await browser.newContext({
    javaScriptEnabled: script,
    viewport: { width, height: 900 },
    acceptDownloads: true,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => fail(`${page.url()}: a script failed: ${error.message}`));
  page.on("console", (message) => {
    // The browser itself tells of answers that are errors; those are looked at where they are expected.
    if (message.type() === "error" && !message.text().includes("Failed to load resource"))
      fail(`${page.url()}: ${message.text()}`);
  });
  if (lang === "en") await page.goto(`${CONSOLE}/ngon-ngu/en?den=/dang-nhap`);
  return page;
}

export function person(id) {
  return PEOPLE.find((one) => one.id === id);
}

/// Signs somebody in with the mouse.
export async function signIn(page, id) {
  const { password } = person(id);
  await page.goto(`${CONSOLE}/dang-nhap`);
  await page.fill("#ten", id);
  await page.fill("#mat-khau", password);
  await page.click("main button");
  await page.waitForURL((url) => !url.pathname.startsWith("/dang-nhap"));
}

/// Waits until something is true; a failure when it does not come about.
export async function eventually(holds, what) {
  for (let left = 200; left > 0; left -= 1) {
    if (await holds()) return;
    await new Promise((go) => setTimeout(go, 50));
  }
  fail(`${typeof what === "function" ? what() : what}: not within ten seconds`);
}

/// Asks the registry's API in somebody's name, for what the console does not begin; gives the answer.
export async function api(id, path, body) {
  const root = FACTS.registry.api;
  const send = (to, told, headers) =>
    fetch(root + to, { method: "POST", body: JSON.stringify(told), headers: { "Content-Type": "application/json", ...headers } });
  const session = await (await send("/sessions", { id, password: person(id).password })).json();
  const answer = await send(path, body, { Authorization: `Bearer ${session.token}` });
  const text = await answer.text();
  check(answer.ok, `${path} for ${id}: ${text}`);
  return JSON.parse(text);
}

/// What holds for every page: nothing that axe-core objects to, a visible label for every input, no words missing.
export async function look(page, name, kind = new URL(page.url()).pathname) {
  const where = `${name} ${kind}`;
  // What is folded away is looked at, too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  const text = await page.content();
  check(!text.includes("⟦"), `${where}: a key without words`);
  for (const found of await judged(page)) fail(`${where}: ${found}`);
  for (const found of await page.evaluate(unlabelled)) fail(`${where}: no visible label: ${found}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  check(wide <= 1, `${where}: ${wide} px wider than the window`);
  if (SHOTS) {
    mkdirSync(SHOTS, { recursive: true });
    const file = where.replace(/[^A-Za-z0-9-]+/g, "_").slice(0, 120);
    await page.screenshot({ path: `${SHOTS}/${file}.png`, fullPage: true });
  }
}

async function judged(page) {
  // By the debugger's protocol, which the page's policy does not forbid.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (rules) => window.axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }),
    RULES,
  );
  return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
}

function unlabelled() {
  const inputs = [...document.querySelectorAll("input, select, textarea")].filter((one) => one.type !== "hidden");
  const seen = (label) => label.innerText.trim() && label.getClientRects().length > 0;
  return inputs.filter((one) => ![...(one.labels ?? [])].some(seen)).map((one) => one.outerHTML.slice(0, 120));
}
