/* Paints one moment of a run. Nothing is remembered here: the same moment looks the same, whether it is
   now or was yesterday.

   A moment, as training_stage.as_moment makes it in Python:
   - images: how many images the network had seen;
   - kernels: {shape: [n, rows, columns], limit, indices}, indices in base64 of the palette "diverging"
     from -limit to limit; no kernels for null;
   - answers: a letter for each watched validation image, "." where it is read right, else the digit
     that it is taken for. */

const SPRITE_COLUMNS = 25;
const SPRITE_SIDE = 28;
/* Below these numbers of mistakes, they come forward: larger, side by side, with what they were taken
   for. Above the first, each image of the wall has its own place. */
const FORWARD = [40, 24, 12, 6, 3];
const LARGEST_TILE = 240;
const CAPTION = 18;
/* Images after which half of the first doubling is over: the logarithmic axis begins at zero there. */
const FIRST_IMAGES = 100;
const LARGEST_LOSS = 4.6;
const ACROSS = "images seen, logarithmic";
const CURVES = { training: "#6aa3ff", validation: "#ff9b2e" };

/* Ten rows, one a digit, as HTML; `paintBars` lets them swing. */
function newBars() {
  const rows = document.createElement("div");
  rows.className = "bars";
  rows.innerHTML = Array.from({ length: 10 }, (_, digit) => `<div><b>${digit}</b><i></i><span></span></div>`).join("");
  return rows;
}

/* Ten probabilities, or null for none. */
function paintBars(rows, probabilities) {
  const best = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
  [...rows.children].forEach((row, digit) => {
    row.classList.toggle("first", digit === best);
    row.style.setProperty("--share", probabilities ? probabilities[digit] : 0);
    row.lastChild.textContent = probabilities ? percent(probabilities[digit]) : "–";
  });
}

/* Kernels as tiles that fill the canvas's shape as well as they can. */
function paintKernels(canvas, kernels) {
  if (!kernels) return;
  const [count, rows, columns] = kernels.shape;
  const gap = Math.ceil(columns / 8);
  const across = tilesAcross(count, (columns + gap) / (rows + gap), canvas.clientWidth / (canvas.clientHeight || 1));
  const down = Math.ceil(count / across);
  canvas.width = across * (columns + gap) - gap;
  canvas.height = down * (rows + gap) - gap;
  const context = canvas.getContext("2d");
  const indices = bytesOf(kernels.indices);
  const palette = paletteOf("diverging");
  for (let tile = 0; tile < count; tile++) {
    const image = imageOf(indices.subarray(tile * rows * columns), palette, rows, columns);
    context.putImageData(image, (tile % across) * (columns + gap), Math.floor(tile / across) * (rows + gap));
  }
}

/* How many tiles of a shape (width by height) stand side by side so that all are as large as can be. */
function tilesAcross(count, tile, box) {
  let [best, size] = [1, 0];
  for (let across = 1; across <= count; across++) {
    const width = Math.min(box / across, tile / Math.ceil(count / across));
    if (width > size + 1e-9) [best, size] = [across, width];
  }
  return best;
}

/* Where the images that are read wrong stand on a wall of this size, in pixels:
   [{image, answer, x, y, side, hasCaption}]. */
function wallPlaces(answers, width, height) {
  const wrong = [...answers].flatMap((answer, image) => (answer === "." ? [] : [{ image, answer }]));
  if (wrong.length > FORWARD[0]) {
    const [side, across] = cellsOf(answers.length, width, height, 0);
    return wrong.map((one) => ({ ...one, ...placeOf(one.image, across, side, 0), hasCaption: false }));
  }
  const room = FORWARD.findLast((most) => most >= wrong.length);
  const [side, across] = cellsOf(room, width, height, CAPTION);
  return wrong.map((one, at) => ({ ...one, ...placeOf(at, across, side, CAPTION), hasCaption: true }));
}

/* The side of a cell, and how many stand side by side, so that `count` have room. */
function cellsOf(count, width, height, caption) {
  let side = LARGEST_TILE;
  while (side > 4 && Math.floor(width / side) * Math.floor(height / (side + caption)) < count) side--;
  return [side, Math.max(1, Math.floor(width / side))];
}

function placeOf(at, across, side, caption) {
  return { x: (at % across) * side, y: Math.floor(at / across) * (side + caption), side };
}

/* A wall of mistakes: `digits` is {sprite, labels}, the watched images as one picture and their digits. */
function paintWall(canvas, digits, answers) {
  const context = clearedWall(canvas);
  for (const place of wallPlaces(answers, canvas.clientWidth, canvas.clientHeight)) paintTile(context, digits, place);
}

/* The canvas's context, in CSS's pixels, with nothing on it. */
function clearedWall(canvas) {
  const dense = devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * dense), Math.round(canvas.clientHeight * dense)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.setTransform(dense, 0, 0, dense, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return context;
}

/* One image; `size` from 0 to 1 lets it shrink where it stands. */
function paintTile(context, { sprite, labels }, { image, answer, x, y, side, hasCaption }, size = 1) {
  if (!sprite) return;
  const shown = Math.max(1, side - (side > 20 ? 2 : 1)) * size;
  const middle = (side - shown) / 2;
  const [from, down] = [image % SPRITE_COLUMNS, Math.floor(image / SPRITE_COLUMNS)];
  context.imageSmoothingEnabled = shown < SPRITE_SIDE;
  context.drawImage(
    sprite, from * SPRITE_SIDE, down * SPRITE_SIDE, SPRITE_SIDE, SPRITE_SIDE, x + middle, y + middle, shown, shown,
  );
  if (!hasCaption || size < 1) return;
  context.fillStyle = "#d8dae0";
  context.font = "13px Inter, sans-serif";
  context.textAlign = "center";
  context.fillText(`${labels[image]} → ${answer}`, x + side / 2, y + side + 12);
}

