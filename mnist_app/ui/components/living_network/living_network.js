/* The living network: the whole network as one picture. The ink stands left, the ten digits right;
   between them every layer's maps and units, and the edges on which most of the answer comes. */

const [PANEL, IDLE, LINE, TEXT, MARK] = ["#0c0d10", "#191c22", "#1f232b", "#d8dae0", "#ff4fd8"];
const WARM = ["#6b3403", "#b45505", "#dc7a14", "#fa9623", "#ffe6aa"];
const COLD = ["#123c7d", "#1955b4", "#3278d5", "#4b9bf5", "#bee1ff"];
const FLOW = { fan: 6, width: 20 };
const PICKED = { fan: 8, width: 10 };
const LEAST_SHARE = 0.02; // of the probability, for a digit's paths to be shown
const [PASSING, CALMING] = [900, 1500]; // milliseconds: a spark's way over an edge; until all is calm
const FULL = 0.6; // of the largest value: that has the brightest color where none is negative
const PAUSE = 100; // milliseconds after an answer, until which the next one is waited for
const SPARKS = 14; // edges a stage on which they run

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".living-network");
  const network = keptAt(root, () => new LivingNetwork(root));
  network.name(data);
  return whileShown(root, () => network.follow());
}

class LivingNetwork {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.label = root.querySelector(".label");
    this.context = this.canvas.getContext("2d");
    this.base = document.createElement("canvas");
    this.pen = this.base.getContext("2d", { willReadFrequently: true });
    this.stages = [];
    this.columns = [];
    this.values = null;
    this.picked = null;
    this.sparks = [];
    this.isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.pick(null));
    this.canvas.addEventListener("keydown", (event) => this.press(event));
    this.canvas.addEventListener("blur", () => this.pick(null));
  }

  name({ title }) {
    this.title = title;
    if (this.layers) this.describe();
  }

  /* Follows the pen and the size of the place; returns what ends that. */
  follow() {
    const resizing = new ResizeObserver(() => this.layOut());
    resizing.observe(this.canvas);
    const unsubscribe = whatIsDrawn((seen) => this.see(seen), () => (this.root.hidden = true));
    return () => {
      unsubscribe();
      resizing.disconnect();
      clearTimeout(this.waiting);
      cancelAnimationFrame(this.moving);
    };
  }

  see({ layers, image, results }) {
    this.root.hidden = false;
    if (layers !== this.layers) this.take(layers);
    const [result] = Object.values(results);
    const ink = Float32Array.from(image, (value) => value / 255);
    this.probabilities = result?.probabilities;
    this.values = this.stages.map(({ output }, at) => {
      if (at === 0) return result?.outputs[output]?.values ?? ink;
      return result?.outputs[output].values ?? null;
    });
    if (result) this.chooseMaps();
    cancelAnimationFrame(this.moving);
    this.paint();
    this.move();
  }

  take(layers) {
    this.layers = layers;
    this.stages = stagesOf(layers);
    this.values = null;
    this.picked = null;
    this.describe();
    this.layOut();
  }

  describe() {
    const names = this.stages.slice(1, -1).map((stage) => stage.name).join(", ");
    const sentence = "The arrow keys pick a map or a unit and show its strongest paths back to the ink.";
    this.canvas.setAttribute("aria-label", `${this.title} as one picture: ink, ${names}, ten digits. ${sentence}`);
  }

  layOut() {
    const ratio = Math.min(devicePixelRatio, 2);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight].map((side) => Math.round(side * ratio));
    if (!width || !this.stages.length) return;
    this.ratio = ratio;
    this.letters = parseFloat(getComputedStyle(this.root).fontSize) * ratio;
    for (const canvas of [this.canvas, this.base]) Object.assign(canvas, { width, height });
    this.columns = columnsOf(this.stages, width, height, ratio);
    this.columns.forEach((column, at) => prepareColumn(column, this.stages[at]));
    this.ground = this.paintGround(width, height);
    if (this.values?.at(-1)) this.chooseMaps();
    this.paint();
  }

  /* Where not all maps of a stage have room: the most active ones, another choice for another drawing. */
  chooseMaps() {
    this.columns.forEach((column, at) => {
      const stage = this.stages[at];
      if (column.shown.length === stage.maps) return;
      const chosen = mostActive(stage, this.values[at], column.shown.length);
      if (String(chosen) === String(column.shown)) return;
      column.shown = chosen;
      prepareColumn(column, stage);
    });
  }

  /* What is always there: names, and lines that show that everything hangs together. */
  paintGround(width, height) {
    const ground = document.createElement("canvas");
    Object.assign(ground, { width, height });
    const pen = ground.getContext("2d");
    pen.fillStyle = PANEL;
    pen.fillRect(0, 0, width, height);
    pen.strokeStyle = LINE;
    pen.lineWidth = this.ratio;
    pen.beginPath();
    for (let at = 1; at < this.columns.length; at++) {
      const [left, right] = [this.columns[at - 1], this.columns[at]];
      for (let line = 0; line < 20; line++) {
        curve(pen, [
          left.left + left.width,
          left.top + (left.height * (line + 0.5)) / 20,
          right.left,
          right.top + (right.height * (((line * 7) % 20) + 0.5)) / 20,
        ]);
      }
    }
    pen.stroke();
    this.paintNames(pen, height);
    return ground;
  }

  paintNames(pen, height) {
    const [first, second] = this.columns;
    const pitch = (second.left + second.width / 2 - first.left - first.width / 2) / this.ratio;
    pen.fillStyle = "#9aa0ac";
    pen.font = `${this.letters * (pitch < 80 ? 11 / 14 : 1)}px Inter, sans-serif`;
    pen.textAlign = "center";
    this.columns.forEach((column, at) => {
      const { name, maps } = this.stages[at];
      const isEnd = at === 0 || at === this.columns.length - 1;
      const text = isEnd || pitch < 110 ? name : `${name} · ${maps}`;
      pen.fillText(text, column.left + column.width / 2, height - 10 * this.ratio);
    });
  }

  paint() {
    if (!this.ground || !this.values) {
      if (this.ground) this.paintStill();
      return;
    }
    const { pen, columns } = this;
    pen.drawImage(this.ground, 0, 0);
    const edges = this.probabilities ? this.edges() : [];
    this.sparks = [];
    if (!this.picked) this.paintEdges(edges);
    columns.forEach((column, at) => at < columns.length - 1 && paintColumn(pen, column, this.values[at], at === 0));
    this.paintDigits();
    if (this.picked) this.paintPicked(edges);
    this.show();
  }

  paintStill() {
    this.pen.drawImage(this.ground, 0, 0);
    this.columns.slice(0, -1).forEach((column, at) => paintColumn(this.pen, column, null, at === 0));
    this.paintDigits();
    this.show();
  }

  /* The strongest edges back from what is picked, or from the digits that the network thinks of. */
  edges() {
    const last = this.stages.length - 1;
    if (this.picked) {
      const { stage, map } = this.picked;
      const node = { map, place: peakOf(this.stages[stage], this.values[stage], map), weight: 1 };
      return pathsBack(this.stages, this.values, stage, [node], PICKED);
    }
    const nodes = [...this.probabilities.keys()]
      .map((map) => ({ map, place: 0, weight: this.probabilities[map] }))
      .filter(({ weight }) => weight > LEAST_SHARE);
    return pathsBack(this.stages, this.values, last, nodes, FLOW);
  }

  /* Brightness is the edge's share: the value before it times the weight. */
  paintEdges(edges) {
    const { pen, ratio } = this;
    pen.lineWidth = ratio;
    edges.forEach((paths, stage) => {
      const most = Math.max(...paths.map(({ weight }) => weight));
      const lines = Array.from({ length: 10 }, () => []);
      paths.sort((a, b) => b.weight - a.weight).forEach((edge, rank) => {
        const ends = this.endsOf(edge, stage);
        if (!ends) return;
        const strength = Math.sqrt(edge.weight / most);
        const level = Math.min(4, Math.floor(5 * strength));
        lines[edge.amount < 0 ? level : level + 5].push(ends);
        const color = (edge.amount < 0 ? COLD : WARM)[4];
        if (rank < SPARKS) this.sparks.push({ ends, strength, color, begin: (stage * 0.37 + rank * 0.618) % 1 });
      });
      lines.forEach((some, level) => {
        if (!some.length) return;
        pen.strokeStyle = level < 5 ? COLD[level] : WARM[level - 5];
        pen.globalAlpha = 0.3 + 0.17 * (level % 5);
        pen.beginPath();
        for (const [x, y, right, below] of some) {
          curve(pen, [x, y, right, below]);
          // Two thin lines beside each other take a tenth of the time of a thick one.
          if (level % 5 > 2) curve(pen, [x, y + ratio, right, below + ratio]);
        }
        pen.stroke();
      });
    });
    pen.globalAlpha = 1;
  }

  endsOf({ from, to }, stage) {
    const [left, right] = [this.columns[stage - 1], this.columns[stage]];
    const [source, target] = [tileOf(left, from.map), tileOf(right, to.map)];
    if (!source || !target) return null;
    const [begin, end] = [this.pointIn(stage - 1, source, from.place), this.pointIn(stage, target, to.place)];
    const isFromInk = stage === 1 && this.picked;
    return [isFromInk ? begin.x : left.left + left.width, begin.y, right.left, end.y];
  }

  /* The ink and the state after each row show where in the map; other tiles are too small for that. */
  pointIn(stage, { x, y, width, height }, place) {
    const { rows, columns } = this.stages[stage];
    const isWide = stage === 0 || (columns === 1 && rows > 1);
    if (!isWide) return { x: x + width / 2, y: y + height / 2 };
    return {
      x: x + (((place % columns) + 0.5) / columns) * width,
      y: y + ((Math.floor(place / columns) + 0.5) / rows) * height,
    };
  }

  paintDigits() {
    const { pen, ratio } = this;
    const column = this.columns.at(-1);
    const first = this.probabilities ? this.probabilities.indexOf(Math.max(...this.probabilities)) : -1;
    pen.textAlign = "center";
    const room = Math.min(column.width * 0.45, 2 * this.letters);
    for (let digit = 0; digit < 10; digit++) {
      const { x, y, height } = tileOf(column, digit);
      const share = this.probabilities?.[digit] ?? 0;
      const middle = y + height / 2;
      pen.fillStyle = IDLE;
      pen.fillRect(x + room, y + 0.2 * height, column.width - room, 0.6 * height);
      pen.fillStyle = css(wordsOf("sequential")[Math.round(80 + 175 * share)]);
      pen.fillRect(x + room, y + 0.2 * height, (column.width - room) * share, 0.6 * height);
      pen.fillStyle = digit === first ? "#fff" : TEXT;
      pen.globalAlpha = digit === first ? 1 : 0.6;
      const size = digit === first ? Math.min(2 * this.letters, 1.25 * height) : Math.min(1.3 * this.letters, 0.85 * height);
      pen.font = `700 ${size}px "Space Grotesk", Inter, sans-serif`;
      pen.fillText(digit, x + room / 2, middle + 0.36 * size);
      pen.globalAlpha = 1;
    }
  }

  paintPicked(edges) {
    const { pen, columns, ratio } = this;
    const { stage, map } = this.picked;
    pen.fillStyle = "rgba(12, 13, 16, 0.6)";
    pen.fillRect(columns[0].left + columns[0].width, 0, pen.canvas.width, columns.at(-1).top + columns.at(-1).height + 4 * ratio);
    this.paintEdges(edges);
    this.sparks = [];
    const lit = [[stage, map]];
    edges.forEach((paths, at) => at > 1 && paths.forEach(({ from }) => lit.push([at - 1, from.map])));
    for (const [at, one] of lit) this.light(at, one);
    for (const { from, to } of edges[1]?.slice(0, 12) ?? []) this.frame(from, to);
    const tile = tileOf(columns[stage], map);
    if (!tile) return;
    pen.strokeStyle = MARK;
    pen.lineWidth = 2 * ratio;
    pen.strokeRect(tile.x - ratio, tile.y - ratio, tile.width + ratio, tile.height + ratio);
  }

  light(at, map) {
    const column = this.columns[at];
    const tile = tileOf(column, map);
    if (!tile || !column.image) return;
    const place = [tile.x - column.left, tile.y - column.top, tile.width, tile.height].map(Math.floor);
    this.pen.putImageData(column.image, column.left, column.top, ...place);
  }

  /* The window on the ink that a convolution's map looks through where it is most active. */
  frame(from, to) {
    const [ink, stage] = this.stages;
    if (stage.layer.spec.kind !== "convolution") return;
    const { kernel, stride, padding } = stage.layer.spec;
    const [top, left] = cornerOf(stage, ink, to.place, { side: kernel, stride, isSame: padding === "same" });
    const column = this.columns[0];
    const unit = column.width / ink.columns;
    this.pen.strokeStyle = MARK;
    this.pen.lineWidth = this.ratio;
    this.pen.strokeRect(column.left + left * unit, column.top + top * unit, kernel * unit, kernel * unit);
  }

  show() {
    this.context.drawImage(this.base, 0, 0);
  }

  /* Sparks run from the ink to the answer while one draws, with each answer, and a while after the last. */
  move() {
    const now = performance.now();
    this.until = now + CALMING;
    if (this.isCalm) return;
    this.paintSparks(now);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.goOn(), PAUSE);
  }

  goOn() {
    cancelAnimationFrame(this.moving);
    this.moving = requestAnimationFrame((now) => {
      this.show();
      if (now > this.until || !this.root.isConnected) return;
      this.paintSparks(now);
      this.goOn();
    });
  }

  paintSparks(now) {
    const pen = this.context;
    const rest = Math.min(1, (this.until - now) / 600);
    for (const { ends, strength, color, begin } of this.sparks) {
      const way = (now / PASSING + begin) % 1;
      const [x, y] = pointOn(ends, way);
      const side = (1.5 + 2 * strength) * this.ratio;
      pen.globalAlpha = rest * strength * Math.sin(Math.PI * way);
      pen.fillStyle = color;
      pen.fillRect(x - side / 2, y - side / 2, side, side);
    }
    pen.globalAlpha = 1;
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) * this.ratio, (event.clientY - box.top) * this.ratio];
    for (let stage = 1; stage < this.columns.length; stage++) {
      const map = mapUnder(this.columns[stage], x, y);
      if (map !== null) return this.pick({ stage, map });
    }
    return this.pick(null);
  }

  press(event) {
    const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const move = moves[event.key];
    if (!move || !this.columns.length) return;
    event.preventDefault();
    this.pick(this.picked ? this.beside(this.picked, ...move) : this.beginning());
  }

  beginning() {
    const map = this.probabilities ? this.probabilities.indexOf(Math.max(...this.probabilities)) : 0;
    return { stage: this.stages.length - 1, map };
  }

  /* The tile beside another; beyond a column's side it is in the next column, at the same height. */
  beside({ stage, map }, right, down) {
    const column = this.columns[stage];
    const at = column.shown.indexOf(map);
    const across = (at % column.across) + right;
    if (across >= 0 && across < column.across) {
      return { stage, map: column.shown[at + right + down * column.across] ?? map };
    }
    const next = Math.min(Math.max(1, stage + right), this.columns.length - 1);
    if (next === stage) return { stage, map };
    const there = this.columns[next];
    const tile = tileOf(column, map);
    const line = Math.floor((tile.y + tile.height / 2 - there.top) / there.high);
    const row = Math.min(Math.max(0, line), Math.ceil(there.shown.length / there.across) - 1);
    const place = row * there.across + (right > 0 ? 0 : there.across - 1);
    return { stage: next, map: there.shown[Math.min(place, there.shown.length - 1)] };
  }

  pick(picked) {
    if (picked?.stage === this.picked?.stage && picked?.map === this.picked?.map) return;
    this.picked = picked;
    this.label.hidden = !picked;
    if (this.ground) this.paint();
    if (picked) this.placeLabel(picked);
  }

  placeLabel({ stage, map }) {
    this.label.textContent = this.nameOf(stage, map);
    const tile = tileOf(this.columns[stage], map);
    const middle = (tile.x + tile.width / 2) / this.ratio - this.label.offsetWidth / 2;
    const left = Math.min(Math.max(4, middle), this.root.clientWidth - this.label.offsetWidth - 4);
    const above = tile.y / this.ratio - this.label.offsetHeight - 6;
    const top = above > 0 ? above : (tile.y + tile.height) / this.ratio + 6;
    this.label.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  nameOf(stage, map) {
    const { name, rows, columns } = this.stages[stage];
    if (stage === this.stages.length - 1) {
      return this.probabilities ? `digit ${map}: ${(100 * this.probabilities[map]).toFixed(1)}%` : `digit ${map}`;
    }
    if (rows * columns > 1 && columns > 1) return `${name}, map ${map}`;
    const value = rows === 1 && this.values?.[stage] ? `: ${rounded(this.values[stage][map])}` : "";
    return `${name}, unit ${map}${value}`;
  }
}

