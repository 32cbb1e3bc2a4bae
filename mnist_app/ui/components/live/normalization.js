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

/* Returns {image, problem} of ink; the image has 784 values, the problem is "" or its name. */
function normalizeInk(ink) {
  const box = boundingBox(ink, 1);
  if (!box.width) return { image: new Uint8Array(IMAGE_SIDE ** 2), problem: "blank" };
  return { image: centerByMass(scaleIntoBox(cut(ink, box))), problem: findProblem(ink) };
}

/* Returns pixels of red, green, blue and alpha, which is opaque, as gray, as OpenCV does. */
function toGray({ width, height, data }) {
  const values = new Uint8Array(width * height);
  for (let at = 0; at < values.length; at++) {
    const [red, green, blue] = [data[4 * at], data[4 * at + 1], data[4 * at + 2]];
    values[at] = (red * 9798 + green * 19235 + blue * 3735 + 16384) >> 15;
  }
  return { width, height, values };
}

/* The smallest box around all pixels that are at least so bright. */
function boundingBox({ width, height, values }, least) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let at = 0; at < values.length; at++) {
    if (values[at] < least) continue;
    const column = at % width;
    const row = (at - column) / width;
    if (column < left) left = column;
    if (column > right) right = column;
    if (row < top) top = row;
    bottom = row;
  }
  if (right < 0) return { x: 0, y: 0, width: 0, height: 0 };
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
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

/* Resizes along rows, then along columns; `weightsOf` says what each new pixel is made of. */
function resize({ width: from, height: rows, values }, width, height, weightsOf) {
  const across = weightsOf(from, width);
  const down = weightsOf(rows, height);
  const narrow = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      for (const [source, share] of across[column]) {
        narrow[row * width + column] += share * values[row * from + source];
      }
    }
  }
  const resized = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    for (const [source, share] of down[row]) {
      for (let column = 0; column < width; column++) {
        resized[row * width + column] += share * narrow[source * width + column];
      }
    }
  }
  return Uint8Array.from(resized, toByte);
}

/* For each new pixel, the old ones that it covers, with their shares: OpenCV's INTER_AREA. */
function areaWeights(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, pixel) => {
    const [start, end] = [pixel * scale, (pixel + 1) * scale];
    const weights = [];
    for (let source = Math.floor(start); source < Math.min(from, end); source++) {
      const share = Math.min(end, source + 1) - Math.max(start, source);
      if (share > 1e-3) weights.push([source, share]);
    }
    const sum = weights.reduce((total, [, share]) => total + share, 0);
    return weights.map(([source, share]) => [source, share / sum]);
  });
}

/* For each new pixel, the two old ones between whose centers it lies: OpenCV's INTER_LINEAR. */
function linearWeights(from, to) {
  return Array.from({ length: to }, (_, pixel) => {
    const place = Math.min(from - 1, Math.max(0, ((pixel + 0.5) * from) / to - 0.5));
    const low = Math.floor(place);
    return [[low, 1 - (place - low)], [Math.min(from - 1, low + 1), place - low]];
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

/* Returns why ink cannot be read as one digit: "blank", "full", "dot", "several" or "". */
function findProblem(ink) {
  const box = boundingBox(ink, SOLID);
  if (!box.width) return "blank";
  const filled = cut(ink, box).values.map((value) => value >= SOLID);
  const area = filled.reduce((total, one) => total + one, 0);
  if (area > HIGHEST_COVERAGE * ink.values.length) return "full";
  const side = Math.max(ink.width, ink.height);
  const [short, long] = [box.width, box.height].sort((a, b) => a - b);
  const isSmall = long < DOT.side * side && long <= DOT.elongation * short;
  if (isSmall && area > DOT.filling * filled.length) return "dot";
  const isSplit =
    isSplitByGap(filled, box.width, box.height, GAPS.beside) ||
    isSplitByGap(transpose(filled, box.width), box.height, box.width, GAPS.stacked);
  return isSplit ? "several" : "";
}

function transpose(filled, width) {
  const height = filled.length / width;
  return filled.map((_, at) => filled[(at % height) * width + Math.floor(at / height)]);
}

/* Looks for empty columns between two large groups of ink. */
function isSplitByGap(filled, width, height, narrowest) {
  const sums = new Array(width).fill(0);
  filled.forEach((one, at) => (sums[at % width] += one));
  const columns = [...sums.keys()].filter((column) => sums[column]);
  const least = Math.max(1, narrowest * height);
  return columns.some((last, index) => {
    const first = columns[index + 1];
    if (first === undefined || first - last - 1 < least) return false;
    const isLarge = (low, high) => isLargeGroup(filled, width, height, low, high);
    return isLarge(0, last) && isLarge(first, width - 1);
  });
}

/* Says whether the ink between two columns is tall enough, and enough, to be a digit. */
function isLargeGroup(filled, width, height, low, high) {
  let [top, bottom, inside, all] = [height, -1, 0, 0];
  filled.forEach((one, at) => {
    all += one;
    const column = at % width;
    if (!one || column < low || column > high) return;
    const row = (at - column) / width;
    inside += 1;
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  });
  return bottom - top + 1 >= GROUP.height * height && inside >= GROUP.ink * all;
}

function toByte(value) {
  return Math.min(255, roundEven(value));
}

/* As Python and OpenCV round: a half goes to the even neighbor. */
function roundEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}
