/* The lens's arithmetic: what the window sees, what it makes of that, and where it stands. */

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

/* Which of the window's values is the result alone; -1 where none is. Padding takes no part. */
function winnerOf(values, rule) {
  if (rule === "subsample") return 0;
  return rule === "max" ? values.indexOf(Math.max(...values.filter((value) => value !== null))) : -1;
}

/* What the window makes of all values of an input, as imaging/convolution.py and
   networks/layers.py compute it: the values of the output. */
function outputOf(input, how, kernel, { rows, columns }) {
  const activate = ACTIVATIONS[how.function ?? ""];
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const place = row * columns + column;
      if (how.rule === "convolution") values[place] = sumUnder(input, how, kernel, row, column) + (how.bias ?? 0);
      else values[place] = pooledUnder(input, how, row, column);
    }
  }
  return how.function ? values.map(activate) : values;
}

function sumUnder(input, { window, stride, before }, kernel, row, column) {
  const [top, left] = [row * stride - before[0], column * stride - before[1]];
  let sum = 0;
  for (let down = Math.max(0, -top); down < window[0] && top + down < input.rows; down++) {
    const [from, weight] = [(top + down) * input.columns + left, down * window[1]];
    const end = Math.min(window[1], input.columns - left);
    for (let across = Math.max(0, -left); across < end; across++) {
      sum += input.values[from + across] * kernel[weight + across];
    }
  }
  return sum;
}

/* Padding takes no part. */
function pooledUnder(input, how, row, column) {
  const places = windowPlaces(input, how, row, column);
  if (how.rule === "subsample") return input.values[places[0]];
  let [count, sum, most] = [0, 0, -Infinity];
  for (const place of places) {
    if (place === null) continue;
    count += 1;
    sum += input.values[place];
    most = Math.max(most, input.values[place]);
  }
  return how.rule === "max" ? most : sum / count;
}

/* What is done with the window, in words: "sum 3 + bias 1 = 4 → ReLU", "sum" alone where that is the
   result, "mean of 4". */
function stepsOf({ rule, bias, activation }, values, products) {
  if (rule === "average") return `mean of ${values.filter((value) => value !== null).length}`;
  if (rule !== "convolution") return POOLING_WORDS[rule];
  if (bias === null && !activation) return "sum";
  const sum = products.reduce((total, product) => total + product, 0);
  const added = bias === null ? "" : ` ${bias < 0 ? "−" : "+"} bias ${rounded(Math.abs(bias), 1)} = ${rounded(sum + bias, 1)}`;
  return `sum ${rounded(sum, 1)}${added}${activation ? ` → ${activation}` : ""}`;
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

/* The values that an input has while the pen moves; null where there are none of its size. */
function liveValues(live, { image, results }, { rows, columns }) {
  const output = results[live.network]?.outputs[live.layer];
  const values = live === "image" ? image : output && mapOf(output, live.number).values;
  return values?.length === rows * columns ? Float32Array.from(values) : null;
}

/* The scale of other values: `Rescale` in lens/__init__.py. */
function rescaled({ scale, rescale }, arrays, inputScale) {
  if (rescale === "fixed") return scale;
  if (rescale === "input") return inputScale;
  const isImage = (values) => values.every((value) => value >= 0 && value <= 255);
  if (rescale === "pixels" && arrays.every(isImage)) return { palette: "gray", low: 0, high: 255, stretched: false };
  const { stretched } = scale;
  const found = scaleOf(arrays, { aroundZero: rescale !== "fitting", stretched });
  return { ...found, palette: found.low < 0 ? "diverging" : "sequential" };
}
