// Somebody makes a data service of a database, in the browser alone.

import { check } from "../browser.mjs";

const CHECKS = "form[action$='/dinh-nghia'] button";
const { DATABASE, PASSWORD } = process.env;
/// Each way makes a service of its own.
const NAMES = { mouse: "ket-hon", keyboard: "ket-hon-ban-phim", "no-scripts": "ket-hon-khong-kich-ban" };

export default async function source({ as, way }) {
  const admin = await as("quan-tri.g01");
  await connects(admin);
  await admin.check("input[name=bang][value$='ket_hon']");
  await admin.fill("#dich-vu", `DANCU/${NAMES[way]}`);
  await admin.press("main form button");
  check(admin.path().endsWith("/dinh-nghia"), `the definition: ${admin.path()}`);
  check(!(await admin.page.content()).includes(PASSWORD), "the password is not shown again");
  const rows = await admin.texts("tbody tr");
  check(rows.length > 0 && rows.every((row) => row.includes("*")), `personal values are masked: ${rows[0]}`);

  const text = await admin.at("#dinh-nghia").inputValue();
  await admin.fill("#dinh-nghia", text.replace(/^url = .*$/m, 'url = "postgres://somewhere.example/else"'));
  await admin.press(CHECKS);
  check((await admin.count(".govuk-error-summary")) === 1, "another database is refused");
  await admin.fill("#dinh-nghia", text);
  await admin.press(CHECKS);
  check((await admin.count("tbody tr")) > 0, "rows are shown before anything is published");
  await admin.fill("#can-cu", "Điều 7 Nghị định 278/2025/NĐ-CP");
  await admin.check("#loai-1");
  await admin.press("form[action$='/cong-bo'] button");
  check(admin.path() === `/dich-vu/VN-DEMO/GOV/G01/DANCU/${NAMES[way]}`, `published: ${admin.path()}`);

  const auditor = await as("kiem-toan");
  await auditor.goto("/chia-se/nguon");
  await auditor.fill("#dia-chi", DATABASE);
  await auditor.press("main form button");
  check((await auditor.text("h1")).includes("thẩm quyền"), "an auditor publishes nothing");
}

/// Opens the desk of a database; files of the node are refused.
async function connects(admin) {
  await admin.goto("/chia-se");
  await admin.open("a[href='/chia-se/nguon']");
  await admin.fill("#dia-chi", "sqlite:/etc/passwd");
  await admin.press("main form button");
  check((await admin.count(".govuk-error-summary")) === 1, "files of the node are not looked at");
  check((await admin.at("#dia-chi").inputValue()) === "sqlite:/etc/passwd", "what was typed is kept");
  await admin.fill("#dia-chi", DATABASE);
  await admin.fill("#mat-khau", PASSWORD);
  await admin.press("main form button");
  check(/^\/chia-se\/nguon\/[0-9a-f]+$/.test(admin.path()), `its tables: ${admin.path()}`);
}