/* The image under a place of the wall, as `wallPlaces` has it; undefined for none. */
function imageUnder(places, x, y) {
  return places.find((one) => x >= one.x && x < one.x + one.side && y >= one.y && y < one.y + one.side);
}

/* Where so many images are on a logarithmic axis of 0 to `end`: a share of its width. */
function shareOfImages(images, end) {
  return Math.log1p(images / FIRST_IMAGES) / Math.log1p(end / FIRST_IMAGES);
}

/* The numbers of images that an axis of so many pixels names: its ends, and powers of ten that have
   room between them. */
function imageTicks(end, width) {
  const ticks = [0];
  const apart = (one, other) => width * (shareOfImages(other, end) - shareOfImages(one, end));
  for (let images = FIRST_IMAGES; images < end; images *= 10) {
    if (apart(ticks.at(-1), images) > 32 && apart(images, end) > 32) ticks.push(images);
  }
  return [...ticks, end];
}

function shortCount(images) {
  if (images < 1000) return String(Math.round(images));
  return images < 1e6 ? `${Math.round(images / 1000)}k` : `${(images / 1e6).toFixed(1)}M`;
}

/* Loss or accuracy, `what`, over the images seen, in a figure.

   `history` is {training, validation, rates}: two curves {images, loss, accuracy}, and [images, rate] for
   each rate that was set by hand. The axis goes to `end` images. With `at`, a line stands at so many
   images, and the curves are read there instead of at their ends. */
function paintCurves(figure, history, what, end, at = null) {
  if (!figure.querySelector("svg")) figure.innerHTML = '<figcaption></figcaption><svg role="img"></svg>';
  const svg = figure.querySelector("svg");
  const size = { width: svg.clientWidth || 300, height: svg.clientHeight || 150 };
  const frame = { left: 40, right: size.width - 14, top: 8, bottom: size.height - 38 };
  const isShare = what === "accuracy";
  const high = isShare ? 1 : Math.min(LARGEST_LOSS, Math.max(2.5, ...history.training.loss, ...history.validation.loss));
  const across = (images) => frame.left + shareOfImages(images, end) * (frame.right - frame.left);
  const up = (value) => frame.bottom - (Math.min(value, high) / high) * (frame.bottom - frame.top);
  const grid = (isShare ? [0, 0.5, 1] : [0, 1, 2, 3, 4].filter((loss) => loss <= high)).map((value) => {
    const y = up(value).toFixed(1);
    const label = isShare ? `${100 * value}%` : value;
    return `<path class="grid" d="M${frame.left} ${y}H${frame.right}"/><text x="${frame.left - 6}" y="${+y + 4}" text-anchor="end">${label}</text>`;
  });
  const feet = imageTicks(end, frame.right - frame.left).map((images) => {
    const anchor = images === end ? "end" : "middle";
    return `<text x="${across(images).toFixed(1)}" y="${size.height - 22}" text-anchor="${anchor}">${shortCount(images)}</text>`;
  });
  feet.push(`<text x="${frame.right}" y="${size.height - 6}" text-anchor="end">${ACROSS}</text>`);
  const upright = (images, name) => `<path class="${name}" d="M${across(images).toFixed(1)} ${frame.top}V${frame.bottom}"/>`;
  const marks = history.rates.map(([images]) => upright(images, "changed"));
  if (at !== null) marks.push(upright(at, "at"));
  const curves = Object.entries(CURVES).map(([name, color]) => {
    const places = history[name].images.map((images, index) => [across(images), up(history[name][what][index])]);
    return curveOf(places, color, name === "validation");
  });
  svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  svg.innerHTML = [...grid, ...feet, ...marks, ...curves].join("");
  const title = isShare ? "Accuracy" : "Loss";
  const read = Object.keys(CURVES).map((name) => [name, shownAt(history[name], what, at)]);
  svg.setAttribute("aria-label", `${title} over the images seen: ${read.map((one) => one.join(" ")).join(", ")}`);
  const keys = read.map(([name, value]) => `<span><i style="background: ${CURVES[name]}"></i>${name} <b>${value}</b></span>`);
  figure.querySelector("figcaption").innerHTML = `<strong>${title}</strong>${keys.join("")}`;
}

/* A curve through places; a dot where it is now. */
function curveOf(places, color, isDashed) {
  if (!places.length) return "";
  const points = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  const dash = isDashed ? ' stroke-dasharray="6 4"' : "";
  const [x, y] = points.at(-1).split(",");
  return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2.5" stroke-linejoin="round"${dash}/><circle cx="${x}" cy="${y}" r="4" fill="${color}"/>`;
}

/* What a curve says at so many images, or at its end, as text. */
function shownAt(curve, what, at) {
  const later = at === null ? -1 : curve.images.findIndex((images) => images > at);
  const value = later < 0 ? curve[what].at(-1) : curve[what][Math.max(0, later - 1)];
  if (value === undefined) return "–";
  return what === "accuracy" ? `${(100 * value).toFixed(1)}%` : value.toFixed(3);
}
