/* One run at any moment of its training. The file that the server has of it is written by
   ui/films.py; moments are painted by training_stage/painting.js. */

const NO_MOMENTS = "Only the curves of this run were kept: it was trained before films were.";
const NO_KERNELS = "This network has no kernels to look at.";
const MAKING = "Making the picture …";

class Reel {
  /* `about` is {name, state, result, film, picture, sprite, labels}: what came of the run, where the
     server has what there is to see of it, and the wall's digits. */
  constructor(root, about, changed) {
    this.root = root;
    this.about = about;
    this.find = (selector) => root.querySelector(selector);
    this.bars = newBars();
    this.find(".answer").append(this.bars);
    this.find(".state").textContent = about.state;
    this.find(".result").textContent = about.result;
    this.find(".save").addEventListener("click", () => this.save());
    this.find(".wall canvas").addEventListener("pointermove", (event) => this.point(event));
    this.load(changed);
  }

  async load(changed) {
    try {
      const url = `${location.origin}/${this.about.film}`;
      this.film = await fetchOnce(url, (buffer) => JSON.parse(new TextDecoder().decode(buffer)));
    } catch {
      this.complain("This run’s film cannot be loaded. Reload the page.");
      return;
    }
    const { moments, drawing } = this.film;
    const sizes = moments.at(-1)?.kernels;
    this.root.classList.toggle("own", drawing !== null);
    this.root.classList.toggle("bare", !moments.length);
    this.find(".kernels figcaption").textContent = sizes ? "Kernels of the first layer" : NO_KERNELS;
    if (!moments.length) this.complain(NO_MOMENTS);
    this.find(".save").hidden = !moments.length;
    this.find(".kernels canvas").hidden = !sizes;
    if (drawing) paintGray(this.find(".drawing"), bytesOf(drawing));
    await this.loadSprite();
    changed();
  }

  async loadSprite() {
    if (!this.about.sprite) return;
    const sprite = new Image();
    sprite.src = `${location.origin}/${this.about.sprite}`;
    await sprite.decode().then(() => (this.sprite = sprite), () => this.complain("The digits of the wall cannot be loaded."));
  }

  complain(sentence) {
    this.find(".trouble").textContent = sentence;
    this.find(".trouble").hidden = !sentence;
  }

  /* After how many images there is something new to see. */
  stops() {
    const { moments, validation } = this.film;
    return moments.length ? moments.map(({ images }) => images) : validation.images;
  }

  /* Shows what the run was like after so many images, on an axis of 0 to `end`. */
  show(images, end) {
    const moment = this.film.moments.findLast((one) => one.images <= images);
    for (const what of ["accuracy", "loss"]) paintCurves(this.find(`.${what}`), this.film, what, end, images);
    if (this.film.drawing) paintBars(this.bars, this.film.trace.findLast(([asked]) => asked <= images)?.[1] ?? null);
    if (!moment || (moment === this.shown && !this.isResized())) return;
    this.shown = moment;
    paintKernels(this.find(".kernels canvas"), moment.kernels);
    paintWall(this.find(".wall canvas"), { sprite: this.sprite, labels: this.about.labels }, moment.answers);
    const wrong = [...moment.answers].filter((answer) => answer !== ".").length;
    const sentence = `Validation digits it got wrong: ${wrong} of ${moment.answers.length}`;
    this.find(".wall figcaption").textContent = sentence;
    this.find(".wall canvas").setAttribute("aria-label", sentence);
  }

  /* Whether there is another place for the wall than when it was painted. */
  isResized() {
    const { clientWidth, clientHeight } = this.find(".wall canvas");
    const size = `${clientWidth} ${clientHeight} ${devicePixelRatio}`;
    const isOther = size !== this.size;
    this.size = size;
    return isOther;
  }

  point({ offsetX, offsetY, target }) {
    if (!this.shown) return;
    const places = wallPlaces(this.shown.answers, target.clientWidth, target.clientHeight);
    const found = imageUnder(places, offsetX, offsetY);
    target.title = found ? `A ${this.about.labels[found.image]}, read as ${found.answer}` : "";
  }

  /* The server makes the picture, which takes some seconds. */
  async save() {
    const button = this.find(".save");
    const usual = button.textContent;
    button.disabled = true;
    button.textContent = MAKING;
    this.complain("");
    try {
      const response = await fetch(`${location.origin}/${this.about.picture}`);
      if (!response.ok) throw new Error(await response.text());
      download(await response.blob(), `${this.about.name}.png`);
    } catch (error) {
      this.complain(error instanceof TypeError ? "The server cannot be reached. Try again in a moment." : error.message);
    }
    button.disabled = false;
    button.textContent = usual;
  }
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function paintGray(canvas, pixels) {
  canvas.getContext("2d").putImageData(imageOf(pixels, paletteOf("gray"), 28, 28), 0, 0);
}
