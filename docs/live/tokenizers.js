// The tokenizers of chapter 3: words, byte-pair encoding and WordPiece; and that of
// chapter 9, which gpt.js holds, as the figure "tokens" needs it. encode(text) of each
// returns its tokens: {id, shown: as the model has it, text: of what, isUnknown, kind}.
"use strict";

(() => {
  const utf8 = new TextEncoder();

  // Words and out-of-vocabulary buckets: clean, split_words, make_table and encode. Id 0
  // is padding, then come the words, the most frequent first, then the buckets.
  class Words {
    constructor({ words, n_oov_buckets }) {
      const vocabulary = words.split(" ");
      this.ids = new Map(vocabulary.map((word, k) => [word, k + 1]));
      this.nWords = vocabulary.length;
      this.nBuckets = n_oov_buckets;
      this.size = 1 + this.nWords + this.nBuckets;
    }

    // \s of tf.strings stands for fewer characters than that of JavaScript.
    clean(text) {
      return text
        .toLowerCase()
        .replace(/<br[\t\n\f\r ]*\/?>/g, " ")
        .replace(/[^\p{L}\p{M}']|''/gu, "  ")
        .replace(/(^| )'|'( |$)/g, " ");
    }

    encode(text) {
      const words = this.clean(text).split(" ").filter(Boolean);
      return words.map((word) => this.lookUp(word));
    }

    lookUp(word) {
      const id = this.ids.get(word);
      if (id) return { id, shown: word, text: word, kind: "word" };
      const hash = live.fingerprint64(utf8.encode(word));
      const bucket = Number(hash % BigInt(this.nBuckets));
      return {
        id: 1 + this.nWords + bucket,
        shown: `bucket ${bucket}`,
        text: word,
        isUnknown: true,
        kind: "bucket",
      };
    }
  }

  // SentencePiece's BPE. A piece that was learned earlier has a smaller id, so the pair
  // whose piece has the smallest id is merged first, and of several the first.
  class BPE {
    static N_SPECIAL = 3; // unknown, start, end
    static SPACE = "▁";

    constructor({ bpe }) {
      this.pieces = bpe.split(" ");
      this.size = this.pieces.length;
      const learned = this.pieces.map((piece, id) => [piece, id]).slice(BPE.N_SPECIAL);
      this.ids = new Map(learned);
    }

    // No piece has a space inside, so each part from one space to the next stands alone.
    encode(text) {
      if (!text) return [];
      const marked = BPE.SPACE + text.replaceAll(" ", BPE.SPACE);
      const parts = marked.split(/(?=▁)/u);
      return parts.flatMap((part) => this.join(this.merge(Array.from(part))));
    }

    merge(symbols) {
      const idOfPair = (k) =>
        k >= 0 && k + 1 < symbols.length
          ? (this.ids.get(symbols[k] + symbols[k + 1]) ?? Infinity)
          : Infinity;
      const ids = symbols.map((_, k) => idOfPair(k));
      for (;;) {
        let best = 0;
        ids.forEach((id, k) => {
          if (id < ids[best]) best = k;
        });
        if (ids[best] === Infinity) return symbols;
        symbols.splice(best, 2, symbols[best] + symbols[best + 1]);
        ids.splice(best, 1);
        ids[best] = idOfPair(best);
        if (best > 0) ids[best - 1] = idOfPair(best - 1);
      }
    }

    // Unknown characters that follow each other become one token.
    join(symbols) {
      const tokens = [];
      for (const text of symbols) {
        const id = this.ids.get(text);
        if (id !== undefined) {
          const kind = text.startsWith(BPE.SPACE) ? "begins" : "continues";
          tokens.push({ id, shown: text, text, kind });
        } else if (tokens.at(-1)?.isUnknown) tokens.at(-1).text += text;
        else {
          const shown = this.pieces[0];
          tokens.push({ id: 0, shown, text, isUnknown: true, kind: "characters" });
        }
      }
      return tokens;
    }
  }

  // BertWordPieceTokenizer without lower-casing. Its first pieces are special tokens,
  // which it finds in the raw text, too.
  class WordPiece {
    static SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    static LONGEST = 100; // characters of a word; what is longer is unknown
    static REMOVED = /\0|\ufffd|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu;
    // Each Chinese character is a word of its own; a Korean syllable is not.
    static CHINESE = new RegExp(
      "[\\u4e00-\\u9fff\\u3400-\\u4dbf\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b73f}" +
        "\\u{2b740}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\uf900-\\ufaff\\u{2f800}-\\u{2fa1f}]",
      "gu",
    );
    static PUNCTUATION = "!-\\/:-@\\[-`{-~\\p{P}";

    constructor({ wordpiece }) {
      this.pieces = wordpiece.split(" ");
      this.size = this.pieces.length;
      this.ids = new Map(this.pieces.map((piece, id) => [piece, id]));
      const { PUNCTUATION, SPECIAL } = WordPiece;
      const words = `[${PUNCTUATION}]|[^${PUNCTUATION}\\p{White_Space}]+`;
      this.words = new RegExp(words, "gu");
      const special = SPECIAL.map((name) => `\\[${name.slice(1, -1)}\\]`);
      this.special = new RegExp(`(${special.join("|")})`);
    }

    encode(text) {
      return text.split(this.special).flatMap((part) => {
        if (WordPiece.SPECIAL.includes(part)) {
          const isUnknown = part === "[UNK]";
          const id = this.ids.get(part);
          return [{ id, shown: part, text: part, isUnknown, kind: "special" }];
        }
        return this.split(part).flatMap((word) => this.cut(word));
      });
    }

    split(text) {
      const { REMOVED, CHINESE } = WordPiece;
      return text.replace(REMOVED, "").replace(CHINESE, " $& ").match(this.words) ?? [];
    }

    // The longest piece that fits, from the left; if none does, the word is unknown.
    cut(word) {
      const characters = Array.from(word);
      const shown = "[UNK]";
      const id = this.ids.get(shown);
      const unknown = [{ id, shown, text: word, isUnknown: true, kind: "unfit" }];
      if (characters.length > WordPiece.LONGEST) return unknown;
      const tokens = [];
      for (let start = 0; start < characters.length; ) {
        const mark = start ? "##" : "";
        let end = characters.length;
        const text = () => characters.slice(start, end).join("");
        while (end > start && !this.ids.has(mark + text())) end -= 1;
        if (end === start) return unknown;
        const piece = mark + text();
        const kind = start ? "continues" : "begins";
        tokens.push({ id: this.ids.get(piece), shown: piece, text: text(), kind });
        start = end;
      }
      return tokens;
    }
  }

  // Chapter 9's byte-level BPE: no token is unknown, but one may be a part of a character.
  class Bytes {
    constructor({ merges }) {
      this.bpe = new live.ByteLevelBPE(merges);
      this.size = 256 + merges.length;
    }

    encode(text) {
      return this.bpe.encode(text).map((id) => {
        const bytes = this.bpe.pieces[id];
        const shown = hex(bytes);
        try {
          const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
          const decoded = decoder.decode(new Uint8Array(bytes));
          return { id, shown: decoded, text: decoded, bytes: shown, kind: "bytes" };
        } catch {
          return { id, shown, text: "", bytes: shown, kind: "part" };
        }
      });
    }
  }

  function hex(bytes) {
    const digits = (byte) => byte.toString(16).toUpperCase().padStart(2, "0");
    return bytes.map((byte) => `<${digits(byte)}>`).join("");
  }

  Object.assign(live, { Words, BPE, WordPiece, Bytes });
})();
