// Every page of the console in both languages, wide and phone-narrow: looked at, kept as pictures, none forgotten.

import { CONSOLE, api, check, fail, finish, look, window } from "./browser.mjs";
import { crew } from "./hand.mjs";
import { SERVICE, answers, approves, asks, begins, describes, does, registers } from "./road.mjs";
import { PAGES, kindOf } from "./routes.mjs";

const WIDE = 1200;
const NARROW = 390;
const QUESTIONS = ["he-thong", "truong", "muc-dich", "can-cu", "han-muc", "dau-moi", "kiem-tra"];
const MEMBER = "VN-DEMO/GOV/H17";
const SYSTEM = `${MEMBER}/MOTCUA`;

/// What must be there to be looked at; where each person begins, before following links.
async function prepare() {
  const { as } = crew("mouse");
  const [asker, operator, guard, publisher] = await Promise.all(["quan-tri.stp", "van-hanh", "an-ninh.h17", "quan-tri.g01"].map(as));
  const waits = await asks(asker, SYSTEM);
  await approves(asker, waits);
  const returned = await asks(asker, await registers("XIN"));
  await approves(asker, returned);
  await does(operator, returned, "tra-lai", { "#y-kien": "Thiếu phương án bảo vệ dữ liệu" });
  await begins(asker);
  const draft = asker.path().replace(/\/[^/]*$/, "");
  await answers(asker, SYSTEM);
  await guard.goto(`/cong-an-toan/${SYSTEM}`);
  await guard.open("a[href^='/cong-an-toan/nop']:not([href*='muc=contacts'])");
  await describes(guard, "12/VB");
  await guard.attach("#tep");
  await guard.press("form[enctype] button");
  const desk = await opens(publisher);
  const change = { change: "put_member", id: "VN-DEMO/GOV/T0", name: "Cơ quan thử" };
  const proposal = await api("van-hanh", "/directory/changes", { changes: [change], note: "Quyết định 12/QĐ-UBND" });
  const facts = { detected: Date.now() * 1000, description: "Máy chủ một cửa bị mã hóa dữ liệu", severity: "serious", personal_data: true, parties: [SYSTEM] };
  const incident = await api("an-ninh.h17", "/incidents", { agency: "000.00.00.H17", facts });
  return {
    "van-hanh": [`/ket-noi/${waits}`, `/cong-an-toan/${SYSTEM}`, `/quan-tri/su-co/${incident.id}`, `/quan-tri/danh-ba/de-nghi/${proposal.id}`, "/viec", "/giam-sat", "/quan-tri", "/quan-tri/co-quan/nhap/xong?dong=3&moi=1&sua=1&so=9"],
    "quan-tri.stp": [`/ket-noi/${returned}`, `/ket-noi/da-gui/${returned}`, draft + "/xoa", ...QUESTIONS.map((one) => `${draft}/${one}`), `/ket-noi/moi?dich-vu=${SERVICE}`],
    "du-lieu.g01": ["/chia-se", "/quyen/QK-2026-000005", "/quyen/QK-2026-000001/mo-lai"],
    "an-ninh.h17": [`/cong-an-toan/${SYSTEM}`, `/cong-an-toan/${MEMBER}`, "/quan-tri/su-co/lap", "/ket-noi/YC-2026-000006/cong-viec/risk_assessment"],
    "quan-tri.g01": [desk, `${desk}/dinh-nghia`, "/chia-se/csdl/nhap", "/chia-se/csdl/nhap/xong?dong=3&moi=1&sua=1&so=9", `/dich-vu/${SERVICE}/goi-thu`],
  };
}

/// Opens the desk of a database, up to the definition of a service.
async function opens(publisher) {
  await publisher.goto("/chia-se/nguon");
  await publisher.fill("#dia-chi", process.env.DATABASE);
  await publisher.fill("#mat-khau", process.env.PASSWORD);
  await publisher.press("main form button");
  const desk = publisher.path();
  await publisher.check("input[name=bang][value$='ket_hon']");
  await publisher.fill("#dich-vu", "DANCU/ket-hon");
  await publisher.press("main form button");
  return desk;
}

/// One language and one width: everybody follows links; each kind of page is looked at once.
async function crawl(starts, lang, width) {
  const [name, looked] = [`${lang}-${width}`, new Set(["/dang-nhap"])];
  const outside = await window({ lang, width });
  await outside.goto(`${CONSOLE}/dang-nhap`);
  await look(outside, name);
  const { as } = crew("mouse", { lang, width });
  for (const [id, first] of Object.entries(starts)) {
    const { page } = await as(id);
    const [waiting, visited] = [[...first], new Set()];
    for (const path of waiting) {
      const kind = kindOf(path);
      // Where somebody begins is visited again for what it leads this person to.
      if (!kind || visited.has(path) || (looked.has(kind) && !first.includes(path))) continue;
      visited.add(path);
      const answer = await page.goto(CONSOLE + path);
      check(answer.status() === 200 && kindOf(page.url()) === kind, `${name} ${id} ${path}: ${answer.status()} ${page.url()}`);
      waiting.push(...(await page.$$eval("a[href^='/']", (all) => all.map((one) => one.getAttribute("href")))));
      if (looked.has(kind)) continue;
      looked.add(kind);
      await look(page, name, kind);
    }
  }
  await others((await as("van-hanh")).page, name);
  return looked;
}

/// What stands at no address of its own: the answer of a check, and a page that is not there.
async function others(page, name) {
  await page.goto(`${CONSOLE}/quan-tri/nhat-ky`);
  await page.click("form[action$='/kiem-tra'] button");
  await page.locator(".govuk-panel--confirmation").waitFor();
  await look(page, name, "journal checked");
  check((await page.goto(`${CONSOLE}/khong-co`)).status() === 404, "what is not there is said to be not there");
  await look(page, name, "not there");
}

const starts = await prepare();
const combinations = [["vi", WIDE], ["en", WIDE], ["vi", NARROW], ["en", NARROW]];
const looked = new Map();
const half = async (width) => {
  for (const [lang, its] of combinations) if (its === width) looked.set(`${lang}-${its}`, await crawl(starts, lang, its));
};
await Promise.all([half(WIDE), half(NARROW)]);
const all = new Set([...looked.values()].flatMap((kinds) => [...kinds]));
const never = PAGES.filter((route) => ![...all].some((kind) => kind === route || kind.startsWith(`${route} `)));
if (never.length > 0) fail(`never looked at: ${never.join(", ")}`);
for (const [name, kinds] of looked) for (const kind of all) if (!kinds.has(kind)) fail(`${name}: ${kind} was not looked at`);
finish(`${all.size} kinds of pages were looked at in ${looked.size} ways`);
