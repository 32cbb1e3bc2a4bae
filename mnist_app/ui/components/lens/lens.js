/* The pixel lens: a window on the input, its output value, and the arithmetic between them.
   Everything happens here; the server sends arrays and is not asked again. */

const PACES = [0.5, 1, 2, 5, 10, 30, 60]; // steps a second
const POOLING_WORDS = { max: "largest", subsample: "first pixel" };
const lenses = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".lens");
  let lens = lenses.get(root);
  if (!lens) {
    lens = new Lens(root);
    lenses.set(root, lens);
  }
  lens.show(data);
  return () => lens.pause();
}

class Lens {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.root = root;
    this.row = null;
    this.column = null;
    this.isPlaying = false;
    this.drawing = 0;
    this.playing = 0;
    this.cells = {};
    this.listen();
  }

  show(data) {
    this.data = data;
    this.input = read(data.input);
    this.output = read(data.output);
    this.kernel = data.kernel && read(data.kernel);
    if (this.row === null) [this.row, this.column] = largestIn(this.output);
    this.row = Math.min(this.row, this.output.rows - 1);
    this.column = Math.min(this.column, this.output.columns - 1);
    const [input, output] = this.root.querySelectorAll("figure");
    paint(input, this.input, data.before, data.after);
    paint(output, this.output, [0, 0], [0, 0]);
    this.find(".pixel-grids").setAttribute(
      "aria-label",
      `${data.input.title} and ${data.output.title}. The arrow keys move the window, space plays and pauses.`,
    );
    const [rows, columns] = data.window;
    this.find(".arithmetic").classList.toggle("dense", columns > 3);
    this.cells.window = cellsIn(this.find(".window .cells"), rows, columns);
    for (const name of [".times", ".kernel", ".equals", ".products"]) {
      this.find(name).hidden = !this.kernel;
      this.find(name).style.display = this.kernel ? "" : "none";
    }
    if (this.kernel) {
      this.cells.kernel = cellsIn(this.find(".kernel .cells"), rows, columns);
      this.cells.products = cellsIn(this.find(".products .cells"), rows, columns);
      this.cells.kernel.forEach((cell, place) => fillCell(cell, this.kernel, place));
    }
    this.draw();
  }

  listen() {
    for (const kind of ["input", "output"]) {
      const grid = this.find(`.pixel-grid.${kind}`);
      const follow = (event) => this.follow(grid, kind, event);
      grid.addEventListener("pointermove", follow);
      grid.addEventListener("pointerdown", follow);
    }
    this.find(".pixel-grids").addEventListener("keydown", (event) => this.press(event));
    this.find(".back").addEventListener("click", () => this.step(-1));
    this.find(".next").addEventListener("click", () => this.step(1));
    this.find(".play").addEventListener("click", () => (this.isPlaying ? this.pause() : this.play()));
    this.find(".speed").addEventListener("input", () => this.showPace());
    this.showPace();
  }

  follow(grid, kind, event) {
    const box = grid.getBoundingClientRect();
    const down = (event.clientY - box.top) / box.height;
    const across = (event.clientX - box.left) / box.width;
    this.pause();
    this.moveTo(
      ...(kind === "output" ? valueUnder(down, across, this.output) : windowUnder(down, across, this.input, this.data)),
    );
  }

  press(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === " ") {
      this.isPlaying ? this.pause() : this.play();
    } else if (event.key === "Home" || event.key === "End") {
      this.pause();
      const isEnd = event.key === "End";
      this.moveTo(isEnd ? this.output.rows - 1 : 0, isEnd ? this.output.columns - 1 : 0);
    } else if (moves[event.key]) {
      this.pause();
      this.moveTo(this.row + moves[event.key][0], this.column + moves[event.key][1]);
    } else {
      return;
    }
    event.preventDefault();
  }

  moveTo(row, column) {
    this.row = Math.min(Math.max(row, 0), this.output.rows - 1);
    this.column = Math.min(Math.max(column, 0), this.output.columns - 1);
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => this.draw());
  }

  step(steps) {
    this.pause();
    this.advance(steps);
  }

  /* Row by row, and from the last place to the first. */
  advance(steps) {
    const places = this.output.rows * this.output.columns;
    const place = (this.row * this.output.columns + this.column + steps + places) % places;
    this.moveTo(Math.floor(place / this.output.columns), place % this.output.columns);
  }

  play() {
    this.isPlaying = true;
    this.find(".play").textContent = "❚❚ Pause";
    let due = performance.now();
    const tick = (now) => {
      if (!this.isPlaying || !this.root.isConnected) return;
      if (now >= due) {
        this.advance(1);
        due = Math.max(due + 1000 / this.pace(), now);
      }
      this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    cancelAnimationFrame(this.playing);
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
    const { window, stride, before, after } = this.data;
    const height = before[0] + this.input.rows + after[0];
    const width = before[1] + this.input.columns + after[1];
    const { rows, columns } = this.output;
    place(
      this.find(".input .mark"),
      (this.row * stride) / height,
      (this.column * stride) / width,
      window[0] / height,
      window[1] / width,
    );
    place(this.find(".output .mark"), this.row / rows, this.column / columns, 1 / rows, 1 / columns);
    this.find(".place").textContent = `Row ${this.row}, column ${this.column}`;
    this.showArithmetic();
    if (!this.isPlaying) this.find(".words").textContent = this.sentence();
  }

  showArithmetic() {
    const places = windowPlaces(this.input, this.data, this.row, this.column);
    const values = places.map((place) => (place === null ? null : this.input.values[place]));
    const winner = winnerOf(values, this.data.rule);
    this.cells.window.forEach((cell, index) => {
      fillCell(cell, this.input, places[index]);
      cell.classList.toggle("winner", index === winner);
    });
    let products = [];
    if (this.kernel) {
      products = productsOf(values, this.kernel.values);
      products.forEach((product, index) => (this.cells.products[index].textContent = rounded(product)));
    }
    const value = this.output.values[placeOf(this.output, this.row, this.column)];
    const strong = document.createElement("strong");
    strong.textContent = rounded(value, 1);
    strong.dataset.value = value;
    this.find(".result").replaceChildren(`${stepsOf(this.data, values, products)} → `, strong);
  }

  sentence() {
    return `Row ${this.row}, column ${this.column}: ${this.find(".result").textContent}`;
  }
}

