/* Corruptions of a digit: the same as imaging/corruptions.py has, within a gray level. Images are
   784 values of 0 to 255; each function returns a new one. */

const MIDDLE = 13.5;
// Lines become thinner or thicker by fractions of a pixel in an image of eight times the size.
const ZOOM = 8;
const LARGE = 224;
// A blur reaches so many standard deviations far.
const BLUR_REACH = 3;
const MIDDLE_GRAY = 127.5;

const CORRUPTIONS = {
  shift: (image, pixels) => moved(image, (x, y) => [x - pixels, y]),
  turn: (image, degrees) => {
    const [cosine, sine] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    return moved(image, (x, y) => [
      MIDDLE + cosine * (x - MIDDLE) - sine * (y - MIDDLE),
      MIDDLE + sine * (x - MIDDLE) + cosine * (y - MIDDLE),
    ]);
  },
  scale: (image, percent) =>
    moved(image, (x, y) => [x, y].map((place) => MIDDLE + ((place - MIDDLE) * 100) / percent)),
  pen: changePen,
  noise: (image, spread, noise) => image.map((value, at) => toByte(value + spread * noise[at])),
  blur,
  contrast: (image, percent) => {
    const kept = 1 - percent / 100;
    return image.map((value) => toByte(MIDDLE_GRAY + kept * (value - MIDDLE_GRAY)));
  },
  hide: (image, rows) => image.map((value, at) => (at < IMAGE_SIDE * roundEven(rows) ? 0 : value)),
};

/* What the page asks for: the corruption's name, its strength, and for noise its pattern. */
function corrupt(image, { name, strength, noise }) {
  return CORRUPTIONS[name](image, strength, noise && noiseOf(noise));
}

/* The pattern of the noise: 784 times 16 bits, in 1/4096 of the standard deviation. */
function noiseOf(base64) {
  if (noiseOf.read !== base64) {
    noiseOf.read = base64;
    noiseOf.values = Float32Array.from(new Int16Array(bytesOf(base64).buffer), (value) => value / 4096);
  }
  return noiseOf.values;
}

/* Each pixel from a place between old ones; black comes in from outside. */
function moved(image, from) {
  return image.map((_, at) => {
    const [x, y] = from(at % IMAGE_SIDE, Math.floor(at / IMAGE_SIDE));
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, down] = [x - left, y - top];
    const above = (1 - right) * grayAt(image, left, top) + right * grayAt(image, left + 1, top);
    const below = (1 - right) * grayAt(image, left, top + 1) + right * grayAt(image, left + 1, top + 1);
    return toByte((1 - down) * above + down * below);
  });
}

function grayAt(image, x, y) {
  return x < 0 || y < 0 || x >= IMAGE_SIDE || y >= IMAGE_SIDE ? 0 : image[y * IMAGE_SIDE + x];
}

/* Lines become wider by so many pixels, or thinner: the brightest or darkest pixel of a disk, at
   eight times the size. */
function changePen(image, pixels) {
  const radius = roundEven((Math.abs(pixels) / 2) * ZOOM);
  if (radius === 0) return image.slice();
  const small = { width: IMAGE_SIDE, height: IMAGE_SIDE, values: image };
  const large = resize(small, LARGE, LARGE, cubicWeights);
  // The brightest of a negative is the darkest.
  if (pixels < 0) large.forEach((value, at) => (large[at] = 255 - value));
  const values = brightestInDisk(large, radius);
  const changed = resize({ width: LARGE, height: LARGE, values }, IMAGE_SIDE, IMAGE_SIDE, areaWeights);
  return pixels < 0 ? changed.map((value) => 255 - value) : changed;
}

/* The disk's rows from the shortest to the longest: the brightest of each comes from the one before. */
function brightestInDisk(values, radius) {
  const rows = [];
  for (let down = -radius; down <= radius; down++) {
    rows.push({ down, half: roundEven(Math.sqrt(radius ** 2 - down ** 2)) });
  }
  rows.sort((a, b) => a.half - b.half);
  const [across, brightest] = [values.slice(), new Uint8Array(values.length)];
  let reached = 0;
  for (const { down, half } of rows) {
    while (reached < half) widen(across, values, ++reached);
    const [first, last] = [Math.max(0, -down), Math.min(LARGE, LARGE - down)];
    for (let to = first * LARGE, from = (first + down) * LARGE; to < last * LARGE; to++, from++) {
      if (across[from] > brightest[to]) brightest[to] = across[from];
    }
  }
  return brightest;
}

function widen(across, values, distance) {
  for (let row = 0; row < LARGE; row++) {
    for (let at = row * LARGE; at < (row + 1) * LARGE - distance; at++) {
      if (values[at + distance] > across[at]) across[at] = values[at + distance];
      if (values[at] > across[at + distance]) across[at + distance] = values[at];
    }
  }
}

/* Out of focus: each pixel becomes the weighted mean of those around it, first along the rows, then
   along the columns; black comes in from outside. */
function blur(image, spread) {
  if (spread === 0) return image.slice();
  const reach = Math.ceil(BLUR_REACH * spread);
  const bell = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-(((at - reach) / spread) ** 2) / 2));
  const whole = bell.reduce((sum, share) => sum + share);
  const weights = bell.map((share) => share / whole);
  const across = weightedMeans(image, weights, (x, y, far) => grayAt(image, x + far, y));
  return Uint8Array.from(weightedMeans(image, weights, (x, y, far) => grayAt(across, x, y + far)), toByte);
}

/* For each pixel, the sum of what `gray(x, y, far)` finds from -reach to reach, times the weights. */
function weightedMeans(image, weights, gray) {
  const reach = (weights.length - 1) / 2;
  return Float32Array.from(image, (_, at) => {
    const [x, y] = [at % IMAGE_SIDE, Math.floor(at / IMAGE_SIDE)];
    return weights.reduce((sum, weight, place) => sum + weight * gray(x, y, place - reach), 0);
  });
}

/* For each new pixel, the four old ones around it: OpenCV's INTER_CUBIC. */
function cubicWeights(from, to) {
  const near = (t) => ((1.25 * t - 2.25) * t) * t + 1;
  const far = (t) => ((-0.75 * t + 3.75) * t - 6) * t + 3;
  return Array.from({ length: to }, (_, pixel) => {
    const place = ((pixel + 0.5) * from) / to - 0.5;
    const [low, rest] = [Math.floor(place), place - Math.floor(place)];
    const first = Math.min(Math.max(0, low - 1), from - 4);
    const shares = [0, 0, 0, 0];
    [far(1 + rest), near(rest), near(1 - rest), far(2 - rest)].forEach((share, at) => {
      shares[Math.min(Math.max(0, low - 1 + at), from - 1) - first] += share;
    });
    return { first, shares };
  });
}
