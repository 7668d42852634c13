// The hand that works the pages, in one of three ways: with the mouse, with the keyboard alone, or with the mouse in a
// browser that runs no scripts. A journey is written once and does not know which of them leads it.

import { readFileSync } from "node:fs";
import { CONSOLE, check, person, window } from "./browser.mjs";

export const WAYS = ["mouse", "keyboard", "no-scripts"];
/// Stops of the Tab key after which something counts as out of reach.
const STOPS_MAX = 500;
/// Any small file that somebody may hand in.
const PAPER = { name: "van-ban.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 sample") };

/// The people of one way; each signs in once, in a window of their own.
export function crew(way, how = {}) {
  const hands = new Map();
  const as = (id) => hands.get(id) ?? hands.set(id, signedIn(id, way, how)).get(id);
  return { way, as };
}

async function signedIn(id, way, how) {
  const hand = new Hand(await window({ script: way !== "no-scripts", ...how }), way);
  await hand.goto("/dang-nhap");
  await hand.fill("#ten", id);
  await hand.fill("#mat-khau", person(id).password);
  await hand.press("main form button");
  check(!hand.path().startsWith("/dang-nhap"), `${id} is signed in`);
  return hand;
}

class Hand {
  constructor(page, way) {
    this.page = page;
    this.way = way;
  }

  /// Where the hand is.
  path() {
    return new URL(this.page.url()).pathname;
  }

  /// Goes to an address, as a message names one.
  async goto(path) {
    await this.page.goto(CONSOLE + path);
  }

  async count(what) {
    return this.page.locator(what).count();
  }

  async text(what) {
    return (await this.at(what).innerText()).trim();
  }

  async texts(what) {
    return (await this.page.locator(what).allInnerTexts()).map((text) => text.trim());
  }

  /// Follows a link.
  async open(what) {
    await this.#leads(() => this.#uses(this.at(what), "Enter"));
  }

  /// Presses a button that sends its form.
  async press(what) {
    await this.#leads(() => this.#uses(this.at(what), "Space"));
  }

  /// Opens what is folded.
  async unfold(what) {
    await this.#uses(this.at(what), "Enter");
  }

  async fill(what, text) {
    const field = this.at(what);
    if (this.way !== "keyboard") {
      await field.click();
      return field.fill(text);
    }
    await this.#reach(field);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.press("Delete");
    // Long texts come from a clipboard.
    return text.length > 20 ? this.page.keyboard.insertText(text) : this.page.keyboard.type(text);
  }

  /// Ticks a box, or one of several round ones; `false` takes the tick away.
  async check(what, ticked = true) {
    const box = this.at(what);
    if (this.way !== "keyboard") return box.setChecked(ticked);
    await this.#reach(box);
    if ((await box.isChecked()) !== ticked) await this.page.keyboard.press("Space");
    check((await box.isChecked()) === ticked, `${what}: ticked by keyboard: ${ticked}`);
  }

  async choose(what, value) {
    const list = this.at(what);
    if (this.way !== "keyboard") return list.selectOption(value);
    await this.#reach(list);
    await this.page.keyboard.press("Home");
    for (let left = STOPS_MAX; left > 0 && (await list.inputValue()) !== value; left -= 1)
      await this.page.keyboard.press("ArrowDown");
    check((await list.inputValue()) === value, `${what}: ${value} is chosen by keyboard`);
  }

  /// Chooses a file.
  async attach(what, file = PAPER) {
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), this.#uses(this.at(what), "Space")]);
    await chooser.setFiles(file);
  }

  /// Follows a link to a file: its bytes.
  async download(what) {
    const [file] = await Promise.all([this.page.waitForEvent("download"), this.#uses(this.at(what), "Enter")]);
    return readFileSync(await file.path());
  }

  at(what) {
    return this.page.locator(what).first();
  }

  async #uses(thing, key) {
    if (this.way !== "keyboard") return thing.click();
    await this.#reach(thing);
    return this.page.keyboard.press(key);
  }

  async #leads(act) {
    const main = this.page.mainFrame();
    await Promise.all([this.page.waitForEvent("framenavigated", (frame) => frame === main), act()]);
    await this.page.waitForLoadState();
  }

  /// Moves the focus to something with the Tab key, within round boxes with the arrows, and looks whether it can be seen there.
  async #reach(thing) {
    const wanted = await thing.elementHandle();
    const keys = this.page.keyboard;
    if (await wanted.evaluate(isFocused)) await keys.press("Shift+Tab");
    const before = await wanted.evaluate(drawn);
    for (let left = STOPS_MAX; left > 0 && !(await wanted.evaluate(isReached)); left -= 1) {
      // A list that has just come anew has other elements.
      if (!(await wanted.evaluate((element) => element.isConnected))) return this.#reach(thing);
      await keys.press("Tab");
    }
    for (let left = STOPS_MAX; left > 0 && !(await wanted.evaluate(isFocused)); left -= 1) await keys.press("ArrowDown");
    if (!(await wanted.evaluate(isFocused))) throw new Error(`${thing} cannot be reached by keyboard`);
    check((await wanted.evaluate(drawn)) !== before, `${thing} on ${this.path()}: the focus cannot be seen`);
  }
}

function isFocused(element) {
  return document.activeElement === element;
}

/// The Tab key stops once for round boxes of one name.
function isReached(element) {
  const at = document.activeElement;
  return at === element || (element.type === "radio" && at.type === "radio" && at.name === element.name && at.form === element.form);
}

/// What shows that something has the focus.
function drawn(element) {
  const style = (of, part) => {
    const { outline, outlineStyle, border, borderWidth, boxShadow, backgroundColor } = getComputedStyle(of, part);
    // A line that is not there has a colour, too.
    return [outlineStyle === "none" ? "" : outline, borderWidth === "0px" ? "" : border, boxShadow, backgroundColor];
  };
  // Boxes are drawn by their labels.
  return JSON.stringify([style(element), [...(element.labels ?? [])].map((label) => style(label, "::before"))]);
}
