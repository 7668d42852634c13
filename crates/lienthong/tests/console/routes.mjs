// Which pages the console has, read from its sources, so that none is forgotten.

import { readFileSync, readdirSync } from "node:fs";

/// What a GET answers with where it is no page, and why.
const NO_PAGES = {
  "/": "leads to the work or to the figures",
  "/ngon-ngu/{tag}": "leads back, in the other language",
  "/ket-noi/nhap/{draft}": "leads to the next question",
  "/cong-an-toan/ho-so/{id}/xet": "leads back, when a form's address is opened",
  "/cong-an-toan/ho-so/{id}/rut": "leads back, when a form's address is opened",
  "/tep/{name}": "a file",
  "/quan-tri/nhat-ky.csv": "a file",
  "/quan-tri/co-quan.csv": "a file",
  "/chia-se/csdl.csv": "a file",
  "/chia-se/csdl.xlsx": "a file",
  "/giam-sat/ban-do.svg": "a picture",
  "/cong-an-toan/bao-cao": "a file",
  "/cong-an-toan/ho-so/{id}/tep": "a file",
  "/ket-noi/{id}/tep/{sha256}": "a file",
  "/chung-cu/tep": "a file",
  "/giam-sat/dong": "a stream of figures",
  "/giam-sat/truc-tiep/dong": "a stream of figures",
  "/quan-tri/co-quan/nhap/mau": "a file",
  "/chia-se/csdl/nhap/mau": "a file",
  "/dich-vu/{instance}/{class}/{member}/{subsystem}/{service}/openapi": "a file",
};

/// Pages that look different at one address: by a member of the query, or by a part of the path.
const APART = {
  "/giam-sat/tu-choi": (url) => (url.searchParams.has("chu-quan") ? "chu-quan" : ""),
  "/quan-tri/danh-ba/khac-nhau": (url) => (url.searchParams.has("tu") ? "tu" : ""),
  "/ket-noi/nhap/{draft}/{question}": (url) => url.pathname.split("/").pop(),
};

const ROUTES = readdirSync(process.env.PAGES, { recursive: true })
  .filter((file) => file.endsWith(".rs") && !file.endsWith("tests.rs"))
  .flatMap((file) => routes(readFileSync(`${process.env.PAGES}/${file}`, "utf8"), file))
  .sort((one, other) => params(one) - params(other));

/// The pages that must be looked at.
export const PAGES = ROUTES.filter((route) => !(route in NO_PAGES));
for (const route of Object.keys({ ...NO_PAGES, ...APART }))
  if (!ROUTES.includes(route)) throw new Error(`${route} is named here, and the console has none`);

/// Which page an address shows: its route, and what tells it from others of that route; nothing for what is no page.
export function kindOf(address) {
  const url = new URL(address, "http://console/");
  const route = ROUTES.find((one) => new RegExp(`^${one.replace(/\./g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`).test(url.pathname));
  if (!route || route in NO_PAGES) return "";
  return `${route} ${APART[route]?.(url) ?? ""}`.trim();
}

function params(route) {
  return (route.match(/\{/g) ?? []).length;
}

/// The addresses of a file's routes that answer a GET.
function routes(source, file) {
  const names = Object.fromEntries([...source.matchAll(/(?:const|let) (\w+)(?:: &str)? = "([^"]*)";/g)].map(([, name, value]) => [name, value]));
  return [...source.matchAll(/\.route\(\s*([^\s][^,]*),\s*(\w+)/g)].flatMap(([, written, answers]) => {
    const [, text] = written.match(/^(?:&format!\()?"([^"]*)"\)?$/) ?? [null, names[written]];
    if (!text) throw new Error(`${file}: which address is ${written}?`);
    return answers === "post" ? [] : [text.replace(/\{(\w+)\}/g, (whole, name) => names[name] ?? whole)];
  });
}
