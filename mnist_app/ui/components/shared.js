/* What the elements share. `element.script` puts this before each element's own script, so that
   nothing has to be loaded or built. Colors come from the server: a palette is 256 colors of three
   bytes, and which of them a value has is computed by imaging/colormap.py. */

/* The bytes that the server wrote as base64. */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/* Red, green and blue, 0 to 255, at an index of a palette. */
function colorAt(palette, index) {
  return [palette[3 * index], palette[3 * index + 1], palette[3 * index + 2]];
}

/* What an element keeps from one rerun to the next: `make()` at first, by the element's root. */
const kept = new WeakMap();
function keptAt(root, make) {
  if (!kept.has(root)) kept.set(root, make());
  return kept.get(root);
}

/* Begins something at an element's first run, such as to listen; returns what ends it, for Streamlit.
   That runs an element's function again with each other data, and what it returned when the element
   goes; but what an earlier run returned it also calls late, where data came faster than the script. */
const shown = new WeakMap();
function whileShown(root, begin) {
  const run = {};
  const end = shown.get(root)?.end ?? begin();
  shown.set(root, { run, end });
  return () => {
    if (shown.get(root)?.run !== run) return;
    shown.delete(root);
    end();
  };
}

/* Fetches a file once, however many ask for it; `unpack` makes of its bytes what all get. */
const fetched = new Map();
function fetchOnce(url, unpack) {
  if (!fetched.has(url)) {
    const loading = fetch(url).then(async (response) => {
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      return unpack(await response.arrayBuffer());
    });
    loading.catch(() => fetched.delete(url));
    fetched.set(url, loading);
  }
  return fetched.get(url);
}

/* Reads what stands before the numbers of such a file: the length of a JSON text in four bytes, and
   the text. Returns {about, end}: its object, and where the numbers begin. */
function readHeader(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { about, end: 4 + length };
}

/* The 256 colors of a palette as a canvas keeps them, four bytes each. */
function wordsOf(name) {
  wordsOf.read ??= {};
  return (wordsOf.read[name] ??= Uint32Array.from({ length: 256 }, (_, at) => {
    const [red, green, blue] = colorAt(paletteOf(name), at);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }));
}

/* A palette by its name; PALETTES stands before this. */
function paletteOf(name) {
  paletteOf.read ??= {};
  return (paletteOf.read[name] ??= bytesOf(PALETTES[name]));
}

/* A palette from its first color to its last as a CSS background: so many stops cannot be told from
   all 256. */
function gradientOf(name) {
  const at = Array.from({ length: 33 }, (_, stop) => Math.round((255 * stop) / 32));
  return `linear-gradient(to right, ${at.map((index) => `rgb(${colorAt(paletteOf(name), index).join(" ")})`).join(", ")})`;
}

/* An array of indices, row by row, as an image for a canvas. */
function imageOf(indices, palette, rows, columns) {
  const image = new ImageData(columns, rows);
  for (let place = 0; place < rows * columns; place++) {
    image.data.set(colorAt(palette, indices[place]), 4 * place);
    image.data[4 * place + 3] = 255;
  }
  return image;
}

/* The index of a value that is only known here, while it is typed: the same as Python's
   Scale.indices, which rounds halves to the even number, for a scale that is not stretched. */
