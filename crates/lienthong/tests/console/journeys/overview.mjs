// A leader looks at the figures and at the lists behind them, and at the map before and after the merger of provinces.

import { check, eventually } from "../browser.mjs";

export default async function overview({ as }) {
  const leader = await as("lanh-dao.h17");
  await leader.goto("/");
  check(leader.path() === "/giam-sat", "leaders begin with the figures");
  const databases = "a[href='/chia-se/csdl']:has(b)";
  const all = await figure(leader, databases);
  const parts = await leader.texts("a[href^='/chia-se/csdl?chia-se=']");
  check(sum(parts) === all, `databases by kind of sharing: ${parts} of ${all}`);
  await leader.open(databases);
  check(number(await leader.text("main p strong")) === all, "the list behind the figure is as long as the figure says");

  await leader.goto("/giam-sat");
  const requests = await figure(leader, "a[href='/giam-sat/dang-ky']:has(b)");
  const states = await leader.texts("a[href^='/giam-sat/dang-ky?trang-thai='] b");
  check(sum(states) === requests, `requests by state: ${states} of ${requests}`);
  await leader.open("a[href='/giam-sat/dang-ky']:has(b)");
  check((await leader.count("tbody tr")) === requests, "every request that was counted is listed");

  await leader.goto("/giam-sat");
  await leader.open("a[href='/giam-sat/ban-do']");
  await map(leader, 34);
  await leader.open("a[href='/giam-sat/ban-do?ngay=truoc']");
  await map(leader, 63);
}

/// The picture is there; the table has every province, and so has the sum of the key.
async function map(leader, provinces) {
  check((await leader.count("tbody tr")) === provinces, `${provinces} provinces are listed`);
  const counts = await leader.texts("main li:has(.lt-key) strong");
  check(sum(counts) === provinces, `the key of the map: ${counts}`);
  await eventually(() => leader.at(".lt-map img").evaluate((picture) => picture.naturalWidth > 0), "the picture of the map");
}

async function figure(leader, link) {
  return number(await leader.text(`${link} b`));
}

function number(text) {
  return Number(text.match(/\d[\d.,]*/)[0].replace(/[.,]/g, ""));
}

function sum(texts) {
  return texts.map(number).reduce((one, other) => one + other, 0);
}
