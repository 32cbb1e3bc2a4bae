/* Where a cell of the 28x28 lies in each picture on the way to it, and the other way around. */

const SIDE = 28;

/* Returns each picture's size and where the cells lie in it, in its own pixels: the cell in row 0
   and column 0 begins at `left` and `top` and is `across` wide and `down` high. */
function placesOf({ ink, box, scaled, image }) {
  const [small, whole] = [firstInk(scaled), firstInk({ width: SIDE, height: SIDE, values: image })];
  const [column, row] = [whole.x - small.x, whole.y - small.y];
  const [across, down] = [box.width / scaled.width, box.height / scaled.height];
  const gray = { width: ink.width, height: ink.height, left: box.x - column * across, top: box.y - row * down, across, down };
  const crop = { ...gray, width: box.width, height: box.height, left: -column * across, top: -row * down };
  return {
    gray,
    ink: gray,
    crop,
    scaled: { width: scaled.width, height: scaled.height, left: -column, top: -row, across: 1, down: 1 },
    image: { width: SIDE, height: SIDE, left: 0, top: 0, across: 1, down: 1 },
  };
}

/* The first column and row of a picture with ink in them. */
function firstInk({ width, values }) {
  let [x, y] = [width, -1];
  values.forEach((value, at) => {
    if (!value) return;
    if (y < 0) y = Math.floor(at / width);
    x = Math.min(x, at % width);
  });
  return { x: y < 0 ? 0 : x, y: Math.max(y, 0) };
}

/* The part of a picture that became a cell, cut off at the picture's edges; null where it lies outside. */
function partOf({ width, height, left, top, across, down }, row, column) {
  const [x, right] = [left + column * across, left + (column + 1) * across].map((n) => Math.min(Math.max(n, 0), width));
  const [y, bottom] = [top + row * down, top + (row + 1) * down].map((n) => Math.min(Math.max(n, 0), height));
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
}

/* The row and column of the cell that a place of a picture became, of the nearest where it became
   none. The place is so far across and down, 0 to 1. */
function cellUnder({ width, height, left, top, across, down }, x, y) {
  const nearest = (at) => Math.min(Math.max(Math.floor(at), 0), SIDE - 1);
  return [nearest((y * height - top) / down), nearest((x * width - left) / across)];
}
