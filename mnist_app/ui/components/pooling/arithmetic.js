/* What pooling makes of an image, {rows, columns, values}: the arithmetic of imaging/convolution.py. */

/* Returns one value for each window that fits; null where none does. */
function pooledBy({ rows, columns, values }, { rule, size, stride }) {
  const across = Math.floor((columns - size) / stride) + 1;
  const down = Math.floor((rows - size) / stride) + 1;
  if (across < 1 || down < 1) return null;
  const layer = { spec: { rule, size, stride, padding: "valid" }, input: [rows, columns, 1], shape: [down, across] };
  return { rows: down, columns: across, values: pool(layer)(values) };
}

/* Returns the share, 0 to 1, of pooled values that stay when the image moves by one pixel: the mean
   over left, right, up and down. */
function shareUnchangedByShift(image, how) {
  const pooled = pooledBy(image, how).values;
  const moves = [[0, 1], [0, -1], [1, 0], [-1, 0]];
  const shares = moves.map((move) => shareUnchanged(pooled, pooledBy(shifted(image, ...move), how).values));
  return shares.reduce((sum, share) => sum + share) / moves.length;
}

/* The share of values that differ by at most a tenth of the largest. Where both are 0 it does not count. */
function shareUnchanged(before, after) {
  let [largest, counted, same] = [0, 0, 0];
  for (const values of [before, after]) for (const value of values) largest = Math.max(largest, Math.abs(value));
  const tolerance = Math.fround(0.1 * largest);
  before.forEach((value, at) => {
    if (value === 0 && after[at] === 0) return;
    counted += 1;
    same += Math.abs(Math.fround(value - after[at])) <= tolerance;
  });
  return counted ? same / counted : 1;
}

function shifted({ rows, columns, values }, down, right) {
  const moved = new Float32Array(values.length);
  for (let row = Math.max(0, down); row < Math.min(rows, rows + down); row++) {
    for (let column = Math.max(0, right); column < Math.min(columns, columns + right); column++) {
      moved[row * columns + column] = values[(row - down) * columns + column - right];
    }
  }
  return { rows, columns, values: moved };
}
