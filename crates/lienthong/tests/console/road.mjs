// The road of a connection request, step by step, for whichever hand walks it.

import { api, check, look } from "./browser.mjs";

export const MINE = "VN-DEMO/GOV/H17/MOTCUA";
export const SERVICE = "VN-DEMO/GOV/G01/DANCU/nhan-than-ho-tich";
export const PURPOSE = "kiem-tra-ho-so";
export const FIELDS = ["soDinhDanh", "hoTen"];

const QUESTIONS_MAX = 8;

/// Registers a system of the province, for requests of its own: a system asks once at a time for a service.
export async function registers(code) {
  const id = `VN-DEMO/GOV/H17/${code}`;
  await api("quan-tri.h17", "/directory/changes", { changes: [{ change: "put_subsystem", id, name: `Hệ thống thử ${code}` }] });
  return id;
}

/// Opens the questions of a new request from the page of the service.
export async function begins(hand) {
  await hand.goto(`/dich-vu/${SERVICE}`);
  await hand.open("a[href^='/ket-noi/moi']");
  await hand.press("form[action='/ket-noi/moi'] button");
}

/// Answers the questions that are left, one page each.
export async function answers(hand, system = MINE) {
  for (let left = QUESTIONS_MAX; left > 0 && !hand.path().endsWith("/kiem-tra"); left -= 1) {
    await answer(hand, system);
    await hand.press("main form button");
  }
}

/// Sends what was answered; gives the number of the request.
export async function sends(hand) {
  await hand.press("main form[action$='kiem-tra'] button");
  const sent = hand.path().match(/^\/ket-noi\/da-gui\/(YC-\d{4}-\d+)$/);
  if (!sent) throw new Error(`not sent: ${hand.path()} ${(await hand.texts(".govuk-error-summary")).join()}`);
  return sent[1];
}

/// All of it at once.
export async function asks(hand, system) {
  await begins(hand);
  await answers(hand, system);
  return sends(hand);
}

/// Answers the question of this page, without sending it.
export async function answer(hand, system) {
  const question = hand.path().split("/").pop();
  if (question === "co-quan") return hand.check("input[type=radio]");
  if (question === "he-thong") {
    if (await hand.count(`input[type=radio][value='${system}']`)) return hand.check(`input[type=radio][value='${system}']`);
    if (await hand.count("#chon-khac")) await hand.check("#chon-khac");
    return hand.fill("#khac", system);
  }
  if (question === "truong") for (const field of FIELDS) await hand.check(`input[name=truong][value='${field}']`);
  if (question === "muc-dich") {
    await hand.fill("#muc-dich", PURPOSE);
    await hand.fill("#ly-do", "Đối chiếu nhân thân khi tiếp nhận hồ sơ <script>alert(1)</script>");
  }
  if (question === "can-cu") await hand.fill("#can-cu", "Điều 7 Nghị định 278/2025/NĐ-CP");
  if (question === "han-muc") {
    await hand.fill("#han-muc", "500");
    await hand.fill("#den-ngay", "31/12/2027");
  }
  if (question === "dau-moi") {
    const values = { text: "Trực hỗ trợ", tel: "0236 000 0000", email: "truc@example.vn" };
    for (const [kind, value] of Object.entries(values))
      for (let at = 0; at < (await hand.count(`main input.govuk-input[type=${kind}]`)); at += 1)
        await hand.fill(`main input.govuk-input[type=${kind}] >> nth=${at}`, value);
  }
}

/// Hands in the documents that are missing, in one form.
export async function handsIn(hand, id) {
  await hand.goto(`/ket-noi/${id}`);
  await hand.open(`a[href$='/${id}/tai-lieu']`);
  const files = "input[type=file][id^='tep-']";
  for (let at = 0; at < (await hand.count(files)); at += 1) {
    await hand.fill(`input[id^='so-'] >> nth=${at}`, "01/VB");
    await hand.attach(`${files} >> nth=${at}`);
  }
  await hand.press("form[enctype] button");
}

/// Hands in what the step demands, fills in what the form asks, and lets the request go on.
export async function approves(hand, id, fills = async () => {}) {
  const approve = `a[href$='/${id}/duyet']`;
  await hand.goto(`/ket-noi/${id}`);
  if (!(await hand.count(approve))) await handsIn(hand, id);
  if (!hand.path().endsWith("/duyet")) await hand.open(approve);
  await fills(hand);
  await hand.press("main form button");
  check(hand.path() === `/ket-noi/${id}`, `${id} goes on: ${hand.path()}`);
}

/// Fills in what is said of a document for the readiness gate; its file is another thing.
export async function describes(hand, number) {
  await hand.fill("#so", number);
  await hand.fill("#ngay", "20/11/2026");
  if (await hand.count("#cap-do")) await hand.fill("#cap-do", "3");
}

/// One of the other things that can be done to a request: a form with some fields.
export async function does(hand, id, verb, fields) {
  await hand.goto(`/ket-noi/${id}`);
  await hand.open(`a[href$='/${id}/${verb}']`);
  for (const [field, text] of Object.entries(fields)) await hand.fill(field, text);
  if (hand.way === "mouse") await look(hand.page, "journey");
  await hand.press("main form button");
  check(hand.path() === `/ket-noi/${id}`, `${id} ${verb}: ${hand.path()}`);
}

/// The step at which a request stands.
export async function stands(hand, id) {
  await hand.goto(`/ket-noi/${id}`);
  return (await hand.texts(".lt-road .now")).join(" ");
}
