// Chapter 1's network: an embedding, GRUs, and a dense layer, one character at a time.
"use strict";

(() => {
  const { embedding, gru, dense } = live.layers;
  const texts = {
    unknown: (char, position, alphabet) =>
      `The network has never seen the character ${char} (number ${position} of the ` +
      `beginning). It knows these: ${alphabet}`,
  };

  class CharRNN {
    constructor(name) {
      const { alphabet, n_layers, tensors } = live.stored(name);
      this.alphabet = Array.from(alphabet); // the character of id 1 comes first
      this.size = this.alphabet.length + 1;
      this.unit = "character"; // what it writes at a step
      this.padding = 0; // the id that is never drawn
      this.window = Infinity; // texts of any length are read
      this.table = tensors.embedding;
      this.grus = [];
      for (let k = 0; k < n_layers; k++) {
        const names = ["kernel", "recurrent_kernel", "bias"];
        const weights = names.map((part) => [part, tensors[`gru_${k}/${part}`]]);
        this.grus.push(Object.fromEntries(weights));
      }
      this.kernel = tensors["dense/kernel"];
      this.bias = tensors["dense/bias"].data;
    }

    // The ids of a text; an Error if a character has none.
    encode(text) {
      const chars = Array.from(text.normalize("NFC"));
      return chars.map((char, i) => {
        const id = this.alphabet.indexOf(char) + 1;
        if (!id) throw new Error(texts.unknown(char, i + 1, this.alphabet.join("").trim()));
        return id;
      });
    }

    decode(ids) {
      return ids.map((id) => this.alphabet[id - 1]).join("");
    }

    show(id) {
      return this.decode([id]);
    }

    // The states of the GRUs before they have read anything.
    start() {
      return this.grus.map((weights) => new Float32Array(weights.kernel.shape[1] / 3));
    }

    // Read one character: its id and the states -> the logits and the new states.
    oneStep(id, states) {
      let outputs = embedding(this.table, id);
      const newStates = this.grus.map((weights, k) => {
        outputs = gru(outputs, states[k], weights);
        return outputs;
      });
      return { logits: dense(outputs, this.kernel, this.bias), states: newStates };
    }
  }

  live.CharRNN = CharRNN;
})();
