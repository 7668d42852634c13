// What somebody might type, name a file or send by a program so that another person's browser does it: it stays text.
//
// It goes in by every form, every parameter of an address, every import of the registry and the headers of calls; then every
// page is looked at that shows it, and every table that leaves the console.

import { readFileSync } from "node:fs";
import { CONSOLE, check, fail, finish, signIn, window } from "./browser.mjs";
import { kind, reachable } from "./walk.mjs";

const FACTS = JSON.parse(readFileSync(process.env.FACTS, "utf8"));
const API = FACTS.registry.api;
const SERVICE = FACTS.story.service;
const CITY = "000.00.00.H17";
const MARK = "data-hostile";
// A spreadsheet takes what begins so for a formula; what stands in many places must be short.
const FORMULA = `=HYPERLINK("http://evil.example";"x")`;
const BREAKS_OUT = `"><img src=x ${MARK} onerror=alert(1)>`;
const HOSTILE = [
  FORMULA,
  BREAKS_OUT,
  `'><svg/onload=alert(2) ${MARK}>`,
  `</textarea></title></script><script ${MARK}>alert(3)</script>`,
  "javascript:alert(4)",
  "{{6007*6011}}${6007*6011}<%=6007*6011%>",
  `" autofocus onfocus=alert(5) ${MARK} x="`,
  `&lt;b ${MARK}&gt;`,
  "\u202Egnp.exe\u2066",
];
const ALL = HOSTILE.join(" ");
const NUL = `\u0000${BREAKS_OUT}`;
const FILE = { name: `=1+1${BREAKS_OUT}.pdf`, mimeType: "text/html", buffer: Buffer.from(`<script ${MARK}>alert(7)</script>`) };

/// What a document has that it would not have if all had stayed text.
function poison(document, mark) {
  const found = [...document.querySelectorAll(`[${mark}], [onerror], [onload], [onfocus], [onmouseover], script:not([src]), base, iframe, object, embed`)];
  const addresses = ["href", "src", "action", "formaction", "hx-get", "hx-post", "xlink:href"];
  const runs = (one) => addresses.some((name) => /^\s*(javascript|vbscript|data:text)/i.test(one.getAttribute(name) ?? ""));
  found.push(...[...document.querySelectorAll("*")].filter(runs));
  const text = document.body?.textContent ?? "";
  return [...found.map((one) => one.outerHTML.slice(0, 120)), ...(text.includes("36108077") ? ["a template was computed"] : [])];
}

const people = {};

