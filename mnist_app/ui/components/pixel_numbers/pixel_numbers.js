/* From the canvas to 784 numbers, while the pen moves. A cell is chosen by mouse, finger or keys, in
   the grid, in a picture or on the canvas, and all of them mark it. */

const STEPS = ["gray", "ink", "crop", "scaled", "image"];
const CHANNELS = ["Red", "Green", "Blue", "Alpha"];
const BINS = 8;
const LEAST_CELL = 15; // CSS pixels; numbers in smaller cells cannot be read
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".pixel-numbers");
  const view = keptAt(root, () => new PixelNumbers(root));
  view.update(data);
  return whileShown(root, () => view.follow());
}

class PixelNumbers {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.isHexadecimal = false;
    this.painted = new Int16Array(SIDE ** 2).fill(-1);
    this.cell = 0;
    this.frames = Object.fromEntries(STEPS.map((name) => [name, newPicture(this.find(`.${name}`))]));
    this.box = this.frames.ink.frame.appendChild(newElement("div", "box"));
    this.bits = fillWith(this.find(".bits"), 8, () => newElement("i", ""));
    this.channels = fillWith(this.find(".channels"), CHANNELS.length, newChannel);
    this.bars = fillWith(this.find(".histogram"), BINS, newBar);
    this.canvasMark = newElement("div", "");
    this.canvasMark.style.cssText =
      "position: absolute; z-index: 11; border: 2px solid var(--lab-mark); margin: -2px; box-shadow: 0 0 0 1px #000; pointer-events: none";
    this.listen();
  }

  /* Takes what the server read: it has the last word. */
  update(data) {
    const scaled = { ...data.scaled, values: bytesOf(data.scaled.values) };
    const seen = { box: data.box, scaled, image: bytesOf(data.image) };
    this.isOnCanvas = data.moved !== null;
    const picture = new Image();
    picture.src = `data:image/png;base64,${data.crop}`;
    this.waitingFor = picture;
    picture.decode().then(() => {
      if (this.waitingFor !== picture) return;
      const [right, down] = data.moved ?? [0, 0];
      this.show({ ...seen, ink: { ...onCanvas(picture, data), right, down } });
    });
    if (!this.seen) this.cell = seen.image.indexOf(Math.max(...seen.image));
  }

  /* Follows the pen, and the pointer over the canvas; returns what ends that. */
  follow() {
    const stop = whileDrawing((seen) => {
      if (!seen.box?.width) return;
      this.waitingFor = null;
      this.isOnCanvas = true;
      this.show(seen);
    });
    const point = (event) => this.pointAtCanvas(event);
    document.addEventListener("pointermove", point);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.find(".numbers"));
    document.fonts.ready.then(() => this.fit());
    return () => {
      stop();
      document.removeEventListener("pointermove", point);
      this.sizes.disconnect();
      this.canvasMark.remove();
    };
  }

  listen() {
    const grid = this.find(".grid");
    const choose = (event) => {
      const box = grid.getBoundingClientRect();
      this.chooseUnder("image", (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    for (const kind of ["pointermove", "pointerdown"]) grid.addEventListener(kind, choose);
    grid.addEventListener("keydown", (event) => this.press(event));
    for (const name of STEPS) {
      const { frame } = this.frames[name];
      frame.addEventListener("pointermove", (event) => {
        const box = frame.getBoundingClientRect();
        this.chooseUnder(name, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      });
    }
    for (const button of this.find(".forms").children) {
      button.addEventListener("click", () => this.write(button.dataset.form === "hexadecimal"));
    }
    this.write(false);
  }

  press(event) {
    const move = KEYS[event.key];
    if (!move) return;
    event.preventDefault();
    const [row, column] = [Math.floor(this.cell / SIDE) + move[0], (this.cell % SIDE) + move[1]];
    if (Math.min(row, column) < 0 || Math.max(row, column) >= SIDE) return;
    this.choose(row, column);
    const source = this.find(".source").textContent;
    this.find(".words").textContent = `Row ${row}, column ${column}: ${this.seen.image[this.cell]}. ${source}`;
  }

  /* The pointer over the canvas, while nobody draws, marks the cell that lies there. */
  pointAtCanvas(event) {
    const canvas = event.composedPath()[0];
    if (event.buttons || !this.isOnCanvas || !this.seen || !canvas.matches?.("canvas.upper-canvas")) return;
    const box = canvas.getBoundingClientRect();
    const { right = 0, down = 0, width, height } = this.seen.ink;
    const across = (event.clientX - box.left) / box.width + right / width;
    this.chooseUnder("gray", across, (event.clientY - box.top) / box.height + down / height);
  }

  chooseUnder(name, across, down) {
    if (this.places) this.choose(...cellUnder(this.places[name], across, down));
  }

  choose(row, column) {
    this.cell = row * SIDE + column;
    this.showCell();
  }

  /* Writes all numbers in decimal or hexadecimal form. */
  write(isHexadecimal) {
    this.isHexadecimal = isHexadecimal;
    for (const button of this.find(".forms").children) {
      button.setAttribute("aria-pressed", (button.dataset.form === "hexadecimal") === isHexadecimal);
    }
    if (this.seen) this.fit();
  }

  /* Gives a cell a whole number of the screen's pixels. */
  fit() {
    const ratio = devicePixelRatio;
    const size = Math.floor((this.find(".numbers").clientWidth * ratio) / SIDE);
    if (!size) return;
    const canvas = this.find(".grid canvas");
    canvas.width = canvas.height = size * SIDE;
    canvas.style.width = canvas.style.height = `${(size * SIDE) / ratio}px`;
    this.cells = drawCells(size, size / ratio >= LEAST_CELL, this.isHexadecimal);
    this.painted.fill(-1);
    if (this.seen) this.paintNumbers();
  }

  show(seen) {
    this.seen = seen;
    this.places = placesOf(seen);
    this.paintPictures();
    this.paintNumbers();
    this.showHistogram();
    this.showCell();
  }

  paintPictures() {
    const { ink, box, scaled, image } = this.seen;
    this.whole = asCanvas(ink, this.whole);
    this.frames.gray.paint(this.whole);
    this.frames.ink.paint(this.whole);
    this.frames.crop.paint(this.whole, box);
    this.frames.scaled.paint((this.small = asCanvas(scaled, this.small)));
    this.frames.image.paint((this.last = asCanvas({ width: SIDE, height: SIDE, values: image }, this.last)));
    this.channels.forEach(({ pen }, at) => {
      const { width, height } = pen.canvas;
      pen.fillStyle = "#fff";
      at === CHANNELS.length - 1 ? pen.fillRect(0, 0, width, height) : pen.drawImage(this.whole, 0, 0, width, height);
    });
    place(this.box, box, ink);
    const notes = [
      `${ink.width} × ${ink.height}`,
      `from x ${box.x}, y ${box.y}`,
      `${box.width} × ${box.height}`,
      `${scaled.width} × ${scaled.height}`,
      `${SIDE} × ${SIDE}`,
    ];
    STEPS.forEach((name, at) => (this.frames[name].note.textContent = notes[at]));
  }

  /* Paints the cells whose numbers are others than before. */
  paintNumbers() {
    if (!this.cells) return;
    const size = this.cells.height;
    this.pen ??= this.find(".grid canvas").getContext("2d");
    this.seen.image.forEach((value, at) => {
      if (this.painted[at] === value) return;
      this.painted[at] = value;
      this.pen.drawImage(this.cells, value * size, 0, size, size, (at % SIDE) * size, Math.floor(at / SIDE) * size, size, size);
    });
  }

  showCell() {
    const { ink, image } = this.seen;
    const [row, column] = [Math.floor(this.cell / SIDE), this.cell % SIDE];
    const value = image[this.cell];
    this.find(".place").textContent = `Row ${row}, column ${column}`;
    this.find(".decimal").textContent = value;
    this.find(".hexadecimal").textContent = `0x${hexadecimal(value)}`;
    const bits = value.toString(2).padStart(8, "0");
    this.find(".bits").setAttribute("aria-label", `Bits: ${bits}`);
    this.bits.forEach((bit, at) => {
      bit.textContent = bits[at];
      bit.classList.toggle("one", bits[at] === "1");
    });
    place(this.find(".grid .mark"), { x: column, y: row, width: 1, height: 1 }, { width: SIDE, height: SIDE });
    for (const name of STEPS) {
      const part = partOf(this.places[name], row, column);
      place(this.frames[name].mark, part, this.places[name]);
    }
    const part = partOf(this.places.gray, row, column);
    this.find(".source").textContent = part ? sourceInWords(part) : "From outside the canvas: black.";
    this.showChannels(part, ink);
    this.markCanvas(part, ink);
  }

  /* The bytes of the pixel in the middle of a part of the canvas. */
  showChannels(part, ink) {
    const [x, y] = part ? [part.x + part.width / 2, part.y + part.height / 2].map(Math.floor) : [0, 0];
    const gray = ink.values[y * ink.width + x];
    this.channels.forEach(({ mark, byte }, at) => {
      place(mark, part, ink);
      byte.textContent = part ? (at === CHANNELS.length - 1 ? 255 : gray) : "–";
    });
  }

  markCanvas(part, ink) {
    const container = this.isOnCanvas && part ? findCanvas()?.parentElement : null;
    if (!container) {
      this.canvasMark.remove();
      return;
    }
    if (this.canvasMark.parentElement !== container) container.append(this.canvasMark);
    const { right = 0, down = 0 } = ink;
    place(this.canvasMark, { ...part, x: part.x - right, y: part.y - down }, ink);
  }

  showHistogram() {
    const counts = countValues(this.seen.image, BINS);
    const black = this.seen.image.reduce((count, value) => count + (value === 0), 0);
    const most = Math.max(...counts, 1);
    this.find(".count").textContent = `${black} of the 784 numbers are 0. The others:`;
    this.find(".histogram").setAttribute("aria-label", `How many others there are, from 1 to 255: ${counts.join(", ")}`);
    this.bars.forEach(({ bar, number }, at) => {
      bar.style.setProperty("--share", (counts[at] / most).toFixed(3));
      number.textContent = counts[at];
    });
  }
}

/* How often values occur, in so many groups of equal size; 0 is left out. */
function countValues(image, groups) {
  const counts = new Array(groups).fill(0);
  for (const value of image) if (value) counts[Math.floor((value * groups) / 256)] += 1;
  return counts;
}

function hexadecimal(value) {
  return value.toString(16).toUpperCase().padStart(2, "0");
}

function sourceInWords({ x, y, width, height }) {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map(Math.round);
  return `From the canvas: x ${left} to ${right}, y ${top} to ${bottom}`;
}

/* A strip of the 256 cells, each as it stands in the grid. */
function drawCells(size, withNumbers, isHexadecimal) {
  const strip = new OffscreenCanvas(256 * size, size);
  const pen = strip.getContext("2d");
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.font = `${Math.round(size * (isHexadecimal ? 0.58 : 0.5))}px Inter, sans-serif`;
  for (let value = 0; value < 256; value++) {
    pen.fillStyle = "#23252b";
    pen.fillRect(value * size, 0, size, size);
    pen.fillStyle = `rgb(${value}, ${value}, ${value})`;
    pen.fillRect(value * size, 0, size - 1, size - 1);
    if (!withNumbers) continue;
    pen.fillStyle = value ? inkOn([value, value, value]) : "#8d929e";
    pen.fillText(isHexadecimal ? hexadecimal(value) : value, (value + 0.5) * size, size * 0.53);
  }
  return strip;
}

/* A gray picture on a canvas of its own, which is used again where it has the same size. */
function asCanvas({ width, height, values }, canvas) {
  if (canvas?.width !== width || canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height);
    canvas.pixels = new ImageData(width, height);
    canvas.colors = new Uint32Array(canvas.pixels.data.buffer);
  }
  for (let at = 0; at < values.length; at++) canvas.colors[at] = 0xff000000 | (values[at] * 0x010101);
  canvas.getContext("2d").putImageData(canvas.pixels, 0, 0);
  return canvas;
}

/* The gray canvas with a crop in its box: all else is black. */
function onCanvas(crop, { width, height, box }) {
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(crop, box.x, box.y);
  const { data } = pen.getImageData(0, 0, width, height);
  return { width, height, values: Uint8Array.from({ length: width * height }, (_, at) => data[4 * at]) };
}

/* A picture in a square of fixed size, with a mark and a note; `paint` shows another, or a box of it. */
function newPicture(figure) {
  const frame = newElement("div", "frame");
  const [canvas, mark] = [newElement("canvas", ""), newElement("div", "mark")];
  const square = newElement("div", "picture");
  const note = newElement("div", "note");
  frame.append(canvas, mark);
  square.append(frame);
  figure.append(square, note);
  const pen = canvas.getContext("2d");
  const paint = (source, { x, y, width, height } = { x: 0, y: 0, width: source.width, height: source.height }) => {
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
      const longest = Math.max(width, height);
      frame.style.width = `${(100 * width) / longest}%`;
      frame.style.height = `${(100 * height) / longest}%`;
    }
    pen.drawImage(source, x, y, width, height, 0, 0, width, height);
  };
  return { frame, mark, note, paint };
}

function newChannel(at) {
  const [element, frame, canvas] = [newElement("div", "channel"), newElement("div", "frame"), newElement("canvas", "")];
  const [mark, name, byte] = [newElement("div", "mark"), newElement("div", ""), newElement("strong", "")];
  canvas.width = canvas.height = 140;
  name.textContent = CHANNELS[at];
  frame.append(canvas, mark);
  element.append(name, frame, byte);
  return { element, mark, byte, pen: canvas.getContext("2d") };
}

function newBar(at) {
  const [element, number, bar, name] = ["div", "b", "i", "span"].map((kind) => newElement(kind, ""));
  const shade = Math.round(((at + 0.5) * 256) / BINS);
  bar.style.background = `rgb(${shade}, ${shade}, ${shade})`;
  bar.style.outline = "1px solid var(--lab-gray)";
  name.textContent = at === 0 ? "1" : at === BINS - 1 ? "255" : "\u00a0";
  element.append(number, bar, name);
  return { element, bar, number };
}

function newElement(kind, name) {
  const element = document.createElement(kind);
  element.className = name;
  return element;
}

function fillWith(parent, count, make) {
  const made = Array.from({ length: count }, (_, at) => make(at));
  parent.replaceChildren(...made.map((one) => one.element ?? one));
  return made;
}

/* Puts a mark on a part of a picture, in shares of its size; hides it where there is no part. */
function place(mark, part, { width, height }) {
  mark.style.display = part ? "block" : "none";
  if (!part) return;
  mark.style.left = `${(100 * part.x) / width}%`;
  mark.style.top = `${(100 * part.y) / height}%`;
  mark.style.width = `${(100 * part.width) / width}%`;
  mark.style.height = `${(100 * part.height) / height}%`;
}
