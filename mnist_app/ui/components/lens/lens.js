/* The pixel lens: a window on the input, its output value, and the arithmetic between them.
   Everything happens here; the server sends arrays and is not asked again. */

const PACES = [0.5, 1, 2, 5, 10, 30, 60]; // steps a second
const lenses = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".lens");
  let lens = lenses.get(root);
  if (!lens) {
    lens = new Lens(root);
    lenses.set(root, lens);
  }
  lens.show(component.data);
  return () => lens.stop();
}

class Lens {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.root = root;
    this.row = null;
    this.column = null;
    this.playing = false;
    this.frame = 0;
    this.clock = 0;
    this.grids = {};
    this.listen();
  }

  show(data) {
    this.data = data;
    this.input = read(data.input);
    this.output = read(data.output);
    this.kernel = data.kernel && read(data.kernel);
    if (this.row === null) this.startWhereMostHappens();
    this.row = Math.min(this.row, this.output.rows - 1);
    this.column = Math.min(this.column, this.output.columns - 1);
    const [board, result] = this.root.querySelectorAll("figure");
    paint(board, this.input, data.before, data.after);
    paint(result, this.output, [0, 0], [0, 0]);
    this.find(".boards").setAttribute(
      "aria-label",
      `${data.input.title} and ${data.output.title}. The arrow keys move the window, space lets it walk.`,
    );
    const [rows, columns] = data.window;
    this.find(".arithmetic").classList.toggle("dense", columns > 3);
    this.grids.window = cells(this.find(".window .grid"), rows, columns);
    const weighted = this.kernel !== null;
    for (const name of [".times", ".kernel", ".equals", ".products"]) {
      this.find(name).hidden = !weighted;
      this.find(name).style.display = weighted ? "" : "none";
    }
    if (weighted) {
      this.grids.kernel = cells(this.find(".kernel .grid"), rows, columns);
      this.grids.products = cells(this.find(".products .grid"), rows, columns);
      this.kernel.values.forEach((value, index) => fill(this.grids.kernel[index], value, this.kernel.scale));
    }
    this.draw();
  }

  startWhereMostHappens() {
    const sizes = Array.from(this.output.values, Math.abs);
    const place = sizes.indexOf(Math.max(...sizes));
    this.row = Math.floor(place / this.output.columns);
    this.column = place % this.output.columns;
  }

  listen() {
    for (const [kind, name] of [["input", ".input"], ["output", ".output"]]) {
      const board = this.find(name);
      const follow = (event) => this.follow(board, kind, event);
      board.addEventListener("pointermove", follow);
      board.addEventListener("pointerdown", follow);
    }
    this.find(".boards").addEventListener("keydown", (event) => this.press(event));
    this.find(".back").addEventListener("click", () => this.stepBy(-1));
    this.find(".next").addEventListener("click", () => this.stepBy(1));
    this.find(".play").addEventListener("click", () => (this.playing ? this.stop() : this.play()));
    this.find(".speed").addEventListener("input", () => this.showPace());
    this.showPace();
  }

  /* The window whose middle is nearest to the pointer, or the output value under it. */
  follow(board, kind, event) {
    const box = board.getBoundingClientRect();
    const down = (event.clientY - box.top) / box.height;
    const across = (event.clientX - box.left) / box.width;
    const { before, after, window, stride } = this.data;
    this.stop();
    if (kind === "output") {
      this.moveTo(Math.floor(down * this.output.rows), Math.floor(across * this.output.columns));
      return;
    }
    const place = (share, axis, length) =>
      Math.round((share * (before[axis] + length + after[axis]) - window[axis] / 2) / stride);
    this.moveTo(place(down, 0, this.input.rows), place(across, 1, this.input.columns));
  }

  press(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === " ") {
      this.playing ? this.stop() : this.play();
    } else if (event.key === "Home" || event.key === "End") {
      this.stop();
      const last = event.key === "End";
      this.moveTo(last ? this.output.rows - 1 : 0, last ? this.output.columns - 1 : 0);
    } else if (moves[event.key]) {
      this.stop();
      this.moveTo(this.row + moves[event.key][0], this.column + moves[event.key][1]);
    } else {
      return;
    }
    event.preventDefault();
  }

  moveTo(row, column) {
    this.row = Math.min(Math.max(row, 0), this.output.rows - 1);
    this.column = Math.min(Math.max(column, 0), this.output.columns - 1);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  stepBy(steps) {
    this.stop();
    this.walk(steps);
  }

  walk(steps) {
    const places = this.output.rows * this.output.columns;
    const place = (this.row * this.output.columns + this.column + steps + places)% places;
    this.moveTo(Math.floor(place / this.output.columns), place % this.output.columns);
  }

  play() {
    this.playing = true;
    this.find(".play").textContent = "❚❚ Pause";
    let due = performance.now();
    const tick = (now) => {
      if (!this.playing || !this.root.isConnected) return;
      if (now >= due) {
        this.walk(1);
        due = Math.max(due + 1000 / this.pace(), now);
      }
      this.clock = requestAnimationFrame(tick);
    };
    this.clock = requestAnimationFrame(tick);
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.clock);
    this.find(".play").textContent = "▶ Play";
    this.find(".words").textContent = this.sentence();
  }

  pace() {
    return PACES[this.find(".speed").value];
  }

  showPace() {
    this.find(".pace").textContent = `${this.pace()} steps/s`;
  }

  draw() {
    const { window, stride, before, after, rule, bias, activation } = this.data;
    const [rows, columns] = window;
    const top = this.row * stride;
    const left = this.column * stride;
    const height = before[0] + this.input.rows + after[0];
    const width = before[1] + this.input.columns + after[1];
    place(this.find(".input .mark"), top / height, left / width, rows / height, columns / width);
    const { rows: down, columns: across } = this.output;
    place(this.find(".output .mark"), this.row / down, this.column / across, 1 / down, 1 / across);

    const seen = [];
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        seen.push(at(this.input, top + y - before[0], left + x - before[1]));
      }
    }
    this.sum = 0;
    const inside = seen.filter((value) => value !== null);
    const winner = { max: seen.indexOf(Math.max(...inside)), subsample: 0 }[rule] ?? -1;
    seen.forEach((value, index) => {
      fill(this.grids.window[index], value, this.input.scale);
      this.grids.window[index].classList.toggle("winner", index === winner);
      if (this.kernel) {
        const product = (value ?? 0) * this.kernel.values[index];
        this.sum += product;
        this.grids.products[index].textContent = round(product);
      }
    });
    this.value = at(this.output, this.row, this.column);
    this.find(".place").textContent = `Row ${this.row}, column ${this.column}`;
    const result = this.find(".result");
    if (rule === "convolution") {
      let text = `sum ${round(this.sum, 1)}`;
      if (bias !== null) text += ` ${bias < 0 ? "−" : "+"} bias ${round(Math.abs(bias), 1)} = ${round(this.sum + bias, 1)}`;
      if (activation) text += ` → ${activation}`;
      result.textContent = `${text} → `;
    } else {
      const words = { max: "largest", average: `mean of ${inside.length}`, subsample: "first pixel" };
      result.textContent = `${words[rule]} → `;
    }
    const strong = document.createElement("strong");
    strong.textContent = round(this.value, 1);
    strong.dataset.value = this.value;
    result.append(strong);
    if (!this.playing) this.find(".words").textContent = this.sentence();
  }

  sentence() {
    return `Row ${this.row}, column ${this.column}: ${this.find(".result").textContent}`;
  }
}

