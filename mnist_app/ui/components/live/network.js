/* A trained network in plain JavaScript. A layer's output is a Float32Array whose last axis, the
   maps or units, lies together, as in Keras. All kinds of networks/layer_specs.py are here.
   Zeros are skipped: most of a drawing, and of what ReLU leaves, is zero. */

/* Reads a network as networks/packing.py packs it: the length of the JSON in four bytes, the
   JSON, and the weights of all layers in order, float32, all little-endian. */
function unpackNetwork(buffer) {
  const { about, end } = readHeader(buffer);
  return { ...about, layers: withWeights(about.architecture, new Float32Array(buffer.slice(end))) };
}

/* Gives each layer its shapes and its part of the weights. */
function withWeights(architecture, weights) {
  let shape = [28, 28];
  let at = 0;
  const take = (count) => weights.subarray(at, (at += count));
  const layers = architecture.map((spec) => {
    const layer = { spec, input: shape, weights: weightCounts(spec, shape).map(take) };
    layer.shape = shape = outputShape(spec, shape);
    layer.run = RUNS[spec.kind](layer);
    return layer;
  });
  if (at !== weights.length) throw new Error(`${weights.length - at} weights are left over.`);
  return layers;
}

function weightCounts(spec, shape) {
  const last = shape.at(-1);
  switch (spec.kind) {
    case "convolution":
      return [spec.kernel ** 2 * last * spec.filters, spec.bias ? spec.filters : 0];
    case "dense":
      return [last * spec.units, spec.units];
    case "batch_normalization":
      return [last, last, last, last];
    case "depthwise_scale":
      return [last, last];
    case "recurrent":
      return [3 * last * spec.units, 3 * spec.units ** 2, 6 * spec.units];
    default:
      return [];
  }
}

function outputShape(spec, shape) {
  const [rows, columns, maps] = shape;
  switch (spec.kind) {
    case "add_channel":
      return [rows, columns, 1];
    case "zero_padding":
      return [rows + 2 * spec.margin, columns + 2 * spec.margin, maps];
    case "convolution":
      return [steps(rows, spec), steps(columns, spec), spec.filters];
    case "pooling":
      return [rows, columns].map((n) => Math.min(poolSteps(n, spec), spec.most ?? Infinity)).concat(maps);
    case "recurrent":
      return [rows, spec.units];
    case "last_row":
      return [1, columns];
    case "flatten":
      return [shape.reduce((product, n) => product * n)];
    case "dense":
      return [spec.units];
    default:
      return shape;
  }
}

/* A window without padding, as networks are trained with, or with it, as a visitor's pooling has it. */
function poolSteps(length, { size, stride, padding }) {
  return steps(length, { kernel: size, stride, padding });
}

function steps(length, { kernel, stride, padding }) {
  return padding === "same" ? Math.ceil(length / stride) : Math.floor((length - kernel) / stride) + 1;
}

/* Returns the output of each layer for an image, 784 values of 0 to 255. */
function runNetwork(layers, image) {
  let values = Float32Array.from(image);
  return layers.map((layer) => (values = layer.run(values)));
}

const RUNS = {
  rescaling: ({ spec }) => onEachValue((value) => value / spec.divisor),
  add_channel: () => same,
  flatten: () => same,
  dropout: () => same,
  zero_padding: pad,
  convolution: convolve,
  pooling: pool,
  depthwise_scale: scaleMaps,
  batch_normalization: normalizeBatch,
  activation: ({ spec }) => (spec.function === "relu" ? rectify : onEachValue(ACTIVATIONS[spec.function])),
  recurrent: recur,
  last_row: ({ shape }) => (values) => values.slice(-shape[1]),
  dense: connect,
  softmax: () => softmax,
};

function same(values) {
  return values;
}

/* As Float32Array's own map, which takes ten times as long. */
function onEachValue(change) {
  return (values) => {
    const output = new Float32Array(values.length);
    for (let at = 0; at < values.length; at++) output[at] = change(values[at]);
    return output;
  };
}

/* The most frequent one by itself: in a loop that calls all of them it takes five times as long. */
function rectify(values) {
  const output = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) if (values[at] > 0) output[at] = values[at];
  return output;
}

function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function pad({ spec, input, shape }) {
  const [rows, columns, maps] = input;
  return (values) => {
    const output = new Float32Array(shape[0] * shape[1] * maps);
    for (let row = 0; row < rows; row++) {
      const line = values.subarray(row * columns * maps, (row + 1) * columns * maps);
      output.set(line, ((row + spec.margin) * shape[1] + spec.margin) * maps);
    }
    return output;
  };
}