/// A window in which nothing may happen by itself.
async function guarded() {
  const page = await window();
  page.on("dialog", async (dialog) => {
    fail(`${page.url()}: a dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("response", (answer) => check(answer.status() < 500, `${answer.url()}: ${answer.status()}`));
  await page.exposeFunction("violated", (what) => fail(`${page.url()}: against the policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => window.violated(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.addInitScript(`window.poison = ${poison}`);
  return page;
}

/// Somebody's window, and the token of their session.
async function open(id) {
  const page = await guarded();
  await signIn(page, id);
  const { value } = (await page.context().cookies()).find((one) => one.name === "lienthong");
  people[id] = { page, token: value };
}

async function clean(page, where) {
  for (const found of await page.evaluate((mark) => window.poison(document, mark), MARK)) fail(`${where}: ${found}`);
}

/// Asks the API; an import, or what only programs do.
async function api(id, method, path, body, { type = "application/json", seen } = {}) {
  const headers = { Authorization: `Bearer ${people[id].token}`, "Content-Type": type };
  if (seen) headers["If-Match"] = (await fetch(`${API}${seen}`, { headers })).headers.get("etag");
  const sent = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const answer = await fetch(`${API}${path}`, { method, headers, body: sent });
  check(answer.status < 500, `${method} ${path}: ${answer.status}`);
  return answer;
}

/// As above, for what must be taken.
async function taken(...asked) {
  const answer = await api(...asked);
  const text = await answer.text();
  check(answer.ok, `${asked.slice(0, 3)}: ${answer.status} ${text.slice(0, 400)}`);
  return answer.ok && text ? JSON.parse(text) : {};
}

/// The registry's imports and everything else that comes from programs. Gives the pages that show it.
async function byPrograms() {
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  const agency = "000.98.11.H17";
  const lines = [`code,name,parent,valid_from,legal_basis,note`, [agency, quoted(ALL), CITY, "2025-07-01", quoted(ALL), quoted(ALL)].join(",")];
  await taken("van-hanh", "POST", "/agencies/import", lines.join("\n"), { type: "text/csv" });

  const holding = (code) => ({
    code, kind: "database", name: ALL, owner: CITY, scope: "province", levels: ["province"], sharing: "platform",
    objects: [{ object: "ho-gia-dinh", fields: ["chuHo"] }], legal_basis: ALL,
  });
  await taken("kiem-ke", "POST", "/holdings/import?format=json", [holding("CSDL-DOC-01")]);
  const csv = await (await api("kiem-ke", "GET", "/holdings/export?format=csv")).text();
  const [head, ...rows] = csv.split(/\r?\n/);
  // The same under another code, which has no version yet.
  const row = rows.find((one) => one.startsWith("CSDL-DOC-01")).replace("CSDL-DOC-01", "CSDL-DOC-02").replace(/,\d+$/, ",");
  await taken("kiem-ke", "POST", "/holdings/import?format=csv", `${head}\n${row}`);
  const xlsx = new Uint8Array(await (await api("kiem-ke", "GET", "/holdings/export?format=xlsx")).arrayBuffer());
  await taken("kiem-ke", "POST", "/holdings/import?format=xlsx", xlsx);

  const property = { type: "string", title: ALL, description: ALL, example: ALL };
  const answer = { description: ALL, content: { "application/json": { schema: { type: "object", properties: { hoTen: property, o: property } } } } };
  const openapi = {
    openapi: "3.1.1", info: { title: ALL, description: ALL, version: "1.0.0", contact: { name: ALL, url: "javascript:alert(4)" } },
    externalDocs: { url: "javascript:alert(4)", description: ALL },
    paths: { "/doc": { get: { summary: ALL, description: ALL, operationId: "doc", parameters: [{ name: "q", in: "query", description: ALL, schema: property }], responses: { 200: answer } } } },
  };
  const service = "VN-DEMO/GOV/G01/DANCU/doc-hai";
  await taken("quan-tri.g01", "PUT", `/services/${service}`, {
    id: service, owner: "000.00.00.G01", title: { vi: ALL, en: ALL }, summary: { vi: ALL, en: ALL }, data_class: "internal", sharing: "on_request", legal_basis: ALL, openapi,
  });
  await taken("quan-tri.g01", "POST", `/services/${service}/publish`, { version: "1.0.0" }, { seen: `/services/${service}` });

  const contacts = (duty) => ["business", "technical", "security"].map((one) => ({ [duty]: one, name: ALL, phone: BREAKS_OUT, email: BREAKS_OUT }));
  const system = { change: "put_subsystem", id: "VN-DEMO/GOV/H17/DOC", name: "Hệ thống thử" };
  await taken("quan-tri.h17", "POST", "/directory/changes", { changes: [system] });
  const request = await taken("quan-tri.h17", "POST", "/requests", {
    consumer: "VN-DEMO/GOV/H17/DOC", agency: CITY, service, reason: ALL,
    contacts: contacts("kind"),
    terms: { fields: ["hoTen"], purposes: ["doc"], legal_basis: ALL },
  });
  const thing = `/requests/${request.id}`;
  const about = new URLSearchParams({ item: "technical_registration", name: FILE.name, number: BREAKS_OUT });
  await taken("quan-tri.h17", "POST", `${thing}/attachments?${about}`, FILE.buffer, { type: "text/html", seen: thing });
  const filing = await taken("an-ninh.h17", "POST", "/gate/filings", {
    party: FACTS.consumer.client, item: "contacts", number: BREAKS_OUT, issued_on: "2026-11-01", contacts: contacts("duty"),
  });
  const proposal = await taken("van-hanh", "POST", "/directory/changes", { changes: [{ change: "put_member", id: "VN-DEMO/GOV/H01", name: ALL }], note: ALL });
  const facts = { detected: 1_795_000_000_000_000, description: ALL, severity: "serious", personal_data: false, parties: [FACTS.consumer.client] };
  const incident = await taken("an-ninh.h17", "POST", "/incidents", { agency: CITY, facts });
  await taken("an-ninh.h17", "POST", `/incidents/${incident.id}/measures`, { text: ALL }, { seen: `/incidents/${incident.id}` });
  const grant = "/grants/QK-2026-000001";
  await taken("du-lieu.g01", "POST", `${grant}/suspend`, { reason: ALL }, { seen: grant });
  return [
    `/quan-tri/co-quan/${agency}`, "/quan-tri/co-quan?q=hyperlink", "/chia-se/csdl/CSDL-DOC-01", "/chia-se/csdl/CSDL-DOC-02", `/dich-vu/${service}`,
    "/dich-vu?q=hyperlink", `/ket-noi/${request.id}`, `/ket-noi/${request.id}/bien-ban`, `/cong-an-toan/ho-so/${filing.id}`,
    `/quan-tri/danh-ba/de-nghi/${proposal.id}`, `/quan-tri/su-co/${incident.id}`, "/quyen/QK-2026-000001",
  ];
}

/// Calls whose headers stand in the records. Gives the page of one that was answered.
async function byCalls() {
  const url = `${FACTS.consumer.ask_base}/r1/${FACTS.services.find((one) => one.endsWith("tra-cuu-cong-dan"))}/${FACTS.sample.soDinhDanh}`;
  const headers = { "X-Road-Client": FACTS.consumer.client, "X-Road-Id": BREAKS_OUT };
  const plain = await fetch(url, { headers });
  check(plain.status === 200, `a call is answered whatever its number: ${plain.status} ${plain.headers.get("lienthong-error")}`);
  const more = ["Lienthong-Purpose", "Lienthong-Legal-Basis", "X-Road-UserId", "X-Road-Issue", "X-Road-Represented-Party"];
  for (const name of more) await fetch(url, { headers: { ...headers, [name]: BREAKS_OUT } });
  await fetch(`${url}/${encodeURIComponent(BREAKS_OUT)}?${encodeURIComponent(BREAKS_OUT)}`, { headers });
  await fetch(url, { headers: { ...headers, "X-Road-Client": BREAKS_OUT } });
  return [`/chung-cu/cuoc-goi?id=${encodeURIComponent(BREAKS_OUT)}`, `/chung-cu?tim=${encodeURIComponent(BREAKS_OUT)}`, "/chung-cu", "/giam-sat/truc-tiep"];
}

/// Fills a form of the page and sends it; false where there is no such form.
async function sends(page, place, text) {
  const forms = page.locator("main form");
  if ((await forms.count()) <= place) return false;
  const form = forms.nth(place);
  const files = form.locator("input[type=file]");
  if (await files.count()) await files.first().setInputFiles(FILE);
  // A list that narrows while somebody types is not loaded anew.
  const narrows = await form.evaluate((form) => form.hasAttribute("hx-get"));
  const loaded = narrows ? page.waitForResponse((answer) => answer.request().headers()["hx-request"]) : page.waitForEvent("domcontentloaded");
  await form.evaluate((form, text) => {
    form.noValidate = true;
    for (const one of form.elements) {
      if (one.type === "radio" || one.type === "checkbox") one.checked = true;
      else if (one.tagName === "TEXTAREA") one.value = text;
      else if (one.tagName === "INPUT" && !["hidden", "file", "submit"].includes(one.type)) {
        one.type = "text";
        one.value = text;
      }
    }
    form.requestSubmit(form.querySelector("button:last-of-type, input[type=submit]"));
  }, text);
  await loaded;
  return true;
}

/// The pages that strangers see.
async function byStrangers() {
  const page = await guarded();
  for (const path of [`/dang-nhap?den=${encodeURIComponent(ALL)}`, `/dang-nhap?den=/${encodeURIComponent(BREAKS_OUT)}`, `/${encodeURIComponent(ALL)}`]) {
    await page.goto(CONSOLE + path);
    await clean(page, path);
    await sends(page, 0, ALL);
    await clean(page, `${path} (sent)`);
  }
}

/// The questions of a request, whose draft keeps what was answered.
async function byQuestions() {
  const { page } = people["quan-tri.h17"];
  await page.goto(`${CONSOLE}/ket-noi/moi?dich-vu=${SERVICE}`);
  await page.locator("form[action='/ket-noi/moi'] button").click();
  const draft = page.url().replace(/[^/]*$/, "");
  for (const question of ["co-quan", "he-thong", "truong", "muc-dich", "can-cu", "han-muc", "dau-moi"]) {
    for (const text of [NUL, ALL]) {
      await page.goto(draft + question);
      check(await sends(page, 0, text), `${question} is asked`);
      await clean(page, question);
    }
    await page.goto(draft + question);
    await clean(page, `${question} (kept)`);
  }
}

/// A database whose names, remarks and rows somebody else wrote.
async function byDatabase() {
  const { page } = people["quan-tri.g01"];
  await page.goto(`${CONSOLE}/chia-se/nguon`);
  for (const text of [NUL, ALL]) {
    await sends(page, 0, text);
    await clean(page, "the address of a database");
  }
  await page.fill("#dia-chi", process.env.DATABASE);
  await page.fill("#mat-khau", process.env.PASSWORD);
  await page.locator("main form button").first().click();
  await page.waitForURL(/nguon\/[0-9a-f]+$/);
  const desk = page.url();
  await clean(page, "tables of a database");
  check((await page.locator("main").textContent()).includes("onerror=alert(1)"), "the names of tables are shown");
  for (const text of [NUL, ALL]) {
    await sends(page, 0, text);
    await clean(page, "a table that there is not");
  }
  await page.goto(desk);
  await page.locator("label", { hasText: "hon_nhan" }).first().click();
  await page.fill("#dich-vu", "DANCU/doc-ba");
  await page.locator("main form button").first().click();
  await page.waitForURL(/dinh-nghia/);
  await clean(page, "rows of a database");
  check((await page.locator("main").textContent()).includes("onerror=alert(1)"), "rows or remarks are shown");
  for (let place = 0; await sends(page, place, ALL); place += 1) {
    await clean(page, `form ${place} of a definition`);
    await page.goBack();
  }
}

const tried = new Set();
const asked = new Map();

/// Every form of every page that somebody reaches, each kind once.
async function byForms(id) {
  const { page } = people[id];
  for await (const path of reachable(page, { each: 1, name: id, changing: true })) {
    await clean(page, `${id} ${path}`);
    const forms = await page.$$eval("main form", (all) => all.map((one) => `${one.method} ${new URL(one.action).pathname}`));
    const names = await page.$$eval("main form[method=get] [name], main a[href*='?']", (all) =>
      all.flatMap((one) => (one.name ? [one.name] : [...new URL(one.href).searchParams.keys()])));
    asked.set(path.split("?")[0], { id, names: [...new Set([...names, "xong", "tiep", "trang"])] });
    for (const [place, form] of forms.entries()) {
      const of = form.replace(/ .*/, (address) => ` ${kind(address.slice(1))}`);
      if (tried.has(of)) continue;
      tried.add(of);
      for (const text of [NUL, ALL]) {
        await page.goto(CONSOLE + path);
        try {
          if (await sends(page, place, text)) await clean(page, `${id} ${form} (sent)`);
        } catch (error) {
          fail(`${id} ${path} ${form}: ${error.message}`);
        }
      }
    }
  }
}

/// Every parameter of every page that was reached, alone and together; and every part of an address that names a thing.
async function byAddresses() {
  for (const [path, { id, names }] of asked) {
    const { page } = people[id];
    const value = encodeURIComponent(ALL);
    await page.goto(`${CONSOLE}${path}?${names.map((name) => `${name}=${value}`).join("&")}`);
    await clean(page, `${id} ${path}?${names}`);
    const alone = names.map((name) => `${path}?${name}=${encodeURIComponent(BREAKS_OUT)}`);
    const named = path.replace(/[^/]*[A-Z0-9][^/]*$/, value);
    if (named !== path) alone.push(named);
    const found = await page.evaluate(readsThem, { addresses: alone, mark: MARK });
    found.forEach((one) => fail(`${id} ${one}`));
  }
}

/// In the page: fetches addresses and looks at them as documents that run nothing.
async function readsThem({ addresses, mark }) {
  const found = [];
  for (const address of addresses) {
    const answer = await fetch(address);
    if (answer.status >= 500) found.push(`${address}: ${answer.status}`);
    const read = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.push(...window.poison(read, mark).map((one) => `${address}: ${one}`));
  }
  return found;
}

/// The cells of a table as spreadsheets read it (RFC 4180).
function cells(csv) {
  const found = csv.replace(/^\uFEFF/, "").matchAll(/(?:^|[,\r\n])("(?:[^"]|"")*"|[^,\r\n]*)/g);
  return [...found].map(([, cell]) => cell.replace(/^"|"$/g, "").replaceAll('""', '"'));
}

/// Tables that people open in a spreadsheet: what they had typed is no formula there.
async function inTables() {
  const { page } = people["van-hanh"];
  for (const path of ["/quan-tri/co-quan.csv", "/quan-tri/nhat-ky.csv", "/chia-se/csdl.csv"]) {
    const csv = await page.evaluate(async (path) => (await fetch(path)).text(), path);
    const computed = cells(csv).filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell));
    check(computed.length === 0, `${path}: a spreadsheet computes ${computed.slice(0, 3)}`);
    check(path.includes("nhat-ky") || csv.includes("HYPERLINK"), `${path} has what was typed`);
  }
  const report = await api("van-hanh", "GET", `/security-reports/${CITY}/2026?format=csv`);
  const computed = cells(await report.text()).filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell));
  check(computed.length === 0, `the security report: a spreadsheet computes ${computed.slice(0, 3)}`);
}

