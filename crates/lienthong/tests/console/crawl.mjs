// Every page that somebody can reach by links, in both languages, wide and phone-narrow.

import { CONSOLE, finish, look, signIn, window } from "./browser.mjs";
import { reachable } from "./walk.mjs";

async function crawl(id, how) {
  const page = await window(how);
  const name = `${id}-${how.lang}-${how.width}`;
  await page.goto(`${CONSOLE}/dang-nhap`);
  await look(page, name);
  await signIn(page, id);
  for await (const _ of reachable(page, { each: how.each, name })) await look(page, name);
  await page.context().close();
}

// `each`: pages of one kind.
await crawl("van-hanh", { lang: "vi", width: 1200, each: 2 });
await crawl("du-lieu.g01", { lang: "en", width: 390, each: 1 });
for (const id of ["quan-tri.stp", "an-ninh.h17", "lanh-dao.h17"]) await crawl(id, { lang: "vi", width: 390, each: 1 });
finish("every page that was found holds");