/* The windows of the input that each value of a map is computed from. Zeros are skipped. */
function convolve({ spec, input, shape, weights: [kernels, bias] }) {
  const [rows, columns, maps] = input;
  const [down, across, filters] = shape;
  const { kernel: side, stride } = spec;
  const [top, left] = [rows, columns].map((n) => (spec.padding === "same" ? paddingBefore(n, side, stride) : 0));
  const matrix = Float64Array.from(kernels);
  const taken = new Rows(side * side * maps);
  const sums = new Float64Array(filters);
  return (values) => {
    const output = new Float32Array(down * across * filters);
    for (let to = 0; to < down * across; to++) {
      const row = ((to / across) | 0) * stride - top;
      const column = (to % across) * stride - left;
      const [first, end] = [Math.max(0, -column), Math.min(side, columns - column)];
      taken.count = 0;
      for (let y = Math.max(0, -row); y < Math.min(side, rows - row); y++) {
        taken.add(values, ((row + y) * columns + column + first) * maps, (end - first) * maps, (y * side + first) * maps);
      }
      if (spec.bias) sums.set(bias);
      else sums.fill(0);
      addProducts(sums, taken, matrix);
      output.set(sums, to * filters);
    }
    return output;
  };
}

function scaleMaps({ weights: [scale, bias] }) {
  return onEachMap(scale, bias);
}

function normalizeBatch({ spec, weights: [gamma, beta, mean, variance] }) {
  const factor = gamma.map((value, map) => value / Math.sqrt(variance[map] + spec.epsilon));
  return onEachMap(factor, beta.map((value, map) => value - mean[map] * factor[map]));
}

/* Returns what multiplies each map by a factor of its own and adds an offset. */
function onEachMap(factors, offsets) {
  const maps = factors.length;
  return (values) => {
    const output = new Float32Array(values.length);
    for (let at = 0; at < values.length; at += maps) {
      for (let map = 0; map < maps; map++) output[at + map] = values[at + map] * factors[map] + offsets[map];
    }
    return output;
  };
}

/* A gated recurrent unit as Keras has it, reset after the matrix product: the update gate, the
   reset gate and the candidate lie beside each other in its weights. */
function recur({ spec, input, weights: [kernel, recurrent, bias] }) {
  const [rows, columns] = input;
  const { units } = spec;
  const fromRow = product(kernel, bias.subarray(0, 3 * units));
  const fromState = product(recurrent, bias.subarray(3 * units));
  return (values) => {
    const output = new Float32Array(rows * units);
    let state = new Float32Array(units);
    for (let row = 0; row < rows; row++) {
      const seen = fromRow(values.subarray(row * columns, (row + 1) * columns));
      const told = fromState(state);
      state = state.map((before, unit) => {
        const update = sigmoid(seen[unit] + told[unit]);
        const reset = sigmoid(seen[units + unit] + told[units + unit]);
        const next = Math.tanh(seen[2 * units + unit] + reset * told[2 * units + unit]);
        return update * before + (1 - update) * next;
      });
      output.set(state, row * units);
    }
    return output;
  };
}

function connect({ spec, weights: [kernel, bias] }) {
  const [multiply, activate] = [product(kernel, bias), onEachValue(ACTIVATIONS[spec.activation])];
  return (values) => activate(multiply(values));
}

/* Returns what multiplies values by a matrix, a row for each value, and adds the bias. */
function product(weights, bias) {
  const matrix = Float64Array.from(weights);
  const taken = new Rows(weights.length / bias.length);
  return (values) => {
    const sums = Float64Array.from(bias);
    taken.count = 0;
    taken.add(values, 0, values.length, 0);
    addProducts(sums, taken, matrix);
    return Float32Array.from(sums);
  };
}

/* Values that are not zero, and by which row of a matrix each of them is multiplied. */
class Rows {
  constructor(most) {
    this.values = new Float64Array(most + ROWS_AT_ONCE);
    this.rows = new Int32Array(most + ROWS_AT_ONCE);
    this.count = 0;
  }

  /* Takes `length` values from a place on, whose rows follow each other from `row` on. */
  add(values, from, length, row) {
    for (let at = 0; at < length; at++) {
      const value = values[from + at];
      if (value === 0) continue;
      this.values[this.count] = value;
      this.rows[this.count++] = row + at;
    }
  }
}

const ROWS_AT_ONCE = 8;

/* Adds the rows of a matrix, each times its value, to sums. Nearly all time goes into this: eight rows
   at once and 64 bits take a fifth of the time of one row and 32. */
function addProducts(sums, { values, rows, count }, matrix) {
  const width = sums.length;
  const end = Math.ceil(count / ROWS_AT_ONCE) * ROWS_AT_ONCE;
  values.fill(0, count, end);
  rows.fill(0, count, end);
  for (let at = 0; at < end; at += ROWS_AT_ONCE) {
    const [a, b, c, d] = [values[at], values[at + 1], values[at + 2], values[at + 3]];
    const [e, f, g, h] = [values[at + 4], values[at + 5], values[at + 6], values[at + 7]];
    const [i, j, k, l] = [rows[at] * width, rows[at + 1] * width, rows[at + 2] * width, rows[at + 3] * width];
    const [m, n, o, p] = [rows[at + 4] * width, rows[at + 5] * width, rows[at + 6] * width, rows[at + 7] * width];
    for (let to = 0; to < width; to++) {
      const first = a * matrix[i + to] + b * matrix[j + to] + c * matrix[k + to] + d * matrix[l + to];
      const second = e * matrix[m + to] + f * matrix[n + to] + g * matrix[o + to] + h * matrix[p + to];
      sums[to] += first + second;
    }
  }
}