/// The document that somebody handed in is saved, never shown.
async function isSaved(request) {
  const { page } = people["quan-tri.h17"];
  await page.goto(`${CONSOLE}${request}`);
  const file = await page.locator("a[href*='/tep/']").first().getAttribute("href");
  const [how, sniff] = await page.evaluate(async (file) => {
    const { headers } = await fetch(file);
    return [headers.get("content-disposition"), headers.get("x-content-type-options")];
  }, file);
  check(how?.startsWith("attachment") && sniff === "nosniff" && !/[\r\n]/.test(how), `${file}: ${how} ${sniff}`);
}

for (const id of ["van-hanh", "kiem-ke", "quan-tri.h17", "an-ninh.h17", "du-lieu.g01", "quan-tri.g01"]) await open(id);
const shown = [...(await byPrograms()), ...(await byCalls())];
const { page } = people["van-hanh"];
for (const path of shown) {
  await page.goto(CONSOLE + path);
  await clean(page, path);
  const text = await page.evaluate(() => document.querySelector("main").textContent);
  check(text.includes("onerror=alert(1)"), `${path} shows what was sent, as text`);
}
await isSaved(shown.find((path) => /^\/ket-noi\/[^/]+$/.test(path)));
await byStrangers();
await byQuestions();
await byDatabase();
for (const id of ["quan-tri.h17", "an-ninh.h17", "du-lieu.g01", "van-hanh"]) await byForms(id);
check(tried.size > 20, `only ${tried.size} kinds of forms were sent: ${[...tried]}`);
await byAddresses();
// What the forms stored, as others see it.
for await (const path of reachable(page, { each: 1, name: "van-hanh" })) await clean(page, path);
await inTables();
finish(`${tried.size} kinds of forms, ${asked.size} pages: all stayed text`);
