// A data owner grants less than was asked; changes, pauses and resumes what others hold.

import { FACTS, check, eventually } from "../browser.mjs";
import { approves, asks, registers } from "../road.mjs";
import { WAYS, crew } from "../hand.mjs";

const CLIENT = "VN-DEMO/GOV/H17/MOTCUA";
/// Each way has a service of its own, of which that client holds a grant.
const SERVICES = {
  mouse: ["tra-cuu-cong-dan", FACTS.sample.soDinhDanh],
  keyboard: ["tra-cuu-ho", FACTS.sample.soHo],
  "no-scripts": ["tra-cuu-cu-tru", FACTS.sample.soDinhDanh],
};

export default async function desk({ as, way }) {
  const owner = await as("du-lieu.g01");
  await decides(owner, await waiting(await registers(`CHO-${WAYS.indexOf(way)}`)));
  await keeps(owner, ...SERVICES[way]);
}

/// A request that waits for the owner: how it came so far is told by others.
async function waiting(system) {
  const { as } = crew("mouse");
  const id = await asks(await as("quan-tri.stp"), system);
  for (const who of ["quan-tri.stp", "van-hanh", "lanh-dao.h17"]) await approves(await as(who), id);
  return id;
}

async function decides(owner, id) {
  await owner.goto("/chia-se");
  await owner.open(`a[href='/ket-noi/${id}']`);
  await approves(owner, id, async (hand) => {
    await hand.check("input[name=truong][value='hoTen']", false);
    await hand.fill("#han-muc", "200");
    await hand.fill("#y-kien", "Chỉ cần số định danh");
  });
  const told = await owner.text("main");
  check(told.includes("Chỉ cần số định danh") && told.includes("200"), "what was decided stands in the request");
}

async function keeps(owner, service, key) {
  const answers = async (wanted) => {
    let told;
    const comes = async () => (told = await calls(service, key)) === wanted;
    await eventually(comes, () => `${service} answers ${wanted}, not ${told}`);
  };
  await owner.goto("/chia-se");
  await owner.open(`a[href^='/chia-se?dich-vu='][href*='${service}'], a[href*='${service}'][href^='/chia-se?']`);
  const row = owner.page.locator("tr", { hasText: "một cửa" });
  const held = await row.locator("a[href^='/quyen/QK-']").first().getAttribute("href");
  await owner.open(`a[href='${held}']`);
  const grant = owner.path();
  const does = async (verb, fields) => {
    await owner.open(`a[href='${grant}/${verb}']`);
    for (const [field, text] of Object.entries(fields)) await owner.fill(field, text);
    await owner.press("main form button");
    check(owner.path() === grant, `${verb}: ${owner.path()}`);
  };
  await does("sua", { "#han-muc": "777", "#ly-do": "Nhu cầu tăng" });
  check((await owner.text("main")).includes("777"), "the new quota stands");
  await does("tam-dung", { "#ly-do": "Kiểm tra đột xuất" });
  await answers("EX-0306");
  await does("mo-lai", { "#ly-do": "Đã kiểm tra xong" });
  await answers(200);
}

async function calls(service, key) {
  const url = `${FACTS.consumer.ask_base}/r1/VN-DEMO/GOV/G01/DANCU/${service}/${key}`;
  const answer = await fetch(url, { headers: { "X-Road-Client": CLIENT } });
  return answer.headers.get("lienthong-error") ?? answer.status;
}
