// Somebody who runs the platform: agencies, the journal, what changed in the directory, a second person's word, incidents.

import { api, check } from "../browser.mjs";
import { WAYS } from "../hand.mjs";

export default async function admin({ as, way }) {
  const operator = await as("van-hanh-2");
  await agencies(operator);
  await journal(operator);
  await directory(operator, way);
  await incidents(operator, way);
}

async function agencies(operator) {
  await operator.goto("/viec");
  await operator.open("nav a[href='/quan-tri']");
  await operator.open("main a[href='/quan-tri/co-quan']");
  await operator.fill("#q", "bo cong an");
  await operator.press("form[role=search] button");
  const names = await operator.texts("tbody th");
  check(names.some((name) => name.startsWith("Bộ Công an")), `found without tone marks: ${names}`);
  await operator.open("tbody th a");
  check((await operator.count("dl")) > 0, "an agency has its history");
}

async function journal(operator) {
  await operator.goto("/quan-tri");
  await operator.open("main a[href='/quan-tri/nhat-ky']");
  await operator.fill("#nguoi", "du-lieu.g01");
  await operator.choose("#viec", "request_step");
  await operator.press("form.lt-filter button");
  const people = await operator.texts("tbody td:nth-child(2)");
  const all = people.length > 0 && people.every((one) => one.startsWith("du-lieu.g01"));
  check(all, `only what the data owner did: ${[...new Set(people)]}`);
  const file = (await operator.download("a[href^='/quan-tri/nhat-ky.csv']")).toString();
  check(file.split("\n").length > people.length && file.includes("du-lieu.g01"), `the file: ${file.slice(0, 80)}`);
}

/// What one operator proposes another approves.
async function directory(operator, way) {
  const change = { change: "put_member", id: `VN-DEMO/GOV/T${WAYS.indexOf(way)}`, name: `Cơ quan thử (${way})` };
  const { id } = await api("van-hanh", "/directory/changes", { changes: [change], note: "Quyết định 12/QĐ-UBND" });
  await operator.goto("/viec");
  await operator.open("main a[href='/quan-tri/danh-ba']");
  await operator.open(`a[href='/quan-tri/danh-ba/de-nghi/${id}']`);
  check((await operator.text("main")).includes(change.name), "what is proposed is told");
  await operator.press("button[value=dong-y]");
  check((await operator.count("button[value=dong-y]")) === 0, "the proposal is decided");
  await operator.goto("/quan-tri/danh-ba");
  await operator.open("main a[href='/quan-tri/danh-ba/khac-nhau']");
  await operator.fill("#tu", "1");
  await operator.fill("#den", "2");
  await operator.press("form.lt-filter button");
  check((await operator.count("main h2")) > 0, "two numbers are compared");
}

async function incidents(operator, way) {
  const description = `Máy chủ một cửa bị mã hóa dữ liệu (${way})`;
  const facts = { detected: Date.now() * 1000, description, severity: "serious", personal_data: true, parties: ["VN-DEMO/GOV/H17/MOTCUA"] };
  const { id } = await api("an-ninh.h17", "/incidents", { agency: "000.00.00.H17", facts });
  await operator.goto("/quan-tri");
  await operator.open("main a[href='/quan-tri/su-co']");
  await operator.open(`a[href='/quan-tri/su-co/${id}']`);
  check((await operator.text("main")).includes(description), "the incident is told");
}
