// What a newcomer does in ten minutes, in the browser alone: asks, decides, sees the data flow and the proof, and stops it. All
// other steps are taken by the demo, in the names of those whose steps they are.

import { FACTS, check, eventually, finish, look } from "./browser.mjs";
import { crew } from "./hand.mjs";
import { MINE, answers, approves, begins, sends } from "./road.mjs";

const { as } = crew("mouse");
const [asker, owner] = await Promise.all(["quan-tri.stp", "du-lieu.g01"].map(as));

async function asks() {
  await begins(asker);
  await answers(asker);
  const id = await sends(asker);
  await asker.open(`a[href='/ket-noi/${id}/tai-lieu']`);
  await look(asker.page, "ten-minutes");
  await approves(asker, id);
  return id;
}

async function decides(id) {
  await eventually(async () => {
    await owner.goto("/viec");
    return owner.count(`a[href='/ket-noi/${id}']`);
  }, `${id} waits for the owner`);
  await approves(owner, id);
  await eventually(async () => {
    await owner.goto(`/ket-noi/${id}`);
    return owner.count("a[href^='/quyen/QK-']");
  }, `${id} is live`);
  const acts = await owner.texts("table.lt-broad tbody tr");
  const did = (what, who) => check(acts.some((act) => act.includes(what) && act.includes(who)), `${what} by ${who}: ${acts}`);
  did("quyết định", "(du-lieu.g01)");
  did("ký đề nghị", "(lanh-dao.h17)");
  did("Đưa vào vận hành", "(van-hanh)");
  did("Hoàn thành công việc", "(an-ninh.h17)");
}

async function watches(id) {
  const call = `tbody a.lt-code:has-text('${id}-')`;
  await owner.goto("/giam-sat");
  await owner.open("a[href='/giam-sat/truc-tiep']");
  await owner.at(call).waitFor();
  await owner.open(call);
  check(!(await owner.page.content()).includes(FACTS.sample.soDinhDanh), "no personal number stands in the record");
  await owner.open("a[href^='/chung-cu/kiem-tra']");
  check(await owner.count(".govuk-panel--confirmation"), "the evidence holds");
}

async function stops(id) {
  await owner.goto(`/ket-noi/${id}`);
  await owner.open("a[href^='/quyen/QK-']");
  await owner.open("a[href$='/tam-dung']");
  await owner.fill("#ly-do", "Kiểm tra đột xuất");
  await owner.press("main form button");
  const calls = `/chung-cu?${new URLSearchParams({ tim: MINE })}`;
  check((await owner.at("a[href^='/chung-cu?tim=']").getAttribute("href")) === calls, "the grant leads to its calls");
  await eventually(async () => {
    await owner.goto(calls);
    return (await owner.text("tbody tr")).includes("EX-0306");
  }, "the next call is refused");
}

const id = await asks();
await decides(id);
await watches(id);
await stops(id);
finish("ten minutes were lived through");
