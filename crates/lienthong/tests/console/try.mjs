// Somebody tries a service of their own agency in the browser: a call as any other. Others learn why they cannot.

import { readFileSync } from "node:fs";
import { CONSOLE, check, finish, look, signIn, window } from "./browser.mjs";

const FACTS = JSON.parse(readFileSync(process.env.FACTS, "utf8"));
const SERVICE = FACTS.services.find((one) => one.endsWith("/tra-cuu-cong-dan"));
const NUMBER = FACTS.sample.soDinhDanh;

async function fills(page, number) {
  await page.goto(`${CONSOLE}/dich-vu/${SERVICE}/goi-thu`);
  await page.locator("input[name='ts-0']").fill(number);
  await page.check("#dong-y");
}

const page = await window();
await signIn(page, "quan-tri.g01");
await page.goto(`${CONSOLE}/dich-vu/${SERVICE}`);
await page.locator("a[href*='/goi-thu']").click();
await look(page, "try");

// Not before it is confirmed that it is real; what was typed stays.
await page.locator("input[name='ts-0']").fill(NUMBER);
await page.locator("main form button").click();
await page.locator(".govuk-error-summary").waitFor();
check((await page.inputValue("input[name='ts-0']")) === NUMBER, "what was typed is kept");
await look(page, "try");

await page.check("#dong-y");
await page.locator("main form button").click();
await page.locator("pre", { hasText: NUMBER }).waitFor();
check((await page.locator(".govuk-tag--green").count()) === 1, "the call went well");
await look(page, "try");
await page.reload(); // Sent once more by the browser: not asked once more.
await page.locator(".govuk-error-summary").waitFor();

// A person whom the base does not know: the service's own answer, and the evidence of it.
await fills(page, "000000000000");
await page.locator("main form button").click();
await page.locator(".govuk-tag--red").waitFor();
await look(page, "try");
await page.locator("a[href^='/chung-cu/cuoc-goi']").click();
await page.locator("h1").waitFor();
check(!(await page.content()).includes("000000000000"), "no personal number stands in the record");
check((await page.content()).includes("G01/THU"), "the record names the system");

// The grant names who tried.
await page.goto(`${CONSOLE}/chia-se`);
const journal = await window();
await signIn(journal, "van-hanh");
await journal.goto(`${CONSOLE}/quan-tri/nhat-ky?viec=grant_try`);
const rows = await journal.locator("tbody tr").allTextContents();
check(rows.length >= 2 && rows.some((row) => row.includes("quan-tri.g01")), `the journal names who asked: ${rows[0]}`);

// A system at another node: said, not offered. Without scripts and on a phone, too.
for (const [id, words] of [["quan-tri.h17", "nút khác"], ["quan-tri.stp", "Không có hệ thống"]]) {
  const other = await window({ script: false, width: 390 });
  await signIn(other, id);
  await other.goto(`${CONSOLE}/dich-vu/${SERVICE}/goi-thu`);
  check((await other.locator("main").innerText()).includes(words), `${id} learns why: ${words}`);
  check((await other.locator("main form").count()) === 0, `${id} is offered nothing`);
}
finish("a service was tried");
