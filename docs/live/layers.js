// The layers that the chapters' networks are made of, for one position at a time.
// Tensors are {shape, data} as live.stored returns them; vectors are Float32Arrays.
"use strict";

(() => {
  // Row `id` of a table [vocab_size, size].
  function embedding(table, id) {
    const size = table.shape[1];
    return table.data.subarray(id * size, (id + 1) * size);
  }

  // inputs @ kernel + bias, where kernel is [inputs, units]. The bias may be left out.
  // Four rows of the kernel are added at a time, which is twice as fast as one.
  function dense(inputs, kernel, bias) {
    const units = kernel.shape[1];
    const weights = kernel.data;
    const outputs = new Float32Array(units);
    if (bias) outputs.set(bias);
    let i = 0;
    for (; i + 4 <= inputs.length; i += 4) {
      const [a, b, c, d] = inputs.subarray(i, i + 4);
      const row = i * units;
      for (let j = 0; j < units; j++) {
        const k = row + j;
        outputs[j] +=
          a * weights[k] + b * weights[k + units] +
          c * weights[k + 2 * units] + d * weights[k + 3 * units];
      }
    }
    for (; i < inputs.length; i++) {
      for (let j = 0; j < units; j++) outputs[j] += inputs[i] * weights[i * units + j];
    }
    return outputs;
  }

  // inputs @ table.T: the logits of tied embeddings, and the scores of attention.
  function dots(inputs, table) {
    const [rows, size] = table.shape;
    const outputs = new Float32Array(rows);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0, k = i * size; j < size; j++, k++) sum += inputs[j] * table.data[k];
      outputs[i] = sum;
    }
    return outputs;
  }

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  // Keras' GRU with reset_after=True, whose bias has two rows: one for the input, one
  // for the state. Gates: z (update), r (reset) and the proposal, side by side.
  function gru(inputs, state, { kernel, recurrent_kernel, bias }) {
    const units = state.length;
    const fromInput = dense(inputs, kernel, bias.data.subarray(0, 3 * units));
    const fromState = dense(state, recurrent_kernel, bias.data.subarray(3 * units));
    const newState = new Float32Array(units);
    for (let j = 0; j < units; j++) {
      const z = sigmoid(fromInput[j] + fromState[j]);
      const r = sigmoid(fromInput[units + j] + fromState[units + j]);
      const proposal = Math.tanh(fromInput[2 * units + j] + r * fromState[2 * units + j]);
      newState[j] = z * state[j] + (1 - z) * proposal;
    }
    return newState;
  }

  // Keras' LSTM: gates i (input), f (forget), the proposal and o (output), side by side.
  // The state is a pair [hidden, cell].
  function lstm(inputs, [hidden, cell], { kernel, recurrent_kernel, bias }) {
    const units = hidden.length;
    const gates = dense(inputs, kernel, bias.data);
    const fromState = dense(hidden, recurrent_kernel);
    for (let j = 0; j < gates.length; j++) gates[j] += fromState[j];
    const newHidden = new Float32Array(units);
    const newCell = new Float32Array(units);
    for (let j = 0; j < units; j++) {
      const proposal = Math.tanh(gates[2 * units + j]);
      newCell[j] = sigmoid(gates[units + j]) * cell[j] + sigmoid(gates[j]) * proposal;
      newHidden[j] = sigmoid(gates[3 * units + j]) * Math.tanh(newCell[j]);
    }
    return [newHidden, newCell];
  }

  // The largest logit is subtracted first, so that no exponential overflows.
  function softmax(logits) {
    const probabilities = new Float32Array(logits.length);
    let largest = -Infinity;
    for (const logit of logits) largest = Math.max(largest, logit);
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      probabilities[i] = Math.exp(logits[i] - largest);
      sum += probabilities[i];
    }
    for (let i = 0; i < logits.length; i++) probabilities[i] /= sum;
    return probabilities;
  }

  // ln of softmax, computed without taking the logarithm of a rounded 0.
  function logSoftmax(logits) {
    let largest = -Infinity;
    for (const logit of logits) largest = Math.max(largest, logit);
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - largest);
    return Float32Array.from(logits, (logit) => logit - largest - Math.log(sum));
  }

  // Divide by the temperature, keep the k most likely ids (null: all), leave out id
  // `padding` if there is one, and return probabilities.
  function distribution(logits, { temperature = 1, topK = null, padding = null } = {}) {
    const scaled = Float32Array.from(logits, (logit) => logit / temperature);
    if (padding !== null) scaled[padding] = -Infinity;
    if (topK !== null) {
      const kept = new Set(live.topIndices(scaled, topK));
      for (let i = 0; i < scaled.length; i++) if (!kept.has(i)) scaled[i] = -Infinity;
    }
    return softmax(scaled);
  }

  // Attention of one query over positions: softmax(query . keys * scale), and the mean of
  // the values with these weights. keys and values are lists of vectors.
  function attention(query, keys, values, scale = 1) {
    const scores = keys.map((key) => {
      let sum = 0;
      for (let j = 0; j < query.length; j++) sum += query[j] * key[j];
      return sum * scale;
    });
    const weights = softmax(scores);
    const outputs = new Float32Array(values[0].length);
    values.forEach((value, i) => {
      for (let j = 0; j < value.length; j++) outputs[j] += weights[i] * value[j];
    });
    return { outputs, weights };
  }

  // Mean 0 and variance 1 over the vector, then a scale (gamma) and a shift (beta).
  function layerNorm(inputs, { gamma, beta }, epsilon) {
    let mean = 0;
    for (const x of inputs) mean += x / inputs.length;
    let variance = 0;
    for (const x of inputs) variance += (x - mean) ** 2 / inputs.length;
    const factor = 1 / Math.sqrt(variance + epsilon);
    return inputs.map((x, j) => (x - mean) * factor * gamma.data[j] + beta.data[j]);
  }

  // The error function, as Abramowitz and Stegun approximate it through 1 - erf; the
  // coefficients are those of Numerical Recipes (erfcc), with an error below 1.2e-7.
  const ERFC = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807,
    -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ];
  function erf(x) {
    const t = 1 / (1 + 0.5 * Math.abs(x));
    const polynomial = ERFC.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
    const rest = t * Math.exp(-x * x + polynomial);
    return x < 0 ? rest - 1 : 1 - rest;
  }

  // x times the distribution function of the normal distribution.
  const gelu = (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));

  const add = (a, b) => a.map((x, j) => x + b[j]);

  live.layers = {
    embedding, dense, dots, gru, lstm, softmax, logSoftmax, distribution, attention,
    layerNorm, erf, gelu, sigmoid, add,
  };
})();
