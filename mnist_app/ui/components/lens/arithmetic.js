/* The lens's arithmetic: what the window's values become. */

const POOLING_WORDS = { max: "largest", subsample: "first pixel" };

/* Which of the window's values is the result alone; -1 where none is. Padding takes no part. */
function winnerOf(values, rule) {
  if (rule === "subsample") return 0;
  return rule === "max" ? values.indexOf(Math.max(...values.filter((value) => value !== null))) : -1;
}

/* What is done with the window, in words: "sum 3 + bias 1", "sum" alone without a bias,
   "mean of 4". */
function stepsOf({ rule, bias }, values, products) {
  if (rule === "average") return `mean of ${values.filter((value) => value !== null).length}`;
  if (rule !== "convolution") return POOLING_WORDS[rule];
  if (bias === null) return "sum";
  const sum = products.reduce((total, product) => total + product, 0);
  return `sum ${rounded(sum, 1)} ${bias < 0 ? "−" : "+"} bias ${rounded(Math.abs(bias), 1)}`;
}

/* Input and result of a map of the layer `layer` while the pen moves, each with its scale; a convolution
   of several maps shows what the map `channel` of its input gives to it. As parts/origin.py has them. */
function liveGrids({ layer: name, before, number, channel }, layers, outputs) {
  const layer = layers.find(({ spec }) => spec.name === name);
  const source = outputs[before];
  const input = mapOf(source, channel);
  const output = mapOf(outputs[name], number);
  if (layer.spec.kind !== "convolution") {
    const scale = scaleOf([input.values]);
    return [{ ...input, scale }, { ...output, scale }];
  }
  if (layer.input[2] === 1) {
    return [{ ...input, scale: { low: 0, high: 1 } }, { ...output, scale: scaleOf([output.values], { aroundZero: true }) }];
  }
  const parts = partialMaps(layer, source.values, number);
  const scale = scaleOf(parts, { aroundZero: true });
  return [{ ...input, scale: scaleOf([source.values]) }, { values: parts[channel], scale }];
}
