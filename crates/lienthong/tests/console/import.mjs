// Files of agencies and of the inventory: checked, refused with every row, mended, confirmed, done; without scripts, too.

import { CONSOLE, check, finish, look, signIn, window } from "./browser.mjs";

const AGENCIES = `${CONSOLE}/quan-tri/co-quan/nhap`;
const HOLDINGS = `${CONSOLE}/chia-se/csdl/nhap`;
const csv = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

async function hands(page, file) {
  if (file) await page.setInputFiles("#tep", file);
  await page.locator("form[enctype]:has(#tep) button").click();
}

/// The file to be filled in, as somebody downloads it.
async function template(page, end) {
  const link = page.locator(`a[href$='mau?loai=${end}']`);
  const answer = await page.request.get(CONSOLE + (await link.getAttribute("href")));
  check(answer.ok(), `the template ${end}: ${answer.status()}`);
  return (await answer.body()).toString("utf8").trim();
}

async function agencies() {
  const page = await window();
  await signIn(page, "van-hanh");
  await page.goto(`${CONSOLE}/quan-tri/co-quan`);
  await page.locator("a[href$='/nhap']").click();
  await look(page, "import");
  const head = await template(page, "csv");
  const row = (code, name, from) => `${code},,${name},000.00.00.H17,${from},,,1/QĐ-UBND,,`;

  await hands(page, null);
  await page.locator(".govuk-error-summary", { hasText: "Chưa chọn tệp" }).waitFor();
  await hands(page, csv("co-quan.pdf", "x"));
  await page.locator(".govuk-error-summary", { hasText: "co-quan.pdf" }).waitFor();

  // Every bad row is named with its line and its remedy; nothing is written.
  const bad = [head, row("000.00.91.H17", "Đơn vị mẫu", "2026-01-01"), row("sai", "X <script>alert(1)</script>", "2026-01-01"), row("000.00.92.H17", "Y", "31/31/2026")];
  await hands(page, csv("co-quan.csv", `${bad.join("\n")}\n`));
  await page.locator(".govuk-error-summary").waitFor();
  const said = (await page.locator("tbody tr").allTextContents()).join("\n");
  check(/dòng 3, code/.test(said) && /dòng 4, valid_from/.test(said), `each bad row is named: ${said}`);
  check(await page.locator("button", { hasText: "Kiểm tra lại tệp co-quan.csv" }).isVisible(), "the file is kept");
  await look(page, "import");
  await page.locator("button", { hasText: "Kiểm tra lại tệp" }).click();
  await page.locator(".govuk-error-summary").waitFor();

  const good = [head, row("000.00.91.H17", "Đơn vị mẫu thứ nhất", "2026-01-01"), row("000.00.92.H17", "Đơn vị mẫu thứ hai", "01/01/2026")];
  await hands(page, csv("co-quan.csv", `${good.join("\n")}\n`));
  await page.locator("h2", { hasText: "Kết quả kiểm tra tệp co-quan.csv" }).waitFor();
  await look(page, "import");
  const before = await page.request.get(`${CONSOLE}/quan-tri/co-quan/000.00.91.H17`);
  check(before.status() === 404, `nothing is written before it is confirmed: ${before.status()}`);
  await page.locator("form[action$='/ghi'] button").click();
  await page.waitForURL(/xong\?dong=2&moi=2&sua=0/);
  await look(page, "import");
  await page.goto(`${CONSOLE}/quan-tri/co-quan/000.00.92.H17`);
  await page.locator("h1", { hasText: "Đơn vị mẫu thứ hai" }).waitFor();

  // The same again changes nothing, and says so.
  await page.goto(AGENCIES);
  await hands(page, csv("co-quan.csv", `${good.join("\n")}\n`));
  await page.locator(".govuk-inset-text").waitFor();
  check((await page.locator("form[action$='/ghi']").count()) === 0, "there is nothing to confirm");
}

async function inventory() {
  const page = await window({ script: false, width: 390 });
  await signIn(page, "quan-tri.h17");
  await page.goto(`${CONSOLE}/chia-se/csdl`);
  await page.locator("a[href$='/nhap']").click();
  check((await template(page, "xlsx")).startsWith("PK"), "the template is an Excel file");
  const entry = (code, owner) => ({ code, kind: "database", name: `CSDL mẫu ${code}`, owner, scope: "province", levels: ["province"], sharing: "platform" });
  const json = (list) => ({ name: "csdl.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(list)) });

  // What is not theirs is refused by name, and the rest with it.
  await hands(page, json([entry("MAU-1", "000.00.00.H17"), entry("MAU-2", "000.00.00.G01")]));
  await page.locator(".govuk-error-summary").waitFor();
  const said = await page.locator("tbody tr").allTextContents();
  check(said.length === 1 && said[0].includes("000.00.00.G01"), `what is out of reach is named: ${said}`);

  await hands(page, json([entry("MAU-1", "000.00.00.H17"), entry("MAU-3", "000.00.11.H17")]));
  await page.locator("form[action$='/ghi'] button").click();
  await page.waitForURL(/xong\?dong=2&moi=2/);
  await page.goto(`${CONSOLE}/chia-se/csdl/MAU-3`);
  check((await page.locator("h1").innerText()).includes("MAU-3"), "the entry is there");
}

/// Who may not learns it, and is shown no link.
async function others() {
  const page = await window({ width: 390, lang: "en" });
  await signIn(page, "kiem-toan");
  for (const list of ["/quan-tri/co-quan", "/chia-se/csdl"]) {
    await page.goto(CONSOLE + list);
    check((await page.locator("a[href$='/nhap']").count()) === 0, `${list}: no link for an auditor`);
  }
  await page.goto(HOLDINGS);
  await hands(page, { name: "csdl.json", mimeType: "application/json", buffer: Buffer.from("[]") });
  await page.locator(".govuk-error-summary", { hasText: "may not" }).waitFor();
  await look(page, "import");
}

await agencies();
await inventory();
await others();
finish("files were imported");
