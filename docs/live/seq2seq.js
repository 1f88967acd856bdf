// Chapters 5 to 7: words and their ids, the encoder that reads a sentence, the decoder
// that writes another, with or without attention, and beam search.
"use strict";

(() => {
  const { embedding, dense, lstm, logSoftmax, attention } = live.layers;
  const texts = {
    empty: "A sentence is empty: there is nothing to translate.",
    unknown: (listed) =>
      `Not in the vocabulary: ${listed}. Use words of the training data.`,
    more: (n) => `and ${n} more`,
    near: (word, words) => `'${word}' (near: ${words.join(", ")})`,
    tooLong: (n, most) =>
      `The sentence has ${n} words: the networks take ${most} at most.`,
  };

  // Words

  const [PAD, UNK, SOS, EOS] = [0, 1, 2, 3];
  const N_SPECIAL = 4;
  const MOST_LISTED = 5; // unknown words that a message names
  const MOST_LETTERS = 40; // of each
  const CUTOFF = 0.6; // of the likeness of words that a message offers

  // Python's \w+|[^\w\s], on a text in NFC: \w is a letter, a number or "_".
  const WORD = /[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s\x1c-\x1f\x85]|\ufeff/gu;

  // The words of a language, as `Words` of the chapters numbers them.
  class Words {
    constructor(vocabulary) {
      this.vocabulary = vocabulary;
      this.size = vocabulary.length;
      this.idOf = new Map(vocabulary.map((word, id) => [word, id]));
    }

    static split(sentence) {
      return sentence.normalize("NFC").match(WORD) || [];
    }

    // The words of a typed sentence as the vocabulary writes them, known or not:
    // without capitals, full stops and commas where it has none.
    inVocabularyCase(sentence) {
      const has = (word) => this.idOf.has(word);
      const words = Words.split(sentence).filter((w) => !".,".includes(w) || has(w));
      return words.map((word) => {
        const lower = word.toLowerCase();
        const capitalized = lower[0].toUpperCase() + lower.slice(1);
        return [word, lower, capitalized].find(has) ?? word;
      });
    }

    // The words of a typed sentence; an Error if there are none, too many or unknown.
    typed(sentence, maxWords) {
      const words = this.inVocabularyCase(sentence);
      if (!words.length) throw new Error(texts.empty);
      if (words.length > maxWords) {
        throw new Error(texts.tooLong(words.length, maxWords));
      }
      const unknown = [...new Set(words.filter((word) => !this.idOf.has(word)))];
      if (unknown.length) {
        const listed = unknown.slice(0, MOST_LISTED).map((word) => {
          const near = this.near(word);
          const isLong = word.length > MOST_LETTERS;
          const shown = isLong ? `${word.slice(0, MOST_LETTERS)}…` : word;
          return near.length ? texts.near(shown, near) : `'${shown}'`;
        });
        if (unknown.length > MOST_LISTED) {
          listed.push(texts.more(unknown.length - MOST_LISTED));
        }
        throw new Error(texts.unknown(listed.join("; ")));
      }
      return words;
    }

    // All words but the special ones, the most frequent first.
    known() {
      return this.vocabulary.slice(N_SPECIAL);
    }

    // Up to three words of the vocabulary that are most like a word.
    near(word) {
      const letters = Array.from(word.toLowerCase());
      return this.known()
        .map((known) => ({ known, likeness: likeness(Array.from(known), letters) }))
        .filter(({ likeness }) => likeness >= CUTOFF)
        .sort((a, b) => b.likeness - a.likeness || (a.known < b.known ? 1 : -1))
        .slice(0, 3)
        .map(({ known }) => known);
    }

    // The ids of words between <sos> and <eos>.
    encode(words) {
      return [SOS, ...words.map((word) => this.idOf.get(word) ?? UNK), EOS];
    }

    // The sentence of ids, up to the first <eos>, without <pad> and <sos>.
    decode(ids) {
      const end = ids.includes(EOS) ? ids.indexOf(EOS) : ids.length;
      const kept = ids.slice(0, end).filter((id) => id !== PAD && id !== SOS);
      return kept.map((id) => this.vocabulary[id]).join(" ");
    }
  }

  // From 0 to 1: the share of letters in common runs, as Python's difflib finds them.
  function likeness(a, b) {
    const share = (n) => (2 * n) / (a.length + b.length);
    // No more can be in common than the shorter word has.
    if (share(Math.min(a.length, b.length)) < CUTOFF) return 0;
    return share(inCommon(a, b));
  }

  // The longest common run, and what is in common before it and after it.
  function inCommon(a, b) {
    let [length, endA, endB] = [0, 0, 0];
    let before = [];
    for (let i = 0; i < a.length; i++) {
      const run = (j) => (before[j - 1] || 0) + 1; // that ends at i and j
      const runs = b.map((letter, j) => (a[i] === letter ? run(j) : 0));
      runs.forEach((n, j) => {
        if (n > length) [length, endA, endB] = [n, i + 1, j + 1];
      });
      before = runs;
    }
    if (!length) return 0;
    const left = inCommon(a.slice(0, endA - length), b.slice(0, endB - length));
    return left + length + inCommon(a.slice(endA), b.slice(endB));
  }

  // Quantized weights

  // One letter of base64 is a weight: 64 letters, and A stands for -32. It counts in
  // steps whose size each column has of its own, or each row if `axis` is 1.
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const STEPS = new Int8Array(128);
  Array.from(LETTERS).forEach((letter, k) => {
    STEPS[letter.charCodeAt(0)] = k - 32;
  });

  function dequantized({ shape, axis, sizes, letters }) {
    const [rows, columns] = shape;
    const size = live.unpack(sizes).data;
    const data = new Float32Array(rows * columns);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, i++) {
        data[i] = STEPS[letters.charCodeAt(i)] * size[axis ? row : column];
      }
    }
    return { shape, data };
  }

  // Encoder and decoder

  // Chapter 5's Translator, or chapter 7's if its weights have attention.
  class Translator {
    constructor(name) {
      const { quantized, tensors, words, max_words, max_length } = live.stored(name);
      const weights = { ...tensors };
      for (const [key, packed] of Object.entries(quantized)) {
        weights[key] = dequantized(packed);
      }
      this.sourceWords = new Words(words[0]);
      this.targetWords = new Words(words[1]);
      this.maxWords = max_words;
      this.maxLength = max_length;
      this.weights = weights;
      this.forward = partsOf(weights, "encoder/forward");
      this.backward = partsOf(weights, "encoder/backward");
      this.decoder = partsOf(weights, "decoder");
      this.hasAttention = "key_layer/kernel" in weights;
    }

    // Read the source: the decoder's first state, and what it may look back at.
    encode(source) {
      const embedded = source.map((id) => embedding(this.weights.source_embedding, id));
      const onwards = run(this.forward, embedded);
      const backwards = run(this.backward, [...embedded].reverse());
      const state = [0, 1].map((k) => joined(onwards.at(-1)[k], backwards.at(-1)[k]));
      if (!this.hasAttention) return { state, memory: null };
      // One state for each word, which has read the sentence up to it from both sides.
      const back = [...backwards].reverse();
      const values = onwards.map(([h], s) => joined(h, back[s][0]));
      const kernel = this.weights["key_layer/kernel"];
      const keys = values.map((value) => dense(value, kernel));
      return { state, memory: { keys, values } };
    }

    // Write one word: its logits, the new state, and where attention looked.
    step(id, state, memory) {
      const embedded = embedding(this.weights.target_embedding, id);
      const newState = lstm(embedded, state, this.decoder);
      const { logits, weights } = this.lookBack(newState[0], memory);
      return { logits, state: newState, weights };
    }

    // The logits of an output of the decoder, and where it looked.
    lookBack(output, memory) {
      const { weights: w } = this;
      const logitsOf = (vector) =>
        dense(vector, w["output_layer/kernel"], w["output_layer/bias"].data);
      if (!memory) return { logits: logitsOf(output), weights: null };
      const scale = output.length ** -0.5;
      const look = attention(output, memory.keys, memory.values, scale);
      const both = joined(look.outputs, output);
      const combined = dense(both, w["combine/kernel"], w["combine/bias"].data);
      return { logits: logitsOf(combined.map(Math.tanh)), weights: look.weights };
    }
  }

  function partsOf(weights, name) {
    const parts = ["kernel", "recurrent_kernel", "bias"];
    return Object.fromEntries(parts.map((part) => [part, weights[`${name}/${part}`]]));
  }

  // The states [h, c] of an LSTM after each of some vectors.
  function run(weights, vectors) {
    const units = weights.recurrent_kernel.shape[0];
    let state = [new Float32Array(units), new Float32Array(units)];
    return vectors.map((vector) => (state = lstm(vector, state, weights)));
  }

  function joined(a, b) {
    const both = new Float32Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  }

  // Beam search

  // Chapter 6's plain_beam_search, one step for each next(). Width 1 is greedy search.
  // Yields the beams that are kept, the best first: each has the id that it wrote last,
  // its log-probability, its parent among the beams before, its state, where it looked,
  // and whether it is finished.
  function* beamSearch(network, source, width) {
    const { state, memory } = network.encode(source);
    let beams = [{ id: SOS, logProb: 0, parent: null, state, finished: false }];
    for (let step = 0; step < network.maxLength; step++) {
      const candidates = [];
      for (const parent of beams) {
        if (parent.finished) {
          candidates.push({ ...parent, parent, isWaiting: true }); // stays as it is
          continue;
        }
        const next = network.step(parent.id, parent.state, memory);
        const logProbs = logSoftmax(next.logits);
        logProbs[PAD] = -Infinity; // is never written
        for (const id of live.topIndices(logProbs, width)) {
          const logProb = parent.logProb + logProbs[id];
          const { state, weights } = next;
          const finished = id === EOS;
          candidates.push({ id, logProb, parent, state, weights, finished });
        }
      }
      candidates.sort((a, b) => b.logProb - a.logProb); // stable: of equals the first
      beams = candidates.slice(0, width);
      yield beams;
      if (beams.every((beam) => beam.finished)) return;
    }
  }

  // The beams on the way to one, the first word first, without those that only wait.
  function pathTo(beam) {
    const path = [];
    for (let at = beam; at.parent; at = at.parent) if (!at.isWaiting) path.unshift(at);
    return path;
  }

  live.seq2seq = { Words, Translator, beamSearch, pathTo, SOS };
})();
