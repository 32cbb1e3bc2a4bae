/* A drawing becomes an MNIST image: the same steps and numbers as imaging/normalize.py, where they
   are explained. Pictures are {width, height, values}, a value a pixel, 0 black to 255 white. */

const IMAGE_SIDE = 28;
const BOX_SIDE = 20;
const CENTER = 14;
const SOLID = 128;
const HIGHEST_COVERAGE = 0.6;
const DOT = { side: 0.15, elongation: 1.6, filling: 0.6 };
const GAPS = { beside: 0.12, stacked: 0.2 };
const GROUP = { height: 0.5, ink: 0.1 };

/* Returns {image, problem, box, crop, scaled} of ink: the image has 784 values, the problem is "" or
   its name, and the others are the steps on the way. */
function normalizeInk(ink) {
  const box = boundingBox(ink, 1);
  const crop = cut(ink, box);
  if (!box.width) return { image: new Uint8Array(IMAGE_SIDE ** 2), problem: "blank", box, crop, scaled: crop };
  const scaled = scaleIntoBox(crop);
  return { image: centerByMass(scaled), problem: findProblem(ink), box, crop, scaled };
}

/* Returns pixels of red, green, blue and alpha, which is opaque, as gray, as OpenCV does. */
function toGray({ width, height, data }) {
  const values = new Uint8Array(width * height);
  const pixels = new Uint32Array(data.buffer);
  for (let at = 0; at < values.length; at++) {
    if (!(pixels[at] & 0xffffff)) continue; // most of it is black
    const red = 4 * at;
    values[at] = (data[red] * 9798 + data[red + 1] * 19235 + data[red + 2] * 3735 + 16384) >> 15;
  }
  return { width, height, values };
}

/* The smallest box around all pixels that are at least so bright. */
function boundingBox({ width, values }, least) {
  let [top, bottom] = [0, values.length];
  while (top < bottom && values[top] < least) top++;
  if (top === bottom) return { x: 0, y: 0, width: 0, height: 0 };
  while (values[bottom - 1] < least) bottom--;
  [top, bottom] = [Math.floor(top / width), Math.ceil(bottom / width)];
  let [left, right] = [width, 0];
  for (let row = top; row < bottom; row++) {
    const line = row * width;
    for (let column = 0; column < left; column++) if (values[line + column] >= least) left = column;
    for (let column = width; column > right; column--) if (values[line + column - 1] >= least) right = column;
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function cut(picture, { x, y, width, height }) {
  const values = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * picture.width + x;
    values.set(picture.values.subarray(from, from + width), row * width);
  }
  return { width, height, values };
}

function scaleIntoBox(crop) {
  const factor = BOX_SIDE / Math.max(crop.width, crop.height);
  const [width, height] = [crop.width, crop.height].map((n) => Math.max(1, roundEven(n * factor)));
  const scaled = resize(crop, width, height, factor < 1 ? areaWeights : linearWeights);
  const peak = Math.max(1, scaled.reduce((most, value) => Math.max(most, value), 0));
  return { width, height, values: scaled.map((value) => toByte((value * 255) / peak)) };
}

/* Resizes along rows, then along columns; `weightsOf` says what each new pixel is made of. It
   computes with 32 bits, as OpenCV does: a rounding the other way can move a digit by a pixel. */
function resize({ width: from, height: rows, values }, width, height, weightsOf) {
  const narrow = new Float32Array(rows * width);
  weightsOf(from, width).forEach(({ first, shares }, column) => {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      const start = row * from + first;
      for (let at = 0; at < shares.length; at++) {
        sum = Math.fround(sum + Math.fround(shares[at] * values[start + at]));
      }
      narrow[row * width + column] = sum;
    }
  });
  const resized = new Uint8Array(height * width);
  weightsOf(rows, height).forEach(({ first, shares }, row) => {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let at = 0; at < shares.length; at++) {
        sum = Math.fround(sum + Math.fround(shares[at] * narrow[(first + at) * width + column]));
      }
      resized[row * width + column] = toByte(sum);
    }
  });
  return resized;
}

/* For each new pixel, the first of the old ones that it covers, and the shares of these: OpenCV's
   INTER_AREA. */
function areaWeights(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, pixel) => {
    const [start, end] = [pixel * scale, Math.min(from, (pixel + 1) * scale)];
    const first = Math.floor(start);
    const shares = [];
    for (let source = first; source < end; source++) {
      const share = Math.min(end, source + 1) - Math.max(start, source);
      shares.push(share > 1e-3 ? share : 0);
    }
    const sum = shares.reduce((total, share) => total + share, 0);
    return { first, shares: Float32Array.from(shares, (share) => share / sum) };
  });
}

