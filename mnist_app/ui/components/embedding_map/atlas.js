/* What the map consists of, as analysis/embedding.py packs it, and what is near what. */

function unpackMap(buffer) {
  const { about, end } = readHeader(buffer);
  let at = end;
  const take = (Kind, count) => {
    const array = new Kind(buffer, at, count);
    at += array.byteLength;
    return array;
  };
  const { images, hidden, components } = about;
  return {
    ...about,
    mean: take(Float32Array, hidden),
    axes: take(Float32Array, hidden * components),
    positions: take(Uint16Array, 2 * images),
    numbers: take(Uint16Array, images),
    labels: take(Uint8Array, images),
    values: take(Int8Array, images * components),
  };
}

/* Where a drawing lies of which the hidden layer makes these values, 0 to 1, and which dots are most
   like it: as Embedding.place. */
function placeOf(map, outputs) {
  const wanted = componentsOf(map, outputs);
  const near = nearestTo(map, wanted);
  const median = (axis) => {
    const sorted = near.map((dot) => map.positions[2 * dot + axis]).sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return (sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2) / 65535;
  };
  return { x: median(0), y: median(1), near };
}

/* The principal components, in the units in which the map keeps them. */
function componentsOf({ mean, axes, components, step }, outputs) {
  const found = new Float32Array(components);
  for (let unit = 0; unit < mean.length; unit++) {
    const value = (outputs[unit] - mean[unit]) / step;
    for (let k = 0; k < components; k++) found[k] += value * axes[unit * components + k];
  }
  return found;
}

/* The dots whose components are nearest, the nearest first. A dot is left as soon as it is too far. */
function nearestTo({ values, images, components, neighbors }, wanted) {
  const near = [];
  let limit = Infinity;
  for (let dot = 0, at = 0; dot < images; dot++, at += components) {
    let distance = 0;
    for (let k = 0; k < components && distance < limit; k++) {
      const difference = values[at + k] - wanted[k];
      distance += difference * difference;
    }
    if (distance >= limit) continue;
    const place = near.findIndex((other) => other.distance > distance);
    near.splice(place < 0 ? near.length : place, 0, { dot, distance });
    if (near.length > neighbors) near.pop();
    if (near.length === neighbors) limit = near.at(-1).distance;
  }
  return near.map(({ dot }) => dot);
}

/* The dot nearest to a place, in a direction where one is given; -1 where there is none so near. */
function dotAt({ positions, images }, x, y, farthest, direction = null, except = -1) {
  let [best, found] = [(farthest * 65535) ** 2, -1];
  const [toX, toY] = [x * 65535, y * 65535];
  for (let dot = 0; dot < images; dot++) {
    const [right, down] = [positions[2 * dot] - toX, positions[2 * dot + 1] - toY];
    const distance = right * right + down * down;
    if (distance >= best || dot === except) continue;
    if (direction && !isInDirection(right, down, direction)) continue;
    [best, found] = [distance, dot];
  }
  return found;
}

/* Whether a step goes more into a direction than to its sides. */
function isInDirection(right, down, [across, along]) {
  const ahead = right * across + down * along;
  return ahead > 0 && ahead >= Math.abs(right * along) + Math.abs(down * across);
}
