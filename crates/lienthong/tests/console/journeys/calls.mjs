// Somebody sees a call pass, finds it by its number, reads what proves it, verifies that, and takes it along.

import { FACTS, check, eventually } from "../browser.mjs";

export default async function calls({ as, way }) {
  const [owner, id] = [await as("du-lieu.g01"), `hanh-trinh-${way}`];
  const { consumer, purpose, service } = FACTS.story;
  const headers = { "X-Road-Client": consumer, "Lienthong-Purpose": purpose, "X-Road-Id": id };
  const answer = await fetch(`${FACTS.consumer.ask_base}/r1/${service}/${FACTS.sample.soDinhDanh}`, { headers });
  check(answer.status === 200, `the call: ${answer.status} ${answer.headers.get("lienthong-error")}`);

  await owner.goto("/giam-sat");
  await owner.open("a[href='/giam-sat/truc-tiep']");
  await eventually(async () => {
    await owner.goto("/giam-sat/truc-tiep");
    return (await owner.text("main")).includes(id);
  }, `${id} among the calls as they pass`);
  await owner.open("nav a[href='/chung-cu']");
  await owner.fill("#tim", id);
  await owner.press("form[action='/chung-cu'] button");
  check((await owner.count("tbody tr")) === 1, "one call has this number");
  await owner.open("tbody a.lt-code");
  const record = await owner.page.content();
  check(record.includes(id) && !record.includes(FACTS.sample.soDinhDanh), "the record names the call and no person");
  await owner.unfold("details summary");
  await eventually(() => owner.at("details pre").isVisible(), "what was signed can be read");
  const evidence = JSON.parse(await owner.download("a[href^='/chung-cu/tep']"));
  check(evidence.records.length === 2, "the evidence has both records");
  await owner.open("a[href^='/chung-cu/kiem-tra']");
  check((await owner.count(".govuk-panel--confirmation")) === 1, "the evidence holds");
}
