// Figures renew themselves: when a call passes, not while paused, not after signing out; and are there without scripts.

import { readFileSync } from "node:fs";
import { CONSOLE, check, finish, look, signIn, window } from "./browser.mjs";

const FACTS = JSON.parse(readFileSync(process.env.FACTS, "utf8"));
const SERVICE = FACTS.services.find((one) => one.endsWith("/tra-cuu-cong-dan"));
const LIVE = `${CONSOLE}/giam-sat/truc-tiep`;

let asked = 0;
async function call() {
  asked += 1;
  const id = `live-${process.pid}-${asked}`;
  const headers = { "X-Road-Client": FACTS.consumer.client, "X-Road-Id": id };
  const answer = await fetch(`${FACTS.consumer.ask_base}/r1/${SERVICE}/${FACTS.sample.soDinhDanh}`, { headers });
  check(answer.status === 200, `the call: ${answer.status}`);
  return id;
}

const row = (page, id) => page.locator("tbody a.lt-code", { hasText: id });
const streams = [];

const page = await window();
page.on("request", (request) => request.url().endsWith("/dong") && streams.push(request.url()));
await signIn(page, "du-lieu.g01");
await page.goto(LIVE);
await page.locator("[role=status]", { hasText: "đang tự cập nhật" }).waitFor();
await row(page, await call()).waitFor();
check(streams.length === 1, `one connection brings it all: ${streams.length}`);
await look(page, "live");

// Whoever is in the table is left alone.
await page.locator("tbody a.lt-code").first().focus();
const held = await call();
await page.locator("[role=status]", { hasText: "Có số liệu mới" }).waitFor();
check((await row(page, held).count()) === 0, "nothing moves under the focus");
await page.locator("[data-pause]").focus();
await row(page, held).waitFor();

// Paused: nothing comes until it goes on.
await page.locator("[data-pause]").click();
await page.locator("[role=status]", { hasText: "tạm dừng" }).waitFor();
const paused = await call();
const other = await window({ width: 390 });
await signIn(other, "du-lieu.g01");
await other.goto(LIVE);
await row(other, paused).waitFor();
await look(other, "live");
check((await row(page, paused).count()) === 0, "nothing comes while it is paused");
await page.locator("[data-pause]").click();
await row(page, paused).waitFor();

// The session ends in another tab: the page says so.
const tab = await page.context().newPage();
await tab.goto(`${CONSOLE}/giam-sat`);
await tab.locator("[role=status]", { hasText: "đang tự cập nhật" }).waitFor();
await tab.locator("header form button").click();
await tab.waitForURL(/dang-nhap/);
await page.locator("[role=status]", { hasText: "Phiên làm việc đã kết thúc" }).waitFor();
check(await page.locator("[data-pause]").isHidden(), "nothing is left to be paused");

// Without scripts: the figures of the moment, a link for the next ones, no button that does nothing.
const plain = await window({ script: false });
await signIn(plain, "du-lieu.g01");
await plain.goto(LIVE);
check((await row(plain, paused).count()) > 0, "the calls are there");
check(await plain.locator("[data-pause]").isHidden(), "no button that does nothing");
const last = await call();
for (let left = 50; left > 0 && (await row(plain, last).count()) === 0; left -= 1)
  await plain.locator(".lt-live a").click();
check((await row(plain, last).count()) > 0, "reloading brings the next call");
finish("figures renew themselves");
