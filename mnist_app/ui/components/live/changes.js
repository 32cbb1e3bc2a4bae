/* What a visitor changes in a network, as networks/interventions.py has it: other kernels, another
   pooling. */

/* Returns the layers with the changes in them, {kernels, pooling}, by the name of a layer. Raises an
   Error where a layer would get more or less than it was trained for. */
function withChanges(layers, { kernels = {}, pooling = {} }) {
  let shape = layers[0].input;
  return layers.map((layer) => {
    const name = layer.spec.name;
    const spec = pooling[name] ? withPooling(layer, pooling[name]) : layer.spec;
    const weights = kernels[name] ? withKernels(layer, kernels[name]) : layer.weights;
    const changed = { ...layer, spec, weights, input: shape };
    checkInput(layer, shape);
    changed.shape = shape = outputShape(spec, shape);
    changed.run = RUNS[spec.kind](changed);
    return changed;
  });
}

/* Pools with the padding "same"; with the network's own stride the maps keep their sizes. */
function withPooling({ spec, input }, { rule, size, stride }) {
  const isOwn = size === spec.size && stride === spec.stride;
  const most = stride === spec.stride ? Math.max(1, steps(input[0], { ...spec, kernel: spec.size })) : Infinity;
  return { ...spec, rule, size, stride, padding: isOwn && rule !== "subsample" ? "valid" : "same", most };
}

/* Puts kernels in the place of others: {number: {values, bias}}, row by row, for one input map. */
function withKernels({ spec, weights: [kernels, bias] }, changed) {
  const [all, biases] = [kernels.slice(), bias.slice()];
  for (const [number, kernel] of Object.entries(changed)) {
    kernel.values.forEach((value, place) => (all[place * spec.filters + Number(number)] = value));
    if (biases.length) biases[number] = kernel.bias;
  }
  return [all, biases];
}

function checkInput({ spec, input }, shape) {
  const isTooSmall = spec.kind === "convolution" && Math.min(shape[0], shape[1]) < spec.kernel;
  const isOther = spec.kind === "dense" && shape.at(-1) !== input.at(-1);
  if (isTooSmall || isOther) throw new Error(`${spec.name} cannot take what this pooling leaves.`);
}
