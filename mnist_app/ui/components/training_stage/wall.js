/* The wall of mistakes as it changes: who is read right shrinks where it stands, and when few are left,
   they come forward. */

const VANISHING = 220;

class Wall {
  constructor(canvas, caption) {
    this.canvas = canvas;
    this.caption = caption;
    this.places = [];
    this.leaving = [];
    canvas.addEventListener("pointermove", (event) => this.point(event));
  }

  /* The watched images, and how they are read now, see painting.js; undefined where that is not known. */
  show(digits = {}, answers) {
    const shown = [digits.sprite, answers, this.canvas.clientWidth, this.canvas.clientHeight];
    if (this.shown?.every((one, at) => one === shown[at])) return;
    this.shown = shown;
    this.digits = digits;
    const places = answers ? wallPlaces(answers, this.canvas.clientWidth, this.canvas.clientHeight) : [];
    const before = new Map(this.places.map((place) => [place.image, place]));
    const now = new Set(places.map(({ image }) => image));
    this.leaving = this.places.filter(({ image }) => !now.has(image));
    this.places = places;
    this.from = before;
    this.say(answers);
    this.began = matchMedia("(prefers-reduced-motion: reduce)").matches ? -Infinity : performance.now();
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  say(answers) {
    const count = `${this.places.length} of ${answers?.length ?? 500}`;
    this.caption.textContent = answers ? `Validation digits it still gets wrong: ${count}` : "Validation digits it gets wrong";
    this.canvas.setAttribute("aria-label", answers ? `It gets ${count} validation digits wrong.` : "Nothing is known yet.");
  }

  paint() {
    this.frame = null;
    const share = Math.min(1, (performance.now() - this.began) / VANISHING);
    const context = clearedWall(this.canvas);
    if (share < 1) for (const place of this.leaving) paintTile(context, this.digits, place, 1 - share);
    for (const place of this.places) {
      const start = this.from.get(place.image) ?? place;
      paintTile(context, this.digits, share < 1 ? between(start, place, share) : place);
    }
    if (share < 1) this.frame = requestAnimationFrame(() => this.paint());
  }

  point(event) {
    const found = imageUnder(this.places, event.offsetX, event.offsetY);
    this.canvas.title = found ? `A ${this.digits.labels[found.image]}, read as ${found.answer}` : "";
  }
}

/* A tile on its way from one place to another. */
function between(start, end, share) {
  const way = (name) => start[name] + share * (end[name] - start[name]);
  return { ...end, x: way("x"), y: way("y"), side: way("side") };
}