function css(pixel) {
  return `rgb(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255})`;
}

/* Computes once which value each pixel of a column shows; -1 for none. */
function prepareColumn(column, { rows, columns, maps }) {
  const width = Math.max(1, Math.round(column.width));
  const height = Math.max(1, Math.round(column.height));
  Object.assign(column, { left: Math.round(column.left), top: Math.round(column.top), width, height });
  column.image = new ImageData(width, height);
  column.pixels = new Uint32Array(column.image.data.buffer);
  column.lookup = new Int32Array(width * height).fill(-1);
  const gap = column.tile > 3 && column.shown.length > 1 ? 1 : 0;
  for (let y = 0; y < height; y++) {
    const [line, inside] = [Math.floor(y / column.high), y % column.high];
    if (inside >= column.high - gap) continue;
    const row = Math.min(rows - 1, Math.floor((inside / (column.high - gap)) * rows));
    for (let x = 0; x < width; x++) {
      const [across, beside] = [Math.floor(x / column.tile), x % column.tile];
      const map = column.shown[line * column.across + across];
      if (map === undefined || across >= column.across || beside >= column.tile - gap) continue;
      const at = Math.min(columns - 1, Math.floor((beside / (column.tile - gap)) * columns));
      column.lookup[y * width + x] = (row * columns + at) * maps + map;
    }
  }
}