function indexOn(value, { low, high }) {
  const place = 255 * Math.min(Math.max((value - low) / (high - low), 0), 1);
  const rounded = Math.round(place);
  return rounded - place === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/* Black or white, whichever can be read on a color: by its luma (ITU-R BT.601), 0 to 255. */
function inkOn([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
}

/* Give an element a background, and its text the color that can be read on it. */
function fill(element, color) {
  element.style.background = `rgb(${color.join(", ")})`;
  element.style.color = inkOn(color);
}

/* A number as text: at most two decimals, fewer for a large one, and `more` of them for a result.
   Halves are rounded away from zero; the minus sign is a true one. */
function rounded(value, more = 0) {
  const size = Math.abs(value);
  const decimals = size >= 999.5 ? 0 : size >= 99.95 ? 1 : 2;
  const text = Number.isInteger(value) ? String(value) : value.toFixed(decimals + more);
  return (/^-0\.?0*$/.test(text) ? text.slice(1) : text).replace("-", "−");
}

/* A probability as text, as ui/markup/numbers.py has it: claims neither none nor all. */
function percent(share) {
  const rounded = (100 * share).toFixed(1);
  if (rounded === "100.0") return "> 99.9%";
  return rounded === "0.0" ? "< 0.1%" : `${rounded}%`;
}

/* What networks apply to single numbers: networks/layers.py. */
const ACTIVATIONS = {
  "": (value) => value,
  relu: (value) => (value > 0 ? value : 0),
  tanh: Math.tanh,
  sigmoid,
  scaled_tanh: (value) => 1.7159 * Math.tanh((2 / 3) * value),
};

function sigmoid(value) {
  return 1 / (1 + Math.exp(-value));
}

/* The network in the browser tells all elements of each answer by this event. */
const LIVE = "lab:live";
/* What is drawn was changed by other means than the pen, or something else that answers depend on. */
const CANVAS_CHANGED = "lab:canvas-changed";
/* A canvas sends its picture to the server: a PNG file as a data URI. */
const CANVAS_SENT = "lab:canvas-sent";
/* Another canvas is about to come in the place of this one, which is to look empty until then. */
const BLANK_CANVAS = "lab:blank-canvas";
/* Asks a canvas to take back the last stroke of what it began with. */
const UNDO_BEGUN = "lab:undo-begun";
/* A page's control has moved: what happens to the image is another thing, see PREPARE in live.js. */
const PREPARE_CHANGED = "lab:prepare";
/* The visitor changed a network: {key, changes}, see live/changes.js; no changes for none. */
const NETWORK_CHANGED = "lab:network-changed";

/* Calls `see` at each answer while the pen moves; returns what ends that. It gets

   - ink: {width, height, values}, the canvas in gray, 0 to 255;
   - image: what it becomes, 784 values of 0 to 255; box, crop and scaled are the steps to it;
   - prepared: the image as the networks get it, which a page's controls may have changed;
   - problem: "" or why this is no digit to read; then there are no results;
   - layers: those of the first network, with their weights, see live/network.js;
   - unprepared: what networks say to the image itself, by key, where the page asks for it;
   - results: {key: {probabilities, outputs}}, where an output is {values, shape}, by the name of a
     layer; the keys are the page's, "trained" for the chosen network. */
function whileDrawing(see) {
  const listen = ({ detail }) => see(detail);
  document.addEventListener(LIVE, listen);
  return () => document.removeEventListener(LIVE, listen);
}

/* Asks the network in the browser to look at what is drawn; what it sees, and that it cannot see. */
const LOOK = "lab:look";
const LOOKED = "lab:looked";
const NO_NETWORK = "lab:no-network";

/* Like `whileDrawing`, and calls `see` also when there is a drawing already, and after each stroke;
   `fail` is called where the browser cannot run the network. */
function whatIsDrawn(see, fail) {
  const stop = whileDrawing(see);
  const listen = ({ detail }) => see(detail);
  document.addEventListener(LOOKED, listen);
  document.addEventListener(NO_NETWORK, fail);
  document.dispatchEvent(new Event(LOOK));
  return () => {
    stop();
    document.removeEventListener(LOOKED, listen);
    document.removeEventListener(NO_NETWORK, fail);
  };
}

/* The canvas that takes the strokes, in the shadow root of its own element; null while there is none. */
function findCanvas() {
  for (const element of document.querySelectorAll('[class*="st-key-canvas_"] *')) {
    const canvas = element.shadowRoot?.querySelector("canvas.upper-canvas");
    if (canvas) return canvas;
  }
  return null;
}

/* A scale as imaging/colormap.py makes it of values: around zero where one is negative or where
   that is asked for, else from zero. */
function scaleOf(arrays, { aroundZero = false, stretched = false } = {}) {
  let [least, most] = [0, 0];
  for (const values of arrays) {
    for (const value of values) {
      if (value > most) most = value;
      if (value < least) least = value;
    }
  }
  const limit = Math.max(most, -least) || 1;
  return aroundZero || least < 0 ? { low: -limit, high: limit, stretched } : { low: 0, high: limit, stretched };
}

/* The indices of many values: Scale.indices. A loop: this runs for each pixel of each frame. */
function indicesOn(values, scale) {
  const indices = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) {
    if (!scale.stretched) indices[at] = indexOn(values[at], scale);
    else indices[at] = 255 * Math.min(Math.max(0.5 + 0.5 * Math.cbrt(values[at] / scale.high), 0), 1) + 0.5;
  }
  return indices;
}

/* One map of a layer's output, which lies map beside map; an output without maps is one. */
function mapOf({ values, shape }, number) {
  const [rows, columns, maps = 1] = shape;
  return { rows, columns, values: Float32Array.from({ length: rows * columns }, (_, at) => values[at * maps + number]) };
}

function paddingBefore(length, side, stride) {
  return Math.max(0, (Math.ceil(length / stride) - 1) * stride + side - length) >> 1;
}

/* Returns what pools the maps of a layer: its largest value, its mean or its first of each window.
   What lies outside of the maps takes no part. */
function pool({ spec, input, shape }) {
  const [rows, columns, maps] = input;
  const [down, across] = shape;
  const { size, stride, rule } = spec;
  const isSame = spec.padding === "same" && rule !== "subsample";
  const [top, left] = [rows, columns].map((n) => (isSame ? paddingBefore(n, size, stride) : 0));
  const side = rule === "subsample" ? 1 : size;
  return (values) => {
    const output = new Float32Array(down * across * maps).fill(rule === "max" ? -Infinity : 0);
    for (let to = 0; to < down * across; to++) {
      const row = Math.max(0, ((to / across) | 0) * stride - top);
      const column = Math.max(0, (to % across) * stride - left);
      const below = Math.min(rows, ((to / across) | 0) * stride - top + side);
      const beside = Math.min(columns, (to % across) * stride - left + side);
      const count = (below - row) * (beside - column);
      for (let y = row; y < below; y++) {
        for (let x = column; x < beside; x++) {
          const from = (y * columns + x) * maps;
          for (let map = 0; map < maps; map++) {
            const value = values[from + map];
            if (rule !== "max") output[to * maps + map] += value / count;
            else if (value > output[to * maps + map]) output[to * maps + map] = value;
          }
        }
      }
    }
    return output;
  };
}
