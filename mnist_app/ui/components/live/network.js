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
  rescaling: ({ spec }) => (values) => values.map((value) => value / spec.divisor),
  add_channel: () => same,
  flatten: () => same,
  dropout: () => same,
  zero_padding: pad,
  convolution: convolve,
  pooling: pool,
  depthwise_scale: scaleMaps,
  batch_normalization: normalizeBatch,
  activation: ({ spec }) => (values) => values.map(ACTIVATIONS[spec.function]),
  recurrent: recur,
  last_row: ({ shape }) => (values) => values.slice(-shape[1]),
  dense: connect,
  softmax: () => softmax,
};

function same(values) {
  return values;
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

function convolve({ spec, input, shape, weights: [kernels, bias] }) {
  const [rows, columns, maps] = input;
  const [down, across, filters] = shape;
  const { kernel: side, stride } = spec;
  const [top, left] = [rows, columns].map((n) => (spec.padding === "same" ? paddingBefore(n, side, stride) : 0));
  return (values) => {
    const output = new Float32Array(down * across * filters);
    if (spec.bias) for (let at = 0; at < output.length; at += filters) output.set(bias, at);
    for (let at = 0; at < rows * columns * maps; at++) {
      const value = values[at];
      if (value === 0) continue;
      const map = at % maps;
      const pixel = (at - map) / maps;
      const row = ((pixel / columns) | 0) + top;
      const column = (pixel % columns) + left;
      for (let y = 0; y < side; y++) {
        const to = row - y;
        if (to < 0 || to % stride || to / stride >= down) continue;
        for (let x = 0; x < side; x++) {
          const beside = column - x;
          if (beside < 0 || beside % stride || beside / stride >= across) continue;
          const target = ((to / stride) * across + beside / stride) * filters;
          const source = ((y * side + x) * maps + map) * filters;
          for (let k = 0; k < filters; k++) output[target + k] += value * kernels[source + k];
        }
      }
    }
    return output;
  };
}

function scaleMaps({ shape, weights: [scale, bias] }) {
  const maps = shape.at(-1);
  return (values) => values.map((value, at) => value * scale[at % maps] + bias[at % maps]);
}

function normalizeBatch({ spec, shape, weights: [gamma, beta, mean, variance] }) {
  const maps = shape.at(-1);
  const factor = gamma.map((value, map) => value / Math.sqrt(variance[map] + spec.epsilon));
  const offset = beta.map((value, map) => value - mean[map] * factor[map]);
  return (values) => values.map((value, at) => value * factor[at % maps] + offset[at % maps]);
}

/* A gated recurrent unit as Keras has it, reset after the matrix product: the update gate, the
   reset gate and the candidate lie beside each other in its weights. */
function recur({ spec, input, weights: [kernel, recurrent, bias] }) {
  const [rows, columns] = input;
  const { units } = spec;
  const [seen, told] = [bias.subarray(0, 3 * units), bias.subarray(3 * units)];
  return (values) => {
    const output = new Float32Array(rows * units);
    let state = new Float32Array(units);
    for (let row = 0; row < rows; row++) {
      const fromRow = product(values.subarray(row * columns, (row + 1) * columns), kernel, seen);
      const fromState = product(state, recurrent, told);
      state = state.map((before, unit) => {
        const update = sigmoid(fromRow[unit] + fromState[unit]);
        const reset = sigmoid(fromRow[units + unit] + fromState[units + unit]);
        const next = Math.tanh(fromRow[2 * units + unit] + reset * fromState[2 * units + unit]);
        return update * before + (1 - update) * next;
      });
      output.set(state, row * units);
    }
    return output;
  };
}

function connect({ spec, weights: [kernel, bias] }) {
  const activation = ACTIVATIONS[spec.activation];
  return (values) => product(values, kernel, bias).map(activation);
}

/* Returns values times a matrix, a row for each value, plus the bias. */
function product(values, matrix, bias) {
  const output = Float32Array.from(bias);
  const units = output.length;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === 0) continue;
    for (let unit = 0; unit < units; unit++) output[unit] += value * matrix[at * units + unit];
  }
  return output;
}