const [BEHIND, RESTING] = [0xff100d0c, 0xff221c19];

/* Paints a column's maps or units, all on one scale; dark ones where there are no values. */
function paintColumn(pen, { image, pixels, lookup, left, top }, values, isInk) {
  const shown = values && indicesOf(values, isInk);
  for (let at = 0; at < pixels.length; at++) {
    const value = lookup[at];
    pixels[at] = value < 0 ? BEHIND : shown ? shown[value] : isInk ? 0xff000000 : RESTING;
  }
  pen.putImageData(image, left, top);
}

/* The color of each value, as a pixel. */
function indicesOf(values, isInk) {
  if (isInk) return Uint32Array.from(values, (value) => 0xff000000 | (0x010101 * Math.round(255 * Math.min(value, 1))));
  const { low, high } = scaleOf([values]);
  const palette = wordsOf(low < 0 ? "diverging" : "sequential");
  const zero = low < 0 ? 127.5 : 0;
  const factor = (255 - zero) / (low < 0 ? high : FULL * high);
  const found = new Uint32Array(values.length);
  for (let at = 0; at < values.length; at++) {
    found[at] = palette[Math.max(0, Math.min(255, Math.round(zero + values[at] * factor)))];
  }
  return found;
}

function curve(pen, [x, y, right, below]) {
  const middle = (x + right) / 2;
  pen.moveTo(x, y);
  pen.bezierCurveTo(middle, y, middle, below, right, below);
}

/* The point on that curve after a share of the way. */
function pointOn([x, y, right, below], way) {
  const back = 1 - way;
  const [begin, end] = [back ** 2 * (back + 3 * way), way ** 2 * (way + 3 * back)];
  const middle = 3 * back * way * ((x + right) / 2);
  return [back ** 3 * x + middle + way ** 3 * right, begin * y + end * below];
}
