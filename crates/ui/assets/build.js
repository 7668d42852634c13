// Builds what the binary embeds into dist/: one style sheet, fonts, scripts, the shapes of the provinces.

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import vietnam from "@svg-maps/vietnam";
import * as sass from "sass";

const out = "dist";
rmSync(out, { recursive: true, force: true });
mkdirSync(out);

const { css } = sass.compile("console.scss", {
  loadPaths: ["node_modules"],
  style: "compressed",
  quietDeps: true,
});
writeFileSync(`${out}/console.css`, css);

for (const subset of ["vietnamese", "latin"])
  for (const weight of [400, 700]) {
    const name = `be-vietnam-pro-${subset}-${weight}-normal.woff2`;
    copyFileSync(`node_modules/@fontsource/be-vietnam-pro/files/${name}`, `${out}/${name}`);
  }
copyFileSync("node_modules/htmx.org/dist/htmx.min.js", `${out}/htmx.js`);
for (const own of ["console.js", "live.js"]) copyFileSync(own, `${out}/${own}`);

// CC BY 4.0: its source is named on the page that shows it.
const { viewBox, locations } = vietnam;
const provinces = locations.map(({ id, path }) => ({ id, path }));
writeFileSync(`${out}/provinces.json`, JSON.stringify({ viewBox, provinces }));
