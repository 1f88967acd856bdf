// FarmHash's Fingerprint64, the hash by which TensorFlow's StaticVocabularyTable chooses
// the out-of-vocabulary bucket of a word. Written after farmhash (Google, MIT licence).
"use strict";

(() => {
  const K0 = 0xc3a5c85c97cb3127n;
  const K1 = 0xb492b66fbe98f273n;
  const K2 = 0x9ae16a3b2f90404fn;
  const u64 = (number) => BigInt.asUintN(64, number);
  const rotate = (value, n) => u64((value >> n) | (value << (64n - n)));
  const shiftMix = (value) => value ^ (value >> 47n);

  // The 64 bits of a hash of some bytes, as a BigInt.
  function fingerprint64(bytes) {
    const n = bytes.length;
    if (n <= 16) return upTo16(bytes, n);
    if (n <= 32) return upTo32(bytes, n);
    if (n <= 64) return upTo64(bytes, n);
    return longer(bytes, n);
  }

  function read(bytes, start, size) {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[start + i]);
    return value;
  }
  const read64 = (bytes, start) => read(bytes, start, 8);

  function hash16(u, v, multiplier) {
    const a = shiftMix(u64((u ^ v) * multiplier));
    const b = shiftMix(u64((v ^ a) * multiplier));
    return u64(b * multiplier);
  }

  function upTo16(bytes, n) {
    const size = BigInt(n);
    const multiplier = K2 + size * 2n;
    if (n >= 8) {
      const a = u64(read64(bytes, 0) + K2);
      const b = read64(bytes, n - 8);
      const c = u64(rotate(b, 37n) * multiplier + a);
      const d = u64((rotate(a, 25n) + b) * multiplier);
      return hash16(c, d, u64(multiplier));
    }
    if (n >= 4) {
      const first = size + (read(bytes, 0, 4) << 3n);
      return hash16(first, read(bytes, n - 4, 4), u64(multiplier));
    }
    if (n === 0) return K2;
    const y = BigInt(bytes[0]) + (BigInt(bytes[n >> 1]) << 8n);
    const z = size + (BigInt(bytes[n - 1]) << 2n);
    return u64(shiftMix(u64(y * K2) ^ u64(z * K0)) * K2);
  }

  // Two numbers that mix four others, with a seed.
  function mixFour(a, b, c, d, seed) {
    return [
      u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d),
      u64(a + rotate(u64(b + seed), 18n) + c),
    ];
  }

  // Two numbers that mix the first 16 bytes, with a factor, and the last 16.
  function mixEnds(bytes, n, factor, multiplier) {
    const a = u64(read64(bytes, 0) * factor);
    const c = u64(read64(bytes, n - 8) * multiplier);
    const d = u64(read64(bytes, n - 16) * K2);
    return mixFour(a, read64(bytes, 8), c, d, K2);
  }

  function upTo32(bytes, n) {
    const multiplier = u64(K2 + BigInt(n) * 2n);
    return hash16(...mixEnds(bytes, n, K1, multiplier), multiplier);
  }

  function upTo64(bytes, n) {
    const multiplier = u64(K2 + BigInt(n) * 2n);
    const [y, v] = mixEnds(bytes, n, K2, multiplier);
    const z = hash16(y, v, multiplier);
    const e = u64(read64(bytes, 16) * multiplier);
    const g = u64((y + read64(bytes, n - 32)) * multiplier);
    const h = u64((z + read64(bytes, n - 24)) * multiplier);
    const seed = u64(read64(bytes, 0) * K2);
    return hash16(...mixFour(e, read64(bytes, 24), g, h, seed), multiplier);
  }

  // Two numbers that mix 32 bytes with two seeds.
  function mix32(bytes, start, seedA, seedB) {
    const [w, x, y, z] = [0, 8, 16, 24].map((k) => read64(bytes, start + k));
    const a = u64(seedA + w);
    const b = rotate(u64(seedB + a + z), 21n);
    const sum = u64(a + x + y);
    return [u64(sum + z), u64(b + rotate(sum, 44n) + a)];
  }

  function longer(bytes, n) {
    const y = u64(81n * K1 + 113n);
    let state = {
      x: u64(81n * K2 + read64(bytes, 0)),
      y,
      z: u64(shiftMix(u64(y * K2 + 113n)) * K2),
      v: [0n, 0n],
      w: [0n, 0n],
    };
    const end = Math.floor((n - 1) / 64) * 64;
    for (let start = 0; start < end; start += 64) {
      state = mix64(bytes, start, state, K1, 1n);
    }
    const rest = (n - 1) & 63;
    const multiplier = u64(K1 + ((state.z & 0xffn) << 1n));
    const [v, w] = [[...state.v], [...state.w]];
    w[0] = u64(w[0] + BigInt(rest));
    v[0] = u64(v[0] + w[0]);
    w[0] = u64(w[0] + v[0]);
    const last = mix64(bytes, end + rest - 63, { ...state, v, w }, multiplier, 9n);
    const first = hash16(last.v[0], last.w[0], multiplier);
    const second = hash16(last.v[1], last.w[1], multiplier);
    const u = u64(first + shiftMix(last.y) * K0 + last.z);
    return hash16(u, u64(second + last.x), multiplier);
  }

  function mix64(bytes, start, { x, y, z, v, w }, multiplier, weight) {
    const at = (k) => read64(bytes, start + k);
    x = u64(rotate(u64(x + y + v[0] + at(8)), 37n) * multiplier);
    y = u64(rotate(u64(y + v[1] + at(48)), 42n) * multiplier);
    x = u64(x ^ (w[1] * weight));
    y = u64(y + v[0] * weight + at(40));
    z = u64(rotate(u64(z + w[0]), 33n) * multiplier);
    const newV = mix32(bytes, start, u64(v[1] * multiplier), u64(x + w[0]));
    const newW = mix32(bytes, start + 32, u64(z + w[1]), u64(y + at(16)));
    return { x: z, y, z: x, v: newV, w: newW };
  }

  live.fingerprint64 = fingerprint64;
})();
