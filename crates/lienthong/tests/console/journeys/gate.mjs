// A paper is handed in for the readiness gate, judged by another person, and stands in the report.

import { check } from "../browser.mjs";
import { describes } from "../road.mjs";

/// Each way has a system of its own, and whoever answers for it.
const SYSTEMS = {
  mouse: ["an-ninh.h17", "VN-DEMO/GOV/H17/MOTCUA"],
  keyboard: ["an-ninh.g01", "VN-DEMO/GOV/G01/DANCU"],
  "no-scripts": ["an-ninh.h17", "VN-DEMO/GOV/H17/HOTICH"],
};

export default async function gate({ as, way }) {
  const [id, system] = SYSTEMS[way];
  const [files, judges] = [await as(id), await as("van-hanh-2")];
  const number = `${way}/BB`;
  await files.goto("/cong-an-toan");
  await files.fill("#he_thong", system);
  await files.press("form[action='/cong-an-toan'] button");
  await files.open("a[href^='/cong-an-toan/nop']:not([href*='muc=contacts'])");
  await describes(files, number);
  await files.press("form[enctype] button");
  check((await files.count(".govuk-error-summary")) === 1, "a paper without a file is not taken");
  check((await files.at("#so").inputValue()) === number, "what was typed is kept");
  await files.attach("#tep");
  await files.press("form[enctype] button");
  const filing = files.path();
  check((await files.text("main")).includes(number), "what was handed in can be seen");

  await judges.goto("/viec");
  await judges.open(`a[href='${filing}']`);
  await judges.check("#ket-qua-dat");
  await judges.press("form[action$='/xet'] button");
  await judges.goto(`/cong-an-toan/${system}`);
  check((await judges.text("main")).includes(number), "the paper is in force");
  const report = await judges.download("a[href^='/cong-an-toan/bao-cao']");
  check(report.subarray(0, 5).toString() === "%PDF-", "the report is a PDF file");
}
