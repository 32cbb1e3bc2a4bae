/* What tiles show while the pen moves, tile after tile. As parts/origin.py has them:

   - {kind: "maps", layer, number}: a map of a layer, or all where the number is null;
   - {kind: "parts", layer, before, number}: what each map of the layer before gives to a convolution's map;
   - {kind: "products", layer, before, number}: each value of the layer before times its weight in a unit. */
function liveTiles({ kind, layer: name, before, number }, layers, outputs) {
  if (kind === "maps") return number === null ? stacked(outputs[name]) : mapOf(outputs[name], number).values;
  const layer = layers.find(({ spec }) => spec.name === name);
  const source = outputs[before];
  if (kind === "parts") return joined(partialMaps(layer, source.values, number));
  const [weights] = layer.weights;
  const products = source.values.map((value, at) => value * weights[at * layer.spec.units + number]);
  return stacked({ ...source, values: products });
}

/* A layer's output, map after map. */
function stacked({ values, shape }) {
  if (shape.length < 3) return values;
  return joined(Array.from({ length: shape[2] }, (_, map) => mapOf({ values, shape }, map).values));
}

function joined(arrays) {
  const all = new Float32Array(arrays.length * arrays[0].length);
  arrays.forEach((values, at) => all.set(values, at * values.length));
  return all;
}