function read({ values, rows, columns, scale, title }) {
  const numbers = new Float32Array(bytes(values).buffer);
  return { values: numbers, rows, columns, title, scale: { ...scale, colors: bytes(scale.colors) } };
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/* null outside the image: that is padding. */
function at(image, row, column) {
  const outside = row < 0 || column < 0 || row >= image.rows || column >= image.columns;
  return outside ? null : image.values[row * image.columns + column];
}

function color(value, { low, high, colors }) {
  const share = Math.min(Math.max((value - low) / (high - low), 0), 1);
  const index = 3 * Math.round(255 * share);
  return [colors[index], colors[index + 1], colors[index + 2]];
}

function paint(figure, image, before, after) {
  const canvas = figure.querySelector("canvas");
  const height = before[0] + image.rows + after[0];
  const width = before[1] + image.columns + after[1];
  const pixels = new ImageData(width, height);
  for (let y = 0; y < image.rows; y++) {
    for (let x = 0; x < image.columns; x++) {
      const place = 4 * ((y + before[0]) * width + x + before[1]);
      pixels.data.set([...color(at(image, y, x), image.scale), 255], place);
    }
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  figure.querySelector("figcaption").textContent = image.title;
  showLegend(figure.querySelector(".legend"), image.scale);
}

function showLegend(legend, scale) {
  const { low, high } = scale;
  const stops = Array.from({ length: 33 }, (_, index) => low + (index / 32) * (high - low));
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.style.background = `linear-gradient(to right, ${stops.map((value) => `rgb(${color(value, scale)})`)})`;
  const labels = [low, (low + high) / 2, high].map((value) => {
    const label = document.createElement("span");
    label.textContent = Math.abs(value) >= 100 ? round(Math.round(value)) : round(value);
    return label;
  });
  legend.replaceChildren(bar, ...labels);
}

function place(mark, top, left, height, width) {
  for (const [name, share] of Object.entries({ top, left, height, width })) {
    mark.style[name] = `${100 * share}%`;
  }
}

function cells(grid, rows, columns) {
  if (grid.childElementCount !== rows * columns || grid.dataset.columns !== String(columns)) {
    grid.dataset.columns = columns;
    grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    grid.replaceChildren(
      ...Array.from({ length: rows * columns }, () => {
        const cell = document.createElement("div");
        cell.className = "cell";
        return cell;
      }),
    );
  }
  return [...grid.children];
}

function fill(cell, value, scale) {
  cell.classList.toggle("outside", value === null);
  if (value === null) {
    cell.style.background = cell.style.color = "";
    cell.textContent = "·";
    return;
  }
  const [red, green, blue] = color(value, scale);
  cell.style.background = `rgb(${red}, ${green}, ${blue})`;
  cell.style.color = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
  cell.textContent = round(value);
}

/* At most two decimals, less for large numbers, one more for results. */
function round(value, more = 0) {
  const size = Math.abs(value);
  const decimals = size >= 999.5 ? 0 : size >= 99.95 ? 1 : 2;
  const text = Number.isInteger(value) ? String(value) : value.toFixed(decimals + more);
  return (/^-0\.?0*$/.test(text) ? text.slice(1) : text).replace("-", "−");
}
