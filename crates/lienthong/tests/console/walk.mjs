// Every page that somebody can reach by links.

import { CONSOLE, check } from "./browser.mjs";

const PAGES_MAX = 90;

/// The kind of a page: parts of its address that name a thing count as one.
export function kind(path) {
  const named = (part) => /[A-Z0-9]/.test(part) || part.includes("%");
  return path
    .replace(/^\/dich-vu\/.+/, "/dich-vu/*")
    .split("/")
    .map((part) => (named(part) ? "*" : part))
    .join("/")
    .replace(/(\/\*)+/g, "/*");
}

/// Opens page after page and gives their addresses; `each`: pages of one kind at most, those whose address differs in a
/// number or a code only; `changing`: what a link led to may be gone, because the caller acts on pages.
export async function* reachable(page, { each, name, changing = false }) {
  const [waiting, seen, kinds] = [["/viec", "/giam-sat"], new Set(), new Map()];
  while (waiting.length > 0 && seen.size < PAGES_MAX) {
    const path = waiting.shift();
    const of = kind(path.split("?")[0]);
    if (seen.has(path) || (kinds.get(of) ?? 0) >= each) continue;
    seen.add(path);
    kinds.set(of, (kinds.get(of) ?? 0) + 1);
    const answer = await page.goto(CONSOLE + path);
    if (changing && answer.status() === 404) continue;
    check(answer.status() === 200, `${name} ${path}: ${answer.status()}`);
    const links = await page.$$eval("a[href^='/']", (all) => all.map((one) => one.getAttribute("href")));
    yield path;
    for (const link of links) {
      // Files are not pages, and the other language is crawled by itself.
      if (/^\/(ngon-ngu|chung-cu\/tep)|\.(svg|csv|xlsx|pdf)|\/tep\/|\/xuat|\/openapi|\/bao-cao|\/nhap\/mau/.test(link)) continue;
      waiting.push(link.split("#")[0]);
    }
  }
  check(seen.size > 8, `${name}: only ${seen.size} pages were found`);
  console.log(`${name}: ${seen.size} pages`);
}
