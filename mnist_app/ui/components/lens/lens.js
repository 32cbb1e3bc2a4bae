/* The pixel lens: a window on the input, its output value, and the arithmetic between them. It moves
   here alone; the server sends arrays and is not asked again. */

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".lens");
  const lens = keptAt(root, () => new Lens(root));
  lens.show(data);
  return whileShown(root, () => whileDrawing((seen) => lens.follow(seen)));
}

class Lens {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.root = root;
    this.place = null; // row and column of the output
    this.drawing = 0;
    this.cells = {};
    this.listen();
  }

  show(data) {
    this.data = data;
    this.input = read(data.input);
    this.output = read(data.output);
    this.kernel = data.kernel && read(data.kernel);
    this.place = within(this.place ?? largestIn(this.output), this.output);
    this.paint();
    this.find(".pixel-grids").setAttribute(
      "aria-label",
      `${data.input.title} and ${data.output.title}. The arrow keys move the window.`,
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

  /* What the pen has drawn so far. */
  follow({ layers, results }) {
    const outputs = this.data.live && results[this.data.live.network]?.outputs;
    if (!outputs) return;
    const [input, output] = liveGrids(this.data.live, layers, outputs);
    if (input.values.length !== this.input.values.length || output.values.length !== this.output.values.length) return;
    this.input = colored({ ...this.input, values: input.values }, input.scale);
    this.output = colored({ ...this.output, values: output.values }, output.scale);
    this.paint();
    this.draw();
  }

  paint() {
    const { before, after } = this.data;
    const [input, output] = this.root.querySelectorAll("figure");
    paint(input, this.input, before, after);
    paint(output, this.output);
  }

  listen() {
    for (const kind of ["input", "output"]) {
      const grid = this.find(`.pixel-grid.${kind}`);
      const point = (event) => this.point(grid, kind, event);
      grid.addEventListener("pointermove", point);
      grid.addEventListener("pointerdown", point);
    }
    this.find(".pixel-grids").addEventListener("keydown", (event) => this.press(event));
  }

  point(grid, kind, event) {
    const box = grid.getBoundingClientRect();
    const down = (event.clientY - box.top) / box.height;
    const across = (event.clientX - box.left) / box.width;
    this.moveTo(kind === "output" ? valueUnder(down, across, this.output) : windowUnder(down, across, this.input, this.data));
  }

  press(event) {
    const { rows, columns } = this.output;
    const ends = { Home: [0, 0], End: [rows - 1, columns - 1] };
    const place = ends[event.key] ?? movedByKey(event.key, ...this.place);
    if (!place) return;
    event.preventDefault();
    this.moveTo(place);
  }

  moveTo(place) {
    this.place = within(place, this.output);
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => {
      this.draw();
      this.announce();
    });
  }

  announce() {
    this.find(".words").textContent = this.sentence();
  }

  draw() {
    const { window, stride, before, after } = this.data;
    const height = before[0] + this.input.rows + after[0];
    const width = before[1] + this.input.columns + after[1];
    const { rows, columns } = this.output;
    const [row, column] = this.place;
    const mark = this.find(".input .mark");
    placeMark(mark, (row * stride) / height, (column * stride) / width, window[0] / height, window[1] / width);
    placeMark(this.find(".output .mark"), row / rows, column / columns, 1 / rows, 1 / columns);
    this.find(".place").textContent = `Row ${row}, column ${column}`;
    this.showArithmetic();
  }

  showArithmetic() {
    const places = windowPlaces(this.input, this.data, ...this.place);
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
    const value = this.output.values[placeOf(this.output, ...this.place)];
    const strong = document.createElement("strong");
    strong.textContent = rounded(value, 1);
    strong.dataset.value = value;
    this.find(".result").replaceChildren(`${stepsOf(this.data, values, products)} → `, strong);
  }

  sentence() {
    const [row, column] = this.place;
    return `Row ${row}, column ${column}: ${this.find(".result").textContent}`;
  }
}

function read(grid) {
  const values = new Float32Array(bytesOf(grid.values).buffer);
  return colored({ ...grid, values }, grid.scale);
}

function colored(grid, { low, high }) {
  const scale = { ...grid.scale, low, high };
  if (scale.palette !== "gray") scale.palette = low < 0 ? "diverging" : "sequential";
  return { ...grid, scale, palette: paletteOf(scale.palette), indices: indicesOn(grid.values, scale) };
}

function paint(figure, grid, before, after) {
  paintGrid(figure.querySelector("canvas"), grid, grid.scale, before, after);
  setText(figure.querySelector("figcaption"), grid.title);
  showScale(figure.querySelector(".legend"), grid.scale);
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