function read({ values, indices, palette, ...rest }) {
  const numbers = new Float32Array(bytesOf(values).buffer);
  return { ...rest, values: numbers, indices: bytesOf(indices), palette: bytesOf(palette) };
}

/* Where a value stands in an array; null outside of it: that is padding. */
function placeOf({ rows, columns }, row, column) {
  const isOutside = row < 0 || column < 0 || row >= rows || column >= columns;
  return isOutside ? null : row * columns + column;
}

/* Where the values stand that the window sees when it makes the output at a row and column. */
function windowPlaces(input, { window, stride, before }, row, column) {
  const [rows, columns] = window;
  const top = row * stride - before[0];
  const left = column * stride - before[1];
  return Array.from({ length: rows * columns }, (_, index) =>
    placeOf(input, top + Math.floor(index / columns), left + (index % columns)),
  );
}

/* The window's values times the kernel; padding counts as 0. */
function productsOf(values, kernel) {
  return values.map((value, index) => (value ?? 0) * kernel[index]);
}

/* Which of the window's values is the result alone; -1 where none is. Padding takes no part. */
function winnerOf(values, rule) {
  if (rule === "subsample") return 0;
  return rule === "max" ? values.indexOf(Math.max(...values.filter((value) => value !== null))) : -1;
}

/* What is done with the window, in words: "sum 3 + bias 1 = 4 → ReLU", "mean of 4". */
function stepsOf({ rule, bias, activation }, values, products) {
  if (rule === "average") return `mean of ${values.filter((value) => value !== null).length}`;
  if (rule !== "convolution") return POOLING_WORDS[rule];
  const sum = products.reduce((total, product) => total + product, 0);
  const added = bias === null ? "" : ` ${bias < 0 ? "−" : "+"} bias ${rounded(Math.abs(bias), 1)} = ${rounded(sum + bias, 1)}`;
  return `sum ${rounded(sum, 1)}${added}${activation ? ` → ${activation}` : ""}`;
}

/* The output's row and column under the pointer, which is so far down and across, 0 to 1. */
function valueUnder(down, across, output) {
  return [Math.floor(down * output.rows), Math.floor(across * output.columns)];
}

/* The row and column of the output whose window's middle is nearest to the pointer on the input. */
function windowUnder(down, across, input, { window, stride, before, after }) {
  const nearest = (share, axis, length) =>
    Math.round((share * (before[axis] + length + after[axis]) - window[axis] / 2) / stride);
  return [nearest(down, 0, input.rows), nearest(across, 1, input.columns)];
}

/* The row and column of the value that is farthest from zero: there most is to be seen. */
function largestIn({ values, columns }) {
  const sizes = Array.from(values, Math.abs);
  const place = sizes.indexOf(Math.max(...sizes));
  return [Math.floor(place / columns), place % columns];
}

function paint(figure, grid, before, after) {
  const canvas = figure.querySelector("canvas");
  canvas.width = before[1] + grid.columns + after[1];
  canvas.height = before[0] + grid.rows + after[0];
  const image = imageOf(grid.indices, grid.palette, grid.rows, grid.columns);
  canvas.getContext("2d").putImageData(image, before[1], before[0]);
  figure.querySelector("figcaption").textContent = grid.title;
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.style.background = grid.legend.background;
  const ticks = grid.legend.ticks.map((value) => {
    const tick = document.createElement("span");
    tick.textContent = rounded(Math.abs(value) >= 100 ? Math.round(value) : value);
    return tick;
  });
  figure.querySelector(".legend").replaceChildren(bar, ...ticks);
}

function place(mark, top, left, height, width) {
  for (const [name, share] of Object.entries({ top, left, height, width })) {
    mark.style[name] = `${100 * share}%`;
  }
}

function cellsIn(parent, rows, columns) {
  if (parent.childElementCount !== rows * columns || parent.dataset.columns !== String(columns)) {
    parent.dataset.columns = columns;
    parent.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    parent.replaceChildren(
      ...Array.from({ length: rows * columns }, () => {
        const cell = document.createElement("div");
        cell.className = "cell";
        return cell;
      }),
    );
  }
  return [...parent.children];
}

function fillCell(cell, grid, place) {
  cell.classList.toggle("outside", place === null);
  if (place === null) {
    cell.style.background = cell.style.color = "";
    cell.textContent = "·";
    return;
  }
  fill(cell, colorAt(grid.palette, grid.indices[place]));
  cell.textContent = rounded(grid.values[place]);
}
