/* What the bench shows of a convolution: the three pictures, the window on them, the sum in one line. */

const LISTED = 9; // products in the line
const PIXELS = { palette: "gray", low: 0, high: 255 };
const SHARES = { palette: "gray", low: 0, high: 1 };

class Stage {
  constructor(root, cells) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.cells = cells;
    this.flight = new Flight(this.find(".sky"));
    this.reducesMotion = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /* Shows another convolution: {input, scale, how, kernel: {weights, bias, scale}, output, outputScale,
     titles, learned}, where `learned` is {hasBias, activation} of a learned kernel. */
  show(shown) {
    this.shown = shown;
    const { input, scale, how, outputScale, titles } = shown;
    setText(this.find(".input figcaption"), titles.input);
    setText(this.find(".output figcaption"), titles.output);
    for (const kind of ["input", "output"]) {
      this.find(`.${kind} .grid`).setAttribute("aria-label", `${titles[kind]}. The arrow keys move the window, space plays and pauses.`);
    }
    paintGrid(this.find(".input canvas"), input, scale, how.before, how.after);
    showScale(this.find(".input .legend"), scale);
    showScale(this.find(".output .legend"), outputScale);
  }

  /* Shows the window at a row and column, and of the result only the values that are `filled`. */
  showStep([row, column], walk) {
    const { output, outputScale } = this.shown;
    const canvas = this.find(".output canvas");
    paintGrid(canvas, output, outputScale);
    if (walk.isOpen) clearFrom(canvas, walk.filled, output);
    this.find(".output").dataset.filled = walk.isOpen ? walk.filled : output.values.length;
    this.showMarks(row, column);
    this.showArithmetic(row, column);
    this.showLinks();
    this.showFlight(this.reducesMotion.matches ? null : walk.flight);
  }

  showMarks(row, column) {
    const { input, output, how } = this.shown;
    const { window, stride, before, after } = how;
    const height = before[0] + input.rows + after[0];
    const width = before[1] + input.columns + after[1];
    const mark = this.find(".input .mark");
    placeMark(mark, (row * stride) / height, (column * stride) / width, window[0] / height, window[1] / width);
    placeMark(this.find(".output .mark"), row / output.rows, column / output.columns, 1 / output.rows, 1 / output.columns);
    this.marked = `${row} ${column} ${window} ${output.rows} ${input.rows} ${before}`;
  }

  showArithmetic(row, column) {
    const { input, how, kernel, output, learned } = this.shown;
    const places = windowPlaces(input, how, row, column);
    const pixels = places.map((place) => (place === null ? null : input.values[place]));
    this.products = productsOf(pixels, kernel.weights);
    this.cells.fill(kernel.weights, kernel.scale, pixels, this.products);
    const value = output.values[placeOf(output, row, column)];
    setText(this.find(".place"), `Row ${row}, column ${column}`);
    setText(this.find(".terms"), termsInWords(this.products));
    setText(this.find(".result span"), learned ? stepsInWords(this.products, learned, kernel.bias) : " = ");
    const strong = this.find(".result strong");
    setText(strong, rounded(value, 1));
    strong.dataset.value = value;
  }

  /* Lines from the window to the kernel, and from there to the pixel. */
  showLinks() {
    const links = this.find(".links");
    const drawn = `${this.marked} ${links.clientWidth} ${links.clientHeight}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const sky = links.getBoundingClientRect();
    const box = (selector) => this.find(selector).getBoundingClientRect();
    const [from, kernel, to] = [box(".input .mark"), box(".cells"), box(".output .mark")];
    links.children[0].setAttribute("d", linkBetween(sky, from, kernel));
    links.children[1].setAttribute("d", linkBetween(sky, kernel, to));
  }

  showFlight(share) {
    const line = [this.find(".terms"), this.find(".result")];
    if (share === null) {
      this.flight.clear();
      for (const part of line) part.style.opacity = 1;
      return;
    }
    const strong = this.find(".result strong");
    const flying = [...this.products.keys()].filter((at) => this.products[at] !== 0);
    const isThere = this.flight.show(share, {
      cells: flying.map((at) => this.cells.cells[at].product),
      sum: strong,
      pixel: middleOf(this.find(".output .mark").getBoundingClientRect()),
      texts: flying.map((at) => rounded(this.products[at])),
      text: strong.textContent,
    });
    for (const part of line) part.style.opacity = isThere ? 1 : 0;
  }

  /* What is read aloud. */
  announce() {
    const [place, terms, result] = [".place", ".terms", ".result"].map((name) => this.find(name).textContent);
    setText(this.find(".words"), `${place}: ${terms}${result}`);
  }
}

/* Empties the result from a value on. */
function clearFrom(canvas, filled, { rows, columns }) {
  const pen = canvas.getContext("2d");
  const [row, column] = [Math.floor(filled / columns), filled % columns];
  pen.clearRect(column, row, columns - column, 1);
  pen.clearRect(0, row + 1, columns, rows - row - 1);
}

/* The products that are not 0, as a sum. */
function termsInWords(products) {
  const terms = products.filter((product) => product !== 0);
  const listed = terms.slice(0, LISTED).map((product, at) => {
    const size = rounded(Math.abs(product));
    if (at === 0) return product < 0 ? `−${size}` : size;
    return product < 0 ? ` − ${size}` : ` + ${size}`;
  });
  return `${listed.join("") || "0"}${terms.length > LISTED ? " + …" : ""}`;
}

/* What a network does with the sum: the bias and the activation. */
function stepsInWords(products, { hasBias, activation }, bias) {
  const sum = products.reduce((total, product) => total + product, 0);
  const added = hasBias ? ` ${bias < 0 ? "−" : "+"} ${rounded(Math.abs(bias), 1)} (bias)` : "";
  const last = activation ? ` → ${activation} → ` : hasBias ? " = " : "";
  return ` = ${last ? rounded(sum, 1) : ""}${added}${last}`;
}

/* A scale around zero that holds all values of some arrays. */
function aroundZero(arrays) {
  return { ...scaleOf(arrays, { aroundZero: true }), palette: "diverging" };
}

/* The grays of the image where the result is an image, else a scale around zero. */
function scaleOfResult(values) {
  return values.every((value) => value >= 0 && value <= 255) ? PIXELS : aroundZero([values]);
}
