/* Which way the ink takes to an answer. A value is a sum of products, each of a value before it and a
   weight: the largest of them are followed back, layer by layer, to the ink. */

const [LEAST_EDGES, LEAST_FROM_INK] = [16, 80];

/* Returns, for each stage but the first, its strongest edges to the stage before, back from nodes of
   the stage `at`: [{from: {map, place}, to: {map, place}, amount, weight}]. A node is
   {map, place, weight}, the place its value's in the map; the weights of an edge and a node are their
   share in what they lead to. `fan` is how many edges a node keeps, more where there are few nodes;
   `width` is how many nodes a stage keeps. */
function pathsBack(stages, values, at, nodes, { fan, width }) {
  const paths = stages.map(() => []);
  for (let stage = at; stage > 0 && nodes.length; stage--) {
    const before = new Map();
    const kept = Math.max(fan, Math.ceil((stage === 1 ? LEAST_FROM_INK : LEAST_EDGES) / nodes.length));
    for (const to of nodes) {
      const parts = partsOf(stages, values, stage, to);
      const total = parts.reduce((sum, { amount }) => sum + Math.abs(amount), 0) || 1;
      for (const { amount, ...part } of strongest(parts, kept)) {
        const weight = (to.weight * Math.abs(amount)) / total;
        paths[stage].push({ from: part, to: { ...to, place: part.row ?? to.place }, amount, weight });
        const key = stage === 1 ? part.place : part.map;
        const known = before.get(key);
        if (!known) before.set(key, { ...part, weight, most: weight });
        else {
          if (weight > known.most) Object.assign(known, { place: part.place, most: weight });
          known.weight += weight;
        }
      }
    }
    nodes = [...before.values()].sort((a, b) => b.weight - a.weight).slice(0, width);
  }
  return paths;
}

function strongest(parts, count) {
  return parts.sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount)).slice(0, count);
}

/* What a node's value is the sum of, a part for each map of the stage before and for each pixel of the
   ink: [{map, place, amount}], the place where most of the amount comes from. */
function partsOf(stages, values, stage, node) {
  const source = { ...stages[stage - 1], values: values[stage - 1], isInk: stage === 1 };
  const parts = PARTS[stages[stage].layer.spec.kind](stages[stage], source, node, values[stage]);
  const gain = stages[stage].gain?.[node.map] ?? 1;
  return gain < 0 ? parts.map((part) => ({ ...part, amount: -part.amount })) : parts;
}

const PARTS = {
  dense: ({ layer, maps }, source, { map }) => {
    const weights = layer.weights[0];
    return partsWhere(source, allPlaces(source), (place, from) => weights[(place * source.maps + from) * maps + map]);
  },

  convolution: (stage, source, { map, place }) => {
    const { kernel, stride, padding } = stage.layer.spec;
    const weights = stage.layer.weights[0];
    const [top, left] = cornerOf(stage, source, place, { side: kernel, stride, isSame: padding === "same" });
    const inside = windowPlaces(source, top, left, kernel);
    return partsWhere(
      source,
      inside.map(([at]) => at),
      (_, from, number) => weights[(inside[number][1] * source.maps + from) * stage.maps + map],
    );
  },

  pooling: (stage, source, { map, place }) => {
    const { size, stride, padding } = stage.layer.spec;
    const [top, left] = cornerOf(stage, source, place, { side: size, stride, isSame: padding === "same" });
    const inside = windowPlaces(source, top, left, size).map(([at]) => at);
    return partsWhere(source, inside, (_, from) => Number(from === map)).filter((part) => part.map === map);
  },

  last_row: (_, source, { map }) => [
    { map, place: source.rows - 1, amount: source.values[(source.rows - 1) * source.maps + map] },
  ],

  /* The state after the last row is the sum of what each row has changed in it. */
  recurrent: ({ maps }, source, { map, place }, state) =>
    Array.from({ length: place + 1 }, (_, row) => {
      const pixels = Array.from({ length: source.columns }, (_, column) => row * source.columns + column);
      const before = row ? state[(row - 1) * maps + map] : 0;
      return { map: 0, place: brightest(source.values, pixels), row, amount: state[row * maps + map] - before };
    }),
};

/* A part for each map of the source, or pixel of the ink: values times weights, over places. */
function partsWhere({ values, maps, isInk }, places, weightOf) {
  const parts = [];
  for (let map = 0; map < maps; map++) {
    const part = { map, place: places[0], amount: 0 };
    let most = -1;
    for (let number = 0; number < places.length; number++) {
      const value = values[places[number] * maps + map];
      if (value === 0) continue;
      const amount = value * weightOf(places[number], map, number);
      if (isInk) parts.push({ map, place: places[number], amount });
      part.amount += amount;
      if (Math.abs(amount) > most) {
        most = Math.abs(amount);
        part.place = places[number];
      }
    }
    if (!isInk && most > 0) parts.push(part);
  }
  return parts;
}

function allPlaces({ rows, columns }) {
  return Array.from({ length: rows * columns }, (_, place) => place);
}

/* The row and column where the window begins that makes the value at a place. */
function cornerOf(stage, source, place, { side, stride, isSame }) {
  return [Math.floor(place / stage.columns), place % stage.columns].map((step, axis) => {
    const length = [source.rows, source.columns][axis] + 2 * stage.margin;
    return step * stride - stage.margin - (isSame ? paddingAround(length, side, stride) : 0);
  });
}

function paddingAround(length, side, stride) {
  return Math.max(0, (Math.ceil(length / stride) - 1) * stride + side - length) >> 1;
}

/* The places in a window that are within the source, each with its place in the window. */
function windowPlaces({ rows, columns }, top, left, side) {
  const places = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [row, column] = [top + y, left + x];
      if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
      places.push([row * columns + column, y * side + x]);
    }
  }
  return places;
}

function brightest(values, places) {
  return places.reduce((best, place) => (values[place] > values[best] ? place : best), places[0]);
}

/* The place in a map where its value is farthest from zero: what is asked about when one asks for it. */
function peakOf({ rows, columns, maps }, values, map) {
  let best = 0;
  for (let place = 1; place < rows * columns; place++) {
    if (Math.abs(values[place * maps + map]) > Math.abs(values[best * maps + map])) best = place;
  }
  return best;
}
