/* A window that slides over an array: what it sees, what a convolution makes of it, and where it stands. */

/* How a square window slides over rows and columns, as imaging.convolution.sliding_window has it: its
   padding before and after, down and across, and at how many places it stops. */
function slidingWindow({ rows, columns }, side, stride, padding) {
  const lengths = [rows, columns];
  if (padding === "valid") {
    const [down, across] = lengths.map((length) => Math.floor((length - side) / stride) + 1);
    return { window: [side, side], stride, before: [0, 0], after: [0, 0], rows: down, columns: across };
  }
  const [down, across] = lengths.map((length) => Math.ceil(length / stride));
  const missing = [down, across].map((stops, axis) => Math.max(0, (stops - 1) * stride + side - lengths[axis]));
  const before = missing.map((count) => count >> 1);
  const after = missing.map((count, axis) => count - before[axis]);
  return { window: [side, side], stride, before, after, rows: down, columns: across };
}

/* Where a value stands in an array; null outside of it: that is padding. */
function placeOf({ rows, columns }, row, column) {
  const isOutside = row < 0 || column < 0 || row >= rows || column >= columns;
  return isOutside ? null : row * columns + column;
}

/* Where the values stand that the window sees when it makes the output at a row and column. */
function windowPlaces(input, { window, stride, before }, row, column) {
  const [rows, columns] = window;
  const top = row * stride - before[0];
  const left = column * stride - before[1];
  return Array.from({ length: rows * columns }, (_, index) =>
    placeOf(input, top + Math.floor(index / columns), left + (index % columns)),
  );
}

/* The window's values times the kernel; padding counts as 0. */
function productsOf(values, kernel) {
  return values.map((value, index) => (value ?? 0) * kernel[index]);
}

/* What a convolution makes of an input, as imaging/convolution.py and networks/layers.py compute it:
   the values of the output, which has so many rows and columns. Most of a drawing is 0 and skipped. */
function convolved(input, { window, stride, before }, { weights, bias, activation }, { rows, columns }) {
  const sums = new Float64Array(rows * columns).fill(bias);
  for (let at = 0; at < input.values.length; at++) {
    const value = input.values[at];
    if (value === 0) continue;
    const top = Math.floor(at / input.columns) + before[0];
    const left = (at % input.columns) + before[1];
    for (let down = 0; down < window[0]; down++) {
      const row = (top - down) / stride;
      if (row < 0 || row >= rows || !Number.isInteger(row)) continue;
      for (let across = 0; across < window[1]; across++) {
        const column = (left - across) / stride;
        if (column < 0 || column >= columns || !Number.isInteger(column)) continue;
        sums[row * columns + column] += value * weights[down * window[1] + across];
      }
    }
  }
  return Float32Array.from(activation ? sums.map(ACTIVATIONS[activation]) : sums);
}

/* What each map of a convolution's input gives to its map `number`: those add up to it, with the bias. */
function partialMaps({ spec, input: shape, weights: [kernels] }, values, number) {
  const [side, maps] = [spec.kernel, shape[2]];
  return Array.from({ length: maps }, (_, map) => {
    const plane = mapOf({ values, shape }, map);
    const slides = slidingWindow(plane, side, spec.stride, spec.padding);
    const weights = Float32Array.from({ length: side ** 2 }, (_, place) => kernels[(place * maps + map) * spec.filters + number]);
    return convolved(plane, slides, { weights, bias: 0 }, slides);
  });
}

/* The output's row and column under the pointer, which is so far down and across, 0 to 1. */
function valueUnder(down, across, output) {
  return [Math.floor(down * output.rows), Math.floor(across * output.columns)];
}

/* The row and column of the output whose window's middle is nearest to the pointer on the input. */
function windowUnder(down, across, input, { window, stride, before, after }) {
  const nearest = (share, axis, length) =>
    Math.round((share * (before[axis] + length + after[axis]) - window[axis] / 2) / stride);
  return [nearest(down, 0, input.rows), nearest(across, 1, input.columns)];
}

/* The row and column of the value that is farthest from zero: there most is to be seen. */
function largestIn({ values, columns }) {
  const sizes = Array.from(values, Math.abs);
  const place = sizes.indexOf(Math.max(...sizes));
  return [Math.floor(place / columns), place % columns];
}

/* The row and column of the value that comes in so many steps. */
function placeAt(step, { columns }) {
  return [Math.floor(step / columns), step % columns];
}

/* A row and column moved by an arrow key; null for another key. */
function movedByKey(key, row, column) {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  return moves[key] ? [row + moves[key][0], column + moves[key][1]] : null;
}

/* A row and column within an array. */
function within([row, column], { rows, columns }) {
  return [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1)];
}

/* Paints values on a canvas, a pixel a value, in the middle of so much padding, which stays open. */
function paintGrid(canvas, { rows, columns, values }, scale, before = [0, 0], after = [0, 0]) {
  const [height, width] = [before[0] + rows + after[0], before[1] + columns + after[1]];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  if (canvas.image?.width !== columns || canvas.image.height !== rows) canvas.image = new ImageData(columns, rows);
  const pixels = new Uint32Array(canvas.image.data.buffer);
  const colors = wordsOf(scale.palette);
  const indices = indicesOn(values, scale);
  for (let at = 0; at < indices.length; at++) pixels[at] = colors[indices[at]];
  const pen = canvas.getContext("2d");
  if (height > rows || width > columns) pen.clearRect(0, 0, width, height);
  pen.putImageData(canvas.image, before[1], before[0]);
}

/* Puts a mark on a part of a picture, in shares of its sides. */
function placeMark(mark, top, left, height, width) {
  for (const [name, share] of Object.entries({ top, left, height, width })) {
    mark.style[name] = `${100 * share}%`;
  }
}

/* The outline of what leads from one box on the screen to another at its right, for an SVG path in the box `sky`. */
function linkBetween(sky, left, right) {
  const corner = (x, y) => `${(x - sky.left).toFixed(1)} ${(y - sky.top).toFixed(1)}`;
  return `M${corner(left.right, left.top)}L${corner(right.left, right.top)}L${corner(right.left, right.bottom)}L${corner(left.right, left.bottom)}Z`;
}

/* Shows a scale: its colors, and its values at the ends and in the middle. */
function showScale(legend, { palette, low, high }) {
  if (!legend.childElementCount) legend.innerHTML = '<div class="bar"></div><span></span><span></span><span></span>';
  const [bar, ...ticks] = legend.children;
  if (bar.dataset.palette !== palette) bar.style.background = gradientOf(palette);
  bar.dataset.palette = palette;
  [low, (low + high) / 2, high].forEach((value, at) => {
    setText(ticks[at], rounded(Math.abs(value) >= 100 ? Math.round(value) : value));
  });
}

/* Only what changes costs a layout. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
