/* The map of MNIST's training images: 60,000 dots that become images up close, and the drawing among
   them, which moves while one draws. */

const CLOSEST = 64;
const IMAGES_FROM = 9;
const MOST_IMAGES = 2500;
const NAMES_UNTIL = 5;
const HOVER_MILLISECONDS = 80;
const BACKGROUND = 0xff181410;
const MAGENTA = "#ff4fd8";
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".embedding-map");
  const atlas = keptAt(root, () => new Atlas(root));
  atlas.show(data, (number) => setTriggerValue("picked", number));
  return whileShown(root, () => whileDrawing(({ results }) => atlas.follow(results)));
}

class Atlas {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    [this.dots, this.marks] = [this.find(".dots"), this.find(".marks")];
    this.view = { x: 0.5, y: 0.5, zoom: 1 };
    this.pointers = new Map();
    this.blocks = new Map();
    [this.hovered, this.picked, this.near, this.own] = [-1, -1, [], null];
    this.isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    new ResizeObserver(() => this.drawSoon(true)).observe(root);
    this.listen();
  }

  show(data, onPick) {
    [this.data, this.onPick] = [data, onPick];
    if (this.map) return this.take();
    fetchOnce(`/${data.url}`, unpackMap).then(
      (map) => {
        this.map = map;
        this.dotOf = new Uint16Array(map.images);
        map.numbers.forEach((number, dot) => (this.dotOf[number] = dot));
        this.colors = map.colors.map(([red, green, blue]) => (0xff << 24) | (blue << 16) | (green << 8) | red);
        this.take();
      },
      (error) => console.warn("The map cannot be shown:", error),
    );
  }

  /* What the server knows after a stroke or a click has the last word. */
  take() {
    const { place, picked } = this.data;
    this.near = place ? place.near.map((number) => this.dotOf[number]) : [];
    this.moveOwn(place);
    this.picked = picked === null ? -1 : this.dotOf[picked];
    this.drawSoon(true);
  }

  /* While one draws: in every second frame, for the network's own work comes first. */
  follow(results) {
    const outputs = results[this.data.live]?.outputs[this.map?.layer];
    this.isTurn = !this.isTurn;
    if (!outputs || !this.isTurn) return;
    const place = placeOf(this.map, outputs.values);
    this.near = place.near;
    this.moveOwn(place);
  }

  moveOwn(place) {
    this.goal = place;
    if (!place || !this.own || this.isStill) this.own = place && { x: place.x, y: place.y };
    this.drawSoon();
  }

  drawSoon(withDots = false) {
    this.needsDots ||= withDots;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.map || !this.marks.clientWidth) return;
      if (this.needsDots) this.drawDots();
      this.needsDots = false;
      this.drawMarks();
    });
  }

  /* The map's side in CSS pixels, and the place of its left upper corner. */
  frameOf() {
    const { clientWidth: width, clientHeight: height } = this.marks;
    const side = 0.94 * Math.min(width, height) * this.view.zoom;
    return { width, height, side, left: width / 2 - this.view.x * side, top: height / 2 - this.view.y * side };
  }

  drawDots() {
    const { positions, labels, images } = this.map;
    const { width, height, side, left, top } = this.frameOf();
    const ratio = Math.min(devicePixelRatio, 2);
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.pixels?.width !== across || this.pixels?.height !== down) {
      this.pixels = new ImageData(across, down);
      this.words = new Uint32Array(this.pixels.data.buffer);
      [this.dots.width, this.dots.height] = [across, down];
    }
    this.words.fill(BACKGROUND);
    const size = Math.max(1, Math.round(ratio * Math.min(6, side / 440)));
    const [scale, fromLeft, fromTop] = [(side * ratio) / 65535, left * ratio - size / 2, top * ratio - size / 2];
    const visible = [];
    for (let dot = 0; dot < images; dot++) {
      const x = Math.round(fromLeft + positions[2 * dot] * scale);
      const y = Math.round(fromTop + positions[2 * dot + 1] * scale);
      if (x < 0 || y < 0 || x + size > across || y + size > down) continue;
      const color = this.colors[labels[dot]];
      for (let row = y; row < y + size; row++) {
        const start = row * across + x;
        for (let at = start; at < start + size; at++) this.words[at] = color;
      }
      if (visible.length <= MOST_IMAGES) visible.push(dot);
    }
    const context = this.dots.getContext("2d");
    context.putImageData(this.pixels, 0, 0);
    if (this.view.zoom >= IMAGES_FROM && visible.length <= MOST_IMAGES) this.drawImages(context, visible, ratio);
  }

  drawImages(context, visible, ratio) {
    const { side, left, top } = this.frameOf();
    const size = ratio * Math.min(84, 2.2 * this.view.zoom);
    context.imageSmoothingEnabled = size < 28;
    context.lineWidth = 2 * ratio;
    for (const dot of visible) {
      const [x, y] = this.placeOf(dot).map((share, axis) => ratio * (share * side + (axis ? top : left)) - size / 2);
      this.drawImage(context, dot, x, y, size);
      const [red, green, blue] = this.map.colors[this.map.labels[dot]];
      context.strokeStyle = `rgb(${red}, ${green}, ${blue})`;
      context.strokeRect(x, y, size, size);
    }
  }

  /* Draws an image, or asks for it. */
  drawImage(context, dot, x, y, size) {
    const { block, across } = this.map;
    const picture = this.pictureOf(Math.floor(dot / block));
    if (!picture) return;
    const at = dot % block;
    context.drawImage(picture, 28 * (at % across), 28 * Math.floor(at / across), 28, 28, x, y, size, size);
  }

  pictureOf(number) {
    if (!this.blocks.has(number)) {
      this.blocks.set(number, null);
      fetch(`/${this.data.url}/${number}`)
        .then((response) => response.blob())
        .then(createImageBitmap)
        .then(
          (picture) => {
            this.blocks.set(number, picture);
            this.drawSoon(true);
          },
          () => this.blocks.delete(number),
        );
    }
    return this.blocks.get(number);
  }

  placeOf(dot) {
    return [this.map.positions[2 * dot] / 65535, this.map.positions[2 * dot + 1] / 65535];
  }

  drawMarks() {
    const { width, height, side, left, top } = this.frameOf();
    const ratio = Math.min(devicePixelRatio, 2);
    if (this.marks.width !== Math.round(width * ratio) || this.marks.height !== Math.round(height * ratio)) {
      [this.marks.width, this.marks.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    }
    const context = this.marks.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const onScreen = ([x, y]) => [left + x * side, top + y * side];
    if (this.view.zoom < NAMES_UNTIL) this.map.names.forEach((place, digit) => writeName(context, digit, onScreen(place)));
    for (const dot of this.near) ring(context, onScreen(this.placeOf(dot)), 6, 2, MAGENTA);
    const size = this.view.zoom >= IMAGES_FROM ? Math.min(84, 2.2 * this.view.zoom) / 1.3 : 9;
    if (this.picked >= 0) ring(context, onScreen(this.placeOf(this.picked)), size, 3, "#fff");
    if (this.hovered >= 0) ring(context, onScreen(this.placeOf(this.hovered)), size, 2, "#fff");
    if (this.own) {
      this.glide();
      ring(context, onScreen([this.own.x, this.own.y]), 14, 5, MAGENTA);
      this.marks.dataset.own = `${this.own.x.toFixed(4)} ${this.own.y.toFixed(4)}`;
    }
    this.showHovered(onScreen, width, height);
  }

  glide() {
    const [right, down] = [this.goal.x - this.own.x, this.goal.y - this.own.y];
    const isThere = this.isStill || Math.hypot(right, down) < 0.0005;
    const share = isThere ? 1 : 0.3;
    this.own = { x: this.own.x + share * right, y: this.own.y + share * down };
    if (!isThere) this.drawSoon();
  }

  showHovered(onScreen, width, height) {
    const box = this.find(".shown");
    box.hidden = this.hovered < 0;
    this.marks.setAttribute("aria-label", this.sentence());
    if (this.hovered < 0) return;
    const [x, y] = onScreen(this.placeOf(this.hovered));
    const context = box.querySelector("canvas").getContext("2d");
    context.clearRect(0, 0, 28, 28);
    this.drawImage(context, this.hovered, 0, 0, 28);
    box.querySelector("span").textContent = this.nameOf(this.hovered, "\n");
    box.style.left = `${Math.max(8, x > width / 2 ? x - box.offsetWidth - 16 : x + 16)}px`;
    box.style.top = `${Math.min(Math.max(8, y - box.offsetHeight / 2), height - box.offsetHeight - 8)}px`;
  }

  nameOf(dot, between) {
    return `Labeled ${this.map.labels[dot]}${between}no. ${this.map.numbers[dot].toLocaleString("en")}`;
  }

  sentence() {
    const what = this.hovered < 0 ? "ten islands, one for each digit" : this.nameOf(this.hovered, ", ");
    return `Map of the training images: ${what}. Arrow keys go to the next dot, Enter keeps it, plus and minus zoom.`;
  }

  listen() {
    const marks = this.marks;
    marks.addEventListener("pointerdown", (event) => this.press(event));
    marks.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) marks.addEventListener(name, (event) => this.release(event));
    marks.addEventListener("pointerleave", () => this.hover(-1));
    marks.addEventListener("wheel", (event) => this.turnWheel(event), { passive: false });
    marks.addEventListener("keydown", (event) => this.pressKey(event));
    this.find(".search").addEventListener("submit", (event) => this.search(event));
    this.find(".closer").onclick = () => this.zoomBy(1.6);
    this.find(".farther").onclick = () => this.zoomBy(1 / 1.6);
    this.find(".whole").onclick = () => this.look(0.5, 0.5, 1);
  }

  press(event) {
    this.marks.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
  }

  move(event) {
    const here = [event.offsetX, event.offsetY];
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.hover(this.dotUnder(...here));
    const [right, down] = [here[0] - before[0], here[1] - before[1]];
    this.moved += Math.hypot(right, down);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, here);
    const { side } = this.frameOf();
    if (!other) return this.look(this.view.x - right / side, this.view.y - down / side, this.view.zoom);
    const [now, then] = [here, before].map(([x, y]) => Math.hypot(x - other[0], y - other[1]));
    this.zoomBy(now / Math.max(1, then), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
  }

  release(event) {
    const wasAlone = this.pointers.size === 1;
    this.pointers.delete(event.pointerId);
    if (event.type === "pointerup" && wasAlone && this.moved < 6) this.pick(this.dotUnder(event.offsetX, event.offsetY));
  }

  turnWheel(event) {
    if (event.deltaY > 0 && this.view.zoom <= 1) return; // the page scrolls on
    event.preventDefault();
    this.zoomBy(Math.exp(-0.002 * event.deltaY), event.offsetX, event.offsetY);
  }

  zoomBy(factor, x = this.marks.clientWidth / 2, y = this.marks.clientHeight / 2) {
    const before = this.frameOf();
    const [across, down] = [(x - before.left) / before.side, (y - before.top) / before.side];
    const zoom = Math.min(CLOSEST, Math.max(1, this.view.zoom * factor));
    const share = this.view.zoom / zoom;
    this.look(across + (this.view.x - across) * share, down + (this.view.y - down) * share, zoom);
  }

  look(x, y, zoom) {
    const within = (share) => Math.min(1, Math.max(0, share));
    this.view = zoom <= 1 ? { x: 0.5, y: 0.5, zoom: 1 } : { x: within(x), y: within(y), zoom };
    this.marks.classList.toggle("closer", zoom > 1);
    this.drawSoon(true);
  }

  dotUnder(x, y) {
    if (!this.map) return -1;
    const { side, left, top } = this.frameOf();
    const reach = Math.max(12, 1.2 * this.view.zoom);
    return dotAt(this.map, (x - left) / side, (y - top) / side, reach / side);
  }

  /* Its image is asked for where the pointer rests. */
  hover(dot) {
    if (dot === this.hovered) return;
    clearTimeout(this.waiting);
    const show = () => {
      this.hovered = dot;
      this.drawSoon();
    };
    this.waiting = setTimeout(show, dot < 0 ? 0 : HOVER_MILLISECONDS);
  }

  pick(dot) {
    if (dot < 0) return;
    this.picked = dot;
    this.drawSoon();
    this.onPick(this.map.numbers[dot]);
  }

  pressKey(event) {
    if (!this.map || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (DIRECTIONS[key]) this.step(DIRECTIONS[key]);
    else if (key === "Enter" || key === " ") this.pick(this.hovered);
    else if (key === "+" || key === "=") this.zoomBy(1.6);
    else if (key === "-") this.zoomBy(1 / 1.6);
    else if (key === "0") this.look(0.5, 0.5, 1);
    else return;
    event.preventDefault();
  }

  /* To the next dot in a direction; the map comes along where it would leave the screen. */
  step(direction) {
    const current = this.hovered >= 0 ? this.hovered : this.picked;
    const [x, y] = current >= 0 ? this.placeOf(current) : [this.view.x, this.view.y];
    const next = dotAt(this.map, x, y, 2, current >= 0 ? direction : null, current);
    if (next < 0) return;
    this.hovered = next;
    this.find(".spoken").textContent = this.nameOf(next, ", ");
    const [toX, toY] = this.placeOf(next);
    const reach = 0.4 / this.view.zoom;
    const isFar = Math.max(Math.abs(toX - this.view.x), Math.abs(toY - this.view.y)) > reach;
    if (isFar) this.look(toX, toY, this.view.zoom);
    else this.drawSoon();
  }

  /* One digit leads to its island, more of them to an image. */
  search(event) {
    event.preventDefault();
    const wanted = this.find(".search input").value.replace(/[,\s]/g, "");
    if (!this.map || !/^\d+$/.test(wanted)) return;
    if (wanted.length === 1) return this.look(...this.map.names[wanted], 3);
    if (Number(wanted) >= this.map.images) {
      this.find(".spoken").textContent = `There are ${this.map.images} images, from number 0 on.`;
      return;
    }
    this.hovered = this.dotOf[Number(wanted)];
    this.look(...this.placeOf(this.hovered), 24);
    this.pick(this.hovered);
  }
}

function ring(context, [x, y], radius, width, color) {
  for (const [style, thick] of [["#000", width + 2], [color, width]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.strokeStyle = style;
    context.lineWidth = thick;
    context.stroke();
  }
}

function writeName(context, digit, [x, y]) {
  context.font = "700 28px 'Space Grotesk', sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 5;
  context.strokeStyle = "#000";
  context.strokeText(digit, x, y);
  context.fillStyle = "#fff";
  context.fillText(digit, x, y);
}
