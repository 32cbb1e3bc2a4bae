/* Pictures of maps and of single arrays, in one palette around zero. */

const TILE_SPACE = 1; // values between two tiles

/* How many tiles stand side by side: about as many as below each other. */
function tilesAcross({ count, rows, columns }) {
  return Math.max(1, Math.min(count, Math.ceil(Math.sqrt((count * rows) / columns))));
}

/* Paints indices, tile after tile, of a palette that has zero in its middle. */
function paintTiles(canvas, shape, indices) {
  const { count, rows, columns } = shape;
  const across = tilesAcross(shape);
  const [wide, high] = [columns + TILE_SPACE, rows + TILE_SPACE];
  canvas.width = across * wide - TILE_SPACE;
  canvas.height = Math.ceil(count / across) * high - TILE_SPACE;
  const image = new ImageData(canvas.width, canvas.height);
  const words = new Uint32Array(image.data.buffer);
  const colors = wordsOf("diverging");
  for (let tile = 0; tile < count; tile++) {
    const corner = Math.floor(tile / across) * high * canvas.width + (tile % across) * wide;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        words[corner + row * canvas.width + column] = colors[indices[(tile * rows + row) * columns + column]];
      }
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/* The value of such a canvas under the pointer, {tile, row, column}; null between tiles. */
function placeUnder(canvas, shape, event) {
  const box = canvas.getBoundingClientRect();
  const zoom = Math.min(box.width / canvas.width, box.height / canvas.height);
  const [x, y] = [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom];
  const [wide, high] = [shape.columns + TILE_SPACE, shape.rows + TILE_SPACE];
  const [column, row] = [Math.floor(x % wide), Math.floor(y % high)];
  const tile = Math.floor(y / high) * tilesAcross(shape) + Math.floor(x / wide);
  if (x < 0 || y < 0 || x >= canvas.width || tile >= shape.count) return null;
  return column < shape.columns && row < shape.rows ? { tile, row, column } : null;
}

/* An array as near to a square as it goes: what has one dimension is broken into rows. */
function asPicture(shape, values) {
  if (shape.length === 2) return { count: 1, rows: shape[0], columns: shape[1] };
  const columns = Math.max(1, Math.ceil(Math.sqrt(values.length)));
  return { count: 1, rows: Math.ceil(values.length / columns), columns };
}

/* An array as a picture with its name; a click tells the number of a value. */
function figureOf(title, array, onPick) {
  const values = new Float32Array(bytesOf(array.values).buffer);
  const shape = asPicture(array.shape, values);
  const figure = document.createElement("div");
  figure.innerHTML = "<span></span><canvas role=\"img\"></canvas>";
  figure.firstChild.textContent = title;
  const canvas = figure.lastChild;
  const { high } = scaleOf([values], { aroundZero: true });
  canvas.setAttribute("aria-label", `${title}, from ${rounded(-high, 2)} to ${rounded(high, 2)}`);
  const padded = new Float32Array(shape.rows * shape.columns);
  padded.set(values);
  paintTiles(canvas, shape, indicesOn(padded, { low: -high, high }));
  const numberUnder = (event) => {
    const place = placeUnder(canvas, shape, event);
    const number = place && place.row * shape.columns + place.column;
    return number !== null && number < values.length ? number : null;
  };
  canvas.addEventListener("pointermove", (event) => {
    const number = numberUnder(event);
    canvas.title = number === null ? "" : significant(values[number]);
  });
  if (onPick) {
    figure.className = "own";
    canvas.addEventListener("click", (event) => {
      const number = numberUnder(event);
      if (number !== null) onPick(number);
    });
  }
  return figure;
}

/* A number with some digits that mean something, however small it is. */
function significant(value, digits = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 0.001 && size < 10_000 ? String(Number(value.toPrecision(digits))) : value.toExponential(digits - 2);
  return text.replaceAll("-", "−");
}
