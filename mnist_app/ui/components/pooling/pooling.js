/* An image before and after pooling, while the pen moves and while the sliders do. */

const KEPT = { max: "largest", average: "mean", subsample: "first" };
const NAMES = { max: "Max pooling", average: "Average pooling", subsample: "Subsampling" };
const TIMES = ["Once", "Twice", "Three times"];
const REPORT_AFTER = 150; // milliseconds without another choice

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".pooling");
  const view = keptAt(root, () => new PoolingView(root));
  view.tell = (chosen) => setStateValue("chosen", chosen);
  view.update(data);
  return whileShown(root, () => whileDrawing((seen) => view.follow(seen)));
}

class PoolingView {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.again = TIMES.map((title) => newFigure(title));
    this.find(".again").append(...this.again);
    new ResizeObserver(() => this.before && this.showLink()).observe(this.find(".pictures"));
    this.listen();
  }

  /* Takes what the server read. */
  update(data) {
    this.data = data;
    if (data.turn !== this.turn) Object.assign(this, { turn: data.turn, chosen: data.chosen, place: null });
    const bytes = bytesOf(data.values);
    const values = data.layer ? new Float32Array(bytes.buffer) : Float32Array.from(bytes);
    this.show({ rows: data.rows, columns: data.columns, values });
  }

  /* What the pen has drawn so far. */
  follow({ image, results }) {
    const { layer, number } = this.data;
    if (!layer) {
      this.show({ rows: 28, columns: 28, values: Float32Array.from(image) });
      return;
    }
    const output = results.trained?.outputs[layer];
    if (output) this.show(mapOf(output, number));
  }

  listen() {
    for (const button of this.find(".rules").children) {
      button.addEventListener("click", () => this.choose({ rule: button.dataset.rule }));
    }
    for (const name of ["size", "stride"]) {
      const slider = this.find(`[name="${name}"]`);
      slider.addEventListener("input", () => this.choose({ [name]: Number(slider.value) }));
    }
    for (const kind of ["before", "after"]) {
      const grid = this.find(`.${kind} .grid`);
      const point = (event) => this.pointAt(kind, grid.getBoundingClientRect(), event);
      for (const name of ["pointermove", "pointerdown"]) grid.addEventListener(name, point);
    }
    this.find(".after .grid").addEventListener("keydown", (event) => this.press(event));
  }

  /* Shows another choice at once; the server is told when the hand rests. */
  choose(changed) {
    this.chosen = { ...this.chosen, ...changed };
    this.place = null;
    this.show(this.before);
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(this.chosen), REPORT_AFTER);
  }

  /* What is chosen, as far as it fits the image. */
  fitting({ rows, columns }) {
    const most = Math.min(this.data.largest, rows, columns);
    const { rule, size, stride } = this.chosen;
    return { rule, size: Math.min(size, most), stride: Math.min(stride, most), most };
  }

  show(before) {
    this.before = before;
    this.how = this.fitting(before);
    this.after = pooledBy(before, this.how);
    const { low, high } = this.data.layer ? scaleOf([before.values]) : { low: 0, high: 255 };
    this.scale = { low, high, palette: this.data.layer ? (low < 0 ? "diverging" : "sequential") : "gray" };
    this.showChoice();
    paintGrid(this.find(".before canvas"), before, this.scale);
    paintGrid(this.find(".after canvas"), this.after, this.scale);
    this.find(".before figcaption").textContent = this.data.title;
    this.find(".after figcaption").textContent = NAMES[this.how.rule];
    this.find(".before .note").textContent = `${sizeInWords(before)} = ${before.values.length} values`;
    this.find(".after .note").textContent = `${sizeInWords(this.after)} = ${this.after.values.length} values, ${shareOf(this.after, before)}`;
    this.repeat();
    this.showShift();
    this.placeWindow();
  }

  showChoice() {
    const { rule, size, stride, most } = this.how;
    for (const button of this.find(".rules").children) button.setAttribute("aria-pressed", button.dataset.rule === rule);
    for (const [name, value] of Object.entries({ size, stride })) {
      const slider = this.find(`[name="${name}"]`);
      slider.max = most;
      slider.value = value;
    }
    this.find("label .size").textContent = `${size} × ${size}`;
    this.find("label .stride").textContent = stride;
  }

  /* The same pooling once, twice, three times. */
  repeat() {
    let image = this.before;
    for (const figure of this.again) {
      image = image && pooledBy(image, this.how);
      figure.querySelector("canvas").style.visibility = image ? "visible" : "hidden";
      figure.querySelector(".note").textContent = image ? `${sizeInWords(image)}, ${shareOf(image, this.before)}` : "too small";
      if (image) paintGrid(figure.querySelector("canvas"), image, this.scale);
    }
  }

  showShift() {
    const [pooled, unpooled] = [this.how, { rule: "max", size: 1, stride: 1 }].map((how) =>
      Math.round(100 * shareUnchangedByShift(this.before, how)),
    );
    this.find(".shift").textContent =
      `Moved by one pixel, ${pooled}% of the pooled values stay the same; without pooling ${unpooled}%.`;
  }

  /* The window stands where it stood; at first, where most is to be seen. */
  placeWindow() {
    this.place = within(this.place ?? largestIn(this.after), this.after);
    this.showWindow();
  }

  pointAt(kind, box, event) {
    const { rows, columns } = kind === "after" ? this.after : this.before;
    const places = [((event.clientY - box.top) / box.height) * rows, ((event.clientX - box.left) / box.width) * columns];
    const { size, stride } = this.how;
    this.moveTo(...places.map((at) => (kind === "after" ? Math.floor(at) : Math.round((at - size / 2) / stride))));
  }

  press(event) {
    const place = movedByKey(event.key, ...this.place);
    if (!place) return;
    event.preventDefault();
    this.moveTo(...place);
    this.find(".words").textContent = `${this.find(".place").textContent}: ${this.find(".result").textContent}`;
  }

  moveTo(row, column) {
    this.place = within([row, column], this.after);
    this.showWindow();
  }

  showWindow() {
    const [row, column] = this.place;
    const { rule, size, stride } = this.how;
    const { before, after } = this;
    placeMark(this.find(".before .mark"), (row * stride) / before.rows, (column * stride) / before.columns, size / before.rows, size / before.columns);
    placeMark(this.find(".after .mark"), row / after.rows, column / after.columns, 1 / after.rows, 1 / after.columns);
    const window = `${row} ${column} ${size} ${stride} ${before.rows}`;
    if (window !== this.linked) this.showLink();
    this.linked = window;
    this.find(".place").textContent = `Row ${row}, column ${column}`;
    const seen = Array.from({ length: size * size }, (_, at) => {
      const [down, across] = [row * stride + Math.floor(at / size), column * stride + (at % size)];
      return this.before.values[down * this.before.columns + across];
    });
    const winner = { max: seen.indexOf(Math.max(...seen)), subsample: 0 }[rule];
    cellsIn(this.find(".cells"), size).forEach((cell, at) => {
      fill(cell, colorAt(paletteOf(this.scale.palette), indexOn(seen[at], this.scale)));
      cell.textContent = rounded(seen[at]);
      cell.classList.toggle("winner", at === winner);
    });
    const value = this.after.values[row * this.after.columns + column];
    const strong = document.createElement("strong");
    strong.textContent = rounded(value, 1);
    strong.dataset.value = value;
    this.find(".result").replaceChildren(`${KEPT[rule]} → `, strong);
  }

  /* From the window to its value. */
  showLink() {
    const [sky, from, to] = [".links", ".before .mark", ".after .mark"].map((name) => this.find(name).getBoundingClientRect());
    this.find(".links path").setAttribute("d", linkBetween(sky, from, to));
  }
}

function newFigure(title) {
  const figure = document.createElement("figure");
  figure.innerHTML = '<figcaption></figcaption><div class="grid"><canvas></canvas></div><div class="note"></div>';
  figure.querySelector("figcaption").textContent = title;
  return figure;
}

function cellsIn(parent, size) {
  if (parent.childElementCount !== size * size) {
    parent.classList.toggle("dense", size > 4);
    parent.style.gridTemplateColumns = `repeat(${size}, minmax(${Math.max(36, Math.floor(124 / size))}px, 1fr))`;
    parent.replaceChildren(...Array.from({ length: size * size }, () => document.createElement("div")));
    for (const cell of parent.children) cell.className = "cell";
  }
  return [...parent.children];
}

function sizeInWords({ rows, columns }) {
  return `${rows} × ${columns}`;
}

function shareOf(image, whole) {
  return `${Math.round((100 * image.values.length) / whole.values.length)}%`;
}
