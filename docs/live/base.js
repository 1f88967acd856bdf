// What all live figures share: stored weights, small matrix functions, a seeded
// generator of random numbers, and accessible controls. Each file adds to one object.
"use strict";

window.live = { weights: {}, figures: {} };

(() => {
  // Stored weights

  // The number that the 16 bits of a float16 stand for.
  function fromHalf(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
  }

  // {shape, data: base64 of float16} -> {shape, data: Float32Array}, row by row.
  function unpack({ shape, data }) {
    const bytes = atob(data);
    const numbers = new Float32Array(bytes.length / 2);
    for (let i = 0; i < numbers.length; i++) {
      numbers[i] = fromHalf(bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8));
    }
    return { shape, data: numbers };
  }

  // What docs/live/weights/NAME.js holds, with its tensors unpacked, once.
  const unpacked = {};
  function stored(name) {
    if (!unpacked[name]) {
      const { tensors, ...rest } = live.weights[name];
      const entries = Object.entries(tensors).map(([key, packed]) => [key, unpack(packed)]);
      unpacked[name] = { ...rest, tensors: Object.fromEntries(entries) };
    }
    return unpacked[name];
  }

  // Random numbers

  // A number from 0 to 1 (without 1) that depends on nothing but its arguments, as in
  // the chapters' draw(logits, seed, step): two rounds of the mixing of MurmurHash3.
  function uniform(seed, step) {
    let h = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca77);
    for (let round = 0; round < 2; round++) {
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      h ^= h >>> 16;
    }
    return (h >>> 0) / 2 ** 32;
  }

  // The index at which the running sum of probabilities passes a uniform number.
  function draw(probabilities, number) {
    let sum = 0;
    let last = 0;
    for (let i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) last = i;
      sum += probabilities[i];
      if (number < sum) return i;
    }
    return last; // rounding left the sum just below 1
  }

  function argmax(values) {
    let best = 0;
    for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
    return best;
  }

  // The indices of the k largest values, the largest first; of equals the first.
  function topIndices(values, k) {
    const indices = Array.from(values, (_, i) => i);
    return indices.sort((a, b) => values[b] - values[a] || a - b).slice(0, k);
  }

  // Elements and controls

  // element("p", {class: "note"}, "text", child): attributes, then children.
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  let counter = 0;
  function newId() {
    counter += 1;
    return `live-${counter}`;
  }

  // A label above a native control; returns {box, control}.
  function labelled(label, control) {
    control.id ||= newId();
    const box = element("div", { class: "live-control" });
    box.append(element("label", { for: control.id }, label), control);
    return { box, control };
  }

  // A slider from 0 to max. show(position) is what is seen beside the label and read
  // aloud; moveTo(position, max) sets both.
  function range({ label, max = 0, start = 0, show, change }) {
    const control = element("input", { type: "range", min: 0, max });
    const shown = element("span", { class: "live-value", "aria-hidden": "true" });
    const { box } = labelled(label, control);
    box.firstChild.append(" ", shown);
    const position = () => Number(control.value);
    function refresh() {
      shown.textContent = show(position());
      control.setAttribute("aria-valuetext", show(position()));
    }
    function moveTo(to, newMax = control.max) {
      control.max = newMax;
      control.value = to;
      refresh();
    }
    control.addEventListener("input", () => {
      refresh();
      change();
    });
    moveTo(start);
    return { box, control, position, moveTo };
  }

  // A slider through a list of values; value() is the chosen one.
  function slider({ label, values, start, show, change }) {
    const made = range({
      label,
      max: values.length - 1,
      start: values.indexOf(start),
      show: (position) => show(values[position]),
      change,
    });
    return { ...made, value: () => values[made.position()] };
  }

  // A choice among names: options is a list of [value, text].
  function choice({ label, options, change }) {
    const control = element("select", { onchange: change });
    control.append(...options.map(([value, text]) => element("option", { value }, text)));
    const { box } = labelled(label, control);
    return { box, control, value: () => control.value };
  }

  function button(text, click) {
    const attributes = { type: "button", class: "live-button", onclick: click };
    return element("button", attributes, text);
  }

  // The line that says what happened or what is wrong; a screen reader reads it, and
  // with it what is to be seen elsewhere: `aloud`.
  function messageLine() {
    const line = element("p", { class: "live-message", role: "status" });
    function say(text, isError = false, aloud = "") {
      line.replaceChildren(text);
      if (aloud) line.append(" ", element("span", { class: "visually-hidden" }, aloud));
      line.classList.toggle("live-error", isError);
    }
    return { line, say };
  }

  // A bar whose length is a share from 0 to 1; its number stands beside it in the table.
  function bar(share) {
    const track = element("span", { class: "live-bar", "aria-hidden": "true" });
    track.style.setProperty("--share", share);
    return track;
  }

  // Work in small slices, so that typing is never blocked: step() returns false when
  // all is done. Returns a function that stops the work.
  const SLICE = 8; // milliseconds
  function inSlices(step, done = () => {}) {
    let stopped = false;
    function slice() {
      const end = performance.now() + SLICE;
      while (!stopped && performance.now() < end) {
        if (step() === false) {
          stopped = true;
          done();
        }
      }
      if (!stopped) setTimeout(slice, 0);
    }
    slice();
    return () => {
      stopped = true;
    };
  }

  // Build the figures: live.figures.NAME(body, figure) for each <figure data-live="NAME">.
  // It takes the place of what stands there for readers without scripts. If it fails,
  // that stays, and the other figures are built all the same.
  function build(figure) {
    const body = element("div", { class: "live-body" });
    try {
      live.figures[figure.dataset.live](body, figure);
      figure.querySelector(".live-fallback").replaceWith(body);
    } catch (error) {
      console.error(error);
    }
  }
  window.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("figure[data-live]").forEach(build);
  });

  Object.assign(live, {
    fromHalf, unpack, stored, uniform, draw, argmax, topIndices,
    element, newId, labelled, range, slider, choice, button, messageLine, bar, inSlices,
  });
})();
