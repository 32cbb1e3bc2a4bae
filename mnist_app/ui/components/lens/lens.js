/* The pixel lens: a window on the input, its output value, and the arithmetic between them.
   Everything happens here; the server sends arrays and is not asked again. While the pen moves, the
   arrays are computed here, too. */

const PACES = [0.5, 1, 2, 5, 10, 30, 60]; // steps a second
const POOLING_WORDS = { max: "largest", subsample: "first pixel" };

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".lens");
  const lens = keptAt(root, () => new Lens(root));
  lens.show(data);
  return () => lens.stop();
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
    this.unfollow = () => {};
    this.listen();
  }

  show(data) {
    this.data = data;
    this.unfollow();
    this.unfollow = data.live ? whileDrawing((seen) => this.follow(seen)) : () => {};
    this.input = read(data.input);
    this.output = read(data.output);
    this.kernel = data.kernel && read(data.kernel);
    if (this.row === null) [this.row, this.column] = largestIn(this.output);
    this.row = Math.min(this.row, this.output.rows - 1);
    this.column = Math.min(this.column, this.output.columns - 1);
    this.paint();
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
    this.announce();
  }

  stop() {
    this.pause();
    this.unfollow();
  }

  /* What the pen has drawn so far. */
  follow(seen) {
    const values = liveValues(this.data.live, seen, this.input);
    if (!values) return;
    const scaling = (grid) => {
      const outputs = grid.scaledBy && seen.results.trained?.outputs[grid.scaledBy];
      return rescaled(grid, [outputs ? outputs.values : grid.values], this.input.scale);
    };
    this.input.values = values;
    setScale(this.input, scaling(this.input));
    this.output.values = outputOf(this.input, this.data, this.kernel?.values, this.output);
    setScale(this.output, scaling(this.output));
    this.paint();
    this.draw();
  }

  paint() {
    const { before, after } = this.data;
    const [input, output] = this.root.querySelectorAll("figure");
    paint(input, this.input, before, after);
    paint(output, this.output, [0, 0], [0, 0]);
  }

  listen() {
    for (const kind of ["input", "output"]) {
      const grid = this.find(`.pixel-grid.${kind}`);
      const point = (event) => this.point(grid, kind, event);
      grid.addEventListener("pointermove", point);
      grid.addEventListener("pointerdown", point);
    }
    this.find(".pixel-grids").addEventListener("keydown", (event) => this.press(event));
    this.find(".back").addEventListener("click", () => this.step(-1));
    this.find(".next").addEventListener("click", () => this.step(1));
    this.find(".play").addEventListener("click", () => (this.isPlaying ? this.pause() : this.play()));
    this.find(".speed").addEventListener("input", () => this.showPace());
    this.showPace();
  }

  point(grid, kind, event) {
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
    this.drawing = requestAnimationFrame(() => {
      this.draw();
      if (!this.isPlaying) this.announce();
    });
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
    this.announce();
  }

  announce() {
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

function read(grid) {
  const read = { ...grid, values: new Float32Array(bytesOf(grid.values).buffer) };
  setScale(read, grid.scale);
  return read;
}

function setScale(grid, scale) {
  grid.scale = scale;
  grid.palette = paletteOf(scale.palette);
  grid.indices = indicesOn(grid.values, scale);
}

function paint(figure, grid, before, after) {
  const canvas = figure.querySelector("canvas");
  const width = before[1] + grid.columns + after[1];
  const height = before[0] + grid.rows + after[0];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const image = imageOf(grid.indices, grid.palette, grid.rows, grid.columns);
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  pen.putImageData(image, before[1], before[0]);
  setText(figure.querySelector("figcaption"), grid.title);
  showLegend(figure.querySelector(".legend"), grid.scale);
}

function showLegend(legend, { palette, low, high }) {
  if (!legend.childElementCount) legend.innerHTML = '<div class="bar"></div><span></span><span></span><span></span>';
  const [bar, ...ticks] = legend.children;
  if (bar.dataset.palette !== palette) bar.style.background = gradientOf(palette);
  bar.dataset.palette = palette;
  [low, (low + high) / 2, high].forEach((value, at) => {
    setText(ticks[at], rounded(Math.abs(value) >= 100 ? Math.round(value) : value));
  });
}

/* Only what changes costs a layout. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
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
  setText(cell, rounded(grid.values[place]));
}
