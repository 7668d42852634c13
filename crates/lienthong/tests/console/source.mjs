// Somebody makes a data service of a database, in the browser alone.

import { CONSOLE, check, finish, look, signIn, window } from "./browser.mjs";

const page = await window();
await signIn(page, "quan-tri.g01");
await page.goto(`${CONSOLE}/chia-se`);
await page.locator("a[href='/chia-se/nguon']").first().click();
await page.fill("#dia-chi", "sqlite:/etc/passwd");
await page.locator("main form button").first().click();
await page.locator(".govuk-error-summary").waitFor(); // Files of the node are not looked at.
check((await page.inputValue("#dia-chi")) === "sqlite:/etc/passwd", "what was typed is kept");
await page.fill("#dia-chi", process.env.DATABASE);
await page.fill("#mat-khau", process.env.PASSWORD);
await page.locator("main form button").first().click();
await page.waitForURL(/nguon\/[0-9a-f]+$/);
await page.locator("label", { hasText: "ket_hon" }).first().click();
await page.fill("#dich-vu", "DANCU/ket-hon");
await look(page, "source");
await page.locator("main form button").first().click();
await page.waitForURL(/dinh-nghia/);
check(!(await page.content()).includes(process.env.PASSWORD), "the password is not shown again");
const rows = await page.locator("table tbody tr").allTextContents();
check(rows.length > 0 && rows.every((row) => row.includes("*")), `personal values are masked: ${rows[0]}`);
await look(page, "source");
const text = await page.inputValue("#dinh-nghia");
await page.fill("#dinh-nghia", text.replace(/^url = .*$/m, 'url = "postgres://somewhere.example/else"'));
await page.locator("form[action$='/dinh-nghia'] button").click();
await page.locator(".govuk-error-summary").waitFor(); // Another database is refused.
await page.fill("#dinh-nghia", text);
await page.locator("form[action$='/dinh-nghia'] button").click();
await page.locator("table tbody tr").first().waitFor();
await page.fill("#can-cu", "Điều 7 Nghị định 278/2025/NĐ-CP");
await page.check("#loai-1");
await page.locator("form[action$='/cong-bo'] button").click();
await page.waitForURL(/dich-vu\/VN-DEMO\/GOV\/G01\/DANCU\/ket-hon/);
await look(page, "source");

// Who has no say gets no desk.
const other = await window();
await signIn(other, "kiem-toan");
await other.goto(`${CONSOLE}/chia-se/nguon`);
await other.fill("#dia-chi", process.env.DATABASE);
await other.locator("main form button").first().click();
await other.locator("h1", { hasText: "thẩm quyền" }).waitFor(); // An auditor publishes nothing.
finish("a table became a service");
