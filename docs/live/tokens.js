// The figure of chapters 3 and 9: a text, cut into tokens in four ways as one types.
"use strict";

(() => {
  const { element, choice, labelled, messageLine, bar } = live;

  // The tokenizers, with the stored vocabularies that they need.
  const tokenizers = {
    words: () => new live.Words(live.weights["03_tokenizers"]),
    bpe: () => new live.BPE(live.weights["03_tokenizers"]),
    wordpiece: () => new live.WordPiece(live.weights["03_tokenizers"]),
    bytes: () => new live.Bytes(live.weights["09_tokenizer"]),
  };
  const texts = {
    names: {
      words: "Words (chapter 3)",
      bpe: "BPE (chapter 3, SentencePiece)",
      wordpiece: "WordPiece (chapter 3)",
      bytes: "Byte-level BPE (chapter 9)",
    },
    short: { words: "words", bpe: "BPE", wordpiece: "WordPiece", bytes: "byte-level BPE" },
    examples: [
      ["", "your own"],
      ["It's a charmless, but faaaaaantastic film! #ILoveDeepLearning", "English"],
      ["이 영화는 정말 재미있다! The film 한글 is great.", "Korean"],
      ["👍 👍🏽 👨‍👩‍👧 🇰🇷 So moving! 😀", "emoji"],
      ["Amélie, Ame\u0301lie: the same to the eye", "accents as one character, as two"],
      ["two  spaces,\tone tab\nand a new line", "white space"],
      ["O Romeo, Romeo! wherefore art thou Romeo?", "Shakespeare"],
    ],
    example: "Example",
    text: "Text",
    ids: (n) => `${number(n)} ids`,
    count: (n, nUnknown) =>
      plural(n, "token") + (nUnknown ? `, ${number(nUnknown)} unknown` : ""),
    tokensOf: (name) => `Tokens: ${name}`,
    hint: "Point at a token to see its id, or go to it with the Tab and arrow keys.",
    detail: (shown, id, note) => `${shown}: id ${number(id)}, ${note}`,
    notes: {
      word: ({ id }) => `number ${number(id)} of the words by frequency`,
      bucket: ({ text }) =>
        `“${text}” is not in the vocabulary, and other rare words share this id`,
      begins: () => "begins a word",
      continues: () => "continues a word",
      characters: ({ text }) => `no piece has “${visible(text)}”`,
      special: () => "a special token, also if it is typed",
      unfit: ({ text }) => `“${visible(text)}” cannot be cut into known pieces`,
      bytes: ({ bytes }) => `the ${bytes.length > 4 ? "bytes" : "byte"} ${bytes}`,
      part: ({ bytes }) => `${bytes.length > 4 ? "bytes" : "a byte"}, not whole characters`,
    },
    nothing: "no token: nothing of this text is left",
    summary: (nCharacters, nBytes, counts) =>
      `${plural(nCharacters, "character")}, ${plural(nBytes, "byte")}. ` +
      `Tokens: ${counts.map(([name, n]) => `${name} ${number(n)}`).join(", ")}.`,
    empty: "The box is empty. Type a text, or choose an example.",
    tooLong: (n, most) =>
      `The text has ${number(n)} characters. Only the first ${number(most)} are cut ` +
      "into tokens.",
  };
  const MOST_CHARACTERS = 1000;
  const PAUSE = 600; // milliseconds without typing before the numbers are read aloud
  const utf8 = new TextEncoder();

  function number(n) {
    return n.toLocaleString("en");
  }

  function plural(n, unit) {
    return `${number(n)} ${unit}${n === 1 ? "" : "s"}`;
  }

  // What cannot be seen gets a sign, or its number in Unicode.
  function visible(text) {
    const signs = { " ": "␣", "\n": "⏎", "\t": "⇥" };
    const hex = (sign) => sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return text
      .replace(/[\p{White_Space}\p{C}]/gu, (sign) => signs[sign] ?? `<U+${hex(sign)}>`)
      .replace(/^\p{M}/u, "◌$&"); // an accent needs something to stand on
  }

  // One tokenizer: its name and numbers, its tokens, and a line about one of them.
  class Row {
    constructor(name) {
      this.tokenizer = tokenizers[name]();
      this.name = texts.short[name];
      this.count = element("span", { class: "live-count" });
      this.share = element("div", { class: "live-share" });
      this.list = element("ol", { "aria-label": texts.tokensOf(this.name) });
      this.detail = element("p", { class: "live-detail", "aria-hidden": "true" });
      const title = element("strong", {}, texts.names[name]);
      const size = element("small", {}, texts.ids(this.tokenizer.size));
      const head = element("p", { class: "live-head" }, title, size, this.count);
      const parts = [head, this.share, this.list, this.detail];
      this.box = element("div", { class: "live-tokens" }, ...parts);
      for (const event of ["focusin", "pointerover", "click"]) {
        this.list.addEventListener(event, ({ target }) => this.explain(target));
      }
      this.list.addEventListener("keydown", (event) => this.move(event));
    }

    // Cut a text, and forget the tokens of the last one.
    cut(text) {
      this.tokens = this.tokenizer.encode(text);
      this.n = this.tokens.length;
      const nUnknown = this.tokens.filter(({ isUnknown }) => isUnknown).length;
      this.count.textContent = texts.count(this.n, nUnknown);
      this.list.replaceChildren();
      this.list.hidden = !this.n;
      this.detail.textContent = text && !this.n ? texts.nothing : "";
    }

    // Show some more of the tokens; returns whether some are left.
    showSome(howMany) {
      const shown = this.list.childElementCount;
      const next = this.tokens.slice(shown, shown + howMany);
      this.list.append(...next.map((token, k) => itemOf(token, shown + k === 0)));
      return shown + next.length < this.n;
    }

    explain(button) {
      if (button.tagName !== "BUTTON") return;
      this.detail.textContent = button.getAttribute("aria-label");
      this.list.querySelector(".live-shown")?.classList.remove("live-shown");
      button.classList.add("live-shown");
    }

    // One token of the list is reached by Tab, the others from there by arrow keys.
    move(event) {
      const buttons = [...this.list.querySelectorAll("button")];
      const here = buttons.indexOf(document.activeElement);
      const last = buttons.length - 1;
      const places = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last };
      const next = buttons[places[event.key]];
      if (event.key in places) event.preventDefault();
      if (!next) return;
      buttons[here].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }

  function itemOf(token, isFirst) {
    const shown = token.isUnknown ? token.shown : visible(token.shown);
    const attributes = {
      type: "button",
      class: token.isUnknown ? "live-token live-unknown" : "live-token",
      tabindex: isFirst ? 0 : -1,
      "aria-label": texts.detail(shown, token.id, texts.notes[token.kind](token)),
    };
    return element("li", {}, element("button", attributes, shown));
  }

  live.figures.tokens = (body) => {
    const rows = Object.keys(tokenizers).map((name) => new Row(name));
    const box = element("textarea", { rows: 3, spellcheck: "false" });
    const example = choice({
      label: texts.example,
      options: texts.examples,
      change: () => {
        box.value = example.value();
        cut();
      },
    });
    const { line, say } = messageLine();
    let stopWork = () => {};
    let timer = null;

    // Cut the text at once, show the tokens in slices, and say the numbers when nobody
    // has typed for a while.
    function cut() {
      stopWork();
      clearTimeout(timer);
      // Half a character, as a script may leave it behind, becomes a question mark.
      const typed = Array.from(box.value.replace(/\p{Cs}/gu, "\ufffd"));
      const characters = typed.slice(0, MOST_CHARACTERS);
      const text = characters.join("");
      for (const row of rows) row.cut(text);
      const most = Math.max(1, ...rows.map(({ n }) => n));
      for (const { share, n } of rows) share.replaceChildren(bar(n / most));
      const left = [...rows];
      stopWork = live.inSlices(() => {
        if (!left[0].showSome(50)) left.shift();
        return left.length > 0;
      });
      if (!typed.length) say(texts.empty, true);
      else if (typed.length > MOST_CHARACTERS) {
        say(texts.tooLong(typed.length, MOST_CHARACTERS), true);
      } else {
        const counts = rows.map(({ name, n }) => [name, n]);
        const nBytes = utf8.encode(text).length;
        timer = setTimeout(() => say(texts.summary(typed.length, nBytes, counts)), PAUSE);
      }
    }

    box.addEventListener("input", () => {
      example.control.value = "";
      cut();
    });
    const text = labelled(texts.text, box);
    const hint = element("p", { class: "live-hint" }, texts.hint);
    const boxes = rows.map((row) => row.box);
    const controls = element("div", { class: "live-controls" }, example.box);
    body.append(controls, text.box, line, hint, ...boxes);
    example.control.value = texts.examples[1][0];
    box.value = example.control.value;
    cut();
  };
})();
