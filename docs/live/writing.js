// The figure of chapters 1 and 9: type a beginning, and a network goes on writing.
"use strict";

(() => {
  const { element, slider, range, choice, labelled, button, messageLine, bar } = live;

  // The networks in the order in which they are offered, if their weights are loaded.
  const networks = {
    "01_char_rnn": () => new live.CharRNN("01_char_rnn"),
    "09_gpt": () => new live.GPT("09_gpt"),
  };
  const texts = {
    networks: {
      "01_char_rnn": "GRU on characters (chapter 1)",
      "09_gpt": "GPT on tokens (chapter 9)",
    },
    network: "Network",
    beginning: "Beginning",
    temperature: "Temperature",
    topK: "Top-k",
    all: "all",
    seed: "Seed",
    step: "Look back",
    next: (unit) => `Write one ${unit}`,
    write: (n, unit) => `Write ${n} ${unit}s`,
    stop: "Stop",
    again: "Start again",
    written: "Written text",
    caption: (before) => `The most likely choices after “${before}”`,
    columns: ["choice", "probability"],
    drawn: "drawn",
    stepShown: (k, n) => (k === n ? "what may come next" : `${k + 1} of ${n} written`),
    space: "space",
    newline: "line break",
    ready: "Change the controls, or let the network write.",
    empty: "The box is empty. Type a beginning of one character at least.",
    tooLong: (n, most) =>
      `The beginning has ${n} characters, and at most ${most} are read. Shorten it.`,
    badSeed: "The seed must be a whole number from 0 to 999999.",
    reading: "Reading the beginning.",
    writing: "Writing.",
    drew: (shown) => `Drawn: ${shown}`,
    wrote: (n, unit) => `${n} ${unit}s written.`,
    full: (most, unit) =>
      `The network has written ${most} ${unit}s, and that is the most. Start again.`,
  };
  const BEGINNING = "First Citizen:\n";
  const MOST_CHARACTERS = 1000;
  const N_STEPS = 200; // written by one click
  const MOST_STEPS = 1000;
  const N_SHOWN = 12; // rows of the table
  const N_BEFORE = 20; // characters before it that the table quotes
  const PAUSE = 30; // milliseconds between two steps, so that one can watch
  const TEMPERATURES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3];
  const TOP_K = [1, 2, 3, 5, 10, 20, 40, null];

  // A text that grows: the ids so far, the logits after each, and the network's states.
  class Writer {
    constructor(network) {
      this.network = network;
      this.clear([]);
    }

    // Forget all, and be ready to read some ids.
    clear(ids) {
      this.unread = ids.slice(-this.network.window); // no more than it can read
      this.written = []; // {id, logits}: what was drawn, and from which logits
      this.states = this.network.start();
      this.logits = null; // of what comes next
    }

    readOne() {
      const { logits, states } = this.network.oneStep(this.unread.shift(), this.states);
      this.states = states;
      this.logits = logits;
    }

    probabilities(logits, { temperature, topK }) {
      const { padding } = this.network;
      return live.layers.distribution(logits, { temperature, topK, padding });
    }

    // Draw the next id, append it and read it. The draw depends on seed and step only.
    writeOne(settings) {
      const p = this.probabilities(this.logits, settings);
      const step = this.written.length;
      const id = live.draw(p, live.uniform(settings.seed, step));
      this.written.push({ id, logits: this.logits });
      this.unread.push(id);
      this.readOne();
    }
  }
  live.Writer = Writer;

  // What cannot be seen gets a name, and within other text a sign.
  function visible(text) {
    const names = { " ": texts.space, "\n": texts.newline };
    return names[text] ?? text.replaceAll("\n", "⏎").replaceAll(" ", "␣");
  }

  // The last n characters of a text, in one line.
  function lastOf(text, n) {
    const chars = Array.from(text);
    const last = chars.slice(-n).join("").replaceAll("\n", "⏎");
    return (chars.length > n ? "…" : "") + last;
  }

  // The table of the likely choices: show(...) fills it, and hide() does what it says.
  function tableOfChoices() {
    const rows = element("tbody");
    const caption = element("caption");
    const heads = texts.columns.map((name) => element("th", { scope: "col" }, name));
    const head = element("thead", {}, element("tr", {}, ...heads));
    const table = element("table", { class: "live-bars" }, caption, head, rows);

    function rowOf(network, id, probability, isDrawn) {
      const shown = visible(network.show(id));
      const number = (100 * probability).toFixed(1) + " %";
      return element(
        "tr", { class: isDrawn ? "live-drawn" : "" },
        element("th", { scope: "row" }, shown, isDrawn ? ` (${texts.drawn})` : ""),
        element("td", {}, element("div", {}, number, bar(probability))),
      );
    }

    // The most likely ids, and the one that was drawn, if any was.
    function show(network, probabilities, drawn, context) {
      const ids = live.topIndices(probabilities, N_SHOWN);
      const shown = ids.filter((id) => probabilities[id] > 0);
      if (drawn !== null && !shown.includes(drawn)) shown.push(drawn);
      const made = shown.map((id) => rowOf(network, id, probabilities[id], id === drawn));
      rows.replaceChildren(...made);
      caption.textContent = texts.caption(lastOf(context, N_BEFORE));
      table.hidden = false;
    }

    function hide() {
      table.hidden = true;
    }
    return { table, show, hide };
  }

  live.figures.writing = (body) => {
    const names = Object.keys(networks).filter((name) => live.weights[name]);
    let writer = null;
    let stopWork = () => {};

    // Controls
    const chosen = choice({
      label: texts.network,
      options: names.map((name) => [name, texts.networks[name]]),
      change: useNetwork,
    });
    const beginning = element("textarea", { rows: 3, spellcheck: "false" });
    const prompt = labelled(texts.beginning, beginning);
    const temperature = slider({
      label: texts.temperature,
      values: TEMPERATURES,
      start: 0.5,
      show: String,
      change: showStep,
    });
    const topK = slider({
      label: texts.topK,
      values: TOP_K,
      start: null,
      show: (k) => (k === null ? texts.all : String(k)),
      change: showStep,
    });
    const seedBox = element("input", { type: "number", min: 0, max: 999999, value: 42 });
    const seed = labelled(texts.seed, seedBox);
    const next = button("", () => write(1));
    const go = button("", () => (isWriting ? stop() : write(N_STEPS)));
    const again = button(texts.again, read);
    const { line, say } = messageLine();

    // What it shows
    const given = element("span", { class: "live-given" });
    const grown = element("span", {});
    const passage = element(
      "div",
      { class: "live-passage", tabindex: 0, role: "region", "aria-label": texts.written },
      given, grown,
    );
    const lookBack = range({
      label: texts.step,
      show: (k) => texts.stepShown(k, writer ? writer.written.length : 0),
      change: showStep,
    });
    const choices = tableOfChoices();
    let isWriting = false;

    function settings() {
      return {
        temperature: temperature.value(),
        topK: topK.value(),
        seed: Number(seedBox.value),
      };
    }

    // Read the beginning anew, in slices; whatever is being written stops.
    function read() {
      stop();
      writer.clear([]);
      grown.textContent = "";
      given.textContent = "";
      let ids = [];
      try {
        ids = checked(beginning.value);
      } catch (error) {
        say(error.message, true);
        enable(false);
        toEnd();
        return;
      }
      given.textContent = beginning.value;
      writer.clear(ids);
      enable(false);
      const step = () => {
        writer.readOne();
        return writer.unread.length > 0;
      };
      stopWork = live.inSlices(step, () => {
        say(texts.ready);
        enable(true);
        toEnd();
      });
    }

    // The ids of a beginning; an Error says why there are none.
    function checked(text) {
      if (!text) throw new Error(texts.empty);
      const n = text.length;
      if (n > MOST_CHARACTERS) {
        throw new Error(texts.tooLong(n.toLocaleString("en"), MOST_CHARACTERS));
      }
      return writer.network.encode(text);
    }

    function enable(isReady) {
      next.disabled = go.disabled = !isReady;
    }

    function write(nSteps) {
      if (!seedBox.checkValidity() || seedBox.value === "") {
        say(texts.badSeed, true);
        return;
      }
      const room = MOST_STEPS - writer.written.length;
      if (!room) {
        const most = MOST_STEPS.toLocaleString("en");
        say(texts.full(most, writer.network.unit), true);
        return;
      }
      stopWork();
      isWriting = nSteps > 1;
      nameButtons();
      if (isWriting) say(texts.writing);
      let left = Math.min(nSteps, room);
      function one() {
        writer.writeOne(settings());
        const ids = writer.written.map(({ id }) => id);
        grown.textContent = writer.network.decode(ids);
        passage.scrollTop = passage.scrollHeight;
        toEnd();
        left -= 1;
        if (left) timer = setTimeout(one, PAUSE);
        else if (isWriting) stop();
        else say(texts.drew(visible(writer.network.show(ids.at(-1)))));
      }
      let timer = null;
      stopWork = () => clearTimeout(timer);
      one();
    }

    function stop() {
      stopWork();
      if (isWriting) {
        const { unit } = writer.network;
        say(texts.wrote(writer.written.length, unit), false, grown.textContent);
      }
      isWriting = false;
      nameButtons();
    }

    function nameButtons() {
      const { unit } = writer.network;
      next.textContent = texts.next(unit);
      go.textContent = isWriting ? texts.stop : texts.write(N_STEPS, unit);
    }

    // Show the distribution of what comes next, or of an earlier step.
    function toEnd() {
      lookBack.moveTo(writer.written.length, writer.written.length);
      showStep();
    }

    function showStep() {
      const k = lookBack.position();
      const comingNext = { id: null, logits: writer.logits };
      const { id: drawn, logits } = writer.written[k] ?? comingNext;
      if (!logits) {
        choices.hide();
        return;
      }
      const before = writer.written.slice(0, k).map(({ id }) => id);
      const context = given.textContent + writer.network.decode(before);
      const probabilities = writer.probabilities(logits, settings());
      choices.show(writer.network, probabilities, drawn, context);
    }

    function useNetwork() {
      stopWork();
      isWriting = false;
      writer = new Writer(networks[chosen.value()]());
      read();
    }

    beginning.addEventListener("input", read);
    beginning.value = BEGINNING;
    const controls = element("div", { class: "live-controls" });
    if (names.length > 1) body.append(chosen.box);
    controls.append(temperature.box, topK.box, seed.box);
    const buttons = element("div", { class: "live-buttons" }, next, go, again);
    body.append(prompt.box, controls, buttons, line, passage, lookBack.box, choices.table);
    useNetwork();
  };
})();
