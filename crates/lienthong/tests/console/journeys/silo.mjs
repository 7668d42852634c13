// Somebody looks at which databases there are, and at those of one owner.

import { check } from "../browser.mjs";

export default async function silo({ as }) {
  const admin = await as("quan-tri.g01");
  await admin.goto("/giam-sat");
  await admin.open("main a[href='/chia-se/csdl']");
  const everybodys = await agrees(admin);
  const codes = await admin.page.locator("#chu-quan option").evaluateAll((all) => all.map((one) => one.value));
  const code = codes.find((one) => one.endsWith("G01"));
  await admin.choose("#chu-quan", code);
  await admin.press("form.lt-filter button");
  const owner = (await admin.texts("#chu-quan option:checked"))[0];
  const owners = await admin.texts("tbody tr td:nth-child(2)");
  check(owners.length > 0 && owners.every((one) => one === owner), `only those of ${owner}: ${[...new Set(owners)]}`);
  check((await agrees(admin)) < everybodys, "the picture is narrowed, too");
  await admin.open("tbody th a");
  check(/^\/chia-se\/csdl\/./.test(admin.path()), "a database has its page");
}

/// The picture has a row for each row of the table; how many.
async function agrees(admin) {
  const [cells, rows] = [await admin.count(".lt-chart--silo rect"), await admin.count("tbody tr")];
  check(rows > 0 && cells % rows === 0, `the picture has ${cells} cells for ${rows} rows of the table`);
  return cells;
}
