// The figure of chapters 5 to 8: type an English sentence, see what the networks
// without and with attention make of it, where the second looked, and what beams find.
"use strict";

(() => {
  const { element, slider, choice, labelled, button, messageLine } = live;
  const { Translator, beamSearch, pathTo, SOS } = live.seq2seq;
  const { attentionMap, beamTree, wordButton, arrowKeys, number } = live.drawings;

  const [PLAIN, ATTENTION] = ["05_encoder_decoder", "07_attention"];
  const NETWORKS = [PLAIN, ATTENTION];
  const texts = {
    networks: {
      [PLAIN]: "without attention (chapter 5)",
      [ATTENTION]: "with attention (chapter 7)",
    },
    sentence: "An English sentence",
    offers: "Words to go on with",
    another: "Another sentence",
    clear: "Empty the box",
    splits: {
      validation: "A sentence that the networks were not trained on.",
      longer: "A sentence that is longer than all those in training.",
    },
    empty: "The box is empty. Type a sentence, or choose its first word.",
    loading: "Reading the weights.",
    translations: "Translations, the likeliest word at each step",
    reference: "the grammar's translation",
    isRight: "exactly right",
    map: "Where the network with attention looked",
    mapHelp:
      "Each row is a word that it wrote, each column a word that it read: from white " +
      "for a weight of 0 to dark blue for 1. Choose a word, with the pointer or the " +
      "arrow keys, to see its weights.",
    start: "<sos>",
    end: "<eos>",
    beam: "Beam search",
    width: "Beam width",
    network: "Network",
    tree: "What the search kept at each step, the best on the left",
    treeHelp:
      "Below each word stands the log-probability of all that was written up to it. " +
      "Thick lines lead to the sentence that is chosen below, dashed ones are the " +
      "path of greedy search, and grey words were dropped later.",
    beams: "The beams at the end",
    columns: ["sentence", "log-probability", "probability"],
    unfinished: (n) => ` … (stopped after ${n} words)`,
    rounding: (plain, attention) =>
      "To keep the page small, each weight is rounded to one of 63 steps (6 bits). " +
      `BLEU of 500 validation sentences: without attention ${plain[0]} before and ` +
      `${plain[1]} after rounding, with attention ${attention[0]} and ${attention[1]}.`,
  };
  const PAUSE = 150; // milliseconds without a key, until the sentence is translated
  const N_OFFERS = 12;
  const N_COMPLETIONS = 3; // that are offered beside words that follow
  const MOST_CHARACTERS = 1000; // of a text to which words are offered
  const WIDTHS = [1, 2, 3, 4, 5];

  // Words

  // What may stand in the box next, as pairs of a word and the text with it. `words` is
  // the Words of the language, and next[id] are the ids that often follow.
  function offersFor(text, words, next) {
    if (text.length > MOST_CHARACTERS) return [];
    const open = lastLetters(text);
    const before = text.slice(0, text.length - open.length);
    const ended = text && !/\s$/u.test(text) ? `${text} ` : text;
    const last = words.inVocabularyCase(text).at(-1);
    const ids = next[last === undefined ? SOS : words.idOf.get(last)] || [];
    const going = ids.map((id) => words.vocabulary[id]);
    const offered = (list, start) => list.map((word) => [word, `${start}${word} `]);
    if (!open) return offered(going, ended).slice(0, N_OFFERS);
    const completed = offered(completions(open, words), before);
    if (words.idOf.has(last)) {
      const few = completed.slice(0, N_COMPLETIONS);
      return [...few, ...offered(going, ended)].slice(0, N_OFFERS);
    }
    if (completed.length) return completed.slice(0, N_OFFERS);
    return offered(words.near(open), before);
  }

  // The word at the very end of a text, to which a letter may still be added.
  function lastLetters(text) {
    let start = text.length;
    while (start > 0 && /[\p{L}\p{N}_]/u.test(text[start - 1])) start -= 1;
    return text.slice(start);
  }

  // The words that begin with some letters, the most frequent first.
  function completions(letters, words) {
    const start = letters.toLowerCase();
    const goesOn = (word) => word.length > start.length;
    return words.known().filter((w) => goesOn(w) && w.toLowerCase().startsWith(start));
  }

  // The part of a text to translate: without a last word that may be on its way.
  function completePart(text, words) {
    const open = lastLetters(text);
    const [last] = words.inVocabularyCase(open);
    const isOnItsWay = !words.idOf.has(last) && completions(open, words).length;
    return open && isOnItsWay ? text.slice(0, text.length - open.length) : text;
  }

  // Search, with a pause after each step; return the beams of all steps.
  function* searchSteps(network, words, width) {
    const levels = [];
    for (const beams of beamSearch(network, network.sourceWords.encode(words), width)) {
      levels.push(beams);
      yield;
    }
    return levels;
  }

  function wordOf(network, beam) {
    return network.targetWords.vocabulary[beam.id];
  }

  function sentenceOf(network, beam) {
    const path = pathTo(beam);
    const text = network.targetWords.decode(path.map(({ id }) => id));
    const isCut = !beam.finished && path.length === network.maxLength;
    return isCut ? text + texts.unfinished(path.length) : text;
  }

  // What is shown

  function table(name, caption, columns, ...rows) {
    const heads = columns.map((column) => element("th", { scope: "col" }, column));
    const head = element("thead", {}, element("tr", {}, ...heads));
    const parts = columns.length ? [head] : [];
    const body = element("tbody", {}, ...rows);
    const title = element("caption", {}, caption);
    return { body, table: element("table", { class: name }, title, ...parts, body) };
  }

  function row(head, ...cells) {
    return element("tr", {}, element("th", { scope: "row" }, head), ...cells);
  }

  // A part of the page that may be wider than it, and then scrolls by keys, too.
  function scrolling(label) {
    return element("div", {
      class: "live-scrolling", tabindex: 0, role: "region", "aria-label": label,
    });
  }

  const title = (text) => element("p", { class: "live-title" }, text);
  const note = (text) => element("p", { class: "live-note" }, text);

  // The translations of both networks, and the reference while there is one.
  class Translations {
    constructor() {
      this.outputs = {};
      const rows = NETWORKS.map((name) => {
        this.outputs[name] = element("output", { lang: "es" });
        return row(texts.networks[name], element("td", {}, this.outputs[name]));
      });
      this.reference = element("td", { lang: "es" });
      this.referenceRow = row(texts.reference, this.reference);
      rows.push(this.referenceRow);
      this.element = table("live-translations", texts.translations, [], ...rows).table;
      this.setReference(null);
    }

    setReference(text) {
      this.referenceRow.hidden = text === null;
      this.reference.textContent = text ?? "";
    }

    show(name, written) {
      const isRight = written === this.reference.textContent;
      const remark = isRight ? ` (${texts.isRight})` : "";
      this.outputs[name].textContent = written + remark;
    }
  }

  // The tree of a search, and the beams at its end, of which one is chosen.
  class BeamFigure {
    constructor() {
      this.tree = scrolling(texts.tree);
      const made = table("live-beams", texts.beams, texts.columns);
      this.table = made.table;
      this.rows = made.body;
    }

    show(network, levels, greedy) {
      const sentence = (beam) => sentenceOf(network, beam);
      const word = (beam) => wordOf(network, beam);
      const { tree, choose } = beamTree(levels, greedy, word, sentence);
      const beams = levels.at(-1);
      this.tree.replaceChildren(tree);
      this.rows.replaceChildren(
        ...beams.map((beam) => {
          const chooser = wordButton(sentence(beam), "es");
          chooser.addEventListener("focus", () => choose(beam));
          chooser.addEventListener("click", () => choose(beam));
          const logProb = element("td", {}, number(beam.logProb, 3));
          const p = element("td", {}, Math.exp(beam.logProb).toPrecision(3));
          const made = row(chooser, logProb, p);
          made.addEventListener("mouseenter", () => choose(beam));
          return made;
        }),
      );
      choose(beams[0]);
    }
  }

  live.figures.translating = (body) => {
    let networks = null; // by name, once their weights are read
    let words = null; // of English
    let next = null;
    let pairs = [];
    let typed = []; // the words that are being translated
    const greedy = {}; // the path of greedy search, by network
    let isTranslated = false; // by both networks
    let timer = null;
    let stop = () => {}; // ends what is being computed

    // Controls, and what they change
    const box = element("textarea", {
      rows: 2, spellcheck: "false", autocapitalize: "none", oninput: changed,
    });
    const offers = element("div", {
      class: "live-buttons live-offers", role: "toolbar", "aria-label": texts.offers,
    });
    const another = button(texts.another, showAnother);
    const clear = button(texts.clear, () => {
      write("");
      box.focus();
    });
    const { line, say } = messageLine();
    const width = slider({
      label: texts.width, values: WIDTHS, start: 3, show: String, change: changeBeams,
    });
    const chosen = choice({
      label: texts.network,
      options: NETWORKS.map((name) => [name, texts.networks[name]]),
      change: changeBeams,
    });
    const translations = new Translations();
    const map = scrolling(texts.map);
    const beams = new BeamFigure();
    const rounding = note("");
    const results = element(
      "div", { hidden: true },
      translations.element,
      title(texts.map), note(texts.mapHelp), map,
      title(texts.beam),
      element("div", { class: "live-controls" }, width.box, chosen.box),
      note(texts.treeHelp), beams.tree, beams.table, rounding,
    );

    function write(text) {
      box.value = text;
      changed();
    }

    // A key was pressed: offer words at once, and translate after a pause.
    function changed() {
      clearTimeout(timer);
      stop();
      setBusy(true);
      isTranslated = false;
      translations.setReference(null);
      say("");
      offer();
      timer = setTimeout(translate, PAUSE);
    }

    function setBusy(isBusy) {
      results.setAttribute("aria-busy", isBusy);
    }

    function offer() {
      const found = offersFor(box.value, words, next);
      const buttons = found.map(([word, text]) =>
        button(word, (event) => {
          write(text);
          if (event.detail === 0) offers.querySelector("button")?.focus(); // by a key
        }),
      );
      arrowKeys(buttons, "ArrowLeft", "ArrowRight");
      offers.replaceChildren(...buttons);
    }

    function showAnother() {
      const [split, source, target] = pairs[0];
      pairs = [...pairs.slice(1), pairs[0]];
      write(source);
      say(texts.splits[split]);
      translations.setReference(target);
    }

    function translate() {
      try {
        const text = completePart(box.value, words);
        if (!text.trim()) throw new Error(texts.empty);
        typed = words.typed(text, networks[PLAIN].maxWords);
      } catch (error) {
        results.hidden = true;
        setBusy(false);
        say(error.message, box.value.trim() !== "");
        return;
      }
      work(translateAndSearch());
    }

    // Do the steps of a generator in slices, instead of what was being done.
    function work(steps) {
      stop();
      setBusy(true);
      stop = live.inSlices(() => !steps.next().done, () => setBusy(false));
    }

    function* translateAndSearch() {
      for (const name of NETWORKS) {
        const levels = yield* searchSteps(networks[name], typed, 1);
        const [last] = levels.at(-1);
        greedy[name] = pathTo(last);
        translations.show(name, sentenceOf(networks[name], last));
      }
      drawMap();
      results.hidden = false;
      isTranslated = true;
      yield* searchBeams();
    }

    function* searchBeams() {
      const name = chosen.value();
      const levels = yield* searchSteps(networks[name], typed, width.value());
      beams.show(networks[name], levels, greedy[name]);
    }

    // Search anew, unless translations are on their way: a search follows them.
    function changeBeams() {
      if (isTranslated) work(searchBeams());
    }

    function drawMap() {
      const [network, path] = [networks[ATTENTION], greedy[ATTENTION]];
      const read = [texts.start, ...typed, texts.end];
      const written = path.map((beam) => wordOf(network, beam));
      const weights = path.map((beam) => beam.weights);
      map.replaceChildren(attentionMap(read, written, weights));
    }

    // The networks are made when the page is there, one after the other.
    function start([name, ...others], made) {
      if (name) {
        setTimeout(() => start(others, { ...made, [name]: new Translator(name) }), 0);
        return;
      }
      networks = made;
      words = networks[PLAIN].sourceWords;
      const stored = NETWORKS.map((one) => live.stored(one));
      ({ next, pairs } = stored[0]);
      const scores = stored.map(({ bleu }) => bleu.map((score) => number(score, 1)));
      rounding.textContent = texts.rounding(...scores);
      box.disabled = another.disabled = clear.disabled = false;
      write(stored[0].example.sentence);
    }

    box.disabled = another.disabled = clear.disabled = true;
    say(texts.loading);
    const buttons = element("div", { class: "live-buttons" }, another, clear);
    body.append(labelled(texts.sentence, box).box, offers, buttons, line, results);
    start(NETWORKS, {});
  };
})();