/* For each new pixel, the two old ones between whose centers it lies: OpenCV's INTER_LINEAR. */
function linearWeights(from, to) {
  return Array.from({ length: to }, (_, pixel) => {
    const place = Math.min(from - 1, Math.max(0, ((pixel + 0.5) * from) / to - 0.5));
    const first = Math.floor(place);
    return { first, shares: first === place ? [1] : [1 - (place - first), place - first] };
  });
}

function centerByMass({ width, height, values }) {
  let [mass, across, down] = [0, 0, 0];
  values.forEach((value, at) => {
    mass += value;
    across += value * (at % width);
    down += value * Math.floor(at / width);
  });
  const left = offset(across / (mass || 1), width);
  const top = offset(down / (mass || 1), height);
  const image = new Uint8Array(IMAGE_SIDE ** 2);
  for (let row = 0; row < height; row++) {
    image.set(values.subarray(row * width, (row + 1) * width), (top + row) * IMAGE_SIDE + left);
  }
  return image;
}

function offset(center, length) {
  return Math.min(Math.max(0, roundEven(CENTER - center)), IMAGE_SIDE - length);
}

/* The whole picture, wherever its ink is: what a program does that does not normalize. */
function scaleWhole(picture) {
  return resize(picture, IMAGE_SIDE, IMAGE_SIDE, areaWeights);
}

/* Moves ink by shares, -1 to 1, of the space around it; returns also how far it went. */
function moveInk(ink, { across, down }) {
  const { width, height, values } = ink;
  const box = boundingBox(ink, 1);
  const right = roundEven(across * (across > 0 ? width - box.x - box.width : box.x));
  const below = roundEven(down * (down > 0 ? height - box.y - box.height : box.y));
  const moved = new Uint8Array(values.length);
  const rows = cut(ink, box);
  for (let row = 0; row < box.height; row++) {
    const line = rows.values.subarray(row * box.width, (row + 1) * box.width);
    moved.set(line, (box.y + below + row) * width + box.x + right);
  }
  return { width, height, values: moved, right, down: below };
}

/* Returns why ink cannot be read as one digit: "blank", "full", "dot", "several" or "". */
function findProblem(ink) {
  const box = boundingBox(ink, SOLID);
  if (!box.width) return "blank";
  const solid = cut(ink, box);
  const [beside, stacked] = [new Uint32Array(box.width), new Uint32Array(box.height)];
  let area = 0;
  for (let row = 0, at = 0; row < box.height; row++) {
    for (let column = 0; column < box.width; column++, at++) {
      if (solid.values[at] < SOLID) continue;
      area += 1;
      beside[column] += 1;
      stacked[row] += 1;
    }
  }
  if (area > HIGHEST_COVERAGE * ink.values.length) return "full";
  const side = Math.max(ink.width, ink.height);
  const [short, long] = [box.width, box.height].sort((a, b) => a - b);
  const isSmall = long < DOT.side * side && long <= DOT.elongation * short;
  if (isSmall && area > DOT.filling * box.width * box.height) return "dot";
  const isSplit =
    isSplitByGap(solid, beside, area, true) || isSplitByGap(solid, stacked, area, false);
  return isSplit ? "several" : "";
}

/* Looks for a gap that runs all the way through, with a large group of ink on both sides. `counts`
   is the ink of each column where the groups lie beside each other, else of each row. */
function isSplitByGap(solid, counts, area, areBeside) {
  const length = areBeside ? solid.height : solid.width;
  const least = Math.max(1, (areBeside ? GAPS.beside : GAPS.stacked) * length);
  const isLarge = (from, to) => {
    const part = areBeside
      ? cut(solid, { x: from, y: 0, width: to - from, height: length })
      : cut(solid, { x: 0, y: from, width: length, height: to - from });
    const box = boundingBox(part, SOLID);
    const tall = areBeside ? box.height : box.width;
    const ink = counts.subarray(from, to).reduce((total, count) => total + count, 0);
    return tall >= GROUP.height * length && ink >= GROUP.ink * area;
  };
  let last = 0;
  for (let at = 1; at < counts.length; at++) {
    if (!counts[at]) continue;
    const isWide = at - last - 1 >= least;
    if (isWide && isLarge(0, last + 1) && isLarge(at, counts.length)) return true;
    last = at;
  }
  return false;
}

function toByte(value) {
  return Math.max(0, Math.min(255, roundEven(value)));
}

/* As Python and OpenCV round: a half goes to the even neighbor. */
function roundEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}
