/* A network as the columns of a picture: what changes nothing but numbers, such as an activation or a
   normalization, is folded into the layer before it. Every output is {rows, columns, maps} then: units
   are maps of one value, and the state after each row is a map of 28 rows and one column. */

const OWN_COLUMN = ["convolution", "pooling", "recurrent", "last_row", "dense"];

/* Returns [{name, layer, output, margin, rows, columns, maps}], the ink first. `output` is the name of
   the layer whose output it shows, and `margin` what was padded around its input. */
function stagesOf(layers) {
  const ink = { name: "ink", layer: null, output: "", margin: 0, rows: 28, columns: 28, maps: 1 };
  const stages = [ink];
  let margin = 0;
  for (const layer of layers) {
    const { kind, name } = layer.spec;
    if (OWN_COLUMN.includes(kind)) {
      stages.push({ name: name.replaceAll("_", " "), layer, output: name, margin, ...sizeOf(layer.shape, kind) });
      margin = 0;
    } else if (kind === "zero_padding") {
      margin += layer.spec.margin;
    } else if (kind !== "flatten") {
      stages.at(-1).output = name;
      if (stages.length > 1) stages.at(-1).gain = gainOf(stages.at(-1).gain, layer);
    }
  }
  stages.at(-1).name = "digits";
  return stages;
}

function sizeOf(shape, kind) {
  if (kind === "recurrent") return { rows: shape[0], columns: 1, maps: shape[1] };
  const maps = shape.at(-1);
  return shape.length === 3 ? { rows: shape[0], columns: shape[1], maps } : { rows: 1, columns: 1, maps };
}

/* What a folded layer multiplies each map by; undefined for nothing. */
function gainOf(gain, { spec, shape, weights }) {
  const one = {
    depthwise_scale: () => weights[0],
    batch_normalization: () => weights[0].map((gamma, map) => gamma / Math.sqrt(weights[3][map] + spec.epsilon)),
  }[spec.kind]?.();
  if (!one) return gain;
  return gain ? one.map((factor, map) => factor * gain[map]) : one;
}
