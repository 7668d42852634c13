// Every page that somebody can reach by links, in both languages, wide and phone-narrow.

import { CONSOLE, check, finish, look, signIn, window } from "./browser.mjs";

const PAGES_MAX = 90;

/// The kind of a page: parts of its address that name a thing count as one.
function kind(path) {
  const named = (part) => /[A-Z0-9]/.test(part) || part.includes("%");
  return path
    .replace(/^\/dich-vu\/.+/, "/dich-vu/*")
    .split("/")
    .map((part) => (named(part) ? "*" : part))
    .join("/")
    .replace(/(\/\*)+/g, "/*");
}

async function crawl(id, how) {
  const page = await window(how);
  const name = `${id}-${how.lang}-${how.width}`;
  await page.goto(`${CONSOLE}/dang-nhap`);
  await look(page, name);
  await signIn(page, id);
  const [waiting, seen, kinds] = [["/viec", "/giam-sat"], new Set(), new Map()];
  while (waiting.length > 0 && seen.size < PAGES_MAX) {
    const path = waiting.shift();
    const of = kind(path.split("?")[0]);
    if (seen.has(path) || (kinds.get(of) ?? 0) >= how.each) continue;
    seen.add(path);
    kinds.set(of, (kinds.get(of) ?? 0) + 1);
    const answer = await page.goto(CONSOLE + path);
    check(answer.status() === 200, `${name} ${path}: ${answer.status()}`);
    await look(page, name);
    const links = await page.$$eval("a[href^='/']", (all) => all.map((one) => one.getAttribute("href")));
    for (const link of links) {
      // Files are not pages, and the other language is crawled by itself.
      if (/^\/(ngon-ngu|chung-cu\/tep)|\.(svg|csv|xlsx|pdf)|\/tep\/|\/xuat|\/openapi|\/bao-cao/.test(link)) continue;
      waiting.push(link.split("#")[0]);
    }
  }
  check(seen.size > 8, `${name}: only ${seen.size} pages were found`);
  console.log(`${name}: ${seen.size} pages`);
  await page.context().close();
}

// `each`: pages of one kind, those whose address differs in a number or a code only.
await crawl("van-hanh", { lang: "vi", width: 1200, each: 2 });
await crawl("du-lieu.g01", { lang: "en", width: 390, each: 1 });
for (const id of ["quan-tri.stp", "an-ninh.h17", "lanh-dao.h17"]) await crawl(id, { lang: "vi", width: 390, each: 1 });
finish("every page that was found holds");
