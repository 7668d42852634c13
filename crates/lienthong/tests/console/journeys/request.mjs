// A department asks for a connection on two days; it is returned, corrected, sent again and refused, with the reasons told.

import { check } from "../browser.mjs";
import { WAYS } from "../hand.mjs";
import { answer, answers, approves, begins, does, registers, sends, stands } from "../road.mjs";

export default async function request({ as, way }) {
  const [asker, operator] = [await as("quan-tri.stp"), await as("van-hanh")];
  const system = await registers(`XIN-${WAYS.indexOf(way)}`);
  const reason = `Thiếu phương án bảo vệ dữ liệu (${way})`;
  await begins(asker);
  const draft = asker.path().replace(/\/[^/]*$/, "");
  await answer(asker, system);
  await asker.press("button[name=thoat]"); // Saved; the rest another day.
  check(asker.path() === "/ket-noi/nhap", `drafts: ${asker.path()}`);
  await asker.open(`tbody a[href='${draft}']`);
  await answers(asker, system);
  check((await asker.count("dl dd.govuk-summary-list__actions a")) >= 5, "every answer can be changed");
  await asker.open("dl a[href$='/han-muc']");
  check((await asker.at("#han-muc").inputValue()) === "500", "what was answered is kept");
  await asker.fill("#han-muc", "400");
  await answers(asker, system);
  const id = await sends(asker);

  await asker.open(`a[href='/ket-noi/${id}']`);
  check((await asker.count(".lt-road .now")) === 1, "the road shows where the request is");
  await approves(asker, id);
  await does(operator, id, "tra-lai", { "#y-kien": reason });
  await asker.goto(`/ket-noi/${id}`);
  check((await asker.text("main")).includes(reason), "the asker reads why it came back");
  await does(asker, id, "gui-lai", { "#ly-do": "Đối chiếu nhân thân, đã bổ sung phương án", "#han-muc": "300" });
  check((await asker.text("main")).includes("300"), "the correction stands");

  await approves(asker, id);
  check((await stands(operator, id)) !== "", "the request is on its way again");
  await operator.open(`a[href$='/${id}/tu-choi']`);
  await operator.fill("#ly-do", reason);
  await operator.press("main form button");
  check((await operator.count(".govuk-error-summary")) === 1, "nobody refuses without a legal basis");
  check((await operator.at("#ly-do").inputValue()) === reason, "what was typed is kept");
  await operator.fill("#can-cu", "Điều 9 Nghị định 278/2025/NĐ-CP");
  await operator.press("main form button");
  await asker.goto(`/ket-noi/${id}`);
  const told = await asker.text("main");
  check(told.includes(reason) && told.includes("Điều 9"), "the asker reads the refusal and its basis");
  check((await asker.count(".lt-road .now")) === 0, "the road has ended");
}
