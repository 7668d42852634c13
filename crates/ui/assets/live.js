// Pieces of pages that renew themselves, as long as their reader wants it.

for (const place of document.querySelectorAll("[data-stream]")) follow(place);

function follow(place) {
  const [piece, state, button] = ["[data-piece]", "[role=status]", "button"].map((one) => place.querySelector(one));
  let [source, waiting, paused] = [];

  // Heard by who does not see: so it says how it stands, never each figure.
  const say = (word) => {
    if (state.textContent !== place.dataset[word]) state.textContent = place.dataset[word];
  };

  // Nothing is taken away from under the hands of somebody who is in it.
  const put = () => {
    if (waiting === undefined) return;
    if (piece.contains(document.activeElement)) return say("held");
    const left = piece.querySelector(".lt-wide")?.scrollLeft ?? 0;
    piece.innerHTML = waiting;
    waiting = undefined;
    piece.querySelector(".lt-wide")?.scrollTo(left, 0);
    say("open");
  };

  const close = () => {
    source?.close();
    source = undefined;
  };

  const end = (word) => {
    close();
    paused = true;
    button.hidden = true;
    say(word);
  };

  const open = () => {
    if (source || paused || document.hidden) return;
    source = new EventSource(place.dataset.stream);
    source.addEventListener("open", () => say("open"));
    source.addEventListener("message", ({ data }) => {
      waiting = data;
      put();
    });
    source.addEventListener("het-phien", () => end("over"));
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) end("refused");
      else say("lost");
    });
  };

  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? button.dataset.goOn : button.dataset.pause;
    if (paused) {
      close();
      waiting = undefined;
      say("paused");
    } else open();
  });
  piece.addEventListener("focusout", () => setTimeout(put));
  // A page that nobody sees takes no connection; browsers have few.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  button.hidden = false;
  open();
}
