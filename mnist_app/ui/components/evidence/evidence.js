/* Maps over a digit, and a window that hides a part of it: the network in the browser answers for
   what is left while the window moves. */

const SIDE = 28;
const DIGIT_LIGHT = 0.35; // how bright the digit shines through a map

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".evidence");
  const image = bytesOf(data.image);
  const state = keptAt(root, () => ({ place: null }));
  Object.assign(state, { image, window: data.window });
  root.querySelectorAll(".map").forEach((figure) => figure.remove());
  root.append(...data.maps.map((map) => figureOfMap(map, image)));
  root.querySelector(".hide").hidden = !data.window;
  const canvas = root.querySelector(".hide canvas");
  paintHidden(canvas, state);
  canvas.onpointerdown = canvas.onpointermove = (event) => {
    if (event.pointerType !== "mouse" && !event.buttons) return;
    moveTo(canvas, state, placeAt(canvas, event));
  };
  canvas.onpointerup = canvas.onpointerleave = canvas.onpointercancel = (event) => {
    if (event.type !== "pointerup" || event.pointerType !== "mouse") moveTo(canvas, state, null);
  };
  canvas.onblur = () => moveTo(canvas, state, null);
  canvas.onkeydown = (event) => moveByKey(canvas, state, event);
  const follow = ({ image: drawn, problem }) => {
    if (problem) return;
    state.image = drawn;
    paintHidden(canvas, state);
  };
  return whileShown(root, () => whileDrawing(follow));
}

function placeAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const at = (from, length) => Math.min(SIDE - 1, Math.max(0, Math.floor((SIDE * from) / length)));
  return { row: at(event.clientY - box.top, box.height), column: at(event.clientX - box.left, box.width) };
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function moveByKey(canvas, state, event) {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const from = state.place ?? { row: SIDE / 2, column: SIDE / 2 };
  const within = (value) => Math.min(SIDE - 1, Math.max(0, value));
  moveTo(canvas, state, { row: within(from.row + step[0]), column: within(from.column + step[1]) });
}

function moveTo(canvas, state, place) {
  if (place === state.place || (place?.row === state.place?.row && place?.column === state.place?.column)) return;
  state.place = place;
  paintHidden(canvas, state);
  const detail = place ? { ...place, window: state.window } : { window: 0 };
  document.dispatchEvent(new CustomEvent(PREPARE_CHANGED, { detail }));
}

function paintHidden(canvas, { image, place, window }) {
  const context = canvas.getContext("2d");
  context.putImageData(imageOf(image, paletteOf("gray"), SIDE, SIDE), 0, 0);
  if (!place) return;
  const reach = window >> 1;
  context.fillStyle = "#000";
  context.fillRect(place.column - reach, place.row - reach, window, window);
  context.strokeStyle = "#ff4fd8";
  context.lineWidth = 0.5;
  context.strokeRect(place.column - reach, place.row - reach, window, window);
}

function figureOfMap(map, image) {
  const figure = document.createElement("figure");
  figure.className = "map";
  figure.innerHTML =
    '<figcaption></figcaption><div class="over"><canvas role="img"></canvas><div class="read"></div></div>' +
    '<div class="scale"><span></span><i></i><span></span><small>logits</small></div><p></p>';
  const find = (name) => figure.querySelector(name);
  const end = rounded(map.high);
  find("figcaption").textContent = map.title;
  find("p").textContent = map.sentence;
  const [low, high] = figure.querySelectorAll(".scale span");
  [low.textContent, high.textContent] = [`−${end}`, `+${end}`];
  find("i").style.background = gradientOf("diverging");
  const indices = bytesOf(map.indices);
  const canvas = find("canvas");
  canvas.setAttribute("aria-label", `${map.title}, from −${end} to +${end} logits`);
  paintOver(canvas, map, indices, image);
  canvas.onpointermove = (event) => {
    const place = placeAt(canvas, event);
    const [row, column] = [(place.row * map.rows) / SIDE, (place.column * map.columns) / SIDE].map(Math.floor);
    const value = (2 * indices[row * map.columns + column]) / 255 - 1;
    find(".read").textContent = `${value < 0 ? "against" : "for"} it by about ${rounded(Math.abs(value) * map.high)}`;
  };
  canvas.onpointerleave = () => (find(".read").textContent = "");
  return figure;
}

/* The map in its colors, enlarged to the digit, which shines through. */
function paintOver(canvas, map, indices, image) {
  const zoom = 10;
  canvas.width = canvas.height = SIDE * zoom;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvasOf(imageOf(indices, paletteOf("diverging"), map.rows, map.columns)), 0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "lighter";
  context.globalAlpha = DIGIT_LIGHT;
  context.drawImage(canvasOf(imageOf(image, paletteOf("gray"), SIDE, SIDE)), 0, 0, canvas.width, canvas.height);
}

function canvasOf(pixels) {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
