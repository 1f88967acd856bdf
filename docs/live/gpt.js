// Chapter 9's network: a decoder-only Transformer over tokens of a byte-level BPE.
"use strict";

(() => {
  const { embedding, dense, dots, attention, layerNorm, gelu, add } = live.layers;
  // Words with the space before them, as the chapter's pattern WORD cuts them; \w and
  // \s are written out, since they mean less in JavaScript.
  const LETTER = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
  const SPACE = "\\t-\\r\\x85\\p{Z}";
  const WORD = new RegExp(` ?[${LETTER}]+| ?[^${LETTER}${SPACE}]+|[${SPACE}]`, "gu");
  const EPSILON = 1e-5; // of the layer normalisation

  // The ids 0 to 255 are bytes, the printable ones first; the k-th merge is 256 + k.
  class ByteLevelBPE {
    constructor(merges) {
      const all = Array.from({ length: 256 }, (_, byte) => byte);
      const isPrintable = (byte) =>
        (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
      const bytes = all.filter(isPrintable);
      bytes.push(...all.filter((byte) => !isPrintable(byte)));
      this.idOf = new Map(bytes.map((byte, id) => [byte, id]));
      this.pieces = bytes.map((byte) => [byte]); // the bytes of each token
      this.ranks = new Map();
      merges.forEach(([left, right], k) => {
        this.ranks.set(`${left} ${right}`, k);
        this.pieces.push([...this.pieces[left], ...this.pieces[right]]);
      });
    }

    encode(text) {
      return (text.match(WORD) ?? []).flatMap((word) => this.encodeWord(word));
    }

    // Merge the pair that was learned first, again and again. Merging one pair makes
    // only pairs that were learned later, so this is the chapter's order as well.
    encodeWord(word) {
      let ids = Array.from(new TextEncoder().encode(word), (byte) => this.idOf.get(byte));
      for (;;) {
        let best = Infinity;
        for (let i = 1; i < ids.length; i++) {
          best = Math.min(best, this.ranks.get(`${ids[i - 1]} ${ids[i]}`) ?? Infinity);
        }
        if (best === Infinity) return ids;
        const merged = [];
        for (const id of ids) {
          const last = merged.length - 1;
          const rank = this.ranks.get(`${merged[last]} ${id}`);
          if (rank === best) merged[last] = 256 + best;
          else merged.push(id);
        }
        ids = merged;
      }
    }

    decode(ids) {
      const bytes = ids.flatMap((id) => this.pieces[id]);
      return new TextDecoder().decode(new Uint8Array(bytes));
    }
  }

  class GPT {
    constructor(name) {
      const { merges, config, tensors } = live.stored(name);
      Object.assign(this, config); // vocab_size, n_steps, d_model, n_heads, n_blocks
      this.tokenizer = new ByteLevelBPE(merges);
      this.size = this.vocab_size;
      this.unit = "token"; // what it writes at a step
      this.padding = null; // every token may be drawn
      this.window = this.n_steps; // no more than so many tokens are read
      this.tensors = tensors;
      this.blocks = [];
      for (let k = 0; k < this.n_blocks; k++) this.blocks.push(this.part(`block_${k}`));
      this.norm = this.part("norm");
    }

    // The tensors below a name: {"join/bias": ..., ...}, or {gamma, beta} of a norm.
    part(prefix) {
      const start = `${prefix}/`;
      const own = Object.entries(this.tensors).filter(([key]) => key.startsWith(start));
      return Object.fromEntries(own.map(([key, t]) => [key.slice(start.length), t]));
    }

    encode(text) {
      return this.tokenizer.encode(text);
    }

    decode(ids) {
      return this.tokenizer.decode(ids);
    }

    // A token for a table: as text, or, if it is a part of a character, as its bytes.
    show(id) {
      const text = this.decode([id]);
      if (!text.includes("\ufffd")) return text;
      const bytes = this.tokenizer.pieces[id];
      return bytes.map((byte) => `<${byte.toString(16).toUpperCase()}>`).join("");
    }

    // What has been read: the ids in the window, and for each block the keys and
    // values of each head.
    start() {
      const head = () => ({ keys: [], values: [] });
      const heads = () => Array.from({ length: this.n_heads }, head);
      return { ids: [], cache: this.blocks.map(heads) };
    }

    // Read one token. When the window is full it slides: each token gets another
    // position, so the cache is of no use any more and the window is read again.
    oneStep(id, { ids, cache }) {
      if (ids.length < this.n_steps) {
        const logits = this.read(id, ids.length, cache);
        return { logits, states: { ids: [...ids, id], cache } };
      }
      const states = this.start();
      states.ids = [...ids.slice(1), id];
      let logits = null;
      states.ids.forEach((token, position) => {
        const isLast = position === this.n_steps - 1;
        logits = this.read(token, position, states.cache, isLast);
      });
      return { logits, states };
    }

    // Run a token through all blocks, and keep its keys and values. If nobody needs its
    // logits, the last block needs no more of it than these.
    read(id, position, cache, needsLogits = true) {
      const { tokens, positions } = this.tensors;
      let x = add(embedding(tokens, id), embedding(positions, position));
      for (let k = 0; k < this.n_blocks; k++) {
        const isRead = needsLogits || k < this.n_blocks - 1;
        const attended = this.attend(this.blocks[k], x, cache[k], isRead);
        if (!isRead) return null;
        x = this.feedForward(this.blocks[k], add(x, attended));
      }
      return dots(layerNorm(x, this.norm, EPSILON), tokens);
    }

    attend(block, x, heads, isRead) {
      const { "project/kernel": kernel, "project/bias": bias } = block;
      const normed = layerNorm(x, normOf(block, "norm_0"), EPSILON);
      const projected = dense(normed, kernel, bias.data);
      const size = this.d_model / this.n_heads;
      const outputs = new Float32Array(this.d_model);
      heads.forEach(({ keys, values }, head) => {
        const [query, key, value] = [0, 1, 2].map((part) => {
          const first = part * this.d_model + head * size;
          return projected.subarray(first, first + size);
        });
        keys.push(key);
        values.push(value);
        if (!isRead) return;
        const found = attention(query, keys, values, 1 / Math.sqrt(size));
        outputs.set(found.outputs, head * size);
      });
      return isRead ? dense(outputs, block["join/kernel"], block["join/bias"].data) : null;
    }

    feedForward(block, x) {
      const normed = layerNorm(x, normOf(block, "norm_1"), EPSILON);
      const inner = dense(normed, block["inner/kernel"], block["inner/bias"].data);
      const outer = dense(inner.map(gelu), block["outer/kernel"], block["outer/bias"].data);
      return add(x, outer);
    }
  }

  function normOf(block, name) {
    return { gamma: block[`${name}/gamma`], beta: block[`${name}/beta`] };
  }

  Object.assign(live, { GPT, ByteLevelBPE });
})();
