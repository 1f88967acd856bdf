// What the figure of chapters 5 to 8 draws: an attention map, and a beam search's tree.
"use strict";

(() => {
  const { element } = live;
  const { pathTo } = live.seq2seq;
  const texts = {
    start: "<sos>",
    node: (beginning, logProb) => `${beginning}: ${logProb}`,
    waits: (beginning) => `${beginning} (finished)`,
  };

  // Minus signs that are read and set as such.
  const number = (x, digits) => x.toFixed(digits).replace("-", "\u2212");

  // matplotlib's "Blues", the colours of the chapters' attention maps, from 0 to 1.
  const BLUES = [
    [247, 251, 255], [222, 235, 247], [198, 219, 239], [158, 202, 225],
    [107, 174, 214], [66, 146, 198], [33, 113, 181], [8, 81, 156], [8, 48, 107],
  ];
  const WHITE_FROM = 0.72; // weights whose colour is so dark that text on it is white

  function paint(cell, weight) {
    const place = Math.min(Math.max(weight, 0), 1) * (BLUES.length - 1);
    const k = Math.min(Math.floor(place), BLUES.length - 2);
    const colour = BLUES[k].map((x, i) => x + (place - k) * (BLUES[k + 1][i] - x));
    cell.style.background = `rgb(${colour.map(Math.round).join(" ")})`;
    cell.style.color = weight < WHITE_FROM ? "#000" : "#fff";
  }

  function unpaint(cell) {
    cell.style.background = cell.style.color = "";
  }

  // A word that can be pointed at, or reached by a key.
  function wordButton(word, lang) {
    return element("button", { type: "button", class: "live-word", lang }, word);
  }

  // One stop of the Tab key for all the buttons; arrow keys go from one to the next.
  function arrowKeys(buttons, back, on, show = () => {}) {
    buttons.forEach((one, k) => {
      one.tabIndex = k ? -1 : 0;
      one.addEventListener("focus", () => {
        buttons.forEach((other) => (other.tabIndex = other === one ? 0 : -1));
        show(k);
      });
      one.addEventListener("click", () => one.focus()); // Safari does not do it itself
      one.addEventListener("keydown", (event) => {
        const to = buttons[k + { [back]: -1, [on]: 1 }[event.key]];
        if (!to) return;
        event.preventDefault();
        to.focus();
      });
    });
  }

  // The attention map, a table drawn as figures.heat_map does: a row for each word that
  // was written, a column for each that was read. `weights` has a list for each row.
  function attentionMap(read, written, weights) {
    const columnWords = read.map((word) => wordButton(word));
    const rowWords = written.map((word) => wordButton(word, "es"));
    const cells = weights.map((row) =>
      Array.from(row, (weight) => {
        const cell = element("td", {}, number(weight, 2));
        paint(cell, weight);
        return cell;
      }),
    );

    // Show the weights of a row or of a column; the other words get their colours.
    function light(row, column) {
      cells.flat().forEach((cell) => cell.classList.remove("live-lit"));
      [...rowWords, ...columnWords].forEach(unpaint);
      cells.forEach((ofRow, i) => {
        ofRow.forEach((cell, j) => {
          if (i !== row && j !== column) return;
          cell.classList.add("live-lit");
          paint(i === row ? columnWords[j] : rowWords[i], weights[i][j]);
        });
      });
    }

    const heads = columnWords.map((word, j) => {
      const lightColumn = () => light(null, j);
      return element("th", { scope: "col", onmouseenter: lightColumn }, word);
    });
    const rows = rowWords.map((word, i) => {
      const head = element("th", { scope: "row" }, word);
      return element("tr", { onmouseenter: () => light(i, null) }, head, ...cells[i]);
    });
    arrowKeys(rowWords, "ArrowUp", "ArrowDown", (i) => light(i, null));
    arrowKeys(columnWords, "ArrowLeft", "ArrowRight", (j) => light(null, j));
    return element(
      "table", { class: "live-map" },
      element("thead", {}, element("tr", {}, element("td"), ...heads)),
      element("tbody", {}, ...rows),
    );
  }

  // A beam, its parent, and so on up to the start.
  function ancestors(beam) {
    return beam ? [beam, ...ancestors(beam.parent)] : [];
  }

  // The tree of a search, as in chapter 6: a list of steps, each with the beams that
  // were kept, and lines between them. `greedy` is the path of greedy search; wordOf
  // and sentenceOf say what a beam wrote last, and in all. Returns the tree, and a
  // function that chooses a beam, whose path is then drawn thick.
  function beamTree(levels, greedy, wordOf, sentenceOf) {
    const width = Math.max(...levels.map((level) => level.length));
    const svg = graphic("svg", {
      viewBox: `0 0 100 ${levels.length + 1}`, preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    const inTheEnd = new Set(levels.at(-1).flatMap(ancestors));
    const drawn = new Map(); // from beams to their item and line
    const middle = (k) => (100 * (k + 0.5)) / width;

    function draw(beam, k, step) {
      const above = step ? middle(levels[step - 1].indexOf(beam.parent)) : 50;
      const d = `M${above} ${step + 0.8} L${middle(k)} ${step + 1.2}`;
      const line = graphic("path", { d });
      const item = itemOf(beam, wordOf, sentenceOf);
      line.classList.toggle("live-greedy", isOn(greedy, beam));
      item.addEventListener("mouseenter", () => choose(beam));
      for (const part of [line, item]) {
        part.classList.toggle("live-dropped", !inTheEnd.has(beam));
      }
      svg.append(line);
      drawn.set(beam, [line, item]);
      return item;
    }

    function choose(beam) {
      const path = new Set(ancestors(beam));
      for (const [one, parts] of drawn) {
        for (const part of parts) part.classList.toggle("live-chosen", path.has(one));
        if (path.has(one)) svg.append(parts[0]); // above the other lines
      }
    }

    const items = levels.map((level, step) => {
      const beams = level.map((beam, k) => draw(beam, k, step));
      return element("li", {}, element("ul", {}, ...beams));
    });
    const root = element("li", { class: "live-root" }, texts.start);
    const list = element("ol", { class: "live-tree" }, root, ...items);
    const tree = element("div", { class: "live-trees" }, svg, list);
    tree.style.setProperty("--width", width);
    return { tree, choose };
  }

  function graphic(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach((pair) => made.setAttribute(...pair));
    return made;
  }

  // What stands in the tree for a beam: its last word, and the log-probability of all
  // its words. To a screen reader it is the whole beginning.
  function itemOf(beam, wordOf, sentenceOf) {
    const logProb = number(beam.logProb, 2);
    const shown = (tag, text) => element(tag, { "aria-hidden": "true" }, text);
    const [said, ...parts] = beam.isWaiting
      ? [texts.waits(sentenceOf(beam)), shown("span", "⋮")]
      : [
          texts.node(sentenceOf(beam), logProb),
          shown("span", wordOf(beam)), shown("small", logProb),
        ];
    return element("li", {}, element("span", { class: "live-hidden" }, said), ...parts);
  }

  // Whether a beam is on the path of greedy search.
  function isOn(greedy, beam) {
    if (beam.isWaiting) return false;
    return pathTo(beam).every(({ id }, k) => id === greedy[k]?.id);
  }

  live.drawings = { attentionMap, beamTree, wordButton, arrowKeys, number };
})();
