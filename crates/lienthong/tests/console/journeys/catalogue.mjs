// Somebody finds a service, with tone marks and without, and reads how to call it.

import { check, eventually } from "../browser.mjs";

export default async function catalogue({ as }) {
  const asker = await as("quan-tri.stp");
  await asker.goto("/viec");
  await asker.open("nav a[href='/dich-vu']");
  check((await found(asker, "khong co gi nhu the")).length === 0, "nothing is found where there is nothing");
  const without = await found(asker, "nhan than");
  check(without.length > 0, "found without tone marks");
  check((await found(asker, "không có gì như thế")).length === 0, "nothing is found where there is nothing");
  const marked = await found(asker, "nhân thân");
  check(marked.join() === without.join(), `with tone marks the same is found: ${marked}`);
  const title = await asker.text("#ket-qua h2 a");
  await asker.open("#ket-qua h2 a");
  check((await asker.text("h1")) === title, "the page of the service");
  const example = "details:has(pre:has-text('curl'))";
  check(!(await asker.at(`${example} pre`).isVisible()), "examples are folded");
  await asker.unfold(`${example} summary`);
  await eventually(() => asker.at(`${example} pre`).isVisible(), "the example of a call");
  check((await asker.text(`${example} pre`)).includes("X-Road-Client"), "the example says who calls");
}

async function found(asker, words) {
  await asker.fill("#q", words);
  await asker.press("form[role=search] button");
  await eventually(() => new URL(asker.page.url()).searchParams.get("q") === words, `asked for ${words}`);
  return asker.page.locator("#ket-qua h2 a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
}
